"""A file is published whole or not at all, whatever goes wrong below."""

from __future__ import annotations

import errno
import os
import resource
from pathlib import Path
from typing import IO

import pytest

from obelics_like.errors import DataError
from obelics_like.store import files


def test_a_published_file_is_described_by_what_was_written(tmp_path: Path) -> None:
    line = files.publish(tmp_path / "deep" / "a.bin", lambda f: f.write(b"abc"), rows=3)
    assert (line.name, line.bytes, line.rows) == ("a.bin", 3, 3)
    assert line.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert files.verify(tmp_path / "deep", line) is None
    assert files.from_lines(files.lines([line])) == [line]


def test_damage_is_told_from_the_manifest_line(tmp_path: Path) -> None:
    line = files.publish(tmp_path / "a.bin", lambda f: f.write(b"abc"))
    (tmp_path / "a.bin").write_bytes(b"abd")
    assert "sha256" in str(files.verify(tmp_path, line))
    (tmp_path / "a.bin").write_bytes(b"ab")
    assert "2 bytes" in str(files.verify(tmp_path, line))
    (tmp_path / "a.bin").unlink()
    assert "missing" in str(files.verify(tmp_path, line))


def test_an_exception_while_writing_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    files.publish(tmp_path / "a.bin", lambda f: f.write(b"old"))

    def write(file: IO[bytes]) -> None:
        file.write(b"half of the new")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        files.publish(tmp_path / "a.bin", write)
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]
    assert (tmp_path / "a.bin").read_bytes() == b"old"


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failing_system_call_is_told_in_four_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(DataError) as caught:
        files.publish(tmp_path / "a.bin", lambda f: f.write(b"abc"))
    assert "No space left on device" in str(caught.value)
    assert caught.value.do is not None
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(DataError, match="File too large"):
            files.publish(tmp_path / "a.bin", lambda f: f.write(b"x" * 1_000_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, old)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DataError, match=r"Not a directory|File exists"):
        files.publish(tmp_path / "file" / "a.bin", lambda f: f.write(b"abc"))


def test_json_of_ours_that_is_damaged_is_told(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(DataError, match=r"run\.json"):
        files.read_json(tmp_path / "run.json")

"""Packs: what is written is what is read, by us and by any tar tool, and half of it is never there."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path

import pytest

from obelics_like.errors import DataError
from obelics_like.images.packs import index, read_pack, write_pack

PICTURES = [b"one", b"two" * 5_000, b"", b"x" * 512]


def items(pictures: list[bytes]) -> list[tuple[str, str, bytes, int | None, int | None]]:
    return [(hashlib.sha256(data).hexdigest(), "jpeg", data, 3, 4) for data in pictures]


def test_every_picture_comes_back(tmp_path: Path) -> None:
    rows = write_pack(items(PICTURES), tmp_path / "00000.tar")
    assert [read_pack(tmp_path / row.pack, row.offset, row.length) for row in rows] == PICTURES


def test_any_tar_tool_reads_it(tmp_path: Path) -> None:
    write_pack([*items(PICTURES[:2]), (hashlib.sha256(b"g").hexdigest(), "gif", b"g")], tmp_path / "p.tar")
    with tarfile.open(tmp_path / "p.tar") as tar:
        members = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
        assert {(member.mtime, member.uid, member.uname) for member in tar} == {(0, 0, "")}
    digests = [hashlib.sha256(data).hexdigest() for data in (*PICTURES[:2], b"g")]
    assert members == dict(zip([f"{digests[0]}.jpg", f"{digests[1]}.jpg", f"{digests[2]}.gif"], [*PICTURES[:2], b"g"]))


def test_equal_pictures_make_equal_packs(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_pack(items(PICTURES), tmp_path / name / "p.tar")
    assert (tmp_path / "a" / "p.tar").read_bytes() == (tmp_path / "b" / "p.tar").read_bytes()


def test_the_index_is_sorted_and_whole(tmp_path: Path) -> None:
    table = index(write_pack(items(PICTURES), tmp_path / "p.tar"))
    assert table.column_names == ["sha256", "pack", "offset", "length", "format", "width", "height"]
    digests = table.column("sha256").to_pylist()
    assert digests == sorted(hashlib.sha256(data).hexdigest() for data in PICTURES)
    assert set(table.column("pack").to_pylist()) == {"p.tar"}
    assert table.to_pylist()[0]["width"] == 3
    assert index([]).num_rows == 0


def test_a_picture_is_stored_once(tmp_path: Path) -> None:
    assert len(write_pack(items([b"a", b"b", b"a"]), tmp_path / "p.tar")) == 2


def test_bytes_that_are_not_their_digest(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="other bytes"):
        write_pack([("0" * 64, "png", b"x")], tmp_path / "p.tar")
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DataError, match="No space left"):
        write_pack(items(PICTURES), tmp_path / "p.tar")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"p\.tar"):
        write_pack(items(PICTURES), tmp_path / "none" / "p.tar")


def test_a_pack_that_was_cut_is_told(tmp_path: Path) -> None:
    path = tmp_path / "p.tar"
    row = write_pack(items([b"x" * 5000]), path)[0]
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(OSError, match="bytes at"):
        read_pack(path, row.offset, row.length)
    with pytest.raises(OSError):
        read_pack(tmp_path / "gone.tar", 0, 1)

"""A corpus published to an object store on loopback: whole or not at all, by one driver, and again after a crash."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

import obelics_like
from obelics_like.errors import DataError, MissingPiece, UsageError
from obelics_like.run import MARK
from obelics_like.store import claim
from obelics_like.store.remote import Remote

pytestmark = [pytest.mark.moto, pytest.mark.slow]

RECIPE = """
[recipe]
name = "small"
[[stage]]
use = "sources.archive"
id = "sources"
[[stage]]
use = "extract.nodes"
id = "extract"
[[stage]]
use = "dedup.url"
"""
TEXT = "<p>The harbour wakes early, and the boats bring in what the night has left in their nets, ship number {}.</p>"


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    (tmp_path / "pages").mkdir()
    for n in range(4):
        (tmp_path / "pages" / f"{n}.html").write_text(
            f"<html><body><article>{TEXT.format(n) * 3}</article></body></html>"
        )
    (tmp_path / "small.toml").write_text(RECIPE)
    return tmp_path / "pages"


OUT = "s3://corpora/first"


def build(pages: Path, work: Path, out: str = OUT) -> dict[str, Any]:
    return obelics_like.build(
        [str(pages)], out, work=work, recipe=pages.parent / "small.toml", scorer="none", images="none", engine="inline"
    )


def names(store: Any, prefix: str = "corpora/first") -> list[str]:
    store.invalidate_cache()
    return sorted(name.removeprefix(f"{prefix}/") for name in store.find(prefix))


def assert_whole(store: Any, work: Path) -> None:
    """There is what the manifest there names, byte for byte, and nothing else; and it is the manifest here."""
    manifest = json.loads(store.cat_file("corpora/first/manifest.json"))
    assert manifest == json.loads((work / "manifest.json").read_bytes())
    lines = {f"{section}/{line['name']}": line["sha256"] for section in manifest for line in manifest[section]}
    assert any(name.startswith("corpus/") for name in lines)
    assert names(store) == sorted([*lines, "manifest.json", "run.json"])
    for name, sha256 in lines.items():
        assert hashlib.sha256(store.cat_file(f"corpora/first/{name}")).hexdigest() == sha256


def test_a_corpus_is_published_whole_and_another_takes_its_place(store: Any, pages: Path, tmp_path: Path) -> None:
    assert build(pages, tmp_path / "work")["exit_code"] == 0
    assert_whole(store, tmp_path / "work")
    store.pipe_file("corpora/first/corpus/part-00007.parquet", b"what a larger corpus left")
    (pages / "0.html").unlink()
    build(pages, tmp_path / "work")
    assert_whole(store, tmp_path / "work")


def test_killed_between_any_two_objects_there_is_no_corpus_until_it_is_run_again(
    store: Any, pages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"
    build(pages, work)
    real, stops = Remote._put, 0
    for stop in range(1, 10):
        calls = []

        def put(self: Remote, name: str, calls: list[str] = calls, stop: int = stop) -> None:
            if len(calls) == stop - 1:
                raise KeyboardInterrupt
            calls.append(name)
            real(self, name)

        (pages / f"{stop + 10}.html").write_text(
            f"<html><body><article>{TEXT.format(stop + 10) * 3}</article></body></html>"
        )
        monkeypatch.setattr(Remote, "_put", put)
        try:
            build(pages, work)
        except KeyboardInterrupt:
            stops += 1
            assert "manifest.json" not in names(store)
            with pytest.raises(UsageError, match="another run is publishing to it"):
                build(pages, tmp_path / f"other{stop}")
        monkeypatch.setattr(Remote, "_put", real)
        build(pages, work)
        assert_whole(store, work)
    assert 2 <= stops < 9


def test_what_was_put_is_not_put_again(
    store: Any, pages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = Remote._put, []

    def put(self: Remote, name: str) -> None:
        calls.append(name)
        if name == "run.json" and calls.count("run.json") == 1:
            raise KeyboardInterrupt
        real(self, name)

    monkeypatch.setattr(Remote, "_put", put)
    with pytest.raises(KeyboardInterrupt):
        build(pages, tmp_path / "work")
    build(pages, tmp_path / "work")
    assert len([c for c in calls if c.startswith("corpus/")]) == 1
    assert_whole(store, tmp_path / "work")


def test_a_second_driver_is_refused_before_it_builds_anything(store: Any, pages: Path, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / MARK).touch()
    Remote(OUT, tmp_path / "work").claim()
    with pytest.raises(UsageError, match=r"another run is publishing to it \(from "):
        build(pages, tmp_path / "other")
    assert not (tmp_path / "other" / "work").exists()
    assert names(store) == [claim.CLAIM]
    build(pages, tmp_path / "work")
    assert_whole(store, tmp_path / "work")


def test_a_prefix_of_somebody_else_and_a_store_that_is_not_there_are_told(
    store: Any, pages: Path, tmp_path: Path
) -> None:
    store.pipe_file("corpora/first/thesis.txt", b"precious")
    with pytest.raises(UsageError, match=r"holds other things \(thesis\.txt\)"):
        build(pages, tmp_path / "work")
    assert store.cat_file("corpora/first/thesis.txt") == b"precious"
    with pytest.raises(DataError, match="s3://no-such-bucket/x"):
        build(pages, tmp_path / "work", "s3://no-such-bucket/x")


def test_an_address_wants_a_folder_of_work_and_a_library(pages: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--out s3://corpora/first: got no --work"):
        obelics_like.build([str(pages)], OUT, scorer="none")
    with pytest.raises(UsageError, match="leave --work out"):
        build(pages, tmp_path / "work", str(tmp_path / "out"))
    with pytest.raises(MissingPiece, match="nowhere://x"):
        build(pages, tmp_path / "work", "nowhere://x")

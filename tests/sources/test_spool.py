"""Copies of remote inputs: what is copied, where it lies in the copy, and when there is none."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from obelics_like.document import Place
from obelics_like.errors import OptionError
from obelics_like.sources import remote
from obelics_like.sources.archive import read_bytes, scan
from obelics_like.sources.disk import Disk
from obelics_like.sources.inputs import Input, expand, identified
from obelics_like.sources.spool import at_hand, copy_of, spool
from tests.sources.archives import JPEG, OPTIONS, Builder, put
from tests.sources.hosts import Host, serving

BUILD = Builder().pages(12).add("http://a.example/x.jpg", JPEG, mime="image/jpeg").pages(3)
WARC = BUILD.bytes()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBELICS_LIKE_PATIENCE_SECONDS", "0.3")
    remote._down.cache_clear()


def files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


def source(host: Host, path: str = "x.warc.gz") -> Input:
    [found] = identified(expand([host.url(path)]))
    return found


def test_a_copy_is_read_in_place_of_the_original(tmp_path: Path) -> None:
    with serving(files={"x.warc.gz": WARC}, cut=5000) as host:
        there = source(host)
        assert at_hand(there, tmp_path) == there
        here = spool(there, tmp_path)
        assert Path(here.path).read_bytes() == WARC
        assert replace(here, path=there.path) == there
        asked = len(host.asked)
        assert spool(there, tmp_path) == at_hand(there, tmp_path) == here
        assert copy_of(there.path, tmp_path) == here.path
        assert len(host.asked) == asked
        assert files(tmp_path) == [Path(here.path)]
        there = replace(there, identity="another")
        assert at_hand(there, tmp_path) == there
        assert files(tmp_path) != [Path(spool(there, tmp_path).path)]
        assert len(files(tmp_path)) == 1  # the stale one is gone


def test_picks_lie_where_they_lay(tmp_path: Path) -> None:
    with serving(files={"x.warc.gz": WARC}) as host:
        records = list(scan(source(host), OPTIONS))
        picks = tuple((r.offset, r.length or 0) for r in records[3:9:2])
        there = replace(source(host), picks=picks)
        host.asked.clear()
        here = spool(there, tmp_path)
        assert sum(host.sent().values()) == sum(length for _, length in picks)
        assert list(scan(here, OPTIONS)) == records[3:9:2]
        data = Path(here.path).read_bytes()
        assert all(data[o : o + n] == WARC[o : o + n] for o, n in picks)
        assert copy_of(there.path, tmp_path) is None  # it is not the whole
        whole = spool(replace(there, picks=()), tmp_path)
        assert Path(whole.path).read_bytes() == WARC
        assert spool(there, tmp_path) == here


def test_an_archive_in_a_wacz_elsewhere(tmp_path: Path) -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("pages/pages.jsonl", "{}")
        archive.writestr("archive/data.warc.gz", WARC)
    with serving(files={"x.wacz": sink.getvalue()}, cut=30_000) as host:
        there = source(host, "x.wacz")
        assert (there.name, there.size) == (host.url("x.wacz!archive/data.warc.gz"), len(WARC))
        records = list(scan(there, OPTIONS))
        assert [r.kind for r in records] == ["page"] * 12 + ["image"] + ["page"] * 3
        [picture] = [r for r in records if r.kind == "image"]
        place = Place("record", there.path, picture.offset, picture.length, picture.url)
        assert read_bytes(place, OPTIONS) == JPEG
        here = spool(there, tmp_path)
        assert list(scan(here, OPTIONS)) == records
        copy = copy_of(there.path, tmp_path)
        assert copy == here.path != there.path
        assert read_bytes(replace(place, path=copy), OPTIONS) == JPEG


def test_no_copy_without_room_or_without_a_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(files={"x.warc.gz": WARC}) as host:
        there = source(host)
        for gigabytes in ("0", "0.000001"):
            monkeypatch.setenv("OBELICS_LIKE_SPOOL_GB", gigabytes)
            assert spool(there, tmp_path) == there
        monkeypatch.setenv("OBELICS_LIKE_SPOOL_GB", "much")
        with pytest.raises(OptionError, match="SPOOL_GB"):
            spool(there, tmp_path)
        monkeypatch.delenv("OBELICS_LIKE_SPOOL_GB")
        host.busy = 10**6
        assert spool(there, tmp_path) == there
        host.busy = 0
        remote._down.cache_clear()
        assert files(tmp_path) == []
        assert spool(there, tmp_path) != there


def test_copies_together_stay_within_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBELICS_LIKE_SPOOL_GB", str(3.5 * len(WARC) / 1e9))
    with serving(files={f"{n}.warc.gz": WARC for n in range(6)}) as host:
        copied = [spool(s, tmp_path) != s for s in (source(host, f"{n}.warc.gz") for n in range(6))]
    assert copied == [True] * 3 + [False] * 3


def test_what_is_here_is_not_copied(tmp_path: Path) -> None:
    here = put(tmp_path / "x.warc.gz", WARC)
    assert spool(here, tmp_path / "spool") == here == at_hand(here, tmp_path / "spool")
    assert copy_of(here.path, tmp_path / "spool") is None
    assert not (tmp_path / "spool").exists()


def test_picks_of_a_file_here_are_all_that_is_read_of_it(tmp_path: Path) -> None:
    here = put(tmp_path / "x.warc.gz", WARC)
    records = list(scan(here, OPTIONS))
    picks = tuple((r.offset, r.length or 0) for r in records[:2])
    assert list(scan(replace(here, picks=picks), OPTIONS)) == records[:2]
    assert Disk(here.path, picks).read(records[2].offset, 10) == b""

"""Pages passed over by a scan: found at the same places, damage told at their reading, no end of theirs forged."""

from __future__ import annotations

import gzip
import random
import zlib
from pathlib import Path
from uuid import UUID

import pytest

from obelics_like.document import Page
from obelics_like.sources.archive import read, scan
from obelics_like.sources.disk import Disk
from obelics_like.sources.inputs import Input
from obelics_like.sources.records import Record
from obelics_like.sources.walk import File
from obelics_like.sources.whole import look
from tests.sources.archives import JPEG, OPTIONS, Builder, page, put
from tests.sources.fuzz import mutate

SIZE = 9000
"""Bytes of a page here: more than a look at its member takes."""


def identity(number: int) -> str:
    return f"<urn:uuid:{UUID(int=number)}>"


def crawl(count: int, size: int = SIZE) -> Builder:
    """A request, a page and a metadata record each, the last of which names the page; a picture at the end."""
    build = Builder()
    for i in range(count):
        url = f"http://a.example/{i}"
        request, notes = ({"WARC-Record-ID": identity(n + i)} for n in (1000, 2000))
        build.add(url, b"GET /", type="request", mime="application/http; msgtype=request", warc=request)
        build.add(url, page(i, size), warc={"WARC-Record-ID": identity(i)})
        build.add(url, b"a: b", type="metadata", mime="text/x", warc=notes | {"WARC-Concurrent-To": identity(i)})
    return build.add("http://a.example/i.jpg", JPEG, mime="image/jpeg", warc={"WARC-Record-ID": identity(3000)})


def passed(source: Input) -> int:
    return sum(piece.passed for piece in File(Disk(source.path)).walk(1 << 16, skim=True))


def told(source: Input, thorough: bool) -> tuple[list[tuple[int, str]], dict[int, bytes]]:
    """What becomes of each record (its place, and page, image or its rule), and the pages by their places."""
    records = list(scan(source, OPTIONS, thorough))
    found = {r.offset: p for r, p in read(source, [r for r in records if r.kind == "page"], OPTIONS)}
    pages = {at: p.html for at, p in found.items() if isinstance(p, Page)}
    return [(r.offset, _fate(r, found.get(r.offset, ""))) for r in records], pages


def _fate(record: Record, found: Page | str) -> str:
    if record.kind == "page" and not isinstance(found, Page):
        return found
    return (
        f"{record.rule}: {record.reason}" if record.rule in ("unreadable", "truncated") else record.rule or record.kind
    )


def test_a_scan_says_the_same_of_pages_that_it_passes_over(tmp_path: Path) -> None:
    source = crawl(50).write(tmp_path / "x.warc.gz")
    assert passed(source) == 50
    assert list(scan(source, OPTIONS)) == list(scan(source, OPTIONS, thorough=True))
    assert list(told(source, thorough=False)[1].values()) == [page(i, SIZE) for i in range(50)]


@pytest.mark.parametrize("where", [0, 1, 99, 198, 199])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_damage_to_one_of_200_costs_one_and_is_told(tmp_path: Path, where: int, part: float) -> None:
    source = crawl(200).damage(3 * where + 1, part).write(tmp_path / "x.warc.gz")
    fates, pages = told(source, thorough=False)
    assert sorted(pages.values()) == sorted(page(i, SIZE) for i in range(200) if i != where)
    [(_, why)] = [(at, fate) for at, fate in fates if fate not in ("page", "not_a_page", "image")]
    assert why.startswith("unreadable: compressed stream at byte")
    assert (fates, pages) == told(source, thorough=True)


def test_damage_to_what_is_no_page_is_seen_by_the_scan(tmp_path: Path) -> None:
    build = crawl(5)
    for number in (3, 5, 15):
        build.damage(number)
    rules = [r.rule for r in scan(build.write(tmp_path / "x.warc.gz"), OPTIONS)]
    assert rules.count("unreadable") == 3
    assert rules.count(None) == 5


@pytest.mark.parametrize("seed", range(300))
def test_of_damaged_files_as_much_is_had_as_by_a_thorough_scan(tmp_path: Path, seed: int) -> None:
    data = mutate(crawl(6, 9000).bytes(), random.Random(seed))
    source = put(tmp_path / "x.warc.gz", data)
    assert told(source, thorough=False) == told(source, thorough=True)


def stored(raw: bytes) -> bytes:
    """A gzip member that holds the bytes as they are."""
    packer = zlib.compressobj(0, zlib.DEFLATED, 31)
    return packer.compress(raw) + packer.flush()


def forged(knowing: str) -> tuple[bytes, bytes]:
    """A record that holds what looks like its own end and another record, made by one who knew the id `knowing`.

    Gives its member, and the member that hides in it.
    """
    lie = Builder().add("http://bank.example/", page(1), warc={"WARC-Concurrent-To": knowing}).parts[0]
    size = Builder(packed=False).add("http://a.example/", bytes(9000 + 4 + len(lie) + 9000), warc=NAMED)
    body = page(2)[:9000].ljust(9000) + len(size.bytes()).to_bytes(4, "little") + lie + page(3).ljust(9000)
    whole = Builder(packed=False).add("http://a.example/", body, warc=NAMED).bytes()
    assert len(whole) == len(size.bytes())
    return stored(whole), lie


NAMED = {"WARC-Record-ID": identity(7)}


def test_no_page_can_hold_what_looks_like_its_own_end(tmp_path: Path) -> None:
    member, lie = forged(knowing=identity(8))
    follows = Builder().add(type="metadata", mime="text/x", body=b"a: b", warc={"WARC-Concurrent-To": identity(7)})
    source = put(tmp_path / "x.warc.gz", member + follows.bytes())
    assert lie in member
    assert [r.url for r in scan(source, OPTIONS) if r.kind == "page"] == ["http://a.example/"]
    assert told(source, thorough=False) == told(source, thorough=True)


def test_an_end_that_was_wrong_is_told_when_the_page_is_read(tmp_path: Path) -> None:
    """Whoever knew the id that a crawler will give: his page is lost, and named, and he is told of."""
    member, lie = forged(knowing=identity(7))
    source = put(tmp_path / "x.warc.gz", member + crawl(1).bytes())
    fates, _ = told(source, thorough=False)
    at = member.index(lie)
    assert fates[0] == (
        0,
        f"unreadable: the record at byte 0 ends at byte {len(member)}, though one was seen to begin at byte {at}",
    )
    assert any(fate.startswith("unreadable") and at < place < len(member) for place, fate in fates)
    assert gzip.decompress(lie)


def test_pages_that_nothing_names_are_inflated(tmp_path: Path) -> None:
    source = Builder().pages(30, SIZE).write(tmp_path / "x.warc.gz")
    assert passed(source) == 0
    assert told(source, thorough=False) == told(source, thorough=True)


def test_a_page_made_of_beginnings_of_members_is_inflated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    monkeypatch.setattr("obelics_like.sources.passed.look", lambda disk, at, *a: looks.append(at) or look(disk, at, *a))
    bare = Builder(packed=False).add(body=page(1) + b"\x1f\x8b\x08" * 5000, warc=NAMED).bytes()
    follows = Builder().add(type="metadata", mime="text/x", body=b"a: b", warc={"WARC-Concurrent-To": identity(7)})
    source = put(tmp_path / "x.warc.gz", stored(bare) + follows.bytes())
    assert passed(source) == 0
    assert len(looks) < 100
    assert told(source, thorough=False) == told(source, thorough=True)

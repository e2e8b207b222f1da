"""One bad record costs one record: every fault that broke the peers, in every packing, and any record of 200."""

from __future__ import annotations

import gzip
import random
import re
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from obelics_like.document import Page
from obelics_like.sources import split
from obelics_like.sources.archive import read, scan
from obelics_like.sources.disk import Disk
from obelics_like.sources.inputs import Input
from obelics_like.sources.walk import File
from obelics_like.sources.whole import whole_record
from tests.pace import least
from tests.sources.archives import OPTIONS, PACKINGS, Builder, lz, packed, page, put, with_dictionary, zst
from tests.sources.fuzz import accounted

COUNT = 10
KINDS = list(PACKINGS)


def bare(count: int, size: int = 3000) -> list[bytes]:
    return Builder(packed=False).pages(count, size).parts


def seen(source: Input) -> Counter[str]:
    """How many records there are by their rule or kind; each page must be readable by itself."""
    records = list(scan(source, OPTIONS))
    assert len({r.offset for r in records}) == len(records)
    assert all(r.reason for r in records if r.rule in ("unreadable", "truncated"))
    found = [f for _, f in read(source, [r for r in records if r.kind == "page"], OPTIONS)]
    assert all(isinstance(f, Page) for f in found), found
    return Counter(r.rule or r.kind for r in records)


def invert(raw: bytes, at: int, count: int) -> bytes:
    return raw[:at] + bytes(b ^ 0xFF for b in raw[at : at + count]) + raw[at + count :]


def length_by(change: int) -> Callable[[bytes], bytes]:
    return lambda raw: re.sub(
        rb"Content-Length: (\d+)", lambda m: b"Content-Length: %d" % (int(m[1]) + change), raw, count=1
    )


FAULTS: dict[str, Callable[[bytes], bytes]] = {
    "length 50 too small": length_by(-50),
    "length 5000 too large": length_by(5000),
    "length -1": lambda raw: re.sub(rb"Content-Length: \d+", b"Content-Length: -1", raw, count=1),
    "no length": lambda raw: re.sub(rb"Content-Length: \d+\r\n", b"", raw, count=1),
    "garbage version": lambda raw: raw.replace(b"WARC/1.0", b"G\xff\0bage!", 1),
    "no target URI": lambda raw: raw.replace(b"WARC-Target-URI", b"X-Nothing-At-All", 1),
}
"""What is wrong in the record itself, before it is packed."""
SPARED = ("length 50 too small", "length 5000 too large", "length -1", "no length")
"""Faults that do not even cost the record they are in."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_record_costs_at_most_itself(tmp_path: Path, kind: str, fault: str) -> None:
    parts = bare(COUNT)
    parts[4] = FAULTS[fault](parts[4])
    rules = seen(put(tmp_path / "x.warc", b"".join(packed(kind, parts))))
    assert rules["page"] == (COUNT if fault in SPARED else COUNT - 1), rules
    assert rules.total() == COUNT


AROUND: dict[str, Callable[[bytes], bytes]] = {
    "damaged data": lambda raw: invert(raw, len(raw) // 2, 12),
    "lost mark": lambda raw: b"\0\0" + raw[2:],
    "NULs before it": lambda raw: bytes(700) + raw,
    "half of it lost": lambda raw: raw[: len(raw) // 2],
    "end lost": lambda raw: raw[:-30],
}
"""What happens to a record after it was packed."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", [*FAULTS, *AROUND])
@pytest.mark.parametrize("where", [0, 117, 199])
def test_every_fault_of_one_in_200_leaves_199(tmp_path: Path, kind: str, fault: str, where: int) -> None:
    """The other 199 come out byte for byte, whatever is made of the one."""
    parts = bare(200, 400)
    if fault in FAULTS:
        parts[where] = FAULTS[fault](parts[where])
    members = packed(kind, parts)
    if fault in AROUND:
        members[where] = AROUND[fault](members[where])
    source = put(tmp_path / "x.warc", b"".join(members))
    records = list(scan(source, OPTIONS))
    found = [f for _, f in read(source, [r for r in records if r.kind == "page"], OPTIONS)]
    bodies = Counter(f.html for f in found if isinstance(f, Page))
    assert all(bodies[page(n, 400)] == 1 for n in range(200) if n != where)
    assert len(records) <= 201
    accounted(b"".join(members), records)


@pytest.mark.parametrize("kind", ["gzip", "zstd", "lz4"])
def test_one_member_for_the_whole_file(tmp_path: Path, kind: str) -> None:
    assert seen(put(tmp_path / "x.warc", PACKINGS[kind](b"".join(bare(200, 400))))) == {"page": 200}


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_between_records_cost_none(tmp_path: Path, kind: str) -> None:
    for filler in (bytes(700), b"-- no record --\n" * 9, random.Random(kind).randbytes(900)):
        rules = seen(put(tmp_path / "x.warc", filler.join(packed(kind, bare(COUNT)))))
        assert rules == {"page": COUNT, "unreadable": COUNT - 1}


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_file_costs_its_last_record(tmp_path: Path, kind: str) -> None:
    parts = packed(kind, bare(COUNT))
    for cut in (30, len(parts[-1]) // 2, len(parts[-1]) - 12):
        rules = seen(put(tmp_path / "x.warc", b"".join(parts)[:-cut]))
        assert rules["page"] == COUNT - 1, (cut, rules)
        assert rules["truncated"] + rules["unreadable"] == 1, (cut, rules)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("where", [0, 1, 99, 198, 199])
def test_damage_to_one_of_200_costs_one(tmp_path: Path, kind: str, where: int) -> None:
    parts = packed(kind, bare(200, 400))
    parts[where] = invert(parts[where], 0 if kind == "plain" else len(parts[where]) // 2, 12)
    rules = seen(put(tmp_path / "x.warc", b"".join(parts)))
    assert rules == {"page": 199, "unreadable": 1}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_damage_to_any_one_of_200_costs_one(tmp_path: Path, kind: str) -> None:
    """Each of the 200 in turn, at a random place of it; what damage makes of a plain record may be a record still."""
    chance = random.Random(kind)
    parts = packed(kind, bare(200, 200))
    for where in range(200):
        raw = invert(parts[where], chance.randrange(len(parts[where])), 12)
        source = put(tmp_path / "x.warc", b"".join([*parts[:where], raw, *parts[where + 1 :]]))
        records = list(scan(source, OPTIONS))
        found = [f for _, f in read(source, [r for r in records if r.kind == "page"], OPTIONS)]
        bodies = {f.html for f in found if isinstance(f, Page)}
        assert sum(page(i, 200) in bodies for i in range(200)) >= 199, where


@pytest.mark.parametrize("kind", ["gzip", "zstd", "lz4"])
def test_a_lost_mark_costs_one(tmp_path: Path, kind: str) -> None:
    for where in (0, 4, 9):
        parts = packed(kind, bare(COUNT))
        parts[where] = b"\0\0" + parts[where][2:]
        assert seen(put(tmp_path / "x.warc", b"".join(parts))) == {"page": COUNT - 1, "unreadable": 1}


@pytest.mark.parametrize("compressed", [False, True])
def test_zstd_with_a_dictionary(tmp_path: Path, compressed: bool) -> None:
    data = with_dictionary(bare(COUNT), compressed)
    source = put(tmp_path / "x.warc.zst", data)
    assert seen(source) == {"page": COUNT}
    assert seen(put(tmp_path / "y.warc.zst", invert(data, len(data) // 2, 12))) == {"page": COUNT - 1, "unreadable": 1}
    assert seen(put(tmp_path / "z.warc.zst", data + data)) == {"page": 2 * COUNT}


def test_a_lost_dictionary_is_told(tmp_path: Path) -> None:
    """What needs the dictionary is lost with it; frames that do without are read."""
    data = with_dictionary(bare(3), compressed=True)
    rules = seen(put(tmp_path / "x.warc.zst", invert(data, 20, 40) + zst(bare(1)[0])))
    assert rules["page"] == 1
    assert rules["unreadable"] >= 1


def test_skippable_frames_are_passed_over(tmp_path: Path) -> None:
    skip = b"\x53\x2a\x4d\x18\x04\0\0\0skip"
    parts = packed("lz4", bare(4))
    source = put(tmp_path / "x.warc.lz4", skip.join(parts) + skip)
    assert seen(source) == {"page": 4}


def test_one_frame_of_lz4_holds_many(tmp_path: Path) -> None:
    assert seen(put(tmp_path / "x.warc.lz4", lz(b"".join(bare(COUNT))))) == {"page": COUNT}


@pytest.mark.parametrize("kind", ["gzip", "zstd", "lz4"])
def test_the_fast_way_finds_what_the_careful_one_finds(tmp_path: Path, kind: str) -> None:
    build = Builder(packed=False).pages(5).add("http://a.example/e", b"").add("http://a.example/l", page(1, 2_000_000))
    build.add(type="metadata", mime="text/x", body=b"a: b").add("http://a.example/i", b"x", mime="image/png")
    source = put(tmp_path / "x.warc", b"".join(packed(kind, build.parts)))
    file = File(Disk(source.path))
    fast = list(file.walk(1 << 16))
    assert len(fast) == 9
    at = 0
    for piece in fast:
        assert whole_record(file.disk, at, file.engine(), 1 << 11, 1 << 16) == piece
        [careful] = file._careful(at, 1 << 16)
        assert careful == piece
        at += piece.length or 0
    assert at == source.size


@pytest.mark.parametrize("level", [1, 6, 9])
@pytest.mark.parametrize("where", [0.01, 0.3, 0.55])
def test_a_single_gzip_member_is_entered_again_behind_a_picture(tmp_path: Path, level: int, where: float) -> None:
    """Damage costs the records up to a picture behind it, not the rest of the file."""
    chance = random.Random(level)
    build = Builder(packed=False)
    for number in range(20):
        build.add(f"http://a.example/{number}", page(number))
        build.add(f"http://a.example/{number}.jpg", chance.randbytes(50_000), mime="image/jpeg")
    raw = bytearray(gzip.compress(build.bytes(), level))
    at = int(len(raw) * where)
    raw[at : at + 3000] = chance.randbytes(3000)
    source = put(tmp_path / "x.warc.gz", bytes(raw))
    records = list(scan(source, OPTIONS))
    rules = Counter(r.rule or r.kind for r in records)
    assert rules["unreadable"] <= 2
    assert 33 <= rules["page"] + rules["image"] < 40, rules
    found = [f for _, f in read(source, [r for r in records if r.kind == "page"], OPTIONS)]
    bodies = [f.html for f in found if isinstance(f, Page) and not f.facts]
    assert set(bodies) <= {page(number) for number in range(20)}
    assert len(bodies) == len(set(bodies)) >= 16
    accounted(bytes(raw), records)


def test_what_lies_behind_full_flushes_is_exact(tmp_path: Path) -> None:
    """Writers that start afresh now and then make deflate that can be entered there."""
    squeeze = zlib.compressobj(6, zlib.DEFLATED, 31)
    parts = [squeeze.compress(p) + squeeze.flush(zlib.Z_FULL_FLUSH) for p in bare(60, 12_000)] + [squeeze.flush()]
    parts[20] = random.Random(1).randbytes(len(parts[20]))
    rules = seen(put(tmp_path / "x.warc.gz", b"".join(parts)))
    assert rules["page"] >= 20


@pytest.mark.parametrize(
    "begun",
    [
        b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 99999999999\r\n\r\n",
        b"WARC/1.0\r\nWARC-Type: response\r\n\r\n",
        b"WARC/1.0\r\nWARC-Type: response\r\nX: no end of the head\r\n",
    ],
)
def test_records_that_only_begin_are_looked_through_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    """Reading and searching 64 kB for each took 18 seconds of a file of 1.2 MB."""
    took: Counter[str] = Counter()
    read_disk, search, find_end = Disk.read, split._search, split.head_end

    def counted_read(disk: Disk, at: int, count: int) -> bytes:
        data = read_disk(disk, at, count)
        took["read"] += len(data)
        return data

    def counted_search(seen: bytes, first: int) -> int | None:
        took["searched"] += len(seen)
        return search(seen, first)

    def counted_end(seen: bytes) -> int:
        took["looked for a blank line"] += len(seen)
        return find_end(seen)

    monkeypatch.setattr(Disk, "read", counted_read)
    monkeypatch.setattr(split, "_search", counted_search)
    monkeypatch.setattr(split, "head_end", counted_end)
    raw = begun * 2_000 + b"x" * (1 << 16) + b"".join(bare(1))
    offsets = [record.offset for record in scan(put(tmp_path / "x.warc", raw), OPTIONS)]
    assert offsets[:2_000] == [len(begun) * number for number in range(2_000)]
    assert took["read"] < 3 * len(raw) + (1 << 18)
    assert took["searched"] < 2_001 * (1 << 13) + (1 << 18)
    assert took["looked for a blank line"] < 2_001 * 4_200 + (1 << 18)


WHOLE_ARC_START = re.compile(
    rb"(?:(?<=\n)[A-Za-z][A-Za-z0-9+.\-]{1,15}|https?|ftp|dns):[^\s]{2,2000}"
    rb" [0-9A-Fa-f.:]{3,40} \d{8,18} \S[^\r\n]{0,200}\r?\n"
)


@pytest.mark.parametrize("seed", range(4))
def test_an_arc_line_is_found_as_by_one_expression(seed: int) -> None:
    dice = random.Random(seed)
    among = [b"http:", b"https:", b"ftp:", b"\nabc:", b"\nZ:", b"//a", b" ", b" 1.2.3.4", b" 20080430", b" t 12",
             b"\n", b"\r\n", b"\t", b"x" * 1990, b"x" * 2001, b" ::1 12345678 x\n"]  # fmt: skip
    found = 0
    for _ in range(3_000):
        url = b"http:" + b"y" * dice.choice((1, 2, 1999, 2000, 2001))
        text = b"".join(dice.choices(among, k=dice.randrange(1, 12))) + url + b" 1.2.3.4 20080430 t 1\n"
        first, end = dice.choice((0, 1, 3)), dice.choice((len(text), dice.randrange(len(text))))
        wanted = WHOLE_ARC_START.search(text, first, end)
        assert split._arc_start(text, first, end) == (wanted and wanted.start()), (text, first, end)
        found += wanted is not None
    assert found > 500


@pytest.mark.parametrize("text", [b"http:", b"http:" * 400 + b" 1.2.3.4 11111111 \n", b" 111 11111111 x"])
def test_what_looks_like_beginnings_is_looked_through_in_no_time(text: bytes) -> None:
    """A gigabyte of `http:` is packed to one megabyte."""
    looked_through = text * (2_000_000 // len(text))
    assert least(lambda: split._search(looked_through, 0), 1) < 1

"""Archives with random damage, and what must hold of any bytes at all when they are read; a long run by hand.

python -m tests.sources.fuzz SECONDS [SEED]      # prints how many files it tried, and ends at the first failure
"""

from __future__ import annotations

import gzip
import random
import sys
import tempfile
import time
import zlib
from collections import Counter
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import lz4.frame
import zstandard

from obelics_like.document import Page
from obelics_like.errors import ObelicsLikeError
from obelics_like.sources.archive import Archive, read, read_bytes, scan
from obelics_like.sources.inputs import Input, expand
from obelics_like.sources.join import Place
from obelics_like.sources.records import Record
from tests.sources.archives import FILEDESC, JPEG, Builder, arc, gz, http, packed, page, put, with_dictionary

OPTIONS = Archive(id="sources", max_page_bytes=1_000_000, max_image_bytes=1_000_000)
SLOW = 10.0
"""Seconds of processor time after which reading a small file counts as a hang."""


def _shapes() -> dict[str, bytes]:
    build = Builder(packed=False).add(type="warcinfo", mime="application/warc-fields", body=b"software: x\r\n")
    build.add("http://a.example/x.jpg", JPEG, mime="image/jpeg").pages(3, 300)
    build.add("http://a.example/gz", gzip.compress(page(7)), http=[("Content-Encoding", "gzip")])
    build.add("http://a.example/ch", b"5\r\nhello\r\n0\r\n\r\n", http=[("Transfer-Encoding", "chunked")])
    build.add("http://a.example/old", type="revisit", warc={"WARC-Refers-To-Target-URI": "http://a.example/1"})
    build.add("http://a.example/z", b"", status="302 Found", http=[("Location", "/y")]).pages(2, 200)
    bare = build.parts
    arcs = [FILEDESC, *(arc(f"http://a.example/{i}", http(page(i, 200))) for i in range(4))]
    shapes = {kind: b"".join(packed(kind, bare)) for kind in ("gzip", "zstd", "lz4", "plain")}
    shapes |= {f"one {kind}": packed(kind, [b"".join(bare)])[0] for kind in ("gzip", "zstd", "lz4")}
    shapes |= {"dictionary": with_dictionary(bare), "arc": b"".join(arcs), "arc gzip": b"".join(map(gz, arcs))}
    whole = b"".join(bare)
    album = Builder(packed=False)
    for i in range(3):
        album.add(f"http://a.example/{i}.jpg", random.Random(i).randbytes(40_000), mime="image/jpeg").pages(2, 200)
    shapes["album"] = gz(album.bytes())
    return shapes | {"blocks": b"".join(gz(whole[i : i + 700]) for i in range(0, len(whole), 700))}


SHAPES = _shapes()
NAMES = list(SHAPES)
SPICE = [
    b"WARC/1.0\r\n", b"\r\n\r\n", b"Content-Length: 99999999\r\n", b"Content-Length: 0\r\n", b"\x1f\x8b\x08\0",
    b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"\x5d\x2a\x4d\x18\xff\xff\xff\x7f", b"HTTP/1.1 200 OK\r\n", b"\n",
    b"\0" * 40, b"\xff" * 9,
    b"http://a.example/ 1.2.3.4 20080430204825 text/html 12\n", b"Transfer-Encoding: chunked\r\n", b"\x80\xc3(",
]  # fmt: skip


def mutate(data: bytes, chance: random.Random) -> bytes:
    """The bytes with one to four places changed, cut, doubled, moved or strewn with what readers look for."""
    raw = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at, count = chance.randrange(len(raw) + 1), chance.choice([1, 1, 2, 4, 16, 200, 2000])
        match chance.randrange(7):
            case 0:
                raw[at : at + count] = chance.randbytes(len(raw[at : at + count]))
            case 1:
                del raw[at : at + count]
            case 2:
                raw[at:at] = chance.randbytes(count)
            case 3:
                raw[at : at + count] = bytes(len(raw[at : at + count]))
            case 4:
                raw[at:at] = chance.choice(SPICE)
            case 5:
                there = chance.randrange(len(raw) + 1)
                raw[at:at] = raw[there : there + count]
            case _:
                if at < len(raw):
                    raw[at] ^= 1 << chance.randrange(8)
    return bytes(raw)


def check(data: bytes, folder: Path) -> Counter[str]:
    """Read the bytes in every way; raises AssertionError where what must hold of any file does not."""
    source = put(folder / "x.warc.gz", data)
    began = time.process_time()
    records = list(scan(source, OPTIONS))
    offsets = [r.offset for r in records]
    assert records, "nothing is said of the file"
    assert offsets == sorted(set(offsets)), "an offset twice, or out of order"
    assert all(r.reason for r in records if r.rule in ("unreadable", "truncated")), "no reason"
    assert all((r.rule is None) == (r.kind != "other") for r in records)
    accounted(data, records)
    pages = [r for r in records if r.kind == "page"]
    found = list(read(source, pages, OPTIONS))
    assert [r for r, _ in found] == pages
    for record in records:
        if record.kind == "image":
            _picture(source, record)
    assert list(scan(source, OPTIONS)) == records, "a second reading finds something else"
    with suppress(ObelicsLikeError):
        expand([source.path])
    assert time.process_time() - began < SLOW, "a hang"
    said = ("page" if isinstance(page, Page) else "no page: " + page.partition(":")[0] for _, page in found)
    return Counter([r.rule or r.kind for r in records if r.kind != "page"]) + Counter(said)


def _picture(source: Input, record: Record) -> None:
    with suppress(OSError):
        read_bytes(Place("record", source.path, record.offset, record.length, record.url), OPTIONS)


def accounted(data: bytes, records: list[Record]) -> None:
    """Every byte lies in a record's range, or is nothing: blank lines, empty members, frames to be skipped.

    Records that share a stream have no length: what lies up to the next one that has is theirs.
    """
    at = 0
    for record, following in pairwise([*records, None]):
        assert record is not None
        if record.length is None:
            at = following.offset if following is not None else len(data)
            continue
        assert record.offset >= at, f"two records have byte {record.offset}"
        assert is_nothing(data[at : record.offset]), f"bytes {at} to {record.offset} are nobody's"
        at = record.offset + record.length
        assert at <= len(data)
    assert is_nothing(data[at:]), f"bytes {at} to the end are nobody's"


def is_nothing(gap: bytes) -> bool:
    """Whether the bytes hold nothing that was a record, inflated or not."""
    while gap.strip(b"\r\n"):
        if gap[1:4] == b"\x2a\x4d\x18" and gap[0] & 0xF0 == 0x50:
            gap = gap[8 + int.from_bytes(gap[4:8], "little") :]
            continue
        engine = {b"\x1f\x8b": zlib.decompressobj(31), b"\x28\xb5": zstandard.ZstdDecompressor().decompressobj()}.get(
            gap[:2], lz4.frame.LZ4FrameDecompressor()
        )
        try:
            if engine.decompress(gap).strip(b"\r\n") or not engine.eof:
                return False
        except Exception:  # each library has its own
            return False
        gap = engine.unused_data or b""
    return True


def main(seconds: float, seed: int) -> None:
    """Try random files for so long, and say what was found in them."""
    chance, began, tried, slowest = random.Random(seed), time.monotonic(), 0, 0.0
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        while time.monotonic() - began < seconds:
            shape = chance.choice(NAMES)
            data = mutate(SHAPES[shape], chance)
            start = time.process_time()
            try:
                found += check(data, Path(name))
            except BaseException:
                kept = Path(tempfile.gettempdir()) / f"fuzz-{seed}-{tried}.bin"
                kept.write_bytes(data)
                print(f"{shape}: kept as {kept}")
                raise
            slowest = max(slowest, time.process_time() - start)
            tried += 1
    print(f"{tried} files, slowest {slowest:.2f} s; {dict(found.most_common())}")


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)

"""Offsets and lengths beyond 32 bits, in files that are mostly holes; and very many inputs at once."""

from __future__ import annotations

import io
import os
import time
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from obelics_like.document import Page
from obelics_like.sources.archive import Record, read, scan
from obelics_like.sources.disk import Disk
from obelics_like.sources.inputs import Input, expand, survey
from obelics_like.sources.join import ImageIndex, write_index
from obelics_like.sources.revisits import resolve
from obelics_like.tasks.scanning import _index
from tests.pace import seconds
from tests.sources.archives import OPTIONS, Builder, page, zst

HUGE = 5 << 30
"""Bytes of a record, or before one: more than 32 bits tell."""


def sparse(path: Path, parts: list[tuple[int, bytes]]) -> Input:
    """A file that holds these bytes at these places, and holes between them."""
    with path.open("wb") as file:
        for at, data in parts:
            os.pwrite(file.fileno(), data, at)
    if path.stat().st_blocks * 512 > 1 << 26:
        pytest.skip("this file system knows no holes")
    return Input(str(path), str(path), "warc", path.stat().st_size)


def head_of(kind: str, mime: str, size: int) -> bytes:
    return (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Date: 2024-05-06T07:08:09Z\r\n"
        f"WARC-Target-URI: http://a.example/huge\r\nContent-Type: {mime}\r\nContent-Length: {size}\r\n\r\n"
    ).encode()


@pytest.mark.parametrize(("mime", "kind"), [("video/mp4", "other"), ("image/png", "image"), ("text/html", "page")])
def test_a_record_of_five_gigabytes_is_passed_over(tmp_path: Path, mime: str, kind: str) -> None:
    """Neither its bytes are read nor is it held; what follows has an offset beyond 32 bits and is read there."""
    head, after = head_of("resource", mime, HUGE), Builder(packed=False).pages(3).bytes()
    source = sparse(tmp_path / "x.warc", [(0, head), (len(head) + HUGE, b"\r\n\r\n" + after)])
    tracemalloc.start()
    began = time.process_time()
    records = list(scan(source, OPTIONS))
    assert [r.kind for r in records] == [kind, "page", "page", "page"]
    assert (records[0].size, records[0].length) == (HUGE, len(head) + HUGE + 4)
    assert records[1].offset == len(head) + HUGE + 4 > 1 << 32
    pages = [r for r in records if r.kind == "page"]
    found = [p for _, p in read(source, pages, OPTIONS)]
    assert [p.html for p in found if isinstance(p, Page)] == [page(n) for n in range(3)]
    if kind == "page":
        assert str(found[0]).startswith("body_too_large: ")
    assert time.process_time() - began < 5
    assert tracemalloc.get_traced_memory()[1] < 200_000_000
    tracemalloc.stop()


def test_a_member_beyond_32_bits_is_read_where_it_lies(tmp_path: Path) -> None:
    data = Builder().pages(2).bytes()
    source = sparse(tmp_path / "x.warc.gz", [(0, data), (HUGE, data)])
    far = [Record(offset=HUGE, length=None, kind="page", type="response", url="http://a.example/0")]
    [(_, found)] = read(source, far, OPTIONS)
    assert isinstance(found, Page)
    assert (found.html, found.origin.offset) == (page(0), HUGE)


def test_skippable_frames_of_gigabytes(tmp_path: Path) -> None:
    frames = [zst(raw) for raw in Builder(packed=False).pages(2).parts]
    skip = b"\x50\x2a\x4d\x18" + ((1 << 32) - 1).to_bytes(4, "little")
    far = len(frames[0]) + 8 + (1 << 32) - 1
    source = sparse(tmp_path / "x.warc.zst", [(0, frames[0] + skip), (far, frames[1])])
    records = list(scan(source, OPTIONS))
    assert [(r.kind, r.offset) for r in records] == [("page", 0), ("page", far)]


def test_a_member_of_a_zip_beyond_32_bits(tmp_path: Path) -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/x.warc.gz", Builder().pages(2).bytes())
    sparse(tmp_path / "x.wacz", [(0, b"PK\x03\x04"), (HUGE, sink.getvalue())])
    [source] = expand([str(tmp_path / "x.wacz")])
    assert [r.kind for r in scan(source, OPTIONS)] == ["page", "page"]


def test_indexes_hold_offsets_beyond_32_bits(tmp_path: Path) -> None:
    record = Record(HUGE, HUGE, "image", "response", "http://a.example/x.png", size=HUGE)
    assert _index([record])["offset"].to_pylist() == [HUGE]
    write_index([("x", "x", record)], tmp_path / "index")
    assert ImageIndex(tmp_path / "index")._table["offset"].to_pylist() == [HUGE]
    assert resolve([(_index([]), _index([record]))]).missing == 0


def test_picks_beyond_32_bits(tmp_path: Path) -> None:
    data = Builder().pages(1).bytes()
    source = sparse(tmp_path / "x.warc.gz", [(0, data), (HUGE, data)])
    disk = Disk(source.path, ((0, len(data)), (HUGE, len(data))))
    assert disk.read(HUGE, 1 << 20) == data


def test_a_list_of_ninety_thousand_archives(tmp_path: Path) -> None:
    """Taken by their names, each once, in a time that grows with their number and not faster."""
    names = [f"https://data.example/crawl/segments/{n // 900}/x-{n:05d}.warc.gz" for n in range(90_000)]

    def take() -> None:
        found, ignored = survey([str(tmp_path / "all.paths")])
        assert [s.path for s in found] == taken_names
        assert ignored == []

    spent = []
    for count, tries in ((10_000, 3), (90_000, 2)):
        taken_names = names[:count]
        (tmp_path / "all.paths").write_text("\n".join(taken_names + names[:10]))
        spent.append(min(seconds(take) for _ in range(tries)))
    assert spent[1] < 30 * spent[0] < 300  # 9 times the names; were it quadratic, 81 times the time

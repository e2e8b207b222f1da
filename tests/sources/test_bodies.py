"""HTTP bodies: what the bytes are counts, not what the header claims; nothing inflates beyond its cap."""

from __future__ import annotations

import contextlib
import gzip
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from obelics_like.document import Page
from obelics_like.sources.archive import Archive, read, scan
from obelics_like.sources.bodies import BadBody, dechunk, decode
from tests.sources.archives import Builder, page, raw_deflate

HTML = page(1)


@pytest.mark.parametrize(
    ("named", "squeeze"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", raw_deflate),
        ("br", brotli.compress),
        ("zstd", zstandard.ZstdCompressor().compress),
        ("gzip, br", lambda b: brotli.compress(gzip.compress(b))),
        ("", gzip.compress),
    ],
)
def test_encodings_are_undone(named: str, squeeze: Callable[[bytes], bytes]) -> None:
    assert decode(squeeze(HTML), {"content-encoding": named}, 10_000) == HTML


@pytest.mark.parametrize("named", ["gzip", "deflate", "br", "zstd", "gzip, br", "no-such", "identity"])
def test_a_header_that_lies_changes_nothing(named: str) -> None:
    for body in (HTML, b"plain words", b"", "caf\u00e9 <b>".encode()):
        assert decode(body, {"content-encoding": named}, 10_000) == body


@pytest.mark.parametrize(
    ("named", "squeeze"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("br", lambda b: brotli.compress(b, quality=1)),
        ("zstd", zstandard.ZstdCompressor().compress),
    ],
)
def test_a_bomb_is_held_to_the_cap(named: str, squeeze: Callable[[bytes], bytes]) -> None:
    body = squeeze(bytes(1 << 26))
    tracemalloc.start()
    with pytest.raises(BadBody) as caught:
        decode(body, {"content-encoding": named}, 1_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.rule == "body_too_large"
    assert peak < 8_000_000


def test_a_body_at_the_cap_is_kept() -> None:
    assert len(decode(gzip.compress(bytes(1000)), {}, 1000)) == 1000
    with pytest.raises(BadBody):
        decode(gzip.compress(bytes(1001)), {}, 1000)
    with pytest.raises(BadBody):
        decode(bytes(1001), {}, 1000)


def test_a_gzip_body_of_many_members_is_read_in_one_pass() -> None:
    started = time.process_time()
    assert (
        decode(gzip.compress(b"a") * 150_000 + gzip.compress(b"b" * 5_000), {}, None) == b"a" * 150_000 + b"b" * 5_000
    )
    assert time.process_time() - started < 2  # 5 seconds where each copied what stands behind it


def test_a_cut_gzip_body_gives_what_is_there() -> None:
    out = decode(gzip.compress(HTML)[:-200], {"content-encoding": "gzip"}, 10_000)
    assert HTML.startswith(out)
    assert len(out) > 1000


def test_a_damaged_body_is_told() -> None:
    body = bytearray(gzip.compress(HTML))
    body[12:40] = b"\xff" * 28
    with pytest.raises(BadBody) as caught:
        decode(bytes(body), {}, 10_000)
    assert caught.value.rule == "unreadable"
    with pytest.raises(BadBody):
        decode(b"\x9b\xff\xfe\x80" * 400, {"content-encoding": "br"}, 10_000)


@given(st.binary(max_size=300), st.integers(1, 40))
def test_chunks_are_joined(body: bytes, size: int) -> None:
    pieces = [body[i : i + size] for i in range(0, len(body), size)]
    raw = b"".join(b"%x;a=b\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\nX: y\r\n\r\n"
    assert dechunk(raw) == body


@pytest.mark.parametrize(
    ("raw", "out"),
    [
        (b"<p>not chunked", b"<p>not chunked"),
        (b"5\r\nhello", b"hello"),
        (b"9\r\nhello", b"hello"),
        (b"5\nhello\n0\n\n", b"hello"),
        (b"5\r\nhello\r\n<p>the rest", b"hello<p>the rest"),
        (b"", b""),
    ],
)
def test_chunks_that_are_wrong(raw: bytes, out: bytes) -> None:
    assert dechunk(raw) == out


@given(st.binary(max_size=400), st.sampled_from(["gzip", "deflate", "br", "zstd", ""]), st.booleans())
def test_no_body_raises_anything_else(raw: bytes, named: str, chunked: bool) -> None:
    http = {"content-encoding": named} | ({"transfer-encoding": "chunked"} if chunked else {})
    with contextlib.suppress(BadBody):
        assert len(decode(raw, http, 1000)) <= 1000


@pytest.mark.parametrize("reader", ["fastwarc", "warcio"])
def test_a_bomb_in_an_archive_is_a_reason_not_a_page(tmp_path: Path, reader: str) -> None:
    options = Archive(id="sources", reader=reader, max_page_bytes=100_000)
    build = Builder()
    build.add("http://a.example/bomb", gzip.compress(bytes(1 << 26)), http=[("Content-Encoding", "gzip")])
    build.add("http://a.example/long", b"<p>" + b"x" * 300_000)
    build.add("http://a.example/br", brotli.compress(HTML), http=[("Content-Encoding", "br")])
    build.add("http://a.example/decoded", HTML, http=[("Content-Encoding", "br")])
    source = build.write(tmp_path / "x.warc.gz")
    records = list(scan(source, options))
    assert [r.kind for r in records] == ["page"] * 4
    found = [f for _, f in read(source, records, options)]
    assert [f.split(":")[0] for f in found[:2] if isinstance(f, str)] == ["body_too_large", "body_too_large"]
    assert [f.html for f in found if isinstance(f, Page)] == [HTML, HTML]

"""HTTP bodies as the browser saw them: chunks joined, content encodings undone, held to a cap in bytes.

It never trusts the header: crawlers often store a body already decoded and keep the header, so the first bytes
decide. It knows nothing of charsets.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping

CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]{0,256})?\r?\n")
MAX_LAYERS = 4
"""Encodings on top of one another; a body that is wrapped more often is left as it is."""
NEXT_MEMBER = 1 << 10
"""Bytes of a gzip body that are inflated at first of each member behind the first one."""
MARKUP = re.compile(rb"[\s\xef\xbb\xbf]*<[!?A-Za-z]")


class BadBody(ValueError):
    """A body that can't be decoded: `rule` is unreadable or body_too_large; the message says what was wrong."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(reason)
        self.rule = rule


def decode(raw: bytes, http: Mapping[str, str], cap: int | None) -> bytes:
    """The body without its transfer and content encodings. `http` has lower-case names.

    Raises BadBody if more than `cap` bytes come out (None: no cap), or if nothing can be made of it.
    """
    if "chunked" in http.get("transfer-encoding", "").lower():
        raw = dechunk(raw)
    named = [n.strip() for n in http.get("content-encoding", "").lower().split(",")]
    for layer in range(MAX_LAYERS):
        name = _encoding(raw, named[-1 - layer] if layer < len(named) else "")
        if name is None:
            break
        raw = _undo(name, raw, cap)
    if cap is not None and len(raw) > cap:
        raise BadBody("body_too_large", f"its body has more than {cap} bytes")
    return raw


def dechunk(raw: bytes) -> bytes:
    """Chunked transfer coding undone; a body that does not begin with a chunk is returned as it is.

    Where a chunk's size should stand and does not, the rest is taken as it is.

    >>> dechunk(b"5\\r\\nhello\\r\\n1\\r\\n!\\r\\n0\\r\\n\\r\\n"), dechunk(b"<p>hello")
    (b'hello!', b'<p>hello')
    """
    parts: list[bytes] = []
    at = 0
    while True:
        line = CHUNK_SIZE.match(raw, at)
        if line is None:
            if not parts:
                return raw
            parts.append(raw[at:])
            break
        size = int(line[1], 16)
        if size == 0:
            break
        parts.append(raw[line.end() : line.end() + size])
        at = line.end() + size
        if raw[at : at + 2] == b"\r\n":
            at += 2
        elif raw[at : at + 1] == b"\n":
            at += 1
        if at >= len(raw):
            break
    return b"".join(parts)


def _encoding(raw: bytes, named: str) -> str | None:
    """The encoding to undo: what the first bytes show, else what the header names if the bytes do not deny it."""
    if raw[:3] == b"\x1f\x8b\x08":
        return "gzip"
    if raw[:4] == b"\x28\xb5\x2f\xfd":
        return "zstd"
    if not raw or named not in ("br", "deflate") or MARKUP.match(raw):
        return None
    return named


def _undo(name: str, raw: bytes, cap: int | None) -> bytes:
    limit = (1 << 62) if cap is None else cap + 1
    try:
        out = {"gzip": _gzip, "zstd": _zstd, "br": _brotli, "deflate": _deflate}[name](raw, limit)
    except BadBody:
        raise
    except Exception as error:  # each library has its own
        raise BadBody("unreadable", f"its {name} body is damaged ({error})") from None
    if cap is not None and len(out) > cap:
        raise BadBody("body_too_large", f"its {name} body inflates to more than {cap} bytes")
    return out


def _gzip(raw: bytes, limit: int) -> bytes:
    """All members; a body that is cut, or followed by other bytes, gives what is there."""
    parts: list[bytes] = []
    at = total = 0
    view, window = memoryview(raw), len(raw)
    while raw[at : at + 2] == b"\x1f\x8b" and total < limit:
        inflater, member = zlib.decompressobj(31), list[bytes]()
        try:
            while at < len(raw) and not inflater.eof and total < limit:
                piece = view[at : at + window]
                member.append(inflater.decompress(piece, limit - total))
                total += len(member[-1])
                at += len(piece) - len(inflater.unused_data) - len(inflater.unconsumed_tail)
                window *= 2
        except zlib.error:
            if parts:
                break
            raise
        parts += member
        window = NEXT_MEMBER  # nearly all bodies are one; of many, each copied all that is behind it
    return b"".join(parts)


def _deflate(raw: bytes, limit: int) -> bytes:
    """zlib or bare deflate: servers send both under this name. What is neither is returned as it is."""
    for wbits in (15, -15):
        try:
            inflater = zlib.decompressobj(wbits)
            out = inflater.decompress(raw, limit)
        except zlib.error:
            continue
        if out:
            return out
    return _as_it_is(raw)


def _brotli(raw: bytes, limit: int) -> bytes:
    """Decoded in bounded steps (Brotli >= 1.2); a body that was decoded already is returned as it is."""
    import brotli

    inflater, total, data = brotli.Decompressor(), 0, raw
    parts: list[bytes] = []
    try:
        while total < limit and not inflater.is_finished():
            part = inflater.process(data, output_buffer_limit=min(1 << 20, limit - total))
            if not part and (not data or inflater.can_accept_more_data()):
                break
            data = b""
            parts.append(part)
            total += len(part)
    except brotli.error:
        if not parts:
            return _as_it_is(raw)
        raise
    return b"".join(parts)


def _zstd(raw: bytes, limit: int) -> bytes:
    import zstandard

    reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(raw, read_across_frames=True)
    parts: list[bytes] = []
    total = 0
    while total < limit:
        part = reader.read(min(1 << 20, limit - total))
        if not part:
            break
        parts.append(part)
        total += len(part)
    return b"".join(parts)


def _as_it_is(raw: bytes) -> bytes:
    """The body unchanged, if it is text after all; else BadBody."""
    if raw[:256].isascii() or MARKUP.search(raw, 0, 1024):
        return raw
    raise BadBody("unreadable", "its body is not encoded as its Content-Encoding says")

"""The records of one stream of decompressed bytes, one piece a record, and a piece for what is none.

It judges by what follows whether a declared length can be right, and looks for the real end where it can't. It opens
no file and reads no header but the length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from obelics_like.sources.stream import Stream

MAX_HEAD = 1 << 16
"""Longest head of a record that is taken for one, in bytes."""
MAX_REWINDS = 16
"""How often one compressed stream is inflated again to look for the record that a wrong length swallowed."""

LENGTH = re.compile(rb"(?i)\ncontent-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?(?=\n)")
WARC_START = re.compile(rb"WARC/\d\.\d{1,2}\r?\n[A-Za-z][A-Za-z-]*[ \t]*:")
ARC_TAIL = re.compile(rb" (?=[0-9A-Fa-f.:]{3,40} \d{8,18} \S[^\r\n]{0,200}\r?\n)")
ARC_SCHEME = re.compile(rb"(?:(?<=\n)[A-Za-z][A-Za-z0-9+.\-]{1,15}|https?|ftp|dns):")
"""What follows the URL of an ARC line, and what it begins with. By one expression, which looked on from each `http:`,
10 MB of these took ten seconds."""
LONGEST_SCHEME, LONGEST_REST, LONGEST_ARC_START = 17, 2_000, 2_300
SCHEME = re.compile(rb"[A-Za-z][A-Za-z0-9+.\-]{1,15}:")
MAX_ARC_LINE = 1 << 13

WHOLE, WRONG, FOREIGN = "whole", "wrong", "foreign"
"""A block as declared; one whose length can't be right; one that is followed by what is no record."""


@dataclass(slots=True)
class Piece:
    """A record, or a stretch that is none (`rule` set: unreadable, truncated).

    `head` is the WARC head with its blank line, or the ARC line. `body` holds the first bytes of the record's block,
    as many as the caller wished to keep; `size` is how many the block has. `payload` is the rest of the block behind
    `body`, where reading took it apart. `passed`: only the beginning was inflated, the end was found without the rest.
    `note` says what was wrong and where.
    """

    offset: int
    length: int | None
    head: bytes = b""
    body: bytes | memoryview = b""
    size: int = 0
    rule: str | None = None
    note: str | None = None
    payload: bytes | None = None
    passed: bool = False


def begins_record(first: bytes) -> bool:
    """Whether these bytes are the beginning of a WARC or ARC record, blank lines aside."""
    first = first.lstrip(b"\r\n")
    return WARC_START.match(first) is not None or arc_fields(first) is not None


def split(stream: Stream, keep: int) -> Iterator[Piece]:
    """The records of one stream. The last one's `length` is for the caller to tell, if the stream is compressed."""
    rewinds, index = 0, 0
    while True:
        stream.skip_blank_lines()
        if not stream.peek(1):
            return
        begin = stream.at
        piece = Piece(stream.start + (begin if stream.many else index), None)
        piece.head, declared = _head(stream)
        if not piece.head:
            begun = WARC_START.match(stream.peek(64)) is not None
            piece.rule, piece.note = "unreadable", f"no record head but {repr(stream.peek(40))[1:]}"
            piece.body, piece.size = _until_record(stream, keep, first=1)
            if begun and not stream.peek(1) and piece.size < MAX_HEAD:
                piece.rule, piece.note = "truncated", "the file ends inside the record's head"
        else:
            state = _block(stream, piece, declared, keep)
            if state != WHOLE:
                can = stream.many or rewinds < MAX_REWINDS
                rewinds += 1
                _recover(stream, piece, declared, keep, begin + len(piece.head), can, state)
        index += 1
        stream.skip_blank_lines()
        if stream.many:
            piece.length = stream.at - begin
        yield piece


def _recover(stream: Stream, piece: Piece, declared: int | None, keep: int, block: int, can: bool, state: str) -> None:
    """Look through the block, which begins at `block`, for its real end, and let the stream go on from there."""
    if not can:  # too many such records to inflate the stream again for each: look ahead only
        if state != FOREIGN:
            _until_record(stream, 0)
            piece.note = f"Content-Length {declared} is not where the record ends"
        return
    again = stream
    if stream.at != block:  # else nothing was taken; to read again what lies ahead took a millisecond for each record
        again = stream.fresh()
        again.skip(block)
    _mend(again, piece, declared, keep)
    if state == FOREIGN and piece.size == declared:  # what follows is no part of it
        piece.note = None
        again = stream.fresh()
        again.skip(block + piece.size)
    for name, value in vars(again).items():
        setattr(stream, name, value)


def _head(stream: Stream) -> tuple[bytes, int | None]:
    """The head and the length it declares; empty if there is none, None if the length is missing or senseless."""
    if stream.peek(5) == b"WARC/":
        for size in (0, 2048, MAX_HEAD):  # asking for more than there is would open the next member
            if size:
                stream.reach(stream.at + 4096)
            seen = stream.peek(size) if size else stream.ahead()
            known = max(0, stream.dry - stream.at - 3)  # a blank line may begin there
            if end := head_end(seen[known:] if known else seen):
                return stream.take(known + end), declared_length(seen, known + end)
            stream.dry = max(stream.dry, stream.at + len(seen))
        return b"", None
    line = stream.peek(MAX_ARC_LINE)
    fields = arc_fields(line)
    if fields is None:
        return b"", None
    declared = fields[4]
    return stream.take(line.index(b"\n") + 1), int(declared) if declared.isdigit() and len(declared) < 19 else None


def declared_length(seen: bytes, end: int) -> int | None:
    """The Content-Length in the WARC head that ends at `end`; None if there is none, or no number."""
    digits = plain_value(seen, b"Content-Length", end)
    if digits is not None and len(digits) < 19 and digits.isdigit():
        return int(digits)
    length = LENGTH.search(seen, 0, end)
    return int(length[1]) if length else None


def plain_value(seen: bytes, name: bytes, end: int) -> bytes | None:
    """The value of a field before `end`, if it is written as nearly all write it; a fifth of an expression's time.

    >>> plain_value(b"WARC/1.0\\r\\nWARC-Type: request\\r\\n\\r\\n", b"WARC-Type", 31)
    b'request'
    """
    at = seen.find(b"\n" + name + b": ", 0, end)
    if at < 0:
        return None
    at += len(name) + 3
    value = seen[at : seen.find(b"\n", at, end)]
    return value[:-1] if value.endswith(b"\r") else None


def head_end(seen: bytes) -> int:
    """Where a head of lines ends, its blank line included; 0 if it does not end here.

    >>> head_end(b"a: b\\r\\n\\r\\nbody"), head_end(b"a: b\\n\\nbody"), head_end(b"a: b\\n")
    (8, 6, 0)
    """
    end = seen.find(b"\r\n\r\n")
    for blank in (b"\n\n", b"\n\r\n"):
        bare = seen.find(blank, 0, end + 1 if end >= 0 else len(seen))
        if bare >= 0:
            return bare + len(blank)
    return end + 4 if end >= 0 else 0


def arc_fields(seen: bytes) -> tuple[bytes, bytes, bytes, bytes, bytes] | None:
    """URL, address, date, type and length of the ARC line that `seen` begins with, of either version; else None.

    >>> arc_fields(b"http://a.example/b c 1.2.3.4 20080430204825 text/html 12\\n<html>")
    (b'http://a.example/b c', b'1.2.3.4', b'20080430204825', b'text/html', b'12')
    """
    end = seen.find(b"\n", 0, MAX_ARC_LINE)
    if end < 0 or not SCHEME.match(seen):
        return None
    parts = seen[:end].rstrip(b"\r").split(b" ")
    for i in range(2, len(parts) - 2):
        if parts[i].isdigit() and 8 <= len(parts[i]) <= 18:
            return b" ".join(parts[: i - 1]), parts[i - 1], parts[i], parts[i + 1], parts[-1]
    return None


def _block(stream: Stream, piece: Piece, declared: int | None, keep: int) -> str:
    """Take the block as declared, and judge by what follows whether that can be right."""
    if declared is None or stream.ends_before(stream.at + declared):
        return WRONG
    stream.reach(stream.at + declared)
    piece.body = stream.view(min(declared, keep))
    piece.size = len(piece.body) + stream.skip(declared - len(piece.body))
    if piece.size < declared:
        return WRONG
    follows = stream.peek(64)
    rest = follows.lstrip(b"\r\n")
    if rest and len(follows) < 64:  # the beginning of a record that goes on in the next member, perhaps
        stream.reach(stream.at + 4096)
        follows = stream.peek(64)
        rest = follows.lstrip(b"\r\n")
    warc = piece.head.startswith(b"WARC/")
    if not rest or (_begins_warc(rest) if warc else _begins_arc(stream, follows, piece)):
        return WHOLE
    ends = (b"\r\n\r\n", b"\n\n") if warc else (b"\n", b"\r\n")
    return FOREIGN if follows.startswith(ends) else WRONG


def _begins_warc(rest: bytes) -> bool:
    return rest.startswith(b"WARC/1.") or WARC_START.match(rest) is not None


def _begins_arc(stream: Stream, follows: bytes, piece: Piece) -> bool:
    """An ARC line must stand at the beginning of a line: `ttp://...` after a block that took the h is none."""
    fresh_line = follows[:1] in b"\r\n" or (piece.size == len(piece.body) and piece.body[-1:] == b"\n")
    return fresh_line and arc_fields(stream.peek(MAX_ARC_LINE + 64).lstrip(b"\r\n")) is not None


def _mend(stream: Stream, piece: Piece, declared: int | None, keep: int) -> None:
    """Find the block's real end: at the next record's head, at the declared length, or at the end of the stream."""
    body, there = _until_record(stream, keep)
    found = bool(stream.peek(1))
    if declared is not None and there >= declared:
        piece.body, piece.size = body[:declared], declared
        piece.note = f"{there - declared} bytes follow that its Content-Length leaves out"
        return
    trimmed = _trim(body) if there == len(body) else body
    whole = there - (len(body) - len(trimmed))
    piece.body, piece.size = trimmed, whole
    piece.note = f"Content-Length is {declared}, {whole} bytes are there"
    if found or (declared is None and stream.damage is None):
        return
    if stream.damage:
        piece.rule, piece.note = "truncated" if stream.cut else "unreadable", stream.damage
    elif stream.many or not body.endswith(b"\r\n\r\n"):
        piece.rule, piece.body, piece.size = "truncated", body, there


def _trim(body: bytes) -> bytes:
    for end in (b"\r\n\r\n", b"\n\n", b"\n"):
        if body.endswith(end):
            return body[: -len(end)]
    return body


def _until_record(stream: Stream, keep: int, first: int = 0) -> tuple[bytes, int]:
    """Go on to the next record's head or the end; the first `keep` bytes passed and how many they were."""
    kept, passed, overlap, size = bytearray(), 0, 4096, 1 << 13  # the next head is mostly near
    while True:
        seen = stream.peek(size)
        if not seen:
            return bytes(kept), passed
        last = len(seen) < size
        hit = _search(seen, 0 if passed else first)
        step = hit if hit is not None else len(seen) if last else len(seen) - overlap
        kept += seen[: max(0, min(step, keep - len(kept)))]
        passed += step
        stream.skip(step)
        if hit is not None or last:
            return bytes(kept), passed
        size = 1 << 16


def _search(seen: bytes, first: int) -> int | None:
    if b":" not in seen:  # in both; what a bomb inflates to is looked through ten times as fast
        return None
    warc = WARC_START.search(seen, first)
    arc = _arc_start(seen, first, warc.start() + LONGEST_ARC_START if warc else len(seen))
    return arc if warc is None or (arc is not None and arc < warc.start()) else warc.start()


def _arc_start(seen: bytes, first: int, end: int) -> int | None:
    """Where the first ARC line begins of those that lie between two places."""
    for tail in ARC_TAIL.finditer(seen, first, end):
        stop = tail.start()
        before = seen[max(first, stop - LONGEST_SCHEME - LONGEST_REST) : stop]
        if not before or before[-1:].isspace():
            continue
        for scheme in ARC_SCHEME.finditer(seen, stop - len(before.rsplit(None, 1)[-1]), stop):
            if 2 <= stop - scheme.end() <= LONGEST_REST:
                return scheme.start()
    return None

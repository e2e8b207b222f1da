"""The common case, fast: a compressed member that holds one whole record and nothing else.

Where anything is unusual it says so and decides nothing; `split` then looks with care, and finds the same in this case.
"""

from __future__ import annotations

from dataclasses import dataclass

from obelics_like.sources.disk import Disk
from obelics_like.sources.packings import Engine
from obelics_like.sources.split import MAX_ARC_LINE, MAX_HEAD, Piece, arc_fields, declared_length, head_end
from obelics_like.sources.stream import CHUNK

LARGEST = 1 << 24
"""Inflated bytes up to which a member is taken in one go."""
FIRST = 1 << 11
"""Bytes of the file that are inflated to have a look: two records in three (requests, metadata) end within them."""
LOOK = 6 << 10
"""Inflated bytes of that look: both heads of nearly all pages, and some of the body."""


@dataclass(slots=True)
class Member:
    """The member that begins at `at`, as far as it is inflated: `data` came out of what the file holds up to `end`.

    `stop` and `declared` are what `_head` says of it.
    """

    at: int
    end: int
    engine: Engine
    data: bytes
    stop: int
    declared: int | None


def look(disk: Disk, at: int, engine: Engine, step: int = FIRST, most: int = LOOK) -> Member | None:
    """The beginning of the member at `at`, from the first `step` bytes; None if it can't be inflated.

    `engine` is a fresh decompressor.
    """
    try:
        raw = disk.read(at, step)
        data = engine.decompress(raw, most) if raw else b""
    except Exception:  # each library has its own
        return None
    return Member(at, at + len(raw), engine, data, *_head(data)) if raw else None


def whole_record(disk: Disk, at: int, engine: Engine, step: int, keep: int) -> Piece | None:
    """The record that is all of the member at `at`, with up to `keep` bytes of its block; None if it is not so.

    `engine` is a fresh decompressor, `step` how many bytes it may be given at once.
    """
    member = look(disk, at, engine, step, CHUNK)
    return None if member is None else rest_of(disk, member, step, keep)


def rest_of(disk: Disk, member: Member, step: int, keep: int) -> Piece | None:
    """As `whole_record`, for a member that was begun."""
    inflated = _inflate(disk, member, step)
    if inflated is None:
        return None
    data, end = inflated
    stop, declared = (member.stop, member.declared) if member.stop else _head(data)
    if not stop or declared is None or stop + declared > len(data):
        return None
    after = stop + declared
    if len(data) - after > 64 or data[after:].strip(b"\r\n"):
        return None
    body = memoryview(data)[stop : stop + min(declared, keep)]
    return Piece(member.at, end - member.at, data[:stop], body, declared)


def known_record(disk: Disk, at: int, engine: Engine, length: int, size: int) -> Piece | None:
    """As `whole_record`, for a gzip member of `length` bytes whose record ends with `size` bytes behind its heads.

    These are inflated to a place of their own, the piece's `payload`: nothing of a page is copied.
    """
    try:
        raw = disk.read(at, length)
    except OSError:  # the careful way says so
        return None
    lead = int.from_bytes(raw[-4:], "little") - size - 4  # a member ends with its inflated length, a record with 4
    if len(raw) != length or not 0 < lead <= 2 * MAX_HEAD:
        return None
    try:
        heads = engine.decompress(raw, lead)
        stop, declared = _head(heads)
        if not stop or declared is None or declared != len(heads) - stop + size:  # so an ARC, whose records end with 1
            return None
        payload = engine.decompress(b"", size) if size else b""
        after = engine.decompress(b"", 64)
    except Exception:  # each library has its own
        return None
    if not engine.eof or engine.unused_data or after.strip(b"\r\n") or len(payload) != size:
        return None
    return Piece(at, length, heads[:stop], heads[stop:], declared, payload=payload)


def _inflate(disk: Disk, member: Member, step: int) -> tuple[bytes, int] | None:
    """All bytes of the member and where it ends in the file."""
    if member.engine.eof:
        return member.data, member.end - len(member.engine.unused_data or b"")
    engine, end, made = member.engine, member.end, len(member.data)
    parts = [member.data] if member.data else []
    try:
        while not engine.eof:
            data = b""
            if engine.needs_input:
                data = disk.read(end, step)
                if not data:
                    return None
                end += len(data)
            out = engine.decompress(data, CHUNK)
            if out:
                parts.append(out)
                made += len(out)
                if made > LARGEST:
                    return None
    except Exception:  # each library has its own
        return None
    end -= len(engine.unused_data or b"")
    return (parts[0] if len(parts) == 1 else b"".join(parts)), end


def _head(data: bytes) -> tuple[int, int | None]:
    """Where the head ends, 0 if none is found, and the length it declares."""
    if data.startswith(b"WARC/"):
        stop = head_end(data[:2048]) or head_end(data[:MAX_HEAD])
        return stop, declared_length(data, stop)
    fields = arc_fields(data[:MAX_ARC_LINE])
    if fields is None or not fields[4].isdigit() or len(fields[4]) > 18:
        return 0, None
    return data.index(b"\n") + 1, int(fields[4])

"""The common case, fast: a compressed member that holds one whole record and nothing else.

Where anything is unusual it says so and decides nothing; `split` then looks with care, and finds the same in this case.
"""

from __future__ import annotations

from obelics_like.sources.disk import Disk
from obelics_like.sources.packings import Engine
from obelics_like.sources.split import MAX_ARC_LINE, MAX_HEAD, Piece, arc_fields, declared_length, head_end
from obelics_like.sources.stream import CHUNK

LARGEST = 1 << 24
"""Inflated bytes up to which a member is taken in one go."""


def whole_record(disk: Disk, at: int, engine: Engine, step: int, keep: int) -> Piece | None:
    """The record that is all of the member at `at`, with up to `keep` bytes of its block; None if it is not so.

    `engine` is a fresh decompressor, `step` how many bytes it may be given at once.
    """
    inflated = _inflate(disk, at, engine, step)
    if inflated is None:
        return None
    data, end = inflated
    stop, declared = _head(data)
    if not stop or declared is None or stop + declared > len(data):
        return None
    after = stop + declared
    if len(data) - after > 64 or data[after:].strip(b"\r\n"):
        return None
    body = memoryview(data)[stop : stop + min(declared, keep)]
    return Piece(at, end - at, data[:stop], body, declared)


def _inflate(disk: Disk, at: int, engine: Engine, step: int) -> tuple[bytes, int] | None:
    """All bytes of the member and where it ends in the file."""
    parts: list[bytes] = []
    end, made = at, 0
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

"""Decompressed bytes of one stretch of a file (a gzip member, a zstd frame, the whole file), read once, forwards.

It knows where it began and ended on disk and what damage it met; it knows nothing of records.
"""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable

from obelics_like.sources.disk import Disk
from obelics_like.sources.packings import Engine
from obelics_like.sources.remote import Unreachable

CHUNK = 1 << 19
"""Most that one step inflates to, in bytes: bounds the memory a bomb can take. isal sets aside as much for each step,
which from 1 MB on costs more than the inflating (measured: 4 MB halves the speed)."""


class Stream(ABC):
    """A forward reader with look-ahead. `at` counts decompressed bytes, `start` and `end` are bytes of the file.

    After the last byte, `damage` says in words what went wrong (None: nothing), `cut` whether the file simply ended.
    """

    many = False
    """Whether a record is found by `start + at` (plain files); else `start` is the place of the first record only."""

    def __init__(self, disk: Disk, start: int) -> None:
        self.disk, self.start, self.end, self.at = disk, start, start, 0
        self.damage: str | None = None
        self.cut = False
        self.broken = start
        """The byte of the file before which damage was noticed."""
        self.done = False
        self.want = 0
        """Up to where a record is known to reach: a member that ends before it may go on in the next one."""
        self.probing = False
        """Whether only a look is taken at the first bytes, so that damage is not worth a second reading."""
        self.dry = 0
        """Up to where it is known that no blank line comes, since a head began that had none: others may follow it."""
        self._buffer, self._pos = b"", 0

    @abstractmethod
    def _more(self) -> bytes:
        """The next bytes; empty at the end, for whatever reason it ended."""

    @abstractmethod
    def fresh(self) -> Stream:
        """The same stretch again, from its first byte."""

    def peek(self, count: int) -> bytes:
        """The next `count` bytes without taking them; fewer only at the end."""
        while len(self._buffer) - self._pos < count and not self.done:
            more = self._more()
            if not more:
                self.done = True
                break
            self._buffer = self._buffer[self._pos :] + more if self._pos < len(self._buffer) else more
            self._pos = 0
        return self._buffer[self._pos : self._pos + count]

    def reach(self, to: int) -> None:
        """Say that a record is known to reach up to byte `to`: where the member ends before it, the next may go on."""
        if to > self.want:
            self.want, self.done = to, False

    def ends_before(self, to: int) -> bool:
        """Whether it is known without reading that byte `to` lies behind the end."""
        return False

    def view(self, count: int) -> bytes | memoryview:
        """As take, but without a copy if the bytes lie together: a page's body is copied once, when it is cut out."""
        if self._pos < len(self._buffer) and len(self._buffer) - self._pos >= count:
            part = memoryview(self._buffer)[self._pos : self._pos + count]
            self._pos += count
            self.at += count
            return part
        return self.take(count)

    def take(self, count: int) -> bytes:
        """The next `count` bytes; fewer only at the end."""
        parts, wanted = [], count
        while wanted > 0:
            part = self._next(wanted)
            if not part:
                break
            parts.append(part)
            wanted -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def ahead(self) -> bytes:
        """What lies ready, up to 4 kB, without going on for more; perhaps nothing."""
        return self._buffer[self._pos : self._pos + 4096]

    def skip_blank_lines(self) -> None:
        """Go past line ends."""
        while True:
            seen = self._buffer[self._pos : self._pos + 64] or self.peek(64)
            rest = seen.lstrip(b"\r\n")
            blank = len(seen) - len(rest)
            self._pos += blank
            self.at += blank
            if rest or not seen:
                return

    def skip(self, count: int) -> int:
        """Go `count` bytes on; returns how many there were."""
        left = count
        while left > 0:
            have = len(self._buffer) - self._pos
            if have == 0 and not self._fill():
                break
            step = min(left, len(self._buffer) - self._pos)
            self._pos += step
            self.at += step
            left -= step
        return count - left

    def _next(self, most: int) -> bytes:
        if self._pos >= len(self._buffer) and not self._fill():
            return b""
        part = self._buffer[self._pos : self._pos + most]
        self._pos += len(part)
        self.at += len(part)
        return part

    def _fill(self) -> bool:
        if self.done:
            return False
        self._buffer, self._pos = self._more(), 0
        self.done = not self._buffer
        return not self.done


class Plain(Stream):
    """A file that is not compressed; skipping costs nothing."""

    many = True
    STEP = 1 << 16

    def fresh(self) -> Plain:
        return Plain(self.disk, self.start)

    def ends_before(self, to: int) -> bool:
        return self.start + to > self.disk.size

    def _more(self) -> bytes:
        data = self.disk.read(self.end, self.STEP)
        self.end += len(data)
        return data

    def skip(self, count: int) -> int:
        have = len(self._buffer) - self._pos
        if count <= have:
            return super().skip(count)
        jump = min(count - have, max(0, self.disk.size - self.end))
        self._buffer, self._pos = b"", 0
        self.end += jump
        self.at += have + jump
        return have + jump


class Packed(Stream):
    """One gzip member, zstd or lz4 frame, and the following ones as long as the record that `want` tells of goes on.

    `engine` makes a decompressor; `begins` tells whether a member's first bytes are a record's.
    """

    def __init__(
        self, disk: Disk, start: int, engine: Callable[[], Engine], step: int, begins: Callable[[bytes], bool]
    ) -> None:
        super().__init__(disk, start)
        self._new, self._step, self._begins = engine, step, begins
        self._engine = engine()
        self._member, self._made, self._before = start, 0, 0

    def fresh(self) -> Packed:
        again = Packed(self.disk, self.start, self._new, self._step, self._begins)
        again.want = self._before + self._made
        return again

    def _more(self) -> bytes:
        out = self._inflate()
        while not out and self.damage is None and self._before + self._made < self.want and self._goes_on():
            self._before, self._made, self._member = self._before + self._made, 0, self.end
            self._engine = self._new()
            out = self._inflate()
        return out

    def _goes_on(self) -> bool:
        """Whether the next member is more of the record, not a record of its own."""
        if self.disk.read(self.end, 2) != self.disk.read(self.start, 2):
            return False
        following = Packed(self.disk, self.end, self._new, self._step, self._begins)
        following.probing = True
        first = following.peek(1 << 13)
        return following.damage is None and not self._begins(first)

    def _inflate(self) -> bytes:
        engine = self._engine
        try:
            while not engine.eof:
                data = self.disk.read(self.end, self._step) if engine.needs_input else b""
                if engine.needs_input and not data:
                    if self.damage is not None:
                        return b""
                    self.damage, self.cut = "the file ends inside it", True
                    return self._salvage()
                self.end += len(data)
                out: bytes = engine.decompress(data, CHUNK)
                if engine.eof:
                    self.end -= len(engine.unused_data or b"")
                if out:
                    self._made += len(out)
                    return out
            return b""
        except Unreachable:  # no damage of the file
            raise
        except Exception as error:  # each library has its own: isal's, zlib's, zstandard's
            if self.damage is not None:
                return b""
            self.damage = f"damaged compressed data before byte {self.end} of the file ({error})"
            return self._salvage()

    def _salvage(self) -> bytes:
        """What a gzip member holds before its damage or its end: the fast inflater withholds what it had in hand."""
        if self.probing or self.disk.read(self._member, 2) != b"\x1f\x8b":
            return b""
        slow, at, seen, kept = zlib.decompressobj(31), self._member, 0, bytearray()
        try:
            while at < self.end and not slow.eof and len(kept) <= CHUNK:
                data = self.disk.read(at, 256)
                at += len(data)
                out = slow.decompress(data)
                kept += out[max(0, self._made - seen) :]
                seen += len(out)
        except zlib.error as error:
            if self.cut:  # it ran on to the end of the file over damage
                self.damage, self.cut = f"damaged compressed data before byte {at} of the file ({error})", False
        self._made += len(kept)
        self.broken = at
        return bytes(kept)

"""Deflate data entered again behind damage, for archives whose records share one gzip member.

A block may refer to the 32 kB before it, which are lost with the damage. So it is inflated twice, with two different
stand-ins for what is lost: a byte that comes out alike does not depend on it. Bytes are given from where the last 32 kB
came out alike, for from there on nothing depends on it any more. In text that never happens, since its words are copied
from one another without end; behind a picture of 32 kB it does. What lies before that point can't be had.
"""

from __future__ import annotations

import re
import zlib

from obelics_like.sources.disk import Disk
from obelics_like.sources.stream import CHUNK, Stream

WINDOW = 1 << 15
REACH = 1 << 18
"""Bytes of the file in which the beginning of a block is looked for, which takes a second at worst."""
STRETCH = 1 << 14
PROBE = 1 << 13
STEP = 1 << 16
TRAILER = 16
"""Bytes, at most, between the last block and what follows the member: its checksum and length."""

LITERALS = b"".join(re.escape(bytes([4 | n << 3])) for n in range(30))
DISTANCES = b"".join(re.escape(bytes([n])) for n in range(256) if n & 31 < 30)
HEAD = re.compile(b"(?=[" + LITERALS + b"][" + DISTANCES + b"])", re.DOTALL)
"""The first two bytes of a block with codes of its own that is not the last one, the numbers of its codes sensible."""


class Resumed(Stream):
    """The rest of a member, from the block that begins at bit `bit` of byte `start` on; `limit` is where it ends."""

    def __init__(self, disk: Disk, start: int, bit: int, limit: int) -> None:
        super().__init__(disk, start)
        self._bit, self._limit = bit, limit
        self._first, self._second = _inflater(b"\0"), _inflater(b"\xff")
        self._clean, self._ended = False, False
        self._alike = b""

    def fresh(self) -> Resumed:
        return Resumed(self.disk, self.start, self._bit, self._limit)

    def _more(self) -> bytes:
        try:
            while not self._first.eof and self.damage is None:
                data = self._first.unconsumed_tail or self._shifted()
                if not data:
                    self.damage, self.cut = "the file ends inside it", self._limit >= self.disk.size
                    return b""
                out = self._first.decompress(data, CHUNK)
                out = out if self._clean else self._until_clean(out, data)
                if out:
                    return out
            if self._first.eof and not self._ended:
                self._ended = True
                self.end -= len(self._first.unused_data)
                self.end = self._limit if self._limit - self.end <= TRAILER else self.end
        except zlib.error as error:
            self.damage = f"damaged compressed data before byte {self.end} of the file ({error})"
            self.broken = self.end
        return b""

    def _shifted(self) -> bytes:
        """The next bytes of the file, shifted so that the block began at the first bit of the first byte."""
        data = self.disk.read(self.end, min(STEP, self._limit - self.end))
        self.end += len(data)
        return _shift(data + self.disk.read(self.end, 1), self._bit)[: len(data)]

    def _until_clean(self, out: bytes, data: bytes) -> bytes:
        """Nothing, until the last 32 kB do not depend on what is lost."""
        other = self._second.decompress(data, CHUNK)
        alike = len(out) if out == other else _common_end(out, other)
        self._alike = (self._alike + out if alike == len(out) else out[len(out) - alike :])[-WINDOW:]
        self._clean = len(self._alike) >= WINDOW
        return b""


def resume(disk: Disk, at: int, limit: int) -> Resumed | None:
    """The stream of the first block that begins between byte `at` and `limit`; None if none can be told."""
    for begin in range(at, min(at + REACH, limit), STRETCH):
        data = disk.read(begin, min(STRETCH + PROBE, limit - begin))
        hits = sorted(
            (hit.start(), bit)
            for bit in range(8)
            for shifted in [_shift(data, bit)]
            for hit in HEAD.finditer(shifted, 0, STRETCH)
            if _inflates(shifted[hit.start() : hit.start() + 400], 1)
        )
        for place, bit in hits:
            if _inflates(_shift(disk.read(begin + place, STEP), bit), WINDOW):
                return Resumed(disk, begin + place, bit, limit)
    return None


def _inflates(data: bytes, least: int) -> bool:
    """Whether a block begins here, as far as the first `least` bytes show."""
    try:
        return len(_inflater(b"\0").decompress(data, least)) >= least
    except zlib.error:
        return False


def _inflater(stand_in: bytes) -> zlib._Decompress:
    return zlib.decompressobj(-15, zdict=stand_in * WINDOW)


def _shift(data: bytes, bits: int) -> bytes:
    return (int.from_bytes(data, "little") >> bits).to_bytes(len(data), "little") if bits else data


def _common_end(one: bytes, other: bytes) -> int:
    """How many bytes at the end of two strings of one length are equal; they are not equal as a whole."""
    low, high = 0, len(one) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[-middle:] == other[-middle:] else (low, middle - 1)
    return low

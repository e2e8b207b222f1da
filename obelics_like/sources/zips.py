"""Members of a zip (a WACZ is one), read at positions like files of their own, stored or deflated.

It writes no member to disk and knows nothing of archives.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from bisect import bisect_right
from typing import Any

from obelics_like.sources.remote import RemoteFile, Seekable

MARK_EVERY = 1 << 23
"""Inflated bytes between two places from which a deflated member can be inflated again. Each holds 40 kB, so that a
member of 1 GB costs 5 MB, and a jump back no more than the inflating of 8 MB."""
MOST = 1 << 28
"""Inflated bytes of a member, 256 MB, above which it may not be more than MOST_RATIO times its size in the zip."""
MOST_RATIO = 100
"""Deflate reaches 1,032; archives of plain HTML reach 10, packed ones 1."""
STEP = 1 << 16
CHUNK = 1 << 18
HEAD = 30
SIGNATURE = b"PK\x03\x04"
ENCRYPTED = 1


def directory(file: RemoteFile) -> list[zipfile.ZipInfo]:
    """What a zip says it holds, in the order of the names; raises OSError if it can't be told, and closes the file."""
    try:
        with Seekable(file) as seekable, zipfile.ZipFile(seekable) as archive:
            return sorted(archive.infolist(), key=lambda info: info.filename)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, struct.error) as error:
        raise OSError(f"no zip that can be read ({error})") from error


def open_member(outer: str, inner: str, opened: Any) -> tuple[RemoteFile, int, int]:
    """The file in which a member's bytes lie, where they begin in it, and how many they are.

    `opened` opens the zip once more. Raises OSError for a member that is not there or can't be read at positions.
    """
    try:
        infos = directory(opened())
        info = next((one for one in infos if one.filename == inner), None)
        if info is None:
            raise OSError("it is not there")
        if why := refused(info) or within(info, infos):
            raise OSError(why)
        file: RemoteFile = opened()
        head = file.pread(HEAD, info.header_offset, info.header_offset + HEAD)
        if len(head) < HEAD or not head.startswith(SIGNATURE):
            raise OSError(f"it does not begin at byte {info.header_offset}, where the zip says")
    except OSError as error:
        raise type(error)(f"{outer}: its member {inner} can't be read: {error}") from error
    start = info.header_offset + HEAD + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
    if info.compress_type == zipfile.ZIP_STORED:
        return file, start, info.file_size
    return Deflated(file, start, info.compress_size, info.file_size, info.CRC), 0, info.file_size


def refused(info: zipfile.ZipInfo) -> str:
    """Why a member is not read; empty if it is."""
    if info.flag_bits & ENCRYPTED:
        return "it is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"it is compressed inside the zip by method {info.compress_type}, not stored (0) or deflated (8)"
    if info.file_size > MOST and info.file_size > MOST_RATIO * info.compress_size:
        return f"its {info.compress_size} bytes would inflate to {info.file_size}, more than {MOST_RATIO} times as many"
    return ""


def within(info: zipfile.ZipInfo, infos: list[zipfile.ZipInfo]) -> str:
    """Why a member is not read whose bytes are another's too; empty if they are its own. Of such members the first is
    read: the same bytes under thousands of names would inflate to no end."""
    place = info.header_offset, info.filename
    for other in infos:
        # of its name the characters, one byte or more each: in a zip that is no UTF-8, all of them have one
        end = other.header_offset + HEAD + len(other.orig_filename) + other.compress_size
        if (other.header_offset, other.filename) < place and end > info.header_offset:
            return f"it begins inside the member {other.filename} at byte {info.header_offset}"
    return ""


class Damaged(OSError):
    """The rest of a deflated member can't be had, or some of it is not what was packed; what could be had was given."""


class Deflated:
    """A deflated member as a `RemoteFile`: inflated forwards, and again from the nearest mark after a jump back.

    One damaged byte changes what is inflated from all behind it, and often inflates without a fault: only the CRC-32
    of the whole tells.
    """

    identity = ""

    def __init__(self, file: RemoteFile, start: int, packed: int, size: int, crc: int) -> None:
        self._file, self._end, self.size, self._crc = file, start + packed, size, crc
        self._summed, self._sum = 0, 0
        """How many bytes were inflated so far, and their CRC-32."""
        self._marks: list[tuple[int, int, Any]] = [(0, start, zlib.decompressobj(-15))]
        """Bytes inflated, where the next packed ones lie, and the inflater as it was then, in ascending order."""
        self._go(0)

    def pread(self, count: int, at: int, end: int) -> bytes:
        """`count` bytes from `at` on, fewer only at the member's end or before damage. Raises Damaged."""
        count = min(count, self.size - at)
        if count <= 0:
            return b""
        nearest = bisect_right(self._marks, at, key=lambda mark: mark[0]) - 1
        if not self._marks[nearest][0] <= self._at <= at:
            self._go(nearest)
        while self._at < at:
            self._more(at - self._at)
        parts, wanted = [], count
        while wanted > 0:
            try:
                parts.append(self._more(wanted))
            except Damaged:
                if not parts:
                    raise
                break
            wanted -= len(parts[-1])
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def check(self) -> None:
        """Inflate what was not asked for up to now; raises Damaged if the whole is not what was packed."""
        self.pread(1, max(self._summed, self.size - 1), self.size)
        if self._sum != self._crc:
            raise Damaged(f"damaged deflate data in the zip: its CRC-32 is not that of the {self.size} bytes inflated")

    def close(self) -> None:
        """Close the zip; closing twice is harmless."""
        self._file.close()

    def _go(self, number: int) -> None:
        self._at, self._next, inflater = self._marks[number]
        self._inflater, self._tail = inflater.copy(), b""

    def _more(self, most: int) -> bytes:
        """Some of the next bytes, at least one and at most `most`."""
        if self._at >= self._marks[-1][0] + MARK_EVERY:
            self._marks.append((self._at, self._next - len(self._tail), self._inflater.copy()))
        while not self._inflater.eof:
            if not self._tail:
                self._tail = self._file.pread(min(STEP, self._end - self._next), self._next, self._end)
                self._next += len(self._tail)
            ended = not self._tail
            out = self._inflated(min(most, CHUNK))
            self._at += len(out)
            if self._at > self._summed:
                self._sum = zlib.crc32(out[self._summed - self._at :], self._sum)
                self._summed = self._at
            if out:
                return out
            if ended:
                break
        raise Damaged(f"the deflate data in the zip end after {self._at} of {self.size} bytes")

    def _inflated(self, most: int) -> bytes:
        """At most `most` bytes of what was read and is not inflated yet. Raises Damaged when damage comes next.

        zlib gives nothing of a piece that holds damage, so that such a piece is halved until what is sound was given.
        """
        piece = self._tail
        while True:
            before = self._inflater.copy()
            try:
                out: bytes = self._inflater.decompress(piece, most)
            except zlib.error as error:
                self._inflater = before
                if len(piece) <= 1:
                    at = self._next - len(self._tail)
                    raise Damaged(f"damaged deflate data in the zip at its byte {at} ({error})") from None
                piece = piece[: len(piece) // 2]
            else:
                self._tail = self._inflater.unconsumed_tail + self._tail[len(piece) :]
                return out

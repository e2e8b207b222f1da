"""The bytes of an input as they are stored, read at positions, and what their first bytes say they are.

It inflates no archive. A path may be a URL, and may name a member of a zip, as `crawl.wacz!archive/data.warc.gz`.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Sequence
from functools import partial

from obelics_like.native.find import find
from obelics_like.sources.remote import RemoteFile, is_remote, open_remote
from obelics_like.sources.zips import Damaged, Deflated, open_member

INSIDE = "!"
"""Stands between the path of a zip and the name of its member."""

WINDOW = 1 << 18
FIRST = 1 << 14
"""Bytes asked for after a jump in a file elsewhere, twice as many each time that reading goes on: a record there costs
little more than itself."""

PACKINGS: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
)


class LocalFile:
    """A file of this machine, as `remote.RemoteFile` has it. Raises OSError where it can't be opened."""

    identity = ""

    def __init__(self, path: str) -> None:
        self._fd = -1
        self._fd = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        self.size = os.fstat(self._fd).st_size

    def pread(self, count: int, at: int, end: int) -> bytes:
        """`count` bytes from `at` on, fewer only at the file's end."""
        return os.pread(self._fd, count, at)

    def close(self) -> None:
        """Give the file back; closing twice is harmless."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def __del__(self) -> None:
        self.close()


def open_file(path: str) -> LocalFile | RemoteFile:
    """The file behind a path or URL. Raises OSError."""
    return open_remote(path) if is_remote(path) else LocalFile(path)


class Disk:
    """A file, or a member of a zip, read at positions through one window; closed when it is forgotten.

    With `picks`, (offset, length) in ascending order, the file is these stretches: each ends where it ends, and no
    byte beside them is asked for. Raises OSError where the file can't be opened, or the zip holds no such member that
    can be read.
    """

    def __init__(self, path: str, picks: Sequence[tuple[int, int]] = ()) -> None:
        outer, inner = split_path(path)
        self.path, self.base = path, 0
        self._picks = picks
        self._file: RemoteFile
        if inner is not None:
            self._file, self.base, self.size = open_member(outer, inner, partial(open_file, outer))
        else:
            self._file = open_file(outer)
            self.size = sum(picks[-1]) if picks else self._file.size
        self._window, self._from = b"", 0
        self._step = self._least = FIRST if is_remote(outer) else WINDOW
        self.packing = packing(self.read(picks[0][0] if picks else 0, 8))
        self.settled = bool(picks)

    def read(self, at: int, count: int) -> bytes:
        """Up to `count` bytes from position `at` on; fewer only where the file, or the pick, ends."""
        end = self._end(at) if self._picks else self.size
        count = min(count, end - at)
        if count <= 0:
            return b""
        begin = at - self._from
        if begin >= 0 and begin + count <= len(self._window):
            return self._window[begin : begin + count]
        if count >= WINDOW:
            return self._file.pread(count, self.base + at, self.base + end)
        went_on = 0 <= begin <= len(self._window) > 0
        self._step = min(2 * self._step, WINDOW) if went_on else self._least
        held = self._window[begin:] if went_on else b""  # none of it is asked for twice
        start = at + len(held)
        try:
            more = self._file.pread(
                max(count - len(held), min(self._step, end - start)), self.base + start, self.base + end
            )
        except Damaged:
            if not held:
                raise
            more = b""
        self._window, self._from = held + more, at
        return self._window[:count]

    def find(self, wanted: bytes, at: int, end: int) -> int:
        """Where `wanted` stands first between positions `at` and `end`; -1 if it does not."""
        while at + len(wanted) <= end:
            inside = 0 <= at - self._from <= len(self._window) - len(wanted)
            if not inside and len(self.read(at, min(WINDOW // 4, end - at))) < len(wanted):
                return -1
            begin = find(self._window, wanted, at - self._from)
            if begin > end - self._from - len(wanted):
                return -1
            if begin >= 0:
                return self._from + begin
            at = self._from + len(self._window) - len(wanted) + 1
        return -1

    def check(self) -> None:
        """Raise Damaged if the checksum of a deflated member shows damage; all else is checked record by record."""
        if isinstance(self._file, Deflated):
            self._file.check()

    def _end(self, at: int) -> int:
        """Where the pick ends that holds position `at`; `at` itself if none does."""
        n = bisect_right(self._picks, at, key=lambda pick: pick[0]) - 1
        return max(at, sum(self._picks[n])) if n >= 0 else at

    def close(self) -> None:
        """Give the file back; closing twice is harmless."""
        self._file.close()


def split_path(path: str) -> tuple[str, str | None]:
    """The file on disk, and the member's name if the path leads into a zip.

    >>> split_path("a/crawl.wacz!archive/data.warc.gz")
    ('a/crawl.wacz', 'archive/data.warc.gz')
    """
    at = path.lower().find(".wacz" + INSIDE)
    if at < 0:
        return path, None
    return path[: at + 5], path[at + 6 :]


def packing(first: bytes) -> str:
    """How a file that begins with these bytes is compressed: "gzip", "zstd", "lz4" or "plain"."""
    if first[1:4] == b"\x2a\x4d\x18" and first[0] & 0xF0 == 0x50:  # a skippable frame of zstd
        return "zstd"
    return next((name for magic, name in PACKINGS if first.startswith(magic)), "plain")

"""The bytes of an input as they lie on disk, read at positions, and what their first bytes say they are.

It inflates nothing. A path may name a member of a zip, as `crawl.wacz!archive/data.warc.gz`.
"""

from __future__ import annotations

import os
import struct
import zipfile

INSIDE = "!"
"""Stands between the path of a zip and the name of its member."""

WINDOW = 1 << 18

PACKINGS: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
)


class Disk:
    """A file, or a stored member of a zip, read at positions through one window; closed when it is forgotten.

    Raises OSError where the file can't be opened or the zip holds no such member, or holds it compressed.
    """

    def __init__(self, path: str) -> None:
        self._fd = -1
        outer, inner = split_path(path)
        self.path, self.base = path, 0
        self._fd = os.open(outer, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        self.size = os.fstat(self._fd).st_size
        if inner is not None:
            self.base, self.size = _member(outer, inner)
        self._window, self._from = b"", 0
        self.packing = packing(self.read(0, 8))
        self.settled = False

    def read(self, at: int, count: int) -> bytes:
        """Up to `count` bytes from position `at` on; fewer only where the file ends."""
        count = min(count, self.size - at)
        if count <= 0:
            return b""
        begin = at - self._from
        if begin >= 0 and begin + count <= len(self._window):
            return self._window[begin : begin + count]
        if count >= WINDOW:
            return os.pread(self._fd, count, self.base + at)
        self._window, self._from = os.pread(self._fd, min(WINDOW, self.size - at), self.base + at), at
        return self._window[:count]

    def close(self) -> None:
        """Give the file back; closing twice is harmless."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def __del__(self) -> None:
        self.close()


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


def _member(outer: str, inner: str) -> tuple[int, int]:
    try:
        with zipfile.ZipFile(outer) as archive:
            info = archive.getinfo(inner)
            if info.compress_type != zipfile.ZIP_STORED:
                raise OSError(
                    f"{outer}: its member {inner} is compressed inside the zip and can't be read at positions"
                )
            with open(outer, "rb") as file:
                file.seek(info.header_offset)
                head = file.read(30)
    except (zipfile.BadZipFile, KeyError) as error:
        raise OSError(f"{outer}: no readable member {inner} ({error})") from error
    name, extra = struct.unpack("<HH", head[26:30])
    return info.header_offset + 30 + name + extra, info.file_size

"""Decompressors of the packings that archives come in, all behind one interface, and the dictionary of a .warc.zst.

It knows nothing of records and looks for nothing in a damaged file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, cast

from obelics_like.sources.disk import Disk

SKIPPABLE = b"\x2a\x4d\x18"
"""Bytes 1 to 3 of a skippable frame of zstd or lz4; the first one is 0x50 to 0x5f."""
DICTIONARY = b"\x5d" + SKIPPABLE
"""Begins the skippable frame in which a .warc.zst carries the dictionary of its records (IIPC, zstd in WARC, 0.2)."""
MAX_DICTIONARY = 1 << 26

STEP = {"gzip": 1 << 16, "zstd": 1 << 11, "lz4": 1 << 16}
"""Bytes of the file that are inflated at once. zstandard can't bound what a step yields, so its steps are small."""


class Engine(Protocol):
    """A decompressor with the interface of bz2's: one stream, fed in steps, held to a number of bytes a step."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes | None: ...

    def decompress(self, data: bytes, most: int, /) -> bytes: ...


def engine_maker(kind: str, dictionary: bytes = b"") -> Callable[[], Engine]:
    """What makes a fresh decompressor of "gzip", "zstd" (with the file's dictionary, if it has one) or "lz4".

    Raises ValueError for a dictionary that is none.
    """
    if kind == "gzip":
        from isal import igzip_lib

        return lambda: cast(Engine, igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP))
    if kind == "lz4":
        from lz4.frame import LZ4FrameDecompressor

        return lambda: cast(Engine, LZ4FrameDecompressor())
    import zstandard

    try:
        known = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
        maker = zstandard.ZstdDecompressor(dict_data=known, max_window_size=1 << 27)
    except zstandard.ZstdError as error:
        raise ValueError(f"its dictionary can't be used ({error})") from None
    return lambda: _Frame(maker)


class _Frame:
    """One zstd frame. `most` can't be held to: what 2 kB can inflate to bounds a step."""

    def __init__(self, maker: Any) -> None:
        self._inner = maker.decompressobj()
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data)

    def decompress(self, data: bytes, most: int, /) -> bytes:
        return bytes(self._inner.decompress(data))


def skippable(first: bytes) -> int:
    """Length of the skippable frame that begins with these 8 bytes, its head included; 0 if they begin none."""
    if len(first) < 8 or first[1:4] != SKIPPABLE or first[0] & 0xF0 != 0x50:
        return 0
    return 8 + int.from_bytes(first[4:8], "little")


def dictionary_at(disk: Disk, at: int) -> bytes:
    """The zstd dictionary in the skippable frame at `at`, itself compressed or not; empty if there is none.

    Raises ValueError if it can't be had.
    """
    import zstandard

    length = skippable(disk.read(at, 8)) - 8
    if disk.read(at, 4) != DICTIONARY or length <= 0:
        return b""
    if length > MAX_DICTIONARY or at + 8 + length > disk.size:
        raise ValueError(f"its dictionary is said to have {length} bytes")
    raw = disk.read(at + 8, length)
    if raw.startswith(b"\x28\xb5\x2f\xfd"):
        try:
            raw = zstandard.ZstdDecompressor().decompress(raw, max_output_size=MAX_DICTIONARY)
        except zstandard.ZstdError as error:
            raise ValueError(f"its dictionary can't be unpacked ({error})") from None
    return raw

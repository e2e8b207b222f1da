"""The pictures that no camera took: a logo, an icon, a tracking dot, and files that are broken on purpose.

Draws nothing that a page is about; photographs lie in photos/.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

PHOTOS = Path(__file__).resolve().parent / "photos"
TYPES = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".gif": "image/gif",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}


def content_type(name: str) -> str:
    """The MIME type that a server would say for a file called `name`; KeyError for a suffix not in TYPES."""
    return TYPES[Path(name).suffix]


def picture(name: str) -> bytes:
    """The bytes of a photograph of photos/, or of "made:NAME", one of MADE; KeyError or OSError if there is none."""
    if name.startswith("made:"):
        return MADE[name.removeprefix("made:")]()
    return (PHOTOS / name).read_bytes()


def black_png(side: int) -> bytes:
    """A square black PNG of one bit a pixel: `side` * `side` / 8 bytes that deflate to almost nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    deflate = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    pixels = b"".join(deflate.compress(row) for _ in range(side)) + deflate.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _svg(width: int, height: int, shapes: str) -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">{shapes}</svg>\n'.encode()


def _cut_short() -> bytes:
    whole = picture("camera.jpg")
    return whole[: len(whole) * 55 // 100]


MADE: dict[str, Callable[[], bytes]] = {
    "logo.svg": lambda: _svg(200, 60, '<rect width="200" height="60" rx="8" fill="#2a6"/>'),
    "icon.svg": lambda: _svg(24, 24, '<circle cx="12" cy="12" r="10" fill="#357"/>'),
    "dot.gif": lambda: base64.b64decode("R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="),
    "blank.png": lambda: black_png(200),
    # 182 million pixels: twice the limit at which Pillow warns is 179 million, where it raises
    "huge.png": lambda: black_png(13_500),
    "cut-short.jpg": _cut_short,
    "apology.jpg": lambda: b"<!DOCTYPE html><title>Sorry</title><p>This picture is resting. Please try again.</p>\n",
}

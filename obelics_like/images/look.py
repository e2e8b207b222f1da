"""What one look at a picture's bytes tells: digest, format, size, frames, perceptual hash.

It judges nothing; limits are the stages'.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from obelics_like.pixels import opened, to_rgb

if TYPE_CHECKING:
    from PIL import Image

BOX = 256
"""Side in pixels down to which a JPEG is reduced while it is decoded; every hash and colour range comes from it."""

FLAT = 12
"""Largest spread of a channel, of 255, in a picture of a single colour.

WebP of quality 60 spreads a plain colour by up to 11 (JPEG and AVIF: 2); no photograph of ours has less than 177.
"""

ANIMATED = frozenset(("gif", "webp", "png", "avif"))
"""The formats whose frames are counted; a TIFF's pages are not: walking them is slow, and they are no animation."""

_GRID, _LOW, _SCALE = 32, 8, 4096


@dataclass(frozen=True, slots=True)
class Look:
    """A picture as read: see Blob for the fields' units. `single_colour` looks at the first frame, laid on white."""

    sha256: str
    format: str
    width: int
    height: int
    size: int
    phash: str
    frames: int
    mode: str
    single_colour: bool


def look(data: bytes, max_pixels: int) -> Look:
    """Read a picture whole, once; width and height are as shown (EXIF turns applied). Raises PixelError."""
    with opened(data, max_pixels) as image:
        size, mode, turned = image.size, image.mode, image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
        name = {"MPO": "jpeg"}.get(image.format or "", (image.format or "").lower())
        frames = int(getattr(image, "n_frames", 1)) if name in ANIMATED else 1
        if frames > 1:
            image.seek(0)
        rgb = to_rgb(image, BOX)
        width, height = (size[1], size[0]) if turned else size
        extrema: Any = rgb.getextrema()
        flat = all(high - low <= FLAT for low, high in extrema)
        digest = sha256(data).hexdigest()
        return Look(digest, name, width, height, len(data), phash(rgb), frames, mode, flat)


def phash(rgb: Image.Image) -> str:
    """The 64-bit perceptual hash of a picture, in hex: pHash as in Zauner 2010 (section 3.2.1) and `imagehash`.

    Grey, shrunk to 32x32 (Lanczos), a DCT-II, of whose 8x8 lowest coefficients each gives a 1 where it is above their
    median, row by row. In integers, so that the hash is the same on every machine.
    """
    import numpy as np
    from PIL import Image

    grey = rgb.convert("L").resize((_GRID, _GRID), Image.Resampling.LANCZOS)
    basis = _basis()
    low = basis @ np.asarray(grey, dtype=np.int64) @ basis.T
    bits = (low > np.median(low)).ravel()
    return np.packbits(bits).tobytes().hex()


@cache
def _basis() -> Any:
    """The 8 lowest of 32 cosines, in 4096ths: shape (8, 32), int64."""
    import numpy as np

    at = (2 * np.arange(_GRID) + 1)[None, :] * np.arange(_LOW)[:, None]
    return np.rint(_SCALE * np.cos(np.pi * at / (2 * _GRID))).astype(np.int64)


def distance(a: str, b: str) -> int:
    """The number of bits in which two hashes differ, 0..64.

    >>> distance("ff00000000000000", "0f00000000000000")
    4
    """
    return (int(a, 16) ^ int(b, 16)).bit_count()

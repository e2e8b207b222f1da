"""From the bytes of a picture to RGB pixels, the one guarded way in for untrusted bytes.

It judges no size, format or content: it refuses only what can't be, or must not be, decoded.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

READABLE = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF", "ICO")
"""The only decoders that untrusted bytes may reach; Pillow alone would offer them to forty (EPS runs Ghostscript)."""

MAX_PIXELS = 89_000_000
"""Just under the count at which Pillow itself starts to warn (89,478,485); 360 MB as RGBA."""

MAX_SCANS = 100
"""A progressive JPEG has about ten scans. Each one costs a pass over all pixels, so thousands of them are a bomb."""


class PixelError(ValueError):
    """A picture that can't be decoded; `reason` is not_raster, undecodable, too_many_pixels or too_many_scans.

    `value` is what was measured (pixels, scans), where something was.
    """

    def __init__(self, reason: str, value: int | None = None) -> None:
        super().__init__(reason, value)
        self.reason, self.value = reason, value

    def __str__(self) -> str:
        return self.reason if self.value is None else f"{self.reason} ({self.value})"


def open_rgb(data: bytes, box: int | None = None, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """The picture's first frame as an RGB image, upright, with what is transparent laid on white.

    With a `box` in pixels a JPEG may come reduced by 2, 4 or 8, never below box x box (a third of the time); it is
    not resized to it. Colour profiles are not applied. Raises PixelError.
    """
    with opened(data, max_pixels) as image:
        return to_rgb(image, box)


@contextmanager
def opened(data: bytes, max_pixels: int = MAX_PIXELS) -> Iterator[Image.Image]:
    """A picture whose header is read and whose pixels are not, under guard until the block ends.

    Whatever a decoder raises inside the block on account of the bytes comes out as a PixelError.
    """
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(BytesIO(data), formats=READABLE) as image:
                _check(image, data, max_pixels)
                yield image
        except PixelError:
            raise
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            told = re.search(r"\((\d+) pixels\)", str(error))
            raise PixelError("too_many_pixels", int(told.group(1)) if told else None) from error
        except Exception as error:  # decoders raise nearly anything on bytes made to hurt (struct, zlib, SyntaxError)
            raise PixelError("not_raster" if is_svg(data) else "undecodable") from error


def to_rgb(image: Image.Image, box: int | None = None) -> Image.Image:
    """Decode an opened picture: see open_rgb."""
    from PIL import ImageOps

    if box is not None:
        image.draft(None, (box, box))  # only JPEG heeds it
    image.load()
    return _flat(ImageOps.exif_transpose(image))


def is_svg(data: bytes) -> bool:
    """Whether the bytes start as an SVG drawing does.

    >>> is_svg(b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'), is_svg(b"<html>")
    (True, False)
    """
    head = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith((b"<svg", b"<?xml", b"<!--", b"<!doctype svg")) and b"<svg" in head


def _check(image: Image.Image, data: bytes, max_pixels: int) -> None:
    pixels = image.width * image.height
    if pixels > max_pixels:
        raise PixelError("too_many_pixels", pixels)
    if image.format in ("JPEG", "MPO") and (scans := data.count(b"\xff\xda")) > MAX_SCANS:
        raise PixelError("too_many_scans", scans)


def _flat(image: Image.Image) -> Image.Image:
    """RGB, transparent parts on white. Without this a cut-out PNG shows the colours hidden under its mask."""
    from PIL import Image

    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = _eight_bit(image)
    if "A" in image.mode or image.mode in ("RGBa", "La") or "transparency" in image.info:
        over = image.convert("RGBA")
        ground = Image.new("RGBA", over.size, "white")
        ground.alpha_composite(over)
        image = ground
    return image if image.mode == "RGB" else image.convert("RGB")


def _eight_bit(image: Image.Image) -> Image.Image:
    """Grey of more than 8 bits brought down to 8; Pillow's own conversion would clip it to white."""
    import numpy as np
    from PIL import Image

    grey = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=65535.0, neginf=0.0)
    if image.mode.startswith("I;16") or grey.max(initial=0.0) > 255:
        grey = grey / 257
    return Image.fromarray(np.clip(np.rint(grey), 0, 255).astype(np.uint8))

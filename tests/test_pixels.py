"""Getting pixels from bytes nobody vouches for."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile

from obelics_like.pixels import PixelError, is_svg, open_rgb
from tests.images.things import encoded


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def png(width: int, height: int, depth: int = 8, colour: int = 0, rows: int = 64) -> bytes:
    """A PNG of any size whose few rows are zeros: a bomb costs its maker nothing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = zlib.compress(bytes(min(rows, height) * (width * depth // 8 + 1)), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF", "ICO"])
def test_every_format_comes_out_as_rgb(name: str) -> None:
    image = open_rgb(encoded(noise(64, 48), name, **({"sizes": [(64, 48)]} if name == "ICO" else {})))
    assert (image.mode, image.size) == ("RGB", (64, 48))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "undecodable"),
        (b"<html><body>404</body></html>", "undecodable"),
        (b"\xff\xd8\xff", "undecodable"),
        (b"\x89PNG\r\n\x1a\n", "undecodable"),
        (b"GIF89a", "undecodable"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "undecodable"),
        (b"II*\x00\x08\x00\x00\x00\xff\xff", "undecodable"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "undecodable"),
        (b"P6 4 4 255\n" + b"x" * 48, "undecodable"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "not_raster"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- c --><svg/>', "not_raster"),
        (png(13_300, 13_300), "too_many_pixels"),
        (png(9_500, 9_500), "too_many_pixels"),
        (png(2**31 - 1, 2**31 - 1, rows=0), "too_many_pixels"),
    ],
)
def test_refusals(data: bytes, reason: str) -> None:
    with pytest.raises(PixelError) as error:
        open_rgb(data)
    assert error.value.reason == reason


def test_the_bomb_is_what_its_name_says() -> None:
    """13,300 x 13,300 lies between the count at which Pillow warns and the one at which it refuses."""
    with pytest.warns(Image.DecompressionBombWarning):
        Image.open(io.BytesIO(png(13_300, 13_300)))


def test_a_bomb_inside_an_icon() -> None:
    """The directory says 16 x 16, the PNG within says otherwise, and only the decoder gets to see it."""
    inner = png(13_300, 13_300)
    directory = struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(inner), 22)
    with pytest.raises(PixelError, match="too_many_pixels"):
        open_rgb(directory + inner)


def test_a_lower_cap_holds_and_the_measure_is_told() -> None:
    with pytest.raises(PixelError) as error:
        open_rgb(encoded(noise(40, 30), "PNG"), max_pixels=1199)
    assert (error.value.reason, error.value.value) == ("too_many_pixels", 1200)
    assert open_rgb(encoded(noise(40, 30), "PNG"), max_pixels=1200).size == (40, 30)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
@pytest.mark.parametrize("box", [None, 16])
def test_a_truncated_file_is_no_picture(name: str, box: int | None) -> None:
    whole = encoded(noise(200, 200), name)
    for share in (0.1, 0.5, 0.9):
        with pytest.raises(PixelError, match="undecodable"):
            open_rgb(whole[: int(len(whole) * share)], box)


def test_the_librarys_switches_stay_as_they_were() -> None:
    open_rgb(encoded(noise(9, 9), "PNG"))
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
    assert Image.MAX_IMAGE_PIXELS == 89_478_485


def test_a_jpeg_of_many_scans_is_refused() -> None:
    data = encoded(noise(64, 64), "JPEG", progressive=True)
    assert open_rgb(data).size == (64, 64)
    at = data.rindex(b"\xff\xda")
    scan = data[at:-2]
    with pytest.raises(PixelError, match="too_many_scans"):
        open_rgb(data[:-2] + scan * 200 + b"\xff\xd9")


def test_transparency_lies_on_white() -> None:
    clear = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    clear.putpixel((0, 0), (255, 0, 0, 255))
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([255, 0, 0, 0, 0, 255])
    palette.putpixel((0, 0), 0)
    grey = Image.new("LA", (8, 8), (0, 0))
    for data in (encoded(clear, "PNG"), encoded(clear, "WEBP", lossless=True), encoded(palette, "PNG", transparency=1)):
        image = open_rgb(data)
        assert (image.getpixel((0, 0)), image.getpixel((5, 5))) == ((255, 0, 0), (255, 255, 255))
    assert open_rgb(encoded(grey, "PNG")).getpixel((5, 5)) == (255, 255, 255)
    assert open_rgb(encoded(palette, "GIF", transparency=1)).getpixel((5, 5)) == (255, 255, 255)


def test_sixteen_bits_become_eight() -> None:
    deep = Image.fromarray(np.array([[0, 257, 32896, 65535]], dtype=np.uint16))
    assert [open_rgb(encoded(deep, "PNG")).getpixel((x, 0)) for x in range(4)] == [(v, v, v) for v in (0, 1, 128, 255)]
    assert open_rgb(encoded(deep, "TIFF")).getpixel((3, 0)) == (255, 255, 255)
    real = Image.fromarray(np.array([[0.0, 100.0, np.nan, np.inf]], dtype=np.float32))
    assert open_rgb(encoded(real, "TIFF")).mode == "RGB"


def test_cmyk() -> None:
    red = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    r, g, b = open_rgb(encoded(red, "JPEG", quality=95)).getpixel((8, 8))  # type: ignore[misc]
    assert r > 240
    assert g < 15
    assert b < 15


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("box", [None, 32])
def test_exif_turns_are_applied(turn: int, box: int | None) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    image = open_rgb(encoded(noise(256, 128), "JPEG", exif=exif), box)
    assert (image.width > image.height) is (turn < 5)


def test_a_box_reduces_a_jpeg_but_never_below_it() -> None:
    data = encoded(noise(1000, 800), "JPEG")
    assert open_rgb(data).size == (1000, 800)
    assert open_rgb(data, 256).size == (500, 400)
    assert open_rgb(data, 2000).size == (1000, 800)
    assert open_rgb(encoded(noise(1000, 800), "PNG"), 256).size == (1000, 800)


def test_the_first_frame_of_an_animation() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "lime", "blue")]
    for name in ("GIF", "WEBP", "PNG", "AVIF"):
        r, g, b = open_rgb(encoded(frames[0], name, save_all=True, append_images=frames[1:])).getpixel((5, 5))  # type: ignore[misc]
        assert r > 200 > 50 > max(g, b), name


def test_damage_anywhere_is_a_refusal_or_a_picture_and_never_another_error() -> None:
    """Every format, bytes flipped in many places: only PixelError may come out."""
    random = np.random.default_rng(1)
    reasons = set()
    for name in ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF", "ICO"):
        whole = encoded(noise(32, 32), name)
        for _ in range(60):
            data = bytearray(whole)
            for at in random.integers(0, min(len(data), 400), 3):
                data[at] = random.integers(0, 256)
            try:
                assert open_rgb(bytes(data)).mode == "RGB"
            except PixelError as error:
                reasons.add(error.reason)
    assert "undecodable" in reasons
    assert reasons <= {"undecodable", "too_many_pixels", "too_many_scans"}


def test_svg_is_told_from_html() -> None:
    assert is_svg(b"  <svg/>")
    assert is_svg(b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x"><svg/>')
    assert not is_svg(b"<!doctype html><p><svg/></p>")

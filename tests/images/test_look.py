"""What one look at a picture tells, and what its perceptual hash is good for."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
from PIL import Image
from scipy.fft import dctn

from obelics_like.images.look import distance, look, phash
from obelics_like.pixels import MAX_PIXELS, open_rgb
from tests.conftest import data_folder
from tests.images.things import encoded


def scene(seed: int, width: int = 300, height: int = 200) -> Image.Image:
    """Smooth coloured hills: like a photograph, most of it is in the low frequencies."""
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def test_what_is_told() -> None:
    data = encoded(scene(1), "JPEG")
    found = look(data, MAX_PIXELS)
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert (found.format, found.width, found.height, found.size) == ("jpeg", 300, 200, len(data))
    assert (found.frames, found.mode, found.single_colour) == (1, "RGB", False)
    assert len(found.phash) == 16


@pytest.mark.parametrize("name", ["PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF"])
def test_formats_are_lower_case_words(name: str) -> None:
    assert look(encoded(scene(1), name), MAX_PIXELS).format == name.lower()


def test_a_camera_jpeg_with_a_preview_is_a_jpeg() -> None:
    data = encoded(scene(1), "MPO", save_all=True, append_images=[scene(2)])
    assert Image.open(io.BytesIO(data)).format == "MPO"
    assert (look(data, MAX_PIXELS).format, look(data, MAX_PIXELS).frames) == ("jpeg", 1)


@pytest.mark.parametrize("name", ["GIF", "WEBP", "PNG", "AVIF"])
def test_frames_are_counted(name: str) -> None:
    data = encoded(scene(1), name, save_all=True, append_images=[scene(2), scene(3)])
    found = look(data, MAX_PIXELS)
    assert found.frames == 3
    still = look(encoded(scene(1), name), MAX_PIXELS)
    assert distance(found.phash, still.phash) <= 6  # the first frame counts


def test_pages_are_no_frames() -> None:
    assert look(encoded(scene(1), "TIFF", save_all=True, append_images=[scene(2)]), MAX_PIXELS).frames == 1


def test_size_is_as_shown() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    found = look(encoded(scene(1), "JPEG", exif=exif), MAX_PIXELS)
    assert (found.width, found.height) == (200, 300)


@pytest.mark.parametrize("mode", ["CMYK", "L", "P", "RGBA", "LA", "1", "I;16"])
def test_the_mode_is_as_stored(mode: str) -> None:
    image = scene(1).convert("L").convert("I;16") if mode == "I;16" else scene(1).convert(mode)
    assert look(encoded(image, "TIFF" if mode == "CMYK" else "PNG"), MAX_PIXELS).mode == mode


@pytest.mark.parametrize("name", ["PNG", "JPEG", "GIF", "WEBP"])
def test_single_colour(name: str) -> None:
    assert look(encoded(Image.new("RGB", (50, 50), (17, 99, 200)), name), MAX_PIXELS).single_colour
    assert not look(encoded(scene(1), name), MAX_PIXELS).single_colour


def test_a_clear_spacer_is_of_one_colour() -> None:
    assert look(encoded(Image.new("RGBA", (50, 50), (9, 9, 9, 0)), "PNG"), MAX_PIXELS).single_colour


def test_the_hash_is_the_one_of_the_definition() -> None:
    """Against scipy's transform in floating point."""
    for seed in range(20):
        image = scene(seed)
        grey = np.asarray(image.convert("L").resize((32, 32), Image.Resampling.LANCZOS), dtype=float)
        low = dctn(grey)[:8, :8]
        # scipy scales no row or column differently from another, so signs against the median are the same
        expected = np.packbits((low > np.median(low)).ravel()).tobytes().hex()
        assert distance(phash(image), expected) <= 1


@pytest.mark.parametrize("seed", range(6))
def test_the_hash_outlives_re_encoding_and_resizing(seed: int) -> None:
    image = scene(seed)
    first = look(encoded(image, "PNG"), MAX_PIXELS).phash
    copies = [encoded(image, "JPEG", quality=q) for q in (95, 60, 30)] + [encoded(image, "WEBP", quality=60)]
    copies += [encoded(image.resize(size), "JPEG", quality=80) for size in ((200, 133), (900, 600), (150, 100))]
    copies += [encoded(image.convert("L"), "JPEG")]
    assert max(distance(first, look(copy, MAX_PIXELS).phash) for copy in copies) <= 4


def test_different_pictures_have_different_hashes() -> None:
    hashes = [phash(scene(seed)) for seed in range(40)]
    assert min(distance(a, b) for n, a in enumerate(hashes) for b in hashes[:n]) > 8


def test_the_hash_of_a_plain_picture_is_fixed() -> None:
    """No bit of it may hang on rounding."""
    hashes = {phash(Image.new("RGB", (w, h), c)) for w, h in ((10, 10), (333, 77)) for c in ("black", "#777", "white")}
    assert hashes <= {"0000000000000000", "8000000000000000"}


def test_photographs_are_told_apart() -> None:
    """The development photos: re-encoded ones are near, different ones far."""
    files = sorted((data_folder() / "photos" / "img").iterdir())[::6]
    firsts = [look(file.read_bytes(), MAX_PIXELS).phash for file in files]
    for file, first in zip(files, firsts):
        image = open_rgb(file.read_bytes())
        small = image.resize((max(8, image.width * 2 // 3), max(8, image.height * 2 // 3)), Image.Resampling.LANCZOS)
        assert distance(first, look(encoded(small, "JPEG", quality=75), MAX_PIXELS).phash) <= 6, file.name
    assert min(distance(a, b) for n, a in enumerate(firsts) for b in firsts[:n]) > 6

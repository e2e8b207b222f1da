"""The scorer open_clip: any model of open_clip, from a local checkpoint or one of its tags, at full precision.

It adds nothing to the model's scores: they are open_clip's own. Its weights are the user's to get.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from obelics_like.errors import MissingPiece, ObelicsLikeError, UnknownName
from obelics_like.models.clip_spec import config_of, is_path, languages_of, name_of, parse, without_folders

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

PICTURES_AT_ONCE = 32
SENTENCES_AT_ONCE = 64
_INSTALL = "pip install 'obelics-like[clip]'"


class OpenClip:
    """See `models.scorers.Scorer` and `models.scorers.load`. Made without torch, as long as nothing is embedded.

    A text tower with a tokenizer of a multilingual model serves the languages of CC-100, every other one English
    alone: NLLB towers too, which want to be told each language in codes of their own.
    With `offline`, a tag or a hub model must be in the local cache.
    """

    box: int | None = None  # its own preprocessing decides on every pixel

    def __init__(self, spec: str, offline: bool = False) -> None:
        missing = [module for module in ("torch", "torchvision", "open_clip") if find_spec(module) is None]
        if missing:
            raise MissingPiece(
                f"scorer open_clip:{without_folders(spec)}",
                got=f"no module {', '.join(missing)}",
                valid="the extra clip",
                do=_INSTALL,
            )
        self._offline = offline
        self._arch, self._pretrained = parse(spec)
        self._config = config_of(self._arch)
        self.name = f"open_clip:{name_of(self._arch, self._pretrained)}"
        self._lock = threading.RLock()
        self._loaded: _Model | None = None

    @property
    def dimensions(self) -> int:
        """The width of the common space."""
        if "embed_dim" in self._config:
            return int(self._config["embed_dim"])
        return self._load().dimensions

    def serves(self, language: str) -> bool:
        """Whether the text tower was made for the language, by the primary subtag of its BCP-47 code."""
        return language.replace("_", "-").split("-", 1)[0].lower() in languages_of(self._arch, self._config)

    def prepare(self) -> None:
        """Load the model; raises MissingPiece if its weights can't be had, UnknownName on a tag open_clip has not."""
        self._load()

    def embed_images(self, images: Iterable[Image.Image]) -> NDArray[np.float32]:
        """Unit vectors (n, dimensions), in batches of 32."""
        return self._load().images(images)

    def embed_sentences(self, sentences: Sequence[str], languages: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (n, dimensions), in batches of 64 sorted by length; what exceeds the context is cut off."""
        return self._load().sentences(sentences)

    def _load(self) -> _Model:
        with self._lock:
            if self._loaded is None:
                try:
                    self._loaded = _Model(self._arch, self._pretrained, self._offline)
                except ObelicsLikeError:
                    raise
                # what goes wrong below is open_clip's, torch's or the hub's to name: connection, cache, shapes, format
                except Exception as error:
                    raise MissingPiece(
                        f"scorer {self.name}",
                        got=f"weights that can't be loaded ({type(error).__name__}: {str(error)[:300]})",
                        valid="a tag with its file in the cache, or the path of a local checkpoint",
                        do="download the checkpoint and give its path: --scorer open_clip:ARCH/PATH",
                    ) from error
            return self._loaded


class _Model:
    """A loaded model in eval mode, with its own tokenizer and preprocessing."""

    def __init__(self, arch: str, pretrained: str | None, offline: bool) -> None:
        import open_clip
        import torch

        name = arch
        if arch.endswith(".json"):
            open_clip.add_model_config(arch)
            name = Path(arch).stem
        if offline:
            _forbid_hub()
        tag = open_clip.get_pretrained_cfg(name, pretrained) if pretrained and not is_path(pretrained) else {}
        if pretrained and not is_path(pretrained):
            _check_tag(name, pretrained, tag, offline)
        self._device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._model, self._preprocess = open_clip.create_model_from_pretrained(
                name,
                pretrained=pretrained,
                precision="fp32",
                device=self._device,
                # weights trained with this activation are wrong under another; open_clip itself would only warn
                force_quick_gelu=bool(tag.get("quick_gelu")),
            )
            self._tokenizer = open_clip.get_tokenizer(name)
        self._model.eval()
        self._trims = False
        probe = ["a photo", "two cats asleep on a red sofa in the afternoon sun"]
        plain = self.sentences(probe)
        self.dimensions = int(plain.shape[1])
        if _is_standard(self._model):
            self._trims = True
            self._trims = bool(abs(self.sentences(probe) - plain).max() < 2e-6)

    def images(self, images: Iterable[Image.Image]) -> NDArray[np.float32]:
        import numpy as np
        import torch

        source, found = iter(images), [np.zeros((0, self.dimensions), np.float32)]
        while pixels := [self._preprocess(image) for image in islice(source, PICTURES_AT_ONCE)]:
            with torch.inference_mode():
                vectors = self._model.encode_image(torch.stack(pixels).to(self._device), normalize=True)
            found.append(vectors.float().cpu().numpy())
        return np.concatenate(found)

    def sentences(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np
        import torch

        if not sentences:
            return np.zeros((0, self.dimensions), np.float32)
        tokens = self._tokenizer(list(sentences))
        lengths = self._ends(tokens) + 1 if self._trims else torch.full((len(tokens),), tokens.shape[1])
        order: Any = torch.argsort(lengths, stable=True)
        found = []
        for part in order.split(SENTENCES_AT_ONCE):
            rows = tokens[part, : int(lengths[part].max())].to(self._device)
            with torch.inference_mode():
                vectors = self._trimmed(rows) if self._trims else self._model.encode_text(rows, normalize=True)
            found.append(vectors.float().cpu().numpy())
        result = np.empty_like(np.concatenate(found))
        result[order.numpy()] = np.concatenate(found)
        return result

    def _ends(self, tokens: Any) -> Any:
        """The position of each sentence's end-of-text token, where the standard text tower reads its embedding."""
        if self._model.text_pool_type == "eos":
            tokens = (tokens == self._model.text_eos_id).int()
        return tokens.argmax(dim=-1)

    def _trimmed(self, tokens: Any) -> Any:
        """The standard text tower over the columns that hold a token at all.

        Its mask is causal, so that no token sees the padding after it: the result is the same, up to five times
        faster. That it is the same is checked on loading; if not, open_clip's own call is used.
        """
        import torch

        model, width = self._model, tokens.shape[1]
        at = model.token_embedding(tokens) + model.positional_embedding[:width]
        at = model.ln_final(model.transformer(at, attn_mask=model.attn_mask[:width, :width]))
        at = at[torch.arange(len(at), device=at.device), self._ends(tokens)]
        projection = model.text_projection
        if projection is not None:
            at = projection(at) if isinstance(projection, torch.nn.Linear) else at @ projection
        return torch.nn.functional.normalize(at, dim=-1)


def _check_tag(name: str, tag: str, config: dict[str, Any], offline: bool) -> None:
    import open_clip

    if not config:
        raise UnknownName(f"scorer open_clip:{name}, weights", tag, open_clip.list_pretrained_tags_by_model(name))
    if offline and not config.get("hf_hub") and not config.get("file"):
        cached = Path(os.path.expanduser("~/.cache/clip")) / Path(config.get("url", "")).name
        if not cached.is_file():
            raise MissingPiece(
                f"scorer open_clip:{name}/{tag}",
                got="weights that are not in the cache, and no leave to download",
                valid="a cached tag or the path of a local checkpoint",
                do="download the checkpoint and give its path: --scorer open_clip:ARCH/PATH",
            )


def _is_standard(model: Any) -> bool:
    """Whether the text tower is CLIP's own: causal, and read at the end-of-text token."""
    import open_clip

    return type(model) is open_clip.CLIP and model.attn_mask is not None and model.text_pool_type in ("argmax", "eos")


def _forbid_hub() -> None:
    """Keep the hub's client to its cache, whether it was imported before or not."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    constants: Any = import_module("huggingface_hub.constants")
    constants.HF_HUB_OFFLINE = True

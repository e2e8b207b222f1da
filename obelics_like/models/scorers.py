"""Scorers: what puts pictures and sentences into one space, where a dot product says how well they go together.

It finds a scorer by its spec and says what all have in common; the models themselves are in the modules beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from obelics_like.errors import UnknownName

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

OPEN_CLIP = "open_clip:"
KNOWN = ("label-bridge", "open_clip:ARCH/PRETRAINED-or-path")


class Scorer(Protocol):
    """Two towers, both giving unit vectors of `dimensions` float32; their dot product is the similarity, -1..1.

    `name` goes into the corpus beside each score and holds no path of the machine. `box` tells the reader of pictures
    how small it may decode them (the sides of a box that the picture still fills), None for full size. Scorers are
    cheap to make and load their weights on first use.
    """

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    @property
    def box(self) -> int | None: ...

    def serves(self, language: str) -> bool:
        """Whether the text tower can read the language, given as BCP-47; never true of "und"."""
        ...

    def prepare(self) -> None:
        """Load all that embedding needs; raises MissingPiece or DataError if it can't be had."""
        ...

    def embed_images(self, images: Iterable[Image.Image]) -> NDArray[np.float32]:
        """One unit row a picture (n, dimensions). Pictures are taken one by one and not kept."""
        ...

    def embed_sentences(self, sentences: Sequence[str], languages: Sequence[str]) -> NDArray[np.float32]:
        """One unit row a sentence (n, dimensions); `languages` are theirs, BCP-47, for a tower that must be told."""
        ...


def load(spec: str, offline: bool = False) -> Scorer:
    """The scorer named by `spec`: "label-bridge", or "open_clip:ARCH/PRETRAINED".

    ARCH is an architecture of open_clip, or the path of a model config ending in .json; PRETRAINED a tag of open_clip
    or the path of a local checkpoint. The first "/" parts the two ("open_clip:ViT-B-32//models/b32.pt" names the
    absolute path /models/b32.pt). "open_clip:hf-hub:ORG/MODEL" and "open_clip:local-dir:PATH" go to open_clip as they
    are. With `offline` nothing is downloaded.

    Raises UnknownName on another spec, MissingPiece if the scorer's packages or weights are not there.
    """
    if spec == "label-bridge":
        from obelics_like.models.label_bridge import LabelBridge

        return LabelBridge()
    if spec.startswith(OPEN_CLIP):
        from obelics_like.models.clip import OpenClip

        return OpenClip(spec.removeprefix(OPEN_CLIP), offline)
    raise UnknownName("scorer", spec, (*KNOWN, "none"), do="none makes a run without alignment")

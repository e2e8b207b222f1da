"""The stage `images.evaluation`: drops pictures that a list of perceptual hashes names, as those of evaluation sets.

It makes no such list: see `phash` in `obelics_like/images/look.py` for the hash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from obelics_like.errors import InputError, OptionError
from obelics_like.images.look import distance
from obelics_like.stage import Batch, Context, Stage

if TYPE_CHECKING:
    import numpy as np

_HASH = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class EvaluationImages(Stage):
    """Drop each picture whose perceptual hash is on a list (mOSCAR: those of evaluation sets and their train splits).

    hashes: path of the list: a line a picture, its 64-bit hash as 16 hex digits first (what follows is a note, a line
        that begins with # a comment); absent, the stage is off.
    max_distance: bits of 64 in which a picture may differ from one on the list (mOSCAR: 0).
    """

    hashes: str | None = None
    max_distance: int = 0

    rules: ClassVar[dict[str, str]] = {
        "evaluation_image": "the picture is on the list; value: the bits in which it differs, and the hash there"
    }

    def check(self) -> None:
        if not 0 <= self.max_distance <= 64:
            raise OptionError(f"option {self.id}.max_distance", got=self.max_distance, valid="0..64", do="correct it")

    def active(self, context: Context) -> bool:
        return self.hashes is not None and bool(context.images)

    def open(self, context: Context) -> np.ndarray:
        """The hashes, ascending (uint64). Raises InputError for a list that can't be read."""
        import numpy as np

        path = Path(self.hashes or "")
        try:
            lines = [line.split() for line in path.read_text("utf-8").splitlines()]
        except (OSError, UnicodeError) as error:
            raise InputError(
                f"option {self.id}.hashes", got=f"{path}: {error}", valid="a text file", do="correct the path"
            ) from error
        named = [(number, line[0].lower()) for number, line in enumerate(lines, 1) if line and line[0][0] != "#"]
        for number, word in named:
            if not _HASH.fullmatch(word):
                raise InputError(f"{path}, line {number}", got=repr(word), valid="16 hex digits", do="correct the list")
        return np.unique(np.array([int(word, 16) for _, word in named], np.uint64))

    def process(self, batch: Batch, opened: np.ndarray) -> Batch:
        for document in batch:
            for image in document.images():
                found = (
                    None if image.blob is None or image.blob.phash is None else self._nearest(image.blob.phash, opened)
                )
                if found is not None:
                    value = f"{distance(found, image.blob.phash or '')} bits from {found}" if image.blob else found
                    image.drop = self.drop("evaluation_image", value, self.max_distance)
        return batch

    def _nearest(self, phash: str, known: np.ndarray) -> str | None:
        """The nearest hash of the list within max_distance (ties: the lowest), or None."""
        import numpy as np

        own = np.uint64(int(phash, 16))
        at = int(np.searchsorted(known, own))
        if at < len(known) and known[at] == own:
            return phash
        if not self.max_distance or not len(known):
            return None
        bits = np.bitwise_count(known ^ own)
        best = int(bits.argmin())
        return f"{int(known[best]):016x}" if bits[best] <= self.max_distance else None

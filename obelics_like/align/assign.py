"""Which sentence each picture goes to: one linear assignment a document, by MMC4's rule.

It takes similarities as they are given; it neither computes them (`align.embed`) nor judges them (`align.gate`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from obelics_like.document import Image
from obelics_like.errors import OptionError
from obelics_like.stage import Batch, Stage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RULES = ("mmc4", "argmax")
_HUGE = 1e100  # sums of a thousand such numbers are still far from the largest float


def assign_images(similarity: Any) -> list[int | None]:
    """The sentence of each picture, from a table of similarities: rows are images, columns sentences.

    The sum of the chosen similarities is the largest possible (MMC4, arXiv 2304.06939, section 3). As long as there
    are enough sentences, every picture gets one of its own. Where there are more pictures than sentences, each
    sentence gets one picture, and every picture left over goes to the sentence it likes best, the first one on ties.

    Two pictures of cats, and two sentences. Both pictures like sentence 0 best, but only one may have it:

    >>> assign_images([[0.9, 0.3],     # 0.9 + 0.1 = 1.0
    ...                [0.8, 0.1]])    # 0.8 + 0.3 = 1.1, the larger sum
    [1, 0]
    >>> assign_images([[0.9], [0.8], [0.7]])  # one sentence, so the two pictures left over share it
    [0, 0, 0]

    None stands where there is no sentence, or where a picture's row is all NaN. A single NaN is "no such pair": it is
    never chosen, and a picture that could only have that counts as left over. -inf is taken only where nothing better
    can be had, +inf before anything else. The same table always gives the same answer.

    `similarity` is anything numpy makes a two-dimensional table of floats of. Raises OptionError if it does not.
    """
    matrix = _matrix(similarity)
    best = _argmax(matrix)
    rows = [i for i, column in enumerate(best) if column is not None]
    if rows:
        from scipy.optimize import linear_sum_assignment

        worth = _finite(matrix[rows])
        chosen, columns = linear_sum_assignment(worth, maximize=True)
        for i, column in zip(chosen.tolist(), columns.tolist(), strict=True):
            if matrix[rows[i], column] == matrix[rows[i], column]:  # a NaN is no pair: then its best stays
                best[rows[i]] = column
    return best


def best_sentences(similarity: Any) -> list[int | None]:
    """Each picture's own best sentence, shared or not, the first one on ties; None as in `assign_images`.

    >>> best_sentences([[0.9, 0.3], [0.8, 0.1]])
    [0, 0]
    """
    return _argmax(_matrix(similarity))


def _matrix(similarity: Any) -> NDArray[np.float64]:
    import numpy as np

    try:
        matrix = np.asarray(similarity, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise OptionError(
            "assign_images",
            got=f"no table of floats ({error})",
            valid="rows of equal length, one float a sentence",
            do="give one row an image",
        ) from None
    if matrix.shape == (0,):
        return matrix.reshape(0, 0)
    if matrix.ndim != 2:
        raise OptionError(
            "assign_images",
            got=f"an array of shape {matrix.shape}",
            valid="two dimensions: images x sentences",
            do="for a single image give [row]",
        )
    return matrix


def _argmax(matrix: NDArray[np.float64]) -> list[int | None]:
    import numpy as np

    if not matrix.shape[1]:
        return [None] * len(matrix)
    known = ~np.isnan(matrix)
    if known.all():
        found: list[int | None] = matrix.argmax(axis=1).tolist()
        return found
    # an unknown pair must lose against -inf as well, so the choice is among the known ones that reach the maximum
    top = np.where(known, matrix, -np.inf).max(axis=1, keepdims=True)
    first = (known & (matrix == top)).argmax(axis=1)
    return [int(column) if row.any() else None for column, row in zip(first, known, strict=True)]


def _finite(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same preferences in finite numbers: one NaN outweighs any -inf, one -inf any +inf, one +inf any sum."""
    import numpy as np

    finite = np.isfinite(matrix)
    if finite.all() and np.abs(matrix).max() < _HUGE:
        return matrix
    known = matrix[finite] if finite.any() else np.zeros(1)
    scale = max(1.0, float(np.abs(known).max()) / _HUGE)
    low, high = float(known.min()) / scale, float(known.max()) / scale
    pairs = min(matrix.shape) + 1
    worth = np.where(finite, matrix, 0.0) / scale
    for special, sign in ((np.isposinf(matrix), 1), (np.isneginf(matrix), -1), (np.isnan(matrix), -1)):
        if special.any():
            # more than any choice of the pairs so far can make good; no wider than need be, for the digits' sake
            step = pairs * max(high - low, abs(high) * 1e-9, 1e-9)
            if sign > 0:
                high += step
            else:
                low -= step
            worth[special] = high if sign > 0 else low
    return worth


@dataclass(frozen=True)
class Assign(Stage):
    """Give every picture its sentence (`Image.sentence`), by the similarities that `align.embed` set.

    rule: "mmc4" is `assign_images`: the largest sum with a sentence of its own for each picture (recipes of MMC4);
        "argmax" sends each picture to its own best sentence, so that several may share one.

    Pictures that were dropped, or that have no similarities (not read, or in a language that the scorer does not
    serve), take no part: they neither get a sentence nor keep one from another picture.
    """

    rule: str = "mmc4"

    rules: ClassVar[dict[str, str]] = {}
    facts: ClassVar[dict[str, str]] = {}

    def check(self) -> None:
        if self.rule not in RULES:
            raise OptionError(
                f"stage {self.id}, option rule", got=repr(self.rule), valid=", ".join(RULES), do="name one of them"
            )

    def process(self, batch: Batch, opened: Any) -> Batch:
        choose: Callable[[Any], list[int | None]] = assign_images if self.rule == "mmc4" else best_sentences
        for document in batch:
            scored: list[Image] = [image for image in document.images() if image.similarity is not None]
            for image, sentence in zip(scored, choose([image.similarity for image in scored]), strict=True):
                image.sentence = sentence
        return batch

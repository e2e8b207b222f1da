"""Measures candidate pairs, joins those that are near enough into clusters and names each cluster's keeper.

It does not look for candidates. Everything here counts documents by rank: the one to keep first, so that of two
documents the lower number stays, and no result depends on the order of the rows.

Clusters chain: if a is near b and b near c, then all three are one cluster even where a is not near c. Pairs are
measured before they are joined, so that only real neighbours chain; `stars` is the answer where that is too much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from obelics_like.dedup.ragged import Ragged, ramps

if TYPE_CHECKING:
    import numpy as np

_ELEMENTS = 1 << 20  # hashes sorted at once by `jaccard`: 8 MB, some 40 with what goes with them


@dataclass(frozen=True, slots=True)
class Links:
    """Pairs of ranks, left < right, with the Jaccard similarity measured for each (float64)."""

    left: np.ndarray
    right: np.ndarray
    jaccard: np.ndarray

    def where(self, mask: np.ndarray) -> Links:
        return Links(self.left[mask], self.right[mask], self.jaccard[mask])


def jaccard(sets: Ragged, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The Jaccard similarity of the sets in rows `left` and `right`, pair by pair; rows are ascending and distinct.

    Pairs are tagged with their number and sorted together: what both sets hold stands side by side.
    """
    import numpy as np

    lengths = sets.lengths
    ends = np.cumsum(lengths[left] + lengths[right])
    result = np.empty(len(left), np.float64)
    at = 0
    while at < len(left):
        before = ends[at - 1] if at else 0
        to = max(at + 1, int(np.searchsorted(ends, before + _ELEMENTS, side="right")))
        result[at:to] = _jaccard(sets, left[at:to], right[at:to])
        at = to
    return result


def _jaccard(sets: Ragged, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    import numpy as np

    rows = np.concatenate((left, right))
    sizes = sets.lengths[rows]
    pair = np.tile(np.arange(len(left), dtype=np.uint64), 2)
    at = np.repeat(sets.offsets[rows], sizes) + ramps(sizes)
    tagged = np.repeat(pair, sizes) << np.uint64(32) | sets.flat[at]
    tagged.sort()
    twice = tagged[1:][tagged[1:] == tagged[:-1]] >> np.uint64(32)
    shared = np.bincount(twice.astype(np.int64), minlength=len(left))
    union = sizes[: len(left)] + sizes[len(left) :] - shared
    similarity: np.ndarray = shared / np.maximum(union, 1)
    return similarity


def estimate(signatures: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The share of equal values in the signatures of each pair; standard deviation sqrt(J (1 - J) / permutations)."""
    import numpy as np

    result = np.empty(len(left), np.float64)
    step = max(1, _ELEMENTS // signatures.shape[1])
    for at in range(0, len(left), step):
        part = slice(at, at + step)
        result[part] = (signatures[left[part]] == signatures[right[part]]).mean(axis=1)
    return result


def components(count: int, links: Links) -> np.ndarray:
    """The rank of the document that stays, for each of `count` documents: the lowest of its connected component."""
    import numpy as np

    label = np.arange(count)
    while lower(label, links.left, links.right):
        pass
    return label


def stars(count: int, links: Links) -> np.ndarray:
    """As `components`, but a document goes only if it is linked to one that stays; best ranks choose first."""
    import numpy as np

    keeper = np.arange(count)
    choose(keeper, links)
    return keeper


def choose(keeper: np.ndarray, links: Links) -> None:
    """Go on with `stars`: the links to documents whose rank is above that of all links seen before."""
    import numpy as np

    order = np.lexsort((links.left, -links.jaccard, links.right))
    for left, right in zip(links.left[order].tolist(), links.right[order].tolist(), strict=True):
        if keeper[right] == right and keeper[left] == left:
            keeper[right] = left


def lower(label: np.ndarray, left: np.ndarray, right: np.ndarray) -> bool:
    """Give both ends of each link the lower of their labels and of those labels' labels; whether any changed.

    One step of the rounds by which `label`, where it begins as the documents' ranks, becomes what `components` gives.
    """
    import numpy as np

    a, b = label[left], label[right]
    low = np.minimum(label[np.minimum(a, b)], np.minimum(a, b))
    changed = bool((a != low).any() or (b != low).any())
    for at in (left, right, a, b):
        np.minimum.at(label, at, low)
    return changed


def witnesses(keeper: np.ndarray, links: Links) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """For each document that goes: its rank, that of the document that convicts it, their Jaccard, and its keeper.

    Convicted it is by its keeper, if they are linked, else by its nearest neighbour (ties: the better rank).
    """
    import numpy as np

    mine = np.concatenate((links.right, links.left))
    other = np.concatenate((links.left, links.right))
    return convicted(keeper[mine], mine, other, np.concatenate((links.jaccard, links.jaccard)))


def convicted(
    keeper: np.ndarray, mine: np.ndarray, other: np.ndarray, near: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """`witnesses` for the documents in `mine`, each with its keeper, of whom all links are there from their side."""
    import numpy as np

    goes = keeper != mine
    mine, other, near, keeper = mine[goes], other[goes], near[goes], keeper[goes]
    order = np.lexsort((other, -near, other != keeper, mine))
    rank, first = np.unique(mine[order], return_index=True)
    return rank, other[order][first], near[order][first], keeper[order][first]

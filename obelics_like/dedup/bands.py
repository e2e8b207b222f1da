"""Finds the pairs of signatures worth a look: those that agree in a whole band; it does not judge them.

A pair of Jaccard J meets in at least one of b bands of r rows with probability 1 - (1 - J**r)**b (Leskovec, Rajaraman,
Ullman, Mining of Massive Datasets, section 3.4).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from obelics_like.dedup.ragged import ramps

if TYPE_CHECKING:
    import numpy as np

MISS = 0.005
"""How often a pair just at the threshold may fail to meet in any band, where the banding is ours to choose."""


def banding(permutations: int, threshold: float, bands: int | None = None, rows: int | None = None) -> tuple[int, int]:
    """Bands and rows to use: what is given, else the most rows whose miss probability at the threshold is at most MISS.

    More rows let fewer unlike pairs through. Where even a single row misses more often, one row it is.

    >>> banding(256, 0.8)
    (32, 8)
    >>> banding(16, 0.8, rows=4)
    (4, 4)
    """
    if bands is not None:
        return bands, rows or permutations // bands
    if rows is not None:
        return permutations // rows, rows
    fits = [r for r in range(1, permutations + 1) if miss(threshold, permutations // r, r) <= MISS]
    best = max(fits, default=1)
    return permutations // best, best


def miss(jaccard: float, bands: int, rows: int) -> float:
    """The probability that a pair of this Jaccard meets in no band.

    >>> round(miss(0.8, 32, 8), 4)
    0.0028
    """
    return float((1 - jaccard**rows) ** bands)


def band_keys(signatures: np.ndarray, bands: int, rows: int, salt: np.ndarray) -> np.ndarray:
    """One 64-bit key a band of each row: the hash of the band's `rows` columns and of the row's `salt`.

    `signatures` is uint32 of shape (count, permutations); the result has the shape (count, bands). Rows of unlike salt
    (another language) never meet, nor do unlike bands.
    """
    import numpy as np

    drawn = _odd(bands, rows + 1)
    parts = signatures[:, : bands * rows].reshape(-1, bands, rows) * drawn[:, :rows]
    keys = parts.sum(axis=2, dtype=np.uint64) + drawn[:, rows] + salt[:, None]  # where a band is 0, its number tells
    return np.asarray(keys ^ keys >> np.uint64(32))


@lru_cache(maxsize=16)
def _odd(bands: int, count: int) -> np.ndarray:
    """`count` odd numbers for each band."""
    import numpy as np

    drawn = [np.random.SeedSequence((0x6F62, band)).generate_state(count, np.uint64) for band in range(bands)]
    return np.array(drawn) | np.uint64(1)


def hot(keys: np.ndarray, most: int) -> tuple[int, int]:
    """How many groups of equal keys are larger than `most`, and the size of the largest of them (0 if there is none).

    >>> import numpy
    >>> hot(numpy.array([7, 7, 7, 1, 2, 2]), 2)
    (1, 3)
    """
    import numpy as np

    ordered = np.sort(keys)
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(keys) else np.zeros(0, int)
    sizes = np.diff(np.append(starts, len(keys)))
    sizes = sizes[sizes > most]
    return len(sizes), int(sizes.max(initial=0))


def pairs(keys: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions (left, right) of pairs with equal keys, left < right, in groups that are small or cut small.

    In a group each of the first `most` members is paired with all before it, each later one with the first only: a
    group of g costs at most g * most / 2 + g pairs, and a hot band never g * g. `most` = 1 gives stars.
    """
    import numpy as np

    order = np.argsort(keys)
    ordered = keys[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1]))) if len(keys) else np.zeros(0, int)
    sizes = np.diff(np.append(starts, len(keys)))
    many = sizes > 1
    sizes = sizes[many]
    group = np.repeat(np.arange(len(sizes)), sizes)
    member = order[np.repeat(starts[many], sizes) + ramps(sizes)]
    member = member[np.lexsort((member, group))]  # the sort above is not stable
    place = ramps(sizes)
    links = np.where(place < most, place, np.minimum(place, 1))
    head = np.repeat(np.cumsum(sizes) - sizes, sizes)
    left = member[np.repeat(head, links) + ramps(links)]
    return left, np.repeat(member, links)

"""Finds the pairs of signatures worth a look: those that agree in a whole band; it does not judge them.

A pair of Jaccard J meets in at least one of b bands of r rows with probability 1 - (1 - J**r)**b (Leskovec, Rajaraman,
Ullman, Mining of Massive Datasets, section 3.4).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from obelics_like.dedup.ragged import ramps

if TYPE_CHECKING:
    import numpy as np

MISS = 0.005
"""How often a pair just at the threshold may fail to meet in any band, where the banding is ours to choose."""
_BLOCK = 1 << 16  # rows hashed at once: a band of them stays in the cache


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


def band_keys(chunks: Iterable[np.ndarray], count: int, band: int, rows: int, salt: np.ndarray) -> np.ndarray:
    """One 64-bit key a row (of `count`) for band number `band`: the hash of its `rows` columns and of the row's `salt`.

    `chunks` are the signatures, uint32 of shape (rows of the chunk, permutations), one after the other; they are read
    block by block and never joined. Rows of unlike salt (another language) never meet.
    """
    import numpy as np

    factors = _odd(rows, band)
    keys, at = np.empty(count, np.uint64), 0
    for chunk in chunks:
        for start in range(0, len(chunk), _BLOCK):
            part = chunk[start : start + _BLOCK, band * rows : (band + 1) * rows]
            key = salt[at : at + len(part)].copy()
            for column, factor in enumerate(factors):
                key += part[:, column] * factor
            keys[at : at + len(part)] = key ^ key >> np.uint64(32)
            at += len(part)
    return keys


def _odd(count: int, seed: int) -> np.ndarray:
    import numpy as np

    state = np.random.SeedSequence((0x6F62, seed)).generate_state(count, np.uint64)
    return state | np.uint64(1)


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

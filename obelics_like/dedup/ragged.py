"""Rows of unequal length in flat numpy arrays, and the two helpers that work on them; it knows no documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Ragged:
    """Row i is `flat[offsets[i]:offsets[i + 1]]`; `offsets` is int64 and one longer than there are rows."""

    flat: np.ndarray
    offsets: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        lengths: np.ndarray = self.offsets[1:] - self.offsets[:-1]
        return lengths

    def row(self, i: int) -> np.ndarray:
        return self.flat[self.offsets[i] : self.offsets[i + 1]]


def ramps(lengths: np.ndarray) -> np.ndarray:
    """0, 1, ..., length - 1 for each length, one after the other.

    >>> import numpy
    >>> ramps(numpy.array([2, 0, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    import numpy as np

    ramp: np.ndarray = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return ramp


def distinct(values: np.ndarray) -> np.ndarray:
    """The distinct values, ascending. It sorts: numpy.unique hashes since 2.3, 20 to 50 times slower here."""
    import numpy as np

    ordered: np.ndarray = np.sort(values)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered

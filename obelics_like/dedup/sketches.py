"""Sketches sets of shingle hashes as MinHash signatures, by rensa or by datasketch; it does not compare them.

Signatures of the two, or of other releases than rensa 0.5 and datasketch 2, are not comparable with one another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from obelics_like.dedup.ragged import Ragged

if TYPE_CHECKING:
    import numpy as np

BACKENDS = ("rensa", "datasketch")

Sketcher = Callable[[Ragged], "np.ndarray"]
"""From sets to signatures: uint32 of shape (sets, permutations). An empty set's signature means nothing."""


def sketcher(backend: str, permutations: int, seed: int) -> Sketcher:
    """The sketcher of one of BACKENDS; its library is imported here."""
    return (_rensa if backend == "rensa" else _datasketch)(permutations, seed)


def _rensa(permutations: int, seed: int) -> Sketcher:
    import numpy as np
    from rensa import RMinHash

    spread = np.uint64(0x9E3779B97F4A7C15)  # 32-bit hashes over the 64 bits that rensa expects

    def sketch(sets: Ragged) -> np.ndarray:
        hashes = sets.flat.astype(np.uint64) * spread
        matrix = RMinHash.digest_matrix_from_flat_token_hashes(
            hashes, sets.offsets.astype(np.uint64), permutations, seed
        )
        return np.array(matrix.to_rows(), np.uint32).reshape(-1, permutations)

    return sketch


def _datasketch(permutations: int, seed: int) -> Sketcher:
    import numpy as np
    from datasketch import MinHash

    def sketch(sets: Ragged) -> np.ndarray:
        # The scheme is pinned: it was another before release 2, and sketches carry no trace of it. The generator
        # shares one set of permutations; making them anew costs more than a sketch.
        rows = (sets.row(i).tolist() for i in range(len(sets.offsets) - 1))
        made = MinHash.generator(rows, num_perm=permutations, seed=seed, hashfunc=_same, scheme="affine32")
        return np.array([m.hashvalues for m in made], np.uint32).reshape(-1, permutations)

    return sketch


def _same(value: int) -> int:
    return value

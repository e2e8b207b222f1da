"""Finds connected components where links do not fit in memory: rounds of the lowest label, over parts of the links.

A label is a rank, at first each document's own. In a round each part of the links proposes to both ends of a link, and
to what these are labelled with, the lower of the labels there; each range of ranks then takes the lowest proposal. When
nothing is proposed any more, a document's label is the lowest rank of its component. It measures no pair.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from obelics_like.dedup import clusters
from obelics_like.dedup.runs import Runs, mapped, run_path, write

if TYPE_CHECKING:
    import numpy as np


_AT_ONCE = 1_000_000


class Labels:
    """The labels of `count` documents after `round_` rounds, in `parts` files, one for each even range of ranks."""

    def __init__(self, folder: Path, round_: int, parts: int, count: int) -> None:
        self.parts, self.count = parts, count
        self._paths = [run_path(folder, f"labels{round_}", part) for part in range(parts)]
        self._first = round_ == 0

    def __call__(self, ranks: np.ndarray) -> np.ndarray:
        """The labels of some ranks (int64)."""
        import numpy as np

        if self._first:
            return ranks
        found = np.empty(len(ranks), np.int64)
        starts = np.array([part * self.count // self.parts for part in range(self.parts)])
        which = np.searchsorted(starts, ranks, "right") - 1
        for part in np.unique(which).tolist():
            here = which == part
            found[here] = np.memmap(self._paths[part], np.int64, "r")[ranks[here] - starts[part]]
        return found

    def part(self, part: int) -> np.ndarray:
        """All labels of a part, in memory."""
        import numpy as np

        low, high = (n * self.count // self.parts for n in (part, part + 1))
        return np.arange(low, high) if self._first else np.fromfile(self._paths[part], np.int64)


def propose(labels: Labels, links: clusters.Links, path: Path) -> int:
    """Write the lower labels that links propose (rank, label; each rank once, ascending); how many there are."""
    import numpy as np

    a, b = labels(links.left), labels(links.right)
    beyond_a, beyond_b = labels(a), labels(b)
    low = np.minimum(beyond_a, beyond_b)
    ends = np.concatenate((links.left, links.right, a, b))
    lower = np.tile(low, 4)
    fewer = lower < np.concatenate((a, b, beyond_a, beyond_b))
    ends, lower = ends[fewer], lower[fewer]
    order = np.lexsort((lower, ends))
    ends, at = np.unique(ends[order], return_index=True)
    write(path, (ends, lower[order][at]))
    return len(ends)


def take_lowest(labels: Labels, part: int, proposals: Runs, path: Path) -> None:
    """Write the labels of a part after a round."""
    import numpy as np

    ranks, lower = proposals.read(part, labels.parts, labels.count).astype(np.int64)
    label = labels.part(part)
    np.minimum.at(label, ranks - part * labels.count // labels.parts, lower)
    write(path, (label,))


def choose_stars(count: int, parts: Iterable[clusters.Links], path: Path) -> None:
    """Write the label of each document by `clusters.stars`, from parts of the links in the order of their ranks."""
    import numpy as np

    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    label = mapped(temporary, np.int64, max(1, count))
    for at in range(0, count, _AT_ONCE):
        label[at : at + _AT_ONCE] = np.arange(at, min(count, at + _AT_ONCE))
    for links in parts:
        clusters.choose(label, links)
    label.flush()  # type: ignore[attr-defined]
    os.replace(temporary, path)


def links_of(sides: np.ndarray) -> clusters.Links:
    """Of sides (judged, other, bits of the Jaccard), which hold each link twice, the links once: left < right."""
    import numpy as np

    judged, other, bits = sides[:, sides[1] < sides[0]]
    return clusters.Links(other.astype(np.int64), judged.astype(np.int64), bits.view(np.float64))

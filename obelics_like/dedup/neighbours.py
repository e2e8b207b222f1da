"""Takes the rows of the near-duplicate stage to pairs, clusters and drops, within a bound of memory.

What a pair and a cluster are is said in `bands` and `clusters`; here is how they are come by when nothing fits: keys
of bands go to parts by their value, pairs to parts by their better rank, links to parts by the document they judge.
Each part is worked on alone. Numbers of parts follow from `memory` and change no result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from obelics_like.dedup import clusters
from obelics_like.dedup.bands import hot, pairs
from obelics_like.dedup.ragged import distinct
from obelics_like.dedup.ranks import Ranks, rank
from obelics_like.dedup.spill import Spill
from obelics_like.rows import Rows

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_KEY_COST = 6  # what finding the pairs of records takes, in times their bytes (measured: 5)
_LINK_COST = 100  # bytes a link that components and witnesses take, all at once
_MOST_PARTS = 4096

Measure = Callable[[Ranks, "np.ndarray", "np.ndarray"], clusters.Links]
"""From ranks of pairs, left < right, to those near enough."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Documents that go, ascending by rank: rank, who convicts it, their Jaccard, and who stays in its stead."""

    rank: np.ndarray
    by: np.ndarray
    near: np.ndarray
    keeper: np.ndarray


class Neighbours:
    """One decision: its rows, its folder, and how far it may go in memory."""

    def __init__(self, rows: Rows, folder: Path, most: int, measure: Measure) -> None:
        self._rows, self._folder, self._most, self._measure = rows, folder, most, measure
        self._memory = rows.memory
        self.ranks = rank(rows, folder)

    def verdicts(self, chain: bool) -> Iterator[Verdicts]:
        """The documents of this run that go, part by part."""
        links = self.links()
        if links.count * _LINK_COST <= self._memory:
            yield from self._at_once(links, chain)
        else:
            yield from self._by_parts(links, chain)

    def links(self) -> Spill:
        """All pairs found near enough: left, right, and the bits of their Jaccard."""
        import numpy as np

        links = Spill(self._folder, "links", 3, 1, self._memory // 4)
        twin = np.memmap(self._folder / "twin", bool, "w+", shape=max(1, len(self.ranks)))
        for left, right in self._twins(twin):
            links.add(_records(left, right, np.ones(len(left)).view(np.uint64)))
        for left, right in self._candidates(twin):
            found = self._measure(self.ranks, left, right)
            links.add(_records(found.left, found.right, found.jaccard.view(np.uint64)))
        return links

    def _twins(self, twin: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Each equal set with the best of its like; it is marked and looked at no more: no band gets hot by it."""
        spill = self._spill("prints", 2, len(self.ranks) * 16 * _KEY_COST)
        for ranks, part in self._ranked(["fingerprint"]):
            self._add_keys(spill, part["fingerprint"].to_numpy(), ranks)
        for records in spill.drain():
            left, right = self._pairs(records, 1)
            twin[right] = True
            yield left, right

    def _candidates(self, twin: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The distinct pairs that share a band, in their order, so many at a time as can be measured."""
        import numpy as np

        count = len(self.ranks)
        width = next((p.schema.field("bands").type.list_size for p in self._rows.parts(["bands"])), 1)
        spill = self._spill("bands", 2, count * width * 16 * _KEY_COST)
        for ranks, part in self._ranked(["bands"]):
            keys = part["bands"].combine_chunks().flatten().to_numpy().reshape(-1, width)
            there = ~twin[ranks]
            self._add_keys(spill, keys[there].ravel(), np.repeat(ranks[there], width))
        found = Spill(self._folder, "pairs", 1, min(_MOST_PARTS, 8 * spill.parts), self._memory // 8)
        capped = largest = 0
        for records in spill.drain():
            groups, size = hot(records[:, 0], self._most)
            capped, largest = capped + groups, max(largest, size)
            left, right = self._pairs(records, self._most)
            code = distinct(left.astype(np.uint64) * np.uint64(count) + right.astype(np.uint64))
            found.add(
                code[:, None], (code // np.uint64(count) * np.uint64(found.parts) // np.uint64(count)).astype(int)
            )
        if capped:
            self._rows.note(
                f"{capped} bands held more than {self._most} pages (the largest {largest}): beyond those, pages were"
                " compared with the first of their band only"
            )
        for codes in found.drain():
            code = distinct(codes.ravel())
            yield from self._fitting((code // np.uint64(count)).astype(int), (code % np.uint64(count)).astype(int))

    def _fitting(self, left: np.ndarray, right: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Pairs cut so that the shingles of each cut take an eighth of the memory at most."""
        import numpy as np

        fresh = right >= self.ranks.held  # what earlier runs kept stays: it is not measured against its like
        left, right = left[fresh], right[fresh]
        ends = np.cumsum(4 * (self.ranks.sizes[left].astype(np.int64) + self.ranks.sizes[right]) + 64)
        at = 0
        while at < len(left):
            before = ends[at - 1] if at else 0
            to = max(at + 1, int(np.searchsorted(ends, before + self._memory // 8, side="right")))
            yield left[at:to], right[at:to]
            at = to

    def _pairs(self, records: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Ranks of the pairs of records (key, rank) with equal keys, left < right."""
        import numpy as np

        records = records[np.argsort(records[:, 1])]
        left, right = pairs(records[:, 0], most)
        ranks = records[:, 1].astype(np.int64)
        return ranks[left], ranks[right]

    def _ranked(self, columns: list[str]) -> Iterator[tuple[np.ndarray, pa.Table]]:
        """Parts of the rows that have shingles, with their ranks."""
        import numpy as np
        import pyarrow as pa

        at = 0
        for part in self._rows.parts([*columns, "size"]):
            ranks = np.array(self.ranks.of_row[at : at + part.num_rows])
            at += part.num_rows
            some = part["size"].to_numpy() > 0
            yield ranks[some], part.filter(pa.array(some))

    def _spill(self, name: str, width: int, cost: int) -> Spill:
        """A spill with as many parts as bring `cost` bytes of work down to the memory each."""
        parts = min(_MOST_PARTS, max(1, -(-cost // self._memory)))
        return Spill(self._folder, name, width, parts, self._memory // 8)

    def _add_keys(self, spill: Spill, keys: np.ndarray, ranks: np.ndarray) -> None:
        import numpy as np

        part = ((keys >> np.uint64(32)) * np.uint64(spill.parts) >> np.uint64(32)).astype(int)
        spill.add(np.stack((keys, ranks.astype(np.uint64)), 1), part)

    def _at_once(self, links: Spill, chain: bool) -> Iterator[Verdicts]:
        """All links in memory, their ends counted anew without gaps."""
        import numpy as np

        found = _links(links.read(0))
        nodes, ends = np.unique(np.concatenate((found.left, found.right)), return_inverse=True)
        local = clusters.Links(ends[: len(found.left)], ends[len(found.left) :], found.jaccard)
        keeper = (clusters.components if chain else clusters.stars)(len(nodes), local)
        goes, by, near = clusters.witnesses(keeper, local)
        yield self._fresh(nodes[goes], nodes[by], near, nodes[keeper[goes]])
        if len(nodes):
            self._rows.note(f"{links.count} links fit in memory: clusters by one pass over the graph")

    def _by_parts(self, links: Spill, chain: bool) -> Iterator[Verdicts]:
        """Labels in a file, links read as often as labels fall; then the documents part by part."""
        import numpy as np

        count, rounds = len(self.ranks), 0
        keeper = np.memmap(self._folder / "keeper", np.int64, "w+", shape=count)
        keeper[:] = np.arange(count)
        parts = min(_MOST_PARTS, -(-2 * links.count * _LINK_COST // self._memory))
        sides = Spill(self._folder, "sides", 3, parts, self._memory // 8)
        chunk = max(1, self._memory // _LINK_COST)
        changed = chain
        while changed:
            found = [clusters.lower(keeper, link.left, link.right) for link in _all(links, chunk)]
            changed, rounds = any(found), rounds + 1
        for records in links.chunks(0, chunk):
            for side in (records, records[:, [1, 0, 2]]):
                sides.add(side, (side[:, 1] * np.uint64(parts) // np.uint64(count)).astype(int))
        if not chain:
            for part in range(parts):
                link = _links(sides.read(part))
                clusters.choose(keeper, link.where(link.left < link.right))
        for records in sides.drain():
            link = _links(records)
            goes, by, near = clusters.convicted(keeper, link.right, link.left, link.jaccard)
            yield self._fresh(goes, by, near, keeper[goes])
        how = f"rounds of the lowest label over them ({rounds})" if chain else f"{parts} parts in turn"
        self._rows.note(f"{links.count} links do not fit in memory: clusters by {how}")

    def _fresh(self, goes: np.ndarray, by: np.ndarray, near: np.ndarray, keeper: np.ndarray) -> Verdicts:
        """Without what earlier runs kept: that stays, also where a new page now joins two of it."""
        new = goes >= self.ranks.held
        return Verdicts(goes[new], by[new], near[new], keeper[new])


def _records(left: np.ndarray, right: np.ndarray, bits: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.stack((left.astype(np.uint64), right.astype(np.uint64), bits), 1)


def _links(records: np.ndarray) -> clusters.Links:
    import numpy as np

    left, right, bits = np.ascontiguousarray(records.T)
    return clusters.Links(left.astype(np.int64), right.astype(np.int64), bits.view(np.float64))


def _all(links: Spill, chunk: int) -> Iterator[clusters.Links]:
    return (_links(records) for records in links.chunks(0, chunk))

"""Takes the rows of the near-duplicate stage to pairs, clusters and drops, in pieces that any worker may do.

What a pair and a cluster are is said in `bands` and `clusters`; here is how they are come by when nothing fits in one
memory, nor in one worker. Pages are ranked; groups of rows write their keys, sorted; ranges of keys find pairs, ranges
of pairs are measured, and links are judged by ranges of documents. What one piece leaves for another are files of
`runs`. How many pieces there are follows from the memory and changes no result.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from obelics_like.dedup import clusters
from obelics_like.dedup.bands import hot, pairs
from obelics_like.dedup.labels import Labels, choose_stars, links_of, propose, take_lowest
from obelics_like.dedup.ragged import distinct
from obelics_like.dedup.ranks import Ranks, open_ranks, rank
from obelics_like.dedup.runs import HASHES, Runs, run_path, write
from obelics_like.rows import Rows
from obelics_like.stage import Plan, Step

if TYPE_CHECKING:
    import numpy as np

_KEY = 24
"""Bytes of a key of a band with its page's rank and fingerprint."""
_KEY_COST = 3
"""What sorting keys and finding their pairs takes, in times their bytes."""
_PAIR_COST = 200
"""Bytes that a pair takes before it is measured, where twice as many as usual come together."""
_LINK_COST = 100
"""Bytes that a link takes in components and witnesses."""
_KEYS_A_PIECE = 32_000_000
"""Bytes of keys that are enough for one piece, so that there is work for many workers."""
_PAIRS_A_PIECE = 50_000
_LINKS_A_PIECE = 500_000
_MANY = 2_000
"""More pieces than this are cut for want of memory only: each reads of the files of all pieces of the step before."""

Measure = Callable[[Ranks, "np.ndarray", "np.ndarray"], clusters.Links]
"""From ranks of pairs, left < right, to those near enough."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Documents that go, ascending by rank: rank, who convicts it, their Jaccard, and who stays in its stead."""

    rank: np.ndarray
    by: np.ndarray
    near: np.ndarray
    keeper: np.ndarray


def _linking(memory: int, width: int, most: int) -> Generator[list[Step], list[dict[str, Any]], dict[str, Any]]:
    """The steps to links; gives what is known then, with `notes`."""
    (ranked,) = yield [Step("rank", told={"width": width, "memory": memory, "enough": _KEYS_A_PIECE})]
    groups, told = ranked.pop("groups"), {**ranked, "width": width, "most": most}
    yield [Step("keys", n, len(groups), {**told, "group": group}) for n, group in enumerate(groups)]
    told["groups"] = len(groups)
    size = told["count"] * _KEY
    twins = _pieces(size, memory // _KEY_COST, _KEYS_A_PIECE)
    found = yield _steps("twins", twins, told)
    links = sum(f["links"] for f in found)
    bands = _pieces(size * width, memory // _KEY_COST, _KEYS_A_PIECE)
    found = yield _steps("pairs", bands, told)
    told |= {"twins": twins, "bands": bands}
    notes = _hot_note(found, most)
    total = sum(f["pairs"] for f in found)
    measured = _pieces(total, memory // _PAIR_COST, _PAIRS_A_PIECE)
    found = yield _steps("measure", measured, told)
    return {**told, "measured": measured, "links": links + sum(f["links"] for f in found), "notes": notes}


def deciding(memory: int, width: int, most: int, chain: bool) -> Plan:
    """The steps of a decision over pages with `width` bands each; gives what there is to say of it.

    A band of more than `most` pages is hot. The last steps are for `Piece.judge`, all others for `Piece.do`.
    """
    told = yield from _linking(memory, width, most)
    notes, links = told.pop("notes"), told["links"]
    if links * _LINK_COST <= memory:
        yield [Step("judge", told={**told, "chain": chain}, last=True)]
        return [*notes, *([f"clusters in one piece: their links ({links:,}) fit in memory"] if links else [])]
    told["parts"] = parts = _pieces(2 * links, memory // _LINK_COST, _LINKS_A_PIECE)
    told["labels"] = _pieces(told["count"] * 8, memory // 4, _KEYS_A_PIECE) if chain else 1
    rounds = 0
    if not chain:
        yield [Step("choose", told=told)]
        rounds = 1
    while chain:
        found = yield _steps("propose", parts, {**told, "round": rounds})
        if not sum(f["proposals"] for f in found):
            break
        yield _steps("lower", told["labels"], {**told, "round": rounds})
        rounds += 1
    yield _steps("tell", parts, {**told, "round": rounds}, last=True)
    how = f"{rounds} rounds of the lowest label over {parts} parts" if chain else f"{parts} parts in turn"
    return [*notes, f"clusters by {how}: their links ({links:,}) do not fit in memory"]


def _pieces(size: int, most: int, enough: int) -> int:
    """Into how many pieces work of a size is cut: of `enough` each, of more where that would be too many, never of more
    than the memory allows: `most`."""
    return max(1, -(-size // max(1, min(most, max(enough, size // _MANY)))))


def _steps(name: str, parts: int, told: dict[str, Any], last: bool = False) -> list[Step]:
    return [Step(name, part, parts, told, last) for part in range(parts)]


def _hot_note(found: list[dict[str, Any]], most: int) -> list[str]:
    capped = sum(f["hot"] for f in found)
    if not capped:
        return []
    largest = max(f["largest"] for f in found)
    return [
        f"{capped:,} bands held more than {most:,} pages (the largest {largest:,}): beyond those, pages were"
        " compared with the first of their band only"
    ]


class Piece:
    """Does steps: reads the rows and what other pieces left in the folder, and leaves files there itself."""

    def __init__(self, rows: Rows, folder: Path, measure: Measure) -> None:
        self._rows, self._folder, self._measure = rows, folder, measure

    def do(self, step: Step) -> dict[str, Any]:
        """Do a step that is not a last one; what its plan wants to know of it."""
        what: dict[str, Callable[[Step], dict[str, Any]]] = {
            "rank": self._rank,
            "keys": self._keys,
            "twins": self._twins,
            "pairs": self._pairs,
            "measure": self._measured,
            "choose": self._choose,
            "propose": self._propose,
            "lower": self._lower,
        }
        return what[step.name](step)

    def files(self, step: Step) -> list[Path]:
        """What a step that is not a last one leaves."""
        names: dict[str, tuple[str, ...]] = {
            "rank": ("docs", "sizes", "rows"),
            "keys": ("prints", "bands"),
            "choose": ("labels1",),
            "propose": (f"proposals{step.told.get('round')}",),
            "lower": (f"labels{step.told.get('round', 0) + 1}",),
        }
        return [run_path(self._folder, name, step.part) for name in names.get(step.name, (step.name,))]

    def judge(self, step: Step) -> Verdicts:
        """Do a last step."""
        import numpy as np

        count, sides = step.told["count"], self.sides(step, step.part, step.parts)
        if step.name == "tell":
            judged, other, bits = sides
            mine = judged.astype(np.int64)
            keeper = Labels(self._folder, step.told["round"], step.told["labels"], count)(mine)
            goes, by, near, keeper = clusters.convicted(keeper, mine, other.astype(np.int64), bits.view(np.float64))
            return self._fresh(step, goes, by, near, keeper)
        found = links_of(sides)
        nodes, ends = np.unique(np.concatenate((found.left, found.right)), return_inverse=True)
        local = clusters.Links(ends[: len(found.left)], ends[len(found.left) :], found.jaccard)
        keeper = (clusters.components if step.told["chain"] else clusters.stars)(len(nodes), local)
        goes, by, near, stays = clusters.witnesses(keeper, local)
        return self._fresh(step, nodes[goes], nodes[by], near, nodes[stays])

    def ranks(self, step: Step) -> Ranks:
        """The ranks, once they are there."""
        paths = self.files(Step("rank"))
        return open_ranks(paths, step.told["count"], step.told["held"])

    def sides(self, step: Step, part: int = 0, parts: int = 1) -> np.ndarray:
        """Links as (judged, other, bits of the Jaccard), each from both sides, of a range of who is judged."""
        import numpy as np

        named = (("twins", step.told["twins"]), ("measure", step.told["measured"]))
        runs = [Runs(self._folder, name, count, 3) for name, count in named]
        return np.concatenate([run.read(part, parts, step.told["count"]) for run in runs], axis=1)

    def _rank(self, step: Step) -> dict[str, Any]:
        with TemporaryDirectory(dir=self._folder) as inner:
            ranks = rank(self._rows, Path(inner))
            for made, final in zip(ranks.files(Path(inner)), self.files(step), strict=True):
                os.replace(made, final)
        size = _KEY * step.told["width"]
        groups = _pieces(len(ranks) * size, step.told["memory"] // _KEY_COST, step.told["enough"])
        return {"count": len(ranks), "held": ranks.held, "groups": self._rows.groups(-(-len(ranks) // groups))}

    def _keys(self, step: Step) -> dict[str, Any]:
        """The keys of a group of rows: of whole sets, and of bands, with the page's fingerprint."""
        import numpy as np

        first, stop, row = step.told["group"]
        of_row = self.ranks(step).of_row
        ranks, prints, bands = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)]
        for part in self._rows.parts(["fingerprint", "bands", "size"], first, stop):
            some = part["size"].to_numpy() > 0
            ranks.append(of_row[row : row + part.num_rows][some].astype(np.uint64))
            prints.append(part["fingerprint"].to_numpy()[some])
            bands.append(part["bands"].combine_chunks().flatten().to_numpy().reshape(len(some), -1)[some].ravel())
            row += part.num_rows
        of, print_, keys = np.concatenate(ranks), np.concatenate(prints), np.concatenate(bands)
        prints_path, bands_path = self.files(step)
        order = np.argsort(print_)
        write(prints_path, (print_[order], of[order]))
        order = np.argsort(keys)
        page = order // step.told["width"]
        write(bands_path, (keys[order], of[page], print_[page]))
        return {}

    def _twins(self, step: Step) -> dict[str, Any]:
        """Each equal set with the best of its like: they are near without being measured."""
        import numpy as np

        keys, ranks = Runs(self._folder, "prints", step.told["groups"], 2).read(step.part, step.parts, HASHES)
        order = _shared(keys)
        order = order[np.argsort(ranks[order])]
        left, right = pairs(keys[order], 1)
        of = ranks[order].astype(np.int64)
        return self._write_sides(step, clusters.Links(of[left], of[right], np.ones(len(left))))

    def _pairs(self, step: Step) -> dict[str, Any]:
        """The distinct pairs that share a band of this range. Of equal sets the best alone is looked at, so that no
        band gets hot by them; what earlier runs kept stays, and is not paired with its like."""
        import numpy as np

        keys, ranks, prints = Runs(self._folder, "bands", step.told["groups"], 3).read(step.part, step.parts, HASHES)
        order = _shared(keys)
        keys, ranks, prints = keys[order], ranks[order], prints[order]
        order = np.lexsort((ranks, prints, keys))
        keys, ranks, prints = keys[order], ranks[order], prints[order]
        twin = np.append(False, (keys[1:] == keys[:-1]) & (prints[1:] == prints[:-1]))[: len(keys)]
        keys, ranks = keys[~twin], ranks[~twin]
        order = np.argsort(ranks, kind="stable")
        keys, ranks = keys[order], ranks[order]
        groups, largest = hot(keys, step.told["most"])
        left, right = pairs(keys, step.told["most"])
        fresh = ranks[right] >= step.told["held"]
        count = np.uint64(max(1, step.told["count"]))
        code = distinct(ranks[left[fresh]] * count + ranks[right[fresh]])
        write(self.files(step)[0], (code // count, code % count))
        return {"hot": groups, "largest": largest, "pairs": len(code)}

    def _measured(self, step: Step) -> dict[str, Any]:
        import numpy as np

        count = np.uint64(max(1, step.told["count"]))
        found = Runs(self._folder, "pairs", step.told["bands"], 2).read(step.part, step.parts, int(count))
        code = distinct(found[0] * count + found[1])
        ranks = self.ranks(step)
        cuts = self._fitting(ranks, (code // count).astype(np.int64), (code % count).astype(np.int64))
        links = [self._measure(ranks, left, right) for left, right in cuts]
        parts = [
            np.concatenate([getattr(link, name) for link in links] or [np.zeros(0, kind)])
            for name, kind in (("left", np.int64), ("right", np.int64), ("jaccard", np.float64))
        ]
        return self._write_sides(step, clusters.Links(*parts))

    def _fitting(self, ranks: Ranks, left: np.ndarray, right: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Pairs cut so that the shingles of each cut take an eighth of the memory at most."""
        import numpy as np

        ends = np.cumsum(4 * (ranks.sizes[left].astype(np.int64) + ranks.sizes[right]) + 64)
        at = 0
        while at < len(left):
            before = ends[at - 1] if at else 0
            to = max(at + 1, int(np.searchsorted(ends, before + self._rows.memory // 8, side="right")))
            yield left[at:to], right[at:to]
            at = to

    def _write_sides(self, step: Step, links: clusters.Links) -> dict[str, Any]:
        import numpy as np

        judged = np.concatenate((links.right, links.left))
        order = np.argsort(judged, kind="stable")
        other = np.concatenate((links.left, links.right))
        bits = np.tile(links.jaccard, 2).view(np.uint64)
        write(self.files(step)[0], (judged[order], other[order], bits[order]))
        return {"links": len(links.left)}

    def _choose(self, step: Step) -> dict[str, Any]:
        parts = (links_of(self.sides(step, part, step.told["parts"])) for part in range(step.told["parts"]))
        choose_stars(step.told["count"], parts, self.files(step)[0])
        return {}

    def _propose(self, step: Step) -> dict[str, Any]:
        labels = Labels(self._folder, step.told["round"], step.told["labels"], step.told["count"])
        links = links_of(self.sides(step, step.part, step.parts))
        return {"proposals": propose(labels, links, self.files(step)[0])}

    def _lower(self, step: Step) -> dict[str, Any]:
        round_, told = step.told["round"], step.told
        labels = Labels(self._folder, round_, step.parts, told["count"])
        proposals = Runs(self._folder, f"proposals{round_}", told["parts"], 2)
        take_lowest(labels, step.part, proposals, self.files(step)[0])
        return {}

    def _fresh(self, step: Step, goes: np.ndarray, by: np.ndarray, near: np.ndarray, keeper: np.ndarray) -> Verdicts:
        """Without what earlier runs kept: that stays, also where a new page now joins two of it."""
        new = goes >= step.told["held"]
        return Verdicts(goes[new], by[new], near[new], keeper[new])


def _shared(keys: np.ndarray) -> np.ndarray:
    """Positions of the keys that are there more than once, ascending by key."""
    import numpy as np

    order = np.argsort(keys)
    ordered = keys[order]
    same = ordered[1:] == ordered[:-1]
    many = np.append(same, False) | np.append(False, same)
    shared: np.ndarray = order[many[: len(order)]]
    return shared

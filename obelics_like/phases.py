"""Takes the shards through the segments of a recipe, barrier by barrier, and closes in on pages that kill workers.

It reads no page and decides nothing; what it hands back is what the tasks published, and the counts of the whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from obelics_like.barrier import Runs, decide_barrier
from obelics_like.engines import Failure
from obelics_like.ledger import Ledger
from obelics_like.plan import DOCUMENTS_A_PART, Segment, Shard, digest
from obelics_like.store.assemble import Piece
from obelics_like.tasks.deciding import PACK
from obelics_like.tasks.mapping import KILLS, Before, MapItem, bury_shards, map_shards
from obelics_like.tasks.whereabouts import guilty

MOST_DEADLY = 8
"""Pages of one shard that may be given up one by one: more of them are a fault of a stage or of the machine, and the
shard is given up as a whole. So often, too, may a run begin anew without a page that killed in a later segment."""


@dataclass(frozen=True, slots=True)
class Done:
    """What is kept of an item's result once it was counted: there are as many as shards, so it is little.

    `files` are the names and digests of what becomes part of the output, `rows` the names of its rows for the barrier.
    """

    documents: int
    files: tuple[tuple[str, str], ...]
    rows: tuple[str, ...]
    quarantine: list[dict[str, Any]]
    unreached: bool


@dataclass
class Made:
    """What the tasks of the segments published, to be put together into the output folder, and what they counted."""

    corpus: list[Piece] = field(default_factory=list)
    dropped: list[Piece] = field(default_factory=list)
    packs: list[Piece] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    quarantine: list[dict[str, Any]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    """The folders of work that all of this stands on."""


def take_through(run: Runs, segments: list[Segment], shards: list[Shard]) -> Made:
    """Take all shards through all segments.

    A page that killed its workers in a later segment had its say at the barriers before it: the run begins anew
    without it, so that the corpus is the same as if the page had not been in the input. What no barrier touched is
    used again.
    """
    for again in range(MOST_DEADLY, -1, -1):
        run.remembered.clear()
        passage = _Passage(run, segments, list(shards), anew=again > 0)
        try:
            return passage.take()
        except _Anew:
            shards = passage.shards
    raise AssertionError("the last passage does not begin anew")


class _Anew(Exception):
    """Pages were found that kill; the passage's shards are without them."""


class _Passage:
    """One way of all shards through all segments. With `anew`, a page that kills in a later segment ends it."""

    def __init__(self, run: Runs, segments: list[Segment], shards: list[Shard], anew: bool) -> None:
        self.run, self.segments, self.shards, self.anew = run, segments, shards, anew
        self.made = Made()
        self.lost: list[str] = []
        self.weights: Counter[str] = Counter()
        """What the buckets of the barrier ahead weigh."""
        self.alive = {shard.number: sum(r.stop - r.start for r in shard.ranges) for shard in shards}

    def take(self) -> Made:
        """Do it. Raises _Anew."""
        before: Before | None = None
        for planned in self.segments:
            # what follows a loss is no result of the whole, and is kept apart from it: the next run tries again
            apart = f"{planned.folder}-without-{digest(*self.lost)}" if self.lost else planned.folder
            segment = replace(planned, folder=apart)
            self.made.folders.append(apart)
            self.weights.clear()
            published: list[str] = []
            for item, done in self._map(segment, before):
                self._take(item, done)
                if done.unreached:  # in part: what is made of the rest is kept apart too
                    part = f"{segment.folder}/{item.number} without {digest(*done.quarantine)}"
                    self.lost.append(part)
                    published.append(part)
                published += done.rows
            if planned is not self.segments[-1]:
                before = self._decide(segment, tuple(published))
        return self.made

    def _map(self, segment: Segment, before: Before | None) -> list[tuple[MapItem, Done]]:
        last = segment.barrier == ()
        groups = groups_of(self.shards, self.alive) if last else [(s,) for s in self.shards if self.alive[s.number]]
        self.alive = dict.fromkeys(self.alive, 0)
        items = [
            MapItem(self.run.job, segment, before, n if last else group[0].number, group, last)
            for n, group in enumerate(groups)
        ]
        phase = f"{segment.number} {segment.name}"
        found = self.run.map(phase, map_shards, items, self._count)
        if before is None:
            found = self._without_the_deadly(phase, found)
        elif self.anew and (deadly := [page for item, f in found if (page := _deadly(item, f))]):
            for ordinal, reason in deadly:
                self._leave_out(ordinal, reason)
            raise _Anew
        found = list(self._shard_by_shard(phase, found))
        return [(item, self._bury(item, f) if isinstance(f, Failure) else f) for item, f in found]

    def _without_the_deadly(self, phase: str, found: list[tuple[MapItem, Any]]) -> list[tuple[MapItem, Any]]:
        """Do the items that failed again, each time without the page that killed, until none does."""
        done = {item.number: (item, result) for item, result in found}
        while items := [i for item, f in done.values() if (i := self._spared(item, f))]:
            done |= {i.number: (i, f) for i, f in self._again(f"{phase}, without what kills", items)}
        self.lost += [f"page {ordinal}" for shard in self.shards for ordinal, _ in shard.without]
        return [done[number] for number in sorted(done)]

    def _spared(self, item: MapItem, found: Any) -> MapItem | None:
        page = _deadly(item, found)
        if page is None or sum(len(s.without) for s in item.shards) >= MOST_DEADLY * len(item.shards):
            return None
        self._leave_out(*page)
        return replace(item, shards=tuple(self.shards[s.number] for s in item.shards))

    def _leave_out(self, ordinal: int, reason: str) -> None:
        """Take a page out of the shard that holds it."""
        for place, shard in enumerate(self.shards):
            if any(r.first + r.start <= ordinal < r.first + r.stop for r in shard.ranges):
                self.shards[place] = replace(shard, without=tuple(sorted([*shard.without, (ordinal, reason)])))

    def _again(self, phase: str, items: list[MapItem]) -> list[tuple[MapItem, Any]]:
        return self.run.map(phase, map_shards, items, self._count)

    def _shard_by_shard(self, phase: str, found: list[tuple[MapItem, Any]]) -> Iterator[tuple[MapItem, Any]]:
        """What failed as a group of shards is tried shard by shard."""
        for item, result in found:
            if isinstance(result, Failure) and len(item.shards) > 1:
                parts = [replace(item, shards=(s,), number=len(found) + s.number) for s in item.shards]
                yield from self._again(f"{phase}, shard by shard", parts)
            else:
                yield item, result

    def _count(self, item: MapItem, result: Any) -> Any:
        """Count a result as it comes, in whatever order; gives what is kept of it."""
        if isinstance(result, Failure):
            return result
        self.made.ledger += Ledger.from_value(result["ledger"])
        for counts in result["weights"].values():
            self.weights.update(counts)
        names = [f["name"] for f in result["files"]]
        output = [
            (f["name"], f["sha256"])
            for f in result["files"]
            if f["name"].startswith(("pages-", "nodes-")) or (item.last and f["rows"])
        ]
        rows = tuple(n for n in names if n.startswith("rows-"))
        return Done(result["documents"], tuple(output), rows, result["quarantine"], result["unreached"])

    def _bury(self, item: MapItem, failure: Failure) -> Done:
        self.lost.append(f"{item.segment.folder}/{item.number}")
        reason = _reason(failure)
        names = ", ".join(sorted({r.source.name for s in item.shards for r in s.ranges}))
        self.made.failures.append(
            f"pages of {names}: {reason} in phase {item.segment.name}, and no one page did it; they were dropped"
        )
        done: Done = self._count(item, bury_shards(item, reason))
        return done

    def _take(self, item: MapItem, done: Done) -> None:
        made = self.made
        made.quarantine += done.quarantine
        made.failures += [
            f"page {row['url']} of {row['input']}, byte {row['offset']}: {row['reason']}; it was dropped"
            for row in done.quarantine
            if row["rule"] == KILLS
        ]
        self.alive[item.number] = done.documents
        folder: Path = self.run.job.work / item.segment.folder
        for name, sha256 in done.files:
            (made.dropped if name.startswith(("pages-", "nodes-")) else made.corpus).append(
                Piece(folder / name, sha256)
            )

    def _decide(self, segment: Segment, published: tuple[str, ...]) -> Before:
        decided = decide_barrier(self.run, segment, published, self.weights)
        self.lost += [f"{segment.folder}/{key}" for key in decided.lost]
        self.made.failures += [
            f"{segment.name}: {key} killed its worker; the pages that hold it were dropped" for key in decided.lost
        ]
        if segment.name == PACK:
            folder = self.run.job.work / segment.folder
            self.made.packs = [Piece(folder / name, sha256) for name, sha256 in decided.made]
        return Before(segment.folder, segment.barrier, decided.verdicts)


def _deadly(item: MapItem, found: Any) -> tuple[int, str] | None:
    """The page that the attempts at an item died of, with the reason, if it was one page."""
    if not isinstance(found, Failure):
        return None
    ordinal = guilty(item.note)
    return None if ordinal is None else (ordinal, f"{_reason(found)} in phase {item.segment.name}")


def _reason(failure: Failure) -> str:
    return f"{failure.reason}, {failure.attempts} times"


def groups_of(shards: list[Shard], alive: dict[int, int]) -> list[tuple[Shard, ...]]:
    """Neighbouring shards put together until they hold enough documents for a corpus file."""
    groups: list[tuple[Shard, ...]] = []
    group: list[Shard] = []
    for shard in shards:
        if alive[shard.number]:
            group.append(shard)
        if sum(alive[s.number] for s in group) >= DOCUMENTS_A_PART:
            groups.append(tuple(group))
            group = []
    return [*groups, tuple(group)] if group else groups

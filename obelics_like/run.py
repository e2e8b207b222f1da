"""The run: scans the inputs, takes the pages through the recipe's segments, and publishes the corpus.

It drives and accounts; what is done to a page is the stages' business, and how tasks are executed is the engine's.
"""

from __future__ import annotations

import fcntl
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obelics_like import exchange, index
from obelics_like.barrier import decide_barrier
from obelics_like.engines import Engine, Failure
from obelics_like.errors import UsageError
from obelics_like.ledger import Ledger
from obelics_like.packing import Pack
from obelics_like.plan import DOCUMENTS_A_PART, PAGES_A_SHARD, Segment, Shard, cut_recipe, cut_shards, digest, input_key
from obelics_like.recipe import Recipe
from obelics_like.sources.inputs import Input
from obelics_like.sources.join import write_index
from obelics_like.stage import DocumentStage
from obelics_like.store.assemble import Piece, assemble
from obelics_like.store.files import from_lines
from obelics_like.tasks.deciding import PACK
from obelics_like.tasks.job import Job
from obelics_like.tasks.mapping import Before, MapItem, bury_shards, map_shards
from obelics_like.tasks.scanning import QUARANTINE, index_records, scan_input

SHARD_PAGES = PAGES_A_SHARD
MARK = ".obelics-like.lock"
"""The file by which a folder is known for a run's own, and that a driver holds while it writes there."""

Progress = Callable[[str, int, int], None]
"""Told of each finished task: the name of the phase, how many are done, how many there are."""


@dataclass
class Scanned:
    """What the scan of one input found."""

    source: Input
    key: str
    found: dict[str, Any]

    @property
    def content(self) -> str:
        """What is known of the input whichever day its file was written: where it is, and what it holds."""
        return digest(self.source.name, self.source.path, self.found["sha256"] or self.key, self.found["records"])


@dataclass
class State:
    """What a run knows of itself while it goes on."""

    recipe: Recipe
    job: Job
    engine: Engine
    progress: Progress
    ground: str = ""
    """A digest of the models and libraries that the run stands on: results of others are not used again."""
    ledger: Ledger = field(default_factory=Ledger)
    failures: list[str] = field(default_factory=list)
    quarantine: list[dict[str, Any]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    phases: list[dict[str, Any]] = field(default_factory=list)
    peak_mb: int = 0
    remembered: list[tuple[DocumentStage, list[Path]]] = field(default_factory=list)
    """The stages with an index, and the files of the rows they collected."""

    def map(self, phase: str, task: Callable[[Any], Any], items: Sequence[Any]) -> list[tuple[Any, Any]]:
        """Run a phase to its end; results in the order of the items."""
        start, results = time.monotonic(), {}
        self.progress(phase, 0, len(items))
        places = {id(item): n for n, item in enumerate(items)}
        for item, result in self.engine.map(task, items):
            results[places[id(item)]] = (item, result)
            self._note(result)
            self.progress(phase, len(results), len(items))
        self.phases.append({"name": phase, "tasks": len(items), "seconds": round(time.monotonic() - start, 2)})
        return [results[n] for n in sorted(results)]

    def _note(self, result: Any) -> None:
        if isinstance(result, dict):
            self.peak_mb = max(self.peak_mb, result["peak_mb"])
            for stage, spent in result.get("seconds", {}).items():
                self.seconds[stage] = self.seconds.get(stage, 0.0) + spent


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the output folder for one driver. Raises UsageError if another run holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / MARK, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(
                str(folder),
                got="another run is writing to it",
                valid="one run at a time",
                do="wait, or give another --out",
            ) from error
        yield


def execute(state: State, inputs: Sequence[Input], limit: int | None, out: Path) -> dict[str, Any]:
    """Run everything and publish; gives what run.json says of the inputs and the phases."""
    scanned, ignored = _scan(state, inputs, limit)
    skip = _account_records(state, scanned, limit)
    pictures = _image_index(state, scanned)
    state.job = replace(state.job, image_index=pictures)
    start = digest(
        SHARD_PAGES, sorted(skip), *(s.content for s in scanned), state.job.keep_dropped, bool(pictures), state.ground
    )
    folder = state.job.work / "index"
    shards = cut_shards(
        [(s.source, str(folder / f"{s.key}-pages.arrow"), s.found["pages"]) for s in scanned],
        frozenset(skip),
        SHARD_PAGES,
    )
    context = state.job.context(state.job.work)
    segments = cut_recipe([*state.recipe.stages[1:], Pack(id=PACK)], context, start)
    files = _segments(state, segments, shards)
    published = _publish(state, out, files)
    for stage, rows in state.remembered:
        index.remember(stage, state.job.run, rows, [out / "corpus" / f["name"] for f in published["corpus"]])
    unread = Counter(row["input"] for row in state.quarantine)  # by the scan, or when the body was to be had
    return {
        "inputs": [_input_row(s, unread[s.source.name]) for s in scanned],
        "not_reached": ignored,
        "phases": state.phases,
        "published": published,
    }


# --- reading the records --------------------------------------------------------------------------------------------


def _scan(state: State, inputs: Sequence[Input], limit: int | None) -> tuple[list[Scanned], int]:
    """Scan the inputs in order, no further than the limit on pages asks for."""
    done: list[Scanned] = []
    wave = len(inputs) if limit is None else max(1, state.engine.workers)
    pages, seen = 0, np.empty(0, np.uint64)
    while len(done) < len(inputs) and (limit is None or pages < limit):
        items = [
            (state.job, source, input_key(source, state.job.sources)) for source in inputs[len(done) : len(done) + wave]
        ]
        for (_, source, key), found in state.map("scan", scan_input, items):
            if isinstance(found, Failure):
                state.failures.append(f"{source.name}: {found.reason} at each of {found.attempts} attempts to scan it")
                found = {"records": 0, "pages": 0, "images": 0, "drops": {}, "sha256": None, "failed": found.reason}
            if limit is None:
                done.append(Scanned(source, key, found))
            elif pages < limit:  # what a wave read beyond the limit is not part of the run
                done.append(Scanned(source, key, found))
                if "failed" not in found:  # a page met a second time is none of those asked for
                    table = exchange.map_table(state.job.work / "index" / f"{key}-pages.arrow")
                    seen = np.union1d(seen, table["identity"].to_numpy())
                    pages = len(seen)
    return done, len(inputs) - len(done)


def _account_records(state: State, scanned: list[Scanned], limit: int | None) -> set[int]:
    """Count all records; gives the ordinals of the pages that are met a second time or lie beyond the limit."""
    folder = state.job.work / "index"
    drops = state.ledger.drops
    identities: list[np.ndarray] = []
    kinds: list[np.ndarray] = []
    for one in scanned:
        state.ledger.came["record"] += one.found["records"]
        for rule, count in one.found["drops"].items():
            drops["sources", rule, "record", ""] += count
        if "failed" in one.found:
            continue
        state.quarantine += exchange.map_table(folder / f"{one.key}-quarantine.arrow").to_pylist()
        for kind in ("pages", "images"):
            table = exchange.map_table(folder / f"{one.key}-{kind}.arrow")
            if kind == "images":  # the redirects among them are counted by their rule
                table = table.filter(pc.equal(table["kind"], "image"))
            identities.append(table["identity"].to_numpy())
            kinds.append(np.full(table.num_rows, kind == "pages"))
    again = _met_before(np.concatenate(identities or [np.empty(0, np.uint64)]))
    is_page = np.concatenate(kinds or [np.empty(0, bool)])
    state.ledger.came["image_record"] += int((~is_page & ~again).sum())
    gone = again[is_page]
    beyond = np.zeros(len(gone), bool) if limit is None else ~gone & (np.cumsum(~gone) > limit)
    for rule, count in (("same_record", int(again.sum())), ("over_limit", int(beyond.sum()))):
        if count:
            drops["sources", rule, "record", ""] += count
    return set(np.flatnonzero(gone | beyond).tolist())


def _met_before(identities: np.ndarray) -> np.ndarray:
    """Whether each value stood earlier in the array.

    >>> _met_before(np.array([3, 1, 3, 3, 2])).tolist()
    [False, False, True, True, False]
    """
    order = np.argsort(identities, kind="stable")
    held = identities[order]
    again = np.zeros(len(identities), bool)
    again[order[1:]] = held[1:] == held[:-1]
    return again


def _image_index(state: State, scanned: list[Scanned]) -> Path | None:
    """The index of all image records (and redirects), or None where no picture is to be read from archives."""
    if "warc" not in state.job.images or not any(s.found["images"] for s in scanned):
        state.job = replace(state.job, images=state.job.images - {"warc"})
        return None
    path = state.job.work / "index" / f"pictures-{digest(*(s.key for s in scanned))}.arrow"
    if not path.exists():
        folder = state.job.work / "index"
        write_index(
            (
                (s.source.name, s.source.path, record)
                for s in scanned
                if "failed" not in s.found
                for record in index_records(folder / f"{s.key}-images.arrow")
            ),
            path,
        )
    return path


def _input_row(one: Scanned, unread: int) -> dict[str, Any]:
    source, found = one.source, one.found
    return {
        "name": source.name,
        "path": source.path,
        "format": source.format,
        "size": source.size,
        **{k: found[k] for k in ("sha256", "records", "pages", "images")},
        "unread": unread,
        "failed": found.get("failed"),
    }


# --- the segments ---------------------------------------------------------------------------------------------------


@dataclass
class Made:
    """What the tasks of the segments published, to be put together into the output folder."""

    corpus: list[Piece] = field(default_factory=list)
    dropped: list[Piece] = field(default_factory=list)
    packs: list[Piece] = field(default_factory=list)


def _segments(state: State, segments: list[Segment], shards: list[Shard]) -> Made:
    made = Made()
    before: Before | None = None
    alive = {shard.number: sum(r.stop - r.start for r in shard.ranges) for shard in shards}
    lost: list[str] = []
    for planned in segments:
        # what follows a loss is no result of the whole, and is kept apart from it: the next run tries again
        segment = replace(planned, folder=f"{planned.folder}-without-{digest(*lost)}") if lost else planned
        last = planned is segments[-1]
        groups = _groups(shards, alive) if last else [(s,) for s in shards if alive[s.number]]
        items = [
            MapItem(state.job, segment, before, n if last else group[0].number, group, last)
            for n, group in enumerate(groups)
        ]
        weights: Counter[str] = Counter()
        published: list[str] = []
        alive = dict.fromkeys(alive, 0)
        for item, found in _mapped(state, segment, items):
            result = found
            if isinstance(found, Failure):
                lost.append(f"{segment.folder}/{item.number}")
                result = _bury(state, item, found)
            state.ledger += Ledger.from_value(result["ledger"])
            state.quarantine += result["quarantine"]
            alive[item.number] = result["documents"]
            _take(made, state.job.work / segment.folder, result, last)
            published += [f["name"] for f in result["files"] if f["name"].startswith("rows-")]
            for counts in result["weights"].values():
                weights.update(counts)
        if not last:
            decided = decide_barrier(state, segment, tuple(published), weights)
            lost += [f"{segment.folder}/{key}" for key in decided.lost]
            state.failures += [
                f"{segment.name}: {key} killed its worker; the pages that hold it were dropped" for key in decided.lost
            ]
            if segment.name == PACK:
                made.packs = [Piece(state.job.work / segment.folder / name, sha256) for name, sha256 in decided.made]
            before = Before(segment.folder, segment.barrier, decided.verdicts)
    return made


def _mapped(state: State, segment: Segment, items: list[MapItem]) -> Iterator[tuple[MapItem, Any]]:
    """Each item with its result; what fails as a group of shards is tried shard by shard."""
    phase = f"{segment.number} {segment.name}"
    for item, found in state.map(phase, map_shards, items):
        if isinstance(found, Failure) and len(item.shards) > 1:
            parts = [replace(item, shards=(s,), number=len(items) + s.number) for s in item.shards]
            yield from state.map(f"{phase}, shard by shard", map_shards, parts)
        else:
            yield item, found


def _bury(state: State, item: MapItem, failure: Failure) -> dict[str, Any]:
    reason = f"{failure.reason}, {failure.attempts} times"
    names = ", ".join(sorted({r.source.name for s in item.shards for r in s.ranges}))
    state.failures.append(f"pages of {names}: {reason} in phase {item.segment.name}; they were dropped")
    return bury_shards(item, reason)


def _take(made: Made, folder: Path, result: dict[str, Any], last: bool) -> None:
    for line in from_lines(result["files"]):
        piece = Piece(folder / line.name, line.sha256)
        if line.name.startswith(("pages-", "nodes-")):
            made.dropped.append(piece)
        elif last and line.rows:
            made.corpus.append(piece)


def _groups(shards: list[Shard], alive: dict[int, int]) -> list[tuple[Shard, ...]]:
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


# --- publishing -----------------------------------------------------------------------------------------------------


def _publish(state: State, out: Path, made: Made) -> dict[str, list[dict[str, Any]]]:
    """Put the published pieces of work into the output folder; the manifest goes away first and comes back last."""
    (out / "manifest.json").unlink(missing_ok=True)
    shutil.rmtree(out / "report", ignore_errors=True)  # it told of the corpus that goes
    return assemble(out, made.corpus, made.dropped, made.packs, pa.Table.from_pylist(state.quarantine, QUARANTINE))

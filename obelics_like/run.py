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
from obelics_like.engines import Engine, Failure, Needs
from obelics_like.errors import DataError, UsageError
from obelics_like.ledger import Ledger
from obelics_like.packing import Pack
from obelics_like.phases import Made, take_through
from obelics_like.plan import (
    PAGES_A_SHARD,
    THOROUGH,
    Segment,
    Shard,
    as_scanned,
    code_version,
    cut_recipe,
    cut_shards,
    described,
    digest,
    pages_a_shard,
    pages_wanted,
    scan_key,
)
from obelics_like.recipe import Recipe
from obelics_like.sources.inputs import Input, identified
from obelics_like.sources.join import write_index
from obelics_like.sources.revisits import resolve
from obelics_like.stage import AnyStage, DocumentStage
from obelics_like.store.assemble import assemble
from obelics_like.store.files import publish_json
from obelics_like.store.shared import at_hand, put_made, withdraw
from obelics_like.tasks.deciding import PACK, DecideItem
from obelics_like.tasks.job import Job
from obelics_like.tasks.mapping import KILLS, MapItem
from obelics_like.tasks.scanning import QUARANTINE, index_records, met_before, scan_input

SHARD_PAGES = PAGES_A_SHARD
MARK = ".obelics-like.lock"
"""The file by which a folder is known for a run's own, and that a driver holds while it writes there."""
AGAIN = "scan again"
"""The phase in which pages that are met again are inflated."""
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
        """What is known of the input whichever day its file was written: where it is, what it holds, and what of that
        the scan had: one that was broken off by its host has the same key as the whole one that follows."""
        had = [line["sha256"] for line in self.found.get("files", ())]
        return digest(self.source.name, self.source.path, self.found["sha256"] or self.key, *had)


def _as_it_is(item: Any, result: Any) -> Any:
    return result


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
    scanned: list[Scanned] = field(default_factory=list)
    remembered: list[tuple[DocumentStage, list[Path]]] = field(default_factory=list)
    """The stages with an index, and the files of the rows they collected."""

    def map(
        self, phase: str, task: Callable[[Any], Any], items: Sequence[Any], keep: Callable[[Any, Any], Any] = _as_it_is
    ) -> list[tuple[Any, Any]]:
        """Run a phase to its end; in the order of the items, what `keep(item, result)` keeps of each as it comes."""
        start, results = time.monotonic(), {}
        self.progress(phase, 0, len(items))
        places = {id(item): n for n, item in enumerate(items)}
        for item, result in self.engine.map(task, items, self._needs(items)):
            self._note(result)
            results[places[id(item)]] = (item, keep(item, result))
            self.progress(phase, len(results), len(items))
        self.phases.append({"name": phase, "tasks": len(items), "seconds": round(time.monotonic() - start, 2)})
        self._unchanged(items)
        return [results[n] for n in sorted(results)]

    def _unchanged(self, items: Sequence[Any]) -> None:
        """Take back what a barrier decided if an input changed meanwhile: pictures may have been missed for good."""
        try:
            for one in self.scanned:
                as_scanned(one.source, one.key, self.job.sources)
        except DataError:
            for item in items:
                if isinstance(item, DecideItem):
                    withdraw(item.manifest)
            raise

    def _needs(self, items: Sequence[Any]) -> Needs:
        """What the stages of a phase ask for, all together."""
        stages: tuple[AnyStage, ...] = ()
        if items and isinstance(items[0], MapItem):
            stages = items[0].segment.stages
        elif items and isinstance(items[0], DecideItem):
            stages = items[0].segment.barrier
        elif items and items[0][1:] and isinstance(items[0][1], tuple):  # the models are loaded where they will be used
            stages = items[0][1]
        asked = [s.needs(self.job.context(self.job.work)) for s in stages]
        most = {name: max((a[name] for a in asked if name in a), default=0) for name in ("cpu", "gpu", "memory")}
        return Needs(max(1.0, most["cpu"]), most["gpu"], int(most["memory"]))

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
    state.scanned = [one for one in scanned if "failed" not in one.found]
    skip = account_records(state, scanned, limit)
    _resolve_revisits(state)
    pictures = image_index(state, scanned)
    if pictures is not None:
        if not at_hand(pictures).exists():
            _write_image_index(state, scanned, pictures)
        put_made(pictures)
    if state.job.inputs is not None:
        if not at_hand(state.job.inputs).exists():
            publish_json(state.job.inputs, {s.source.name: [s.source.path, s.source.format] for s in scanned})
        put_made(state.job.inputs)
    segments, shards = cut(state, scanned, skip)
    made = take_through(state, segments, shards)
    state.ledger += made.ledger
    state.quarantine += made.quarantine
    state.failures += made.failures
    published = _publish(state, out, made)
    for stage, rows in state.remembered:
        index.remember(stage, state.job.run, rows, [out / "corpus" / f["name"] for f in published["corpus"]])
    # by the scan, or when the body was to be had; what kills was read, and is told as a failure
    unread = Counter(row["input"] for row in state.quarantine if row["rule"] != KILLS)
    return {
        "inputs": [_input_row(s, unread[s.source.name]) for s in scanned],
        "not_reached": ignored,
        "phases": state.phases,
        "work": sorted({*made.folders, "index"}),
        "published": published,
    }


def cut(state: State, scanned: list[Scanned], skip: set[int]) -> tuple[list[Segment], list[Shard]]:
    """The recipe as segments, and the pages that are not in `skip` as shards."""
    job = state.job
    size = pages_a_shard(sum(s.found["pages"] for s in scanned), SHARD_PAGES)
    given = (sorted(skip), *(s.content for s in scanned), job.keep_dropped, bool(job.image_index))
    start = digest(code_version(), state.ground, described(job.sources), size, *given)
    pages = [(s.source, str(job.work / "index" / f"{s.key}-pages.arrow"), s.found["pages"]) for s in scanned]
    shards = cut_shards(pages, frozenset(skip), size)
    stages = [*state.recipe.stages[1:], Pack(id=PACK)]
    return cut_recipe(stages, job.context(job.work), start), shards


# --- reading the records --------------------------------------------------------------------------------------------


def _scan(state: State, inputs: Sequence[Input], limit: int | None) -> tuple[list[Scanned], int]:
    """Scan the inputs in order, no further than the limit on pages asks for: none is opened that can be spared.

    Of an archive elsewhere no more than the limit is read; one of this machine is read whole, for its pictures may
    lie behind its pages.
    """
    done: list[Scanned] = []
    wave = len(inputs) if limit is None else 1
    pages, seen = 0, np.empty(0, np.uint64)
    while len(done) < len(inputs) and (limit is None or pages < limit):
        items = []
        for source in identified(inputs[len(done) : len(done) + wave]):
            key = scan_key(source, state.job.sources, limit)
            items.append((state.job, source, key, pages_wanted(source, limit)))
        largest_first = sorted(items, key=lambda item: -item[1].size)  # so that nobody waits for a large one at the end
        results = {id(item): found for item, found in state.map("scan", scan_input, largest_first)}
        for item in items:
            _, source, key, _ = item
            found = results[id(item)]
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
        if limit is not None:  # as many at once as will be needed if they hold as much as the fullest so far
            most = max(1, *(s.found["pages"] for s in done))
            wave = max(1, min(state.engine.workers, (limit - pages) // most))
    return _proved(state, done), len(inputs) - len(done)


def _proved(state: State, scanned: list[Scanned]) -> list[Scanned]:
    """The inputs with those scanned again that `unproved` names, until there are none."""
    while unsure := unproved(state, scanned):
        items = [(state.job, one.source, one.key + THOROUGH, None) for one in unsure]
        made = {item[2]: found for item, found in state.map(AGAIN, scan_input, items)}
        if failed := [found for found in made.values() if isinstance(found, Failure)]:
            state.failures += [f"{one.reason} at each of {one.attempts} attempts to scan again" for one in failed]
            return scanned
        keys = ((one, one.key + THOROUGH) for one in scanned)
        scanned = [Scanned(one.source, key, made[key]) if key in made else one for one, key in keys]
    return scanned


def unproved(state: State, scanned: list[Scanned]) -> list[Scanned]:
    """The inputs that hold the first of pages that are met again, and whose pages were not inflated.

    If the first is damaged, the next is the page: that is to be known before all but one are dropped.
    """
    folder = state.job.work / "index"
    sound = [one for one in scanned if "failed" not in one.found]
    if not any(one.found["passed"] for one in sound):
        return []
    pages = [exchange.map_table(folder / f"{one.key}-pages.arrow")["identity"].to_numpy() for one in sound]
    again = np.split(met_before(pages), np.cumsum([len(one) for one in pages]))[: len(pages)]
    met = np.unique(np.concatenate([np.empty(0, np.uint64), *(one[where] for one, where in zip(pages, again))]))
    return [
        one
        for one, identities, where in zip(sound, pages, again)
        if len(met) and one.found["passed"] and (np.isin(identities, met) & ~where).any()
    ]


def account_records(state: State, scanned: list[Scanned], limit: int | None) -> set[int]:
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
    again = met_before(identities)
    is_page = np.concatenate(kinds or [np.empty(0, bool)])
    state.ledger.came["image_record"] += int((~is_page & ~again).sum())
    gone = again[is_page]
    beyond = np.zeros(len(gone), bool) if limit is None else ~gone & (np.cumsum(~gone) > limit)
    for rule, count in (("same_record", int(again.sum())), ("over_limit", int(beyond.sum()))):
        if count:
            drops["sources", rule, "record", ""] += count
    return set(np.flatnonzero(gone | beyond).tolist())


def _resolve_revisits(state: State) -> None:
    """Tell revisits whose original is nowhere from the others, and lay down which pages were met again."""
    folder = state.job.work / "index"
    revisited = state.ledger.drops["sources", "revisit", "record", ""]
    if not revisited:
        return
    keys = [one.key for one in state.scanned]
    pages, others = (
        [exchange.map_table(folder / f"{key}-{name}.arrow") for key in keys] for name in ("pages", "images")
    )
    found = resolve(list(zip(pages, others)))
    if found.missing:
        state.ledger.drops["sources", "revisit_unresolved", "record", ""] += found.missing
        state.ledger.drops["sources", "revisit", "record", ""] -= found.missing
    if found.met_again.num_rows:
        path = folder / f"met-again-{_made_of(state.scanned)}.arrow"
        if not at_hand(path).exists():
            exchange.write_table(found.met_again, path)
        put_made(path)
        state.job = replace(state.job, met_again=path)


def image_index(state: State, scanned: list[Scanned]) -> Path | None:
    """Where the index of all image records (and redirects) is or will be, laid down in the job; None where no picture
    is to be read from archives."""
    path = None
    if "warc" in state.job.images and any(s.found["images"] for s in scanned):
        path = state.job.work / "index" / f"pictures-{_made_of(scanned)}.arrow"
    else:
        state.job = replace(state.job, images=state.job.images - {"warc"})
    inputs = None  # where they lie, for pictures that stand in their pages
    if state.job.images:
        inputs = state.job.work / "index" / f"inputs-{_made_of(scanned)}.json"
    state.job = replace(state.job, image_index=path, inputs=inputs)
    return path


def _made_of(scanned: list[Scanned]) -> str:
    """What an index of several inputs is called for."""
    return digest(code_version(), *((one.content, one.source.format) for one in scanned))


def _write_image_index(state: State, scanned: list[Scanned], path: Path) -> None:
    write_index(
        (
            (s.source.name, s.source.path, record)
            for s in scanned
            if "failed" not in s.found
            for record in index_records(state.job.work / "index" / f"{s.key}-images.arrow")
        ),
        path,
    )


def _input_row(one: Scanned, unread: int) -> dict[str, Any]:
    source, found = one.source, one.found
    return {
        "name": source.name,
        "path": source.path,
        "format": source.format,
        "size": found.get("size", source.size),
        **{k: found[k] for k in ("sha256", "records", "pages", "images")},
        "stopped_at": found.get("stopped_at"),
        "thorough": one.key.endswith(THOROUGH),
        "picks": source.picks,
        "unread": unread,
        "failed": found.get("failed"),
    }


# --- publishing -----------------------------------------------------------------------------------------------------


def _publish(state: State, out: Path, made: Made) -> dict[str, list[dict[str, Any]]]:
    """Put the published pieces of work into the output folder; the manifest goes away first and comes back last."""
    (out / "manifest.json").unlink(missing_ok=True)
    shutil.rmtree(out / "report", ignore_errors=True)  # it told of the corpus that goes
    return assemble(out, made.corpus, made.dropped, made.packs, pa.Table.from_pylist(state.quarantine, QUARANTINE))

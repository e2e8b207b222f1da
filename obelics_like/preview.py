"""What a run would do, without doing it: its phases, and how much of each is published already; it writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from obelics_like import exchange
from obelics_like.barrier import keyed_a_task, things_a_task
from obelics_like.phases import groups_of
from obelics_like.plan import THOROUGH, Segment, Shard, piece_name, scan_key
from obelics_like.run import AGAIN, Scanned, State, account_records, cut, image_index, unproved
from obelics_like.sources.inputs import Input, identified
from obelics_like.stage import DocumentStage, ThingStage
from obelics_like.store.files import finished
from obelics_like.store.shared import at_hand, size_of
from obelics_like.tasks.mapping import rows_name


def preview(state: State, inputs: Sequence[Input], limit: int | None) -> dict[str, Any]:
    """The plan of a run: {"inputs", "phases"}; a phase has its stages, tasks, and how many of them are done.

    `tasks` is None where it is not known yet: how many pages an archive holds is known once it was scanned, how many
    things there are once their rows were collected.
    """
    scanned, unknown = _scanned(state, inputs, limit)
    rows = [_input_row(s) for s in scanned] + [_unknown_row(source) for source in unknown]
    waiting = [source for source in inputs if source.name not in {r["name"] for r in rows}]
    phases = [_phase("scan", ["sources"], len(scanned) + len(unknown), len(scanned))]
    if not unknown:
        scanned, again = _again(state, scanned)
        phases += again
    sure = all(phase["done"] == phase["tasks"] for phase in phases)  # else there may be other pages and pictures yet
    skip = account_records(state, scanned, limit) if sure else set[int]()
    if sure and (index := image_index(state, scanned)) is not None and not at_hand(index).exists():
        state.job = replace(state.job, image_index=None)  # the run ended before it was written, hence before all else
    segments, shards = cut(state, scanned, skip)
    if sure:
        phases += _walk(state.job.work, segments, shards)
    else:
        phases += [_phase(name, stages, None, 0) for s in segments for name, stages in _names(s)]
    return {"inputs": rows, "beyond_the_limit": len(waiting), "phases": phases}


def _scanned(state: State, inputs: Sequence[Input], limit: int | None) -> tuple[list[Scanned], list[Input]]:
    """The inputs whose scan is published, and those that are to be scanned; no further than the limit needs."""
    known: list[Scanned] = []
    unknown: list[Input] = []
    for given in inputs:
        if limit is not None and sum(s.found["pages"] for s in known) >= limit:
            break
        (source,) = identified([given])
        key = scan_key(source, state.job.sources, limit)
        found = finished(state.job.work / "index" / f"{key}.json")
        if found is None:
            unknown.append(source)
        else:
            known.append(Scanned(source, key, found))
    return known, unknown


def _again(state: State, scanned: list[Scanned]) -> tuple[list[Scanned], list[dict[str, Any]]]:
    """The inputs as they are when what holds pages that are met again was scanned again, as far as that is done."""
    phases = []
    while unsure := unproved(state, scanned):
        made = {one.key: finished(state.job.work / "index" / f"{one.key}{THOROUGH}.json") for one in unsure}
        phases.append(_phase(AGAIN, ["sources"], len(made), sum(found is not None for found in made.values())))
        if None in made.values():
            break
        scanned = [Scanned(s.source, s.key + THOROUGH, made.get(s.key) or {}) if s.key in made else s for s in scanned]
    return scanned, phases


def _names(segment: Segment) -> list[tuple[str, list[str]]]:
    """The phases of a segment, as the run calls them, each with its stages."""
    here = [(f"{segment.number} {segment.name}", [s.id for s in segment.stages])]
    return here + [(f"{segment.number} {s.id}: decide", [s.id]) for s in segment.barrier]


def _walk(work: Path, segments: list[Segment], shards: list[Shard]) -> list[dict[str, Any]]:
    """The phases, as far as the manifests tell; where one is missing, what follows it is not known."""
    alive = {shard.number: sum(r.stop - r.start for r in shard.ranges) for shard in shards}
    known = True
    phases = []
    for segment in segments:
        groups = groups_of(shards, alive) if segment.barrier == () else [(s,) for s in shards if alive[s.number]]
        weights: Counter[str] = Counter()
        sizes: Counter[str] = Counter()
        done = 0
        for n, group in enumerate(groups):
            number = n if segment.barrier == () else group[0].number
            found = finished(work / segment.folder / f"{piece_name(number, group)}.json")
            if found is not None and segment.barrier:
                alive[number] = found["documents"]
                for counts in found["weights"].values():
                    weights.update(counts)
                for stage in segment.barrier:
                    rows = work / segment.folder / rows_name(stage, piece_name(number, group))
                    with suppress(FileNotFoundError):
                        sizes[stage.id] += size_of(rows)
            done += found is not None
        first, *barrier = _names(segment)
        phases.append(_phase(*first, len(groups) if known or segment.barrier else None, done))
        known = known and done == len(groups)
        decided = _decide(work, segment, barrier, weights, sizes) if known else [_phase(*n, None, 0) for n in barrier]
        known = known and all(phase["done"] == phase["tasks"] for phase in decided)
        phases += decided
    return phases


def _decide(
    work: Path, segment: Segment, names: list[tuple[str, list[str]]], weights: Counter[str], sizes: Counter[str]
) -> list[dict[str, Any]]:
    """The phases of a barrier, once all of its rows are there."""
    phases = []
    for (name, ids), stage in zip(names, segment.barrier):
        if isinstance(stage, ThingStage):
            tasks = len(exchange.cut_buckets(weights, things_a_task(segment, weights)))
        elif isinstance(stage, DocumentStage) and stage.keyed:
            tasks = len(exchange.key_ranges(sizes[stage.id], keyed_a_task(sizes[stage.id])))
        else:
            tasks = 1
        manifests = [work / segment.folder / f"decided-{stage.id}-{n:05d}.json" for n in range(tasks)]
        phases.append(_phase(name, ids, tasks, sum(finished(m) is not None for m in manifests)))
    return phases


def _phase(name: str, stages: list[str], tasks: int | None, done: int) -> dict[str, Any]:
    return {"name": name, "stages": stages, "tasks": tasks, "done": done}


def _input_row(one: Scanned) -> dict[str, Any]:
    return {"name": one.source.name, "size": one.source.size, "pages": one.found["pages"]}


def _unknown_row(source: Input) -> dict[str, Any]:
    return {"name": source.name, "size": source.size, "pages": None}

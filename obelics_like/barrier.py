"""Takes a barrier to its verdicts: cuts the work, and closes in on a thing that kills workers; it maps no shard."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from obelics_like import exchange
from obelics_like.engines import Failure
from obelics_like.errors import DataError
from obelics_like.packing import PACK_BYTES
from obelics_like.plan import Segment
from obelics_like.stage import DocumentStage, Plan, ThingStage
from obelics_like.store.shared import is_shared, size_of
from obelics_like.tasks.deciding import PACK, DecideItem, decide, give_up, hold_index, memory, settle
from obelics_like.tasks.deciding import decided as is_decided
from obelics_like.tasks.job import Job

THINGS_A_TASK = 1_000
"""Distinct things (pictures, sentences) that one task of a ThingStage decides, roughly, and at least."""
MOST_THINGS_A_TASK = 10_000
"""So many where there are many: each task looks into the row file of each shard (0.1 ms a file), so that a thousand
tasks are enough, but a task is to end within the hour and a half that an engine allows it, at half a second a thing."""
COUNTED_A_TASK = 250_000
"""Rows of things that are only counted, of one task: some 100 MB."""
KEYED_A_TASK = 32_000_000
"""Bytes of rows that one task of a keyed DocumentStage decides, at least; from this on a plan is taken step by step."""
MOST_LOST = 8
"""Things that may be given up at one barrier: more of them are no accident of the data, but a fault of the machine."""


class Runs(Protocol):
    """What this module needs of a run."""

    job: Job
    phases: list[dict[str, Any]]
    remembered: list[tuple[DocumentStage, list[Path]]]

    def map(
        self, phase: str, task: Callable[[Any], Any], items: Sequence[Any], keep: Callable[[Any, Any], Any] = ...
    ) -> list[tuple[Any, Any]]: ...


@dataclass
class Decided:
    """The verdict files by stage, the files they point to (name in the folder, sha256), and the things given up."""

    verdicts: tuple[tuple[str, ...], ...] = ()
    made: list[tuple[str, str]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def decide_barrier(run: Runs, segment: Segment, published: tuple[str, ...], weights: dict[str, int]) -> Decided:
    """Decide a segment's barrier. Raises DataError where there is no verdict to be had."""
    item = DecideItem(run.job, segment, published)
    if isinstance(segment.barrier[0], ThingStage):
        return _decide_things(run, item, weights)
    return _decide_documents(run, item)


def things_a_task(segment: Segment, weights: dict[str, int]) -> int:
    """The weight of things that one task of the segment's ThingStage decides, roughly, where buckets weigh so much."""
    stage = segment.barrier[0]
    if segment.name == PACK:
        return PACK_BYTES
    if isinstance(stage, ThingStage) and stage.counted:
        return COUNTED_A_TASK
    return min(MOST_THINGS_A_TASK, max(THINGS_A_TASK, sum(weights.values()) // 1_000))


def keyed_a_task(size: int) -> int:
    """Bytes of rows that one task of a keyed DocumentStage decides, roughly, where there are `size` bytes in all: each
    task looks into the row file of each shard, so that a thousand tasks are enough where the memory allows it."""
    return max(KEYED_A_TASK, min(size // 1_000, memory() // 6))


def _decide_things(run: Runs, item: DecideItem, weights: dict[str, int]) -> Decided:
    segment = item.segment
    stage = segment.barrier[0]
    assert isinstance(stage, ThingStage)
    decided = Decided()
    names: list[str] = []
    phase = f"{segment.number} {segment.name}: decide"
    ranges = exchange.cut_buckets(weights, things_a_task(segment, weights))
    items = [replace(item, buckets=range_, number=n) for n, range_ in enumerate(ranges)]
    for part, found in run.map(phase, decide, items):
        if not isinstance(found, Failure):
            names += _take(found, decided)
        elif segment.name != PACK:
            names += _close_in(run, phase, part, found, decided)
        else:
            raise _undecided(segment, found)
    decided.verdicts = (tuple(names),)
    return decided


def _decide_documents(run: Runs, item: DecideItem) -> Decided:
    """One stage after the other, since each sees what those before it left; ranges and steps of one side by side."""
    segment, decided = item.segment, Decided()
    for place, stage in enumerate(segment.barrier):
        assert isinstance(stage, DocumentStage)
        one = replace(item, place=place, before=tuple(n for names in decided.verdicts for n in names))
        hold_index(one)
        items = [one]
        size = sum(map(size_of, one.rows(stage)))
        if stage.keyed:
            ranges = exchange.key_ranges(size, keyed_a_task(size))
            items = [replace(one, keys=range_, number=n) for n, range_ in enumerate(ranges)]
        elif size > KEYED_A_TASK and not is_shared(one.folder) and (plan := stage.plan(memory())) is not None:
            _take_steps(run, one, plan)
        names: list[str] = []
        for found in _all_decided(run, f"{segment.number} {stage.id}: decide", items):
            names += _take(found, decided)
            if found["notes"]:
                run.phases[-1].setdefault("notes", []).extend(found["notes"])
        decided.verdicts += (tuple(names),)
        if stage.index is not None:
            run.remembered.append((stage, one.rows(stage)))
    return decided


def _take_steps(run: Runs, item: DecideItem, plan: Plan) -> None:
    """Decide a stage by the steps of its plan, so that its manifest says that it is decided."""
    if is_decided(item) is None:
        steps, found, going = next(plan), list[dict[str, Any]](), True
        while going:
            parts = [replace(item, step=step, number=n) for n, step in enumerate(steps)]
            found = _all_decided(run, f"{item.segment.number} {item.stage.id}: {steps[0].name}", parts)
            try:
                steps = plan.send([one.get("said", {}) for one in found])
            except StopIteration as end:
                settle(item, found, end.value)
                going = False
    shutil.rmtree(item.steps, ignore_errors=True)


def _all_decided(run: Runs, phase: str, items: list[DecideItem]) -> list[dict[str, Any]]:
    found = [result for _, result in run.map(phase, decide, items)]
    for result in found:
        if isinstance(result, Failure):
            raise _undecided(items[0].segment, result)
    return found


def _take(found: dict[str, Any], decided: Decided) -> list[str]:
    decided.made += [(f["name"], f["sha256"]) for f in found["files"] if not f["name"].startswith("verdict-")]
    return list(found["verdicts"])


def _close_in(run: Runs, phase: str, item: DecideItem, failure: Failure, decided: Decided) -> list[str]:
    """Decide an item that kills by halves, one after the other (a host has one owner), down to the thing that does."""
    rows = item.asked()
    assert rows is not None
    if rows.num_rows == 1:
        if len(decided.lost) == MOST_LOST:
            raise _undecided(item.segment, failure)
        key, name = give_up(item)
        decided.lost.append(key)
        return [name]
    first = item.things[0] if item.things else 0
    middle = first + rows.num_rows // 2
    names: list[str] = []
    for part in ((first, middle), (middle, first + rows.num_rows)):
        for half, found in run.map(f"{phase}, {item.name}", decide, [replace(item, things=part)]):
            if isinstance(found, Failure):
                names += _close_in(run, phase, half, found, decided)
            else:
                names += _take(found, decided)
    return names


def _undecided(segment: Segment, failure: Failure) -> DataError:
    return DataError(
        f"phase {segment.name}",
        got=f"{failure.reason}, {failure.attempts} times",
        valid="a verdict on every row: without one nothing may be kept",
        do="run again with --workers 1 and look at the memory, or take the stage out of the recipe",
    )

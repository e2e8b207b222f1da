"""Decides a piece of a barrier: a DocumentStage, a range of keys or a step of it, or some buckets of a ThingStage."""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from obelics_like import exchange, index
from obelics_like.errors import OptionError
from obelics_like.plan import Segment, digest
from obelics_like.rows import MEMORY, Rows
from obelics_like.stage import AnyStage, DocumentStage, Step, ThingStage
from obelics_like.store.files import Published, describe, finished, flush_folder, lines, publish_json
from obelics_like.store.shared import put_made
from obelics_like.tasks.job import Job, opened, peak_memory

PACK = "pack"
"""The id of the stage that the run adds behind the recipe's own; its packs are published with its verdicts."""


@dataclass(frozen=True)
class DecideItem:
    """A piece of a barrier's work: a DocumentStage (a range of keys, a step of it), or buckets of a ThingStage.

    `published` are the names of the row files that the shards' manifests name. `place` is the stage's in the barrier,
    `before` the verdict files of the DocumentStages before it there. `things` narrows a range of buckets to the things
    from one number to another, in the order of their keys: how a run closes in on one that kills.
    """

    job: Job
    segment: Segment
    published: tuple[str, ...]
    buckets: tuple[str, str] | None = None
    number: int = 0
    things: tuple[int, int] | None = None
    place: int = 0
    before: tuple[str, ...] = ()
    keys: tuple[int, int] | None = None
    step: Step | None = None

    @property
    def folder(self) -> Path:
        """Where the rows lie and the verdicts go."""
        return self.job.work / self.segment.folder

    @property
    def name(self) -> str:
        """What its verdicts and its manifest are called."""
        return f"{self.number:05d}" + "".join(f"-{n}" for n in self.things or ())

    @property
    def manifest(self) -> Path:
        """What says that it is decided."""
        if self.step is not None and self.step.last:
            return self.folder / f"last-{self.stage.id}-{self.name}.json"
        if self.step is not None:
            return self.steps / f"{self.step.name}{self.step.told.get('round', '')}-{self.name}.json"
        return self.folder / f"decided-{self.stage.id}-{self.name}.json"

    @property
    def verdict(self) -> Path:
        """Where its verdict goes: under another name where something else was asked, for machines keep copies."""
        return self.folder / f"verdict-{self.stage.id}-{self.name}-{self.asked_for}.arrow"

    @property
    def steps(self) -> Path:
        """Where the steps of the stage's plan leave what they have for one another, until all is decided."""
        return self.folder / f"steps-{self.stage.id}"

    @property
    def held(self) -> Path:
        """Where what earlier runs kept stays as it was when the stage began to decide (`index.hold`)."""
        return self.folder / f"held-{self.stage.id}"

    @property
    def asked_for(self) -> str:
        """A digest of what is to be decided: what was made of other rows, or after other verdicts, is not it."""
        step = json.dumps(asdict(self.step)) if self.step else ""  # JSON, since a resumed plan is told what JSON says
        return digest(self.buckets, self.keys, step, *self.before, "", *self.published)

    @property
    def stage(self) -> AnyStage:
        """The stage that decides."""
        return self.segment.barrier[self.place]

    def rows(self, stage: AnyStage) -> list[Path]:
        """The row files of a stage, in the order of the shards."""
        name = re.compile(rf"rows-{re.escape(stage.id)}-\d{{5,}}\.arrow")
        return [self.folder / n for n in self.published if name.fullmatch(n)]

    def asked(self) -> pa.Table | None:
        """The things of the ThingStage's range, each key once, sorted by key; None if there are none."""
        assert self.buckets is not None
        stage = self.segment.barrier[0]
        assert isinstance(stage, ThingStage)
        rows = exchange.range_rows(self.rows(stage), *self.buckets, stage.counted)
        return (
            rows if rows is None or self.things is None else rows.slice(self.things[0], self.things[1] - self.things[0])
        )


def decide(item: DecideItem) -> dict[str, Any]:
    """Decide a piece of a barrier; publishes the verdict file, and gives its name and what the stage had to say."""
    if (done := decided(item)) is not None:
        return done
    start = time.process_time()
    if item.step is not None and not item.step.last:
        made = _take_step(item, item.step)
    else:
        notes: list[str] = []
        files = _decide_things(item) if item.buckets else _decide_documents(item, notes)
        verdicts = [f.name for f in files if f.name.startswith("verdict-")]
        made = {"verdicts": verdicts, "notes": notes, "files": lines(files)}
    result = {
        "asked": item.asked_for,
        **made,
        "seconds": {item.stage.id: time.process_time() - start},
        "peak_mb": peak_memory(),
    }
    publish_json(item.manifest, result)
    return result


def hold_index(item: DecideItem) -> None:
    """Keep the index of the item's stage as it is, for all tasks that decide it."""
    assert isinstance(item.stage, DocumentStage)
    index.hold(item.stage, item.job.run, item.held)


def decided(item: DecideItem) -> dict[str, Any] | None:
    """What an item's manifest says, if it is decided."""
    done = finished(item.manifest)
    return done if done is not None and done["asked"] == item.asked_for else None


def settle(item: DecideItem, last: list[dict[str, Any]], notes: list[str]) -> None:
    """Publish that an item is decided, from what its last steps gave and its plan had to say."""
    made = {name: [one for found in last for one in found[name]] for name in ("verdicts", "files")}
    peak = max(one["peak_mb"] for one in last)
    publish_json(item.manifest, {"asked": item.asked_for, **made, "notes": notes, "seconds": {}, "peak_mb": peak})


def memory() -> int:
    """Bytes that a decision may take beside the libraries: OBELICS_LIKE_DECIDE_MB, else 300 MB.

    No result depends on it. Raises OptionError.
    """
    said = os.environ.get("OBELICS_LIKE_DECIDE_MB", "")
    if not said:
        return MEMORY
    if not said.isdecimal() or not int(said):
        where = "environment variable OBELICS_LIKE_DECIDE_MB"
        raise OptionError(where, got=repr(said), valid="megabytes, a whole number from 1 on", do="correct it")
    return int(said) * 1_000_000


def _decide_documents(item: DecideItem, notes: list[str]) -> list[Published]:
    stage, rows = item.stage, _rows(item)
    assert isinstance(stage, DocumentStage)
    if item.step is None:
        drops = stage.decide(rows, opened(stage, item.job, item.folder / stage.id))
    else:
        drops = stage.last_step(item.step, rows, item.steps)
    verdict = exchange.document_verdict(None if item.step else rows, drops, stage.id)
    for rule in verdict["rule"].unique().to_pylist():
        stage.drop(rule)  # an undeclared rule is an error
    notes += rows.notes
    return [exchange.write_table(verdict, item.verdict)]


def _rows(item: DecideItem) -> Rows:
    stage = item.stage
    assert isinstance(stage, DocumentStage)
    return Rows(
        [partial(exchange.map_table, path) for path in item.rows(stage)],
        held=[] if stage.index is None else index.held(item.held),
        gone=exchange.Gone(item.folder / name for name in item.before),
        keys=item.keys,
        memory=memory(),
        scratch=item.folder,
    )


def _take_step(item: DecideItem, step: Step) -> dict[str, Any]:
    """What the plan is to be told, and the files for other steps: flushed, but without a digest, for they are many."""
    stage = item.stage
    assert isinstance(stage, DocumentStage)
    item.steps.mkdir(exist_ok=True)
    said, paths = stage.take_step(step, _rows(item), item.steps)
    files = []
    for path in paths:
        with open(path, "rb") as file:
            os.fsync(file.fileno())
        files.append({"name": path.name, "bytes": path.stat().st_size})
    flush_folder(item.steps)
    return {"said": said, "files": files}


def _decide_things(item: DecideItem) -> list[Published]:
    stage = item.segment.barrier[0]
    assert isinstance(stage, ThingStage)
    rows = item.asked()
    assert rows is not None
    scratch = item.folder / stage.id
    results = stage.decide(rows, opened(stage, item.job, scratch))
    verdict = exchange.thing_verdict(rows, results, stage.id, stage.counted)
    files = [exchange.write_table(verdict, item.verdict)]
    # what the verdict points to (packs, fetched bodies) is part of it: without that, it is to be decided again
    made = [scratch / name for column in ("pack", "path") if column in verdict.column_names
            for name in verdict[column].unique().drop_null().to_pylist()]  # fmt: skip
    made = [path for path in made if path.is_relative_to(scratch)]
    for path in made:
        put_made(path)
    files += [replace(describe(p), name=str(p.relative_to(item.folder))) for p in made]
    return files


def give_up(item: DecideItem) -> tuple[str, str]:
    """Give up the one thing of an item: its key, and the name of the verdict file that says that it is lost."""
    rows = item.asked()
    assert rows is not None
    key = rows["key"][0].as_py()
    path = item.verdict.with_stem(f"{item.verdict.stem}-lost")
    exchange.write_table(exchange.lost_verdict(key), path)
    return key, path.name

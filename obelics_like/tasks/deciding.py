"""Decides a piece of a barrier: a DocumentStage or a range of its keys, or one range of buckets of its ThingStage."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from obelics_like import exchange, index
from obelics_like.errors import OptionError
from obelics_like.plan import Segment, digest
from obelics_like.rows import MEMORY, Rows
from obelics_like.stage import AnyStage, DocumentStage, ThingStage
from obelics_like.store.files import Published, describe, finished, lines, publish_json
from obelics_like.store.shared import put_made
from obelics_like.tasks.job import Job, opened, peak_memory

PACK = "pack"
"""The id of the stage that the run adds behind the recipe's own; its packs are published with its verdicts."""


@dataclass(frozen=True)
class DecideItem:
    """A piece of a barrier's work: a DocumentStage (or a range of its keys), or a range of buckets of a ThingStage.

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
        return self.folder / f"decided-{self.stage.id}-{self.name}.json"

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
    manifest = item.manifest
    asked = digest(item.buckets, item.keys, *item.before, "", *item.published)
    if (done := finished(manifest)) is not None and done["asked"] == asked:
        return done
    start = time.process_time()
    notes: list[str] = []
    files = _decide_things(item) if item.buckets else _decide_documents(item, notes)
    result = {
        "asked": asked,
        "verdicts": [f.name for f in files if f.name.startswith("verdict-")],
        "notes": notes,
        "files": lines(files),
        "seconds": {item.stage.id: time.process_time() - start},
        "peak_mb": peak_memory(),
    }
    publish_json(manifest, result)
    return result


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
    stage = item.stage
    assert isinstance(stage, DocumentStage)
    state = opened(stage, item.job, item.folder / stage.id)
    rows = Rows(
        [partial(exchange.map_table, path) for path in item.rows(stage)],
        held=index.others(stage, item.job.run),
        gone=exchange.Gone(item.folder / name for name in item.before),
        keys=item.keys,
        memory=memory(),
        scratch=item.folder,
    )
    verdict = exchange.document_verdict(rows, stage.decide(rows, state), stage.id)
    for rule in verdict["rule"].unique().to_pylist():
        stage.drop(rule)  # an undeclared rule is an error
    notes += rows.notes
    return [exchange.write_table(verdict, item.folder / f"verdict-{stage.id}-{item.name}.arrow")]


def _decide_things(item: DecideItem) -> list[Published]:
    stage = item.segment.barrier[0]
    assert isinstance(stage, ThingStage)
    rows = item.asked()
    assert rows is not None
    scratch = item.folder / stage.id
    results = stage.decide(rows, opened(stage, item.job, scratch))
    verdict = exchange.thing_verdict(rows, results, stage.id, stage.counted)
    files = [exchange.write_table(verdict, item.folder / f"verdict-{stage.id}-{item.name}.arrow")]
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
    stage, rows = item.segment.barrier[0], item.asked()
    assert rows is not None
    key = rows["key"][0].as_py()
    name = f"verdict-{stage.id}-{item.name}-lost.arrow"
    exchange.write_table(exchange.lost_verdict(key), item.folder / name)
    return key, name

"""Decides a barrier: all its DocumentStages in turn, or one range of buckets of its ThingStage."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from obelics_like import exchange
from obelics_like.plan import Segment
from obelics_like.stage import AnyStage, DocumentStage, ThingStage
from obelics_like.store.files import publish_json, read_json
from obelics_like.tasks.job import Job, opened, peak_memory


@dataclass(frozen=True)
class DecideItem:
    """A barrier's work: all its DocumentStages in turn, or one range of buckets of its ThingStage."""

    job: Job
    segment: Segment
    numbers: tuple[int, ...]
    buckets: tuple[str, str] | None = None
    number: int = 0

    def rows(self, stage: AnyStage) -> list[Path]:
        """The row files of a stage that the shards left."""
        folder = self.job.work / self.segment.folder
        paths = (folder / f"rows-{stage.id}-{n:05d}.arrow" for n in self.numbers)
        return [p for p in paths if p.exists()]


def decide(item: DecideItem) -> dict[str, Any]:
    """Decide a barrier, or a range of it; publishes the verdict files and gives their names by stage."""
    folder = item.job.work / item.segment.folder
    manifest = folder / f"decided-{item.number:05d}.json"
    if manifest.exists():
        return dict(read_json(manifest))
    start = time.process_time()
    names = _decide_things(item, folder) if item.buckets else _decide_documents(item, folder)
    result = {"verdicts": names, "seconds": {item.segment.name: time.process_time() - start}, "peak_mb": peak_memory()}
    publish_json(manifest, result)
    return result


def _decide_documents(item: DecideItem, folder: Path) -> list[str]:
    gone: set[int] = set()
    names = []
    for stage in item.segment.barrier:
        assert isinstance(stage, DocumentStage)
        rows = exchange.document_rows(item.rows(stage), gone)
        verdict = _NO_DROPS if rows is None else stage.decide(rows, opened(stage, item.job, folder / stage.id))
        for rule in set(verdict["rule"].to_pylist()):
            stage.drop(rule)  # an undeclared rule is an error
        name = f"verdict-{stage.id}.arrow"
        exchange.write_table(verdict.select(["doc", "rule", "value", "limit"]).cast(_NO_DROPS.schema), folder / name)
        gone.update(verdict["doc"].to_pylist())
        names.append(name)
    return names


_NO_DROPS = pa.schema(
    [("doc", pa.uint64()), ("rule", pa.string()), ("value", pa.string()), ("limit", pa.string())]
).empty_table()


def _decide_things(item: DecideItem, folder: Path) -> list[str]:
    stage = item.segment.barrier[0]
    assert isinstance(stage, ThingStage)
    assert item.buckets is not None
    rows = exchange.range_rows(item.rows(stage), *item.buckets)
    assert rows is not None
    results = stage.decide(rows, opened(stage, item.job, folder / stage.id))
    name = f"verdict-{stage.id}-{item.number:05d}.arrow"
    exchange.write_table(exchange.thing_verdict(rows, results, stage.id), folder / name)
    return [name]

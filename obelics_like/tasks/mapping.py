"""Takes the pages of a shard through a segment, and accounts for those whose fate is sealed; it decides no barrier."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from obelics_like import exchange
from obelics_like.document import Document, Drop
from obelics_like.errors import ObelicsLikeError
from obelics_like.ledger import Ledger
from obelics_like.plan import Segment, Shard
from obelics_like.sources.archive import document_id, read
from obelics_like.stage import AnyStage, Batch, DocumentStage, ThingStage
from obelics_like.store.corpus import write_corpus
from obelics_like.store.dropped import Reasons
from obelics_like.store.files import Published, describe, lines, publish_json, publishing, read_json
from obelics_like.store.shards import read_documents, write_documents
from obelics_like.tasks.job import Job, opened, peak_memory
from obelics_like.tasks.scanning import index_records, quarantined

BATCH = 64
"""Documents handed to a stage at once: enough to feed a model, few enough to bound memory."""


@dataclass(frozen=True)
class Before:
    """Where a segment's documents come from: the segment before it, with the verdict files of its barrier."""

    folder: str
    barrier: tuple[DocumentStage, ...] | tuple[ThingStage, ...]
    verdicts: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class MapItem:
    """One piece of a segment: the shards (several, for the last segment, where they become one corpus file)."""

    job: Job
    segment: Segment
    before: Before | None
    number: int
    shards: tuple[Shard, ...]
    last: bool


class MapTask:
    """Takes the documents of an item through its segment, and accounts for those whose fate is sealed."""

    def __init__(self, item: MapItem) -> None:
        self.item, self.job, self.segment = item, item.job, item.segment
        self.folder = item.job.work / item.segment.folder
        self.ledger, self.reasons = Ledger(), Reasons(item.job.keep_dropped)
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.rows: dict[str, list[pa.Table]] = {stage.id: [] for stage in item.segment.barrier}
        self.quarantine: list[dict[str, Any]] = []
        self.alive = 0

    def run(self) -> dict[str, Any]:
        """Do it, unless it was done; gives the manifest."""
        manifest = self.folder / f"{self.item.number:05d}.json"
        if manifest.exists():
            return dict(read_json(manifest))
        weights: dict[str, Any] = {}
        files = [self._write()]
        files += [self._write_rows(s, tables, weights) for s in self.segment.barrier if (tables := self.rows[s.id])]
        files += self.reasons.write(self.folder, f"{self.item.number:05d}")
        result = {
            "documents": self.alive,
            "files": lines(files),
            "weights": weights,
            "ledger": self.ledger.to_value(),
            "seconds": dict(self.seconds),
            "quarantine": self.quarantine,
            "peak_mb": peak_memory(),
        }
        publish_json(manifest, result)
        return result

    def _write(self) -> Published:
        """Write what is alive at the end of the segment: a shard of documents, or a part of the corpus."""
        if self.item.last:
            path = self.folder / f"part-{self.item.number:05d}.parquet"
            with publishing(path) as file:
                self.alive = write_corpus(self._through(), file)
        else:
            path = self.folder / f"documents-{self.item.number:05d}.jsonl.zst"
            with publishing(path) as file:
                self.alive = write_documents(self._through(), file)
        return describe(path, self.alive)

    def _write_rows(self, stage: AnyStage, tables: list[pa.Table], weights: dict[str, Any]) -> Published:
        path = self.folder / f"rows-{stage.id}-{self.item.number:05d}.arrow"
        if isinstance(stage, ThingStage):
            table = exchange.thing_rows(tables)
            weights[stage.id] = exchange.bucket_weights(table)
        else:
            table = pa.concat_tables(tables)
        return exchange.write_table(table, path)

    def _through(self) -> Iterator[Document]:
        """The documents that come out alive, batch by batch; the others are accounted for on the way."""
        stages = [(stage, opened(stage, self.job, self.folder / stage.id)) for stage in self.segment.stages]
        acts = self._verdict_acts() + [(stage.id, partial(stage.process, opened=state)) for stage, state in stages]
        for batch in _chunks(self._documents(), BATCH):
            alive = batch
            for name, act in acts:
                start = time.process_time()
                self._act(name, act, alive)
                self.seconds[name] += time.process_time() - start
                alive = self._seal(alive)
            for document in alive:
                document.page = None
            for stage in self.segment.barrier:
                self._collect(stage, alive)
                alive = self._seal(alive)
            for document in alive:
                if self.item.last:
                    self.ledger.page(document)
                    self.reasons.add(document)
                else:
                    self._lay_down(document)
            yield from alive

    def _lay_down(self, document: Document) -> None:
        """Account for the nodes that were dropped and take them off: nine in ten are, and none comes back.

        Where the page's content is to be kept, should it be dropped, all its nodes stay until its fate is sealed.
        """
        if not self.reasons.keeps_content(document.id):
            self.ledger.lay_down(document)
            self.reasons.add_nodes(document)
            document.nodes = document.kept

    def _act(self, name: str, act: Callable[[Batch], Any], batch: Batch) -> None:
        """Run a stage over a batch; where it fails, page by page, so that one page's fault costs one page."""
        if not batch:
            return
        try:
            act(batch)
        except (KeyboardInterrupt, SystemExit, ObelicsLikeError):
            raise
        except BaseException as error:  # native panics are no Exception
            if len(batch) == 1:
                batch[0].drop = batch[0].drop or Drop(name, "failed", f"{type(error).__name__}: {error}"[:300])
                return
            for document in batch:
                self._act(name, act, [document] if document.drop is None else [])

    def _seal(self, batch: Batch) -> Batch:
        """Account for the documents just dropped; give the others."""
        alive = []
        for document in batch:
            if document.drop is None:
                alive.append(document)
            else:
                document.page = None
                self.ledger.page(document)
                self.reasons.add(document)
        return alive

    def _collect(self, stage: DocumentStage | ThingStage, batch: Batch) -> None:
        state = opened(stage, self.job, self.folder / stage.id)

        def gather(part: Batch) -> None:
            table = stage.collect(part, state)
            if isinstance(stage, DocumentStage):
                ordinals = pa.array([d.origin.ordinal for d in part], pa.uint64())
                table = table.append_column("doc", ordinals)
            self.rows[stage.id].append(table)

        start = time.process_time()
        self._act(stage.id, gather, batch)
        self.seconds[stage.id] += time.process_time() - start

    def _verdict_acts(self) -> list[tuple[str, Callable[[Batch], Any]]]:
        """What the barrier before this segment decided, as acts on a batch."""
        before = self.item.before
        if before is None:
            return []
        paths = [[self.job.work / before.folder / name for name in names] for names in before.verdicts]
        if isinstance(before.barrier[0], ThingStage):
            stage = before.barrier[0]
            state = opened(stage, self.job, self.job.work / before.folder / stage.id)
            verdict = exchange.Verdict(paths[0], stage.id)
            return [(stage.id, lambda batch: stage.apply(batch, verdict, state))]
        drops = exchange.read_document_verdicts([p for ps in paths for p in ps], [s.id for s in before.barrier])
        return [(before.barrier[0].id, lambda batch: exchange.apply_document_verdict(batch, drops))]

    def _documents(self) -> Iterator[Document]:
        for shard in self.item.shards:
            if self.item.before is None:
                yield from self._pages(shard)
            else:
                folder = self.job.work / self.item.before.folder
                yield from read_documents(folder / f"documents-{shard.number:05d}.jsonl.zst")

    def _pages(self, shard: Shard) -> Iterator[Document]:
        for part in shard.ranges:
            records = index_records(Path(part.index), part.start, part.stop)
            ordinals = {id(r): part.first + part.start + i for i, r in enumerate(records)}
            wanted = [r for r in records if ordinals[id(r)] not in shard.skip]
            for record, page in read(part.source, wanted, self.job.sources):
                if isinstance(page, str):  # the scan saw its head; its body can't be had
                    rule, _, reason = page.partition(": ")
                    self.ledger.drops["sources", rule, "record", ""] += 1
                    self.quarantine.append(quarantined(part.source, record, rule, reason))
                    continue
                page.origin.ordinal = ordinals[id(record)]
                identity = document_id(page.origin.record_id, page.url, page.origin.date)
                yield Document(identity, page.url, page.origin, page=page)


def map_shards(item: MapItem) -> dict[str, Any]:
    """Take an item through its segment; see MapTask."""
    return MapTask(item).run()


def bury_shards(item: MapItem, reason: str) -> dict[str, Any]:
    """Account for the documents of an item whose worker died at every attempt: all are dropped, none is lost."""

    def bury(batch: Batch) -> None:
        for document in batch:
            document.drop = Drop("run", "worker_died", reason)

    task = MapTask(item)
    task.segment = Segment(item.segment.number, item.segment.name, (), (), item.segment.folder)
    task._verdict_acts = lambda: [("run", bury)]  # type: ignore[method-assign]
    return task.run()


def _chunks(documents: Iterable[Document], size: int) -> Iterator[Batch]:
    iterator = iter(documents)
    while batch := list(islice(iterator, size)):
        yield batch

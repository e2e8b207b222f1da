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

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obelics_like import exchange
from obelics_like.document import Aside, Document, Drop, Origin
from obelics_like.errors import ObelicsLikeError, StageError
from obelics_like.ledger import Ledger
from obelics_like.plan import Segment, Shard, as_scanned, piece_name
from obelics_like.sources.archive import Record, document_id, read
from obelics_like.sources.inputs import Input
from obelics_like.sources.spool import at_hand
from obelics_like.stage import AnyStage, Batch, DocumentStage, ThingStage
from obelics_like.store.corpus import to_table, write_tables
from obelics_like.store.dropped import Reasons
from obelics_like.store.files import Published, describe, finished, lines, publish_json, publishing
from obelics_like.store.shards import read_documents, to_line, write_lines
from obelics_like.store.shared import withdraw
from obelics_like.tasks.job import Job, opened, peak_memory
from obelics_like.tasks.scanning import index_records, quarantined
from obelics_like.tasks.whereabouts import Whereabouts

BATCH = 64
"""Documents handed to a stage at once: enough to feed a model, few enough to bound memory."""
KILLS = "kills_workers"
"""The rule of a page that every attempt at it died of."""


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

    @property
    def name(self) -> str:
        """What its files are called."""
        return piece_name(self.number, self.shards)

    @property
    def note(self) -> Path:
        """Where its attempts write down which page they are at."""
        return self.job.work / self.segment.folder / f".at-{self.name}"


class MapTask:
    """Takes the documents of an item through its segment, and accounts for those whose fate is sealed.

    With `lost` (the reason why the item could not be done) it takes them nowhere but drops them all: none is lost from
    the count. What is lost, or could not be reached, is never taken for done: the next run tries again.
    """

    def __init__(self, item: MapItem, lost: str | None = None) -> None:
        self.item, self.job, self.segment, self.lost = item, item.job, item.segment, lost
        self.folder = item.job.work / item.segment.folder
        self.ledger, self.reasons = Ledger(), Reasons(item.job.keep_dropped)
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.rows: dict[str, list[pa.Table]] = {stage.id: [] for stage in item.segment.barrier}
        self.unsaid: set[int] = set()
        """Ordinals of documents that fell after a barrier's stage had collected their rows."""
        self.quarantine: list[dict[str, Any]] = []
        self.alive = 0
        self.unreached = False
        """Whether pages could not be had that another time may be there."""

    def run(self) -> dict[str, Any]:
        """Do it, unless it was done; gives the manifest."""
        manifest = self.folder / f"{self.item.name}.json"
        if self.lost is not None:
            withdraw(manifest)
        elif (done := finished(manifest)) is not None:
            return done
        self.place = Whereabouts(self.item.note)
        try:
            result = self._make()
            if self.lost is None and not self.unreached:
                publish_json(manifest, result)
        finally:  # what raises is told by its error; a note that stays tells of a worker that died
            self.place.forget()
        return result

    def _make(self) -> dict[str, Any]:
        weights: dict[str, Any] = {}
        files = [self._write()]
        files += [self._write_rows(s, tables, weights) for s in self.segment.barrier if (tables := self.rows[s.id])]
        files += self.reasons.write(self.folder, self.item.name)
        return {
            "documents": self.alive,
            "files": lines(files),
            "weights": weights,
            "ledger": self.ledger.to_value(),
            "seconds": dict(self.seconds),
            "quarantine": self.quarantine,
            "peak_mb": peak_memory(),
            "unreached": self.unreached,
        }

    def _write(self) -> Published:
        """Write what is alive at the end of the segment: a shard of documents, or a part of the corpus."""
        if self.item.last:
            path = self.folder / f"part-{self.item.name}.parquet"
            with publishing(path) as file:
                self.alive = write_tables(self._through(), file)
        else:
            path = self.folder / f"documents-{self.item.name}.jsonl.zst"
            with publishing(path) as file:
                self.alive = write_lines(self._through(), file)
        return describe(path, self.alive)

    def _write_rows(
        self, stage: DocumentStage | ThingStage, tables: list[pa.Table], weights: dict[str, Any]
    ) -> Published:
        path = self.folder / rows_name(stage, self.item.name)
        if isinstance(stage, ThingStage):
            table = exchange.thing_rows(tables, stage.counted)
            weights[stage.id] = exchange.bucket_weights(table)
        else:
            table = pa.concat_tables(tables)
            if stage.keyed:  # so that a range of keys lies in one piece
                table = table.sort_by("key")
            if self.unsaid:  # a page that fell may not be the one for whose sake another goes
                table = table.filter(pc.invert(pc.is_in(table["doc"], pa.array(self.unsaid, pa.uint64()))))
        return exchange.write_table(table, path)

    def _through(self) -> Iterator[Any]:
        """What comes out alive, batch by batch, as it is written; the rest is accounted for on the way."""
        acts = self._acts()
        barrier = self.segment.barrier if self.lost is None else ()
        for batch in self._batches():
            alive = batch
            for name, act in acts:
                start = time.process_time()
                self._act(name, act, alive)
                self.seconds[name] += time.process_time() - start
                alive = self._seal(alive)
            for document in alive:
                document.page = None
            for stage in barrier:
                self._collect(stage, alive)
                alive = self._seal(alive, said=True)
            if not self.item.last:
                for document in alive:
                    self._lay_down(document)
            stored = self._stored(alive)
            self.place.between()
            yield from stored

    def _batches(self) -> Iterator[Batch]:
        """The documents, many at once; page by page where an earlier attempt died, so that this one can name the page.

        A document's result does not depend on its batch, so both give the same.
        """
        for batch in _chunks(self._documents(), BATCH):
            first, last = batch[0].origin.ordinal, batch[-1].origin.ordinal
            for part in [[d] for d in batch] if self.place.suspects(first, last) else [batch]:
                self.place.at(part[0].origin.ordinal, part[-1].origin.ordinal)
                yield part

    def _acts(self) -> list[tuple[str, Callable[[Batch], Any]]]:
        if self.lost is not None:
            return [("run", partial(_bury, reason=self.lost))]
        stages = [(stage, opened(stage, self.job, self.folder / stage.id)) for stage in self.segment.stages]
        return self._verdict_acts() + [(stage.id, partial(stage.process, opened=state)) for stage, state in stages]

    def _stored(self, batch: Batch) -> list[Any]:
        """The documents in the form they are written in; one that has none (`failed`) costs only itself."""
        out: list[Any] = []
        if self.item.last:
            self._act("run", lambda part: out.append(to_table(part)), batch)
        else:
            self._act("run", lambda part: out.extend([to_line(document) for document in part]), batch)
        for document in self._seal(batch, said=True):
            if self.item.last:
                self.ledger.page(document)
                self.reasons.add(document)
        return out

    def _lay_down(self, document: Document) -> None:
        """Account for the nodes that were dropped and take them off: nine in ten are, and none comes back.

        Where the page's content is to be kept, should it be dropped, all its nodes stay until its fate is sealed.
        """
        if self.reasons.keeps_content(document.id):
            document.put_back()
        else:
            self.ledger.lay_down(document)
            self.reasons.add_nodes(document)
            document.nodes, document.aside = document.kept, None

    def _act(self, name: str, act: Callable[[Batch], Any], batch: Batch) -> None:
        """Run a stage over a batch; where it fails, page by page, so that one page's fault costs one page."""
        if not batch:
            return
        before = list(map(_count, batch))
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
            return
        for count, now, document in zip(before, map(_count, batch), batch):
            if count not in (0, now):  # else nodes could go uncounted
                got = f"{count} nodes that became {now} on {document.url}"
                raise StageError(f"stage {name}", got=got, valid="marks, and every node left where it is")

    def _seal(self, batch: Batch, said: bool = False) -> Batch:
        """Account for the documents just dropped; give the others. `said`: a barrier has their rows already."""
        alive = []
        for document in batch:
            if document.drop is None:
                alive.append(document)
            else:
                document.page = None
                self.ledger.page(document)
                self.reasons.add(document)
                if said:
                    self.unsaid.add(document.origin.ordinal)
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
            verdict = exchange.Verdict(paths[0], stage.id, stage.counted)
            return [(stage.id, lambda batch: stage.apply(batch, verdict, state))]
        ids = [stage.id for stage, names in zip(before.barrier, before.verdicts) for _ in names]
        drops = exchange.DocumentVerdict([p for ps in paths for p in ps], ids)
        return [(before.barrier[0].id, drops.apply)]

    def _documents(self) -> Iterator[Document]:
        for shard in self.item.shards:
            if self.item.before is None:
                yield from self._pages(shard)
            else:
                folder = self.job.work / self.item.before.folder
                yield from read_documents(folder / f"documents-{shard.name}.jsonl.zst")

    def _pages(self, shard: Shard) -> Iterator[Document]:
        for part in shard.ranges:
            records = index_records(Path(part.index), part.start, part.stop)
            numbered = enumerate(records, part.first + part.start)
            wanted = {ordinal: record for ordinal, record in numbered if ordinal not in shard.skip}
            for ordinal, reason in shard.without:
                if ordinal in wanted:
                    self._leave_out(part.source, wanted.pop(ordinal), ordinal, reason)
            if self.lost is not None:  # perhaps it was the reading that killed
                yield from (_unread(part.source.name, record, ordinal) for ordinal, record in wanted.items())
                continue
            yield from self._read(part.source, wanted)
            as_scanned(part.source, part.key, self.job.sources)  # else a page that is gone would be gone for good

    def _read(self, source: Input, wanted: dict[int, Record]) -> Iterator[Document]:
        """The pages of the records, by their ordinals; the note names each before its body is looked at."""
        again = _met_again(self.job.met_again, min(wanted, default=0), max(wanted, default=0))
        reading = read(at_hand(source, self.job.spool), list(wanted.values()), self.job.sources)
        for ordinal in wanted:
            self.place.at(ordinal)
            record, page = next(reading)
            if isinstance(page, str):  # the scan saw its head; its body can't be had
                rule, _, reason = page.partition(": ")
                self.unreached |= rule == "unreachable"
                self.ledger.drops["sources", rule, "record", ""] += 1
                self.quarantine.append(quarantined(source, record, rule, reason))
                continue
            page.origin.ordinal = ordinal
            identity = document_id(page.origin.record_id, page.url, page.origin.date)
            facts = page.facts | {"met_again": again[ordinal]} if ordinal in again else dict(page.facts)
            aside = Aside(wanted=self.reasons.keeps_content(identity))
            yield Document(identity, page.url, page.origin, facts=facts, page=page, aside=aside)

    def _leave_out(self, source: Input, record: Record, ordinal: int, reason: str) -> None:
        """Account for a page that kills workers, and set it down among what could not be read."""
        document = _unread(source.name, record, ordinal)
        document.drop = Drop("run", KILLS, reason)
        self.ledger.page(document)
        self.reasons.add(document)
        self.quarantine.append(quarantined(source, record, KILLS, reason))


def rows_name(stage: AnyStage, name: str) -> str:
    """The file name of the rows that a stage collected from the item of that name."""
    return f"rows-{stage.id}-{name}.arrow"


def map_shards(item: MapItem) -> dict[str, Any]:
    """Take an item through its segment; see MapTask."""
    return MapTask(item).run()


def bury_shards(item: MapItem, reason: str) -> dict[str, Any]:
    """Account for the documents of an item whose worker died at every attempt: all are dropped, none is lost."""
    return MapTask(item, reason).run()


def _count(document: Document) -> int:
    """How many nodes the page has, with those that lie aside."""
    return len(document.nodes) + (document.aside.count if document.aside is not None else 0)


def _bury(batch: Batch, reason: str) -> None:
    for document in batch:
        document.drop = Drop("run", "worker_died", reason)


def _met_again(path: Path | None, first: int, last: int) -> dict[int, str]:
    """When the pages of the ordinals `first` to `last` were last found unchanged by a revisit; most never were."""
    if path is None:
        return {}
    table = exchange.map_table(path)
    low, high = np.searchsorted(table["ordinal"].to_numpy(), [first, last + 1])
    part = table.slice(low, high - low)
    return dict(zip(part["ordinal"].to_pylist(), part["date"].to_pylist()))


def _unread(name: str, record: Record, ordinal: int) -> Document:
    """The document of a page record that is not read."""
    url = record.url or ""
    origin = Origin(name, record.offset, record.length, ordinal, record.record_id, record.date, record.status)
    return Document(document_id(record.record_id, url, record.date), url, origin)


def _chunks(documents: Iterable[Document], size: int) -> Iterator[Batch]:
    iterator = iter(documents)
    while batch := list(islice(iterator, size)):
        yield batch

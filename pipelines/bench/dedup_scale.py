"""Takes synthetic keys and real-text documents through the stages of `dedup`, as a run does; time and peak memory.

Collecting stands for the map side (a document is made, not read from an archive); deciding is the run's own
`barrier.decide_barrier`, on worker processes of the run's own engine. It measures no quality.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dedup_texts as made

SHARD = {"keys": 10_000, "documents": 1000}
"""Pages of a row file; a run has 250. Each file is flushed to the disk, which took nine tenths of the time for keys."""


@dataclass(frozen=True)
class Piece:
    """A shard to collect: documents `first` to `first + count`, by stages, into `folder`."""

    folder: Path
    number: int
    first: int
    count: int
    stages: tuple[Any, ...]
    cache: Path | None


@dataclass
class Bench:
    """What `decide_barrier` asks of a run; each phase has workers of its own, so that peaks are theirs alone."""

    job: Any
    workers: int
    phases: list[dict[str, Any]] = field(default_factory=list)
    remembered: list[Any] = field(default_factory=list)

    def map(self, phase: str, task: Callable[[Any], Any], items: Sequence[Any]) -> list[tuple[Any, Any]]:
        """Run the items and note what the phase took."""
        from obelics_like.engines.local import LocalEngine

        engine, start = LocalEngine(self.workers), time.monotonic()
        try:
            results = sorted(engine.map(task, items), key=lambda pair: pair[0].number)
        finally:
            engine.close()
        said = [result for _, result in results]
        self.phases.append(
            {
                "phase": phase,
                "tasks": len(items),
                "seconds": time.monotonic() - start,
                "cpu": sum(sum(result["seconds"].values()) for result in said),
                "peak_mb": max(result["peak_mb"] for result in said),
            }
        )
        return results


def collect(piece: Piece) -> dict[str, Any]:
    """Make the documents of a shard, collect and write their rows; see Piece."""
    import pyarrow as pa

    from obelics_like import exchange
    from obelics_like.stage import Context
    from obelics_like.tasks.job import peak_memory

    spent = 0.0
    documents = list(keys(piece) if piece.cache is None else texts(piece))
    doc = pa.array(range(piece.first, piece.first + piece.count), pa.uint64())
    for stage in piece.stages:
        start = time.process_time()
        opened = stage.open(Context())
        parts = [stage.collect(documents[at : at + 64], opened) for at in range(0, len(documents), 64)]
        table = pa.concat_tables(parts).append_column("doc", doc)
        if stage.keyed:
            table = table.sort_by("key")
        exchange.write_table(table.combine_chunks(), piece.folder / f"rows-{stage.id}-{piece.number:05d}.arrow")
        spent += time.process_time() - start
    return {"peak_mb": peak_memory(), "seconds": {"collect": spent}}


def keys(piece: Piece) -> Iterator[Any]:
    """Pages without text; one URL in five is another page's, written otherwise."""
    from obelics_like.document import Document, Origin

    for number in range(piece.first, piece.first + piece.count):
        other = mixed(number) % number if number % 5 == 0 and number else number
        url = f"https://host{other % 9973}.example/{other:x}/page.html" + (
            f"?utm_source={number}" if other != number else ""
        )
        date = f"2024-{1 + number % 12:02d}-01T00:00:00Z"
        yield Document(f"{mixed(~number):032x}", url, Origin("", 0, date=date))


def mixed(number: int) -> int:
    """A 64-bit hash of a number (MurmurHash3's finaliser); a generator for each page took most of the time."""
    value = number & (1 << 64) - 1
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        value = (value ^ value >> 33) * factor & (1 << 64) - 1
    return value ^ value >> 33


def texts(piece: Piece) -> Iterator[Any]:
    """Pages of real sentences, by paragraphs of five."""
    from obelics_like.document import Document, Language, Origin, Text

    assert piece.cache is not None
    for number, parts in enumerate(made.many(piece.first, piece.count, piece.cache), piece.first):
        rng = random.Random(number)
        nodes: list[Any] = [Text(n, " ".join(parts[n * 5 : n * 5 + 5])) for n in range(-(-len(parts) // 5))]
        origin = Origin("", 0, date=f"2024-{1 + number % 12:02d}-01T00:00:00Z")
        page = rng.randrange(number) if number % 50 == 13 else number
        url = f"https://host{page % 997}.example/{page}"
        yield Document(f"{rng.getrandbits(128):032x}", url, origin, nodes, language=Language("en", 1.0, "bench"))


def scale(
    count: int, cache: Path | None, scratch: Path, workers: int, limit_mb: int
) -> tuple[list[dict[str, Any]], dict[str, int], list[str]]:
    """Phases, drops by stage and the stages' notes, for `count` keys (no `cache`) or documents.

    `limit_mb` is what a worker may have in all; what its libraries take, 200 MB, is left to them.
    """
    from obelics_like import exchange
    from obelics_like.barrier import decide_barrier
    from obelics_like.dedup.minhash import NearDuplicates
    from obelics_like.dedup.text import SameText
    from obelics_like.dedup.url import SameUrl
    from obelics_like.plan import Segment
    from obelics_like.sources.archive import Archive
    from obelics_like.tasks.job import Job

    os.environ["OBELICS_LIKE_DECIDE_MB"] = str(max(50, limit_mb - 200))
    stages: tuple[Any, ...] = (SameUrl(id="url"),)
    if cache is not None:
        stages += (SameText(id="text"), NearDuplicates(id="minhash"))
    job = Job(Archive(id="sources"), scratch, frozenset(), None, True, "none", None)
    segment = Segment(1, "dedup", (), stages, "texts" if cache else "keys")
    folder = scratch / segment.folder
    folder.mkdir(parents=True)
    shard = SHARD["documents" if cache else "keys"]
    starts = range(0, count, shard)
    pieces = [Piece(folder, n, at, min(shard, count - at), stages, cache) for n, at in enumerate(starts)]
    bench = Bench(job, workers)
    bench.map("collect", collect, pieces)
    published = tuple(f"rows-{s.id}-{p.number:05d}.arrow" for s in stages for p in pieces)
    decided = decide_barrier(bench, segment, published, {})
    drops = {
        stage.id: sum(exchange.map_table(folder / name).num_rows for name in names)
        for stage, names in zip(stages, decided.verdicts, strict=True)
    }
    rows = sum(path.stat().st_size for path in folder.glob("rows-*"))
    notes = [f"rows: {rows / 1e6:,.0f} MB on disk", *(n for phase in bench.phases for n in phase.get("notes", ()))]
    return bench.phases, drops, notes

"""What the driver holds and does for each shard, with so many of them that a little too much would show."""

from __future__ import annotations

import pickle
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from obelics_like.engines import ONE_PROCESSOR, Needs
from obelics_like.ledger import Ledger
from obelics_like.phases import Made, take_through
from obelics_like.plan import PageRange, Segment, Shard
from obelics_like.recipe import load_recipe
from obelics_like.run import State
from obelics_like.sources.inputs import Input
from obelics_like.stage import Stage, ThingStage
from obelics_like.tasks.deciding import DecideItem
from obelics_like.tasks.job import Job
from tests.pace import slower

SHARDS = 100_000
"""As many as 25 million pages have."""


def answer(*names: str) -> bytes:
    """What a worker says of a shard of an ordinary crawl: it has some hundred counts of drops."""
    ledger = Ledger()
    ledger.came["page"] = 250
    for rule in range(40):
        for language in ("de", "en", "fr"):
            ledger.drops[f"stage{rule % 7}", f"rule{rule}", "text", language] = rule
    found = {
        "documents": 250,
        "files": [{"name": name, "bytes": 9_999, "sha256": "0" * 64, "rows": 250} for name in names],
        "weights": {"things": {f"{n:03d}": 3 for n in range(500)}},
        "ledger": ledger.to_value(),
        "seconds": {f"stage{n}": 0.5 for n in range(20)},
        "quarantine": [],
        "peak_mb": 300,
        "unreached": False,
    }
    return pickle.dumps(found)


MAPPED = answer(
    "documents-00000.jsonl.zst", "rows-images.decode-00000.arrow", "pages-00000.parquet", "nodes-00000.parquet"
)
WRITTEN = answer("part-00000.parquet", "pages-00000.parquet", "nodes-00000.parquet")
DECIDED = pickle.dumps({"verdicts": ["verdict-00000.arrow"], "files": [], "notes": [], "peak_mb": 300})


class Distant:
    """An engine whose workers answer at once; items and answers travel as bytes, as they do."""

    workers = 2

    def map(
        self, task: Callable[[Any], Any], items: Sequence[Any], needs: Needs = ONE_PROCESSOR
    ) -> Iterator[tuple[Any, Any]]:
        for item in items:
            pickle.dumps((task, item))
            yield item, pickle.loads(DECIDED if isinstance(item, DecideItem) else WRITTEN if item.last else MAPPED)

    def close(self) -> None: ...


def many(work: Path, count: int) -> tuple[State, list[Segment], list[Shard]]:
    """A run of so many shards: all local stages of the default recipe, a barrier, and the corpus."""
    recipe = load_recipe("default")
    job = Job(recipe.stages[0], work, frozenset(), None, True, "reasons", None)  # type: ignore[arg-type]
    stages = tuple(s for s in recipe.stages[1:] if isinstance(s, Stage))
    barrier = next(s for s in recipe.stages if isinstance(s, ThingStage) and s.id == "images.decode")
    segments = [Segment(1, barrier.id, stages, (barrier,), "1-decode-0"), Segment(2, "corpus", (), (), "2-corpus-0")]
    source = Input("crawl.warc.gz", "/crawl.warc.gz", "warc", 1)
    shards = [Shard(n, (PageRange(source, "/index", 250 * n, 250 * n + 250, 0),)) for n in range(count)]
    return State(recipe, job, Distant(), lambda *_: None), segments, shards


def take(work: Path, count: int) -> tuple[float, int, Made]:
    """Take shards through; gives the driver's processor seconds, the most bytes it held, and what was made."""
    state, segments, shards = many(work, count)
    start = time.process_time()
    made = take_through(state, segments, shards)
    spent = time.process_time() - start
    tracemalloc.start()
    take_through(*many(work, count // 10))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return spent, peak, made


@pytest.mark.slow
def test_the_driver_of_a_hundred_thousand_shards_stays_small_and_quick(tmp_path: Path) -> None:
    spent, peak, made = take(tmp_path, SHARDS)
    assert made.ledger.came["page"] == 250 * (SHARDS + SHARDS / 8)  # eight shards make one file of the corpus
    assert len(made.corpus) == SHARDS / 8
    assert len(made.dropped) == 2 * (SHARDS + SHARDS / 8)
    assert peak / (SHARDS / 10) < 3_000  # bytes a shard, of the items and of what is kept of 20 kB of answers
    assert spent / SHARDS < 0.002 * slower()  # seconds a shard, which takes a worker some five

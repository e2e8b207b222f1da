"""The formula of README.md for what a decision takes of memory, held against processes that decide."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from obelics_like.exchange import write_table

MEGABYTE = 1_000_000
BANDS, SHINGLES = 32, 300

DECIDE = """
import json, sys
from functools import partial
from pathlib import Path
import scipy.sparse.csgraph  # its import is not what is measured
import pyarrow.compute
from obelics_like.dedup.minhash import NearDuplicates
from obelics_like.dedup.url import SameUrl
from obelics_like.exchange import map_table
from obelics_like.rows import Rows

def status(name):
    for line in open("/proc/self/status"):
        if line.startswith(name):
            return int(line.split()[1]) * 1024

folder, memory, kind = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
paths = sorted(folder.glob("rows-*.arrow"))
stage = SameUrl(id="x") if kind == "url" else NearDuplicates(id="x", per_language=False)
dropped, before = 0, status("VmRSS")
for table in stage.decide(Rows([partial(map_table, p) for p in paths], memory=memory, scratch=folder), None):
    dropped += table.num_rows
    del table
print(json.dumps({"taken": status("VmHWM") - before, "whole": status("VmHWM"), "dropped": dropped}))
"""


def near_rows(folder: Path, count: int, shard: int = 500) -> None:
    """Rows as `collect` makes them; one in ten is near (Jaccard 0.82) the row before it."""
    rng = np.random.default_rng(1)
    for number, first in enumerate(range(0, count, shard)):
        keys = rng.integers(0, 2**64, (shard, BANDS), np.uint64)
        sets = rng.integers(0, 2**32, (shard, SHINGLES), np.uint32)
        for at in range(1, shard, 10):
            keys[at, : BANDS // 2], sets[at, : int(SHINGLES * 0.9)] = (
                keys[at - 1, : BANDS // 2],
                sets[at - 1, : int(SHINGLES * 0.9)],
            )
        sets.sort(axis=1)
        columns = {
            "id": pa.array([f"{n:032x}" for n in range(first, first + shard)]),
            "first": pa.array(rng.integers(0, 1000, shard)),
            "size": pa.array(np.full(shard, SHINGLES, np.uint32)),
            "fingerprint": pa.array(rng.integers(0, 2**64, shard, np.uint64)),
            "bands": pa.FixedSizeListArray.from_arrays(pa.array(keys.reshape(-1)), BANDS),
            "shingles": pa.LargeListArray.from_arrays(
                pa.array(np.arange(0, shard * SHINGLES + 1, SHINGLES)), pa.array(sets.reshape(-1))
            ),
            "doc": pa.array(np.arange(first, first + shard, dtype=np.uint64)),
        }
        write_table(pa.table(columns), folder / f"rows-{number:05d}.arrow")


def url_rows(folder: Path, count: int, shard: int = 5000) -> None:
    """One URL in five is another's."""
    rng = np.random.default_rng(1)
    for number, first in enumerate(range(0, count, shard)):
        which = np.arange(first, first + shard)
        which[::5] = rng.integers(0, count, len(which[::5]))
        keys = [int(n).to_bytes(8, "big") for n in which.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)]
        table = pa.table(
            {
                "key": pa.array([key * 2 for key in keys], pa.binary(16)),
                "id": pa.array([f"{n:032x}" for n in range(first, first + shard)]),
                "first": pa.array(rng.integers(0, 1000, shard)),
                "doc": pa.array(np.arange(first, first + shard, dtype=np.uint64)),
            }
        )
        write_table(table.sort_by("key"), folder / f"rows-{number:05d}.arrow")


def taken(folder: Path, memory: int, kind: str) -> tuple[float, int]:
    """Megabytes that the decision took beside what was there before it, and what it dropped."""
    done = subprocess.run(
        [sys.executable, "-c", DECIDE, str(folder), str(memory), kind], capture_output=True, text=True, check=True
    )
    said = json.loads(done.stdout)
    return said["whole"] / MEGABYTE, said["dropped"]


def expected(rows: float, memory: float, kind: str, dropped: int) -> float:
    """README.md, "Memory": megabytes of a worker that decides, from those of the rows on disk and of the limit."""
    return 125 + min(memory, (5 if kind == "url" else 2) * rows) + 0.0004 * dropped


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "count"), [("near", 10_000), ("near", 30_000), ("url", 200_000)])
def test_what_a_decision_takes_is_what_the_readme_says(tmp_path: Path, kind: str, count: int) -> None:
    (near_rows if kind == "near" else url_rows)(tmp_path, count)
    rows = sum(path.stat().st_size for path in tmp_path.glob("rows-*")) / MEGABYTE
    if kind == "near":
        assert rows == pytest.approx(count * (75 + 8 * BANDS + 4 * SHINGLES) / MEGABYTE, rel=0.05)
    else:
        assert rows == pytest.approx(count * 70 / MEGABYTE, rel=0.05)
    found = {memory: taken(tmp_path, memory * MEGABYTE, kind) for memory in (20, 50, 400)}
    assert len({dropped for _, dropped in found.values()}) == 1
    for memory, (whole, dropped) in found.items():
        assert dropped > count // 20
        assert whole == pytest.approx(expected(rows, memory, kind, dropped), rel=0.2), (memory, found)

"""Carries rows from the shards to the global stages and their verdicts back; it decides nothing itself.

A shard's rows lie in one uncompressed Arrow file, sorted by bucket, so that a reader maps it and takes its own range
without reading the rest: memory is bounded by a bucket, and there are as many files as shards. Verdicts lie in such
files too, sorted by the hash of their key.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from obelics_like.document import Document, Drop
from obelics_like.errors import StageError
from obelics_like.store.files import Published, publish


def write_table(table: pa.Table, path: Path) -> Published:
    """Publish a table as an uncompressed Arrow file that can be mapped."""

    def write(file: Any) -> None:
        with pa.ipc.new_file(file, table.schema) as out:
            out.write_table(table)

    return publish(path, write, table.num_rows)


def map_table(path: Path) -> pa.Table:
    """Map an Arrow file: nothing is read until it is looked at."""
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


def thing_rows(tables: list[pa.Table]) -> pa.Table:
    """The rows of one shard, each key once, sorted by bucket and key."""
    table = pa.concat_tables(tables).sort_by([("bucket", "ascending"), ("key", "ascending")]).combine_chunks()
    return table.take(_first_of_each(table)) if table.num_rows else table


def _first_of_each(table: pa.Table) -> pa.Array:
    keys = table["key"].to_pylist()
    return pa.array([i for i, key in enumerate(keys) if i == 0 or key != keys[i - 1]], pa.int64())


def bucket_weights(table: pa.Table) -> dict[str, int]:
    """What each bucket of a shard's rows weighs: the sum of the column `weight`, else its number of rows."""
    weights = table["weight"].to_pylist() if "weight" in table.column_names else [1] * table.num_rows
    out: dict[str, int] = {}
    for bucket, weight in zip(table["bucket"].to_pylist(), weights):
        out[bucket] = out.get(bucket, 0) + weight
    return out


def cut_buckets(weights: dict[str, int], limit: int) -> list[tuple[str, str]]:
    """Neighbouring buckets put together to ranges (first, last) of about `limit` weight each; a bucket is never cut."""
    ranges: list[tuple[str, str]] = []
    first, total = "", 0
    names = sorted(weights)
    for i, name in enumerate(names):
        first = first if total else name
        total += weights[name]
        if total >= limit or i == len(names) - 1:
            ranges.append((first, name))
            total = 0
    return ranges


def range_rows(paths: Iterable[Path], first: str, last: str) -> pa.Table | None:
    """The rows of all shards in a range of buckets, each key once, sorted by key; None if there are none."""
    parts = []
    for path in paths:
        table = map_table(path)
        buckets = table["bucket"].combine_chunks() if table.num_rows else table["bucket"]
        low = bisect_left(buckets, first, key=lambda v: v.as_py())
        high = bisect_right(buckets, last, key=lambda v: v.as_py())
        if high > low:
            parts.append(table.slice(low, high - low))
    if not parts:
        return None
    table = pa.concat_tables(parts).sort_by("key").combine_chunks()
    return table.take(_first_of_each(table))


def key_hash(key: str) -> int:
    """A 64-bit hash of a key, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "little")


def thing_verdict(rows: pa.Table, results: pa.Table, stage: str) -> pa.Table:
    """The results of a ThingStage, checked (one for each key asked) and sorted for `Verdict`. Raises StageError."""
    keys = results["key"].to_pylist()
    if set(keys) != set(rows["key"].to_pylist()) or len(set(keys)) != len(keys):
        raise StageError(
            f"stage {stage}, decide", got=f"{len(keys)} verdicts", valid=f"one for each of {rows.num_rows} keys"
        )
    hashes = np.fromiter((key_hash(k) for k in keys), np.uint64, len(keys))
    order = np.argsort(hashes, kind="stable")
    return results.append_column("hash", pa.array(hashes)).take(pa.array(order))


class Verdict:
    """Looks keys up in the verdict files of a ThingStage: `verdict(keys)` gives a row (dictionary) for each.

    A key without a verdict is a StageError: it never means "keep".
    """

    def __init__(self, paths: Sequence[Path], stage: str) -> None:
        self._stage = stage
        self._tables = [map_table(path) for path in paths]
        self._hashes = [t["hash"].to_numpy() for t in self._tables]

    def __call__(self, keys: list[str]) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        wanted = list(dict.fromkeys(keys))
        hashes = np.fromiter((key_hash(k) for k in wanted), np.uint64, len(wanted))
        for table, held in zip(self._tables, self._hashes):
            starts = np.searchsorted(held, hashes, "left")
            ends = np.searchsorted(held, hashes, "right")
            hits = [row for start, end in zip(starts, ends) for row in range(start, end)]
            for row in table.take(pa.array(hits, pa.int64())).to_pylist() if hits else ():
                found[row["key"]] = row
        missing = [key for key in wanted if key not in found]
        if missing:
            raise StageError(f"stage {self._stage}", got=f"no verdict on {missing[0]!r} and {len(missing) - 1} more")
        return [found[key] for key in keys]


def document_rows(paths: Iterable[Path], gone: set[int]) -> pa.Table | None:
    """The rows of all shards for the documents that are not `gone`, in the order of the shards; None if none are."""
    tables = [t for t in (map_table(path) for path in paths) if t.num_rows]
    if not tables:
        return None
    table = pa.concat_tables(tables)
    if gone:
        alive = ~np.isin(table["doc"].to_numpy(), np.fromiter(gone, np.uint64, len(gone)))
        table = table.filter(pa.array(alive))
    return table if table.num_rows else None


def apply_document_verdict(batch: list[Document], verdicts: dict[int, Drop]) -> None:
    """Drop the documents that a DocumentStage named."""
    for document in batch:
        drop = verdicts.get(document.origin.ordinal)
        if drop is not None and document.drop is None:
            document.drop = drop


def read_document_verdicts(paths: Iterable[Path], stages: Iterable[str]) -> dict[int, Drop]:
    """The drops of the stages of one barrier by ordinal; a document is named once at most."""
    out: dict[int, Drop] = {}
    for path, stage in zip(paths, stages):
        for row in map_table(path).to_pylist():
            out[row["doc"]] = Drop(stage, row["rule"], row["value"], row["limit"])
    return out

"""Carries rows from the shards to the global stages and their verdicts back; it decides nothing itself.

A shard's rows lie in one uncompressed Arrow file, sorted by bucket or key, so that a reader maps it, finds its own
range by bisection and reads nothing else: memory is bounded by a bucket, and there are as many files as shards.
Verdicts lie in such files too, sorted by the hash of their key or by document.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obelics_like.document import Document, Drop
from obelics_like.errors import StageError
from obelics_like.rows import Rows
from obelics_like.store.files import Published, publish
from obelics_like.store.shared import at_hand


def write_table(table: pa.Table, path: Path) -> Published:
    """Publish a table as an uncompressed Arrow file that can be mapped."""

    def write(file: Any) -> None:
        with pa.ipc.new_file(file, table.schema) as out:
            out.write_table(table)

    return publish(path, write, table.num_rows)


def map_table(path: Path) -> pa.Table:
    """Map an Arrow file: nothing is read until it is looked at."""
    with pa.memory_map(str(at_hand(path))) as source:
        return pa.ipc.open_file(source).read_all()


def thing_rows(tables: list[pa.Table], counted: bool = False) -> pa.Table:
    """The rows of one shard, each key once, sorted by bucket and key; `counted` adds up `count` over a key's rows."""
    table = pa.concat_tables(tables).sort_by([("bucket", "ascending"), ("key", "ascending")]).combine_chunks()
    return _once_each(table, counted)


def _once_each(table: pa.Table, counted: bool) -> pa.Table:
    if not table.num_rows:
        return table
    keys = table["key"]
    new = pc.not_equal(keys.slice(1), keys.slice(0, len(keys) - 1))
    first = np.concatenate(([0], np.flatnonzero(new.to_numpy()) + 1))
    once = table.take(pa.array(first))
    if counted:
        sums = pa.array(np.add.reduceat(table["count"].to_numpy(), first))
        once = once.set_column(once.schema.get_field_index("count"), "count", sums)
    return once


def bucket_weights(table: pa.Table) -> dict[str, int]:
    """What each bucket of a shard's rows weighs: the sum of the column `weight`, else its number of rows."""
    how = ("weight", "sum") if "weight" in table.column_names else ("bucket", "count")
    sums = table.group_by("bucket", use_threads=False).aggregate([how])
    return dict(zip(sums["bucket"].to_pylist(), sums["_".join(how)].to_pylist()))


def cut_buckets(weights: dict[str, int], limit: int) -> list[tuple[str, str]]:
    """Neighbouring buckets put together to ranges (first, last) of about `limit` weight each; a bucket is never cut."""
    ranges: list[tuple[str, str]] = []
    part: list[str] = []
    total = 0
    for name in sorted(weights):
        part.append(name)
        total += weights[name]
        if total >= limit:
            ranges.append((part[0], name))
            part, total = [], 0
    return [*ranges, (part[0], part[-1])] if part else ranges


def range_rows(paths: Iterable[Path], first: str, last: str, counted: bool = False) -> pa.Table | None:
    """The rows of all shards in a range of buckets, each key once, sorted by key; None if there are none.

    Of several rows of one key the first in the order of the paths stays: the one of the earliest page; `counted` adds
    up `count`.
    """
    parts = []
    for path in paths:
        table = map_table(path)
        buckets = table["bucket"]
        low = bisect_left(buckets, first, key=lambda v: v.as_py())
        high = bisect_right(buckets, last, key=lambda v: v.as_py())
        if high > low:
            parts.append(table.slice(low, high - low))
    if not parts:
        return None
    return _once_each(pa.concat_tables(parts).sort_by("key").combine_chunks(), counted)


def key_hash(key: str) -> int:
    """A 64-bit hash of a key, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "little")


def thing_verdict(rows: pa.Table, results: pa.Table, stage: str, counted: bool = False) -> pa.Table:
    """The results of a ThingStage, checked (one for each key asked) and sorted for `Verdict`. Raises StageError.

    With `counted`, keys may be left out.
    """
    keys = results["key"].to_pylist()
    asked = set(rows["key"].to_pylist())
    if not (asked.issuperset(keys) if counted else asked == set(keys)) or len(set(keys)) != len(keys):
        raise StageError(
            f"stage {stage}, decide", got=f"{len(keys)} verdicts", valid=f"one for each of {rows.num_rows} keys"
        )
    hashes = np.fromiter((key_hash(k) for k in keys), np.uint64, len(keys))
    order = np.argsort(hashes, kind="stable")
    return results.append_column("hash", pa.array(hashes)).take(pa.array(order))


class LostThing(Exception):
    """A thing that killed its worker at every attempt: there is no verdict on it, and none on a page that holds it."""


def lost_verdict(key: str) -> pa.Table:
    """The verdict file of a lost thing."""
    return pa.table({"key": [key], "hash": pa.array([key_hash(key)], pa.uint64()), "lost": [True]})


class Verdict:
    """Looks keys up in the verdict files of a ThingStage: `verdict(keys)` gives a row (dictionary) for each.

    A key without a verdict is a StageError: it never means "keep"; where things are `counted`, it has an empty row. A
    lost one is a LostThing. All hashes are held in memory, sorted (16 bytes a thing); the rows stay in their files.
    """

    def __init__(self, paths: Sequence[Path], stage: str, counted: bool = False) -> None:
        self._stage, self._counted = stage, counted
        self._tables = [map_table(path) for path in paths]
        hashes = [table["hash"].to_numpy() for table in self._tables]
        order = np.argsort(np.concatenate(hashes or [np.empty(0, np.uint64)]), kind="stable")
        self._hashes = np.concatenate(hashes or [np.empty(0, np.uint64)])[order]
        self._row = order  # counted through all tables
        self._first = np.cumsum([0, *map(len, hashes)])  # the first row of each table

    def __call__(self, keys: list[str]) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        wanted = list(dict.fromkeys(keys))
        hashes = np.fromiter((key_hash(k) for k in wanted), np.uint64, len(wanted))
        starts = np.searchsorted(self._hashes, hashes, "left")
        ends = np.searchsorted(self._hashes, hashes, "right")
        rows = self._row[[at for start, end in zip(starts, ends) for at in range(start, end)]]
        places = np.searchsorted(self._first, rows, "right") - 1
        for place in np.unique(places):
            here = pa.array(rows[places == place] - self._first[place])
            for row in self._tables[place].take(here).to_pylist():
                found[row["key"]] = row
        missing = [key for key in wanted if key not in found]
        if self._counted:
            found |= {key: {} for key in missing}
        elif missing:
            raise StageError(f"stage {self._stage}", got=f"no verdict on {missing[0]!r} and {len(missing) - 1} more")
        if lost := [key for key in wanted if "lost" in found[key]]:
            raise LostThing(f"{lost[0]} killed its worker at every attempt")
        return [found[key] for key in keys]


class Gone:
    """Tells which documents verdict files have dropped; the files stay mapped, nothing is held."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._docs = [map_table(path)["doc"].combine_chunks().to_numpy() for path in paths]

    def __call__(self, docs: np.ndarray) -> np.ndarray:
        """A mask over `docs`."""
        gone = np.zeros(len(docs), bool)
        for dropped in self._docs:
            gone |= among(dropped, docs)
        return gone


def among(ascending: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Which of a few values are among many that are sorted; `numpy.isin` would sort the many again at each call.

    >>> among(np.array([2, 5, 9]), np.array([9, 3, 10])).tolist()
    [True, False, False]
    """
    if not len(ascending):
        return np.zeros(len(values), bool)
    return np.asarray(ascending[np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)] == values)


def key_ranges(size: int, most: int) -> list[tuple[int, int]]:
    """The space of keys (their first 8 bytes, as a number) cut evenly into ranges of about `most` of `size` bytes."""
    count = max(1, -(-size // most))
    edges = [(n << 64) // count for n in range(count + 1)]
    return list(pairwise(edges))


class DocumentVerdict:
    """The drops that the DocumentStages of one barrier decided; `apply` sets them. The rows stay in their files."""

    def __init__(self, paths: Sequence[Path], stages: Sequence[str]) -> None:
        self._stages = stages
        self._tables = [map_table(path) for path in paths]
        self._docs = [table["doc"].to_numpy() for table in self._tables]

    def apply(self, batch: list[Document]) -> None:
        """Drop the documents that a stage named; each is named once at most."""
        documents = {document.origin.ordinal: document for document in batch}
        ordinals = np.fromiter(documents, np.uint64, len(documents))
        for stage, table, docs in zip(self._stages, self._tables, self._docs):
            at = np.searchsorted(docs, ordinals)
            hit = at[(at < len(docs)) & (docs[np.minimum(at, len(docs) - 1)] == ordinals)] if len(docs) else at[:0]
            for row in table.take(pa.array(hit)).to_pylist():
                documents[row["doc"]].drop = Drop(stage, row["rule"], row["value"], row["limit"])


def document_verdict(rows: Rows | None, tables: Iterable[pa.Table], stage: str) -> pa.Table:
    """The drops of a DocumentStage, sorted for `DocumentVerdict`. Raises StageError on one that nobody asked about.

    Without `rows` only that none is there twice is looked at: a step of many is not to read them all.
    """
    parts = [table.select(DROPS.names).cast(DROPS) for table in tables]
    verdict = pa.concat_tables(parts or [DROPS.empty_table()]).sort_by("doc").combine_chunks()
    docs = verdict["doc"].to_numpy()
    asked = 0 if rows is not None else len(docs)
    for part in rows.parts(["doc"]) if rows is not None else ():
        here = np.sort(part["doc"].to_numpy())
        low, high = np.searchsorted(docs, (here[0], here[-1]), "left")
        asked += int(np.isin(docs[low : high + 1], here).sum())
    if len(np.unique(docs)) != len(docs) or asked != len(docs):
        raise StageError(
            f"stage {stage}, decide", got="a document twice, or one it was not asked about", valid="each once at most"
        )
    return verdict


DROPS = pa.schema([("doc", pa.uint64()), ("rule", pa.string()), ("value", pa.string()), ("limit", pa.string())])
"""What a DocumentStage decides: a row for each document to drop."""

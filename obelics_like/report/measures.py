"""One pass over the corpus for what the ledger does not count: spreads, similarities, pictures, hosts.

It reads only the columns it needs and keeps counters, never rows; it judges nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from obelics_like.store.folder import Output
from obelics_like.store.tables import opened

BIN = 0.05
"""Width of a bar of the similarity histogram."""

HOSTS = 200_000
"""Hosts that are counted at once; beyond it the rarest are forgotten, and the counts are lower bounds."""

_LEAVES = ("url", "tokens", "image_info.scorer", "image_info.sentence", "image_info.sentence_similarity",
           "image_info.source")  # fmt: skip


@dataclass
class Measures:
    """Counters over the corpus. Those named `*_each` map a size to how many documents have it."""

    documents: int = 0
    images_each: Counter[int] = field(default_factory=Counter)
    tokens_each: dict[str, Counter[int]] = field(default_factory=dict)
    hosts: Counter[str] = field(default_factory=Counter)
    hosts_forgotten: int = 0
    scorers: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    assigned: int = 0
    bins: Counter[int] = field(default_factory=Counter)
    similarity_sum: float = 0.0
    scored: int = 0
    with_similarity: int = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Take in a batch of corpus rows (the leaves above)."""
        self.documents += batch.num_rows
        info = batch.column("image_info")
        self.images_each.update(pc.list_value_length(info).to_pylist())
        for row in batch.column("tokens").to_pylist():
            for name, count in row or ():
                self.tokens_each.setdefault(name, Counter())[count] += 1
        self._hosts(batch.column("url").to_pylist())
        self._pictures(info.flatten())

    def _hosts(self, urls: Iterable[str]) -> None:
        self.hosts.update(_host(url) for url in urls)
        if len(self.hosts) > HOSTS:
            kept = Counter(dict(self.hosts.most_common(HOSTS // 2)))
            self.hosts_forgotten += len(self.hosts) - len(kept)
            self.hosts = kept

    def _pictures(self, info: pa.StructArray) -> None:
        self.scorers.update(_counts(info.field("scorer")))
        self.sources.update(_counts(info.field("source")))
        self.assigned += len(info) - info.field("sentence").null_count
        values = info.field("sentence_similarity").drop_null()
        values = values.filter(pc.is_finite(values))
        if len(values):
            self.scored += len(values)
            self.similarity_sum += pc.sum(values).as_py()
            at = pc.floor(pc.divide(pc.cast(values, pa.float64()), BIN))
            self.bins.update({int(k): v for k, v in _counts(at).items()})


def measure(output: Output) -> Measures:
    """Measure the corpus of an output folder, file by file."""
    found = Measures()
    for path in output.paths("corpus"):
        with opened(path) as file:
            for batch in file.iter_batches(batch_size=2_000, columns=_columns(file)):
                found.add(batch)
    return found


def _columns(file: pq.ParquetFile) -> list[str]:
    """The wanted leaves by their paths in the file, which name the levels of lists too."""
    out = []
    for n in range(len(file.schema)):
        path = file.schema.column(n).path
        parts = path.split(".")
        if parts[0] in _LEAVES or f"{parts[0]}.{parts[-1]}" in _LEAVES:
            out.append(path)
    return out


def _counts(values: pa.Array) -> dict[Any, int]:
    values = values.drop_null()
    return {row["values"]: row["counts"] for row in values.value_counts().to_pylist()}


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def picture_formats(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """The distinct kept pictures by format: format, pictures, bytes, and the median of their longer sides (pixels)."""
    count, size = Counter[str](), Counter[str]()
    sides: dict[str, Counter[int]] = {}
    for path in paths:
        with opened(path) as file:
            for batch in file.iter_batches(columns=["format", "length", "width", "height"]):
                for row in batch.to_pylist():
                    name = row["format"] or "unknown"
                    count[name] += 1
                    size[name] += row["length"] or 0
                    sides.setdefault(name, Counter())[max(row["width"] or 0, row["height"] or 0)] += 1
    return [
        {"format": name, "pictures": n, "bytes": size[name], "median_side": median(sides[name])}
        for name, n in count.most_common()
    ]


def median(counts: Counter[int]) -> float | None:
    """The median of values given as a map of value to number; None where there are none.

    >>> median(Counter({1: 2, 5: 1})), median(Counter({1: 1, 2: 1})), median(Counter())
    (1.0, 1.5, None)
    """
    total = sum(counts.values())
    if not total:
        return None
    seen, low = 0, None
    for value in sorted(counts):
        seen += counts[value]
        if low is None and seen * 2 >= total:
            low = value
        if seen * 2 > total:
            return (low + value) / 2 if low is not None else float(value)
    return None


def mean(counts: Counter[int]) -> float | None:
    """The mean of values given as a map of value to number; None where there are none."""
    total = sum(counts.values())
    return round(sum(value * n for value, n in counts.items()) / total, 3) if total else None

"""Finds rows in the corpus and among what was dropped, without reading what it does not need; it explains nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from obelics_like.store.folder import Output
from obelics_like.store.tables import opened

ROWS = 8_192
IDENTITY = re.compile(r"\b[0-9a-f]{32}\b")
"""A document's id, as the values of some rules name it."""


@dataclass(frozen=True, order=True)
class Spot:
    """Where a row lies: its file, row group, and row in the group."""

    path: Path
    group: int
    row: int


def batches(paths: Sequence[Path], columns: Sequence[str]) -> Iterator[tuple[Path, int, int, pa.RecordBatch]]:
    """(file, row group, first row in the group, batch) of the columns, through all files."""
    for path in paths:
        with opened(path) as file:
            for group in range(file.num_row_groups):
                first = 0
                for batch in file.iter_batches(batch_size=ROWS, row_groups=[group], columns=list(columns)):
                    yield path, group, first, batch
                    first += batch.num_rows


def spots(
    paths: Sequence[Path], columns: Sequence[str], test: Callable[[pa.RecordBatch], pa.BooleanArray]
) -> list[Spot]:
    """Where the rows lie for which `test` (over a batch of the columns) is true."""
    return [
        Spot(path, group, first + at)
        for path, group, first, batch in batches(paths, columns)
        for at in pc.indices_nonzero(test(batch)).to_pylist()
    ]


def rows_at(wanted: Sequence[Spot]) -> Iterator[dict[str, Any]]:
    """The rows at the spots, in their order; no more than a batch of a row group is held."""
    for spot in wanted:
        with opened(spot.path) as file:
            seen = 0
            for batch in file.iter_batches(batch_size=64, row_groups=[spot.group]):
                if seen + batch.num_rows > spot.row:
                    yield batch.slice(spot.row - seen, 1).to_pylist(maps_as_pydicts="lossy")[0]
                    break
                seen += batch.num_rows


def named(output: Output, section: str, prefix: str, name: str) -> list[dict[str, Any]]:
    """The rows of corpus parts or dropped pages whose id or URL is `name`."""

    def test(batch: pa.RecordBatch) -> pa.BooleanArray:
        hit = pc.equal(batch.column("url"), name)
        if "id" in batch.schema.names:
            hit = pc.or_kleene(hit, pc.equal(batch.column("id"), name))
        return pc.fill_null(hit, False)

    columns = ["url"] if prefix == "records-" else ["id", "url"]
    return list(rows_at(spots(output.paths(section, prefix), columns, test)))


def dropped_nodes(output: Output, pages: Sequence[tuple[str, str, int]]) -> dict[tuple[str, str, int], list[Any]]:
    """The rows of dropped nodes of some pages, each page given as (id, input, offset), by page and in page order."""
    found: dict[tuple[str, str, int], list[Any]] = {page: [] for page in pages}
    ids = pa.array(sorted({page[0] for page in pages}), pa.string())
    for path in output.paths("dropped", "nodes-"):
        with opened(path) as file:
            for batch in file.iter_batches(batch_size=ROWS):
                for row in batch.filter(pc.is_in(batch.column("id"), ids)).to_pylist():
                    key = row["id"], row["input"], row["offset"]
                    if key in found:
                        found[key].append(row)
    return {page: sorted(rows, key=lambda r: r["pos"]) for page, rows in found.items()}


def urls_of(output: Output, ids: Sequence[str]) -> dict[str, str]:
    """The URLs of documents by their ids, kept or dropped, for those that are known."""
    out: dict[str, str] = {}
    if not ids:
        return out
    wanted = pa.array(sorted(set(ids)), pa.string())
    for section, prefix in (("corpus", ""), ("dropped", "pages-")):
        for _, _, _, batch in batches(output.paths(section, prefix), ["id", "url"]):
            for row in batch.filter(pc.is_in(batch.column("id"), wanted)).to_pylist():
                out.setdefault(row["id"], row["url"])
    return out


def pages_showing(output: Output, picture: str, most: int) -> list[str]:
    """The URLs of up to `most` pages that name a picture by this URL, kept or dropped by a rule of its own."""
    found: dict[str, None] = {}
    for _, _, _, batch in batches(output.paths("corpus"), ["url", "images"]):
        images = batch.column("images")
        hits = pc.fill_null(pc.equal(pc.list_flatten(images), picture), False)
        for row in pc.list_parent_indices(images).filter(hits).to_pylist():
            found[batch.column("url")[row].as_py()] = None
            if len(found) == most:  # a logo may be on all pages
                return list(found)
    ids: dict[str, None] = {}
    for _, _, _, batch in batches(output.paths("dropped", "nodes-"), ["id", "url"]):
        hits = pc.fill_null(pc.equal(batch.column("url"), picture), False)
        ids |= dict.fromkeys(batch.filter(hits).column("id").to_pylist())
        if len(ids) >= most:
            break
    found |= dict.fromkeys(urls_of(output, list(ids)[:most]).values())
    return list(found)[:most]

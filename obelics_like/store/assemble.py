"""Puts the published pieces of a run together into its output folder, and takes away what an earlier run left there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from obelics_like.store.corpus import read_rows
from obelics_like.store.dropped import NODES, PAGES
from obelics_like.store.files import Published, describe, lines, publish, publishing

PICTURES = pa.schema(
    [
        ("sha256", pa.string()),
        ("pack", pa.string()),
        ("offset", pa.int64()),
        ("length", pa.int64()),
        ("format", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
    ]
)
"""The index beside the packs, sorted by sha256."""

ROWS_A_FILE = 500_000


def assemble(
    out: Path, corpus: list[Path], dropped: list[Path], packs: list[Path], quarantine: pa.Table
) -> dict[str, list[dict[str, Any]]]:
    """Fill `corpus/`, `images/` and `dropped/`; gives the manifest, which the caller publishes last."""
    sections = {
        "corpus": [_place(path, out / "corpus" / f"part-{n:05d}.parquet") for n, path in enumerate(corpus)],
        "images": [_place(path, out / "images" / path.name) for path in packs],
        "dropped": _merge(dropped, out / "dropped"),
    }
    if packs:
        sections["images"].append(_index([out / "corpus" / f.name for f in sections["corpus"]], out / "images"))
    if quarantine.num_rows:
        path = out / "dropped" / "records-00000.parquet"
        sections["dropped"].append(publish(path, partial(pq.write_table, quarantine), quarantine.num_rows))
    for section, published in sections.items():
        _sweep(out / section, {line.name for line in published})
    return {section: lines(published) for section, published in sections.items()}


def _place(source: Path, target: Path) -> Published:
    """Link a published file to its final name (copy it where links are not to be had)."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.part")
    temporary.unlink(missing_ok=True)
    try:
        os.link(source, temporary)
        os.replace(temporary, target)
    except OSError:
        with open(source, "rb") as read, publishing(target) as write:
            shutil.copyfileobj(read, write, 1 << 20)
    rows = pq.ParquetFile(target).metadata.num_rows if target.suffix == ".parquet" else 0
    return describe(target, rows)


def _merge(paths: Iterable[Path], folder: Path) -> list[Published]:
    """The small files of the tasks as a few large ones, by kind, in the order of the tasks."""
    out = []
    ordered = sorted(paths, key=lambda p: p.name.partition("-")[0])  # stable: the order of the tasks stays
    for kind, files in groupby(ordered, key=lambda p: p.name.partition("-")[0]):
        schema = PAGES if kind == "pages" else NODES
        for number, part in enumerate(_cut(list(files))):

            def write(file: IO[bytes], part: list[Path] = part, schema: Any = schema) -> None:
                with pq.ParquetWriter(file, schema, compression="zstd") as writer:
                    for path in part:
                        writer.write_table(pq.read_table(path, schema=schema))

            rows = sum(pq.ParquetFile(path).metadata.num_rows for path in part)
            out.append(publish(folder / f"{kind}-{number:05d}.parquet", write, rows))
    return out


def _cut(paths: list[Path]) -> list[list[Path]]:
    parts: list[list[Path]] = [[]]
    rows = 0
    for path in paths:
        if rows >= ROWS_A_FILE:
            parts.append([])
            rows = 0
        parts[-1].append(path)
        rows += pq.ParquetFile(path).metadata.num_rows
    return parts


def _index(corpus: list[Path], folder: Path) -> Published:
    found: dict[str, tuple[Any, ...]] = {}
    for path in corpus:
        for row in read_rows(path):
            for i in row["image_info"]:
                if i["pack"]:
                    values = (i["sha256"], i["pack"], i["pack_offset"], i["size"], i["format"], i["width"], i["height"])
                    found[i["sha256"]] = values
    columns = list(zip(*(found[k] for k in sorted(found)))) or [()] * len(PICTURES)
    table = pa.table([list(c) for c in columns], schema=PICTURES)
    return publish(folder / "index.parquet", partial(pq.write_table, table, compression="zstd"), table.num_rows)


def _sweep(folder: Path, keep: set[str]) -> None:
    """Remove what the manifest will not name."""
    if folder.is_dir():
        for path in folder.iterdir():
            if path.is_file() and path.name not in keep:
                path.unlink()

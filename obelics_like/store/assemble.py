"""Puts the published pieces of a run together into its output folder, and takes away what an earlier run left there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from obelics_like.errors import DataError
from obelics_like.store.dropped import NODES, PAGES
from obelics_like.store.files import Published, describe, flush_folder, lines, publish, publishing
from obelics_like.store.shared import at_hand

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


@dataclass(frozen=True, slots=True)
class Piece:
    """A file that a task published, with the digest it had then."""

    path: Path
    sha256: str


def assemble(
    out: Path, corpus: list[Piece], dropped: list[Piece], packs: list[Piece], quarantine: pa.Table
) -> dict[str, list[dict[str, Any]]]:
    """Fill `corpus/`, `images/` and `dropped/`; gives the manifest, which the caller publishes last.

    Raises DataError if a piece is no longer what was published.
    """
    for piece in (*corpus, *dropped, *packs):
        at_hand(piece.path)
    for piece in dropped:
        _same(piece, describe(piece.path))
    sections = {
        "corpus": [_place(piece, out / "corpus" / f"part-{n:05d}.parquet") for n, piece in enumerate(corpus)],
        "images": [_place(piece, out / "images" / piece.path.name) for piece in packs],
        "dropped": _merge([piece.path for piece in dropped], out / "dropped"),
    }
    if packs:
        sections["images"].append(_index([out / "corpus" / f.name for f in sections["corpus"]], out / "images"))
    if quarantine.num_rows:
        path = out / "dropped" / "records-00000.parquet"
        sections["dropped"].append(publish(path, partial(pq.write_table, quarantine), quarantine.num_rows))
    for section, published in sections.items():
        _sweep(out / section, {line.name for line in published})
    return {section: lines(published) for section, published in sections.items()}


def _same(piece: Piece, now: Published) -> Published:
    if now.sha256 != piece.sha256:
        do = "remove the folder work/ of the output, then run the same command again"
        raise DataError(str(piece.path), got="other bytes than were published", valid="untouched work", do=do)
    return now


def _place(piece: Piece, target: Path) -> Published:
    """Link a published file to its final name (copy it where links are not to be had)."""
    source = piece.path
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.part")
    temporary.unlink(missing_ok=True)
    try:
        os.link(source, temporary)
        os.replace(temporary, target)
        temporary.unlink(missing_ok=True)  # a link is not renamed onto another link to the same file
        flush_folder(target.parent)
    except OSError:
        with open(source, "rb") as read, publishing(target) as write:
            shutil.copyfileobj(read, write, 1 << 20)
    found = _same(piece, describe(target))
    return replace(found, rows=pq.read_metadata(target).num_rows) if target.suffix == ".parquet" else found


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
    """Where each packed picture lies, each once, read off the corpus: a few columns of it."""
    wanted = ("sha256", "pack", "pack_offset", "size", "format", "width", "height")
    tables = [PICTURES.empty_table()]
    for path in corpus:
        with pq.ParquetFile(path) as file:
            infos = file.read(columns=[f"image_info.list.element.{name}" for name in wanted])["image_info"]
        flat = pc.list_flatten(infos).combine_chunks()
        columns = [pc.struct_field(flat, name) for name in wanted]
        tables.append(pa.table(columns, schema=PICTURES).filter(pc.is_valid(columns[1])))
    table = pa.concat_tables(tables).sort_by("sha256").combine_chunks()
    digests = table["sha256"].to_numpy(zero_copy_only=False)
    table = table.filter(pa.array([True, *(digests[1:] != digests[:-1])][: len(digests)], pa.bool_()))
    return publish(folder / "index.parquet", partial(pq.write_table, table, compression="zstd"), table.num_rows)


def _sweep(folder: Path, keep: set[str]) -> None:
    """Remove what the manifest will not name."""
    if folder.is_dir():
        for path in folder.iterdir():
            if path.is_file() and path.name not in keep:
                path.unlink()

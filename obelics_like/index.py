"""What earlier runs kept, so that a later one can be deduplicated against it without reading it again.

A folder belongs to one stage: `index.json` says which, and what its keys were made with; each run has one file there,
named for its output folder, with a row for each page that its corpus holds: without the file, the run is forgotten. A
run never looks at its own file, so that run again, or resumed, it finds what it found before; when it ends, it replaces
that file whole. It decides nothing.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from obelics_like.errors import OptionError
from obelics_like.exchange import among, key_hash, map_table
from obelics_like.rows import Part
from obelics_like.stage import AnyStage, DocumentStage
from obelics_like.store.files import publish, publish_json, read_json
from obelics_like.store.shared import at_hand, is_there, put_made

ROWS_A_BATCH = 10_000
"""Rows of a file that are read at once."""
_HEAD = "index.json"


def check(stage: AnyStage) -> None:
    """Raise OptionError if the stage's index is one of another stage, or was made with other options."""
    if not isinstance(stage, DocumentStage) or stage.index is None:
        return
    folder = Path(stage.index)
    where = f"option {stage.id}.index"
    if not (folder / _HEAD).exists():
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise OptionError(
                where,
                got=f"{folder}, no index",
                valid="a new or empty folder, or one that a run made",
                do="choose another",
            )
        return
    made, ours = read_json(folder / _HEAD), _head(stage)
    if made != ours:
        raise OptionError(
            where,
            got=f"{folder}, made with {_said(made, ours)}",
            valid=f"an index made with {_said(ours, made)}",
            do="give the options it was made with, or another folder for each stage and set of options",
        )


def _head(stage: DocumentStage) -> dict[str, Any]:
    """What rows of two runs must have in common to be compared."""
    value = {"stage": f"{type(stage).__module__}.{type(stage).__name__}", **stage.fits()}
    return dict(json.loads(json.dumps(value)))


def _said(one: dict[str, Any], other: dict[str, Any]) -> str:
    return ", ".join(f"{name} = {one.get(name)!r}" for name in {**one, **other} if one.get(name) != other.get(name))


def hold(stage: DocumentStage, run: str, folder: Path) -> None:
    """Keep what other runs than `run` have left up to now in a folder of its own, unless that was done before.

    A decision takes many tasks and may be resumed; other runs may end meanwhile, and be run again: all of it is to see
    one and the same index. Files are linked, so that this costs no room; where they can't be, they are copied.
    """
    head = folder / _HEAD
    if stage.index is None or is_there(head):
        return
    folder.mkdir(parents=True, exist_ok=True)
    kept = sorted(Path(stage.index).glob("*.arrow"))
    publish_json(head, [_kept(path, folder) for path in kept if path.stem != run and not path.name.startswith(".")])


def _kept(path: Path, folder: Path) -> str:
    """Keep a file of an index in a folder; gives its name there. That tells it from other files that its run left there
    at other times: an attempt that was lost, here or on another machine, may have kept one of those."""
    temporary = folder / f".{path.name}.{os.getpid()}.part"
    temporary.unlink(missing_ok=True)
    try:
        os.link(path, temporary)
    except OSError:
        shutil.copy2(path, temporary)
    status = temporary.stat()
    kept = folder / f"{path.stem}-{status.st_size}-{status.st_mtime_ns}.arrow"
    os.replace(temporary, kept)
    temporary.unlink(missing_ok=True)  # where both were links to one file already, nothing was replaced
    put_made(kept)
    return kept.name


def held(folder: Path) -> list[Part]:
    """The rows that `hold` kept in a folder, in parts of ROWS_A_BATCH. Raises DataError where it kept nothing there."""
    paths = [at_hand(folder / name) for name in read_json(at_hand(folder / _HEAD))]
    return [partial(_batch, path, n) for path in paths for n in range(_batches(path))]


def _batches(path: Path) -> int:
    with pa.memory_map(str(path)) as source:
        return int(pa.ipc.open_file(source).num_record_batches)


def _batch(path: Path, number: int) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        return pa.Table.from_batches([pa.ipc.open_file(source).get_batch(number)])


def remember(stage: DocumentStage, run: str, rows: Iterable[Path], corpus: Iterable[Path]) -> None:
    """Write what `run` kept into the stage's index: of the rows it collected, those of pages in its corpus files."""
    assert stage.index is not None
    folder = Path(stage.index)
    folder.mkdir(parents=True, exist_ok=True)
    publish_json(folder / _HEAD, _head(stage))
    kept = np.sort(np.concatenate([np.empty(0, np.uint64), *map(_identities, corpus)]))
    batches = _filled(stage, rows, kept)

    def write(file: IO[bytes]) -> None:
        first = next(batches, None)
        if first is not None:
            with pa.ipc.new_file(file, first.schema) as out:
                for table in (first, *batches):
                    out.write_table(table)
        else:
            pa.ipc.new_file(file, pa.schema([])).close()

    publish(folder / f"{run}.arrow", write)


def _filled(stage: DocumentStage, rows: Iterable[Path], kept: np.ndarray) -> Iterator[pa.Table]:
    """The rows of kept pages, in tables of ROWS_A_BATCH; of a keyed stage each sorted by key."""
    held: list[pa.Table] = []
    for path in rows:
        table = map_table(path).select(stage.remembers())
        table = table.filter(pa.array(among(kept, _hashes(table["id"]))))
        if stage.keyed:
            table = table.filter(table["key"].is_valid())
        held.append(table)
        if sum(t.num_rows for t in held) >= ROWS_A_BATCH:
            yield _one(stage, held)
            held = []
    if any(t.num_rows for t in held):
        yield _one(stage, held)


def _one(stage: DocumentStage, tables: list[pa.Table]) -> pa.Table:
    table = pa.concat_tables(tables)
    return (table.sort_by("key") if stage.keyed else table).combine_chunks()


def _identities(path: Path) -> np.ndarray:
    return _hashes(pq.read_table(path, columns=["id"])["id"])


def _hashes(ids: pa.ChunkedArray) -> np.ndarray:
    return np.fromiter(map(key_hash, ids.to_pylist()), np.uint64, len(ids))

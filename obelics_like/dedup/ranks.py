"""Numbers documents by the order in which they should stay, and finds their rows again by that number.

It compares no contents. The numbers lie in files that are mapped, not in memory: 20 bytes a document on the disk.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from obelics_like.dedup import keepers
from obelics_like.dedup.runs import mapped
from obelics_like.errors import cannot_write
from obelics_like.rows import HELD, Rows

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_COST = 4  # sorting a table takes so many times its bytes


@dataclass(frozen=True, slots=True)
class Ranks:
    """`docs[r]` is the document of rank r, `sizes[r]` its number of shingles; `of_row[i]` the rank of row i.

    Rows are counted through the parts of `Rows`. The first `held` ranks are those of an index.
    """

    docs: np.ndarray
    sizes: np.ndarray
    of_row: np.ndarray
    held: int

    def __len__(self) -> int:
        return len(self.docs)

    @staticmethod
    def files(folder: Path) -> tuple[Path, Path, Path]:
        """Where `rank` writes its three columns."""
        return folder / "docs", folder / "sizes", folder / "rows"


def open_ranks(paths: Sequence[Path], count: int, held: int) -> Ranks:
    """What `rank` wrote, from its files wherever they lie now."""
    import numpy as np

    docs, sizes, of_row = (np.memmap(p, kind, "r", shape=max(1, count))[:count] for p, kind in _columns(paths))
    return Ranks(docs, sizes, of_row, held)


def _columns(paths: Sequence[Path]) -> Iterator[tuple[Path, type[np.generic]]]:
    """The files with their types; each holds one value at least, since an empty file can't be mapped."""
    import numpy as np

    return zip(paths, (np.uint64, np.uint32, np.int64), strict=True)


def rank(rows: Rows, folder: Path) -> Ranks:
    """Order all rows by `keepers.ORDER`: in runs that fit in memory, which are then merged piece by piece."""
    import numpy as np

    runs, count, held = _runs(rows, folder)
    docs, sizes, of_row = (mapped(p, kind, max(1, count))[:count] for p, kind in _columns(Ranks.files(folder)))
    at = 0
    for table in _merged(runs):
        here = slice(at, at + table.num_rows)
        docs[here], sizes[here] = table["doc"].to_numpy(), table["size"].to_numpy()
        of_row[table["row"].to_numpy()] = np.arange(at, at + table.num_rows)
        at += table.num_rows
    return Ranks(docs, sizes, of_row, held)


def _runs(rows: Rows, folder: Path) -> tuple[list[pa.Table], int, int]:
    """The columns of the order with `row` and `size`, as sorted tables; all but a single one are files."""
    import numpy as np
    import pyarrow as pa

    runs: list[pa.Table] = []
    gathered: list[pa.Table] = []
    size = count = held = 0
    for part in rows.parts(["id", "first", "size"]):
        row = pa.array(np.arange(count, count + part.num_rows))
        gathered.append(_compact(part.append_column("row", row)))
        size += gathered[-1].nbytes
        count += part.num_rows
        held += int((part["doc"].to_numpy() >= HELD).sum())
        if size > rows.memory // _COST:
            runs.append(_written(_sorted(gathered), folder / f"run-{len(runs)}"))
            gathered, size = [], 0
    if gathered:
        last = _sorted(gathered)
        runs.append(_written(last, folder / "run-last") if runs else last)
    return runs, count, held


def _compact(part: pa.Table) -> pa.Table:
    """A copy, so that no mapped file stays behind it."""
    import numpy as np
    import pyarrow as pa

    return part.take(pa.array(np.arange(part.num_rows)))


def _sorted(tables: Sequence[pa.Table]) -> pa.Table:
    import pyarrow as pa

    table = pa.concat_tables(tables).combine_chunks()
    return table.take(pa.array(keepers.best_first(table)))


def _written(table: pa.Table, path: Path) -> pa.Table:
    import pyarrow as pa

    try:
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as out:
            out.write_table(table, max_chunksize=1 << 16)
    except OSError as error:
        raise cannot_write(path, error) from error
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


def _merged(runs: Sequence[pa.Table]) -> Iterator[pa.Table]:
    """The rows of all runs in order, in pieces each of about a run's size.

    Of each run, rows at even distances are looked at; these cut all runs alike (sorting by regular sampling, Shi and
    Schaeffer 1992), so that no piece has more than two runs' worth of rows.
    """
    if len(runs) < 2:
        yield from runs
        return
    step = max(1, max(run.num_rows for run in runs) // (4 * len(runs)))
    seen = sorted(_order(run, at) for run in runs for at in range(0, run.num_rows, step))
    cuts = seen[:: len(seen) // len(runs)][1:]
    starts = [0] * len(runs)
    for cut in [*cuts, None]:
        stops = [r.num_rows if cut is None else _before(r, cut) for r in runs]
        parts = [r.slice(a, b - a) for r, a, b in zip(runs, starts, stops, strict=True) if b > a]
        if parts:
            yield _sorted(parts)
        starts = stops


def _before(run: pa.Table, cut: tuple[Any, ...]) -> int:
    return bisect_left(range(run.num_rows), cut, key=lambda at: _order(run, at))


def _order(run: pa.Table, at: int) -> tuple[Any, ...]:
    """What ORDER compares, of one row."""
    row = run.slice(at, 1)
    doc = row["doc"][0].as_py()
    return doc < HELD, row["first"][0].as_py(), row["id"][0].as_py(), doc

"""The rows that a DocumentStage collected, as its `decide` may read them: piece by piece, never all at once.

It reads and hands out; it decides nothing. Rows lie in one table a shard, mapped when they are asked for and let go
behind it, so that what a decision holds is bounded by `memory` and not by the crawl.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MEMORY = 300_000_000
"""Bytes that a decision may take, where nothing else is said."""
HELD = 1 << 63
"""The number from which on `doc` is no page of this run but a row of an index, of what earlier runs kept."""
_END = 1 << 64

Part = Callable[[], "pa.Table"]
Chunks = Callable[[], Iterator["pa.Table"]]


class Rows:
    """Rows of all shards, less those of documents that are gone, and behind them those of an index.

    Each part has `doc` (uint64, ascending over the parts; index rows get theirs here, from HELD on) and, where rows of
    one key are to be decided together, `key` (16 bytes, spread evenly), by which it may be sorted. `keys` narrows the
    rows to keys whose first 8 bytes, as a number, lie from the first of the two up to the last. What a stage has to
    say of its decision (`note`) is kept in `notes`.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        held: Sequence[Part] = (),
        gone: Callable[[np.ndarray], np.ndarray] | None = None,
        keys: tuple[int, int] | None = None,
        memory: int = MEMORY,
        scratch: Path | None = None,
    ) -> None:
        self.memory, self.notes = memory, list[str]()
        self._parts, self._held, self._gone, self._keys, self._scratch = parts, held, gone, keys, scratch
        self._spans: list[tuple[int, int, Part]] | None = None

    def note(self, text: str) -> None:
        """Say something about the decision that the run's record should hold."""
        self.notes.append(text)

    def whole(self) -> pa.Table:
        """All rows at once: for stages that can do no better, and for tests."""
        import pyarrow as pa

        return pa.concat_tables(list(self.parts()))

    def parts(
        self, columns: Sequence[str] | None = None, first: int = 0, stop: int | None = None
    ) -> Iterator[pa.Table]:
        """The rows part by part, in the order of `doc`; with `columns` only those, and `doc`.

        `first` and `stop` narrow them to a group of parts, as `groups` names them.
        """
        wanted = None if columns is None else [*columns, *({"doc"} - set(columns))]
        for load in islice(self._all(), first, stop):
            table = self._alive(load())
            if table.num_rows:
                yield table if wanted is None else table.select(wanted)

    def groups(self, most: int) -> list[tuple[int, int, int]]:
        """Neighbouring parts in groups, at least one, of about `most` rows: (first, stop, rows before it)."""
        found: list[tuple[int, int, int]] = []
        first = before = at = number = 0
        for number, load in enumerate(self._all(), 1):
            at += self._alive(load().select(["doc"])).num_rows
            if at - before >= most:
                found.append((first, number, before))
                first, before = number, at
        return [*found, (first, number, before)] if at > before or not found else found

    def take(self, docs: np.ndarray, columns: Sequence[str]) -> pa.Table:
        """The rows of some documents (each once), in the order of `docs`. Raises KeyError where one has none."""
        import numpy as np
        import pyarrow as pa

        order = np.argsort(docs)
        wanted, taken = docs[order], []
        for first, last, load in self._by_doc():
            low, high = np.searchsorted(wanted, np.array([first, last + 1], np.uint64))
            if low < high:
                table = _ascending(load())
                at = np.searchsorted(table["doc"].to_numpy(), wanted[low:high])
                taken.append(table.select([*columns, "doc"]).take(pa.array(at)))
        found = pa.concat_tables(taken) if taken else None
        if found is None or not np.array_equal(found["doc"].to_numpy(), wanted):
            raise KeyError("rows were asked for that are not there")
        back = np.empty(len(order), np.int64)
        back[order] = np.arange(len(order))
        return found.select(columns).take(pa.array(back)).combine_chunks()

    def by_key(self, cost: int = 6) -> Iterator[Chunks]:
        """The rows in groups that hold all rows of their keys; a group is read in chunks, as often as is asked.

        A chunk has so many bytes that `cost` times as many are within `memory`. A group is more than one chunk only
        where a single key has so many rows that they would not fit. Rows without a key are in none.
        """
        most = max(1, self.memory // cost)
        low, high = self._keys or (0, _END)
        size = sum(self._slice(load(), low, high).nbytes for load in self._all())
        pieces = max(1, -(-size // most))
        step = -(-(high - low) // pieces)
        for start in range(low, high, step):
            yield self._chunks(start, min(high, start + step), most)

    def _chunks(self, low: int, high: int, most: int) -> Chunks:
        import pyarrow as pa

        def read() -> Iterator[pa.Table]:
            held: list[pa.Table] = []
            size = 0
            for load in self._all():
                table = self._alive(self._slice(load(), low, high))
                if held and size + table.nbytes > most:
                    yield pa.concat_tables(held).combine_chunks()
                    held, size = [], 0
                if table.num_rows:
                    held.append(table)
                    size += table.nbytes
            if held:
                yield pa.concat_tables(held).combine_chunks()

        return read

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """A folder of one's own while the block lasts."""
        if self._scratch is not None:
            self._scratch.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="decide-", dir=self._scratch) as folder:
            yield Path(folder)

    def _all(self) -> Iterator[Part]:
        yield from self._parts
        first = HELD
        for load in self._held:
            yield _numbered(load, first)
            first += load().num_rows

    def _by_doc(self) -> list[tuple[int, int, Part]]:
        if self._spans is None:
            self._spans = []
            for load in self._all():
                docs = load()["doc"].to_numpy()
                if len(docs):
                    self._spans.append((int(docs.min()), int(docs.max()), load))
        return self._spans

    def _alive(self, table: pa.Table) -> pa.Table:
        import pyarrow as pa

        if self._gone is None or not table.num_rows:
            return table
        gone = self._gone(table["doc"].to_numpy())
        return table.filter(pa.array(~gone)) if gone.any() else table

    def _slice(self, table: pa.Table, low: int, high: int) -> pa.Table:
        """The rows of a part with a key from `low` up to `high`: two bisections, the sorted column is its own index."""
        import numpy as np

        count = table.num_rows - table["key"].null_count
        if not count:
            return table.slice(0, 0)
        column = table["key"].combine_chunks()
        heads = np.frombuffer(column.buffers()[1], ">u8", 2 * count, column.offset * 16)[::2]
        if (heads[1:] < heads[:-1]).any():
            return self._slice(table.sort_by("key"), low, high)
        start, stop = (count if n >= _END else int(np.searchsorted(heads, np.uint64(n))) for n in (low, high))
        return table.slice(start, stop - start)


def _ascending(table: pa.Table) -> pa.Table:
    docs = table["doc"].to_numpy()
    return table if (docs[1:] > docs[:-1]).all() else table.sort_by("doc")


def _numbered(load: Part, first: int) -> Part:
    def numbered() -> pa.Table:
        import numpy as np
        import pyarrow as pa

        table = load()
        docs = pa.array(np.arange(first, first + table.num_rows, dtype=np.uint64))
        return table.append_column("doc", docs)

    return numbered


def tables(found: Iterable[pa.Table]) -> list[Part]:
    """Tables that are in memory already, as parts."""
    return [lambda table=table: table for table in found]  # type: ignore[misc]

"""Says which of several copies stays, by a total order, so that every run and every order of rows agrees.

It does not find the copies, but for the plain case of equal keys.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from obelics_like.document import Document
from obelics_like.errors import OptionError
from obelics_like.rows import HELD, Rows
from obelics_like.stage import Batch

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER = 2**63 - 1

KEEPS = ("newest", "oldest", "lowest_id", "longest")


def check_choice(where: str, value: str, known: Sequence[str]) -> None:
    """Raise OptionError, with the near names, unless the option `where` has one of the `known` values."""
    if value not in known:
        near = difflib.get_close_matches(value, known, n=1)
        do = f"did you mean {near[0]}?" if near else "choose one of them"
        raise OptionError(where, got=repr(value), valid=" | ".join(known), do=do)


def describe(batch: Batch, keep: str) -> dict[str, Any]:
    """The columns that the order needs: `id`, and `first` (int64): the row with the lowest one stays."""
    import pyarrow as pa

    return {
        "id": pa.array([d.id for d in batch], pa.string()),
        "first": pa.array([_first(d, keep) for d in batch], pa.int64()),
    }


def _first(document: Document, keep: str) -> int:
    """A page without a date never wins over one with a date, for the newest and for the oldest alike.

    One that a revisit found unchanged is as new as that.
    """
    if keep == "lowest_id":
        return 0
    if keep == "longest":
        return -sum(map(len, document.effective_texts()))
    try:
        again = document.facts.get("met_again") if keep == "newest" else None
        moment = datetime.fromisoformat(again or document.origin.date or "")
    except ValueError:
        return _NEVER
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = (aware - _EPOCH) // timedelta(microseconds=1)
    return -since if keep == "newest" else since


ORDER = [("held", "descending"), ("first", "ascending"), ("id", "ascending"), ("doc", "ascending")]
"""What an earlier run kept stays before all others; then by the rule; then by lowest id and lowest doc."""


def best_first(rows: pa.Table) -> np.ndarray:
    """Positions of the rows, the one that stays first: by ORDER."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    held = pa.array(rows["doc"].to_numpy() >= HELD)
    columns = rows.select(["first", "id", "doc"]).append_column("held", held)
    return np.asarray(pc.sort_indices(columns, sort_keys=ORDER)).astype(np.int64)


def drop_repeats(rows: Rows, rule: str) -> Iterator[pa.Table]:
    """The verdict on rows with an equal `key`: all but the best of each are dropped; a null key equals nothing.

    Where a group of keys comes in several chunks, their best are found first and each chunk is held against them.
    """
    import pyarrow as pa

    for chunks in rows.by_key():
        best: pa.Table | None = None
        for chunk in chunks():
            best = _best(chunk if best is None else pa.concat_tables([best, chunk]).combine_chunks())
        for chunk in chunks() if best is not None else ():
            yield _others(chunk, best, rule)


def _best(rows: pa.Table) -> pa.Table:
    """The best row of each key."""
    import numpy as np
    import pyarrow as pa

    order = best_first(rows)
    _, at = np.unique(_codes(rows)[order], return_index=True)
    return rows.take(pa.array(order[at]))


def _codes(rows: pa.Table) -> np.ndarray:
    codes: np.ndarray = rows["key"].combine_chunks().dictionary_encode().indices.to_numpy()
    return codes


def _others(rows: pa.Table, best: pa.Table, rule: str) -> pa.Table:
    """The verdict on the rows that are not the best of their key."""
    import numpy as np
    import pyarrow.compute as pc

    keeper = pc.index_in(rows["key"], value_set=best["key"]).to_numpy()
    docs = rows["doc"].to_numpy()
    dropped = np.flatnonzero((best["doc"].to_numpy()[keeper] != docs) & (docs < HELD))
    return verdict(docs[dropped], rule, best["id"].take(keeper[dropped]).to_pylist(), None)


def verdict(docs: np.ndarray, rule: str, values: Sequence[str], limit: str | None) -> pa.Table:
    """A table that `decide` yields: one row for each of `docs`."""
    import pyarrow as pa

    return pa.table(
        {
            "doc": pa.array(docs, pa.uint64()),
            "rule": pa.array([rule] * len(docs), pa.string()),
            "value": pa.array(values, pa.string()),
            "limit": pa.array([limit] * len(docs), pa.string()),
        }
    )

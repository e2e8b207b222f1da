"""Says which of several copies stays, by a total order, so that every run and every order of rows agrees.

It does not find the copies, but for the plain case of equal keys.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from obelics_like.document import Document
from obelics_like.errors import OptionError
from obelics_like.stage import Batch

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

KEEPS = ("newest", "oldest", "lowest_id", "longest")


def check_choice(where: str, value: str, known: Sequence[str]) -> None:
    """Raise OptionError, with the near names, unless the option `where` has one of the `known` values."""
    if value not in known:
        near = difflib.get_close_matches(value, known, n=1)
        do = f"did you mean {near[0]}?" if near else "choose one of them"
        raise OptionError(where, got=repr(value), valid=" | ".join(known), do=do)


def describe(batch: Batch) -> dict[str, Any]:
    """The columns that the orders need: id, date (UTC, null if unknown) and length (characters of the kept texts)."""
    import pyarrow as pa

    return {
        "id": pa.array([d.id for d in batch], pa.string()),
        "date": pa.array([_date(d) for d in batch], pa.string()),
        "length": pa.array([sum(len(t.effective) for t in d.texts()) for d in batch], pa.int64()),
    }


def _date(document: Document) -> str | None:
    """Without its Z, so that fractions of a second sort behind the whole second as strings do."""
    return (document.origin.date or "").rstrip("Zz") or None


def best_first(rows: pa.Table, keep: str) -> np.ndarray:
    """Positions of the rows, the one that stays first: by `keep`, then by lowest id, then by lowest doc.

    A row without a date never wins over one with a date, for the newest and for the oldest alike.
    """
    import numpy as np
    import pyarrow.compute as pc

    first = {
        "newest": [("date", "descending")],
        "oldest": [("date", "ascending")],
        "longest": [("length", "descending")],
        "lowest_id": [],
    }[keep]
    columns = rows.select(["id", "date", "length", "doc"])
    order = pc.sort_indices(columns, sort_keys=[*first, ("id", "ascending"), ("doc", "ascending")])
    return np.asarray(order).astype(np.int64)


def drop_repeats(rows: pa.Table, keep: str, rule: str) -> pa.Table:
    """The verdict on rows with an equal `key`: all but the best of each are dropped; a null key equals nothing."""
    import numpy as np

    order = best_first(rows, keep)
    codes = rows["key"].combine_chunks().dictionary_encode().indices
    codes = codes.fill_null(-1).to_numpy(zero_copy_only=False)[order]
    _, first, group = np.unique(codes, return_index=True, return_inverse=True)
    keeper = first[group]
    dropped = np.flatnonzero((keeper != np.arange(len(codes))) & (codes >= 0))
    stays = rows["id"].take(order[keeper[dropped]]).to_pylist()
    return verdict(rows, order[dropped], rule, stays, None)


def verdict(rows: pa.Table, dropped: np.ndarray, rule: str, values: Sequence[str], limit: str | None) -> pa.Table:
    """The table that `decide` returns, sorted by doc: one row for each position in `dropped`."""
    import pyarrow as pa

    table = pa.table(
        {
            "doc": rows["doc"].combine_chunks().take(pa.array(dropped, pa.int64())).cast(pa.uint64()),
            "rule": pa.array([rule] * len(dropped), pa.string()),
            "value": pa.array(values, pa.string()),
            "limit": pa.array([limit] * len(dropped), pa.string()),
        }
    )
    return table.sort_by("doc")

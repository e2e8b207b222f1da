"""Revisit records held against what they repeat: whether that is among the inputs, and which pages were met again.

It reads indexes of scans (tables of Records) and no archive; it makes no page of a revisit.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from obelics_like.sources.records import HTML_TYPES

if TYPE_CHECKING:
    import pyarrow as pa

EMPTY = (
    *(f"{name}:{hashlib.new(name, b'', usedforsecurity=False).hexdigest()}" for name in ("md5", "sha1", "sha256")),
    "sha1:" + base64.b32encode(hashlib.sha1(b"", usedforsecurity=False).digest()).decode(),
)
"""Digests of nothing, which some crawlers give to a revisit for its own empty payload."""


@dataclass(frozen=True)
class Resolved:
    """What was found out of the revisits of all inputs.

    `missing`: how many repeat a page or a picture that is nowhere in the inputs. `met_again`: the pages that a later
    revisit of their own URL says were unchanged: `ordinal` (int64, ascending) and `date` of the last one (string).
    """

    missing: int
    met_again: pa.Table


def resolve(indexes: Sequence[tuple[pa.Table, pa.Table]]) -> Resolved:
    """The revisits among the pages and the other records of each input, in the order of the inputs.

    The original is the record that WARC-Refers-To names, the capture of WARC-Refers-To-Target-URI at
    WARC-Refers-To-Date, or one with the same payload digest; of a revisit that tells none of these, any capture of
    the URL. One that says itself to be of another type than HTML or a picture, or that repeats a redirect, is never
    missing: nothing of it was wanted.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    revisits = [_revisits(others) for _, others in indexes]
    table = pa.concat_tables(revisits) if revisits else None
    if table is None or not table.num_rows:
        return Resolved(0, _met([]))
    found = {"record_id": table["original_id"], "at": table["at"], "digest": table["digest"], "url": table["target"]}
    held = {name: _held(indexes, name, pc.unique(wanted)) for name, wanted in found.items()}
    there = {name: pc.is_in(wanted, held[name]) for name, wanted in found.items()}
    silent = pc.and_(pc.is_null(table["digest"]), pc.is_null(table["original_id"]))
    by_url = pc.and_(pc.and_(silent, pc.is_null(table["original_date"])), there["url"])
    resolved = pc.or_(pc.or_(there["record_id"], there["at"]), pc.or_(there["digest"], by_url))
    missing = pc.and_(table["wanted"], pc.invert(resolved))
    return Resolved(pc.sum(missing).as_py() or 0, _met(_later(indexes, table.filter(there["url"]))))


def _revisits(others: pa.Table) -> pa.Table:
    """The revisits of an input, each with the URL of its original (`target`), that with its date (`at`), and whether
    a page or a picture may be what it repeats (`wanted`)."""
    import pyarrow.compute as pc

    columns = ["url", "mime", "status", "date", "digest", "location", "original_id", "original_date"]
    table = others.filter(pc.equal(others["rule"], "revisit")).select(columns)
    direct = pc.invert(pc.starts_with(pc.fill_null(table["location"], "digest:"), "digest:"))
    target = pc.if_else(direct, table["location"], table["url"])
    status = pc.fill_null(table["status"], 200)
    moved = pc.and_(pc.and_(pc.greater_equal(status, 300), pc.less(status, 400)), pc.not_equal(status, 304))
    mime = pc.fill_null(table["mime"], HTML_TYPES[0])
    kind = pc.or_(pc.is_in(mime, _strings(HTML_TYPES)), pc.starts_with(mime, "image/"))
    empty = pc.is_in(table["digest"], _strings(EMPTY))
    digest = pc.if_else(empty, None, table["digest"])
    table = table.set_column(table.schema.get_field_index("digest"), "digest", digest)
    table = table.append_column("target", target).append_column("at", _at(target, table["original_date"]))
    return table.append_column("wanted", pc.and_(kind, pc.invert(moved))).drop_columns(["mime", "status", "location"])


def _held(indexes: Sequence[tuple[pa.Table, pa.Table]], name: str, wanted: Any) -> Any:
    """Which of the wanted values some page or picture has."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = wanted.filter(pc.is_valid(wanted))
    some: list[Any] = []
    for pages, others in indexes if len(wanted) else ():
        for table in (pages, others.filter(pc.equal(others["kind"], "image"))):
            column = _at(table["url"], table["date"]) if name == "at" else table[name]
            some += pc.unique(column.filter(pc.is_in(column, wanted))).to_pylist()
    return pa.array(sorted(set(some)), pa.string())


def _later(indexes: Sequence[tuple[pa.Table, pa.Table]], revisits: pa.Table) -> Iterator[tuple[int, str]]:
    """Pages with the date of a later revisit of the same URL and the same payload: (ordinal, date), in order."""
    import pyarrow.compute as pc

    told = revisits.filter(pc.is_valid(revisits["date"])).select(["url", "date", "digest", "original_id", "at"])
    told = told.group_by(["url", "digest", "original_id", "at"]).aggregate([("date", "max")])
    latest: dict[tuple[Any, ...], str] = {}
    for one in told.to_pylist():
        silent = one["digest"] is None
        for sign in (("digest", one["digest"]), ("id", one["original_id"], silent), ("at", one["at"], silent)):
            if sign[1] is not None:
                key = (one["url"], *sign)
                latest[key] = max(one["date_max"], latest.get(key, ""))
    urls = _strings(tuple({key[0] for key in latest}))
    first = 0
    for pages, _ in indexes:
        places = pc.indices_nonzero(pc.is_in(pages["url"], urls))
        found = pages.select(["url", "date", "digest", "record_id"]).take(places).to_pylist()
        for place, page in zip(places.to_pylist(), found, strict=True):
            last = max(latest.get((page["url"], *sign), "") for sign in _signs(page))
            if last > (page["date"] or ""):
                yield first + place, last
        first += pages.num_rows


def _signs(page: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What a revisit of the page's URL says if it found the page unchanged: its digest where both have one, else its
    id or its date."""
    named = [("id", page["record_id"]), ("at", f"{page['url']} {page['date']}")]
    if page["digest"] is not None:
        return [("digest", page["digest"]), *((*name, True) for name in named)]
    return [(*name, silent) for name in named for silent in (True, False)]


def _met(rows: Iterator[tuple[int, str]] | list[tuple[int, str]]) -> pa.Table:
    import pyarrow as pa

    ordinals, dates = zip(*rows, strict=True) if (rows := list(rows)) else ((), ())
    return pa.table({"ordinal": pa.array(ordinals, pa.int64()), "date": pa.array(dates, pa.string())})


def _at(url: Any, date: Any) -> Any:
    """A capture by its URL and date; null where there is no date."""
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(url, date, " ")


def _strings(values: tuple[str, ...]) -> Any:
    import pyarrow as pa

    return pa.array(values, pa.string())

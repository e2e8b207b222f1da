"""Scans an input once: an index of its page and image records, and a count of all others by rule; it parses no page."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from obelics_like import exchange
from obelics_like.plan import THOROUGH, file_of
from obelics_like.sources.archive import scan
from obelics_like.sources.disk import open_file, split_path
from obelics_like.sources.inputs import Input
from obelics_like.sources.records import Record
from obelics_like.sources.spool import spool
from obelics_like.store.files import describe, finished, lines, publish_json
from obelics_like.tasks.job import Job, peak_memory

UNREAD = ("unreadable", "unreachable", "truncated", "body_too_large")
"""Rules of records that say that something was lost, and not only that it was no page."""

SORTED_AT_ONCE = 1 << 26
"""Records whose identities are sorted at once: 2 GB."""

_RECORD = [
    (f.name, pa.int64() if f.name in ("offset", "length", "status", "size") else pa.string())
    for f in fields(Record)
    if f.name != "passed"
]
_INDEX = pa.schema([*_RECORD, ("identity", pa.uint64())])
QUARANTINE = pa.schema(
    [
        ("input", pa.string()),
        ("offset", pa.int64()),
        ("url", pa.string()),
        ("rule", pa.string()),
        ("reason", pa.string()),
    ]
)


def scan_input(item: tuple[Job, Input, str, int | None]) -> dict[str, Any]:
    """Index one input (job, input, key, stop): its page and image records; count the others by rule.

    It ends after `stop` distinct pages; the place where it did is then `stopped_at` of the result. Every page is
    inflated if the key says so (`plan.THOROUGH`), else `passed` tells how many were not. What could not be reached is
    never taken for done: the next run tries again.
    """
    job, source, key, stop = item
    folder = job.work / "index"
    manifest = folder / f"{key}.json"
    if (done := finished(manifest)) is not None:
        return done
    if stop is None:  # else what is read twice is little
        source = spool(source, job.spool)
    pages: list[Record] = []
    images: list[Record] = []
    rules: Counter[str] = Counter()
    quarantine: list[dict[str, Any]] = []
    records = 0
    found = scan(source, job.sources, thorough=True) if key.endswith(THOROUGH) else scan(source, job.sources)
    for record in _until(stop, found):
        records += 1
        if record.kind == "page":
            pages.append(record)
            continue
        if record.kind == "image" or record.location is not None or record.rule == "revisit":  # may lead to pictures
            images.append(record)
        if record.kind != "image":
            rules[record.rule or "not_a_page"] += 1
            if record.rule in UNREAD:
                quarantine.append(quarantined(source, record, record.rule, record.reason))
    tables = {"pages": _index(pages), "images": _index(images)}
    tables["quarantine"] = pa.Table.from_pylist(quarantine, QUARANTINE)
    files = [exchange.write_table(table, folder / f"{key}-{name}.arrow") for name, table in tables.items()]
    result = {
        "records": records,
        "pages": len(pages),
        "passed": sum(r.passed for r in pages),
        "images": sum(r.kind == "image" for r in images),
        "drops": dict(rules),
        "size": _size(source),
        "sha256": None if source.picks else _digest(source),
        "stopped_at": pages[-1].offset if stop and len(set(map(_identity, pages))) == stop else None,
        "peak_mb": peak_memory(),
        "files": lines(files),
    }
    if not rules["unreachable"]:
        publish_json(manifest, result)
    return result


def _until(stop: int | None, records: Iterable[Record]) -> Iterator[Record]:
    """The records up to the `stop`th distinct page; all of them without a stop."""
    distinct: set[int] = set()
    for record in records:
        yield record
        if stop is not None and record.kind == "page":
            distinct.add(_identity(record))
            if len(distinct) == stop:
                return


def quarantined(source: Input, record: Record, rule: str | None, reason: str | None) -> dict[str, Any]:
    """The quarantine row of a record that could not be read."""
    return {"input": source.name, "offset": record.offset, "url": record.url, "rule": rule, "reason": reason}


def _size(source: Input) -> int:
    """Bytes of an input; 0 where its host does not say."""
    if source.size or source.format == "html":
        return source.size
    try:
        return open_file(split_path(source.path)[0]).size
    except OSError:
        return 0


def _digest(source: Input) -> str | None:
    path = file_of(source)
    return describe(path).sha256 if path.is_file() else None


def _index(records: list[Record]) -> pa.Table:
    columns = {name: [getattr(r, name) for r in records] for name, _ in _RECORD}
    identity = np.fromiter((_identity(r) for r in records), np.uint64, len(records))
    return pa.table([*columns.values(), identity], schema=_INDEX)


def _identity(record: Record) -> int:
    """What the same record has in common wherever it is met: id, type, URL and date."""
    text = "\n".join((record.record_id or "", record.type, record.url or "", record.date or "", record.digest or ""))
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little")


def met_before(arrays: Sequence[np.ndarray], most: int = SORTED_AT_ONCE) -> np.ndarray:
    """Whether each value stood earlier in the arrays, taken as one; the values are spread evenly, as hashes are.

    They are sorted in parts of some `most` values, so that mapped arrays of any length need little memory.

    >>> met_before([np.array([3, 1], np.uint64), np.array([3, 3, 2], np.uint64)]).tolist()
    [False, False, True, True, False]
    """
    starts = np.cumsum([0, *map(len, arrays)])
    again = np.zeros(starts[-1], bool)
    parts = 1 + len(again) // most
    for part in range(parts):
        here = [np.flatnonzero(values % np.uint64(parts) == part) for values in arrays]
        identities = np.concatenate([np.empty(0, np.uint64), *(v[at] for v, at in zip(arrays, here))])
        places = np.concatenate([np.empty(0, np.int64), *(at + start for at, start in zip(here, starts))])
        order = np.argsort(identities, kind="stable")
        held = identities[order]
        again[places[order[1:]]] = held[1:] == held[:-1]
    return again


def index_records(path: Path, start: int = 0, stop: int | None = None) -> list[Record]:
    """Rows of an index file as Records."""
    table = exchange.map_table(path).drop_columns(["identity"])
    return [Record(**row) for row in table.slice(start, None if stop is None else stop - start).to_pylist()]

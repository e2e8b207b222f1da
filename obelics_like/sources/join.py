"""The picture index: which image record of the archives holds the bytes that a URL on a page asks for.

It holds URLs and places, no bytes, and is memory-mapped, so that it costs a worker no memory. It judges no picture.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

from obelics_like.document import Blob, Origin, Place
from obelics_like.errors import DataError, cannot_write
from obelics_like.sources.records import Record

if TYPE_CHECKING:
    import pyarrow as pa

MAX_HOPS = 5
"""Redirects and revisits that are followed from the URL on the page to the picture."""
DIGEST = "digest:"
"""Begins the location of a revisit that says of its payload only the digest."""
BATCH = 1 << 16

ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
SAFE = "%:/?#[]@!$&'()*+,;=~|^`{}\\\"<>"
SIMPLE = re.compile(r"[!$&-;=?-Z_a-z~]*")
DEFAULT_PORTS = {"http": 80, "https": 443}


def url_key(url: str) -> str:
    """What two spellings of an image's URL have in common; the URL itself, if it is none that can be taken apart.

    http and https are alike, the host is in lower case without its default port, user and final dot, the fragment is
    off, percent escapes are normalised as RFC 3986 (6.2.2) asks; the query stays as it is.

    >>> url_key("HTTPS://Example.org:443/a%7eb/%c3%a9 f.jpg?x=1#top")
    '//example.org/a~b/%C3%A9%20f.jpg?x=1'
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        scheme, port = parts.scheme.lower(), parts.port
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return url
    if scheme not in DEFAULT_PORTS or not host:
        return url.partition("#")[0]
    if not host.isascii():
        host = _ascii(host)
    where = host if port in (None, DEFAULT_PORTS[scheme]) else f"{host}:{port}"
    path = _escapes(parts.path) or "/"
    return f"//{where}{path}?{_escapes(parts.query)}" if parts.query else f"//{where}{path}"


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def _escapes(part: str) -> str:
    """Escapes in upper case, unreserved characters bare, everything that is not ASCII or is a blank escaped."""
    if SIMPLE.fullmatch(part):
        return part
    return ESCAPE.sub(_escape, quote_from_bytes(part.encode("utf-8", "surrogatepass"), SAFE).encode()).decode("ascii")


def _escape(match: re.Match[bytes]) -> bytes:
    char = unquote_to_bytes(match[0])
    return char if char in UNRESERVED else match[0].upper()


def _hash(key: str) -> int:
    import xxhash

    return xxhash.xxh3_64_intdigest(key.encode("utf-8", "surrogatepass"))


def _schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema(
        [
            ("hash", pa.uint64()),
            ("url", pa.large_string()),
            ("location", pa.large_string()),  # where a redirect or a revisit leads; null for a picture
            ("input", pa.dictionary(pa.int32(), pa.string())),
            ("path", pa.dictionary(pa.int32(), pa.string())),
            ("offset", pa.int64()),
            ("length", pa.int64()),
            ("date", pa.string()),
        ]
    )


def write_index(records: Iterable[tuple[str, str, Record]], path: str | os.PathLike[str]) -> int:
    """Write the image records, redirects and revisits among (input's name, input's path, record); returns how many.

    A revisit that names only the digest of its payload leads to every picture of that digest.

    The file is an Arrow IPC file of one uncompressed batch, sorted by the hash of the URL's key, then by input and
    offset, so that it does not depend on the order of `records`. It appears under its name only when it is whole.
    Raises DataError if it can't be written.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    schema = _schema()
    with_digest = schema.append(pa.field("digest", pa.string()))
    batches = [pa.RecordBatch.from_pylist(rows, schema=with_digest) for rows in _batches(records)]
    table = _by_digest(pa.Table.from_batches(batches, schema=with_digest)).unify_dictionaries().combine_chunks()
    order = [("hash", "ascending"), ("input_name", "ascending"), ("offset", "ascending")]
    sortable = table.append_column("input_name", table["input"].cast(pa.string()))
    indices = pc.sort_indices(sortable, sort_keys=order) if table.num_rows else None
    table = table.take(indices).combine_chunks() if indices is not None else table
    part = f"{os.fspath(path)}.{os.getpid()}.part"
    try:
        with open(part, "wb") as sink:
            with pa.ipc.new_file(sink, schema) as writer:
                writer.write_table(table, max_chunksize=max(1, table.num_rows))
            sink.flush()
            os.fsync(sink.fileno())
        os.replace(part, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with suppress(OSError):
            os.unlink(part)
    return int(table.num_rows)


def _by_digest(table: pa.Table) -> pa.Table:
    """The table without its digests, and with a step from each digest that a revisit names to the pictures it has."""
    import pyarrow as pa
    import pyarrow.compute as pc

    bare = table.drop_columns(["digest"])
    named = pc.starts_with(table["location"], DIGEST)
    wanted = pc.unique(pc.utf8_slice_codeunits(table["location"].filter(named), len(DIGEST)))
    if not len(wanted):
        return bare
    held = pc.and_(pc.is_in(table["digest"], wanted.cast(pa.string())), pc.is_null(table["location"]))
    rows = table.filter(held).to_pylist()
    steps = [{**row, "url": DIGEST + row.pop("digest"), "location": row["url"]} for row in rows]
    for step in steps:
        step["hash"] = _hash(step["url"])
    return pa.concat_tables([bare, pa.Table.from_pylist(steps, schema=bare.schema)])


def _batches(records: Iterable[tuple[str, str, Record]]) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    for name, path, record in records:
        if record.kind != "image" and not record.location:
            continue
        rows.append(
            {
                "hash": _hash(url_key(record.url)),
                "url": _clean(record.url),
                "location": None if record.kind == "image" else _clean(record.location or ""),
                "input": name,
                "path": path,
                "offset": record.offset,
                "length": record.length,
                "date": record.date,
                "digest": record.digest,
            }
        )
        if len(rows) >= BATCH:
            yield rows
            rows = []
    if rows:
        yield rows


def _clean(url: str) -> str:
    return url.encode("utf-8", "replace").decode("utf-8")


class ImageIndex:
    """The index on disk, memory-mapped: any number of workers share its pages. Raises DataError if it is none."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        import pyarrow as pa

        try:
            self._table = pa.ipc.open_file(pa.memory_map(os.fspath(path), "r")).read_all()
        except (OSError, pa.ArrowInvalid) as error:
            raise DataError(
                f"picture index {path}", got=str(error), valid="an index that a run wrote", do="run again"
            ) from error
        column = self._table["hash"]
        self._hashes: Any = column.chunk(0).to_numpy() if column.num_chunks else column.to_numpy()

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def find(self, url: str, origin: Origin) -> list[Blob]:
        """The image records that hold what `url` asks for, best first; redirects in the archives are followed.

        Best is a record of the page's own input, then the one captured nearest to the page in time, then the one
        reached by fewest redirects, then the lowest input and offset.
        """
        seen = {url_key(url)}
        hop = set(seen)
        found: list[tuple[int, dict[str, Any]]] = []
        for hops in range(MAX_HOPS + 1):
            following: set[str] = set()
            for row in (row for key in sorted(hop) for row in self._rows(key)):
                if row["location"] is None:
                    found.append((hops, row))
                else:
                    following.add(url_key(row["location"]))
            hop = following - seen
            seen |= hop
            if not hop:
                break
        return _ranked(found, origin)

    def _rows(self, key: str) -> list[dict[str, Any]]:
        import numpy as np

        wanted = np.uint64(_hash(key))
        first = int(np.searchsorted(self._hashes, wanted, "left"))
        last = int(np.searchsorted(self._hashes, wanted, "right"))
        if first == last:
            return []
        return [row for row in self._table.slice(first, last - first).to_pylist() if url_key(row["url"]) == key]


def _ranked(found: list[tuple[int, dict[str, Any]]], origin: Origin) -> list[Blob]:
    if not found:
        return []
    moment = _seconds(origin.date)

    def rank(item: tuple[int, dict[str, Any]]) -> tuple[bool, float, int, str, int]:
        hops, row = item
        there = _seconds(row["date"])
        apart = abs(there - moment) if there is not None and moment is not None else float("inf")
        return row["input"] != origin.input, apart, hops, row["input"], row["offset"]

    return [
        Blob(Place("record", row["path"], row["offset"], row["length"], row["url"]), "warc", row["date"])
        for _, row in sorted(found, key=rank)
    ]


def _seconds(date: str | None) -> float | None:
    if date is None:
        return None
    try:
        return datetime.fromisoformat(date).timestamp()
    except ValueError:
        return None

"""Rows for pictures whose bytes are somewhere: the shape that `images.decode` and `images.unsafe` share.

It reads no bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from obelics_like.document import Blob, Place

if TYPE_CHECKING:
    import pyarrow as pa

IN_PAGE = ("page", "file")
"""The kinds of place that hold several pictures."""
REGION = 64 * 1024 * 1024
"""Bytes of an archive that make one bucket: read by one worker, front to back."""


def key(place: Place) -> str:
    """What makes a place distinct.

    >>> key(Place("pack", "a.pack", 512, 99)), key(Place("record", "a.warc.gz", 7))
    ('a.pack@512+99', 'a.warc.gz@7+')
    """
    name = f"#{place.url}" if place.kind in IN_PAGE else ""
    return f"{place.path}@{place.offset}+{'' if place.length is None else place.length}{name}"


def region(place: Place) -> str:
    """The bucket of a place: its file, cut every 64 MiB."""
    return f"{place.path}@{place.offset // REGION}"


def row(place: Place) -> dict[str, Any]:
    """The place as a row; without its URL, unless that says which of the page's pictures it is."""
    url = place.url if place.kind in IN_PAGE else ""
    return {"kind": place.kind, "path": place.path, "offset": place.offset, "length": place.length, "url": url}


def schema(**more: Any) -> pa.Schema:
    """The schema of such rows, with further string columns."""
    import pyarrow as pa

    names = {"key": pa.string(), "bucket": pa.string(), "kind": pa.string(), "path": pa.string(), "url": pa.string()}
    return pa.schema(names | {"offset": pa.int64(), "length": pa.int64()} | dict.fromkeys(more, pa.string()))


def blob(row: dict[str, Any]) -> Blob:
    """A reference good enough to read the bytes by."""
    return Blob(Place(row["kind"], row["path"], row["offset"], row["length"], row["url"]), "warc")

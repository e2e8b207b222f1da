"""Puts every kept picture once into a pack of about 1 GB; it keeps or drops nothing.

It is a ThingStage that the run adds behind the recipe's own: pictures are keyed by their sha256, a range of digests is
one pack, and a pack is written once, whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from obelics_like.document import Blob, Place
from obelics_like.errors import DataError
from obelics_like.stage import Batch, Context, ThingStage

if TYPE_CHECKING:
    import pyarrow as pa

PACK_BYTES = 1_000_000_000


@dataclass(frozen=True)
class Pack(ThingStage):
    """Writes `pack-DIGEST.tar` files under the stage's scratch folder and points each picture at its place in them."""

    def active(self, context: Context) -> bool:
        """Only where pictures' bytes may be had."""
        return bool(context.images)

    def open(self, context: Context) -> Context:
        """The run's services."""
        return context

    def collect(self, batch: Batch, opened: Context) -> pa.Table:
        """A row for each kept picture: key (sha256), bucket (its first four digits), weight (bytes), place, format."""
        import pyarrow as pa

        blobs = [i.blob for d in batch for i in d.images() if i.blob is not None and i.blob.sha256 is not None]
        return pa.table(
            {
                "key": pa.array([b.sha256 for b in blobs], pa.string()),
                "bucket": pa.array([(b.sha256 or "")[:4] for b in blobs], pa.string()),
                "weight": pa.array([b.size or 0 for b in blobs], pa.int64()),
                "format": pa.array([b.format for b in blobs], pa.string()),
                "kind": pa.array([b.place.kind for b in blobs], pa.string()),
                "path": pa.array([b.place.path for b in blobs], pa.string()),
                "offset": pa.array([b.place.offset for b in blobs], pa.int64()),
                "length": pa.array([b.place.length for b in blobs], pa.int64()),
                "url": pa.array([b.place.url for b in blobs], pa.string()),
            }
        )

    def decide(self, rows: pa.Table, opened: Context) -> pa.Table:
        """Write one pack with the pictures of the rows, in the order of their digests."""
        import pyarrow as pa

        from obelics_like.images.packs import write_pack

        keys = rows["key"].to_pylist()
        name = f"pack-{hashlib.blake2b(''.join(keys).encode(), digest_size=8).hexdigest()}.tar"
        written = write_pack(_pictures(rows.to_pylist(), opened.read_blob), opened.scratch / name)
        places = {row.sha256: (row.offset, row.length) for row in written}
        return pa.table(
            {
                "key": keys,
                "pack": [name] * len(keys),
                "offset": [places[k][0] for k in keys],
                "length": [places[k][1] for k in keys],
            }
        )

    def apply(self, batch: Batch, verdict: Callable[[list[str]], list[dict[str, Any]]], opened: Context) -> Batch:
        """Point each kept picture at its place in a pack."""
        images = [i for d in batch for i in d.images() if i.blob is not None and i.blob.sha256 is not None]
        rows = verdict([i.blob.sha256 for i in images if i.blob is not None and i.blob.sha256 is not None])
        for image, row in zip(images, rows):
            assert image.blob is not None
            place = Place("pack", row["pack"], row["offset"], row["length"], image.blob.place.url)
            image.blob = replace(image.blob, place=place)
        return batch


def _pictures(rows: list[dict[str, Any]], read: Callable[[Blob], bytes]) -> Iterator[tuple[str, str, bytes]]:
    """(sha256, format, bytes) of each row. Raises DataError if a picture is not what it was when it was decoded."""
    for row in rows:
        place = Place(row["kind"], row["path"], row["offset"], row["length"], row["url"])
        try:
            data = read(Blob(place, source="warc"))
        except OSError as error:
            raise _changed(row, str(error)) from error
        if hashlib.sha256(data).hexdigest() != row["key"]:
            raise _changed(row, "other bytes than before")
        yield row["key"], row["format"] or "bin", data


def _changed(row: dict[str, Any], got: str) -> DataError:
    return DataError(
        f"{row['path']} at {row['offset']}",
        got=got,
        valid=f"the picture with sha256 {row['key']}",
        do="inputs must not change while a run goes on: run the same command again",
    )

"""The stage `images.decode`: reads each picture once and drops those that are none.

It judges only whether a picture can be read within its caps; its format, size and content are judged later.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from obelics_like.document import Image
from obelics_like.errors import OptionError
from obelics_like.images import places
from obelics_like.pixels import MAX_PIXELS, PixelError
from obelics_like.stage import Batch, Context, ThingStage

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class DecodeImages(ThingStage):
    """Read each distinct place once: digest, format, size, perceptual hash; drop what can't be decoded.

    Formats read: JPEG, PNG, WebP, GIF, AVIF, BMP, TIFF, ICO; of an animation the first frame.

    max_pixels: largest width x height decoded; never above 89 million, where Pillow's own limit lies.
    max_bytes: largest file decoded; a GIF of that size made of empty frames takes 7 s.
    """

    max_pixels: int = MAX_PIXELS
    max_bytes: int = 20_000_000

    rules: ClassVar[dict[str, str]] = {
        "gone": "the bytes are no longer where they were found",
        "undecodable": "the bytes are no picture of a known format, damaged or cut short",
        "not_raster": "the picture is a vector drawing (SVG)",
        "too_many_pixels": "decoding would take more pixels than max_pixels",
        "too_many_scans": "a progressive JPEG with so many passes that decoding it is an attack",
        "too_many_bytes": "the file is larger than max_bytes",
    }
    facts: ClassVar[dict[str, str]] = {
        "frames": "frames of an animation; only where more than 1",
        "mode": "the pixel mode as stored, in Pillow's words (RGB, L, CMYK, P, RGBA, I;16)",
        "single_colour": "true where no channel of the first frame, laid on white, varies by more than 12 of 255",
    }

    def check(self) -> None:
        """Limits that make no sense."""
        for name, high in (("max_pixels", MAX_PIXELS), ("max_bytes", 1 << 40)):
            if not 0 < getattr(self, name) <= high:
                where = f"option {self.id}.{name}"
                raise OptionError(where, got=getattr(self, name), valid=f"1..{high}", do="correct the recipe or --set")

    def active(self, context: Context) -> bool:
        return bool(context.images)

    def open(self, context: Context) -> Context:
        return context

    def collect(self, batch: Batch, opened: Context) -> pa.Table:
        import pyarrow as pa

        rows = {
            places.key(place): places.row(place) | {"bucket": places.region(place)}
            for document in batch
            for image in document.images()
            if image.blob is not None
            for place in [image.blob.place]
        }
        return pa.Table.from_pylist([{"key": key, **row} for key, row in rows.items()], schema=places.schema())

    def decide(self, rows: pa.Table, opened: Context) -> pa.Table:
        import pyarrow as pa

        text = dict.fromkeys(("key", "rule", "sha256", "format", "phash", "mode"), pa.string())
        number = dict.fromkeys(("value", "width", "height", "size", "frames"), pa.int64())
        schema = pa.schema(text | number | {"single_colour": pa.bool_()})
        found = [{"key": row["key"], **self._read(row, opened)} for row in rows.to_pylist()]
        return pa.Table.from_pylist(found, schema=schema)

    def _read(self, row: dict[str, Any], context: Context) -> dict[str, Any]:
        from obelics_like.images.look import look

        try:
            data = context.read_blob(places.blob(row))
        except OSError:
            return {"rule": "gone"}
        if len(data) > self.max_bytes:
            return {"rule": "too_many_bytes", "value": len(data)}
        try:
            return asdict(look(data, self.max_pixels))
        except PixelError as error:
            return {"rule": error.reason, "value": error.value}

    def apply(self, batch: Batch, verdict: Callable[[list[str]], list[dict[str, Any]]], opened: Context) -> Batch:
        images = [(image, image.blob) for document in batch for image in document.images() if image.blob is not None]
        keys = sorted({places.key(blob.place) for _, blob in images})
        found = dict(zip(keys, verdict(keys), strict=True))
        limits = {"too_many_pixels": self.max_pixels, "too_many_bytes": self.max_bytes}
        for image, blob in images:
            row = found[places.key(blob.place)]
            if row["rule"] is not None:
                image.drop = self.drop(row["rule"], row["value"], limits.get(row["rule"]))
                continue
            names = ("sha256", "format", "width", "height", "size", "phash")
            image.blob = replace(blob, **{name: row[name] for name in names})
            _tell(image, row)
        return batch


def _tell(image: Image, row: dict[str, Any]) -> None:
    image.facts["mode"] = row["mode"]
    if row["frames"] > 1:
        image.facts["frames"] = row["frames"]
    if row["single_colour"]:
        image.facts["single_colour"] = True

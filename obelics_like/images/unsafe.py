"""The stage `images.unsafe`: scores each distinct picture for nudity, and drops by the score if the recipe says so.

It looks for nothing else: not for violence, not for known illegal pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from obelics_like.document import Blob, Document, Image
from obelics_like.errors import OptionError
from obelics_like.images import places
from obelics_like.pixels import PixelError, open_rgb
from obelics_like.stage import Batch, Context, ThingStage

if TYPE_CHECKING:
    import pyarrow as pa

BOX = 512
"""Side to which a JPEG may be reduced; the model itself looks at 256."""


@dataclass(frozen=True)
class UnsafeImages(ThingStage):
    """Score pictures with an NSFW model, once for each distinct content; the score stays in the output.

    model: which model, as `models/nsfw.py` knows it.
    max_nsfw: highest score kept, 0..1 (opennsfw: below 0.2 is safe, above 0.8 is not); None: score only.
    drops: what such a picture costs: "image" (itself) or "page" (its whole page).
    """

    model: str = "opennsfw"
    max_nsfw: float | None = None
    drops: str = "image"

    rules: ClassVar[dict[str, str]] = {
        "nsfw": "the picture's score is above max_nsfw",
        "nsfw_page": "a picture of the page scores above max_nsfw",
        "unscored": "the picture could not be scored, and max_nsfw demands that it be",
    }
    facts: ClassVar[dict[str, str]] = {"nsfw": "probability of nudity, 0..1, by the model"}

    def check(self) -> None:
        """A limit outside 0..1, and a `drops` that does not exist."""
        if self.max_nsfw is not None and not 0 <= self.max_nsfw <= 1:
            raise OptionError(f"option {self.id}.max_nsfw", got=self.max_nsfw, valid="0..1", do="correct the recipe")
        if self.drops not in ("image", "page"):
            got = repr(self.drops)
            raise OptionError(f"option {self.id}.drops", got=got, valid="image, page", do="correct the recipe")

    def active(self, context: Context) -> bool:
        return bool(context.images)

    def open(self, context: Context) -> Context:
        context.model(f"nsfw:{self.model}")  # a missing model stops the run here, not after an hour
        return context

    def collect(self, batch: Batch, opened: Context) -> pa.Table:
        """One row a place; the bucket is cut from the digest, so that all places of one content meet in `decide`."""
        import pyarrow as pa

        rows = {
            places.key(blob.place): places.row(blob.place) | {"bucket": digest[:2], "sha256": digest}
            for _, _, blob, digest in _read(batch)
        }
        schema = places.schema(sha256=True)
        return pa.Table.from_pylist([{"key": key, **row} for key, row in rows.items()], schema=schema)

    def decide(self, rows: pa.Table, opened: Context) -> pa.Table:
        """One score a content, read from the first of its places that can still be read."""
        import pyarrow as pa

        model = opened.model(f"nsfw:{self.model}")
        scores: dict[str, float | None] = {}
        found = rows.to_pylist()
        for row in found:
            if scores.get(row["sha256"]) is None:
                scores[row["sha256"]] = _score(model, row, opened)
        result = [{"key": row["key"], "nsfw": scores[row["sha256"]]} for row in found]
        return pa.Table.from_pylist(result, schema=pa.schema({"key": pa.string(), "nsfw": pa.float64()}))

    def apply(self, batch: Batch, verdict: Callable[[list[str]], list[dict[str, Any]]], opened: Context) -> Batch:
        read = list(_read(batch))
        keys = sorted({places.key(blob.place) for _, _, blob, _ in read})
        found = dict(zip(keys, verdict(keys), strict=True))
        for document, image, blob, _ in read:
            score = found[places.key(blob.place)]["nsfw"]
            if score is not None:
                image.facts["nsfw"] = score
            self._judge(document, image, score)
        return batch

    def _judge(self, document: Document, image: Image, score: float | None) -> None:
        if self.max_nsfw is None:
            return
        if score is None:
            image.drop = self.drop("unscored", None, self.max_nsfw)
        elif score > self.max_nsfw and self.drops == "image":
            image.drop = self.drop("nsfw", score, self.max_nsfw)
        elif score > self.max_nsfw and document.drop is None:
            document.drop = self.drop("nsfw_page", score, self.max_nsfw)


def _read(batch: Batch) -> Iterator[tuple[Document, Image, Blob, str]]:
    """The kept pictures whose bytes were read, with their digest."""
    for document in batch:
        for image in document.images():
            if image.blob is not None and image.blob.sha256 is not None:
                yield document, image, image.blob, image.blob.sha256


def _score(model: Any, row: dict[str, Any], context: Context) -> float | None:
    """The score of one picture by itself: in a batch its last digits would hang on its neighbours."""
    try:
        return round(float(model.score([open_rgb(context.read_blob(places.blob(row)), BOX)])[0]), 6)
    except (OSError, PixelError):
        return None

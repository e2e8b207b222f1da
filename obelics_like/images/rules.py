"""The stage `images.rules`: judges pictures by format, size, shape and repeats on their page.

It reads no bytes: all it needs was found by `images.decode` or stated by the page. What is not known is not judged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from obelics_like.document import Document, Drop, Image
from obelics_like.errors import OptionError
from obelics_like.images.look import distance
from obelics_like.pixels import READABLE
from obelics_like.stage import Batch, Stage

KINDS = ("url", "sha256", "phash")


@dataclass(frozen=True)
class ImageRules(Stage):
    """Keep pictures of some formats, sizes and shapes, and the first of those that repeat on a page.

    Limits are inclusive, sides and shown sizes in pixels. An unresolved placement is judged only by its URL
    (`repeats`) and, with check_shown_size, by the size the page states.

    formats: the formats kept, as decoded (jpeg, png, webp, gif, avif, bmp, tiff, ico).
    min_side: shortest side, both sides held to it.
    max_side: longest side.
    max_aspect: longer side over shorter side, so that portrait and landscape fare alike (2.0: from 1:2 to 2:1).
    min_bytes: smallest file.
    max_bytes: largest file.
    check_shown_size: hold the size that the page states to min_side and max_side too, as OBELICS does, and, where
        there are no pixels, to max_aspect.
    drop_single_colour: drop pictures of one colour (spacers, placeholders).
    repeats: what makes a picture a repeat of an earlier one that is kept: any of "url", "sha256" (same bytes),
        "phash" (looks alike).
    phash_distance: bits of 64 in which two pictures that look alike may differ (MMC4: 5).
    """

    formats: tuple[str, ...] | None = None
    min_side: int | None = None
    max_side: int | None = None
    max_aspect: float | None = None
    min_bytes: int | None = None
    max_bytes: int | None = None
    check_shown_size: bool = False
    drop_single_colour: bool = False
    repeats: tuple[str, ...] = ()
    phash_distance: int = 0

    rules: ClassVar[dict[str, str]] = {
        "bad_format": "the decoded format is not among those kept",
        "too_small": "a side is shorter than min_side",
        "too_large": "a side is longer than max_side",
        "shown_too_small": "the page shows the picture with a side shorter than min_side",
        "shown_too_large": "the page shows the picture with a side longer than max_side",
        "bad_aspect": "the longer side is more than max_aspect times the shorter one",
        "too_few_bytes": "the file is smaller than min_bytes",
        "too_many_bytes": "the file is larger than max_bytes",
        "single_colour": "the picture is of one colour",
        "repeated_image": "the page shows the picture before; value: by what it is the same, and the first's position",
    }

    def check(self) -> None:
        """Limits that contradict one another, and formats and kinds of repeat that do not exist ("jpg" for "jpeg")."""
        known = [name.lower() for name in READABLE]
        self._demand("formats", f"any of {', '.join(known)}", set(self.formats or ()) <= set(known))
        self._demand("repeats", f"any of {', '.join(KINDS)}", set(self.repeats) <= set(KINDS))
        self._demand("phash_distance", "0..64", 0 <= self.phash_distance <= 64)
        self._demand("max_aspect", "1.0 or more", self.max_aspect is None or self.max_aspect >= 1)
        self.not_negative("min_side", "max_side", "min_bytes", "max_bytes")
        for low, high in (("min_side", "max_side"), ("min_bytes", "max_bytes")):
            least, most = getattr(self, low), getattr(self, high)
            self._demand(low, f"at most {high} ({most})", least is None or most is None or least <= most)

    def _demand(self, name: str, valid: str, holds: bool) -> None:
        if not holds:
            got = repr(getattr(self, name))
            raise OptionError(f"option {self.id}.{name}", got=got, valid=valid, do="correct the recipe or --set")

    def process(self, batch: Batch, opened: None) -> Batch:
        for document in batch:
            for image in document.images():
                image.drop = self._format(image) or self._size(image) or self._shown(image)
            if self.repeats:
                self._drop_repeats(document)
        return batch

    def _format(self, image: Image) -> Drop | None:
        blob = image.blob
        if blob is None:
            return None
        if self.formats is not None and blob.format is not None and blob.format not in self.formats:
            return self.drop("bad_format", blob.format, ", ".join(self.formats))
        if blob.size is not None and self.min_bytes is not None and blob.size < self.min_bytes:
            return self.drop("too_few_bytes", blob.size, self.min_bytes)
        if blob.size is not None and self.max_bytes is not None and blob.size > self.max_bytes:
            return self.drop("too_many_bytes", blob.size, self.max_bytes)
        if self.drop_single_colour and image.facts.get("single_colour"):
            return self.drop("single_colour")
        return None

    def _size(self, image: Image) -> Drop | None:
        blob = image.blob
        if blob is None:
            return None
        return self._sides(blob.width, blob.height, "too") or self._aspect(blob.width, blob.height)

    def _shown(self, image: Image) -> Drop | None:
        if not self.check_shown_size:
            return None
        drop = self._sides(image.width, image.height, "shown_too")
        return drop or (self._aspect(image.width, image.height) if image.blob is None else None)

    def _sides(self, width: int | None, height: int | None, rule: str) -> Drop | None:
        for side in (width, height):
            if side is not None and self.min_side is not None and side < self.min_side:
                return self.drop(f"{rule}_small", side, self.min_side)
            if side is not None and self.max_side is not None and side > self.max_side:
                return self.drop(f"{rule}_large", side, self.max_side)
        return None

    def _aspect(self, width: int | None, height: int | None) -> Drop | None:
        if self.max_aspect is None or not width or not height:
            return None
        long, short = max(width, height), min(width, height)
        return (
            self.drop("bad_aspect", round(long / short, 4), self.max_aspect) if long > self.max_aspect * short else None
        )

    def _drop_repeats(self, document: Document) -> None:
        seen = _Seen(self.phash_distance)
        for image in document.images():
            for kind in self.repeats:
                if (at := seen.before(kind, image)) is not None:
                    image.drop = self.drop("repeated_image", f"{kind} of {at}")
                    break
            else:
                seen.add(image)


@dataclass(slots=True)
class _Seen:
    """The pictures of a page that are kept so far, and the positions of the first of each kind."""

    reach: int
    exact: dict[tuple[str, str], int] = field(default_factory=dict)
    hashes: dict[str, int] = field(default_factory=dict)

    def before(self, kind: str, image: Image) -> int | None:
        """The position of the first kept picture that this one repeats, None if it is new or unknown."""
        blob = image.blob
        if kind == "url":
            return self.exact.get(("url", image.url))
        if blob is None:
            return None
        if kind == "sha256":
            return self.exact.get(("sha256", blob.sha256 or ""))
        if blob.phash is None:
            return None
        return next((at for seen, at in self.hashes.items() if distance(seen, blob.phash) <= self.reach), None)

    def add(self, image: Image) -> None:
        self.exact.setdefault(("url", image.url), image.pos)
        if image.blob is not None and image.blob.sha256 is not None:
            self.exact.setdefault(("sha256", image.blob.sha256), image.pos)
        if image.blob is not None and image.blob.phash is not None:
            self.hashes.setdefault(image.blob.phash, image.pos)

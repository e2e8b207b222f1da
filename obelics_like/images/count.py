"""The stage `images.count`: judges pages by how many pictures they have left.

It judges no picture by what it shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from obelics_like.document import Document, Drop
from obelics_like.errors import OptionError
from obelics_like.stage import Batch, Stage


@dataclass(frozen=True)
class CountImages(Stage):
    """Drop pages with too few or too many pictures; unresolved placements count as pictures unless dropped first.

    min_images: fewest pictures of a page (OBELICS, MMC4: 1).
    max_images: most pictures of a page (OBELICS, mOSCAR: 30).
    require_pixels: drop the placements whose bytes were not found, before counting.
    """

    min_images: int | None = None
    max_images: int | None = None
    require_pixels: bool = False

    rules: ClassVar[dict[str, str]] = {
        "not_fetched": "the picture's bytes were neither in the archives nor fetched",
        "no_images": "the page has fewer pictures than min_images",
        "too_many_images": "the page has more pictures than max_images",
    }

    def check(self) -> None:
        """Limits that contradict each other, or that nothing can keep."""
        self.not_negative("min_images", "max_images")
        least, most = self.min_images, self.max_images
        if least is not None and most is not None and least > most:
            do = "correct the recipe or --set"
            raise OptionError(f"option {self.id}.min_images", got=least, valid=f"at most max_images ({most})", do=do)

    def process(self, batch: Batch, opened: None) -> Batch:
        for document in batch:
            if self.require_pixels:
                self._drop_unresolved(document)
            document.drop = self._verdict(sum(1 for _ in document.images()))
        return batch

    def _drop_unresolved(self, document: Document) -> None:
        for image in document.images():
            if image.blob is None:
                image.drop = self.drop("not_fetched", image.facts.get("fetch"))

    def _verdict(self, count: int) -> Drop | None:
        if self.min_images is not None and count < self.min_images:
            return self.drop("no_images", count, self.min_images)
        if self.max_images is not None and count > self.max_images:
            return self.drop("too_many_images", count, self.max_images)
        return None

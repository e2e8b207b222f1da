"""The stage `images.repeated`: drops pictures that are found too often in the corpus, or in one language of it.

Repeats within a page are the business of `images.rules`; pages with the same pictures, of `dedup.images`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from obelics_like.document import Document, Image
from obelics_like.errors import OptionError
from obelics_like.images.rules import KINDS
from obelics_like.repeats import Repeats, Thing


@dataclass(frozen=True)
class RepeatedImages(Repeats):
    """Drop each picture that occurs too often, at all of its places.

    by: what makes two pictures one: any of "url", "sha256" (same bytes), "phash" (equal perceptual hashes); each is
        counted apart, and any of them is enough. What is not known of a picture is not counted.
    max_occurrences: how often a picture may occur (OBELICS, mOSCAR, MINT-1T and MMC4: 10); absent, the stage is off.
    per_language: count in the pages of each language apart (mOSCAR).
    share: of the pages, that which is counted; all are judged.
    """

    by: tuple[str, ...] = ("url",)
    per_language: bool = False

    rules: ClassVar[dict[str, str]] = {
        "repeated_in_corpus": "the picture occurs more than max_occurrences times; value: how often, and by what"
    }

    def check(self) -> None:
        super().check()
        if not self.by or not set(self.by) <= set(KINDS):
            raise OptionError(
                f"option {self.id}.by", got=list(self.by), valid=f"any of {', '.join(KINDS)}", do="correct it"
            )

    def things(self, document: Document) -> Iterator[Thing]:
        language = document.language.code if self.per_language and document.language else ""
        for image in document.images():
            for kind in self.by:
                if name := _name(image, kind):
                    yield Thing(image, kind, f"{language}\n{name}")


def _name(image: Image, kind: str) -> str | None:
    if kind == "url":
        return image.url
    return None if image.blob is None else image.blob.sha256 if kind == "sha256" else image.blob.phash

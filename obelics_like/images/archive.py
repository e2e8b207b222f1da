"""The stage `images.archive`: joins placements to the image records of the input archives.

It reads no record: the index behind `context.find_image` knows where they lie. What is not found stays unresolved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from obelics_like.document import Image, Origin
from obelics_like.stage import Batch, Context, Stage


@dataclass(frozen=True)
class ArchiveImages(Stage):
    """Give each unresolved placement the best archive record of its URL, or else of one of its alternative URLs.

    Runs only with `--images` that name warc or page: a picture that stands in the page itself is joined to the page's
    own record. It has no options and drops nothing.
    """

    facts: ClassVar[dict[str, str]] = {
        "joined": "the alternative URL (srcset, data-src) under which the archives hold the picture, if not its own"
    }

    def active(self, context: Context) -> bool:
        return not context.images.isdisjoint(("warc", "page"))

    def open(self, context: Context) -> Context:
        return context

    def process(self, batch: Batch, opened: Context) -> Batch:
        for document in batch:
            for image in document.images():
                if image.blob is None:
                    _join(image, document.origin, opened)
        return batch


def _join(image: Image, origin: Origin, context: Context) -> None:
    for url in dict.fromkeys([image.url, *image.facts.get("alternatives", [])]):
        if found := context.find_image(url, origin):
            image.blob = replace(found[0])  # a copy: two placements must not share what later stages fill in
            if url != image.url:
                image.facts["joined"] = url
            return

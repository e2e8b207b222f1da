"""Limits on how well pictures and sentences fit: of single pictures, and of the page as a whole.

It compares what `align.embed` and `align.assign` have set; under a scorer that the limits were not made for it is off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from obelics_like.document import Document, Drop, Image
from obelics_like.errors import OptionError, StageError
from obelics_like.stage import Batch, Context, Stage


@dataclass(frozen=True)
class Gate(Stage):
    """Drop pictures that no sentence speaks of, and pages that are not aligned well enough.

    made_for: the scorer that the limits were made for, since a similarity of 0.25 means something else under every
        model: "label-bridge", "open_clip:ViT-L-14/openai", or "open_clip:ViT-L-14" for that architecture with any
        weights. Under another scorer the whole stage is off, and the run records a deviation. None: any scorer.
    min_similarity: a picture is dropped unless its similarity to at least one sentence reaches this (MMC4: 0.15).
        It needs no assignment, so the stage may stand before `align.assign`, as in MMC4's own order, or after it.
    min_share, share_above: a page is dropped unless at least `min_share` (0..1) of its assigned pictures have a
        similarity above `share_above` to their sentence (mmc4-core: 0.75 and 0.25); to be set together. It needs
        `align.assign` before it.
    min_sentences, max_sentences: how many sentences a page may have (mmc4-core: 4..40).
    min_images, max_images: how many pictures a page may have (mmc4-core: 2..15), those dropped here not counted.

    None is a limit that is off. Pictures without similarities are not judged by them: unresolved ones, and all on a
    page in a language that the scorer does not serve. They do count among `min_images`.
    """

    made_for: str | None = None
    min_similarity: float | None = None
    min_share: float | None = None
    share_above: float | None = None
    min_sentences: int | None = None
    max_sentences: int | None = None
    min_images: int | None = None
    max_images: int | None = None

    rules: ClassVar[dict[str, str]] = {
        "unrelated_to_text": "no sentence of the page is similar enough to the picture",
        "weakly_aligned": "too small a share of the page's pictures fit their sentence well enough",
        "too_few_sentences": "the page has fewer sentences than allowed",
        "too_many_sentences": "the page has more sentences than allowed",
        "too_few_images": "the page has fewer pictures than allowed",
        "too_many_images": "the page has more pictures than allowed",
    }
    facts: ClassVar[dict[str, str]] = {}

    def check(self) -> None:
        if (self.min_share is None) != (self.share_above is None):
            raise OptionError(
                f"stage {self.id}",
                got="one of min_share and share_above without the other",
                valid="both or neither",
                do="give both",
            )
        for name, value, least in (
            ("min_similarity", self.min_similarity, -1.0),
            ("share_above", self.share_above, -1.0),
            ("min_share", self.min_share, 0.0),
        ):
            if value is not None and not least <= value <= 1.0:
                raise OptionError(
                    f"stage {self.id}, option {name}", got=value, valid=f"{least:g}..1", do="correct the number"
                )
        self.not_negative("min_sentences", "max_sentences", "min_images", "max_images")
        for what in ("sentences", "images"):
            low, high = getattr(self, f"min_{what}"), getattr(self, f"max_{what}")
            if low is not None and high is not None and low > high:
                raise OptionError(
                    f"stage {self.id}",
                    got=f"min_{what} {low} above max_{what} {high}",
                    valid=f"min_{what} <= max_{what}",
                    do="change one of them",
                )

    def applies(self, scorer_name: str | None) -> bool:
        """Whether the limits were made for this scorer, given by its spec or name; None is a run without one.

        >>> Gate(made_for="open_clip:ViT-L-14").applies("open_clip:ViT-L-14/openai")
        True
        >>> Gate(made_for="open_clip:ViT-L-14/openai").applies("label-bridge")
        False
        """
        if self.made_for is None:
            return True
        return scorer_name is not None and self.made_for in (scorer_name, scorer_name.split("/", 1)[0])

    def active(self, context: Context) -> bool:
        return bool(context.images) and self.applies(context.scorer)

    def process(self, batch: Batch, opened: Any) -> Batch:
        for document in batch:
            for image in document.images():
                image.drop = self._judge(image)
            document.drop = self._count(document) or self._weak(document)
        return batch

    def _judge(self, image: Image) -> Drop | None:
        known = [value for value in image.similarity or () if value == value]
        if self.min_similarity is None or not known or max(known) >= self.min_similarity:
            return None
        return self.drop("unrelated_to_text", max(known), self.min_similarity)

    def _count(self, document: Document) -> Drop | None:
        counts = {"sentences": len(document.sentences), "images": sum(1 for _ in document.images())}
        for what, count in counts.items():
            low, high = getattr(self, f"min_{what}"), getattr(self, f"max_{what}")
            if low is not None and count < low:
                return self.drop(f"too_few_{what}", count, low)
            if high is not None and count > high:
                return self.drop(f"too_many_{what}", count, high)
        return None

    def _weak(self, document: Document) -> Drop | None:
        if self.min_share is None or self.share_above is None:
            return None
        scored = [image for image in document.images() if any(value == value for value in image.similarity or ())]
        if scored and all(image.sentence is None for image in scored):
            raise StageError(
                f"stage {self.id}, option min_share",
                got="pictures with similarities and without a sentence",
                valid="a place after align.assign",
                do="move the stage below align.assign in the recipe",
            )
        fits = [i.similarity[i.sentence] > self.share_above for i in scored if i.similarity and i.sentence is not None]
        share = sum(fits) / len(fits) if fits else 1.0
        return self.drop("weakly_aligned", round(share, 4), self.min_share) if share < self.min_share else None

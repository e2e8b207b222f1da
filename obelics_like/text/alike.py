"""The stage `text.alike`: drops texts of a page that nearly repeat an earlier one of it.

Texts that are equal but for case go by `text.node_rules`, where asked; repeats over pages, by `text.repeated`.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from obelics_like.document import Text
from obelics_like.errors import OptionError
from obelics_like.stage import Batch, Context, Stage

_ROUNDING = 1e-9
"""A ratio on the limit is not to miss it by how a computer counts in fractions."""
_SLACK = 1e-5
"""How far below the limit rapidfuzz is asked from: it rounds the other way."""


@dataclass(frozen=True)
class AlikeTexts(Stage):
    """Drop a text that is as like an earlier kept one of its page as min_ratio says (mOSCAR, dedup in a document).

    The ratio is 1 - d / (a + b) for texts of a and b characters, where d is the least number of characters put in or
    taken out to turn one into the other (python-Levenshtein's `ratio`): 1 for equal texts.

    min_ratio: the ratio from which on a text goes (mOSCAR: 0.95; 1.0: equal texts only); absent, the stage is off.
    spare_blocks: blocks (td, dt, ...) that are left alone and not compared with.
    most: with how many earlier texts of the page a text is compared: those next to it in length, of these the latest.
    """

    min_ratio: float | None = None
    spare_blocks: tuple[str, ...] = ()
    most: int = 200

    rules: ClassVar[dict[str, str]] = {
        "alike_text": "an earlier text of the page is nearly the same; value: the ratio and its position"
    }

    def check(self) -> None:
        if self.min_ratio is not None and not 0 < self.min_ratio <= 1:
            raise OptionError(
                f"option {self.id}.min_ratio", got=self.min_ratio, valid="over 0, at most 1", do="correct it"
            )
        if self.most < 1:
            raise OptionError(f"option {self.id}.most", got=self.most, valid="1 or more", do="correct it")

    def active(self, context: Context) -> bool:
        """Only where there is a limit."""
        return self.min_ratio is not None

    def open(self, context: Context) -> Any:
        """The function that gives the ratio of two texts, or 0 where it is below a cut-off."""
        from rapidfuzz.distance import Indel

        return Indel.normalized_similarity

    def process(self, batch: Batch, opened: Any) -> Batch:
        for document in batch:
            self._compare([t for t in document.texts() if t.block not in self.spare_blocks], opened)
        return batch

    def _compare(self, texts: Iterable[Text], ratio: Any) -> None:
        least = (self.min_ratio or 1.0) - _ROUNDING
        kept: list[tuple[int, int, str]] = []  # length, position, text: what is too long or short is never looked at
        for text in texts:
            own = text.effective
            shortest, longest = len(own) * least / (2 - least), len(own) * (2 - least) / least
            low, high = bisect_left(kept, (int(shortest), 0, "")), bisect_left(kept, (int(longest) + 1, 0, ""))
            near = sorted(kept[low:high], key=lambda k: (abs(k[0] - len(own)), -k[1]))[: self.most]
            found = max(
                ((ratio(own, other, score_cutoff=least - _SLACK), -pos) for _, pos, other in near), default=(0.0, 0)
            )
            if found[0] >= least:
                text.drop = self.drop("alike_text", f"{found[0]:.3f} to {-found[1]}", self.min_ratio)
            else:
                insort(kept, (len(own), text.pos, own))

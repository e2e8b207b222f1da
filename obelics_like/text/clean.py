"""Takes addresses and runs of signs out of texts, as edits; it never rewrites a text and drops none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from obelics_like.document import Edit, Text
from obelics_like.errors import OptionError
from obelics_like.stage import Batch, Context, Stage

# An address ends where whitespace, a quote or an ideograph's bracket begins; the punctuation of the sentence stays.
_URL = r"(?:https?://|ftp://|www\.)[^\s\"'<>「」（）。，、]+(?<![.,;:!?)\]}…])"


@dataclass(frozen=True)
class Clean(Stage):
    """mOSCAR's cleaning of texts (A.4), as edits; put it before `text.node_rules`.

    no_urls: whether web addresses are taken out, with one of the spaces around them
    collapse: single characters; a run of one of them, spaces not counted in, becomes one
    """

    no_urls: bool = False
    collapse: tuple[str, ...] = ()

    rules: ClassVar[dict[str, str]] = {"url": "a web address, taken out", "run": "a run of one sign, made one"}

    def check(self) -> None:
        for sign in self.collapse:
            if len(sign) != 1:
                raise OptionError(
                    f"{self.id or 'Clean'}.collapse",
                    got=repr(sign),
                    valid="single characters",
                    do="list them one by one",
                )

    def open(self, context: Context) -> re.Pattern[str] | None:
        parts = []
        if self.no_urls:
            parts.append(rf"(?P<url>(?:(?<=\s)|^){_URL}\s?|{_URL})")
        if self.collapse:
            parts.append(rf"(?P<run>(?P<sign>[{re.escape(''.join(self.collapse))}])(?P=sign)+)")
        return re.compile("|".join(parts)) if parts else None

    def process(self, batch: Batch, opened: re.Pattern[str] | None) -> Batch:
        if opened is not None:
            for document in batch:
                for node in document.texts():
                    self._edit(node, opened)
        return batch

    def _edit(self, node: Text, pattern: re.Pattern[str]) -> None:
        taken = [(edit.start, edit.end) for edit in node.edits]
        for match in pattern.finditer(node.text):
            start, end = match.span()
            if any(start < stop and begin < end for begin, stop in taken):
                continue  # an earlier stage has replaced it already
            rule = match.lastgroup if match.lastgroup == "url" else "run"
            node.edits.append(Edit(start, end, "" if rule == "url" else match["sign"], self.id, rule))
            node.words = None  # the split was of the text before

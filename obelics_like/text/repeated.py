"""The stage `text.repeated`: drops texts that stand too often on a site, in a language or in the whole corpus.

Repeats within a page are the business of `text.node_rules` and `text.alike`; repeated pages, of `dedup`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from obelics_like.document import Document
from obelics_like.errors import OptionError
from obelics_like.repeats import Repeats, Thing

SCOPES = ("host", "language", "corpus")


@dataclass(frozen=True)
class RepeatedTexts(Repeats):
    """Drop each text that occurs too often, at all of its places; twice on one page counts as two.

    over: within what occurrences are counted: "host" (the host and port of the page's URL: OBELICS, paragraphs), the
        page's "language", or the whole "corpus" (MINT-1T's boilerplate, "Skip to content").
    max_occurrences: how often a text may occur (OBELICS: 2); absent, the stage is off.
    share: of the pages, that which is counted (MINT-1T fits on 0.02 of each snapshot); all are judged.
    fold: whether texts that differ in case and white space only are one text.
    """

    over: str = "host"
    fold: bool = False

    rules: ClassVar[dict[str, str]] = {"repeated_text": "the text occurs more than max_occurrences times"}

    def check(self) -> None:
        super().check()
        if self.over not in SCOPES:
            raise OptionError(f"option {self.id}.over", got=repr(self.over), valid=" | ".join(SCOPES), do="correct it")

    def things(self, document: Document) -> Iterator[Thing]:
        scope = _scope(document, self.over)
        for text in document.texts():
            read = " ".join(text.effective.casefold().split()) if self.fold else text.effective
            yield Thing(text, "", f"{scope}\n{read}")


def _scope(document: Document, over: str) -> str:
    if over == "language":
        return document.language.code if document.language else ""
    if over == "corpus":
        return ""
    try:
        return urlsplit(document.url).netloc.lower()
    except ValueError:
        return document.url

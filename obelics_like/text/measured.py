"""One text under measurement: each measure is taken when a rule first asks, and once; it compares nothing.

Both the rules of a node and those of a page work on this, so that a limit means the same in either place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from obelics_like import words
from obelics_like.document import Document, Text, effective
from obelics_like.text import measures, wordlists
from obelics_like.text.wordlists import WordList

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Lists:
    """The word lists that the rules of a document use; None where its language has no such list."""

    flagged: WordList | None = None
    stop: WordList | None = None
    spam: WordList | None = None
    common: WordList | None = None


class Measured:
    """A text (a node's, or a page's texts joined by blank lines) and what has been measured of it so far.

    `row` holds the fields of its `Characters`, where they are known already.
    """

    __slots__ = ("_characters", "_lower", "_lowered", "_row", "_words", "lists", "nodes", "text")

    def __init__(
        self,
        text: str,
        nodes: Sequence[Text],
        lists: Lists,
        row: np.ndarray | None = None,
    ) -> None:
        self.text, self.nodes, self.lists = text, nodes, lists
        self._characters: measures.Characters | None = None
        self._row = row
        self._lower: str | None = None
        self._lowered: list[str] | None = None
        self._words: list[str] | None = None

    @property
    def characters(self) -> measures.Characters:
        """The characters by kind."""
        if self._characters is None:
            row = self._row
            self._characters = (
                measures.characters(self.text) if row is None else measures.Characters._make(row.tolist())
            )
        return self._characters

    @property
    def lower(self) -> str:
        """The text in lower case."""
        if self._lower is None:
            self._lower = self.text.lower()
        return self._lower

    @property
    def words(self) -> list[str]:
        """The words of the nodes, in order, as `words.of` splits them."""
        if self._words is None:
            nodes = self.nodes
            self._words = words.of(nodes[0]) if len(nodes) == 1 else words.of_all(nodes)
        return self._words

    @property
    def lowered(self) -> list[str]:
        """The words in lower case."""
        if self._lowered is None:
            self._lowered = " ".join(self.words).lower().split(" ") if self.words else []
        return self._lowered

    def few(self, of: WordList, least: int, share: float) -> bool:
        """Whether fewer than `least` distinct entries of a list occur, or surely no larger share of the words is on it.

        Most pages are told by hashes, for which no word becomes a string.
        """
        if self._lowered is None:
            texts = effective(self.nodes)
            most = of.most(words.hashes(texts), self.lower if of.parts else "", least)
            if most is not None and (most[0] < least or most[1] / max(sum(words.count(texts)), 1) <= share):
                return True
        return len(of.found(self.lowered, self.lower)) < least

    def share(self, of: WordList | None) -> float | None:
        """The share of the words that stand on a list; None without a list, 0.0 without words."""
        if of is None:
            return None
        return of.covered(self.lowered, self.lower) / len(self.words) if self.words else 0.0


def language_of(document: Document) -> str | None:
    """The code that chooses a document's word lists: its own, else that of its longest text that has one."""
    if document.language is not None:
        return document.language.code
    known = [(len(node.text), node.language.code) for node in document.texts() if node.language is not None]
    return max(known)[1] if known else None


class ListChooser:
    """Gives the lists of a document's language, of the kinds that the recipe's rules want."""

    def __init__(self, kinds: Iterable[str], common: str | None) -> None:
        self.kinds = tuple(kinds)
        self._common = wordlists.from_file(common) if common is not None else None
        self._known: dict[str | None, tuple[Lists, list[str]]] = {}

    def __call__(self, document: Document) -> tuple[Lists, list[str]]:
        """The lists, and the names of the wanted kinds that the language lacks."""
        code = language_of(document)
        if code not in self._known:
            found = {kind: wordlists.by_language(kind, code) if code else None for kind in self.kinds}
            lacking = [kind for kind in self.kinds if found[kind] is None]
            self._known[code] = (Lists(common=self._common, **found), lacking)
        return self._known[code]


def record_lacking(document: Document, lacking: list[str]) -> None:
    """Note in the fact `lists_lacking` the lists that rules wanted and the document's language has not."""
    if lacking:
        document.facts["lists_lacking"] = sorted({*document.facts.get("lists_lacking", ()), *lacking})

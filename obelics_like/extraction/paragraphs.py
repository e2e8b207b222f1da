"""The paragraphs of a page, measured: what pictures and tags split is one, and each container has its totals.

It measures and decides nothing; `furniture`, `cards` and `main_content` go by what it says.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

from obelics_like.extraction import names, scan
from obelics_like.extraction.measures import LINKED, PROSE, Measures, has_four_digits, totals, within
from obelics_like.extraction.tags import TITLES
from obelics_like.extraction.walk import Walked

SHORT = 80
"""Characters under which a paragraph with a date and no sentence is a dateline."""


class Paragraphs:
    """The paragraphs of a page, each known by the item it begins with; any other item has the size 0.

    By item: the `kinds`, `containers` and `texts`, and what `measures` says. `more` are the items of a paragraph behind
    the first. In order: `headings`, the paragraphs that are headings; `titles`, those of them that are `h1`; `prose`,
    those that have a score; and `repeated`, which have none, those whose words stood on the page before. A headline
    repeats headlines only, since menus name the page they are on.
    """

    __slots__ = (
        *("containers", "flags", "headings", "kinds", "links", "measures", "more", "prose", "repeated", "scores"),
        *("sizes", "texts", "titles"),
    )

    def __init__(self, walked: Walked) -> None:
        self.kinds, self.containers, self.texts = walked.kinds, walked.containers, walked.texts
        self.measures = Measures(walked.rows, len(walked.texts), len(walked.ends))
        self.sizes, self.links, self.flags = self.measures.sizes, self.measures.links, self.measures.flags
        self.headings, self.scores = self.measures.headings, self.measures.scores
        self.titles = [at for at in self.headings if self.kinds[at] == "h1"]
        self.prose: Sequence[int] = self.measures.prose
        self.more: dict[int, list[int]] = {}
        if self.measures.more:
            self._join()
        self.repeated = self._repeated()
        if self.repeated:
            self._discount()

    def _join(self) -> None:
        """Make one text of those of each paragraph."""
        self.texts = self.texts.copy()
        pairs = iter(self.measures.more)
        for first, item in zip(pairs, pairs):
            self.more.setdefault(first, []).append(item)
        for first, items in self.more.items():
            self.texts[first] = " ".join([self.texts[first], *(self.texts[item] for item in items)])

    def _repeated(self) -> set[int]:
        """The paragraphs whose words stood on the page before, of those that are told apart by them."""
        telling, texts = self.measures.telling, self.texts
        repeated: set[int] = set()
        if not telling:
            return repeated
        words = [texts[at] for at in telling]
        if len(set(words)) == len(words):
            return repeated
        met: set[str] = set()
        twice: set[str] = set()
        for text in words:
            (twice if text in met else met).add(text)
        seen: set[str] = set()
        titles: set[str] = set()
        for at, text in zip(telling, words):
            if text not in twice:
                continue
            kind, known = self.kinds[at], False
            if kind in TITLES:
                known = text in titles or (kind == "h2" and text in seen)
                titles.add(text)
            if self.sizes[at] >= PROSE and self.links[at] < LINKED:
                known = known or (text in seen and kind != "h1")
                seen.add(text)
            if known:
                repeated.add(at)
        return repeated

    def _discount(self) -> None:
        """Take their scores from what is repeated."""
        for at in self.repeated:
            self.scores[at] = 0.0
        self.prose = [at for at in self.prose if at not in self.repeated]

    def behind(self, at: int) -> Iterator[int]:
        """The paragraphs behind one, in order."""
        return (other for other in range(at + 1, len(self.sizes)) if self.sizes[other])

    def next(self, at: int) -> int:
        """The paragraph right behind one, 0 if it is the last."""
        sizes, at = self.sizes, at + 1
        while at < len(sizes) and not sizes[at]:
            at += 1
        return at if at < len(sizes) else 0

    def before(self, at: int) -> Iterator[int]:
        """The paragraphs before one, the nearest first."""
        return (other for other in range(at - 1, -1, -1) if self.sizes[other])

    def within(self, walked: Walked, furniture: array[int], place: int, asked: int = 0) -> tuple[list[int], list[int]]:
        """The paragraphs that stand in a container: those in no furniture, and those in furniture that is `asked` for,
        by its bits."""
        return within(walked.rows, self.sizes, furniture, place, walked.ends[place], asked)

    def dated(self, at: int) -> bool:
        """Whether a paragraph is short and has four digits or more."""
        if self.sizes[at] >= SHORT:
            return False
        flags = self.flags[at]
        return has_four_digits(self.texts[at]) if flags & scan.NOT_ASCII else bool(flags & scan.DIGITS)


class Totals:
    """What each container holds with all that is in it: the prose score, the size, the size of what is in links.

    `scores` are by container; `shared`, of those whose names are of furniture, that score or the one of all of their
    name, whichever is more; `asked` those of them for which it is not 0, in order. `sizes`, `linked` and `other` hold
    at c what all containers before c hold: what is within c is the difference between `ends[c]` and c.
    """

    __slots__ = (
        "_alike",
        "_name_links",
        "_name_sizes",
        "asked",
        "ends",
        "linked",
        "other",
        "scores",
        "shared",
        "sizes",
    )

    def __init__(self, walked: Walked, found: Paragraphs) -> None:
        self.ends: list[int] = walked.ends
        measures = found.measures
        self.sizes, self.linked, self.other = measures.all_sizes, measures.all_linked, measures.all_other
        self.scores, self.shared, self.asked, self._alike, self._name_links, self._name_sizes = totals(
            walked.rows, walked.tree, walked.bits, names.FURNITURE, walked.lines, walked.named, measures
        )

    def score(self, container: int) -> float:
        """The prose score of a container."""
        return self.scores[container]

    def size(self, container: int) -> int:
        """The characters of all text in a container, in Latin measure."""
        return self.sizes[self.ends[container]] - self.sizes[container]

    def links(self, container: int) -> int:
        """How many of them are in links."""
        return self.linked[self.ends[container]] - self.linked[container]

    def others(self, container: int) -> int:
        """How many paragraphs in a container are no plain ones, but code, a table, a quote."""
        return self.other[self.ends[container]] - self.other[container]

    def of_name(self, number: int) -> tuple[float, float]:
        """How many characters are in links, and how many there are, in all containers whose names are of furniture and,
        digits aside, the one of a number; none, if no such container has a score."""
        first = max(0, self._alike[number])
        return self._name_links[first], self._name_sizes[first]

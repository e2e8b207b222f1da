"""The paragraphs of a page, measured: what pictures and tags split is one, and each container has its totals.

It measures and decides nothing; `furniture`, `cards` and `main_content` go by what it says.
"""

from __future__ import annotations

import re
from itertools import accumulate, compress
from operator import truediv

from obelics_like.extraction import scan
from obelics_like.extraction.tags import HEADINGS
from obelics_like.extraction.walk import Walked

PROSE = 40
"""Characters from which a block can be prose (those of unspaced scripts count `DENSE` each)."""
DENSE = 2.5
"""Latin characters that say as much as one Chinese, Japanese or Thai character."""
SHORT = 80
"""Characters under which a paragraph with a date and no sentence is a dateline."""
FULL = 1200
"""Characters above which a paragraph weighs no more: a page's fine print comes in one block."""
SAYING = 20
"""Characters from which a paragraph that is no link may say something."""
EXACT = 1024
"""Parts of 1 in which scores are told, so that sums of them are exact in any order."""

_SENTENCE = re.compile("[.!?…。！？।؟።։]['\"”’»)\\]]*(?:\\s|$)|[。！？]")
_DENSE = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_FOUR_DIGITS = re.compile(r"(?:\D*+\d){4}")
_TITLES = frozenset(("h1", "h2"))


class Paragraphs:
    """The paragraphs of a page in DOM order, as parallel lists.

    Of each the item it begins with; its kind, container and text; its size, characters in Latin measure; how much of
    it is linked, and that as a share, `links`; whether a sentence ends in it; its prose score. `flags` are those of
    `scan`, or -1 where the words have to be looked at. By their numbers, `more` are the items of a paragraph behind the
    first, `prose` those that have a score, `repeated` those whose words stood on the page before; a headline repeats
    headlines only, since menus name the page they are on.
    """

    __slots__ = (
        *("containers", "flags", "items", "kinds", "linked", "links", "more", "prose", "repeated", "scores"),
        *("sentences", "sizes", "texts"),
    )

    def __init__(self, walked: Walked) -> None:
        are_texts = walked.kinds  # "" for a picture
        self.items = walked.blocks
        self.texts = list(compress(walked.texts, are_texts))
        self.kinds = list(compress(walked.kinds, are_texts))
        self.containers = list(compress(walked.containers, are_texts))
        self.flags = list(compress(walked.flags, are_texts))
        linked = list(compress(walked.links, are_texts))
        self.more: dict[int, list[int]] = {}
        if walked.pictures:
            groups = list(compress(walked.groups, are_texts))
            if len(set(groups)) < len(groups):
                linked = self._join(groups, linked)
        self.sizes = list(map(len, self.texts))
        self.linked = [held if held < size else size for held, size in zip(linked, self.sizes)]
        self.links: list[float] = list(map(truediv, self.linked, self.sizes))
        if self.flags and (max(self.flags) >= scan.DENSE or min(self.flags) < 0):
            self._weigh_dense()
        self.sentences = [False] * len(self.items)
        self.scores = [0.0] * len(self.items)
        self.repeated: set[int] = set()
        self.prose: list[int] = []
        self._measure()

    def _join(self, groups: list[int], linked: list[int]) -> list[int]:
        """Make one paragraph of the texts of each group; gives the characters in links of each."""
        texts, starts, held = self.texts, list[int](), list[int]()
        for at, group in enumerate(groups):
            inside = min(linked[at], len(texts[at]))
            if at and group == groups[at - 1]:
                first = starts[-1]
                texts[first] = f"{texts[first]} {texts[at]}"
                held[-1] += inside
                self.flags[first] = -1
                self.more.setdefault(len(starts) - 1, []).append(self.items[at])
            else:
                starts.append(at)
                held.append(inside)
        for name in ("items", "texts", "kinds", "containers", "flags"):
            whole = getattr(self, name)
            setattr(self, name, [whole[at] for at in starts])
        return held

    def _weigh_dense(self) -> None:
        for at, flags in enumerate(self.flags):
            if flags & scan.DENSE and (flags >= 0 or _is_dense(self.texts[at])):
                self.sizes[at] = int(self.sizes[at] * DENSE)
                self.linked[at] = round(self.sizes[at] * self.links[at])

    def _measure(self) -> None:
        """Find what is repeated, and what the words say of those that are neither links nor very short."""
        kinds, sizes, links, texts = self.kinds, self.sizes, self.links, self.texts
        seen, titles = set[str](), set[str]()
        saying = [
            at
            for at, size in enumerate(sizes)
            if (size >= SAYING and links[at] < 0.5) or kinds[at] in _TITLES  # else a menu's entry, or too little
        ]
        for at in saying:
            kind, size, text, flags = kinds[at], sizes[at], texts[at], self.flags[at]
            repeated = False
            if kind in _TITLES:
                repeated = text in titles or (kind == "h2" and text in seen)
                titles.add(text)
            if size >= SAYING and links[at] < 0.5:
                ends = flags & scan.SENTENCE if flags >= 0 else _SENTENCE.search(text)
                sentences = self.sentences[at] = bool(ends)
                if size >= PROSE:
                    repeated = repeated or (text in seen and kind != "h1")
                    seen.add(text)
                    if not repeated and kind not in HEADINGS and (sentences or size > 100):
                        self.scores[at] = _score(size, links[at], kind, sentences)
                        self.prose.append(at)
            if repeated:
                self.repeated.add(at)

    def dated(self, at: int) -> bool:
        """Whether a paragraph is short and has four digits or more."""
        flags = self.flags[at]
        if self.sizes[at] >= SHORT:
            return False
        if flags >= 0 and not flags & scan.NOT_ASCII:  # the flag knows ASCII digits
            return bool(flags & scan.DIGITS)
        return _FOUR_DIGITS.match(self.texts[at]) is not None


def _score(size: int, links: float, kind: str, sentences: bool) -> float:
    score = min(size, FULL) * (1 - links) ** 2
    score *= (0.6 if kind in ("li", "td", "th") else 1.0) * (1.0 if sentences else 0.4)
    return round(score * EXACT) / EXACT


def _is_dense(text: str) -> bool:
    return not text.isascii() and _DENSE.search(text, 0, 200) is not None


class Totals:
    """What each container holds with all that is in it: the prose score, the size, the size of what is in links.

    `scores`, `sizes` and `linked` hold at c what all containers before c hold: what is within c is the difference
    between `ends[c]` and c.
    """

    __slots__ = ("ends", "linked", "scores", "sizes")

    def __init__(self, walked: Walked, found: Paragraphs) -> None:
        self.ends: list[int] = walked.ends
        count = len(walked.ends) + 1
        scores = [0.0] * count
        sizes, linked = [0] * count, [0] * count
        for container, size, held in zip(found.containers, found.sizes, found.linked):
            sizes[container + 1] += size
            linked[container + 1] += held
        for at in found.prose:
            scores[found.containers[at] + 1] += found.scores[at]
        self.scores = list(accumulate(scores))
        self.sizes, self.linked = list(accumulate(sizes)), list(accumulate(linked))

    def score(self, container: int) -> float:
        """The prose score of a container."""
        return self.scores[self.ends[container]] - self.scores[container]

    def size(self, container: int) -> int:
        """The characters of all text in a container, in Latin measure."""
        return self.sizes[self.ends[container]] - self.sizes[container]

    def links(self, container: int) -> int:
        """How many of them are in links."""
        return self.linked[self.ends[container]] - self.linked[container]

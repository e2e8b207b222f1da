"""The paragraphs of a page, measured: what pictures and tags split is one, and each container has its totals.

It measures and decides nothing; `furniture`, `cards` and `main_content` go by what it says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from obelics_like.extraction import scan
from obelics_like.extraction.tags import HEADINGS
from obelics_like.extraction.walk import Block, Walked

PROSE = 40
"""Characters from which a block can be prose (those of unspaced scripts count `DENSE` each)."""
DENSE = 2.5
"""Latin characters that say as much as one Chinese, Japanese or Thai character."""
SHORT = 80
"""Characters under which a paragraph with a date and no sentence is a dateline."""
FULL = 1200
"""Characters above which a paragraph weighs no more: a page's fine print comes in one block."""

_SENTENCE = re.compile("[.!?…。！？।؟።։]['\"”’»)\\]]*(?:\\s|$)|[。！？]")
_DENSE = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_FOUR_DIGITS = re.compile(r"(?:\D*+\d){4}")
_TITLES = frozenset(("h1", "h2"))


@dataclass(slots=True)
class Paragraph:
    """The blocks `items` of one paragraph: its words, characters in Latin measure, share in links, whether a sentence
    ends in it, prose score. `flags` are those of `scan`, or -1 where the words have to be looked at.

    `repeated` says that the same words stood on the page before; a headline repeats headlines only, since menus name
    the page they are on.
    """

    items: list[int]
    kind: str
    container: int
    text: str
    size: int
    links: float
    flags: int = -1
    sentences: bool = False
    score: float = 0.0
    repeated: bool = False

    @property
    def dated(self) -> bool:
        """Whether it is short and has four digits or more."""
        if self.size >= SHORT:
            return False
        if self.flags >= 0 and not self.flags & scan.NOT_ASCII:  # the flag knows ASCII digits
            return bool(self.flags & scan.DIGITS)
        return _FOUR_DIGITS.match(self.text) is not None


def _is_dense(text: str) -> bool:
    return not text.isascii() and _DENSE.search(text, 0, 200) is not None


def paragraphs(walked: Walked) -> list[Paragraph]:
    """The page's paragraphs in DOM order, measured; what a picture split is one paragraph."""
    found: list[Paragraph] = []
    group = -1
    for at, item in enumerate(walked.items):
        if not isinstance(item, Block):
            continue
        if item.group != group:
            group = item.group
            text = item.text
            found.append(Paragraph([at], item.kind, item.container, text, len(text), item.links, item.flags))
        else:
            one = found[-1]
            one.items.append(at)
            one.text = f"{one.text} {item.text}"
            one.size = len(one.text)
            one.links += item.links
            one.flags = -1
    seen: set[str] = set()
    titles: set[str] = set()
    for one in found:
        one.links = links = one.links / one.size if one.links < one.size else 1.0
        if one.flags & scan.DENSE and (one.flags >= 0 or _is_dense(one.text)):
            one.size = int(one.size * DENSE)
        if one.kind in _TITLES:
            one.repeated = one.text in titles or (one.kind == "h2" and one.text in seen)
            titles.add(one.text)
        if links < 0.5 and one.size >= 20:  # else a menu's entry, or too little to say more about
            _measure(one, seen)
    return found


def _measure(one: Paragraph, seen: set[str]) -> None:
    """Fill in what the words of a paragraph say that is neither a link nor very short."""
    text, kind, size = one.text, one.kind, one.size
    if one.flags >= 0:
        sentences = one.sentences = bool(one.flags & scan.SENTENCE)
    else:
        sentences = one.sentences = _SENTENCE.search(text) is not None
    if size < PROSE:
        return
    one.repeated = one.repeated or (text in seen and kind != "h1")
    seen.add(text)
    if not one.repeated and kind not in HEADINGS and (sentences or size > 100):
        score = min(size, FULL) * (1 - one.links) ** 2
        one.score = score * (0.6 if kind in ("li", "td", "th") else 1.0) * (1.0 if sentences else 0.4)


def totals(walked: Walked, found: list[Paragraph]) -> tuple[list[float], list[float], list[float], list[float]]:
    """For each container the score of what stands directly in it; and of all that is in it the score, the size and
    the size of what is in links."""
    count, parents = len(walked.tags), walked.parents
    own, size, linked = [0.0] * count, [0.0] * count, [0.0] * count
    for one in found:
        container = one.container
        own[container] += one.score
        size[container] += one.size
        if one.links:
            linked[container] += one.size * one.links
    whole = own.copy()
    for container in range(count - 1, 0, -1):
        if held := size[container]:
            above = parents[container]
            size[above] += held
            if score := whole[container]:
                whole[above] += score
            if held := linked[container]:
                linked[above] += held
    return own, whole, size, linked

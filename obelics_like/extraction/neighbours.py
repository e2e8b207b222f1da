"""What is kept, or not, for what stands beside it: headings and lines before links, short lines amid prose, cells.

It is asked about single paragraphs once most is decided; which container is the page's main one is no matter of its.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate

from obelics_like.extraction.paragraphs import Paragraphs
from obelics_like.extraction.tags import HEADINGS
from obelics_like.extraction.walk import Walked

BESIDE = 40
"""Characters behind a heading in its box from which it is theirs; fewer are a button, or a link to edit it."""

_CELLS, _TABLES = frozenset(("td", "th")), frozenset(("table",))


def between_prose(at: int, found: Paragraphs, above: int, end: int) -> bool:
    """Whether prose stands right before a paragraph and right behind it, in the box that it stands in."""
    if not 0 < at < len(found.items) - 1 or not (found.scores[at - 1] and found.scores[at + 1]):
        return False
    before, behind = found.containers[at - 1], found.containers[at + 1]
    return bool(above <= before < end and above <= behind < end)


def announces(found: Paragraphs, picks: list[bool], at: int) -> bool:
    """Whether a short line is followed by links that are not kept: by one behind a colon, by two behind no sentence."""
    if found.links[at + 1] < 0.5:
        return False
    mark = found.texts[at][-1]
    if mark in ":：":
        return True
    if found.kinds[at] not in ("p", "div") or at + 2 >= len(picks):
        return False
    two = not picks[at + 2] and min(found.links[at + 1], found.links[at + 2]) >= 0.8
    return two and (mark in "?？" or not found.sentences[at])


def headings_of_links(walked: Walked, found: Paragraphs, picks: list[bool], root: int) -> None:
    """Take back a heading if nothing that follows it in its box is kept, where more than a button does."""
    containers, kinds, parents, ends = found.containers, found.kinds, walked.parents, walked.ends
    count = len(kinds)
    held, nexts = [0, *accumulate(found.sizes)], [count] * (count + 1)
    for at in range(count - 1, -1, -1):
        nexts[at] = at if picks[at] and kinds[at] not in HEADINGS else nexts[at + 1]
    for at, kind in enumerate(kinds):
        if not picks[at] or kind not in HEADINGS or kind == "h1":
            continue
        box, following = parents[containers[at]], nexts[at + 1]
        while box > root and not (following < count and box <= containers[following] < ends[box]):
            stop = bisect_left(range(count), True, at + 1, key=lambda one: not box <= containers[one] < ends[box])
            if held[stop] - held[at + 1] >= BESIDE:
                picks[at] = False
                break
            box = parents[box]


def whole_tables(walked: Walked, found: Paragraphs, picks: list[bool], fit: list[int]) -> None:
    """Add the cells of each table of which one is kept, if it is one of data: two rows or more, of several cells each,
    and not mostly links."""
    tables: dict[int, list[tuple[int, int]]] = {}  # of each table its texts, each with its cell
    cell_of, table_of = dict[int, int](), dict[int, int]()
    for at in fit:
        if found.kinds[at] in _CELLS:
            cell = _round(walked, found.containers[at], _CELLS, cell_of)
            tables.setdefault(_round(walked, cell, _TABLES, table_of), []).append((at, cell))
    for held in tables.values():
        texts, cells = [at for at, _ in held], {cell for _, cell in held}
        rows = len({walked.parents[cell] for cell in cells})
        kept = sum(picks[at] for at in texts)
        if rows < 2 or len(cells) < 2 * rows or not 0 < kept < len(texts):
            continue
        if sum(found.linked[at] for at in texts) < 0.3 * sum(found.sizes[at] for at in texts):
            for at in texts:
                picks[at] = True


def _round(walked: Walked, at: int, tags: frozenset[str], known: dict[int, int]) -> int:
    """The nearest container of these tags that is `at` or holds it, 0 if there is none; `known` are those found."""
    climbed = []
    while at and at not in known and walked.tags[at] not in tags:
        climbed.append(at)
        at = walked.parents[at]
    at = known.get(at, at)
    known.update(dict.fromkeys(climbed, at))
    return at

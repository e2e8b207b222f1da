"""What is kept, or not, for what stands beside it: headings and lines before links, short lines amid prose, cells.

It is asked about single paragraphs once most is decided; which container is the page's main one is no matter of its.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate, islice

from obelics_like.extraction import scan
from obelics_like.extraction.paragraphs import Paragraphs
from obelics_like.extraction.tags import HEADINGS
from obelics_like.extraction.walk import Walked

ANNOUNCING = 60
"""Characters under which a line that ends in a colon announces what follows."""
BESIDE = 40
"""Characters behind a heading in its box from which it is theirs; fewer are a button, or a link to edit it."""

LEADING, LINKS = 0.5, 0.8
"""Share of links from which what follows a colon is what it announces; and each of two that follow without one."""

_LINES = frozenset(("p", "div"))
_CELLS = frozenset(("td", "th"))
_CELL, _TABLE = scan.numbers_of("td", "th"), scan.numbers_of("table")


def between_prose(at: int, found: Paragraphs, above: int, end: int) -> bool:
    """Whether prose stands right before a paragraph and right behind it, in the box that it stands in."""
    if at and found.sizes[at - 1] and not found.scores[at - 1]:  # as of most lines, of which a page may have 190,000
        return False
    before, behind = next(found.before(at), at), next(found.behind(at), at)
    if not (found.scores[before] and found.scores[behind]):
        return False
    return bool(above <= found.containers[before] < end and above <= found.containers[behind] < end)


def _announces(found: Paragraphs, picks: list[bool], at: int, first: int) -> bool:
    """Whether a short line announces links that are not kept, of which `first` stands right behind it: one behind a
    colon, two behind no sentence."""
    mark = found.texts[at][-1]
    if mark in ":：":
        return True
    if found.kinds[at] not in _LINES or (found.flags[at] & scan.SENTENCE and mark not in "?？"):
        return False
    second = found.next(first)
    links = found.links
    return second > 0 and not picks[second] and links[first] >= LINKS and links[second] >= LINKS


def lone_headings(found: Paragraphs, picks: list[bool], fit: list[int]) -> None:
    """Take back a heading that no kept text follows before prose that is not kept, and a line that announces links."""
    if not fit:
        return
    followed, behind = False, found.next(fit[-1])
    kinds, sizes, scores, links = found.kinds, found.sizes, found.scores, found.links
    for at in range(fit[-1], fit[0] - 1, -1):
        if picks[at]:
            if kinds[at] in HEADINGS:
                picks[at] = followed
            elif (
                sizes[at] < ANNOUNCING
                and behind
                and links[behind] >= LEADING
                and not picks[behind]
                and _announces(found, picks, at, behind)
            ):
                picks[at] = False
            else:
                followed = True
        elif followed and scores[at] and kinds[at] != "figcaption":
            followed = False
        if sizes[at]:
            behind = at


def linked_headings(walked: Walked, found: Paragraphs, picks: list[bool], fit: list[int]) -> None:
    """Add the headings that are one link, where kept prose follows at once and in the same place: a list of posts."""
    parents, kinds = walked.parents, found.kinds
    for at in fit:
        if found.links[at] < 0.5 or picks[at] or found.sizes[at] < 10 or kinds[at] not in HEADINGS:
            continue
        above = parents[found.containers[at]]
        for other in islice(found.behind(at), 3):
            if picks[other] and found.scores[other]:
                place = found.containers[other]
                picks[at] = above in (place, parents[place], parents[parents[place]]) and above > 0
                break
            if kinds[other] in HEADINGS:
                break


def headings_of_links(walked: Walked, found: Paragraphs, picks: list[bool], root: int) -> None:
    """Take back a heading if nothing that follows it in its box is kept, where more than a button does."""
    containers, kinds, parents, ends = found.containers, found.kinds, walked.parents, walked.ends
    heads = [at for at in found.headings if picks[at] and kinds[at] != "h1"]
    if not heads:
        return
    following = behind = count = len(kinds)
    held: list[int] = []
    for at in reversed(heads):
        box = parents[containers[at]]
        for one in range(at + 1, behind):  # the first text behind it that is kept, else that of the next heading
            if picks[one] and kinds[one] not in HEADINGS:
                following = one
                break
        behind = at
        while box > root and not (following < count and box <= containers[following] < ends[box]):
            stop = bisect_left(range(count), True, at + 1, key=lambda one: not box <= containers[one] < ends[box])
            held = held or [0, *accumulate(found.sizes)]
            if held[stop] - held[at + 1] >= BESIDE:
                picks[at] = False
                break
            box = parents[box]


def whole_tables(walked: Walked, found: Paragraphs, picks: list[bool], fit: list[int]) -> None:
    """Add the cells of each table of which one is kept, if it is one of data: two rows or more, of several cells each,
    and not mostly links."""
    tables: dict[int, list[tuple[int, int]]] = {}  # of each table its texts, each with its cell
    cell_of: dict[int, int] = {}
    table_of: dict[int, int] = {}
    kinds, containers, parents, tags = found.kinds, found.containers, walked.parents, walked.tags.numbers
    held = [at for at in fit if kinds[at] in _CELLS]
    if not 0 < sum([picks[at] for at in held]) < len(held):
        return
    for at in held:
        cell = containers[at] if tags[containers[at]] in _CELL else _round(walked, containers[at], _CELL, cell_of)
        if (table := table_of.get(parents[cell])) is None:
            table = table_of[parents[cell]] = _round(walked, parents[cell], _TABLE, table_of)
        tables.setdefault(table, []).append((at, cell))
    for cells_of in tables.values():
        texts = [at for at, _ in cells_of]
        if not 0 < sum([picks[at] for at in texts]) < len(texts):
            continue
        cells = {cell for _, cell in cells_of}
        rows = len({parents[cell] for cell in cells})
        if rows < 2 or len(cells) < 2 * rows:
            continue
        if sum(found.links[at] * found.sizes[at] for at in texts) < 0.3 * sum(found.sizes[at] for at in texts):
            for at in texts:
                picks[at] = True


def _round(walked: Walked, at: int, asked: frozenset[int], known: dict[int, int]) -> int:
    """The nearest container of tags that are `asked` for, that is `at` or holds it, 0 if there is none; `known` are
    those found."""
    climbed, tags, parents = [], walked.tags.numbers, walked.parents
    while at and at not in known and tags[at] not in asked:
        climbed.append(at)
        at = parents[at]
    at = known.get(at, at)
    known.update(dict.fromkeys(climbed, at))
    return at

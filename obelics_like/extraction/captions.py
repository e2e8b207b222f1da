"""Which texts are captions, and which picture each belongs to.

It reads structure only: a caption is never guessed from the words of a paragraph.
"""

from __future__ import annotations

from bisect import bisect_left

from obelics_like.extraction import names
from obelics_like.extraction.paragraphs import Totals
from obelics_like.extraction.walk import Walked

NEAR = 3
"""Items between a picture and a caption that stands in no figure with it."""
LONG_CAPTION = 800
"""Characters from which what is named a caption is none, but an article whose pictures have some."""
FIGURE_TEXT = 300
"""Characters under which all paragraphs of a `<figure>` are its caption, whatever they are called."""

UNNAMED = 200
"""Characters under which the plain text of what is named a picture is its caption."""

_BITS = names.CAPTION | names.FIGURE | names.PICTURE  # a `<figcaption>` has the bit of a caption too
_PLAIN = frozenset(("p", "div", "figcaption"))


def in_captions(walked: Walked, totals: Totals) -> list[bool]:
    """For each container whether it is part of a caption: text of a picture, not of the body."""
    bits, ends = walked.bits, walked.ends
    caption = [False] * len(bits)
    telling: set[int] | None = None
    told: list[int] | None = None
    for at in walked.named:
        if caption[at] or not bits[at] & _BITS:
            continue
        if bits[at] & names.CAPTION:
            inside = totals.size(at) < LONG_CAPTION
        elif not bits[at] & names.FIGURE:
            inside = 0 < totals.size(at) < UNNAMED and not bits[at] & (names.CONTENT | names.ARTICLE)
            if inside:
                told = _told_containers(walked) if told is None else told
                inside = bisect_left(told, at) == bisect_left(told, ends[at])
        else:
            inside = 0 < totals.size(at) < FIGURE_TEXT
            if inside:
                telling = _telling(walked) if telling is None else telling
                inside = at not in telling
        if inside:
            caption[at : ends[at]] = [True] * (ends[at] - at)
    return caption


def _told_containers(walked: Walked) -> list[int]:
    """The containers of headings, lists, tables, quotes and code, in order."""
    return sorted({walked.containers[at] for at in walked.blocks if walked.kinds[at] not in _PLAIN})


def _telling(walked: Walked) -> set[int]:
    """The figures of code, of a table, of a quote: their text is no caption."""
    figure = _frames(walked)[0]
    return {figure[walked.containers[at]] for at in walked.blocks if walked.kinds[at] not in _PLAIN}


def captions(walked: Walked, judged: frozenset[int] = frozenset()) -> dict[int, str]:
    """The caption of each picture that has one, by its index in the walk; `judged` are texts found to be captions.

    In a `<figure>`, its `<figcaption>` (or what is named a caption, or all its text if that is short) belongs to all
    its pictures; elsewhere, what is named a caption or judged to be one belongs to the nearest picture before
    it, else to the next one after it.
    """
    if not judged and not any(walked.bits[at] & _BITS for at in walked.named):
        return {}
    figure, inside = _frames(walked)
    texts: dict[int, list[tuple[int, bool]]] = {}  # of each figure its texts, and whether they are named captions
    loose: list[int] = []
    for at in walked.blocks:
        container = walked.containers[at]
        named = inside[container] or walked.kinds[at] == "figcaption" or at in judged
        if home := figure[container]:
            texts.setdefault(home, []).append((at, named))
        elif named:
            loose.append(at)
    found: dict[int, str] = {}
    by_figure = {home: text for home, held in texts.items() if (text := _told(walked, held))}
    for at, picture in walked.pictures.items():
        home = figure[picture.container]
        while home and home not in by_figure:
            home = figure[walked.parents[home]]
        if home:
            found[at] = by_figure[home]
    for at in loose:
        if (near := _neighbour(walked, at, found)) is not None:
            found[near] = walked.texts[at]
    return found


def _told(walked: Walked, held: list[tuple[int, bool]]) -> str:
    """The caption among a figure's texts: all of them if they are short and plain, else what is named so."""
    texts = walked.texts
    plain = all(walked.kinds[at] in _PLAIN for at, _ in held) and sum(len(texts[at]) for at, _ in held) < FIGURE_TEXT
    return " ".join(texts[at] for at, named in held if named or plain)


def _frames(walked: Walked) -> tuple[list[int], list[bool]]:
    """For each container the figure it stands in (0: none), and whether it is in a caption."""
    figure, inside = [0] * len(walked.bits), [False] * len(walked.bits)
    for at in walked.named:
        bits, end = walked.bits[at], walked.ends[at]
        if bits & names.FIGURE:
            figure[at:end] = [at] * (end - at)
            inside[at:end] = [False] * (end - at)
        elif bits & names.CAPTION:
            inside[at:end] = [True] * (end - at)
    return figure, inside


def _neighbour(walked: Walked, at: int, found: dict[int, str]) -> int | None:
    for step in range(1, NEAR + 1):
        if at - step in walked.pictures:
            return at - step if at - step not in found else None
    return at + 1 if at + 1 in walked.pictures and at + 1 not in found else None

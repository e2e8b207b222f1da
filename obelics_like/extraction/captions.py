"""Which texts are captions, and which picture each belongs to.

It reads structure only: a caption is never guessed from the words of a paragraph.
"""

from __future__ import annotations

from obelics_like.extraction import names
from obelics_like.extraction.walk import Block, Picture, Walked

NEAR = 3
"""Items between a picture and a caption that stands in no figure with it."""
LONG_CAPTION = 800
"""Characters from which what is named a caption is none, but an article whose pictures have some."""
FIGURE_TEXT = 300
"""Characters under which all paragraphs of a `<figure>` are its caption, whatever they are called."""

_BITS = names.CAPTION | names.FIGURE  # a `<figcaption>` has the bit of a caption too
_PLAIN = frozenset(("p", "div", "figcaption"))


def in_captions(walked: Walked, size: list[float]) -> list[bool]:
    """For each container whether it is part of a caption: text of a picture, not of the body.

    `size` is that of all text in each container.
    """
    caption = [False] * len(walked.tags)
    if any(bit & _BITS for bit in set(walked.bits)):
        telling: set[int] | None = None
        for at, (above, bit) in enumerate(zip(walked.parents, walked.bits)):
            if caption[above]:
                caption[at] = True
            elif bit & names.CAPTION:
                caption[at] = size[at] < LONG_CAPTION
            elif bit & names.FIGURE and 0 < size[at] < FIGURE_TEXT:
                if telling is None:
                    telling = _telling(walked)
                caption[at] = at not in telling
    return caption


def _telling(walked: Walked) -> set[int]:
    """The figures of code, of a table, of a quote: their text is no caption."""
    figure = _frames(walked)[0]
    return {figure[item.container] for item in walked.items if isinstance(item, Block) and item.kind not in _PLAIN}


def captions(walked: Walked) -> dict[int, str]:
    """The caption of each picture that has one, by its index in the walk.

    In a `<figure>`, its `<figcaption>` (or what is named a caption, or all its text if that is short) belongs to all
    its pictures; elsewhere, what is named a caption belongs to the nearest picture before it, else to the next one
    after it.
    """
    if not any(bits & _BITS for bits in set(walked.bits)):
        return {}
    figure, inside = _frames(walked)
    texts: dict[int, list[tuple[Block, bool]]] = {}  # of each figure its texts, and whether they are named captions
    loose: list[tuple[int, str]] = []
    for at, item in enumerate(walked.items):
        if isinstance(item, Block):
            named = item.kind == "figcaption" or inside[item.container]
            if home := figure[item.container]:
                texts.setdefault(home, []).append((item, named))
            elif named:
                loose.append((at, item.text))
    found: dict[int, str] = {}
    by_figure = {home: text for home, held in texts.items() if (text := _told(held))}
    for at, item in enumerate(walked.items):
        if isinstance(item, Picture):
            home = figure[item.container]
            while home and home not in by_figure:
                home = figure[walked.parents[home]]
            if home:
                found[at] = by_figure[home]
    for at, text in loose:
        if (picture := _neighbour(walked, at, found)) is not None:
            found[picture] = text
    return found


def _told(held: list[tuple[Block, bool]]) -> str:
    """The caption among a figure's texts: all of them if they are short and plain, else what is named so."""
    plain = all(item.kind in _PLAIN for item, _ in held) and sum(len(item.text) for item, _ in held) < FIGURE_TEXT
    return " ".join(item.text for item, named in held if named or plain)


def _frames(walked: Walked) -> tuple[list[int], list[bool]]:
    """For each container the figure it stands in (0: none), and whether it is in a caption."""
    figure, inside = [0] * len(walked.tags), [False] * len(walked.tags)
    for at in range(1, len(walked.tags)):
        above = walked.parents[at]
        if walked.bits[at] & names.FIGURE:
            figure[at] = at
        else:
            figure[at] = figure[above]
            inside[at] = inside[above] or bool(walked.bits[at] & names.CAPTION)
    return figure, inside


def _neighbour(walked: Walked, at: int, found: dict[int, str]) -> int | None:
    for step in range(1, NEAR + 1):
        if at - step >= 0 and isinstance(walked.items[at - step], Picture):
            return at - step if at - step not in found else None
    after = at + 1
    if after < len(walked.items) and isinstance(walked.items[after], Picture) and after not in found:
        return after
    return None

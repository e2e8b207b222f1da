"""Which caption belongs to which picture.

It reads structure only: a caption is never guessed from the words of a paragraph.
"""

from __future__ import annotations

from obelics_like.extraction import names
from obelics_like.extraction.walk import Block, Picture, Walked

NEAR = 3
"""Items between a picture and a caption that stands in no figure with it."""


def captions(walked: Walked) -> dict[int, str]:
    """The caption of each picture that has one, by its index in the walk.

    In a `<figure>`, its `<figcaption>` (or what is named a caption) belongs to all its pictures; elsewhere, what is
    named a caption belongs to the nearest picture before it, else to the next one after it.
    """
    if not any(bits & names.CAPTION for bits in set(walked.bits)):  # a `<figcaption>` has the bit too
        return {}
    figure, inside = _frames(walked)
    by_figure: dict[int, list[str]] = {}
    loose: list[tuple[int, str]] = []
    for at, item in enumerate(walked.items):
        if isinstance(item, Block) and (item.kind == "figcaption" or inside[item.container]):
            if home := figure[item.container]:
                by_figure.setdefault(home, []).append(item.text)
            else:
                loose.append((at, item.text))
    found: dict[int, str] = {}
    for at, item in enumerate(walked.items):
        if isinstance(item, Picture):
            home = figure[item.container]
            while home and home not in by_figure:
                home = figure[walked.parents[home]]
            if home:
                found[at] = " ".join(by_figure[home])
    for at, text in loose:
        if (picture := _neighbour(walked, at, found)) is not None:
            found[picture] = text
    return found


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

"""Which texts are captions, and which picture each belongs to.

It reads structure only: a caption is never guessed from the words of a paragraph.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from itertools import compress

from obelics_like.extraction import names
from obelics_like.extraction.paragraphs import Totals
from obelics_like.extraction.tags import PLAIN_TEXT
from obelics_like.extraction.walk import Walked

NEAR = 3
"""Items between a picture and a caption that stands in no figure with it."""
LONG_CAPTION = 800
"""Characters from which what is named a caption is none, but an article whose pictures have some."""
FIGURE_TEXT = 300
"""Characters under which all paragraphs of a `<figure>` are its caption, whatever they are called."""

UNNAMED = 200
"""Characters under which the plain text of what is named a picture is its caption."""


def in_captions(walked: Walked, totals: Totals) -> bytearray:
    """For each container 1 if it is part of a caption, text of a picture and not of the body, else 0."""
    bits, ends, sizes = walked.bits, walked.ends, totals.sizes
    caption = bytearray(len(bits))
    framed = walked.framed
    telling: set[int] | None = None
    for at in framed:
        if caption[at]:
            continue
        size = sizes[ends[at]] - sizes[at]
        if bits[at] & names.CAPTION:
            inside = size < LONG_CAPTION
        elif not size:
            continue
        elif not bits[at] & names.FIGURE:
            inside = size < UNNAMED and not totals.others(at)
        else:
            inside = size < FIGURE_TEXT
            if inside and totals.others(at):
                telling = _telling(walked, framed) if telling is None else telling
                inside = at not in telling
        if inside:
            caption[at : ends[at]] = b"\1" * (ends[at] - at)
    return caption


def _telling(walked: Walked, framed: list[int]) -> set[int]:
    """The figures of code, of a table, of a quote: their text is no caption."""
    frames, kinds = _frames(walked, framed), walked.kinds
    return {frames[walked.containers[at]] >> 1 for at in walked.blocks if kinds[at] not in PLAIN_TEXT}


def captions(walked: Walked, judged: frozenset[int] = frozenset()) -> dict[int, str]:
    """The caption of each picture that has one, by its index in the walk; `judged` are texts found to be captions.

    In a `<figure>`, its `<figcaption>` (or what is named a caption, or all its text if that is short) belongs to all
    its pictures; elsewhere, what is named a caption or judged to be one belongs to the nearest picture before
    it, else to the next one after it.
    """
    framed = [at for at in walked.framed if walked.bits[at] & (names.CAPTION | names.FIGURE)]
    if not framed and not judged:
        return {}
    around = _frames(walked, framed)
    frames = list(map(around.__getitem__, walked.containers))
    told: Iterable[int] = compress(range(len(frames)), frames)
    texts: dict[int, list[tuple[int, bool]]] = {}  # of each figure its texts, and whether they are named captions
    loose: list[int] = []
    for at in sorted(judged.union(told)) if judged else told:
        if not (kind := walked.kinds[at]):
            continue
        frame = frames[at]
        named = frame & 1 != 0 or kind == "figcaption" or at in judged
        if frame > 1:
            texts.setdefault(frame >> 1, []).append((at, named))
        elif named:
            loose.append(at)
    found: dict[int, str] = {}
    if by_figure := {home: text for home, held in texts.items() if (text := _told(walked, held))}:
        nearest = _nearest(walked, framed, around, by_figure)
        for at in walked.pictures:
            if home := nearest[frames[at] >> 1]:
                found[at] = by_figure[home]
    for at in loose:
        if (near := _neighbour(walked, at, found)) is not None:
            found[near] = walked.texts[at]
    return found


def _nearest(walked: Walked, framed: list[int], around: list[int], telling: Container[int]) -> dict[int, int]:
    """Of each figure the one that tells its pictures' caption: itself, or the next one round it, or 0."""
    nearest = {0: 0}
    for home in framed:
        if home and walked.bits[home] & names.FIGURE:
            nearest[home] = home if home in telling else nearest[around[walked.parents[home]] >> 1]
    return nearest


def _told(walked: Walked, held: list[tuple[int, bool]]) -> str:
    """The caption among a figure's texts: all of them if they are short and plain, else what is named so."""
    texts = walked.texts
    plain = (
        all(walked.kinds[at] in PLAIN_TEXT for at, _ in held) and sum(len(texts[at]) for at, _ in held) < FIGURE_TEXT
    )
    return " ".join(texts[at] for at, named in held if named or plain)


def _frames(walked: Walked, framed: list[int]) -> list[int]:
    """For each container twice the figure it stands in (0: none), and 1 more if it is in a caption there."""
    frames, ends, bits = [0] * len(walked.bits), walked.ends, walked.bits
    for at in framed:
        if bits[at] & names.FIGURE:
            frame = 2 * at
        elif bits[at] & names.CAPTION:
            frame = frames[at] | 1
        else:  # named a picture: its text is a caption only where it is judged to be one
            continue
        frames[at : ends[at]] = [frame] * (ends[at] - at)
    return frames


def _neighbour(walked: Walked, at: int, found: dict[int, str]) -> int | None:
    for step in range(1, NEAR + 1):
        if at - step in walked.pictures:
            return at - step if at - step not in found else None
    return at + 1 if at + 1 in walked.pictures and at + 1 not in found else None

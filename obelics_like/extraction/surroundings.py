"""What stands round the pictures near a page's main content: blocks, captions, figures, what names speak of.

The measuring is `native/surroundings.c`; what speaks for a picture is said in `picture_score`.
"""

from __future__ import annotations

import ctypes
import functools
import struct
from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple

from obelics_like.extraction import names, scan
from obelics_like.extraction.addresses import Words
from obelics_like.extraction.main_content import Judgement
from obelics_like.extraction.speaking import MAYBE, heard
from obelics_like.extraction.walk import Walked
from obelics_like.native import kernel

BEFORE = 40
"""Blocks of text that may stand between a picture and the main content behind it: headline, byline, share bar, menu."""
AFTER = 25
"""Blocks of text that may stand between the main content and a picture behind it: a gallery's captions."""
WAY = 6
"""Steps up from a picture in which names are read."""
LONG = 300
"""Characters of an element's names that are read."""
FAR = 60
"""Steps in the tree that are counted at most."""
NO_GAP = 99
"""Blocks that are taken to lie between a picture and the main block before it where there is none, and at most."""
FRAMED, CAPTIONED, BESIDE = 6, 4, 2
"""Elements round a picture in which a figure is looked for; round a block in which a caption is; items from one to the
other at which they are next to each other."""
IN_ARTICLE, IN_FIGURE, HAS_CAPTION = 1, 2, 4
"""Flags of a picture: an article is below what holds both it and the nearest main block; a figure is, or is near; a
caption is next to it."""

PLACE, OWN, ROUND, NUMBER, REACH, SHAPE, NAMES = 7, 7, 8, 9, 10, 13, 15
"""Where in a row is what; PLACE numbers tell of the place."""
_ROW, _TOLD = struct.Struct(f"={NAMES + WAY}i"), 5
_LIMITS = (BEFORE, AFTER, FAR, NO_GAP, FRAMED, CAPTIONED, BESIDE, names.ARTICLE, names.FIGURE, names.CAPTION)


class Near(NamedTuple):
    """What is known of the main content's place: how `many` blocks it has, the `first` and the `last`; and `rows`, one
    for each picture near it.

    A row has, of the place: the main blocks before the picture; the item of the block before it, and of the one behind
    it, or -1; the blocks between the last main one before it and it; the steps in the tree to the nearest of the main
    blocks before and behind; flags; what the names below what holds both speak of. Then what the name of its container
    alone (OWN), and of all that are read (ROUND), speak of; its NUMBER in what was asked; how many of the names are
    below (REACH); its container, and what holds both; from SHAPE on the tags of the container and of the one round it,
    by their number in `scan.NAMES`; from NAMES on the numbers of the WAY names of the container and of those above.
    """

    many: int
    first: int
    last: int
    rows: list[tuple[int, ...]]


def near(walked: Walked, judged: Judgement, items: Sequence[int], never: int, words: Words) -> Near:
    """What stands round those of some pictures, whose items are given in order, that are near the main content and not
    in furniture of these bits; `words` hold those that speak of something. No rows where there is no main content."""
    asked, limits = array("i", items), _limits(never)
    named = walked.named + 1
    begin = _TOLD + named
    out = array("i", bytes(4 * begin + _ROW.size * len(asked)))
    _kernel()(
        *(walked.rows.buffer_info()[0], len(walked.rows) // scan.ITEM),
        *(walked.tree.buffer_info()[0], walked.bits.buffer_info()[0], judged.furniture.buffer_info()[0]),
        *(
            bytes(judged.main),
            judged.root,
            limits.buffer_info()[0],
            ctypes.byref(words.table),
            walked.lines,
            len(walked.lines),
        ),
        *(asked.buffer_info()[0], len(asked), out.buffer_info()[0], named),
    )
    many, first, last, met, unsure = out[:_TOLD]
    rows = list(_ROW.iter_unpack(out[begin : begin + met * (NAMES + WAY)]))
    return Near(many, first, last, _with_care(rows, walked.lines) if unsure else rows)


def _with_care(rows: list[tuple[int, ...]], lines: bytes) -> list[tuple[int, ...]]:
    """The rows with what names speak of that C can't tell."""
    words = ["", *lines.decode("utf-8", "replace").split("\n")]
    known = {number: heard(words[number][:LONG]) for row in rows if row[ROUND] & MAYBE for number in row[NAMES:]}
    sure = []
    for row in rows:
        if row[ROUND] & MAYBE:
            spoken = [known[number] for number in row[NAMES:]]
            below = functools.reduce(int.__or__, spoken[: row[REACH]], 0)
            row = (*row[: PLACE - 1], below, spoken[0], functools.reduce(int.__or__, spoken), *row[NUMBER:])
        sure.append(row)
    return sure


@functools.cache
def _limits(never: int) -> array[int]:
    return array("i", (*_LIMITS, never, LONG, MAYBE))


@functools.cache
def _kernel() -> Any:
    loop, number, place = kernel().pictures_near, ctypes.c_int32, ctypes.c_void_p
    loop.argtypes = [
        *(place, number, place, place, place, ctypes.c_char_p, number, place, place, ctypes.c_char_p, ctypes.c_int64),
        *(place, number, place, number),
    ]
    loop.restype = None
    return loop

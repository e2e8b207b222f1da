"""What stands round the pictures of a page: blocks before and behind, captions, figures, the names on the way up.

The pass itself is `native/surroundings.c`; what speaks for a picture is said in `picture_score`.
"""

from __future__ import annotations

import ctypes
import functools
import struct
from array import array
from collections.abc import Iterable
from typing import Any

from obelics_like.extraction import names, scan
from obelics_like.extraction.walk import Walked
from obelics_like.native import kernel

WAY = 6
"""Steps up from a picture in which names are read."""
FAR = 60
"""Steps in the tree that are counted at most."""
NO_GAP = 99
"""Blocks that are taken to lie between a picture and the main block before it where there is none, and at most."""
FRAMED, CAPTIONED, BESIDE = 6, 4, 2
"""Elements round a picture in which a figure is looked for; round a block in which a caption is; items between the two
at which they are next to each other."""
IN_ARTICLE, IN_FIGURE, HAS_CAPTION = 1, 2, 4
"""Flags of a picture: an article of its own is round it, a figure is, a caption is next to it."""

TOLD = 7
"""Numbers in a row that are told of the place of a picture."""
TAG, NAMES = 9, 11
"""Where in a row the tags of the two elements round a picture are; and the names of these and those above."""
_ROW = struct.Struct(f"={NAMES + WAY}i")


class _Limits(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_int32)
        for name in ("far", "no_gap", "framed", "captioned", "beside", "article", "figure", "caption")
    ]


_LIMITS = _Limits(FAR, NO_GAP, FRAMED, CAPTIONED, BESIDE, names.ARTICLE, names.FIGURE, names.CAPTION)


def around(walked: Walked, main: bytes, items: Iterable[int]) -> list[tuple[int, ...]]:
    """A row for each of some pictures, whose items are given in order; `main` has 1 for each item that is main content.

    Of the place, TOLD numbers: the main blocks before it; the item of the block before it, and of the one behind it, or
    -1; the blocks between the last main one before it and it, NO_GAP at most; the steps in the tree to the nearest of
    the main blocks before and behind; flags; of the names, how many stand below what holds both. The picture's
    container, and what holds both. From TAG on the tags of that container and the one round it, by their number in
    `scan.NAMES`; from NAMES on the numbers of WAY names, of its container and those above.
    """
    asked = array("i", items)
    out = array("i", bytes(_ROW.size * len(asked)))
    _kernel()(
        *(walked.rows.buffer_info()[0], len(walked.rows) // scan.ITEM),
        *(walked.tree.buffer_info()[0], walked.bits.buffer_info()[0], main, ctypes.byref(_LIMITS)),
        *(asked.buffer_info()[0], len(asked), out.buffer_info()[0]),
    )
    return list(_ROW.iter_unpack(out))


@functools.cache
def _kernel() -> Any:
    loop, number, place = kernel().pictures_around, ctypes.c_int32, ctypes.c_void_p
    loop.argtypes = [place, number, place, place, ctypes.c_char_p, ctypes.POINTER(_Limits), place, number, place]
    loop.restype = None
    return loop

"""What C is told in order to name the pictures that are written in a usual way: the words and limits of the rules.

The rules themselves stay where they are, and are asked for all other pictures: `elements` and what it asks.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Iterable

from obelics_like.extraction import scan, srcset
from obelics_like.extraction.addresses import COUNTING, MAY_COUNT, MAY_SET, SETTING, STANDIN, Words
from obelics_like.extraction.elements import RANKS
from obelics_like.extraction.pictures import ENDINGS, FILES, LONG_NAME, LONG_URL, STANDINS
from obelics_like.extraction.placements import BEACON_SIDE, MANY_ALTERNATIVES


class _Naming(ctypes.Structure):
    _fields_ = [
        ("words", ctypes.c_void_p),
        ("ranks", ctypes.POINTER(scan.Tags)),
        *((name, ctypes.c_char_p) for name in ("standins", "files", "endings")),
        *((name, ctypes.c_int32) for name in ("longest", "longest_name", "most", "densest", "em")),
        *((name, ctypes.c_int32) for name in ("long_size", "narrow", "many")),
        *((name, ctypes.c_int32) for name in ("standin", "may_count", "may_set")),
    ]


@functools.cache
def tables() -> ctypes.Structure:
    """What elements.c is told, for `scan.Walker`; it names the widest candidate of a srcset first."""
    sets = (srcset.MANY_CANDIDATES, srcset.DENSEST, srcset.EM, srcset.LONG_SIZE)
    limits = (LONG_URL, LONG_NAME, *sets, BEACON_SIDE, 1 + MANY_ALTERNATIVES)
    ranks = scan.table([scan.Tag(name.encode(), len(name), 0, rank) for name, rank in ({"": 0} | RANKS).items()])
    words = ctypes.addressof(_words().table)
    lists = (_lines(STANDINS), _lines(FILES), _lines(ENDINGS))
    return _Naming(words, ctypes.pointer(ranks), *lists, *limits, STANDIN, MAY_COUNT, MAY_SET)


@functools.cache
def _words() -> Words:
    """What C looks for in the first address of a picture."""
    return Words({MAY_COUNT: COUNTING, MAY_SET: SETTING})


def _lines(words: Iterable[str]) -> bytes:
    return b"".join(word.encode() + b"\0" for word in words)

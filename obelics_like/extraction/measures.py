"""What the texts of a page measure, by item and by container: the call of `native/measures.c`, and its limits.

It measures and decides nothing; what the numbers are good for is said in `paragraphs`.
"""

from __future__ import annotations

import ctypes
import functools
import re
from array import array
from typing import Any

from obelics_like.extraction import scan
from obelics_like.extraction.tags import HEADINGS, PLAIN_TEXT, TITLES
from obelics_like.native import kernel

SAYING = 20
"""Characters from which a paragraph that is no link may say something."""
PROSE = 40
"""Characters from which a block can be prose (those of unspaced scripts count `DENSE` each)."""
TELLING = 100
"""Characters above which it is prose even if no sentence ends in it."""
FULL = 1200
"""Characters above which a paragraph weighs no more: a page's fine print comes in one block."""
EXACT = 1024
"""Parts of 1 in which scores are told, so that sums of them are exact in any order."""
DENSE = 2.5
"""Latin characters that say as much as one Chinese, Japanese or Thai character."""
LINKED = 0.5
"""Share of links from which a paragraph is a link."""
LISTED = 0.6
"""Weight of what stands in a list or a table."""
UNFINISHED = 0.4
"""Weight of what holds no end of a sentence."""

_SENTENCE = re.compile("[.!?…。！？।؟።։]['\"”’»)\\]]*(?:\\s|$)|[。！？]")
_DENSE = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_FOUR_DIGITS = re.compile(r"(?:\D*+\d){4}")
_LISTED = frozenset(("li", "td", "th"))
_KINDS = bytes(
    (name in HEADINGS) | 2 * (name in TITLES) | 4 * (name in _LISTED) | 8 * (name not in PLAIN_TEXT)
    for name in scan.NAMES
)
_NUMBER, _SHARE = array("i", [0]), array("d", [0])
"""What arrays for C are made of."""


class _Limits(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int32) for name in ("saying", "prose", "telling", "full", "exact")),
        *((name, ctypes.c_double) for name in ("dense", "linked", "listed", "unfinished")),
    ]


_LIMITS = ctypes.byref(_Limits(SAYING, PROSE, TELLING, FULL, EXACT, DENSE, LINKED, LISTED, UNFINISHED))


class Measures:
    """What a page's paragraphs measure, in arrays.

    By item, 0 for what begins no paragraph: the `sizes`, characters in Latin measure; the share of them that is linked,
    `links`; the `flags` of `scan`, SENTENCE only if it is no link and says something; the `scores` of prose: the size,
    times the square of the share that is no link. In order: `telling`, titles and what is as long as prose and no link,
    if another of them has the same size modulo 1024, as what stands there twice has; `headings`; `prose`, what has a
    score; `more`, pairs of a paragraph and an item that goes on with it, one behind the other. By container, and for
    one behind the last: `begins`, the first item in it or behind it; what those before it hold of `all_sizes`, of
    `all_linked` characters, and of `all_other` paragraphs than those of PLAIN_TEXT.
    """

    __slots__ = (
        *("all_linked", "all_other", "all_sizes", "begins", "flags", "headings", "links", "more", "prose", "scores"),
        *("sizes", "telling"),
    )

    def __init__(self, items: array[int], count: int, containers: int) -> None:
        """`items`: the rows of the walk, in which `count` items are left."""
        held = containers + 1
        numbers, shares = _NUMBER * (4 + 8 * count + 4 * held), _SHARE * (2 * count)
        _kernel().page_measures(
            *(items.buffer_info()[0], len(items) // scan.ITEM, count, containers, _KINDS, _LIMITS),
            *(numbers.buffer_info()[0], shares.buffer_info()[0]),
        )
        telling, headings, prose, more = numbers[:4]
        self.sizes = numbers[4 : (at := 4 + count)]
        self.flags = numbers[(at := at + count) : (at := at + count)]
        self.telling = numbers[at : at + telling]
        self.headings = numbers[(at := at + count) : at + headings]
        self.prose = numbers[(at := at + count) : at + prose]
        self.more = numbers[(at := at + count) : at + more]
        self.begins = numbers[(at := at + 2 * count) : (at := at + held)]
        self.all_sizes = numbers[at : (at := at + held)]
        self.all_linked = numbers[at : (at := at + held)]
        self.all_other = numbers[at:]
        self.links, self.scores = shares[:count], shares[count:]


def totals(
    items: array[int],
    containers: array[int],
    bits: array[int],
    marked: int,
    lines: bytes,
    names: int,
    measures: Measures,
) -> tuple[array[float], array[float], array[int], array[int], array[float], array[float]]:
    """What each container holds of the scores, and what all of its name hold, digits aside; `lines` are the `names`.

    By container: what it holds, with all that is in it; and of those that have a bit of `marked`, that or, if it is
    more, what all of its name hold. Those for which this is not 0, in order. By number of a name: the first one that is
    the same, 0 or less if no marked container of it has a score; and by this number, the characters in links and all
    characters that the marked ones of it hold. What stands in one that is named by the same words counts for its name
    but once.
    """
    count, named = len(bits), names + 1
    told, numbers = _SHARE * (2 * (count + named)), _NUMBER * (count + named)
    sums = measures.scores, measures.all_linked, measures.all_sizes, told, numbers
    many = _kernel().page_totals(
        *(items.buffer_info()[0], len(items) // scan.ITEM, containers.buffer_info()[0], count),
        *(bits.buffer_info()[0], marked, lines, len(lines), names),
        *[each.buffer_info()[0] for each in sums],
    )
    if many < 0:
        raise MemoryError
    linked = 2 * count
    sizes = linked + named
    return told[:count], told[count:linked], numbers[:many], numbers[count:], told[linked:sizes], told[sizes:]


def inherited(containers: array[int], bits: array[int], passed: int, within: int, muted: int) -> None:
    """Make of each container's bits those of `passed` that it or one round it has; what stands in one that has a bit of
    `within` has none of those `muted` itself."""
    place = containers.buffer_info()[0]
    _kernel().page_inherited(place, len(bits), bits.buffer_info()[0], passed, within, muted)


def within(
    items: array[int], sizes: array[int], bits: array[int], first: int, end: int, asked: int
) -> tuple[list[int], list[int]]:
    """The paragraphs in the containers from `first` to before `end`: those in one without any of the `bits` of
    containers, and those in one that has some of `asked`."""
    count = len(sizes)
    found = _NUMBER * (2 + 2 * count)
    places = sizes.buffer_info()[0], bits.buffer_info()[0]
    _kernel().page_within(
        *(items.buffer_info()[0], len(items) // scan.ITEM, count, *places, first, end, asked, found.buffer_info()[0])
    )
    return found[2 : 2 + found[0]].tolist(), found[2 + count : 2 + count + found[1]].tolist()


def flags_of(text: str) -> int:
    """The flags by which paragraphs are measured, of a text that is not as the walk has seen it.

    >>> flags_of("So it is.") == scan.SENTENCE, flags_of("On 2024-05-01") == scan.DIGITS
    (True, True)
    """
    flags = scan.SENTENCE * (_SENTENCE.search(text) is not None) | scan.DIGITS * has_four_digits(text)
    if not text.isascii():
        flags |= scan.NOT_ASCII
        if dense := _DENSE.search(text, 0, scan.DENSE_WITHIN):
            flags |= scan.DENSE | dense.start() << scan.DENSE_SHIFT
    return flags


def has_four_digits(text: str) -> bool:
    """Whether a text has four digits or more, of whatever script."""
    return _FOUR_DIGITS.match(text) is not None


@functools.cache
def _kernel() -> Any:
    native, number, place = kernel(), ctypes.c_int32, ctypes.c_void_p
    native.page_measures.argtypes = [place, number, number, number, ctypes.c_char_p, place, place, place]
    native.page_totals.argtypes = [
        *(place, number, place, number, place, number, ctypes.c_char_p, number, number),
        *(place for _ in range(5)),
    ]
    native.page_inherited.argtypes = [place, number, place, number, number, number]
    native.page_within.argtypes = [place, number, number, place, place, number, number, number, place]
    native.page_measures.restype = native.page_inherited.restype = native.page_within.restype = None
    return native

"""What a page may cost its parser, measured before it is parsed whole: that cost can be quadratic, in time and memory.

In depth, in the attributes of one element, and in formatting elements left open, which each paragraph takes up again:
50,000 attributes take 9 seconds, 100,000 nested blocks two minutes, 10,000 fonts with as many paragraphs three (and 50
million elements). Nothing short of the parser itself can tell them from a harmless page, since comments, scripts and
quotes decide what is a tag. So the attributes are bounded from above, and the parse of a page that could be of the
other kinds is looked at on the way, where each beginning is not much longer than the one before: it goes over its
budget in a short one.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Iterator
from typing import Any, NamedTuple

from obelics_like.native import kernel

FEW_TAGS = 10_000
"""Up to this many tags the deepest page that can be written parses in about half a second."""
FEW_FORMATTED = 1_000_000
"""Up to this product of tags and formatting elements, no more than a quarter as many elements come into being."""
ELEMENTS = 3
"""A page has no more elements than so many times the budget, if each beginning keeps to it: of the square of GROWTH."""
COMPARED = 600_000_000
"""Attributes of a page times the most of an element, as each is compared with those before it: 1.2 seconds."""
MANY_NAMED = 50_000
"""Up to this many tags, and as many attributes, it does not matter what they are called."""
FIRST, GROWTH, STEP = 1_000, 1.5, 15_000
"""Tags of the first beginning that is tried, at least; how much longer the next is at most, by share and by tags."""


class Tags(NamedTuple):
    """Upper bounds of the attributes of an element of a page, of its tags, of those that may close something, and of
    those of formatting elements; the bytes of the longest of these and of all together, and of the longest `<a>`, of
    which each closes the one before; how many are `<template>`; the attributes of all tags; the document
    types that are declared.
    """

    attributes: int
    number: int
    closing: int
    formatting: int
    longest: int
    all: int
    longest_link: int
    templates: int
    all_attributes: int
    declarations: int


def tags(html: bytes, enough: int) -> Tags:
    """What is known of a page's tags, no further than to an element of more than `enough` attributes; linear.

    >>> tags(b"<!doctype html><p a b=1 c='<i d e f>'></p>", 100)[:8]
    (3, 3, 3, 1, 8, 8, 0, 0)
    """
    costs = (ctypes.c_int64 * 9)()
    most = _kernel().page_most_attributes(html, len(html), enough, costs)
    return Tags(most, *costs)


def cloned(known: Tags, max_nodes: int) -> int:
    """Bytes of tags that the parser may copy, as behind each that closes a paragraph it takes up again what formatting
    was left open; for a page that goes through its `beginnings`, and has at most ELEMENTS times `max_nodes` elements.

    >>> cloned(tags(b"<p><a href=x><b>" + b"<p>" * 98, 100), 200_000)
    1111
    """
    links = known.closing * known.longest_link
    elements = min(known.closing * known.formatting, ELEMENTS * max_nodes)
    return links + min(known.closing * known.all, elements * known.longest)


def beginnings(html: bytes, known: Tags) -> Iterator[tuple[int, int]]:
    """The beginnings that must keep to the budgets, each by its bytes and its tags; none for nearly all pages."""
    count = known.number
    if count <= FEW_TAGS and count * known.formatting <= FEW_FORMATTED:
        return
    native = _kernel()
    tried = max(FIRST, min(FEW_TAGS, FEW_FORMATTED // max(known.formatting, 1)))  # such a page is not tried out either
    at = before = 0
    while tried < count:
        at = native.page_tag(html, len(html), at, tried - before)
        yield at, tried
        before, tried = tried, min(int(tried * GROWTH), tried + STEP)


def depth_for(number: int, max_nodes: int, max_depth: int) -> int:
    """How deep a page of a number of tags that may close something can be: less where these are more than half of the
    elements it may have, for what an end tag ends is looked for in all that is open. (1,747 real pages: 41 at most.)

    >>> depth_for(100_000, 200_000, 1_000), depth_for(1_000_000, 200_000, 1_000)
    (1000, 100)
    """
    return min(max_depth, max(1, max_nodes * max_depth // (2 * max(number, 1))))


def attributes_for(most: int, max_all: int) -> int:
    """How many attributes a page may have whose elements have up to `most` of them.

    >>> attributes_for(3, 500_000), attributes_for(2_000, 500_000)
    (500000, 300000)
    """
    return min(max_all, max(1, COMPARED // max(most, 1)))


def names(html: bytes, known: Tags, enough: int) -> int:
    """At least as many different names as tags and attributes of a page have, counted to just over `enough`; 0 where
    these are few; the names of document types, too.

    The parser looks each up in a table that does not grow: 80,000 take it 0.7 seconds, a million two minutes.
    """
    if max(known.number, known.all_attributes, known.declarations) <= MANY_NAMED:
        return 0
    if (found := _kernel().page_names(html, len(html), enough)) < 0:
        raise MemoryError
    return int(found)


def is_utf8(html: bytes) -> bool:
    """Whether the bytes decode strictly as UTF-8."""
    return bool(_kernel().page_is_utf8(html, len(html)))


@functools.cache
def _kernel() -> Any:
    native = kernel()
    costs = ctypes.POINTER(ctypes.c_int64)
    native.page_most_attributes.argtypes = [ctypes.c_char_p, ctypes.c_int64, ctypes.c_int32, costs]
    native.page_names.argtypes = [ctypes.c_char_p, ctypes.c_int64, ctypes.c_int32]
    native.page_tag.argtypes = [ctypes.c_char_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int32]
    native.page_is_utf8.argtypes = [ctypes.c_char_p, ctypes.c_int64]
    native.page_tag.restype = ctypes.c_int64
    return native

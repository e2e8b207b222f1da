"""A parsed page as rows of numbers: the call of `native/walk.c`, its tables, and what its rows hold.

It lays out memory and decodes; what the rows mean is said in `walk`.
"""

from __future__ import annotations

import ctypes
import functools
import struct
import weakref
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from obelics_like.extraction import lexbor, names
from obelics_like.extraction.pictures import LONG_URL
from obelics_like.extraction.tags import BLOCKS, HEADINGS, KEEPING, KINDS, PLAIN, SILENT, VOID
from obelics_like.extraction.texts import listed
from obelics_like.native import kernel

GLUED, SPACED, BROKEN = 1, 2, 3
"""How a text goes on behind a picture that its paragraph holds: at once, after white space, after a `<br>`."""
ODD, MARKED, CODE, SENTENCE, DIGITS, NOT_ASCII, DENSE = 1, 2, 4, 8, 16, 32, 64
"""Flags of a text: it holds characters that are not seen; some that may join the letter before them; it stands as
written; a sentence ends in it; it has four ASCII digits or more; it is not all ASCII; a dense script is among its first
DENSE_WITHIN characters, at the place that is DENSE_SHIFT bits higher."""
DENSE_WITHIN, DENSE_SHIFT = 200, 8
SHOWN = ("", "img", "input", "poster", "background", "svg", "object")
"""What kind of element shows a picture, by the number in its row."""

_ACTIONS = listed(
    "plain block silent void a amp-img br hr image img input meta noscript object picture script source title video "
    "template raw"
)
"""The actions of walk.c in its order, most named for the one element that has them."""
_LIKE = {"amp-anim": "amp-img", "link": "meta", "base": "meta"} | dict.fromkeys(
    ("style", "iframe", "noembed", "noframes"), "raw"
)
_KEEPS, _PRE, _HEADING, _ROOT, _LITERAL = 1, 4, 8, 16, 32

NAMES = ("", *sorted({*PLAIN, *SILENT, *VOID, *BLOCKS, *KINDS, *names.BY_TAG, *_LIKE, *_ACTIONS[4:-1]}))
"""The known tags, by their number; number 0 stands for all others."""
MANY_NAMES = 100_000
"""Words in names whose meaning is remembered; then all are forgotten, as the next sites have other ones."""
TOLD, TOLD_ANYWAY = 4, 16_000_000
"""Bytes that a page may tell, for each of its own and beyond: an attribute is told three times at most, but those of
formatting left open stand in the page once and in the parsed page often."""
_OVER = ("", "too_many_elements", "too_deep", "too_much_copied")
_UNREADABLE, _NO_LIMIT = -2, (1 << 31) - 1


class OverBudget(Exception):
    """The page is over a structural budget: (rule, measured, limit)."""


class _Tag(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        *((name, ctypes.c_int32) for name in ("length", "action", "kind", "flags", "bits")),
    ]


class _Tags(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int32) for name in ("slots", "unknown", "div", "p")),
        ("tags", ctypes.POINTER(_Tag)),
        ("table", ctypes.POINTER(ctypes.c_int32)),
    ]


class _List(ctypes.Structure):
    _fields_ = [("at", ctypes.c_void_p), ("used", ctypes.c_int64), ("room", ctypes.c_int64)]

    def bytes(self, size: int = 1) -> bytes:
        return ctypes.string_at(self.at, self.used * size) if self.used else b""

    def numbers(self) -> array[int]:
        return array("i", self.bytes(4))

    def string(self) -> str:
        return self.bytes().decode("utf-8", "replace")


class _Result(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int32) for name in ("status", "characters_told")),
        ("measured", ctypes.c_int64),
        *(
            (name, _List)
            for name in (
                *("items", "pictures", "special", "containers", "bits", "named", "marks", "metas", "sets"),
                *("text", "words", "told", "unknown"),
            )
        ),
    ]


ITEM = 7
KIND, CONTAINER, GROUP, LINKS, FLAGS, JOINT, SIZE = range(ITEM)
"""What the numbers in an item's row are: its tag; the container; the group; the characters in links; the flags; how a
text goes on behind a picture; its characters."""
GONE = -1
"""The kind of an item that is left out."""
CONTAINER_ROW = 4
"""Numbers in a container's row, of which the first is its parent."""
_SHOWN, _THREE = struct.Struct("=9i"), struct.Struct("=3i")


class Rows:
    """What the pass over a page gives.

    The items are parallel lists: `texts`, `kinds` (the tag, of a picture ""), `containers`, `links` (the characters in
    links); all their numbers are in `items`, ITEM for each. `special` are the items whose text is to be looked at.
    `pictures` are (item, number in SHOWN, place of the attributes, fallback, place of the address of the link round it,
    sources, whether only `src` can hold an address and the place is that of `values`); a place is where something
    starts and ends in `told`.
    The containers are parallel lists too: `parents`, `tags`, `names`, `ends` (the container behind the last one
    within), which are the numbers in `tree`, and `bits`; `named` are those that have any bits. `names` number `words`,
    each distinct class and id of a container as words, "" at 0; `lines` are the bytes of these, but for the first, and
    `known` their bits.
    `marks` are (container, place of its attributes) of those whose other attributes matter; `metas` are (tag, place of
    the attributes, or of the text).
    """

    __slots__ = (
        *("_links", "_sets", "bits", "containers", "ends", "items", "kinds", "known", "lines", "links", "marks"),
        *("metas", "named", "names", "parents", "pictures", "special", "tags", "texts", "told", "tree", "words"),
    )

    def __init__(self, result: _Result, bits: array[int]) -> None:
        self.texts = result.text.string().split("\0")[:-1]
        items = self.items = result.items.numbers()
        self.kinds = list(map(NAMES.__getitem__, items[KIND::ITEM]))
        self.containers, self.links = items[CONTAINER::ITEM].tolist(), items[LINKS::ITEM].tolist()
        tree = self.tree = result.containers.numbers()
        self.parents, self.tags, self.names, self.ends = (tree[at::CONTAINER_ROW].tolist() for at in range(4))
        words = result.words.bytes()
        self.words = ["", *words.decode("utf-8", "replace").split("\n")]
        self.lines = words
        self.known, self.bits = bits[: -len(self.parents)].tolist(), bits[-len(self.parents) :]
        self.named = result.named.numbers().tolist()
        self.told = result.told.string()
        self._links: dict[tuple[int, int], str] = {}
        self.special = result.special.numbers().tolist()
        self.pictures: list[tuple[int, ...]] = list(_SHOWN.iter_unpack(result.pictures.numbers()))
        self.marks, self.metas, self._sets = (
            list(_THREE.iter_unpack(rows.numbers())) for rows in (result.marks, result.metas, result.sets)
        )

    def attributes(self, start: int, end: int) -> dict[str, str]:
        """The attributes at a place; one without a value has ""."""
        pieces = self.told[start:end].split("\0")
        return dict(zip(pieces[::2], pieces[1::2]))

    def values(self, start: int, end: int) -> list[str]:
        """The values of src, alt, title, class, width, height and style at a place; "" for what has none."""
        told: list[str] = self.told[start:end].split("\0", 6)
        return told

    def link(self, start: int, end: int) -> str:
        """The address at a place, one string for all pictures of a link: a long one would be held by each of them."""
        if (known := self._links.get((start, end))) is None:
            known = self._links[start, end] = self.told[start : min(end, start + LONG_URL + 1)].strip()
        return known

    def sources(self, first: int) -> Iterator[dict[str, str]]:
        """The attributes of the `<source>` elements that a picture's row names, in order."""
        found = []
        while first:
            start, end, first = self._sets[first - 1]
            found.append(self.attributes(start, end))
        return reversed(found)


class Walker:
    """What walks pages: lexbor's functions where they can be called, and what words in names mean, for all pages."""

    def __init__(self) -> None:
        library, locked = kernel(), ctypes.PyDLL(kernel()._name)
        self._walk, self._free = library.page_walk, library.page_free
        self._walk.restype, self._free.restype = ctypes.POINTER(_Result), None
        number, tables, page = ctypes.c_int32, ctypes.POINTER(_Tags), ctypes.POINTER(_Result)
        self._walk.argtypes = [ctypes.c_char_p, number, tables, ctypes.c_void_p, *[number] * 3, ctypes.c_int64]
        self._free.argtypes = [ctypes.POINTER(_Result)]
        self._bits, self._put, self._count = locked.page_bits, locked.meanings_put, locked.meanings_count
        self._count.argtypes = [ctypes.c_void_p]
        self._tags, self._vocabulary = _tables()
        self._bits.argtypes = [page, ctypes.c_void_p, tables, tables, number]
        self._put.argtypes = [ctypes.c_void_p, ctypes.c_char_p, number, number]
        locked.meanings_new.restype, locked.meanings_free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
        self._meanings = locked.meanings_new()
        if not self._meanings:
            raise MemoryError
        weakref.finalize(self, locked.meanings_free, self._meanings)
        self.dom = lexbor.functions()

    @property
    def remembered(self) -> int:
        """How many words in names are remembered."""
        return int(self._count(self._meanings))

    def rows(self, html: bytes, max_nodes: int, max_depth: int) -> Rows:
        """The rows of a page of UTF-8; raises OverBudget, and ValueError for a page that can't be parsed."""
        with self._walked(html, False, max_nodes, max_depth) as result:
            return Rows(result.contents, self._bits_of(result))

    def hold_to_budget(self, html: bytes, max_nodes: int, max_depth: int) -> None:
        """Raise OverBudget where `rows` would, or where what a `<template>` holds is too deep."""
        with self._walked(html, b"<template" in html.lower(), max_nodes, max_depth):
            pass

    @contextmanager
    def _walked(self, html: bytes, as_written: bool, max_nodes: int, max_depth: int) -> Iterator[Any]:
        if self.dom is None:
            html = lexbor.written(html)
        if len(html) >= 1 << 31:
            raise OverBudget("too_many_bytes", len(html), (1 << 31) - 1)
        most = min(TOLD_ANYWAY + TOLD * len(html), _NO_LIMIT)
        dom = self.dom and ctypes.addressof(self.dom)
        result = self._walk(html, len(html), self._tags, dom, as_written, max_nodes, max_depth, most)
        if not result:
            raise MemoryError
        try:
            status, measured = result.contents.status, result.contents.measured
            if status == _UNREADABLE:
                raise ValueError("no root element")
            if status < 0:
                raise MemoryError
            if status:
                raise OverBudget(_OVER[status], measured, (0, max_nodes, max_depth, most)[status])
            yield result
        finally:
            self._free(result)

    def _bits_of(self, result: Any) -> array[int]:
        """The bits of the page's names and of its containers, once all words in names are known."""
        for many in (MANY_NAMES, _NO_LIMIT):
            if self._bits(result, self._meanings, self._vocabulary, self._tags, many) < 0:
                raise MemoryError
            if not result.contents.unknown.used:
                break
            for word in set(result.contents.unknown.string().split("\n")[:-1]):
                raw = word.encode()
                if not self._put(self._meanings, raw, len(raw), names.meaning_of_one(word)):
                    raise MemoryError
        bits: array[int] = result.contents.bits.numbers()
        return bits


@functools.cache
def _tables() -> tuple[_Tags, _Tags]:
    """The tags, and the words that may mean something in a name, as walk.c finds them."""
    vocabulary = [_Tag(word.encode(), len(word.encode())) for word in ("", *sorted({*names.MEANING, *names.TELLING}))]
    return _table([_tag(name) for name in NAMES]), _table(vocabulary)


def _table(entries: list[_Tag]) -> _Tags:
    """The entries with a table in which walk.c finds them by their names."""
    hashed = kernel().tag_hash
    hashed.restype, hashed.argtypes = ctypes.c_uint32, [ctypes.c_char_p, ctypes.c_int32]
    slots = 1 << (3 * len(entries)).bit_length()
    table = (ctypes.c_int32 * slots)(*[-1] * slots)
    for number, entry in enumerate(entries):
        slot = hashed(entry.name, entry.length) % slots
        while table[slot] >= 0:
            slot = (slot + 1) % slots
        table[slot] = number
    return _Tags(slots, 0, NAMES.index("div"), NAMES.index("p"), (_Tag * len(entries))(*entries), table)


def _tag(name: str) -> _Tag:
    """What walk.c is told of a tag: the action, the kind of text in it, flags."""
    action = _LIKE.get(name, name)
    if action not in _ACTIONS[4:]:
        action = "plain" if name in PLAIN else "void" if name in VOID else "silent" if name in SILENT else "block"
    kind = KINDS.get(name, "div")
    flags = _KEEPS * (name in KEEPING) | _PRE * (kind == "pre") | _HEADING * (name in HEADINGS)
    flags |= _ROOT * (name in ("html", "body", "blockquote")) | _LITERAL * (name == "xmp")
    return _Tag(name.encode(), len(name), _ACTIONS.index(action), NAMES.index(kind), flags, names.BY_TAG.get(name, 0))

"""A parsed page as rows of numbers: the call of `native/walk.c`, its tables, and what its rows hold.

It lays out memory and decodes; what the rows mean is said in `walk`.
"""

from __future__ import annotations

import ctypes
import functools
import struct
from array import array
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from obelics_like.extraction import head, lexbor, names
from obelics_like.extraction.pictures import LONG_URL
from obelics_like.extraction.tags import BLOCKS, HEADINGS, KEEPING, KINDS, PLAIN, SILENT, VOID
from obelics_like.extraction.texts import listed
from obelics_like.native import kernel

GLUED, SPACED, BROKEN = 1, 2, 3
"""How a text goes on behind a picture, and a picture behind the text of its paragraph: at once, after white space,
after a `<br>`; 0 where neither goes on."""
ODD, MARKED, CODE, SENTENCE, DIGITS, NOT_ASCII, DENSE, IS_TOLD = 1, 2, 4, 8, 16, 32, 64, 128
"""Flags of a text: it holds characters that are not seen; some that may join the letter before them; it stands as
written; a sentence ends in it; it has four ASCII digits or more; it is not all ASCII; a dense script is among its first
DENSE_WITHIN characters, at the place that is DENSE_SHIFT bits higher. Of a picture: it stands behind the `<math>` that
says the same."""
DENSE_WITHIN, DENSE_SHIFT = 200, 8
SHOWN = ("", "img", "input", "poster", "background", "svg", "object")
"""What kind of element shows a picture, by the number in its row."""

_ACTIONS = listed(
    "plain block silent void a amp-img br hr image img input meta noscript object picture script source title video "
    "template math raw"
)
"""The actions of walk.c in its order, most named for the one element that has them."""
_LIKE = {"amp-anim": "amp-img", "link": "meta", "base": "meta"} | dict.fromkeys(
    ("style", "iframe", "noembed", "noframes"), "raw"
)
_KEEPS, _PRE, _HEADING, _PAGE, _LITERAL = 1, 4, 8, 16, 32

NAMES = ("", *sorted({*PLAIN, *SILENT, *VOID, *BLOCKS, *KINDS, *names.BY_TAG, *_LIKE, *_ACTIONS[4:-1]}))
"""The known tags, by their number; number 0 stands for all others."""


def numbers_of(*tags: str) -> frozenset[int]:
    """The numbers of known tags."""
    return frozenset(map(NAMES.index, tags))


TOLD, TOLD_ANYWAY = 4, 16_000_000
"""Bytes that a page may tell, for each of its own and beyond: an attribute is told three times at most, but those of
formatting left open stand in the page once and in the parsed page often."""
_OVER = ("", "too_many_elements", "too_deep", "too_much_copied")
_UNREADABLE, _NO_LIMIT = -2, (1 << 31) - 1


class OverBudget(Exception):
    """The page is over a structural budget: (rule, measured, limit)."""


class Tag(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        *((name, ctypes.c_int32) for name in ("length", "action", "kind", "flags", "bits", "muted")),
    ]


class _Slot(ctypes.Structure):
    _fields_ = [("hash", ctypes.c_uint32), ("tag", ctypes.c_int32)]


class Tags(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int32) for name in ("slots", "unknown", "div", "p", "html", "meta")),
        ("tags", ctypes.POINTER(Tag)),
        ("table", ctypes.POINTER(_Slot)),
        ("lengths", ctypes.c_uint32 * 256),
        ("lasts", ctypes.c_uint32 * 256),
    ]


class _List(ctypes.Structure):
    _fields_ = [("at", ctypes.c_void_p), ("used", ctypes.c_int64), ("room", ctypes.c_int64)]

    def bytes(self, size: int = 1) -> bytes:
        return ctypes.string_at(self.at, self.used * size) if self.used else b""

    def numbers(self) -> array[int]:
        return array("i", self.bytes(4))

    def string(self) -> str:
        return self.bytes().decode("utf-8", "replace")


_LISTS = ("items", "pictures", "special", "containers", "bits", "framed", "metas", "sets", "asked", "shown")
"""The lists of numbers, in the order in which `numbers` has them, behind how many each has."""


class _Result(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int32) for name in ("status", "characters_told")),
        ("measured", ctypes.c_int64),
        *(
            (name, _List)
            for name in (
                *("numbers", *_LISTS),
                *("text", "words", "told", "unknown", "said"),
            )
        ),
    ]


MANY_ASKED = 20_000
"""Words of names that are not all ASCII, of which Python is asked: 150,000 take a second. A page of 1,747 had 11."""
ITEM = 7
KIND, CONTAINER, GROUP, LINKS, FLAGS, JOINT, SIZE = range(ITEM)
"""What the numbers in an item's row are: its tag; the container; the group; the characters in links; the flags; how it
goes on behind the item before it; its characters."""
GONE = -1
"""The kind of an item that is left out."""
CONTAINER_ROW = 4
PARENT, TAG, NAME, END = range(CONTAINER_ROW)
"""What the numbers in a container's row are: its parent; its tag; its name; the container behind the last one in it."""
SUSPECT, STYLED, FORMULA, FILE_LINK = 1, 2, 4, 8
"""What Python has to look at of a picture that C has named: whether it has a fault; its width, height and style, which
stand behind the other words; whether it is a formula; whether its link leads to a picture."""
_SHOWN, _NAMED, _THREE = struct.Struct("=8i"), struct.Struct("=12i"), struct.Struct("=3i")


class Rows:
    """What the pass over a page gives.

    The items are parallel lists: `texts`, `kinds` (the tag, of a picture ""), `containers`, `links` (the characters in
    links); all their numbers are in `items`, ITEM for each. `special` are the items whose text is to be looked at.
    `pictures` are (item, number in SHOWN, place of the attributes, of an img or input that of `values`, fallback, place
    of the address of the link round it, sources); a place is where something starts and ends in `told`.
    `said` is what is told of the other pictures, which C has named.
    The containers are parallel lists too: `parents`, `tags` and `ends`, which are numbers in `tree`, CONTAINER_ROW for
    each, and `bits`; `framed` are those that have bits of `names.FRAMING`. The name is a number of each distinct class
    and id of a container as words, 0 for none; `lines` are the bytes of these from 1 on, `known` the bits from 0 on.
    `metas` are (tag, place of `values`, or of the text). The values are lang and xml:lang of `<html>`; property, name,
    http-equiv, itemprop and content of a `<meta>`; href, rel and hreflang of the others.
    """

    __slots__ = (
        *("_links", "_sets", "_shown", "bits", "containers", "ends", "framed", "items", "kinds", "known", "lines"),
        *("links", "metas", "parents", "pictures", "said", "special", "tags", "texts", "told", "tree"),
    )

    def __init__(self, result: _Result) -> None:
        self.texts = result.text.string().split("\0")
        self.texts.pop()
        lists, at = result.numbers.numbers(), len(_LISTS)
        numbers = [lists[at : (at := at + many)] for many in lists[:at]]
        items, pictures, special, tree, bits, framed, metas, self._sets, asked, self._shown = numbers
        self.items, self.tree = items, tree
        known = NAMES
        self.kinds = [known[number] for number in items[KIND::ITEM]]
        self.containers, self.links = items[CONTAINER::ITEM].tolist(), items[LINKS::ITEM]
        self.parents, self.ends = tree[PARENT::CONTAINER_ROW], tree[END::CONTAINER_ROW]
        self.tags = tree[TAG::CONTAINER_ROW]
        self.lines = result.words.bytes()
        self.known, self.bits = bits[: -len(self.parents)], bits[-len(self.parents) :]
        self.framed = framed.tolist()
        if asked:
            self._ask(asked, result.unknown.string().split("\n"))
        self.told = result.told.string()
        self._links: dict[tuple[int, int], str] = {}
        self.special = special.tolist()
        self.pictures: list[tuple[int, ...]] = list(_SHOWN.iter_unpack(pictures))
        self.said: list[Any] = result.said.string().split("\0")
        self.said[-1] = None
        self.metas = list(_THREE.iter_unpack(metas))

    def _ask(self, asked: array[int], unknown: list[str]) -> None:
        """Add to the bits what the words stand for that walk.c can't tell: those that are not all ASCII."""
        for number, word in zip(asked[:MANY_ASKED], unknown):
            self.known[number] |= names.meaning_of_one(word)
        muted = [names.MUTED.get(name, 0) for name in NAMES]
        rows = zip(self.bits, self.tree[NAME::CONTAINER_ROW], self.tags)
        self.bits = array("i", [bits | (self.known[number] & ~muted[tag]) for bits, number, tag in rows])
        self.framed = [container for container, bits in enumerate(self.bits) if bits & names.FRAMING]

    def attributes(self, start: int, end: int) -> dict[str, str]:
        """The attributes at a place; one without a value has ""."""
        pieces = iter(self.told[start:end].split("\0"))
        return dict(zip(pieces, pieces))

    def values(self, start: int, end: int) -> list[str]:
        """The values at a place, "" for what has none: of a picture src, alt, title, class, width, height and style,
        and behind them, name and value by turns, the other attributes that may hold an address, and `placeholder`."""
        told: list[str] = self.told[start:end].split("\0") if end > start else [""] * 7
        return told

    def shown(self) -> Iterator[tuple[int, ...]]:
        """The pictures that C has named: item, container, number in SHOWN, fallback, what Python has to look at, place
        in `said`, number of addresses, place of the link's address in `said`, form of the usable addresses, 0 where
        that is to be found out, how many these are, width, height; -1 stands for nothing said.

        At its place are alt, title and class; if STYLED, width, height and style; and the addresses, first those that
        are usable.
        """
        return _NAMED.iter_unpack(self._shown)

    def link(self, start: int, end: int) -> str:
        """The address at a place, one string for all pictures of a link: a long one would be held by each of them."""
        if (known := self._links.get((start, end))) is None:
            known = self._links[start, end] = self.told[start : min(end, start + LONG_URL + 1)].strip()
        return known

    def sources(self, first: int) -> Iterator[dict[str, str]]:
        """The attributes of the `<source>` elements that a picture's row names, in order."""
        found = []
        while first:
            start, end, first = self._sets[3 * first - 3 : 3 * first]
            found.append(self.attributes(start, end))
        return reversed(found)


class Walker:
    """What walks pages, with lexbor's functions where they can be called."""

    def __init__(self, naming: ctypes.Structure | None = None) -> None:
        """`naming` is what C has to know to name pictures (`naming.tables`); without it Python names them all."""
        library = kernel()
        self._walk, self._free = library.page_walk, library.page_free
        self._walk.restype, self._free.restype = ctypes.POINTER(_Result), None
        number, tables = ctypes.c_int32, ctypes.POINTER(Tags)
        pointer = ctypes.c_void_p
        given: list[Any] = [ctypes.c_char_p, number, *[tables] * 4, *[pointer] * 3]
        self._walk.argtypes = [*given, *[number] * 5, ctypes.c_int64]
        self._free.argtypes = [ctypes.POINTER(_Result)]
        self._tables = [ctypes.byref(each) for each in _tables()]
        self._naming = naming
        self.dom = lexbor.functions()

    def rows(
        self,
        html: bytes,
        max_nodes: int,
        max_depth: int,
        max_pictures: int = _NO_LIMIT,
        beginnings: Sequence[tuple[int, int]] = (),
        templates: bool = False,
    ) -> Rows:
        """The rows of a page of UTF-8; raises OverBudget, and ValueError for a page that can't be parsed.

        Each of the `beginnings`, by its length, must keep to the budgets too, and to a depth of its own, with what
        `templates` hold.
        """
        if self.dom is None:
            for length, depth in beginnings:
                self._free(self._walked(html[:length], max_nodes, depth))
            beginnings = ()
        result = self._walked(html, max_nodes, max_depth, beginnings, templates)
        try:
            told = result.contents
            if (shown := told.measured) > max_pictures:
                raise OverBudget("too_many_pictures", shown, max_pictures)
            return Rows(told)
        finally:
            self._free(result)

    def _walked(
        self,
        html: bytes,
        max_nodes: int,
        max_depth: int,
        ends: Sequence[tuple[int, int]] = (),
        as_written: bool = False,
    ) -> Any:
        """What C gives, which is to be freed; raises as `rows` does."""
        if self.dom is None:
            html = lexbor.written(html)
        if len(html) >= 1 << 31:
            raise OverBudget("too_many_bytes", len(html), (1 << 31) - 1)
        most = min(TOLD_ANYWAY + TOLD * len(html), _NO_LIMIT)
        naming, dom = (one and ctypes.addressof(one) for one in (self._naming, self.dom))
        pieces = array("q", chain.from_iterable(ends))
        parsed = naming, dom, pieces.buffer_info()[0], len(ends), as_written
        settings = (*parsed, names.FRAMING, max_nodes, max_depth, most)
        result = self._walk(html, len(html), *self._tables, *settings)
        if not result:
            raise MemoryError
        if status := result.contents.status:
            measured = result.contents.measured
            self._free(result)
            if status == _UNREADABLE:
                raise ValueError("no root element")
            if status < 0:
                raise MemoryError
            raise OverBudget(_OVER[status], measured, (0, max_nodes, measured - 1, most)[status])
        return result


@functools.cache
def _tables() -> tuple[Tags, Tags, Tags, Tags]:
    """The tags, the words that mean something in a name, what attributes say, and the names of meta tags, as walk.c
    finds them."""
    said = {"": (0, 0, 0)} | names.vocabulary()
    words = [Tag(word.encode(), len(word.encode()), 0, no, flags, bits) for word, (bits, no, flags) in said.items()]
    marks = [Tag(saying.encode(), len(saying), bits=bits) for saying, bits in ({"": 0} | names.BY_ATTRIBUTE).items()]
    asked = [Tag(name.encode(), len(name)) for name in ("", *sorted(head.ASKED))]
    return table([_tag(name) for name in NAMES]), table(words), table(marks), table(asked)


def table(entries: list[Tag]) -> Tags:
    """The entries with a table in which walk.c finds them by their names."""
    hashed = kernel().tag_hash
    hashed.restype, hashed.argtypes = ctypes.c_uint32, [ctypes.c_char_p, ctypes.c_int32]
    slots = 1 << (2 * len(entries)).bit_length()
    table = (_Slot * slots)(*[_Slot(0, -1)] * slots)
    lengths, lasts = (ctypes.c_uint32 * 256)(), (ctypes.c_uint32 * 256)()
    for number, entry in enumerate(entries):
        if entry.length:
            lengths[entry.name[0]] |= 1 << min(entry.length, 31)
            lasts[entry.name[0]] |= 1 << entry.name[-1] % 32
        slot = code = hashed(entry.name, entry.length)
        while table[slot % slots].tag >= 0:
            slot += 1
        table[slot % slots] = _Slot(code, number)
    known = (NAMES.index(name) for name in ("div", "p", "html", "meta"))
    return Tags(slots, 0, *known, (Tag * len(entries))(*entries), table, lengths, lasts)


def _tag(name: str) -> Tag:
    """What walk.c is told of a tag: the action, the kind of text in it, flags."""
    action = _LIKE.get(name, name)
    if action not in _ACTIONS[4:]:
        action = "plain" if name in PLAIN else "void" if name in VOID else "silent" if name in SILENT else "block"
    kind = KINDS.get(name, "div")
    flags = _KEEPS * (name in KEEPING) | _PRE * (kind == "pre") | _HEADING * (name in HEADINGS)
    flags |= _PAGE * (name in ("html", "body")) | _LITERAL * (name in ("xmp", "plaintext"))
    bits = names.BY_TAG.get(name, 0), names.MUTED.get(name, 0)
    return Tag(name.encode(), len(name), _ACTIONS.index(action), NAMES.index(kind), flags, *bits)

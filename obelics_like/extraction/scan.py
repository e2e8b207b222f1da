"""A parsed page as rows of numbers: the call of `native/walk.c`, its tables, and what its rows hold.

It lays out memory and decodes; what the rows mean is said in `walk`.
"""

from __future__ import annotations

import ctypes
import functools
import re
import struct
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from obelics_like.extraction import names
from obelics_like.extraction.tags import BLOCKS, HEADINGS, KEEPING, KINDS, PLAIN, SILENT, VOID
from obelics_like.extraction.texts import listed
from obelics_like.native import kernel

GLUED, SPACED, BROKEN = 1, 2, 3
"""How a text goes on behind a picture that its paragraph holds: at once, after white space, after a `<br>`."""
ODD, CODE, SENTENCE, DIGITS, DENSE, NOT_ASCII = 1, 4, 8, 16, 32, 64
"""Flags of a text: it holds characters that are not seen; it stands as written; a sentence ends in it; it has four
ASCII digits or more; a dense script is among its first 200 characters; it is not all ASCII."""
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
BITS = [names.BY_TAG.get(name, 0) for name in NAMES]


class OverBudget(Exception):
    """The page is over a structural budget: (rule, measured, limit)."""


class _Tag(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), *((name, ctypes.c_int32) for name in ("length", "action", "kind", "flags"))]


class _Tags(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int32) for name in ("slots", "unknown", "div", "p")),
        ("tags", ctypes.POINTER(_Tag)),
        ("table", ctypes.POINTER(ctypes.c_int32)),
    ]


class _List(ctypes.Structure):
    _fields_ = [("at", ctypes.c_void_p), ("used", ctypes.c_int64), ("room", ctypes.c_int64)]

    def bytes(self, size: int) -> bytes:
        return ctypes.string_at(self.at, self.used * size) if self.used else b""


class _Result(ctypes.Structure):
    _fields_ = [
        ("status", ctypes.c_int32),
        ("measured", ctypes.c_int32),
        *(
            (name, _List)
            for name in ("items", "containers", "names", "marks", "metas", "sets", "text", "words", "telling")
        ),
    ]


class Rows:
    """What the pass over a page of UTF-8 gives; places are bytes of `html`, those of texts characters of `text`.

    `items` are texts (0, start, end, kind, container, group, characters in links, flags, joint, 0) and pictures (number
    in SHOWN, start and end of the attributes, fallback, container, group, start and end of the attributes of the link
    round it, sources, 0). Containers are parallel lists: `parents`, `tags` and `names`, which number `words`: each
    distinct class and id of a container as words, "" at 0; `telling` has of the same the words that may mean
    something. `marks` are (container, start, end of its attributes) of those whose other attributes matter; `metas` are
    (tag, start, end of the attributes), with end -1 where it is the start of a text.
    """

    __slots__ = ("_sets", "html", "items", "marks", "metas", "names", "parents", "tags", "telling", "text", "words")

    def __init__(self, html: bytes, result: _Result) -> None:
        self.html = html
        self.text = result.text.bytes(1).decode("utf-8", "replace")
        self.items: list[tuple[int, ...]] = list(_ITEM.iter_unpack(result.items.bytes(4)))
        self.telling = ["", *result.telling.bytes(1).decode("utf-8", "replace").split("\n")]
        containers = array("i", result.containers.bytes(4))
        self.parents, self.tags, self.names = (containers[at::3].tolist() for at in range(3))
        self.words = ["", *result.words.bytes(1).decode("utf-8", "replace").split("\n")]
        self.marks: list[tuple[int, ...]] = list(_THREE.iter_unpack(result.marks.bytes(4)))
        self.metas: list[tuple[int, ...]] = list(_THREE.iter_unpack(result.metas.bytes(4)))
        self._sets: list[tuple[int, ...]] = list(_THREE.iter_unpack(result.sets.bytes(4)))

    def attributes(self, start: int, end: int) -> dict[str, str]:
        """The attributes that are written from `start` to `end`, unescaped; one without a value has ""."""
        whole = self.html[start:end].decode()
        if "&" not in whole:
            return dict(_ATTRIBUTE.findall(whole))
        return {name: unescaped(value) for name, value in _ATTRIBUTE.findall(whole)}

    def href(self, start: int, end: int) -> str:
        """One of them, "" where it is not there: quicker than all, where most are not asked for."""
        at = self.html.find(b' href="', start, end)
        if at < 0:
            return ""
        at += 7
        return unescaped(self.html[at : self.html.find(b'"', at)].decode())

    def sources(self, first: int) -> Iterator[dict[str, str]]:
        """The attributes of the `<source>` elements that a picture's row names, in order."""
        found = []
        while first:
            start, end, first = self._sets[first - 1]
            found.append(self.attributes(start, end))
        return reversed(found)

    def until(self, end: bytes, start: int) -> bytes:
        """What stands from `start` to the next `end`, as written."""
        stop = self.html.find(end, start)
        return self.html[start : stop if stop >= 0 else len(self.html)]


_ITEM, _THREE = struct.Struct("=10i"), struct.Struct("=3i")
_ATTRIBUTE = re.compile(r' (\S[^ =]*)(?:="([^"]*)")?')


def unescaped(text: str) -> str:
    """Undo the escapes that lexbor writes.

    >>> unescaped("a &lt;b&gt; &amp;lt;")
    'a <b> &lt;'
    """
    if "&" in text:
        text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&nbsp;", "\xa0")
        text = text.replace("&amp;", "&")
    return text


def rows(html: str, max_nodes: int, max_depth: int) -> Rows:
    """The rows of a page as lexbor writes it out; raises OverBudget."""
    with _walked(html, max_nodes, max_depth) as (whole, result):
        return Rows(whole, result)


def hold_to_budget(html: str, max_nodes: int, max_depth: int) -> None:
    """Raise OverBudget where `rows` would."""
    with _walked(html, max_nodes, max_depth):
        pass


@contextmanager
def _walked(html: str, max_nodes: int, max_depth: int) -> Iterator[tuple[bytes, _Result]]:
    walk, free, tags, vocabulary = _functions()
    whole = html.encode("utf-8", "replace")
    if len(whole) >= 1 << 31:
        raise OverBudget("too_many_bytes", len(whole), (1 << 31) - 1)
    result = walk(whole, len(whole), tags, vocabulary, max_nodes, max_depth)
    if not result:
        raise MemoryError
    try:
        status, measured = result.contents.status, result.contents.measured
        if status < 0:
            raise MemoryError
        if status:
            raise OverBudget(
                *(("too_many_elements", measured, max_nodes), ("too_deep", measured, max_depth))[status - 1]
            )
        yield whole, result.contents
    finally:
        free(result)


@functools.cache
def _functions() -> tuple[Any, Any, _Tags, _Tags]:
    library = kernel()
    walk, free = library.page_walk, library.page_free
    walk.restype, tables = ctypes.POINTER(_Result), [ctypes.POINTER(_Tags)] * 2
    walk.argtypes = [ctypes.c_char_p, ctypes.c_int32, *tables, ctypes.c_int32, ctypes.c_int32]
    free.restype, free.argtypes = None, [ctypes.POINTER(_Result)]
    vocabulary = [_Tag(word.encode(), len(word.encode())) for word in ("", *sorted({*names.MEANING, *names.TELLING}))]
    return walk, free, _table([_tag(name) for name in NAMES]), _table(vocabulary)


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
    return _Tag(name.encode(), len(name), _ACTIONS.index(action), NAMES.index(kind), flags)

"""What a look at the addresses of a page tells, all at once: their form, and which words stand in them.

The rules on addresses stay where they are and as they are; here it is told which of them can't hold, as most can't.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
from array import array
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from obelics_like.extraction.pictures import LONG_URL, STANDINS, is_standin, is_usable
from obelics_like.extraction.texts import listed
from obelics_like.native import kernel

ABSOLUTE, ROOTED, SCHEMELESS, RELATIVE, STEPPING, FORM = 1, 2, 3, 4, 5, 7
"""Forms of an address of plain characters: as `resolve` gives it; one from the root; one that begins with the host; one
from the page's folder; the same behind some `./` and `../`. 0 for all others."""
_ODD, UNUSABLE, STANDIN, MAY_COUNT, MAY_SET = 8, 16, 32, 64, 128
"""It is not all ASCII; it is no address of a picture; it is one of a stand-in, and so UNUSABLE too; a word is in it of
those that count visitors; of those that set formulas."""
_CARE = _ODD | STANDIN  # of these it is asked again, by the rules themselves
COUNTING = listed(
    "doubleclick googleadservices scorecardresearch quantserve facebook.com statcounter analytics vgwort ivwbox "
    "histats mc.yandex pixel beacon count /tracking /matomo /piwik"
)
"""Words of which at least one stands in the address of a picture that only counts its visitors."""
SETTING = listed(
    "/math/render/ /latex.php latex.codecogs. /mathtex.cgi /mimetex.cgi ?cht=tx &cht=tx wikimedia.org/math/ "
    "/_images/math/"
)
"""Programs that set formulas, and where they put them."""


_ROW = 32
_CLASS_OF = bytes(
    1 + "_abcdefghijklmnopqrstuvwxyz".index(chr(at).lower()) if chr(at).isalpha() else 28 + (not chr(at).isdigit())
    for at in range(128)
) + bytes([29] * 128)
"""The classes of bytes: letters from 2, digits, others."""


class _Words(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_char_p) for name in ("class_of", "rows")),
        ("all", ctypes.c_int32),
    ]


class Words:
    """Words that are looked for in many strings at once: an automaton of Aho and Corasick (1975).

    Letters are alike in any case, and so are all digits, and all else in ASCII, which also stands before and behind a
    string: what is found is a little more than what is asked for, and never less.

    >>> Words({1: ["ab", "c"], 2: ["bd"], 4: ["/2x"]}).found(["x", "xABD", "abc", "3x", "93x", "\xe4"]).tolist()
    [0, 3, 1, 4, 0, 7]
    """

    def __init__(self, words: Mapping[int, Iterable[str]]) -> None:
        rows = _automaton([(word.encode().translate(_CLASS_OF), bits) for bits, many in words.items() for word in many])
        self._rows = array("H", itertools.chain.from_iterable(rows)).tobytes()
        self.table = _Words(_CLASS_OF, self._rows, functools.reduce(int.__or__, words))

    def found(self, strings: Sequence[str]) -> array[int]:
        """For each string the bits of the words that stand in it; all bits where it is not all ASCII."""
        return _looked(strings, _kernel().strings_words, (), self.table, self.table.all)

    def looked(self, urls: Sequence[str]) -> array[int]:
        """For each address its form, _ODD and UNUSABLE, beside the bits of the words."""
        return _looked(urls, _kernel().addresses_look, (LONG_URL,), self.table, self.table.all | _ODD)


def _automaton(words: Iterable[tuple[bytes, int]]) -> list[list[int]]:
    """The rows of the states, as addresses.c reads them."""
    rows, bits_of = [[0] * _ROW], [0]
    for word, bits in words:
        state = 0
        for letter in word:
            if not rows[state][letter]:
                rows[state][letter] = len(rows)
                rows.append([0] * _ROW)
                bits_of.append(0)
            state = rows[state][letter]
        bits_of[state] |= bits
    shorter, waiting = [0] * len(rows), deque(filter(None, rows[0]))
    while waiting:
        state = waiting.popleft()
        row, other = rows[state], rows[shorter[state]]
        bits_of[state] |= bits_of[shorter[state]]
        for letter, after in enumerate(row):
            if after:
                shorter[after] = other[letter]
                waiting.append(after)
            else:
                row[letter] = other[letter]
    for row, bits in zip(rows, bits_of):
        row[0], row[1] = bits & 0xFFFF, bits >> 16
    return rows


def look(urls: Iterable[str]) -> dict[str, int]:
    """Of each address, as it is written, the form and the bits above; one of more than LONG_URL characters has no form.

    >>> look(["https://a.org/b.jpg", "/img/blank.gif", "data:,"])
    {'https://a.org/b.jpg': 1, '/img/blank.gif': 50, 'data:,': 48}
    """
    known = short = list(dict.fromkeys(urls))
    if max(map(len, known), default=0) > LONG_URL:
        short = [url for url in known if len(url) <= LONG_URL]
    looked = words_of().looked(short).tolist()
    told = dict(zip(short, looked))
    for url, bits in zip(short, looked):
        if bits & _CARE:
            told[url] = _with_care(url, bits)
    if len(short) < len(known):
        told.update(
            (url, _with_care(url, _ODD | STANDIN | MAY_COUNT | MAY_SET)) for url in known if len(url) > LONG_URL
        )
    return told


def _with_care(url: str, bits: int) -> int:
    """The bits of an address for which STANDIN says no more than that one of the words stands in it."""
    if bits & STANDIN:
        bits = bits | UNUSABLE if is_standin(url) else bits & ~STANDIN
    return bits | UNUSABLE if bits & _ODD and not is_usable(url) else bits


@functools.cache
def words_of() -> Words:
    """The words of stand-ins, of counters and of what sets formulas."""
    return Words({STANDIN: (*(f"/{word}" for word in STANDINS), "data:"), MAY_COUNT: COUNTING, MAY_SET: SETTING})


def _looked(strings: Sequence[str], loop: Any, how: tuple[int, ...], words: _Words, unknown: int) -> array[int]:
    text = "\0".join(strings).encode("utf-8", "surrogatepass") + b"\0" if strings else b""
    if text.count(b"\0") != len(strings):  # the address of the page may hold anything
        return array("i", [unknown]) * len(strings)
    out = array("i", bytes(4 * len(strings)))
    loop(text, len(text), *how, ctypes.byref(words), out.buffer_info()[0])
    return out


@functools.cache
def _kernel() -> Any:
    native, number = kernel(), ctypes.c_int64
    native.strings_words.argtypes = [ctypes.c_char_p, number, ctypes.POINTER(_Words), ctypes.c_void_p]
    native.addresses_look.argtypes = [ctypes.c_char_p, number, ctypes.c_int32, *native.strings_words.argtypes[2:]]
    native.strings_words.restype = native.addresses_look.restype = None
    return native

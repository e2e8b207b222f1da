"""Splits a text into words once, for the rules, the shingles and the counts; it judges nothing.

A script that writes no spaces has no words that could be found without a dictionary, so there every character counts
as a word of its own: the count stays comparable between a Japanese page and an English one (1 to 2 characters a word).
"""

from __future__ import annotations

import functools
import re
from array import array
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from obelics_like.document import Text, effective

if TYPE_CHECKING:
    import numpy as np

    from obelics_like.native.characters import Texts

UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f"  # Burmese
    "\u1780-\u17ff"  # Khmer
    "\u3040-\u30ff"  # Hiragana, Katakana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Han
    "\U00020000-\U0003ffff"
)
"""The characters of the scripts that are written without spaces, as the inside of a regular expression's set."""

# Vowel signs and other marks are no word characters to `re`, but they stand inside words; so do the joiners.
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06ed"
    "\u0900-\u0963\u0971-\u0df3\u1ab0-\u1aff\u1dc0-\u1dff\u200c\u200d\u20d0-\u20ff\ufe20-\ufe2f"
)
_JOINS = "'’-."  # one of them may stand between two runs: don't, well-made, 3.5
_WORD = re.compile(rf"[\w{_MARKS}]+(?:[{re.escape(_JOINS)}][\w{_MARKS}]+)*")
_SIGMA = "Σ"  # the one letter whose lower case is another at the end of a word
_ODD = -3  # of native/text.c
_IN_WORD_FLAG, _ALONE_FLAG, _JOINS_FLAG = 2, 4, 8  # of native/text.c, beside 1 for a character that is known
_EACH_UNSPACED = re.compile(f"([{UNSPACED}])")
_ANY_UNSPACED = re.compile(f"[{UNSPACED}]")


def split(text: str) -> list[str]:
    """The words of a text, in order, in their own case.

    >>> split("Don't panic: 42 well-made cats, 猫です!")
    ["Don't", 'panic', '42', 'well-made', 'cats', '猫', 'で', 'す']
    >>> split("हिन्दी में लिखा।")
    ['हिन्दी', 'में', 'लिखा']
    """
    if not text.isascii() and _ANY_UNSPACED.search(text):
        text = _EACH_UNSPACED.sub(r" \1 ", text)
    return _WORD.findall(text)


def of(node: Text) -> list[str]:
    """The words of a node's effective text, split at the first call and remembered in the node."""
    if node.words is None:
        node.words = split(node.effective)
    return node.words


def of_all(nodes: Iterable[Text]) -> list[str]:
    """The words of all these nodes, in order; what was not split yet is split in one call and remembered, as by `of`.

    The words of a page cost a tenth of what `split` takes for its texts one by one (measured).
    """
    nodes = list(nodes)
    new = [node for node in nodes if node.words is None]
    if new:
        found, counts = split_all(effective(new))
        at = 0
        for node, count in zip(new, counts, strict=True):
            node.words = found[at : at + count]
            at += count
        if len(new) == len(nodes):
            return found
    return [word for node in nodes for word in node.words or ()]


def cut(lowered: str) -> str:
    """Words in lower case, cut as `hashes` cuts them, where they are joined by white space."""
    for sign in _JOINS:
        lowered = lowered.replace(sign, " ")
    return lowered


def split_all(texts: Sequence[str]) -> tuple[list[str], list[int]]:
    """The words of `split` of all these texts in one list, and how many each has.

    >>> split_all(["Don't panic", "", "猫です"])
    (["Don't", 'panic', '猫', 'で', 'す'], [2, 0, 3])
    """
    import ctypes

    from obelics_like.native.characters import Texts

    page = Texts(texts)
    out = array("B", bytes(2 * len(page.raw)))
    at, _ = out.buffer_info()
    size, counts = _pass(page, at)
    found = ctypes.string_at(at, size).decode("utf-8", "surrogatepass").split("\n")
    found.pop()  # behind the last newline
    return found, counts


def count(texts: Sequence[str]) -> list[int]:
    """How many words each text has, as `split` splits them.

    >>> count(["Don't panic", "", "猫です"])
    [2, 0, 3]
    """
    from obelics_like.native.characters import Texts

    return _pass(Texts(texts), None)[1]


def hashes(texts: Sequence[str]) -> np.ndarray | None:
    """A 64-bit hash of each word of all these texts in lower case, cut at apostrophes, hyphens and points, in order.

    A polynomial over the word's UTF-8 and a space behind it, modulo 2**64, then mixed: no word becomes an object. It
    collides whatever its base only for words of 1,024 bytes and more (Thue-Morse strings). None where a letter's lower
    case is not a character of its own, the same wherever it stands: there who calls must go by the words. Those of the
    last two batches of pages are remembered, since rules and shingles ask for the same; they can't be written to.

    >>> (hashes(["Don't"]) == hashes(["DON", "t"])).all(), hashes(["Σ"]) is None
    (np.True_, True)
    """
    return _hashes(tuple(texts))


@functools.lru_cache(maxsize=128)
def _hashes(texts: tuple[str, ...]) -> np.ndarray | None:
    import numpy as np

    from obelics_like.native.characters import Texts

    native = _native()
    page = Texts(texts)
    out = np.empty(len(page.raw), np.uint64)
    given = [page.raw, len(page.raw), page.lengths, page.count, native.classes.table, native.lower, out.ctypes.data]
    count = native.classes.passed(page, lambda: native.hashes(*given))
    if count == _ODD:
        return None
    found = out[:count].copy()  # not held with the room for all that could have been
    found.setflags(write=False)
    return found


def _pass(page: Texts, out: int | None) -> tuple[int, list[int]]:
    native = _native()
    counts = array("i", bytes(4 * page.count))
    given = [page.raw, len(page.raw), page.lengths, page.count, native.classes.table, out, counts.buffer_info()[0]]
    size = native.classes.passed(page, lambda: native.words(*given))
    return size, counts.tolist()


class _Native:
    """The passes of native/text.c over words, and the tables that they go by."""

    def __init__(self) -> None:
        import ctypes

        import numpy as np

        from obelics_like.native import kernel
        from obelics_like.native.characters import ALIKE, SIZE, Classes

        self.words, self.hashes = kernel().text_words, kernel().text_hashes
        for walk in (self.words, self.hashes):
            walk.restype = ctypes.c_int64
            walk.argtypes = [
                *(ctypes.c_char_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int32),
                *(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p),
            ]
        self.lower = (ctypes.c_uint32 * SIZE)()
        lower = np.ctypeslib.as_array(self.lower)
        for alike in ALIKE:  # no such letter has a case
            lower[alike.start : alike.stop] = alike
        self.classes = Classes(self._number)

    def _number(self, character: str) -> int:
        lower = character.lower()
        self.lower[ord(character)] = ord(lower) if len(lower) == 1 and character != _SIGMA else 0
        return _flags(character)


_native = functools.cache(_Native)


def _flags(character: str) -> int:
    """What a character does in a word, for native/text.c."""
    in_word = _WORD.fullmatch(character) is not None
    alone = _ANY_UNSPACED.match(character) is not None
    return 1 | _IN_WORD_FLAG * in_word | _ALONE_FLAG * alone | _JOINS_FLAG * (character in _JOINS)

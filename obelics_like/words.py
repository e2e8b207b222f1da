"""Splits a text into words once, for the rules, the shingles and the counts; it judges nothing.

A script that writes no spaces has no words that could be found without a dictionary, so there every character counts
as a word of its own: the count stays comparable between a Japanese page and an English one (1 to 2 characters a word).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from obelics_like.document import Text

if TYPE_CHECKING:
    from obelics_like.native.characters import Classes

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
        found, counts = split_all([node.effective for node in new])
        at = 0
        for node, count in zip(new, counts, strict=True):
            node.words = found[at : at + count]
            at += count
        if len(new) == len(nodes):
            return found
    return [word for node in nodes for word in node.words or ()]


def split_all(texts: Sequence[str]) -> tuple[list[str], list[int]]:
    """The words of `split` of all these texts in one list, and how many each has.

    >>> split_all(["Don't panic", "", "猫です"])
    (["Don't", 'panic', '猫', 'で', 'す'], [2, 0, 3])
    """
    found, counts = _pass(texts, "as they are")
    lines = found.decode("utf-8", "surrogatepass").split("\n")
    lines.pop()  # behind the last newline
    return lines, counts


def lowered(texts: Sequence[str]) -> bytes:
    """The words of `split_all` in lower case, each with a newline behind it, as UTF-8: nothing is made an object of.

    >>> lowered(["Don't PANIC", "", "猫です"]).decode().split()
    ["don't", 'panic', '猫', 'で', 'す']
    """
    try:
        return _pass(texts, "lower")[0]
    except _Odd:  # in Greek, by what stands around a letter
        return "".join([word + "\n" for word in split_all(texts)[0]]).lower().encode("utf-8", "surrogatepass")


def count(texts: Sequence[str]) -> list[int]:
    """How many words each text has, as `split` splits them.

    >>> count(["Don't panic", "", "猫です"])
    [2, 0, 3]
    """
    return _pass(texts, "counted")[1]


class _Odd(Exception):
    """A word has a letter whose lower case is not one character, the same wherever it stands."""


def _pass(texts: Sequence[str], how: str) -> tuple[bytes, list[int]]:
    """The words of all texts, "as they are" or in "lower" case or only "counted", and how many each text has."""
    import ctypes

    from obelics_like.native.characters import Texts

    walk, classes, lower = _native()
    page = Texts(texts)
    counts = (ctypes.c_int32 * page.count)()
    out = None if how == "counted" else ctypes.create_string_buffer(2 * len(page.raw) + 1)
    given = [page.raw, len(page.raw), page.lengths, page.count, classes.table, lower if how == "lower" else None]
    size = classes.passed(page, lambda: walk(*given, out, counts))
    if size == _ODD:
        raise _Odd
    return b"" if out is None else ctypes.string_at(out, size), list(counts)


@functools.cache
def _native() -> tuple[Callable[..., int], Classes, Any]:
    import ctypes

    from obelics_like.native import kernel
    from obelics_like.native.characters import SIZE, Classes

    walk = kernel().text_words
    walk.restype = ctypes.c_int64
    walk.argtypes = [
        *(ctypes.c_char_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int32),
        *(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p),
    ]
    lower = (ctypes.c_uint32 * SIZE)()

    def flags(character: str) -> int:
        small = character.lower()
        lower[ord(character)] = ord(small) if len(small) == 1 and character != _SIGMA else 0
        return _flags(character)

    return walk, Classes(flags), lower


def _flags(character: str) -> int:
    """What a character does in a word, for native/text.c."""
    in_word = _WORD.fullmatch(character) is not None
    alone = _ANY_UNSPACED.match(character) is not None
    return 1 | _IN_WORD_FLAG * in_word | _ALONE_FLAG * alone | _JOINS_FLAG * (character in _JOINS)

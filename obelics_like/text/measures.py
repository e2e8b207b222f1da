"""What can be measured about a text: counts, shares, repetitions, as pure functions; it holds nothing to a limit.

A share is in 0..1 and 0.0 where there is nothing to share out. Unless a function says otherwise, whitespace is left
out of both sides of a share, and a vowel sign or another mark counts with its letter: else every Hindi or Thai text
would have a third of "non-alphabetic" characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache
from heapq import nlargest
from itertools import islice
from math import isqrt
from operator import mul
from typing import NamedTuple

_LANE = 32  # bits; a character's kinds are packed in one integer, so that C code can add up all of them at once
_FIELDS = ("spaces", "letters", "marks", "digits", "capitals", "latin", "special")

_ASCII = bytes(range(128))
_SPACE = b"\t\n\v\f\r\x1c\x1d\x1e\x1f "
_DIGIT = b"0123456789"
_UPPER = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LETTER = _UPPER + _UPPER.lower()
_CONTROL = bytes(i for i in (*range(32), 127) if i not in _SPACE)

PUNCTUATION = ",;:?!." + "،؛؟۔।॥、。，；：？！።፣՞՜։…"
"""The six that OBELICS counts, and the same marks in other scripts, so that a share means the same there."""

TERMINAL = ".?!…" + "؟۔।॥。？！።։။។"
"""The marks that end a sentence. Thai and Lao have none."""

_MARK = re.compile(f"[{re.escape(PUNCTUATION)}]")
_ENDS = re.compile(r"(?<![.?!…])[.?!…]++[\"'”’»)\]]*+(?=\s|$)|[؟۔।॥。？！።։။។]+")
_CLOSING = "\"'”’»)]」』）"
_DATE = re.compile(
    r"(?<!\d)(?<!\d[-/.])"  # no part of a longer number, an IP address or a version
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}"
    r"|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})"
    r"|\d{2,4}\s?[年년]\s?\d{1,2}\s?[月월]\s?\d{1,2}\s?[日일])"
    r"(?!\d|[-/.]\d)"
)


class Characters(NamedTuple):
    """How many characters of a text are of which kind, and its length in UTF-8 bytes.

    `special` is OBELICS' set: punctuation, digits, whitespace, symbols and emoji. `latin` and `capitals` are letters.
    """

    total: int
    bytes: int
    spaces: int = 0
    letters: int = 0
    marks: int = 0
    digits: int = 0
    capitals: int = 0
    latin: int = 0
    special: int = 0

    @property
    def visible(self) -> int:
        """The characters that are not whitespace."""
        return self.total - self.spaces

    @property
    def digit_share(self) -> float:
        """Decimal digits of any script among the visible characters (mOSCAR A.4)."""
        return _share(self.digits, self.visible)

    @property
    def non_alphabetic_share(self) -> float:
        """Visible characters that are neither a letter nor a mark on one (mOSCAR A.4)."""
        return _share(self.visible - self.letters - self.marks, self.visible)

    @property
    def capital_share(self) -> float:
        """Capitals among the letters (mOSCAR A.4)."""
        return _share(self.capitals, self.letters)

    @property
    def latin_share(self) -> float:
        """Latin letters among the letters: mOSCAR calls a text Latin above 0.5 (A.4)."""
        return _share(self.latin, self.letters)

    @property
    def special_share(self) -> float:
        """Special characters among all characters, whitespace on both sides (OBELICS, table 3)."""
        return _share(self.special, self.total)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


@cache
def _kinds(character: str) -> int:
    """The kinds of a character beyond ASCII, as ones in the lanes of an integer."""
    category = unicodedata.category(character)
    letter = category[0] == "L"
    space = character.isspace()
    marks = {
        "spaces": space,
        "letters": letter,
        "marks": category[0] == "M",
        "digits": category == "Nd",
        "capitals": category in ("Lu", "Lt"),
        "latin": letter and unicodedata.name(character, "").startswith(("LATIN ", "FULLWIDTH LATIN ")),
        "special": space or category[0] in "PSZN" or character in "\u200d\ufe0f",
    }
    return sum(1 << (_LANE * lane) for lane, name in enumerate(_FIELDS) if marks[name])


def characters(text: str) -> Characters:
    """Count a text's characters by kind.

    >>> c = characters("Über 40 Ää")
    >>> c.letters, c.capitals, c.digits, c.spaces, c.bytes
    (6, 2, 2, 2, 13)
    """
    raw = text.encode("utf-8", "surrogatepass")
    size = len(raw)
    # bytes.translate deletes a set at about 1 ns a byte: the count of a kind is what its deletion takes away
    spaces = size - len(raw.translate(None, _SPACE))
    digits = size - len(raw.translate(None, _DIGIT))
    letters = size - len(raw.translate(None, _LETTER))
    capitals = size - len(raw.translate(None, _UPPER))
    control = size - len(raw.translate(None, _CONTROL))
    if size == len(text):
        return Characters(size, size, spaces, letters, 0, digits, capitals, letters, size - letters - control)
    rest = raw.translate(None, _ASCII)
    special = size - len(rest) - letters - control
    counts = Counter(rest.decode("utf-8", "surrogatepass"))
    packed = sum(map(mul, counts.values(), map(_kinds, counts)))
    more = [packed >> (_LANE * lane) & (1 << _LANE) - 1 for lane in range(len(_FIELDS))]
    return Characters(
        total=len(text),
        bytes=size,
        spaces=spaces + more[0],
        letters=letters + more[1],
        marks=more[2],
        digits=digits + more[3],
        capitals=capitals + more[4],
        latin=letters + more[5],
        special=special + more[6],
    )


def most_common_share(text: str) -> float:
    """The share of the most frequent visible character (mOSCAR A.4: one character makes more than a third).

    >>> most_common_share("== ==a")
    0.8
    """
    if len(text) > 400:
        visible = "".join(text.split())
        return _share(max(Counter(visible).values(), default=0), len(visible))
    counts = [text.count(character) for character in set(text) if not character.isspace()]
    return max(counts) / sum(counts) if counts else 0.0


def punctuation_marks(text: str) -> int:
    """How many punctuation marks the text holds: OBELICS' six , ; : ? ! . and their like in other scripts."""
    return len(_MARK.findall(text))


def punctuation_share(text: str, words: int) -> float:
    """Punctuation marks among the marks and words of a text that has `words` words (OBELICS, table 3).

    >>> punctuation_share("Yes, no.", 2)
    0.5
    """
    marks = punctuation_marks(text)
    return _share(marks, marks + words)


def character_repetition(text: str, n: int = 10) -> float:
    """The share of the most frequent character n-grams among all of the text (OBELICS, table 3 and its code).

    The k most frequent are taken, k being the smaller of the root of the number of distinct n-grams, rounded down, and
    the number of those that occur more than once.

    >>> character_repetition("abababab", 2)  # ab 4, ba 3 of 7; k = min(1, 2)
    0.5714285714285714
    """
    total = len(text) - n + 1
    if total <= 1:
        return 0.0
    counts = Counter([text[i : i + n] for i in range(total)])
    if len(counts) == total:
        return 0.0
    repeated = [count for count in counts.values() if count > 1]
    return sum(nlargest(min(isqrt(len(counts)), len(repeated)), repeated)) / total


def word_repetition(words: Sequence[str], n: int = 5) -> float:
    """The share of word n-grams that occur more than once, each occurrence counted (OBELICS, table 3 and its code).

    >>> word_repetition("a b a b c".split(), 2)  # ab ba ab bc
    0.5
    """
    total = len(words) - n + 1
    if total <= 1:
        return 0.0
    counts = Counter(zip(*(islice(words, i, None) for i in range(n))))
    if len(counts) == total:
        return 0.0
    return sum(count for count in counts.values() if count > 1) / total


DATE_DIGITS = 4
"""No date that `dates` finds has fewer digits."""


def dates(text: str) -> int:
    """How many dates written in numbers the text holds: 2024-05-03, 3.5.2024, 03/05/24, 2024年5月3日.

    mOSCAR (A.4) does not say which forms it looks for.
    """
    return len(_DATE.findall(text))


def comparison_signs(text: str) -> int:
    """How often the most frequent of the signs < > ≤ ≥ occurs (mOSCAR A.4 names "four comparison signs")."""
    return max(text.count("<"), text.count(">"), text.count("≤"), text.count("≥"))


def curly_braces(text: str) -> int:
    """How many curly braces the text holds (mOSCAR A.4; C4 section 2.2)."""
    return text.count("{") + text.count("}")


def sentences(text: str) -> int:
    """How many sentence ends the text has, by its marks alone; abbreviations count too, and Thai has none.

    >>> sentences("It rained. Did it stop?! 3.5 hours later. 我来了。")
    4
    """
    return len(_ENDS.findall(text))


def ends_sentence(text: str) -> bool:
    """Whether the text ends in a mark that ends a sentence, closing quotes and brackets aside (C4 section 2.2)."""
    return text.rstrip().rstrip(_CLOSING).endswith(tuple(TERMINAL))

"""Splits a text into words once, for the rules, the shingles and the counts; it judges nothing.

A script that writes no spaces has no words that could be found without a dictionary, so there every character counts
as a word of its own: the count stays comparable between a Japanese page and an English one (1 to 2 characters a word).
"""

from __future__ import annotations

import re

from obelics_like.document import Text

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
_WORD = re.compile(rf"[\w{_MARKS}]+(?:['’\-.][\w{_MARKS}]+)*")
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

"""Strings as they stand in the markup made into text: white space, line breaks, invisible characters.

It joins and trims; it never rewrites. Of Unicode's normalisation it takes the joining of a letter and its marks alone,
since NFC as a whole is not harmless: it takes letters apart that Bengali writes in one, and swaps ideographs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

BREAK = "\x01"
"""Stands for `<br>` while a block is collected; no page can hold it as text of its own."""

_INVISIBLES = (
    "\x00\x02-\x08\x0e-\x1f\x7f\x80-\x84\x86-\x9f\u00ad\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffc"
    "\U000e0000-\U000e001f"
)
"""Controls, soft hyphens, word joiners, invisible operators, marks for what no page holds: no part of any word."""
_BETWEEN = "\ud800"
"""Parts texts that are looked at together: half a surrogate pair, which no page of UTF-8 holds."""
_TAGS = "\U000e0020-\U000e007f"
_ODD = re.compile(f"[{_INVISIBLES}{_TAGS}\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = re.compile(f"[{_INVISIBLES}]")
_HIDDEN = re.compile(f"[{_INVISIBLES}{_TAGS}]")
_FLAG = "\U0001f3f4"
_TAGGED = re.compile(f"({_FLAG}[{_TAGS}]{{2,16}})|[{_TAGS}]+")
"""Characters that spell ASCII without being seen: they belong to a flag (that of Wales), or hide something."""
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aad\u1b00-\u1b7f\ua980-\ua9ff\uaa60-\uaadf"
_JOINT = re.compile(f"(?<![{_UNSPACED}])\u200b|\u200b(?![{_UNSPACED}])")
_SECOND = (
    "\u0300-\u0314\u031b\u0323-\u0328\u032d\u032e\u0330\u0331\u0338\u0342\u0345\u0653-\u0655\u093c\u09be\u09d7\u0b3e\u0b56\u0b57"
    "\u0bbe\u0bd7\u0c56\u0cc2\u0cd5\u0cd6\u0d3e\u0d57\u0dca\u0dcf\u0ddf\u102e\u1161-\u1175\u11a8-\u11c2\u1b35\u3099\u309a\U000110ba"
    "\U00011127\U0001133e\U00011357\U000114b0\U000114ba\U000114bd\U000115af\U00011930"
)
"""What may join the letter before it."""
_JOINS = re.compile(f"[{_SECOND}]")
_LETTER = re.compile(f"[^{_SECOND}][{_SECOND}\u0315-\u036f\u0591-\u05bd\u064b-\u0652\u3099\u309a]{{1,30}}")
_MARKS = "\u200b\u200c\u200d\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_ONLY_MARKS = re.compile(f"[\\s{_MARKS}]*")


def listed(words: str) -> tuple[str, ...]:
    """The words of a table written as prose, in order: tables of tag and class names read better without quotes."""
    return tuple(words.split())


def tidy(text: str) -> str:
    """One block as text: each run of white space one space, each BREAK a newline, invisible characters taken out.

    Soft hyphens, byte order marks and word joiners go, and what spells a hidden text. A zero-width space goes, except
    between letters of scripts written without spaces (Thai, Lao, Burmese, Khmer and their kin), where it is the word
    border. Joiners and direction marks, which change how a word reads, stay; a block of nothing else is empty.

    >>> tidy("  so  \\u00adft\\x01 next\\n line "), tidy("\\u200e ")
    ('so ft\\nnext line', '')
    """
    if not text.isascii():
        text = composed(text)
    bare = text.strip()
    if bare.isprintable() and "  " not in bare:  # of white space only single blanks, and nothing invisible
        return bare
    if BREAK in text:
        lines = [" ".join(line.split()) for line in text.split(BREAK)]
        text = "\n".join(line for line in lines if line)
    else:
        text = " ".join(text.split())
    return text if text.isprintable() or not _ODD.search(text) else without_invisible(text)


def without_invisible(text: str) -> str:
    """A tidied text without soft hyphens, byte order marks and the like; empty if nothing else is in it."""
    bare = text.replace("\u00ad", "").strip()
    if bare.isprintable() and "  " not in bare and "\ufffc" not in bare:  # nine in ten hold soft hyphens alone
        return bare
    return _only_seen(_bared(text))


def without_invisible_each(texts: Iterable[str]) -> list[str]:
    """The same of each text of a page; all at once, as there may be 190,000."""
    return [_only_seen(text) for text in _bared(_BETWEEN.join(texts)).split(_BETWEEN)]


def _bared(text: str) -> str:
    if _FLAG in text:
        text = _TAGGED.sub(r"\1", _INVISIBLE.sub("", text))
    else:
        text = _HIDDEN.sub("", text)
    return _JOINT.sub("", text) if "\u200b" in text else text


def _only_seen(text: str) -> str:
    """A text from which characters were taken, tidied; empty if marks alone are left."""
    if text.isprintable() and "  " not in text:
        return text.strip()
    lines = [" ".join(line.split()) for line in text.split("\n")]
    text = "\n".join(line for line in lines if line)
    return "" if _only_marks(text) else text


def composed(text: str) -> str:
    """A text whose letters are one character with their marks, where Unicode has one; nothing else is changed.

    >>> composed("cafe\\u0301 \\u212b \\u09dc") == "caf\\u00e9 \\u212b \\u09dc"
    True
    """
    return _LETTER.sub(_as_one, text) if _JOINS.search(text) else text


def _as_one(found: re.Match[str]) -> str:
    return _joined(found[0])


@lru_cache(4096)
def _joined(letter: str) -> str:
    """A letter with its marks, of which a text has few different ones and may have millions."""
    shorter = unicodedata.normalize("NFC", letter)
    return shorter if len(shorter) < len(letter) else letter


def _only_marks(text: str) -> bool:
    return not text or (text[0] in _MARKS and _ONLY_MARKS.fullmatch(text) is not None)


def tidy_code(text: str) -> str:
    """Preformatted text: white space as it stands, but for empty lines at both ends and blanks at the ends of lines.

    >>> tidy_code("\\n  a = 1  \\n\\n\\tb\\n")
    '  a = 1\\n\\n\\tb'
    """
    text = _INVISIBLE.sub("", text.replace(BREAK, "\n").replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " "))
    lines = [line.rstrip() for line in text.split("\n")]
    start, end = 0, len(lines)
    while start < end and not lines[start]:
        start += 1
    while end > start and not lines[end - 1]:
        end -= 1
    return "\n".join(lines[start:end])

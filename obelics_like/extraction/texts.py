"""Strings as they stand in the markup made into text: white space, line breaks, invisible characters.

It joins and trims; it never rewrites: no normalisation form is applied, no letter is changed.
"""

from __future__ import annotations

import re

BREAK = "\x01"
"""Stands for `<br>` while a block is collected; no page can hold it as text of its own."""

_ODD = re.compile("[\x00\x02-\x08\x0e-\x1f\x7f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_INVISIBLE = re.compile("[\x00\x02-\x08\x0e-\x1f\x7f\u00ad\u2060\ufeff]")
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_JOINT = re.compile(f"(?<![{_UNSPACED}])\u200b|\u200b(?![{_UNSPACED}])")
_MARKS = "\u200b\u200c\u200d\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_ONLY_MARKS = re.compile(f"[\\s{_MARKS}]*")


def listed(words: str) -> tuple[str, ...]:
    """The words of a table written as prose, in order: tables of tag and class names read better without quotes."""
    return tuple(words.split())


def tidy(text: str) -> str:
    """One block as text: each run of white space one space, each BREAK a newline, invisible characters taken out.

    Soft hyphens, byte order marks and word joiners go. A zero-width space goes, except between letters of scripts
    written without spaces (Thai, Lao, Burmese, Khmer), where it is the word border. Joiners and direction marks,
    which change how a word reads, stay; a block of nothing else is empty.

    >>> tidy("  so  \\u00adft\\x01 next\\n line "), tidy("\\u200e ")
    ('so ft\\nnext line', '')
    """
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
    text = _INVISIBLE.sub("", text)
    text = _JOINT.sub("", text) if "\u200b" in text else text
    lines = [" ".join(line.split()) for line in text.split("\n")]
    text = "\n".join(line for line in lines if line)
    return "" if _only_marks(text) else text


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

"""What stands at the two ends of a text: copies and teasers that are its standfirst, times, parting words, signatures.

It looks for no headline; `main_content` does, and asks it about what stands between that and the text.
"""

from __future__ import annotations

import re
from array import array
from itertools import chain, compress, islice, pairwise

from obelics_like.extraction import scan
from obelics_like.extraction.paragraphs import SHORT, Paragraphs
from obelics_like.extraction.tags import HEADINGS

TEXT_BEFORE, PARTING = 8, 2
"""Paragraphs before which nothing is taken for parting words, and how many of these a text has at most."""
PARTING_SIZE, PARTING_LINKS = 220, 0.04
"""Characters under which, and share of links from which, the last paragraph says where to go next."""
ENDS = ".!?…。！？।؟»”\"'"
"""What the last line of a text ends in; a short one that ends in nothing of it says who made what: text, pictures."""
DATELINE = 40
"""Characters under which a text that holds a day is little else."""

_DAY = re.compile(r"\b(?:\d\d?([./-]) ?\d\d?\1 ?(?:19|20)?\d\d|(?:19|20)\d\d([./-])\d\d?\2\d\d?)\b")
_HOUR = re.compile(r"\b[0-2]?\d[:.][0-5]\d\b(?![.,:/-]?\d)")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def first_shown(found: Paragraphs, furniture: array[int], before: int) -> dict[str, int]:
    """Where each text stands first of those before a paragraph and not in furniture: hidden, or in a menu."""
    texts, containers = found.texts, found.containers
    return {texts[at]: at for at in range(before - 1, -1, -1) if found.sizes[at] and not furniture[containers[at]]}


def announced(found: Paragraphs, at: int) -> bool:
    """Whether a paragraph in what is named a teaser is the standfirst: a teaser of other pages is a link."""
    return found.links[at] < 0.1 and found.flags[at] & scan.SENTENCE > 0


def parting_words(found: Paragraphs, picks: list[bool]) -> None:
    """Take back the last words of a longer text if they are short and send the reader elsewhere by a link, and who
    signed it, and the headings that are last then."""
    backwards = compress(range(len(picks) - 1, -1, -1), reversed(picks))
    last = list(islice(backwards, PARTING + 1))
    for at, before in pairwise(last):
        size = found.sizes[at]
        if found.kinds[at] not in ("p", "div") or size >= PARTING_SIZE:
            break
        signed = size < SHORT and found.flags[before] & scan.SENTENCE and found.texts[at][-1] not in ENDS
        if (not signed and found.links[at] < PARTING_LINKS) or sum(picks[:at]) < TEXT_BEFORE:
            break
        picks[at] = False
    for at in chain(last, backwards):
        if picks[at]:
            if found.kinds[at] not in HEADINGS:
                break
            picks[at] = False


def stamped(text: str) -> bool:
    """Whether a short text is the time of a publication: a day, with an hour or next to nothing else, or a year and an
    hour."""
    if _DAY.search(text):
        return len(text) < DATELINE or _HOUR.search(text) is not None
    return _YEAR.search(text) is not None and _HOUR.search(text) is not None

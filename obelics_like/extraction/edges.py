"""What stands at the two ends of a text: copies and teasers that are its standfirst, parting words, signatures.

It looks for no headline; `main_content` does, and asks it about what stands between that and the text.
"""

from __future__ import annotations

from itertools import pairwise

from obelics_like.extraction.paragraphs import Paragraphs

TEXT_BEFORE, PARTING = 8, 2
"""Paragraphs before which nothing is taken for parting words, and how many of these a text has at most."""
PARTING_SIZE, PARTING_LINKS = 220, 0.04
"""Characters under which, and share of links from which, the last paragraph says where to go next."""
LINKING = 0.35
"""Share of paragraphs with a link up to which a link in the last one says something."""
SIGNED, ENDS = 30, ".!?…。！？।؟»”\"'"
"""Characters under which a last line that ends in none of these is a signature: an author, an agency."""


def first_shown(found: Paragraphs, furniture: list[int], before: int) -> dict[str, int]:
    """Where each text stands first of those before a paragraph and not in furniture: hidden, or in a menu."""
    texts, containers = found.texts, found.containers
    return {texts[at]: at for at in range(before - 1, -1, -1) if not furniture[containers[at]]}


def announced(found: Paragraphs, at: int) -> bool:
    """Whether a paragraph in what is named a teaser is the standfirst: a teaser of other pages is a link."""
    return found.links[at] < 0.1 and found.sentences[at]


def parting_words(found: Paragraphs, picks: list[bool]) -> None:
    """Take back the last words of a longer text if they are short and send the reader elsewhere by a link, and who
    signed it; where many paragraphs hold links, one more says nothing."""
    kept = [at for at, picked in enumerate(picks) if picked]
    linking = sum(found.links[at] > 0 for at in kept) > LINKING * len(kept)
    for before, at in reversed(list(pairwise(kept[TEXT_BEFORE - 1 :]))[-PARTING:]):
        size = found.sizes[at]
        if found.kinds[at] not in ("p", "div") or size >= PARTING_SIZE:
            break
        signed = size < SIGNED and found.sentences[before] and found.texts[at][-1] not in ENDS
        if not signed and (linking or found.links[at] < PARTING_LINKS):
            break
        picks[at] = False

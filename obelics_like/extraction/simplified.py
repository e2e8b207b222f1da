"""OBELICS' choice of content by tags: what survives its simplification of the DOM, meant as the paper means it.

Not a copy of its code: figures and pictures are walked into, where the code loses them (arXiv 2306.16527, A.1.2).
"""

from __future__ import annotations

from obelics_like.extraction.texts import listed
from obelics_like.extraction.walk import Walked

KEPT = frozenset(
    listed(
        "html body address article aside blink blockquote caption center dd dl dt div figcaption h h1 h2 h3 "
        "h4 h5 h6 hgroup legend main marquee ol p section summary title ul audio embed figure iframe img "
        "object picture video source"
    )
)
"""Containers that are kept; any other goes with all that is in it: lists' items, tables, headers, footers, forms."""
DROPPED_CLASSES = frozenset(("footer", "site-info"))
DROPPED_DIVS = frozenset(("footer", "header", "navigation", "nav", "navbar", "menu"))


def keep(walked: Walked) -> list[bool]:
    """For each item of the walk whether the rules leave it (A.1.2: tags, classes, special divs, dates)."""
    gone = [False] * len(walked.tags)
    for at in range(1, len(walked.tags)):
        gone[at] = gone[walked.parents[at]] or _dropped(walked.tags[at], walked.names[at])
    kept = []
    for at, text in zip(walked.containers, walked.texts):
        dated = walked.tags[at] == "div" and "date" in walked.names[at] and text != ""
        kept.append(not gone[at] and not dated)
    return kept


def _dropped(tag: str, names: str) -> bool:
    if tag not in KEPT:
        return True
    words = names.split()
    if tag != "html" and not DROPPED_CLASSES.isdisjoint(words):
        return True
    return tag == "div" and bool(words) and names.strip() in DROPPED_DIVS

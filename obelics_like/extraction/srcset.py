"""The candidates of a srcset, and of the `<source>` elements of a `<picture>`, with their sizes.

It chooses none of them: that is done in `pictures`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

EM = 16
"""Pixels of an em in a media query."""
DENSEST = 8
"""A descriptor up to this is a density and no width."""
LONG_SIZE = 1_000
"""Characters behind an address in which its size is looked for."""
MANY_CANDIDATES = 64
"""A srcset with more entries is read up to here."""

_SET_URL = re.compile(r"[\s,]*+([^\s,]\S*+)")
_SET_SIZE = re.compile(r"[^,(]*+(?:\([^)]*+\)?+[^,(]*+)*+")
_GLUED = re.compile(r",(?=https?://)")
_MIN_WIDTH = re.compile(r"min-width\s*:\s*(\d{1,5}(?:\.\d{1,4})?)\s*(px|r?em)", re.I)
_RULE = re.compile(r"\[([^\[\]\s]++(?<=,)) [^\[\]]*+\]")
_OF_SOURCE = ("srcset", "data-srcset", "data-lazy-srcset", "src", "data-src")
_UNITS = frozenset(("w,", "x,"))


def parse_srcset(value: str) -> list[tuple[str, float]]:
    """The URLs of a srcset with the size each stands for, in its own unit (width, or density); commas in URLs are kept.

    The algorithm is WHATWG HTML's (4.8.4.2.2), and entries glued with no space before `http` are told apart besides.

    >>> parse_srcset("a,b.jpg 320w, c.jpg 640w"), parse_srcset("x.png, y.png 2x")
    ([('a,b.jpg', 320.0), ('c.jpg', 640.0)], [('x.png', 1.0), ('y.png', 2.0)])
    """
    if (plain := _plain_set(value)) is not None:
        return plain
    found: list[tuple[str, float]] = []
    at = 0
    while len(found) < MANY_CANDIDATES and (match := _SET_URL.match(value, at)):
        url, at = match[1], match.end()
        size = 1.0
        if url.endswith(","):
            url = url.rstrip(",")
        elif rest := _SET_SIZE.match(value, at):
            size, at = _size(rest[0]), rest.end()
        *before, last = _GLUED.split(url)
        found += [(piece, 1.0) for piece in before]
        found.append((last, size))
    return found[:MANY_CANDIDATES]


def _plain_set(value: str) -> list[tuple[str, float]] | None:
    """The same for `URL 320w, URL 640w` and the like, as nearly all are written; None for anything else."""
    words = value.split()
    if len(words) == 1 and ("," not in value or (words[0].strip(",") == words[0] and ",http" not in value)):
        return [(words[0], 1.0)]
    if not words or len(words) % 2 or len(words) > 2 * MANY_CANDIDATES:
        return None
    if words[-1][-1] != ",":
        words[-1] += ","
        value += ","
    urls, sizes = words[::2], words[1::2]
    if not _UNITS.issuperset([size[-2:] for size in sizes]):
        return None
    if value.count(",") != len(sizes) and (",http" in value or any(url[0] == "," or url[-1] == "," for url in urls)):
        return None
    try:
        widths = [width if (width := float(size[:-2])) > 0.0 else 0.0 for size in sizes]
    except ValueError:
        return None
    return list(zip(urls, widths))


def _size(descriptors: str) -> float:
    for word in descriptors[:LONG_SIZE].split():
        if word[-1:] in "wx":
            try:
                return max(0.0, float(word[:-1]))
            except ValueError:
                continue
    return 1.0


def of_rules(value: str) -> str:
    """The address in the last of the rules `[URL, query]`, which Foundation's Interchange has from the narrowest window
    to the widest, and of which the last that fits is taken; "" if there are none.

    >>> of_rules("[/small.jpg, small], [/large.jpg, (large)]"), of_rules('["/a.jpg", "/b.jpg"]')
    ('/large.jpg', '')
    """
    urls = _RULE.findall(value)
    return urls[-1][:-1] if urls else ""


def of_source(attributes: Mapping[str, str]) -> list[tuple[str, float]]:
    """The URLs that a `<source>` of a `<picture>` names, with their sizes as `parse_srcset` has them.

    One without widths that is meant for windows of some width and more is taken to be as wide as these.

    >>> of_source({"media": "(min-width: 800px)", "srcset": "a.jpg, b.jpg 2x"})
    [('a.jpg', 800.0), ('b.jpg', 1600.0)]
    """
    found = [pair for name in _OF_SOURCE if (value := attributes.get(name)) for pair in parse_srcset(value)]
    media = attributes.get("media")
    if not media or not (meant := _MIN_WIDTH.search(media)) or any(size > DENSEST for _, size in found):
        return found
    window = float(meant[1]) * (1 if meant[2].lower() == "px" else EM)
    return [(url, size * max(1.0, window)) for url, size in found]

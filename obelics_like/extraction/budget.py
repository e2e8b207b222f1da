"""What a page may cost, checked before it is parsed: the parser's own cost is quadratic in depth and in attributes.

It is a bound and not a parser: the walk counts exactly what has passed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

FEW_TAGS = 20_000
"""Below this many tags the deepest page that can be written parses in well under a second."""
LONG_PIECE = 8_192
"""Bytes from one `<` to the next above which its attributes are counted."""

_TAG = re.compile(rb"<(/?)([a-zA-Z][a-zA-Z0-9]*+)((?:[^\"'>]++|\"[^\"]*+\"|'[^']*+')*+)")
_ATTRIBUTE = re.compile(rb"[^\s\"'>/=]++(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>]++))?+")
_SHALLOW = frozenset(
    b"a area base br col embed hr img input link meta param source track wbr p li td th tr option dt dd script style "
    b"tbody thead tfoot colgroup".split()
)
_RAW = frozenset((b"script", b"style", b"textarea", b"title", b"xmp", b"noembed", b"noframes", b"iframe"))


def over_budget(html: bytes, max_depth: int, max_attributes: int) -> tuple[str, int, int] | None:
    """The budget that the page is over, as (rule, measured, limit), or None; linear in the page's bytes.

    >>> over_budget(b"<div>" * 30_000, max_depth=1_000, max_attributes=1_000)
    ('too_deep', 1001, 1000)
    """
    if html.count(b"<") > FEW_TAGS and (depth := _depth(html, max_depth)) > max_depth:
        return "too_deep", depth, max_depth
    for piece in _long_pieces(html):
        if piece[1:2].isalpha() and (count := _attributes(piece)) > max_attributes:
            return "too_many_attributes", count, max_attributes
    return None


def _long_pieces(html: bytes) -> Iterator[bytes]:
    """The stretches from one `<` to the next that are longer than LONG_PIECE: each holds half a one without any `<`."""
    at, half = 0, LONG_PIECE // 2
    while at < len(html):
        if html.find(b"<", at, at + half) >= 0:
            at += half
            continue
        start, end = html.rfind(b"<", 0, at), html.find(b"<", at)
        end = len(html) if end < 0 else end
        if start >= 0 and end - start > LONG_PIECE:
            yield html[start:end]
        at = end


def _attributes(piece: bytes) -> int:
    tag = _TAG.match(piece)
    return sum(1 for _ in _ATTRIBUTE.finditer(tag[3])) if tag else 0


def _depth(html: bytes, enough: int) -> int:
    """How deep the open elements stand, an end tag closing the nearest of its name; stops once over `enough`."""
    html = html.lower()
    opened: dict[bytes, int] = {}
    depth = at = 0
    while match := _TAG.search(html, at):
        at = match.end()
        name = match[2]
        if match[1]:
            if opened.get(name, 0):
                opened[name] -= 1
                depth -= 1
        elif name in _RAW:
            at = html.find(b"</" + name, at)
            if at < 0:
                break
        elif name not in _SHALLOW:
            opened[name] = opened.get(name, 0) + 1
            depth += 1
            if depth > enough:
                break
    return depth

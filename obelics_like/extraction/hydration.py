"""The markup of an article that stands in a page's script data only, to be shown by a script when the page is loaded.

It runs no script, and is asked only about pages whose own markup holds no text at all.
"""

from __future__ import annotations

import html
import json
import re
from typing import Any

MANY = 2_000
"""Pieces of script data of one page that are read."""
LONG = 4_000_000
"""Characters of one piece that are read."""

_PUSHED = re.compile(rb'self\.__next_f\.push\(\[1,\s*("(?:[^"\\]|\\.)*+")\]\)')
_ROW = re.compile(rb"[0-9a-f]{1,6}:T([0-9a-f]{1,7}),")
_TEXT_ROW = re.compile(rb"\n[0-9a-f]{1,6}:T([0-9a-f]{1,7}),")
_DATA = re.compile(
    rb"<script\b[^>]{0,500}type=[\"']?application/(?:ld\+)?json[^>]{0,500}>([^<]*+(?:<(?!/script)[^<]*+)*+)", re.I
)
_MARKUP = re.compile(r"<p[\s>]", re.I)


def article_markup(page: bytes) -> bytes:
    """The markup in a page's script data: of a streamed page, else of its JSON; empty if there is none. All in UTF-8.

    >>> article_markup(b'<script>self.__next_f.push([1,"2:Tf,<p>Good day</p>"])</script>')
    b'<p>Good day</p>'
    """
    return (_streamed(page) or _stated(page)).encode("utf-8", "replace")  # JSON may hold half a surrogate pair


def _streamed(page: bytes) -> str:
    """The rows of plain text of a stream of server components that are markup, in order.

    A row is its number, a `T`, its length in bytes of UTF-8 as a hexadecimal number, a comma and the text.
    """
    pieces = []
    for found in _PUSHED.finditer(page):
        try:
            pieces.append(json.loads(found[1].decode("utf-8", "replace")).encode("utf-8", "replace"))
        except ValueError:
            continue
        if len(pieces) == MANY:
            break
    stream, rows, start = b"".join(pieces), [], 0
    while row := (_ROW.match(stream, start) or _TEXT_ROW.search(stream, start)):
        start = min(row.end() + int(row[1], 16), len(stream))
        text = stream[row.end() : start].decode("utf-8", "replace")
        if _MARKUP.search(text):
            rows.append(text)
    return "\n".join(rows)


def _stated(page: bytes) -> str:
    """The longest markup, or else the longest `articleBody`, that stands in the page's JSON."""
    markup = body = ""
    for number, found in enumerate(_DATA.finditer(page)):
        if number == MANY or len(found[1]) > LONG:
            continue
        try:
            left: list[tuple[str, Any]] = [("", json.loads(found[1].decode("utf-8", "replace")))]
        except (ValueError, RecursionError):
            continue
        while left:
            name, value = left.pop()
            if isinstance(value, dict):
                left.extend(value.items())
            elif isinstance(value, list):
                left.extend((name, one) for one in value)
            elif isinstance(value, str) and len(value) > len(markup) and _MARKUP.search(value):
                markup = value
            elif isinstance(value, str) and name == "articleBody" and len(value) > len(body):
                body = value
    if markup:
        return markup
    lines = (html.escape(" ".join(line.split())) for line in body.split("\n"))
    return "".join(f"<p>{line}</p>" for line in lines if line)

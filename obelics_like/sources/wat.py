"""The pages that WAT records tell of: their pictures in order, title and meta data, as a page of nothing else.

A WAT file (Common Crawl's, of what its WARC files hold) has no HTML and no text: what can be had of it is where
pictures stand, with their alternative texts. So each record becomes a small HTML page that says just that, and goes
through a recipe as any other page; main content can't be told from the rest there (`extract.main = "all"` keeps it).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any

from obelics_like.sources.bodies import BadBody
from obelics_like.sources.split import Piece

WAT = "wat"
JSON = re.compile(rb"(?i)\ncontent-type[ \t]*:[ \t]*application/json")
METADATA = re.compile(rb"(?i)\nwarc-type[ \t]*:[ \t]*metadata[ \t]*\r?\n")
PAGE = re.compile(rb'"HTML-Metadata"\s*:')
STATUS = re.compile(rb'"Status"\s*:\s*"?(\d{3})"?')
PICTURES = ("IMG@/", "SOURCE@/", "AMP-IMG@/")
"""Beginnings of the paths of links that are pictures, as in `IMG@/src`."""
ATTRIBUTE = re.compile(r"[a-z][a-z-]{0,30}")


def begins_wat(piece: Piece) -> bool:
    """Whether a piece is the WAT record of an HTML page, by its head and the first bytes of its block."""
    return (
        METADATA.search(piece.head) is not None
        and JSON.search(piece.head) is not None
        and PAGE.search(piece.body) is not None
    )


def told(payload: bytes) -> bytes:
    """The page that the JSON of a WAT record tells of: title, meta data, links of the head, and pictures, in order.

    Raises BadBody if it tells of none.
    """
    try:
        envelope = _loaded(payload)["Envelope"]
        page = envelope["Payload-Metadata"]["HTTP-Response-Metadata"]["HTML-Metadata"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadBody("unreadable", f"its JSON tells of no page ({type(error).__name__}: {error})") from None
    head = _table(_table(page).get("Head"))
    lines = ["<!DOCTYPE html><html><head>"]
    if isinstance(base := head.get("Base"), str):
        lines.append(_tag("base", {"href": base}))
    lines.append(f"<title>{escape(str(head.get('Title') or ''))}</title>")
    lines += [_tag("meta", meta) for meta in _tables(head.get("Metas"))]
    lines += [_tag("link", {"href": link.get("url"), **link}) for link in _tables(head.get("Link"))]
    lines.append("</head><body>")
    lines += [_picture(link) for link in _tables(_table(page).get("Links"))]
    return "\n".join([*filter(None, lines), "</body></html>\n"]).encode("utf-8", "replace")


def _loaded(payload: bytes) -> Any:
    """The JSON; of half a surrogate pair, as a title that was cut may end in, orjson makes nothing at all."""
    import orjson

    try:
        return orjson.loads(payload)
    except ValueError:
        return json.loads(payload)


def _picture(link: dict[str, Any]) -> str:
    path = str(link.get("path", ""))
    name = path.partition("@/")[2].lower()
    if not path.upper().startswith(PICTURES) or not link.get("url"):
        return ""
    return _tag("img", {name: link["url"], **{key: link.get(key) for key in ("alt", "title", "width", "height")}})


def _tag(name: str, attributes: dict[str, Any]) -> str:
    said = {
        key.lower(): value
        for key, value in attributes.items()
        if isinstance(value, str | int) and ATTRIBUTE.fullmatch(key.lower())
    }
    return f"<{name}" + "".join(f' {key}="{escape(str(value))}"' for key, value in said.items()) + ">"


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _tables(value: object) -> Iterator[dict[str, Any]]:
    return (one for one in value if isinstance(one, dict)) if isinstance(value, list) else iter(())

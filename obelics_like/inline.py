"""Pictures whose bytes stand in a page itself, as `data:` URIs: read, named by their digest, and found again by it.

It decides neither which of them count nor how large they may be; nothing of it is kept but the name.
"""

from __future__ import annotations

import binascii
import html
import re
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

_DRAWINGS = ("image/svg+xml", "image/svg")
_BASE64 = re.compile(r";\s*base64\s*$", re.I)
_BLANKS, _BREAKS = re.compile(r"[\t\n\f\r ]+"), re.compile(r"[\t\n\r]+")
_NAME = re.compile(r"data:image/[\w.+-]+;sha256,[0-9a-f]{64}")
_START = re.compile(rb"data:\s*image\\?/", re.I)  # in JSON the slash may be escaped
_END = {ord('"'): re.compile(rb'"'), ord("'"): re.compile(rb"'"), ord("("): re.compile(rb"\)")}
_ANY_END = re.compile(rb"[\s\"'<>)]|&(?:quot|apos|#0*3[49]|#x0*2[27]);", re.I)

NEAR = 64
"""Bytes before a URI in which its quote is looked for."""


class Inline(NamedTuple):
    """A `data:` URI taken apart: media type, whether it is base64, and what stands behind the comma."""

    media: str
    is_base64: bool
    body: str

    @property
    def size(self) -> int:
        """Bytes it stands for; never less, and of base64 or of plain characters no more."""
        if self.is_base64:
            return (len(self.body) - self.body.count("=", -3)) * 3 // 4
        return len(self.body) - 2 * self.body.count("%")

    def data(self) -> bytes | None:
        """The bytes, or None where they are no base64."""
        data = unquote_to_bytes(self.body)
        if not self.is_base64:
            return data
        data = data.rstrip(b"=")
        try:
            return binascii.a2b_base64(data + b"=" * (-len(data) % 4), strict_mode=True)
        except binascii.Error:
            return None


def taken_apart(uri: str) -> Inline | None:
    """The parts of a `data:` URI of a raster picture (RFC 2397), None for any other.

    >>> taken_apart("data:image/PNG;base64, iVBO\\nRw==")
    Inline(media='image/png', is_base64=True, body='iVBORw==')
    """
    head, comma, body = uri.strip().partition(",")
    media = head[5:].partition(";")[0].strip().lower()
    if not comma or head[:5].lower() != "data:" or media[:6] != "image/" or media in _DRAWINGS:
        return None
    is_base64 = _BASE64.search(head) is not None
    body = body.partition("#")[0]
    return Inline(media, is_base64, (_BLANKS if is_base64 else _BREAKS).sub("", body))


def named(media: str, data: bytes) -> str:
    """What stands for such a picture where others have a URL.

    >>> named("image/png", b"")[:30]
    'data:image/png;sha256,e3b0c442'
    """
    return f"data:{media};sha256,{sha256(data).hexdigest()}"


def sides(data: bytes) -> tuple[int, int] | None:
    """Width and height that a PNG or GIF declares in its first bytes, None for any other picture.

    >>> sides(b"GIF89a" + bytes((2, 0, 1, 0)))
    (2, 1)
    """
    if data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    return None


def is_name(url: str) -> bool:
    """Whether this is what `named` gives, and not the picture itself."""
    return url[:5] == "data:" and _NAME.fullmatch(url) is not None


def pictures(page: bytes) -> dict[str, bytes]:
    """The bytes of the pictures that stand in a page as it was stored, by their names.

    Linear in the page: each `data:` URI is read up to where its quotes end.
    """
    if b"\0" in page:  # UTF-16 and the like, in which these characters have another byte each
        page = page.replace(b"\0", b"")
    found: dict[str, bytes] = {}
    at = 0
    while start := _START.search(page, at):
        before = page[max(0, start.start() - NEAR) : start.start()].rstrip()[-1:]
        end = _END.get(before[0] if before else 0, _ANY_END).search(page, start.end())
        at = end.start() if end else len(page)
        written = page[start.start() : at].decode("ascii", "replace").replace("\\/", "/")
        parts = taken_apart(html.unescape(written) if "&" in written else written)
        if parts and (data := parts.data()) is not None:
            found[named(parts.media, data)] = data
    return found

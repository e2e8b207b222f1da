"""The heads of a record: its WARC or ARC fields and its HTTP status and fields.

Heads that are odd in any way are read by FastWARC or warcio; plain ones, and ARC lines, here. It finds no records and
decides nothing about them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, cast

from obelics_like.sources.split import MAX_HEAD, Piece, arc_fields, head_end

READERS = ("fastwarc", "warcio")
CONTROL_BYTES = bytes([*range(9), 11, 12, *range(14, 32), 127])
ODD_BYTES = CONTROL_BYTES + b"\t"
CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})(?!\d)")
PLAIN_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

Pairs = list[tuple[str, str]]
Parse = Callable[[bytes], Pairs]
"""A head with its first line and its blank line, to its fields."""


class BadHead(ValueError):
    """A head that can't be read; says why."""


@dataclass(slots=True)
class Head:
    """What a record says of itself. `skip` is the HTTP head's length in the block; `http` None: it has none."""

    type: str
    url: str
    date: str | None
    warc: dict[str, str]
    http: dict[str, str] | None = None
    status: int | None = None
    skip: int = 0
    low: dict[str, str] = field(default_factory=dict)
    """WARC fields by lower-case name."""
    low_http: dict[str, str] = field(default_factory=dict)
    """HTTP fields by lower-case name."""


def read_head(piece: Piece, reader: str) -> Head:
    """The heads of a piece; raises BadHead where they can't be read."""
    parse = _by_warcio if reader == "warcio" else _by_fastwarc
    if piece.head.startswith(b"WARC/"):
        warc = _fields(_plain(piece.head) or parse(_uniform(piece.head)))
        low = {name.lower(): value for name, value in warc.items()}
        url = low.get("warc-target-uri", "").strip("<>").replace(" ", "%20")
        head = Head(low.get("warc-type", "").lower(), url, utc(low.get("warc-date")), warc, low=low)
        wants_http = head.type in ("response", "revisit") and piece.body[:5] == b"HTTP/"
    else:
        head = _arc(piece)
        wants_http = piece.body[:5] == b"HTTP/"
    if wants_http:
        _http(head, piece, parse)
    return head


def _arc(piece: Piece) -> Head:
    fields = arc_fields(piece.head)
    if fields is None:
        raise BadHead("no ARC line")
    url, _, date, mime, length = (text(f) for f in fields)
    warc = {"WARC-Target-URI": url, "WARC-Date": date, "Content-Type": mime, "Content-Length": length}
    kind = "warcinfo" if url.startswith("filedesc:") else "response"
    return Head(kind, url.replace(" ", "%20"), utc(date), warc, low={"content-type": mime})


def _http(head: Head, piece: Piece, parse: Parse) -> None:
    first = bytes(piece.body[:4096])
    end = head_end(first)
    if not end and len(piece.body) > len(first):
        first = bytes(piece.body[:MAX_HEAD])
        end = head_end(first)
    if not end and len(first) < piece.size:
        raise BadHead(f"an HTTP head of more than {len(first)} bytes")
    raw = first[:end] if end else first
    head.http = _fields(_plain(raw) or parse(_uniform(raw)))
    head.low_http = {name.lower(): value for name, value in head.http.items()}
    status = STATUS.match(raw)
    head.status = int(status[1]) if status else None
    head.skip = len(raw)


def _plain(raw: bytes) -> Pairs:
    """The fields of a head that is nothing but lines of printable ASCII, `Name: value`, which all readers read alike;
    none if it is anything else. This takes 4 microseconds; FastWARC, for a single head, 20 (after inflating a page).
    """
    if not raw.isascii() or raw.translate(None, ODD_BYTES) != raw:
        return []
    if not raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r"):
        return []
    pairs = []
    for line in raw.decode("ascii").split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if colon and name and " " not in name:
            pairs.append((name, value.strip()))
        elif line:
            return []
    return pairs


def _by_fastwarc(raw: bytes) -> Pairs:
    try:
        parsed = _header_map()()
        parsed.parse(io.BytesIO(raw))
        if raw.isascii() and len(raw.translate(None, CONTROL_BYTES)) == len(raw):
            return list(parsed.items())
        return [(text(name), text(value)) for name, value in parsed.items_bytes()]
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the Rust side is no Exception
        raise BadHead(f"FastWARC: {error}") from None


@lru_cache(maxsize=1)
def _header_map() -> Callable[[], Any]:
    from fastwarc.warc import HeaderMap

    return cast(Callable[[], Any], HeaderMap)


def _by_warcio(raw: bytes) -> Pairs:
    from warcio.statusandheaders import StatusAndHeadersParser

    try:
        parsed = StatusAndHeadersParser(["WARC/", "HTTP/"], verify=False).parse(io.BytesIO(raw))
    except Exception as error:
        raise BadHead(f"warcio: {error or type(error).__name__}") from None
    return [(_printable(name), _printable(value)) for name, value in parsed.headers]


def _uniform(raw: bytes) -> bytes:
    """The head with CRLF line ends throughout: FastWARC takes a head of bare line feeds for a single line."""
    if raw.count(b"\n") != raw.count(b"\r\n"):
        raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return raw if raw.endswith(b"\r\n\r\n") else raw.rstrip(b"\r\n") + b"\r\n\r\n"


def _fields(pairs: Pairs) -> dict[str, str]:
    """Names to values in their order; a repeated name's values are joined by a comma."""
    out = dict(pairs)
    if len(out) == len(pairs):
        return out
    out = {}
    for name, value in pairs:
        out[name] = f"{out[name]}, {value}" if name in out else value
    return out


def text(raw: bytes) -> str:
    """A header's value as text: UTF-8, else latin-1; control characters become a space.

    >>> text(b" caf\\xe9\\x07 ")
    'café'
    """
    try:
        value = raw.decode("utf-8")
    except UnicodeDecodeError:
        value = raw.decode("latin-1")
    return _printable(value)


def _printable(value: str) -> str:
    return (value if value.isprintable() else CONTROLS.sub(" ", value)).strip()


def utc(value: str | None) -> str | None:
    """A WARC or ARC date as RFC 3339 in UTC to the second; None if it is no date.

    >>> utc("20080430204825"), utc("2008-04-30T22:48:25.5+02:00"), utc("soon")
    ('2008-04-30T20:48:25Z', '2008-04-30T20:48:25Z', None)
    """
    if not value:
        return None
    if PLAIN_DATE.fullmatch(value) and _sound(value):
        return value
    try:
        if value.isdigit():
            moment = datetime.strptime(value[:14].ljust(14, "0"), "%Y%m%d%H%M%S")
        else:
            moment = datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        return None


def _sound(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True

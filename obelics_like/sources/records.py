"""What each record of an archive is: a page, a picture, or something else with the rule that says why.

It reads heads and the first bytes of bodies; it decodes no body and opens no file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import blake2b
from urllib.parse import urljoin

from obelics_like.sources.bodies import BadBody, decode
from obelics_like.sources.heads import BadHead, Head, read_head, text, utc
from obelics_like.sources.split import Piece, plain_value
from obelics_like.sources.wat import STATUS, WAT, begins_wat

HTML_TYPES = ("text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml")
UNTYPED = ("", "application/octet-stream", "binary/octet-stream", "application/x-unknown", "unknown", "unk", "no-type")
"""Types that say nothing, so that the first bytes are asked."""

MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"\0\0\x01\0", "image/x-icon"),
    (b"%PDF-", "application/pdf"),
)
HTML_START = re.compile(rb"(?i)<(?:!doctype html|html|head|body)\b")
BESIDE = re.compile(rb"(?i)\nwarc-type[ \t]*:[ \t]*(request|metadata|warcinfo)[ \t]*\r?\n")
TYPES = {b"request": "request", b"metadata": "metadata", b"warcinfo": "warcinfo"}
TYPES |= dict.fromkeys((b"response", b"resource", b"revisit", b"conversion"), "")
"""Types of records, as nearly all write them, to what `_beside` says of them."""
TARGET = re.compile(rb"(?i)\nwarc-target-uri[ \t]*:[ \t]*<?([^\r\n>]*)")
MIME = re.compile(r"(?<![^\s;,/])[^\s;,/]++/[^\s;,]+")  # begun anywhere in a word, 60,000 letters took five seconds
CHARSET = re.compile(r"(?i)charset\s*=\s*[\"']?([^\s\"';,]+)")


@dataclass(slots=True)
class Record:
    """One record of one input, or one stretch of it that could not be read.

    `offset` and `length` are bytes of the file on disk (length None: can't be told); records that share a compressed
    stream are numbered from its first byte on. `kind` is "page", "image" or "other"; `type` the WARC-Type ("html" for
    a page that is a file, "wat" for one that a WAT record tells of). `mime` is the payload's: its HTTP Content-Type,
    WARC-Identified-Payload-Type, or what its first bytes show; `charset` is HTTP's. `size` is the declared body in
    bytes, still encoded. `location` is where a redirect leads, absolute, or under which URL the payload of a revisit
    was stored (`digest:...` where it names only its digest); `original_id` and `original_date` are what a revisit says
    of the record it repeats. `rule` is None for pages and pictures, else why it is
    neither; `reason` says in words what was wrong and where. `passed` is set of a page that was not inflated, so that
    nothing is known yet of damage in its body.
    """

    offset: int
    length: int | None
    kind: str = "other"
    type: str = ""
    url: str = ""
    record_id: str | None = None
    date: str | None = None
    status: int | None = None
    mime: str | None = None
    charset: str | None = None
    size: int = 0
    digest: str | None = None
    location: str | None = None
    original_id: str | None = None
    original_date: str | None = None
    rule: str | None = None
    reason: str | None = None
    passed: bool = field(default=False, compare=False)


def describe(piece: Piece, reader: str) -> tuple[Record, Head | None]:
    """What a piece of an archive is, and its heads where they were read: not those of requests, metadata, warcinfo."""
    record = Record(piece.offset, piece.length, rule=piece.rule, reason=piece.note, passed=piece.passed)
    if not piece.head:
        return record, None
    beside = _beside(piece.head) if piece.rule is None else ""
    if beside and not (beside == "metadata" and begins_wat(piece)):  # two records in three: not worth parsing
        record.type, record.rule, record.url = beside, "not_a_page", _target(piece.head)
        return record, None
    try:
        head = read_head(piece, reader)
    except BadHead as error:
        record.rule, record.reason = piece.rule or "unreadable", piece.note or f"byte {piece.offset}: {error}"
        return record, None
    record.type, record.url, record.date = head.type, head.url, head.date
    record.record_id = head.low.get("warc-record-id", "").strip("<>") or None
    record.digest = head.low.get("warc-payload-digest")
    record.status = head.status
    record.size = piece.size - head.skip
    if head.type == "metadata" and begins_wat(piece):
        _wat(record, head, piece)
    if record.rule == "truncated" and 0 < _http_length(head) <= record.size:
        record.rule = None  # the WARC length is wrong, HTTP's says that the body is all there
    if record.rule is None:
        _judge(record, head, piece)
    return record, head


def _beside(head: bytes) -> str:
    """The type of a record that only accompanies others, "" for all others."""
    plain = TYPES.get(plain_value(head, b"WARC-Type", len(head)) or b"")
    if plain is not None:
        return plain
    found = BESIDE.search(head)
    return found[1].decode().lower() if found else ""


def _target(head: bytes) -> str:
    value = plain_value(head, b"WARC-Target-URI", len(head))
    if value is None or b"<" in value:
        found = TARGET.search(head)
        value = found[1] if found else b""
    return text(value).replace(" ", "%20")


def _wat(record: Record, head: Head, piece: Piece) -> None:
    """Make it the record of the page that a WAT record tells of: its id, its status, its type."""
    record.type, head.type = WAT, WAT
    record.record_id = head.low.get("warc-refers-to", "").strip("<>") or record.record_id
    status = STATUS.search(bytes(piece.body))
    record.status = int(status[1]) if status else None


def _http_length(head: Head) -> int:
    length = head.low_http.get("content-length", "")
    return int(length) if length.isdecimal() and "transfer-encoding" not in head.low_http else -1


def _judge(record: Record, head: Head, piece: Piece) -> None:
    """Set the kind, the type of the payload, and the rule of what is neither page nor picture."""
    if head.type == "revisit":
        _revisit(record, head)
        return
    if head.type == WAT:
        record.mime = "text/html"
        redirect = record.status is not None and 300 <= record.status < 400
        record.kind, record.rule = ("other", "redirect") if redirect else ("page", None)
        return
    if head.type not in ("response", "resource", "conversion"):
        record.rule = "not_a_page"
        return
    declared = head.low_http.get("content-type", "") if head.http is not None else head.low.get("content-type", "")
    record.mime = _mime(declared, head, piece)
    charset = CHARSET.search(declared)
    record.charset = charset[1].lower() if charset else None
    if record.status is not None and 300 <= record.status < 400:
        record.rule = "redirect"
        record.location = _absolute(record.url, head.low_http.get("location", ""))
    elif record.mime in HTML_TYPES and record.url:
        record.kind = "page"
    elif (record.mime or "").startswith("image/") and record.status in (None, 200) and record.url:
        record.kind = "image"
    elif not record.url:
        record.rule, record.reason = "unreadable", f"the record at byte {record.offset} has no WARC-Target-URI"
    elif record.mime == "application/pdf":
        record.rule = "pdf"
    else:
        record.rule = "extracted_text" if head.type == "conversion" and record.mime == "text/plain" else "not_a_page"


def _revisit(record: Record, head: Head) -> None:
    """Say what a revisit repeats, and of what type its answer was if it tells."""
    record.rule, record.location = "revisit", _original(record, head)
    record.original_id = head.low.get("warc-refers-to", "").strip("<>") or None
    record.original_date = utc(head.low.get("warc-refers-to-date"))
    found = MIME.search(head.low_http.get("content-type", ""))
    record.mime = found[0].lower() if found else None


def _original(record: Record, head: Head) -> str | None:
    """Where the payload of a revisit is to be found: where its answer led, or the URL or digest it refers to."""
    if record.status is not None and 300 <= record.status < 400 and record.status != 304:
        return _absolute(record.url, head.low_http.get("location", ""))
    refers = head.low.get("warc-refers-to-target-uri", "").strip("<>").replace(" ", "%20")
    if refers:
        return refers if refers != record.url else None  # else it is found under its own URL
    return f"digest:{record.digest}" if record.digest else None


def _mime(declared: str, head: Head, piece: Piece) -> str | None:
    """The payload's type, in lower case and without parameters."""
    for value in (declared, head.low.get("warc-identified-payload-type", "")):
        found = MIME.search(value)
        mime = found[0].lower() if found else value.strip().lower()
        if mime.startswith("application/http") or mime in UNTYPED or not found:
            continue
        return mime
    return sniff(_first_bytes(head, piece)) or ("application/octet-stream" if declared else None)


def _first_bytes(head: Head, piece: Piece) -> bytes:
    raw = bytes(piece.body[head.skip : head.skip + 4096])
    try:
        return decode(raw, head.low_http, 1 << 16)
    except BadBody:
        return raw


def sniff(first: bytes) -> str | None:
    """The type that the first bytes of a body show: HTML, a picture, or None.

    >>> sniff(b"GIF89a.."), sniff(b"<!DOCTYPE html><p>"), sniff(b"hello")
    ('image/gif', 'text/html', None)
    """
    for magic, mime in MAGIC:
        if first.startswith(magic):
            return mime
    if first[:4] == b"RIFF" and first[8:12] == b"WEBP":
        return "image/webp"
    if first[4:8] == b"ftyp" and first[8:12] in (b"avif", b"avis", b"heic", b"heix", b"mif1"):
        return "image/avif" if first[8:11] == b"avi" else "image/heic"
    return "text/html" if HTML_START.match(_past_prolog(first[:4096])) else None


def _past_prolog(first: bytes) -> bytes:
    """What comes after byte order mark, blanks, comments and processing instructions."""
    while True:
        first = first.lstrip(b" \t\r\n\f\0\xef\xbb\xbf\xff\xfe")
        end = b"-->" if first.startswith(b"<!--") else b"?>" if first.startswith(b"<?xml") else b""
        if not end or end not in first:
            return first.replace(b"\0", b"")
        first = first.partition(end)[2]


def _absolute(url: str, location: str) -> str | None:
    if not location:
        return None
    try:
        return urljoin(url, location)
    except ValueError:
        return None


def document_id(record_id: str | None, url: str, date: str | None) -> str:
    """A page's id, 32 hex characters: of its WARC record id, else of its URL and date.

    >>> document_id("urn:uuid:1", "http://a.example/", None) == document_id("<urn:uuid:1>", "", "2020-01-01T00:00:00Z")
    True
    """
    key = record_id.strip("<>") if record_id else f"{url}\n{date or ''}"
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

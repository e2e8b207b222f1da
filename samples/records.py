"""Bytes of WARC and ARC records, one gzip member each, the same bytes for the same input on every run.

Knows nothing of the sample pages and writes no file.
"""

from __future__ import annotations

import base64
import hashlib
import struct
import uuid
import zlib

SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://samples.obelics-like.example/")
REASONS = {200: "OK", 301: "Moved Permanently", 302: "Found", 404: "Not Found"}


def gzip_member(data: bytes) -> bytes:
    """One complete gzip member with no time, no name and no operating system in its header."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflate.compress(data) + deflate.flush()
    return b"\x1f\x8b\x08\0\0\0\0\0\x02\xff" + body + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


def sha1(data: bytes) -> str:
    """A digest as WARC writes it: `sha1:` and base 32."""
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


def record_id(*parts: str) -> str:
    """A WARC-Record-ID that depends only on `parts`."""
    return f"<urn:uuid:{uuid.uuid5(SPACE, ' '.join(parts))}>"


def http_response(body: bytes, content_type: str, status: int = 200, headers: dict[str, str] | None = None) -> bytes:
    """Status line, headers and body of an HTTP/1.1 answer. A `chunked` body must already be cut into chunks."""
    fields = {"Server": "sample", "Content-Type": content_type, **(headers or {})}
    if "Transfer-Encoding" not in fields:
        fields["Content-Length"] = str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} {REASONS[status]}\r\n{head}\r\n".encode("ascii") + body


def chunked(body: bytes, size: int = 1000) -> bytes:
    """`body` in the chunked transfer coding."""
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces) + b"0\r\n\r\n"


def warc_record(kind: str, block: bytes, content_type: str, date: str, fields: dict[str, str]) -> bytes:
    """A WARC/1.0 record, not compressed. `fields` come last and may replace or, when empty, remove a header."""
    uri = fields.get("WARC-Target-URI", "")
    headers = {
        "WARC-Type": kind,
        "WARC-Record-ID": record_id(kind, uri, date),
        "WARC-Date": date,
        "WARC-Target-URI": uri,
        "WARC-Block-Digest": sha1(block),
        "Content-Type": content_type,
        "Content-Length": str(len(block)),
    }
    headers.update(fields)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value)
    return f"WARC/1.0\r\n{head}\r\n".encode("ascii") + block + b"\r\n\r\n"


def warcinfo(filename: str, date: str, about: str) -> bytes:
    """The record that opens an archive."""
    block = f"software: samples/make.py\r\nformat: WARC File Format 1.0\r\ndescription: {about}\r\n".encode()
    fields = {"WARC-Filename": filename, "WARC-Record-ID": record_id("warcinfo", filename)}
    return warc_record("warcinfo", block, "application/warc-fields", date, fields)


def response(uri: str, date: str, block: bytes, fields: dict[str, str] | None = None) -> bytes:
    """A response record. The payload is what follows the HTTP head, as it went over the wire."""
    payload = block.partition(b"\r\n\r\n")[2]
    named = {"WARC-Target-URI": uri, "WARC-Payload-Digest": sha1(payload), **(fields or {})}
    return warc_record("response", block, "application/http; msgtype=response", date, named)


def arc_header(filename: str, date: str) -> bytes:
    """The first record of an ARC file, version 1 (date as 14 digits)."""
    body = b"1 0 InternetArchive\nURL IP-address Archive-date Content-type Archive-length\n\n"
    return f"filedesc://{filename} 0.0.0.0 {date} text/plain {len(body)}\n".encode() + body + b"\n"


def arc_record(uri: str, date: str, mime: str, block: bytes) -> bytes:
    """An ARC record: one line of five fields, then the HTTP answer."""
    return f"{uri} 192.0.2.7 {date} {mime} {len(block)}\n".encode() + block + b"\n"

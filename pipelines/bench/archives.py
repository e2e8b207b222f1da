"""The archives that a benchmark hands to everyone: the HTML pages of a folder, all of them or evenly spread ones, as
Common Crawl has them.

So a page stands between its request and a metadata record that names it, a gzip member each, and has the header
WARC-Identified-Payload-Type: without it datatrove guesses the type from the bytes and leaves pages out. The page itself
is not changed. It reads sound `.warc.gz` files only.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast

_LENGTH = re.compile(rb"^content-length:\s*(\d+)", re.I | re.M)
_RESPONSE = re.compile(rb"^warc-type:\s*response", re.I | re.M)
_HTML = re.compile(rb"^content-type:\s*(?:text/html|application/xhtml)", re.I | re.M)
_REDIRECT = re.compile(rb"HTTP/\S+ 3")
_IDENTIFIED = re.compile(rb"^warc-identified-payload-type:", re.I | re.M)
_ADDRESS = re.compile(rb"^warc-target-uri:[ \t]*(\S+)", re.I | re.M)
_IDENTITY = re.compile(rb"^warc-record-id:[ \t]*(\S+)", re.I | re.M)
_REQUEST = (
    b"GET / HTTP/1.1\r\nUser-Agent: sample/1.0 (a crawler that says who it is)\r\nAccept: text/html,"
    b"application/xhtml+xml,*/*;q=0.5\r\nAccept-Language: en\r\nAccept-Encoding: br,gzip\r\n\r\n"
)
_NOTES = b'fetchTimeMs: 312\r\ncharset-detected: UTF-8\r\nlanguages-cld2: {"reliable":true,"text-bytes":4005}\r\n'


def records(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """The records of an archive as (head, block), one at a time."""
    with gzip.open(path) as opened:
        file = cast(BinaryIO, opened)
        while head := _head(file):
            length = _LENGTH.search(head)
            yield head, file.read(int(length[1]) if length else 0)


def _head(file: BinaryIO) -> bytes:
    lines = []
    for line in file:
        if line.strip():
            lines.append(line.rstrip(b"\r\n") + b"\r\n")
        elif lines:
            break
    return b"".join(lines)


def is_page(head: bytes, block: bytes) -> bool:
    """Whether a record is a response that calls itself HTML, and no redirect."""
    answer = block.partition(b"\r\n\r\n")[0]
    return bool(_RESPONSE.search(head) and _HTML.search(answer) and not _REDIRECT.match(answer))


def pages(paths: Sequence[Path]) -> Iterator[tuple[bytes, bytes]]:
    """The page records of several archives."""
    return ((head, block) for path in paths for head, block in records(path) if is_page(head, block))


def write(paths: Sequence[Path], out: Path, wanted: Callable[[int], bool]) -> int:
    """Write the pages whose number (from 0, over all archives) is wanted to one archive; gives how many they are."""
    count = 0
    with out.open("wb") as file:
        for number, (head, block) in enumerate(pages(paths)):
            if wanted(number):
                for record in crawled(head, block):
                    file.write(gzip.compress(record, 6, mtime=0))
                count += 1
    return count


def crawled(head: bytes, block: bytes) -> list[bytes]:
    """The records that a crawler writes of a page: the request, the page, and what it noted."""
    url, identity = _ADDRESS.search(head), _IDENTITY.search(head)
    address, named = url[1] if url else b"", b"WARC-Concurrent-To: %s\r\n" % identity[1] if identity else b""
    if not _IDENTIFIED.search(head):
        head += b"WARC-Identified-Payload-Type: text/html\r\n"
    return [
        _beside(b"request", b"application/http; msgtype=request", address, named, _REQUEST),
        head + b"\r\n" + block + b"\r\n\r\n",
        _beside(b"metadata", b"application/warc-fields", address, named, _NOTES),
    ]


def _beside(kind: bytes, mime: bytes, url: bytes, named: bytes, block: bytes) -> bytes:
    identity = b"<urn:uuid:00000000-0000-4000-8000-000000000000>"
    return (
        b"WARC/1.0\r\nWARC-Type: %s\r\nWARC-Date: 2024-05-20T06:00:00Z\r\nWARC-Record-ID: %s\r\nContent-Length: %d\r\n"
        b"Content-Type: %s\r\nWARC-Warcinfo-ID: %s\r\n%sWARC-Target-URI: %s\r\n\r\n%s\r\n\r\n"
        % (kind, identity, len(block), mime, identity, named, url, block)
    )


def spread(total: int, count: int) -> Callable[[int], bool]:
    """A choice of `count` of `total` numbers, evenly spread and the same every time.

    >>> [n for n in range(10) if spread(10, 3)(n)]
    [0, 4, 7]
    """
    return lambda number: number * count % total < count

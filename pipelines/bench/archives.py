"""The archives that a benchmark hands to everyone: the HTML pages of a folder, all of them or evenly spread ones.

Every page gets the header WARC-Identified-Payload-Type, which the files of Common Crawl carry: without it datatrove
guesses the type from the bytes and leaves pages out. Nothing else is changed. It reads sound `.warc.gz` files only.
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
                if not _IDENTIFIED.search(head):
                    head += b"WARC-Identified-Payload-Type: text/html\r\n"
                file.write(gzip.compress(head + b"\r\n" + block + b"\r\n\r\n", 6, mtime=0))
                count += 1
    return count


def spread(total: int, count: int) -> Callable[[int], bool]:
    """A choice of `count` of `total` numbers, evenly spread and the same every time.

    >>> [n for n in range(10) if spread(10, 3)(n)]
    [0, 4, 7]
    """
    return lambda number: number * count % total < count

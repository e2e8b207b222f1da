"""Files that list inputs, one a line: how they are read, and where their entries lead.

It opens the list and nothing that it names.
"""

from __future__ import annotations

import glob
import os
import re
import zlib
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from obelics_like.errors import InputError
from obelics_like.sources.disk import Disk, packing
from obelics_like.sources.remote import WEB, is_remote, scheme
from obelics_like.sources.web import inside

MOST, STEP = 1 << 28, 1 << 12
"""Bytes of a list, unpacked, at most: 256 MB, some two million archives; bytes that are inflated at once."""
CRAWL_ENTRY = re.compile(r"(?:crawl-data|cc-index|projects)/[A-Za-z0-9]")
"""How a path begins that Common Crawl's lists name: counted from its data host, not from the list."""
FAR = (*WEB, "s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "hf")
"""Schemes that a list from elsewhere may name: it is not to make us read files of this machine."""


def entries(path: str) -> Iterator[tuple[int, str]]:
    """The entries of a list with their line numbers; blank lines and those that begin with # are none.

    Raises InputError for a list without entries or one that is too long, OSError if it can't be read.
    """
    some = False
    for number, line in enumerate(_text(path).splitlines(), 1):
        entry = line.strip()
        if entry and not entry.startswith("#"):
            some = True
            yield number, entry
    if not some:
        raise InputError(f"input {path}", got="a list without a path", valid="one path a line", do="add paths to it")


def resolve(entry: str, listed_in: str, base: str) -> str:
    """The path or URL that an entry leads to.

    A URL is itself. An entry of a list elsewhere is counted from the folder of the list's URL that it begins with, if
    there is one, else from the list. One of a list here is looked for here, beside the list, then along the list's
    own folders, as in a mirror; what is not found and has the form of Common Crawl's paths is taken from `base`.

    >>> resolve("crawl-data/A/x.gz", "https://data.example/crawl-data/A/warc.paths.gz", "")
    'https://data.example/crawl-data/A/x.gz'
    >>> resolve("x.gz", "s3://bucket/lists/all.paths", "")
    's3://bucket/lists/x.gz'
    """
    if "://" in entry:
        if is_remote(listed_in) and scheme(entry) not in FAR:
            raise InputError(
                f"{listed_in}: entry {entry}",
                got="a file of this machine, named by a list from elsewhere",
                valid="a path beside the list, or a URL of " + ", ".join(FAR),
                do="copy the list here if it is right",
            )
        if scheme(listed_in) in WEB and scheme(entry) in WEB and _inside(entry) and not _inside(listed_in):
            raise InputError(
                f"{listed_in}: entry {entry}",
                got="an address of this machine or its network, named by a list from elsewhere",
                valid="a path beside the list, or a public address",
                do="copy the list here if it is right",
            )
        return entry
    if is_remote(listed_in):
        along = _along(entry, listed_in)
        if scheme(listed_in) in WEB:
            return along or urljoin(listed_in, entry)
        return along or f"{listed_in.rpartition('/')[0]}/{entry.lstrip('/')}"
    beside = os.path.join(os.path.dirname(listed_in), entry)
    along = _along(entry, os.path.abspath(listed_in))
    for there in (entry, beside, along):
        if there and (os.path.exists(there) or (glob.has_magic(there) and glob.glob(there, recursive=True))):
            return there
    if CRAWL_ENTRY.match(entry):
        return join(base, entry)
    return beside if glob.has_magic(beside) else entry


def _inside(url: str) -> bool:
    """Whether a URL leads to this machine or its own network, however its host is written: 2130706433 is 127.0.0.1."""
    try:
        return inside(urlsplit(url).hostname or "")
    except ValueError:
        return False


def join(base: str, entry: str) -> str:
    """An entry under a base, which is a URL or a folder."""
    return f"{base.rstrip('/')}/{entry}" if is_remote(base) else os.path.join(base, entry)


def _along(entry: str, listed_in: str) -> str | None:
    """The entry put onto the part of the list's own path that lies above the folder it begins with."""
    first, slash, _ = entry.partition("/")
    path = urlsplit(listed_in).path if scheme(listed_in) in WEB else listed_in
    at = path.find(f"/{first}/") if first and slash else -1
    if at < 0:
        return None
    start = listed_in.index(path)
    return f"{listed_in[: start + at]}/{entry}"


def _text(path: str) -> str:
    disk = Disk(path)
    try:
        raw = disk.read(0, MOST)
    finally:
        disk.close()
    if packing(raw[:8]) == "gzip":
        raw = _unpacked(path, raw)
    if len(raw) >= MOST:
        raise InputError(f"input {path}", got=f"a list of over {MOST} bytes", valid="a shorter one", do="split it")
    return raw.decode("utf-8-sig", "surrogateescape")


def _unpacked(path: str, raw: bytes) -> bytes:
    """All members; each is given a step at a time, as what lies behind its end is copied: a list may have a million."""
    out, view, at = bytearray(), memoryview(raw), 0
    while at < len(raw) and len(out) < MOST:
        member = zlib.decompressobj(31)
        try:
            while at < len(raw) and not member.eof and len(out) < MOST:
                piece = view[at : at + STEP]
                out += member.decompress(piece, MOST - len(out))
                at += len(piece) - len(member.unused_data) - len(member.unconsumed_tail)
            whole = member.eof or len(out) >= MOST
        except zlib.error:
            whole = False
        if not whole:  # half a list would be half a corpus, and nobody told
            raise InputError(f"input {path}", got="a list whose gzip data are damaged or cut", valid="a whole one",
                             do="get it again")  # fmt: skip
    return bytes(out)

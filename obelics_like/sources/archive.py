"""Inputs read: every record once for the index, pages in the order of their offsets, pictures one by one.

Reading decides nothing about a page but whether it can be read; the recipe's stages decide the rest.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import ClassVar

from obelics_like import inline
from obelics_like.document import Origin, Page, Place
from obelics_like.errors import OptionError, UnknownName
from obelics_like.sources.bodies import BadBody, decode
from obelics_like.sources.digests import matches, payload_facts
from obelics_like.sources.disk import Disk, split_path
from obelics_like.sources.heads import READERS, BadHead, Head, read_head
from obelics_like.sources.inputs import Input, expand
from obelics_like.sources.records import Record, describe, document_id
from obelics_like.sources.remote import Unreachable, is_remote
from obelics_like.sources.split import MAX_HEAD, Piece
from obelics_like.sources.walk import File, walk
from obelics_like.sources.wat import WAT, told
from obelics_like.stage import AnyStage

__all__ = ["Archive", "Record", "document_id", "read", "read_bytes", "read_pages", "scan"]


DIGESTS = ("mark", "drop", "ignore")
CUT_PAGES = ("mark", "drop")


@dataclass(frozen=True)
class Archive(AnyStage):
    """How the inputs are read.

    Options:
        reader: the library that reads those heads of WARC records that are not plain lines of ASCII, "fastwarc" or
            "warcio". Where records begin and end, and what to do after damage, is our own in either case.
        max_page_bytes: a page whose body, decoded, is longer than so many bytes is dropped as body_too_large.
        max_image_bytes: a picture whose body, decoded, is longer than so many bytes is not read.
        digests: what is done where a payload is not the one whose digest its record bears (WARC-Payload-Digest; md5,
            sha1, sha256 or sha512): "mark" sets the page's fact payload_digest, "drop" drops the page as
            digest_mismatch and does not read the picture, "ignore" computes no digest.
        cut_pages: what is done with a page that its crawler cut (WARC-Truncated): "mark" sets the fact cut_by, "drop"
            drops it as cut_page.
    """

    reader: str = "fastwarc"
    max_page_bytes: int = 20_000_000
    max_image_bytes: int = 64_000_000
    digests: str = "mark"
    cut_pages: str = "mark"

    rules: ClassVar[dict[str, str]] = {
        "not_a_page": "a record that holds neither a page nor a picture (request, metadata, script, ...)",
        "pdf": "a PDF document, which is not read",
        "extracted_text": "a conversion record of plain text, as in WET files: no page is left to be read",
        "redirect": "an answer that only leads elsewhere (HTTP 3xx)",
        "revisit": "a record that only says that nothing had changed since an earlier one, which is read instead",
        "revisit_unresolved": "a revisit of a page or a picture that is nowhere in the inputs",
        "unreadable": "a record, or a stretch of a file, that can't be read",
        "unreachable": "a record, or the rest of a file elsewhere, that could not be had; the next run tries again",
        "truncated": "a record that the file's end cuts off, or that holds less than it declares",
        "same_record": "a record that the inputs hold a second time",
        "body_too_large": "a page whose decoded body is longer than max_page_bytes",
        "digest_mismatch": "a page whose payload is not the one that its record's digest tells of (digests)",
        "cut_page": "a page that its crawler cut, as WARC-Truncated says (cut_pages)",
    }
    facts: ClassVar[dict[str, str]] = {
        "payload_digest": '"mismatch": the payload is not the one that its record\'s digest tells of',
        "cut_by": "why the crawler cut the page, as WARC-Truncated says: length, time, disconnect, ...",
        "met_again": "when the page was last found unchanged, as a revisit record says that is later than the page",
        "missing_bytes": "how many bytes the stored page is short of its HTTP Content-Length",
    }

    def check(self) -> None:
        """Raise UnknownName for a reader or a choice that does not exist, OptionError for a cap that is none."""
        for name, known in (("reader", READERS), ("digests", DIGESTS), ("cut_pages", CUT_PAGES)):
            if getattr(self, name) not in known:
                raise UnknownName(f"stage {self.id or 'sources'}: option {name}", getattr(self, name), known)
        for name in ("max_page_bytes", "max_image_bytes"):
            value = getattr(self, name)
            if value < 1:
                raise OptionError(
                    f"stage {self.id or 'sources'}: option {name}",
                    got=value,
                    valid="a number of bytes above 0",
                    do=f"leave {name} out, or raise it",
                )


def scan(source: Input, options: Archive, thorough: bool = False) -> Iterator[Record]:
    """Every record of an input once, in the file's order, with its heads read and its body passed over.

    The bodies of pages are not inflated where their end is found without (`passed`), unless it is to be `thorough`:
    damage there shows when the page is read.

    What can't be read is a record too, of rule `unreadable`, `truncated` or `unreachable`. Of an input with picks,
    these are the records. Never raises for what the file holds.
    """
    if source.format == "html":
        yield _file_record(source)
        return
    at = -1
    try:
        disk = Disk(source.path, source.picks)
        file = File(disk)
        picked = map(partial(_picked, file), source.picks)
        for piece in picked if source.picks else file.walk(MAX_HEAD, skim=not thorough):
            at = piece.offset
            record = describe(piece, options.reader)[0]
            if piece.passed and record.kind != "page":  # it will not be read: only now is its damage seen
                piece = file.piece_at(at, MAX_HEAD) or piece
                record = describe(piece, options.reader)[0]
            yield record
        disk.check()
    except OSError as error:
        rule = "unreachable" if isinstance(error, Unreachable) else "unreadable"
        yield Record(at + 1, None, rule=rule, reason=f"{source.name} after byte {max(at, 0)}: {error}")


def _picked(file: File, pick: tuple[int, int]) -> Piece:
    """The record of a pick, as `walk` would give it."""
    offset, length = pick
    piece = file.piece_at(offset, MAX_HEAD)
    if piece is None:
        return Piece(offset, length, rule="unreadable", note=f"no record begins at byte {offset}")
    piece.length = piece.length or length
    return piece


def read(source: Input, records: Sequence[Record], options: Archive) -> Iterator[tuple[Record, Page | str]]:
    """The pages of an input, for `records` in ascending order of their offsets.

    Each comes with its Page, or with the reason why it can't be read, which begins with the rule it falls under:
    "unreadable: ...", "unreachable: ...", "truncated: ...", "body_too_large: ...", "digest_mismatch: ..." or
    "cut_page: ...".
    """
    if source.format == "html":
        for record in records:
            yield record, _file_page(source, record, options)
        return
    keep = options.max_page_bytes + MAX_HEAD
    cursor: Cursor | None = None
    try:
        cursor = Cursor(source.path, source.picks)
    except OSError as error:
        yield from ((record, _fault(error)) for record in records)
        return
    for record in records:
        try:
            piece = cursor.piece(record.offset, keep, record.length, record.size)
        except OSError as error:
            yield record, _fault(error)
            continue
        yield record, _page(source, record, piece, options)


def _fault(error: OSError) -> str:
    return f"{'unreachable' if isinstance(error, Unreachable) else 'unreadable'}: {error}"


def read_bytes(place: Place, options: Archive) -> bytes:
    """The bytes of a picture. Files stay open between calls, so ask for them in the order of their offsets.

    Raises OSError if the file is gone, or no longer holds there what it held when it was scanned.
    """
    if place.kind in ("page", "file"):
        found = _in_page(replace(place, url=""), options, _state(place.path)).get(place.url)
        if found is None:
            raise OSError(f"{place.path}: {place.url} does not stand in the page at byte {place.offset}")
        return found
    cursor = _cursor(place.path, place.kind, _state(place.path))
    if place.kind == "pack":
        length = place.length or 0
        data = cursor.disk.read(place.offset, length)
        if len(data) != length:
            raise OSError(f"{place.path}: {length} bytes wanted at byte {place.offset}, {len(data)} are there")
        return data
    piece = cursor.piece(place.offset, options.max_image_bytes + MAX_HEAD)
    record, head = describe(piece, options.reader) if piece is not None else (None, None)
    if piece is None or record is None or head is None or record.rule in ("unreadable", "truncated"):
        why = record.reason if record is not None else "no record begins there"
        raise OSError(f"{place.path}: the picture at byte {place.offset} can't be read ({why}); has the file changed?")
    if place.url and record.url != place.url:
        raise OSError(f"{place.path}: byte {place.offset} holds {record.url}, not {place.url}; the file has changed")
    try:
        raw = _raw(piece, head, options.max_image_bytes)
        if options.digests == "drop" and matches(record.digest or "", raw, head.low_http) is False:
            raise BadBody("digest_mismatch", f"it is not what {record.digest} tells of")
        return decode(raw, head.low_http, options.max_image_bytes)
    except BadBody as error:
        raise OSError(f"{place.path}: the picture at byte {place.offset} can't be read: {error}") from None


@lru_cache(maxsize=1)
def _in_page(place: Place, options: Archive, known: tuple[int, ...]) -> dict[str, bytes]:
    """The pictures that stand in a page, by their names; they are asked for one after another."""
    if place.kind == "file":
        source = Input(place.path, place.path, "html", place.length or 0)
        page = _file_page(source, Record(0, place.length, "page"), options)
    else:
        source = Input(place.path, place.path, "warc", 0)
        piece = _cursor(place.path, place.kind, known).piece(place.offset, options.max_page_bytes + MAX_HEAD)
        record, head = describe(piece, options.reader) if piece is not None else (None, None)
        page = ""
        if piece is not None and record is not None and head is not None:
            page = _page_of(source, record, piece, head, options)
    if isinstance(page, str):
        raise OSError(
            f"{place.path}: the page at byte {place.offset} can't be read: {page or 'no record begins there'}"
        )
    return inline.pictures(page.html)


def read_pages(path: str) -> Iterator[Page]:
    """The pages of a file, folder, glob or list of archives, as they were stored; what can't be read is left out.

    Raises InputError if the path leads to nothing that can be read.
    """
    options = Archive()
    for source in expand([path]):
        if source.format == "html":
            page = _file_page(source, _file_record(source), options)
            if isinstance(page, Page):
                yield page
            continue
        for piece in walk(Disk(source.path), options.max_page_bytes + MAX_HEAD):
            record, head = describe(piece, options.reader)
            page = _page_of(source, record, piece, head, options) if record.kind == "page" and head else ""
            if isinstance(page, Page):
                yield page


class Cursor:
    """An archive held open: goes straight to a record where the file allows it, else walks on to it."""

    def __init__(self, path: str, picks: Sequence[tuple[int, int]] = ()) -> None:
        self.disk = Disk(path, picks)
        self.file = File(self.disk)
        self._alone = bool(picks)
        self._walk: Iterator[Piece] | None = None
        self._seen: Piece | None = None
        self._keep = 0

    def piece(self, offset: int, keep: int, length: int | None = None, size: int = -1) -> Piece | None:
        """The record at `offset` with up to `keep` bytes of its block; None if there is none.

        `length` and `size` are those of its Record, if it is known.
        """
        direct = self.file.piece_at(offset, keep, length, size)
        if direct is not None or self._alone:
            return direct
        behind = self._seen is not None and self._seen.offset > offset
        if self._walk is None or behind or keep != self._keep:
            self._walk, self._seen, self._keep = self.file.walk(keep), None, keep
        while self._seen is None or self._seen.offset < offset:
            self._seen = next(self._walk, None)
            if self._seen is None:
                self._walk = None
                return None
        return self._seen if self._seen.offset == offset else None


@lru_cache(maxsize=8)
def _cursor(path: str, kind: str, known: tuple[int, ...]) -> Cursor:
    return Cursor(path)


def _state(path: str) -> tuple[int, ...]:
    """What tells that a file is another one than before; a remote file is asked when it is read."""
    outer = split_path(path)[0]
    state = None if is_remote(outer) else os.stat(outer)
    return (state.st_ino, state.st_size, state.st_mtime_ns) if state else ()


def _page(source: Input, record: Record, piece: Piece | None, options: Archive) -> Page | str:
    if piece is None:
        return f"unreadable: no record begins at byte {record.offset} any more"
    if piece.rule is not None:
        found, _ = describe(piece, options.reader)
        if found.rule in ("unreadable", "truncated"):
            return f"{found.rule}: {found.reason}"
    if record.length is not None and piece.length != record.length and not source.picks:
        end, seen = piece.offset + (piece.length or 0), record.offset + record.length
        where = f"ends at byte {end}" if piece.length else "holds other records"
        return f"unreadable: the record at byte {record.offset} {where}, though one was seen to begin at byte {seen}"
    try:
        head = read_head(piece, options.reader)
    except BadHead as error:
        return f"unreadable: byte {record.offset}: {error}"
    head.type = WAT if record.type == WAT else head.type
    if head.url != record.url:
        return f"unreadable: byte {record.offset} holds {head.url or 'no record'}, not {record.url}"
    return _page_of(source, record, piece, head, options)


def _page_of(source: Input, record: Record, piece: Piece, head: Head, options: Archive) -> Page | str:
    try:
        raw = _raw(piece, head, options.max_page_bytes)
        facts = payload_facts(raw, head, options.digests != "ignore")
        if options.digests == "drop" and "payload_digest" in facts:
            return (
                f"digest_mismatch: the payload of the record at byte {record.offset} is not what {record.digest} says"
            )
        if options.cut_pages == "drop" and "cut_by" in facts:
            return f"cut_page: the record at byte {record.offset} says WARC-Truncated: {facts['cut_by']}"
        body = told(raw) if head.type == WAT else decode(raw, head.low_http, options.max_page_bytes)
    except BadBody as error:
        return f"{error.rule}: {error}"
    origin = Origin(
        source.name,
        record.offset,
        record.length,
        record_id=record.record_id,
        date=record.date,
        status=record.status,
        mime=record.mime,
        digest=record.digest,
        warc_headers=head.warc,
        http_headers=head.http or {},
    )
    declared = head.low_http.get("content-type") if head.http is not None else head.low.get("content-type")
    declared = "text/html; charset=utf-8" if head.type == WAT else declared
    return Page(record.url, body, declared, origin, facts)


def _raw(piece: Piece, head: Head, cap: int) -> bytes:
    """The payload as it is stored."""
    if piece.payload is not None:
        if head.skip == len(piece.body) and len(piece.payload) <= cap + MAX_HEAD:
            return piece.payload
        piece.body, piece.payload = bytes(piece.body) + piece.payload, None
    if piece.size > len(piece.body):  # longer than what was kept, hence than the cap
        raise BadBody("body_too_large", f"its body has {piece.size - head.skip} bytes, more than {cap}")
    return bytes(piece.body[head.skip :])


def _file_record(source: Input) -> Record:
    url = source.path if is_remote(source.path) else Path(source.path).absolute().as_uri()
    record = Record(0, source.size, "page", "html", url, mime="text/html", size=source.size)
    if source.size == 0:
        record.kind, record.rule, record.reason = "other", "unreadable", "the file is empty"
    return record


def _file_page(source: Input, record: Record, options: Archive) -> Page | str:
    try:
        html = Disk(source.path).read(0, options.max_page_bytes + 1)
    except OSError as error:
        return _fault(error)
    if len(html) > options.max_page_bytes:
        return f"body_too_large: the file has more than {options.max_page_bytes} bytes"
    return Page(record.url, html, None, Origin(source.name, 0, len(html), mime="text/html"))

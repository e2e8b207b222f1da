"""A file cut into records, every byte of it accounted for: one piece a record, one piece for what is none.

It finds where compressed members begin and end and gets past damage: one bad record costs one record. Offsets are
bytes of the file on disk; the records that share one compressed stream (a file that is a single gzip member) are
numbered from its first byte on, so that no two records of a file share an offset. It reads no header.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import replace

from obelics_like.sources.disk import PACKINGS, Disk, packing
from obelics_like.sources.packings import DICTIONARY, STEP, Engine, dictionary_at, engine_maker, skippable
from obelics_like.sources.passed import Skimmer
from obelics_like.sources.resume import Resumed, resume
from obelics_like.sources.split import MAX_ARC_LINE, MAX_HEAD, Piece, arc_fields, begins_record, split
from obelics_like.sources.stream import Packed, Plain, Stream
from obelics_like.sources.whole import LARGEST, known_record, whole_record
from obelics_like.sources.zips import SIGNATURE

__all__ = ["MAX_HEAD", "File", "Piece", "arc_fields", "begins_record", "first_record", "open_stream", "settle", "walk"]

RESUMES = 32
"""How often a file's compressed streams are entered again behind damage, which takes up to a second each."""
PATIENCE = 8
"""So many members that are not one whole record each, beyond those that are, and all are read with care at once."""


class File:
    """An archive: its packing, its zstd dictionary, and what opens its streams."""

    def __init__(self, disk: Disk, kind: str | None = None) -> None:
        self.disk, self.kind = disk, kind or settle(disk)
        self.resumes = 0
        self.fault: str | None = None
        """What is wrong with its dictionary."""
        if self.kind != "plain":
            self.engine: Callable[[], Engine] = engine_maker(self.kind)
            self._learn(0)

    def _learn(self, at: int) -> None:
        """Take the dictionary at `at`, if one begins there."""
        if self.kind != "zstd" or self.disk.read(at, 4) != DICTIONARY:
            return
        try:
            self.engine, self.fault = engine_maker(self.kind, dictionary_at(self.disk, at)), None
        except ValueError as error:
            self.fault = str(error)

    def open(self, at: int) -> Stream:
        """The stream at `at`: the rest of a plain file, else the member there."""
        if self.kind == "plain":
            return Plain(self.disk, at)
        return Packed(self.disk, at, self.engine, STEP[self.kind], begins_record)

    def walk(self, keep: int, skim: bool = False) -> Iterator[Piece]:
        """All pieces in their order, each with up to `keep` bytes of its block.

        With `skim`, pages of a gzip file are passed over where their end can be found otherwise (`passed`).
        """
        some, self.resumes = False, 0
        for piece in split(self.open(0), keep) if self.kind == "plain" else self._members(keep, skim):
            some = True
            yield piece
        if not some:
            note = "the file is empty" if self.disk.size == 0 else "the file holds blank lines or empty members only"
            yield Piece(0, self.disk.size, rule="unreadable", note=note)

    def piece_at(self, offset: int, keep: int, length: int | None = None, size: int = -1) -> Piece | None:
        """The record that begins at `offset`, read without what lies before it; None if none can be read so.

        It is read faster where the `length` of its member and the `size` of its payload are known.
        """
        if not 0 <= offset < self.disk.size:
            return None
        if self.kind == "plain":
            return next(split(self.open(offset), keep), None)
        if packing(self.disk.read(offset, 8)) != self.kind:
            return None
        piece = None
        if length is not None and 0 <= size <= keep - MAX_HEAD and length <= LARGEST and self.kind == "gzip":
            piece = known_record(self.disk, offset, self.engine(), length, size)
        piece = piece or whole_record(self.disk, offset, self.engine(), STEP[self.kind], keep)
        if piece is None:
            piece = next(self._careful(offset, keep), None)
        return piece if piece is not None and piece.head else None

    def _members(self, keep: int, skim: bool) -> Iterator[Piece]:
        at, patience = 0, PATIENCE
        skimmer = Skimmer(self.disk, self.engine, STEP[self.kind]) if skim and self.kind == "gzip" else None
        while at < self.disk.size:
            if patience > 0 and not (self.kind != "gzip" and skippable(self.disk.read(at, 8))):  # it may have 4 GB
                if skimmer is not None:
                    piece = skimmer.record(at, keep)
                else:
                    piece = whole_record(self.disk, at, self.engine(), STEP[self.kind], keep)
                if piece is not None and piece.length:
                    patience += 1
                    at += piece.length
                    yield piece
                    continue
            passed = self._skippable(at)
            if passed:
                self._learn(at)
                if self.fault:
                    yield Piece(at, passed, rule="unreadable", note=f"the frame at byte {at}: {self.fault}")
                at += passed
            elif packing(self.disk.read(at, 8)) != self.kind:
                after = self.next_member(at)
                yield Piece(at, after - at, rule="unreadable", note=self._foreign(at, after))
                at = after
            else:
                patience -= 1
                at = yield from self._careful(at, keep)

    def _skippable(self, at: int) -> int:
        """Length of the skippable frame at `at` that is followed by a frame or by the end; 0 if there is none."""
        passed = skippable(self.disk.read(at, 8)) if self.kind in ("zstd", "lz4") else 0
        following = self.disk.read(at + passed, 8) if passed else b""
        sound = at + passed == self.disk.size or packing(following) == self.kind or skippable(following)
        return passed if passed and sound else 0

    def _careful(self, at: int, keep: int) -> Generator[Piece, None, int]:
        """The pieces of the member at `at`, whatever it holds; gives where to go on."""
        stream: Stream | None = self.open(at)
        some = 0
        while stream is not None:
            held: list[Piece] = []
            for piece in split(stream, keep):
                if piece.head:
                    yield from held
                    held.clear()
                    some += 1
                elif not held and isinstance(stream, Resumed):  # the rest of the record that was blamed
                    continue
                held.append(piece)
            while stream.skip(1 << 20):  # what split left over, so that damage there is seen
                pass
            begin, at = at, stream.end
            if stream.damage is None:
                if len(held) == 1 and held[0].offset == begin:
                    held[0].length = at - begin
                yield from held
                break
            after = self.next_member(begin + 1)
            shared = self.kind == "gzip" and (some > 1 or (begin == 0 and after == self.disk.size))
            broken, stream = stream, self._resume(stream.broken, after) if shared else None
            at = stream.start if stream is not None else after
            if held or not isinstance(broken, Resumed):
                piece = _blame(held[0] if held else None, broken, begin, at, self.disk.size)
                piece.length = piece.length if stream is None else None  # what follows may be its, too
                yield piece
        return at

    def _resume(self, broken: int, limit: int) -> Stream | None:
        self.resumes += 1
        return resume(self.disk, broken, limit) if self.resumes <= RESUMES else None

    def next_member(self, at: int, end: int | None = None) -> int:
        """The next position from `at` on at which a compressed record begins; `end` (the file's) if none does."""
        end = self.disk.size if end is None else end
        magic = next(m for m, name in PACKINGS if name == self.kind) + (b"\x08" if self.kind == "gzip" else b"")
        while at < end:
            window = self.disk.read(at, min(1 << 20, end - at))
            begin = window.find(magic)
            while begin >= 0:
                if self._holds_record(at + begin):
                    return at + begin
                begin = window.find(magic, begin + 1)
            at += max(1, len(window) - len(magic) + 1)
        return end

    def _holds_record(self, at: int) -> bool:
        if self.kind == "gzip" and self.disk.read(at + 3, 1)[:1] > b"\x1f":
            return False
        stream = self.open(at)
        stream.probing = True
        return begins_record(stream.peek(MAX_ARC_LINE))

    def _foreign(self, at: int, after: int) -> str:
        nothing = not self.disk.read(at, min(after - at, 1 << 16)).strip(b"\0")
        return f"{after - at} {'NUL bytes' if nothing else 'bytes'} at byte {at} that are no {self.kind} data"


def walk(disk: Disk, keep: int) -> Iterator[Piece]:
    """All pieces of a file in their order, each with up to `keep` bytes of its block."""
    return File(disk).walk(keep)


def settle(disk: Disk) -> str:
    """The file's packing; one that begins with damage is gzip all the same, if its first MB holds a gzip record.

    So it is with zstd and lz4.
    """
    if not disk.settled:
        disk.settled = True
        if disk.packing == "plain" and not begins_record(disk.read(0, MAX_ARC_LINE)):
            for kind in ("gzip", "zstd", "lz4"):
                disk.packing = kind
                if first_record(disk, kind) is not None:
                    break
                disk.packing = "plain"
    return disk.packing


def first_record(disk: Disk, kind: str) -> int | None:
    """Where the first compressed record begins, looked for in the file's first MB; None if there is none.

    In a zip, which a WACZ without its directory still is, it may lie behind an index of any size.
    """
    window = disk.size if disk.read(0, len(SIGNATURE)) == SIGNATURE else min(disk.size, 1 << 20)
    at = File(disk, kind).next_member(0, window)
    return at if at < window else None


def open_stream(disk: Disk, at: int, kind: str) -> Stream:
    """The stream at `at` of a file of this packing ("gzip", "zstd", "lz4" or "plain")."""
    return File(disk, kind).open(at)


def _blame(held: Piece | None, stream: Stream, at: int, after: int, size: int) -> Piece:
    """The last piece of a damaged member, made to say so; a record that was whole before the file ended stays."""
    length = after - at
    ended = stream.cut and after >= size
    if held is not None and held.rule is None and ended:
        return replace(held, length=length if held.offset == at else None, note="the file ends before its checksum")
    note = f"compressed stream at byte {at}: {stream.damage}; next readable record at byte {after}"
    if ended:
        note = f"the file ends inside the record at byte {at}"
    if held is None:
        return Piece(at, length, rule="truncated" if ended else "unreadable", note=note)
    return replace(
        held,
        length=length if held.offset == at else None,
        rule="truncated" if ended else "unreadable",
        note=note,
    )

"""Pages passed over: where a page's gzip member ends is found without inflating the page, by what follows it.

It decides nothing about a record and reads no page: whoever reads one later is to see that it ends where was said.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from obelics_like.sources.disk import Disk
from obelics_like.sources.packings import Engine
from obelics_like.sources.split import Piece, begins_record, plain_value
from obelics_like.sources.stream import CHUNK
from obelics_like.sources.whole import LARGEST, Member, look, rest_of

TRUST = 8
"""So many pages more than those found may be looked for in vain, then all of the file is inflated."""
LOOKS = 64
"""Places in one page at which what may be the next member is looked at: by chance one page in 1,000 has one such, but a
page can be made of them, and then took a second for each MB."""
MAGIC = b"\x1f\x8b\x08"
PAGE = re.compile(rb"(?i)\ncontent-type:[ \t]*(?:text/html|application/xhtml\+xml)[ \t]*[;\r]")
STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+[1245]\d\d\b")
NAMES = re.compile(rb"(?i)\nwarc-(?:record-id|warcinfo-id|concurrent-to):[ \t]*(<[^>\r\n]{30,100}>)")
"""What records say of one another: in practice a UUID, which its crawler made and no page could know before."""


class Skimmer:
    """The records of a gzip file that holds one a member, in their order; pages without what follows their heads."""

    def __init__(self, disk: Disk, engine: Callable[[], Engine], step: int) -> None:
        self._disk, self._engine, self._step = disk, engine, step
        self._begun: Member | None = None
        """The member behind the page that was passed over, whose beginning was inflated for that."""
        self._trust = TRUST

    def record(self, at: int, keep: int) -> Piece | None:
        """As `whole_record`; of a page that was passed over, `body` is only what was seen of it."""
        member, self._begun = self._begun, None
        if member is None or member.at != at:
            wary = self._trust <= 0
            member = look(self._disk, at, self._engine(), *((self._step, CHUNK) if wary else ()))
        if member is None:
            return None
        if self._trust > 0 and not member.engine.eof:
            piece = self._passed(member)
            if piece is not None:
                return piece
        return rest_of(self._disk, member, self._step, keep)

    def _passed(self, member: Member) -> Piece | None:
        """The page in the member, if it is one, and if where it ends can be told.

        It ends where the next member begins that holds a record. That is believed where the bytes before it say the
        length that the page's heads declare, and where that record names the page or what the page names. So no page
        can hold what looks like its own end: it would have to know what its crawler was about to call it.
        """
        data, stop, declared = member.data, member.stop, member.declared
        if declared is None or stop + declared > LARGEST or not _is_page(data, stop):
            return None
        self._trust -= 1
        try:
            following = self._following(member, data[:stop], stop + declared + 4)
        except OSError:  # the careful way says so
            return None
        if following is None:
            return None
        self._trust = min(self._trust + 2, TRUST)
        self._begun = following
        return Piece(member.at, following.at - member.at, data[:stop], memoryview(data)[stop:], declared, passed=True)

    def _following(self, member: Member, head: bytes, length: int) -> Member | None:
        """The member behind that of a page, whose inflated bytes are `length`; None where it can't be told."""
        at, limit = member.at + 1, member.at + length + (length >> 8) + 1024  # deflate adds less to what it can't pack
        for _ in range(LOOKS):
            if (at := self._disk.find(MAGIC, at, limit)) < 0:
                break
            following = look(self._disk, at, self._engine())
            if following is not None and (following.stop or begins_record(following.data)):
                size = int.from_bytes(self._disk.read(at - 4, 4), "little")
                return following if size == length and _linked(head, following) else None
            at += 1
        return None


def _is_page(data: bytes, stop: int) -> bool:
    """Whether the record whose head ends at `stop` is beyond doubt a page, as nearly all are."""
    if plain_value(data, b"WARC-Type", stop) != b"response":
        return False
    end = data.find(b"\r\n\r\n", stop, stop + 4096)
    if end < 0 or STATUS.match(data, stop) is None:
        return False
    head = data[stop : end + 2]
    return PAGE.search(head) is not None and head.lower().count(b"\ncontent-type") == 1


def _linked(head: bytes, following: Member) -> bool:
    """Whether what follows begins with the head of a record that names what this head names."""
    data, stop = following.data, following.stop
    return data.startswith(b"WARC/") and any(data.find(name, 0, stop) >= 0 for name in NAMES.findall(head))

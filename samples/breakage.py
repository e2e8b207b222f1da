"""Archives that are broken, one disease each, all made of the same six short pages and their pictures.

Says how each is broken and nothing of what a reader should make of it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import records
from pictures import picture

NOTES = Path(__file__).resolve().parent / "pages" / "notes"
PICTURES = {
    "1-eye": "cat-eye.jpg",
    "2-spoon": "coffee-spoon.jpg",
    "3-rocket": "rocket-near.jpg",
    "4-coins": "coins-large.jpg",
    "5-joint": "brick-joint.jpg",
    "6-macula": "retina-macula.jpg",
}
BOMB_MEGABYTES = 512
Faults = dict[str, dict[str, str]]


def note_records(faults: Faults | None = None) -> list[bytes]:
    """Thirteen plain records: a warcinfo, then for each note the page and its picture.

    `faults` gives WARC header fields to write instead of the true ones, by the name of the note.
    """
    plain = [records.warcinfo("notes.warc.gz", "2024-05-20T06:00:00Z", "six short pages")]
    for number, (note, photo) in enumerate(PICTURES.items(), start=1):
        date = f"2024-05-20T06:{number:02d}:00Z"
        page = records.http_response((NOTES / f"{note}.html").read_bytes(), "text/html; charset=utf-8")
        named = (faults or {}).get(note)
        plain.append(records.response(f"http://notes.example/{note}.html", date, page, named))
        image = records.http_response(picture(photo), "image/jpeg")
        uri = f"http://notes.example/pictures/{note.partition('-')[2]}.jpg"
        plain.append(records.response(uri, date.replace(":00Z", ":01Z"), image))
    return plain


def _members(faults: Faults | None = None) -> list[bytes]:
    return [records.gzip_member(record) for record in note_records(faults)]


def _length(note: str, change: int) -> dict[str, str]:
    page = records.http_response((NOTES / f"{note}.html").read_bytes(), "text/html; charset=utf-8")
    return {"Content-Length": str(len(page) + change)}


def truncated() -> bytes:
    """The file ends in the middle of the ninth record, the picture of the coins."""
    members = _members()
    return b"".join(members[:8]) + members[8][: len(members[8]) // 2]


def truncated_tail() -> bytes:
    """The last 30 bytes are missing: the end of the last picture."""
    return b"".join(_members())[:-30]


def damaged_member() -> bytes:
    """Sixteen bytes of the third page's compressed data are inverted."""
    members = _members()
    middle = len(members[5]) // 2
    wrong = bytes(byte ^ 0xFF for byte in members[5][middle : middle + 16])
    members[5] = members[5][:middle] + wrong + members[5][middle + 16 :]
    return b"".join(members)


def lost_magic() -> bytes:
    """The two bytes that open the third page's gzip member are zero."""
    members = _members()
    members[5] = b"\0\0" + members[5][2:]
    return b"".join(members)


def wrong_length() -> bytes:
    """Content-Length says 50 bytes too few for the second page and 5,000 too many for the fourth."""
    return b"".join(_members({"2-spoon": _length("2-spoon", -50), "4-coins": _length("4-coins", 5_000)}))


def lying_digest() -> bytes:
    """Block and payload digest of the third page belong to other bytes."""
    other = records.sha1(b"other bytes")
    return b"".join(_members({"3-rocket": {"WARC-Block-Digest": other, "WARC-Payload-Digest": other}}))


def no_target_uri() -> bytes:
    """The third page does not say under which URL it was found."""
    return b"".join(_members({"3-rocket": {"WARC-Target-URI": ""}}))


def bad_version() -> bytes:
    """The third page's record does not begin with WARC/1.0."""
    plain = note_records()
    plain[5] = plain[5].replace(b"WARC/1.0", b"WRAC/x.y", 1)
    return b"".join(records.gzip_member(record) for record in plain)


def garbage_between_members() -> bytes:
    """Between the records lie, in turn, 64 NUL bytes and a line of text."""
    filth = [bytes(64), b"-- this line is no part of the archive --\n"]
    return b"".join(member + filth[at % 2] for at, member in enumerate(_members()))


def one_member() -> bytes:
    """The whole archive is a single gzip member, so that no record can be reached by itself."""
    return records.gzip_member(b"".join(note_records()))


def damaged_one_member() -> bytes:
    """The whole archive is a single gzip member, and 400 bytes in its first fifth are inverted."""
    whole = one_member()
    at = len(whole) // 5
    return whole[:at] + bytes(byte ^ 0xFF for byte in whole[at : at + 400]) + whole[at + 400 :]


def cut_by_crawler() -> bytes:
    """The crawler gave up on the third page after 300 bytes, and says so: WARC-Truncated."""
    plain = note_records()
    page = records.http_response((NOTES / "3-rocket.html").read_bytes(), "text/html; charset=utf-8")
    head, _, body = page.partition(b"\r\n\r\n")
    block = head + b"\r\n\r\n" + body[:300]
    cut = {"WARC-Truncated": "time"}
    plain[5] = records.response("http://notes.example/3-rocket.html", "2024-05-20T06:03:00Z", block, cut)
    return b"".join(records.gzip_member(record) for record in plain)


def bomb() -> bytes:
    """After the third note stands a page whose gzip-coded body of half a megabyte inflates to 512 megabytes."""
    members = _members()
    head = {"Content-Encoding": "gzip"}
    block = records.http_response(_inflating(BOMB_MEGABYTES), "text/html; charset=utf-8", headers=head)
    page = records.response("http://notes.example/bomb.html", "2024-05-20T06:03:30Z", block)
    return b"".join([*members[:7], records.gzip_member(page), *members[7:]])


def _inflating(megabytes: int) -> bytes:
    """A gzip body that begins as a page and goes on in blanks.

    A full flush makes every megabyte compress to the same bytes, so that only the first has to be compressed.
    """
    opening, blanks = b"<!DOCTYPE html><title>Bomb</title><p>Nothing but room:", b" " * 1_048_576
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    first = deflate.compress(opening) + deflate.flush(zlib.Z_FULL_FLUSH)
    again = deflate.compress(blanks) + deflate.flush(zlib.Z_FULL_FLUSH)
    crc = zlib.crc32(opening)
    for _ in range(megabytes):
        crc = zlib.crc32(blanks, crc)
    size = len(opening) + megabytes * len(blanks)
    tail = crc.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")
    return b"\x1f\x8b\x08\0\0\0\0\0\x02\xff" + first + again * megabytes + deflate.flush() + tail


def not_a_warc() -> bytes:
    """A text file under the name of an archive."""
    return b"Dear reader,\nthis is a letter and no archive, whatever its name may say.\n"


BROKEN: dict[str, Callable[[], bytes]] = {
    "truncated": truncated,
    "truncated-tail": truncated_tail,
    "damaged-member": damaged_member,
    "lost-magic": lost_magic,
    "wrong-length": wrong_length,
    "lying-digest": lying_digest,
    "no-target-uri": no_target_uri,
    "bad-version": bad_version,
    "garbage-between-members": garbage_between_members,
    "one-member": one_member,
    "damaged-one-member": damaged_one_member,
    "cut-by-crawler": cut_by_crawler,
    "bomb": bomb,
    "not-a-warc": not_a_warc,
    "empty": bytes,
}

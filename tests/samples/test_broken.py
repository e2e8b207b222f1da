"""The broken samples: each archive has the disease that it is named for, and no other."""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from pathlib import Path

import pytest
from warcio.exceptions import ArchiveLoadFailed

from tests.samples.conftest import MEGABYTE, NOTE_RECORDS, SAMPLES, header, members, read_all


def broken(made: Path, name: str) -> bytes:
    return (made / "broken" / f"{name}.warc.gz").read_bytes()


def test_truncated_ends_inside_a_record(made: Path) -> None:
    data = broken(made, "truncated")
    assert len(members(data)) == 8
    whole = members(broken(made, "lying-digest"))
    with pytest.raises(EOFError):
        gzip.decompress(data)
    assert header(whole[8], "WARC-Target-URI") == "http://notes.example/pictures/coins.jpg"


def test_truncated_tail_lacks_the_end_of_the_last_record(made: Path) -> None:
    data = broken(made, "truncated-tail")
    assert len(members(data)) == NOTE_RECORDS - 1
    with pytest.raises(EOFError):
        gzip.decompress(data)


@pytest.mark.parametrize("name", ["damaged-member", "lost-magic"])
def test_one_member_cannot_be_inflated_and_the_rest_can(made: Path, name: str) -> None:
    data = broken(made, name)
    before = members(data)
    assert len(before) == 5
    with pytest.raises((zlib.error, gzip.BadGzipFile)):
        gzip.decompress(data)
    starts = [at for at in range(len(data)) if data.startswith(b"\x1f\x8b\x08\0\0\0\0\0\x02\xff", at)]
    after = members(data[starts[-7] :])
    assert [header(record, "WARC-Type") for record in after] == ["response"] * 7


def test_wrong_length_is_wrong_in_two_records(made: Path) -> None:
    changes = {}
    for record in members(broken(made, "wrong-length")):
        true = len(record.partition(b"\r\n\r\n")[2]) - len(b"\r\n\r\n")
        changes[header(record, "WARC-Target-URI")] = int(header(record, "Content-Length") or 0) - true
    wrong = {url: change for url, change in changes.items() if change}
    assert wrong == {"http://notes.example/2-spoon.html": -50, "http://notes.example/4-coins.html": 5_000}


def test_lying_digest_lies_in_one_record(made: Path) -> None:
    rows = read_all(made / "broken" / "lying-digest.warc.gz")
    assert len(rows) == NOTE_RECORDS
    assert [url for _, url, passed in rows if passed is False] == ["http://notes.example/3-rocket.html"]


def test_no_target_uri_lacks_one(made: Path) -> None:
    lacking = [record for record in members(broken(made, "no-target-uri")) if not header(record, "WARC-Target-URI")]
    assert [header(record, "WARC-Type") for record in lacking] == ["warcinfo", "response"]


def test_bad_version_is_not_understood(made: Path) -> None:
    firsts = [record.partition(b"\r\n")[0] for record in members(broken(made, "bad-version"))]
    assert Counter(firsts) == {b"WARC/1.0": NOTE_RECORDS - 1, b"WRAC/x.y": 1}
    with pytest.raises(ArchiveLoadFailed):
        read_all(made / "broken" / "bad-version.warc.gz")


def test_garbage_lies_between_whole_members(made: Path) -> None:
    data = broken(made, "garbage-between-members")
    assert len(members(data)) == 1
    clean = data.replace(b"-- this line is no part of the archive --\n", b"").replace(bytes(64), b"")
    assert len(members(clean)) == NOTE_RECORDS


def test_one_member_holds_all_records(made: Path) -> None:
    [plain] = members(broken(made, "one-member"))
    assert plain.count(b"WARC/1.0\r\n") == NOTE_RECORDS


def test_damaged_one_member_is_one_member_and_damaged(made: Path) -> None:
    sound, damaged = broken(made, "one-member"), broken(made, "damaged-one-member")
    assert sum(a != b for a, b in zip(sound, damaged, strict=True)) == 400
    assert members(damaged) == []


def test_cut_by_crawler_lacks_the_end_of_a_page_and_says_so(made: Path) -> None:
    found = members(broken(made, "cut-by-crawler"))
    assert len(found) == NOTE_RECORDS
    [cut] = [record for record in found if header(record, "WARC-Truncated") == "time"]
    block = cut.partition(b"\r\n\r\n")[2]
    body = block.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n\r\n")
    assert (header(cut, "WARC-Target-URI"), len(body)) == ("http://notes.example/3-rocket.html", 300)
    assert int(header(block, "Content-Length") or 0) > 300


def test_bomb_inflates_to_512_megabytes(made: Path) -> None:
    bomb = next(record for record in members(broken(made, "bomb")) if b"bomb.html" in record)
    body = bomb.partition(b"\r\n\r\n")[2].partition(b"\r\n\r\n")[2]
    inflate, size = zlib.decompressobj(16 + zlib.MAX_WBITS), 0
    while not inflate.eof:
        piece = inflate.decompress(body, MEGABYTE)
        size, body = size + len(piece), inflate.unconsumed_tail
        assert piece
    assert 512 * MEGABYTE <= size < 513 * MEGABYTE
    assert len(broken(made, "bomb")) < 60_000


def test_not_a_warc_and_empty(made: Path) -> None:
    assert broken(made, "not-a-warc").decode("ascii").startswith("Dear reader")
    assert broken(made, "empty") == b""


def test_every_broken_archive_is_described(made: Path) -> None:
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    names = sorted(path.name.removesuffix(".warc.gz") for path in (made / "broken").iterdir())
    assert len(names) == 15
    assert [name for name in names if f"`{name}`" not in readme] == []

"""Archives inside a WACZ: stored or deflated, several, in a zip that is broken, lies, or would inflate to no end."""

from __future__ import annotations

import random
import struct
import zipfile
import zlib
from collections import Counter
from pathlib import Path

import pytest

from obelics_like.document import Page
from obelics_like.errors import InputError
from obelics_like.sources import zips
from obelics_like.sources.archive import read, read_pages, scan
from obelics_like.sources.disk import Disk, LocalFile
from obelics_like.sources.inputs import Input, expand, survey
from tests.sources.archives import OPTIONS, Builder, noise, page
from tests.sources.hosts import serving

WARC = Builder().pages(12).bytes()
METHODS = {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED}


def wacz(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    """A WACZ as Browsertrix writes it: index and list of pages before or after the archives, a description last."""
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("indexes/index.cdx", "com,example)/ 20240506070809 {}\n" * 40)
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr("pages/pages.jsonl", '{"format": "json-pages-1.0"}\n')
        archive.writestr("datapackage.json", "{}")
    return path


def rules(source: Input) -> Counter[str]:
    records = list(scan(source, OPTIONS))
    found = list(read(source, [r for r in records if r.kind == "page"], OPTIONS))
    assert all(isinstance(page, Page) for _, page in found), found
    return Counter(r.rule or r.kind for r in records)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["archive/data.warc.gz", "archive/data.warc"])
def test_archives_inside_a_wacz(tmp_path: Path, method: str, name: str) -> None:
    data = WARC if name.endswith("gz") else Builder(packed=False).pages(12).bytes()
    path = wacz(tmp_path / "x.wacz", {name: data}, METHODS[method])
    [found] = expand([str(path)])
    assert (found.name, found.size) == (f"{path}!{name}", len(data))
    assert rules(found) == {"page": 12}
    assert [p.html for p in read_pages(str(path))] == [page(n) for n in range(12)]


@pytest.mark.parametrize("method", METHODS)
def test_several_archives_in_one(tmp_path: Path, method: str) -> None:
    members = {f"archive/rec-{n}.warc.gz": Builder().pages(n).bytes() for n in (3, 1, 2)}
    path = wacz(tmp_path / "x.wacz", {**members, "archive/x.warc.wet.gz": WARC}, METHODS[method])
    sources = expand([str(tmp_path)])
    assert [s.name.partition("!")[2] for s in sources] == [f"archive/rec-{n}.warc.gz" for n in (1, 2, 3)]
    assert [rules(s)["page"] for s in sources] == [1, 2, 3]
    assert len({s.path for s in sources}) == 3
    assert expand([str(path)]) == sources


@pytest.mark.parametrize("method", METHODS)
def test_one_bad_record_costs_one_in_a_zip_too(tmp_path: Path, method: str) -> None:
    path = wacz(tmp_path / "x.wacz", {"archive/x.warc.gz": Builder().pages(200, 400).damage(77).bytes()},
                METHODS[method])  # fmt: skip
    assert rules(*expand([str(path)])) == {"page": 199, "unreadable": 1}


def test_a_deflated_member_is_read_at_any_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zips, "MARK_EVERY", 1 << 16)
    dice = random.Random(1)
    data = b"".join(dice.randbytes(1000) * dice.randrange(1, 9) for _ in range(400))
    path = wacz(tmp_path / "x.wacz", {"archive/x.warc": data}, zipfile.ZIP_DEFLATED)
    disk = Disk(f"{path}!archive/x.warc")
    assert disk.size == len(data)
    for _ in range(200):
        at, count = dice.randrange(len(data) + 10), dice.choice((1, 700, 300_000))
        assert disk.read(at, count) == data[at : at + count]


def test_jumping_back_inflates_no_more_than_lies_between_two_marks(tmp_path: Path) -> None:
    """And marks are few: a long member costs little memory."""
    path = wacz(tmp_path / "x.wacz", {"archive/x.warc": bytes(100_000_000)}, zipfile.ZIP_DEFLATED)
    info = zipfile.ZipFile(path).getinfo("archive/x.warc")
    start = info.header_offset + 30 + len(info.filename)
    member = zips.Deflated(LocalFile(str(path)), start, info.compress_size, info.file_size, info.CRC)
    member.pread(10, 99_000_000, 100_000_000)
    assert len(member._marks) == 1 + 99_000_000 // (zips.MARK_EVERY + zips.CHUNK)
    member.pread(10, 50_000_000, 100_000_000)
    assert member._at == 50_000_010
    assert member._marks[0][0] == 0
    assert any(0 <= 50_000_000 - at <= zips.MARK_EVERY + zips.CHUNK for at, _, _ in member._marks)


@pytest.mark.parametrize("method", METHODS)
def test_a_wacz_elsewhere(tmp_path: Path, method: str) -> None:
    data = wacz(tmp_path / "x.wacz", {"archive/x.warc.gz": WARC}, METHODS[method]).read_bytes()
    with serving(files={"x.wacz": data}, cut=30_000) as host:
        [source] = expand([host.url("x.wacz")])
        assert rules(source) == {"page": 12}


def test_a_zip_bomb_is_told_and_not_inflated(tmp_path: Path) -> None:
    path = tmp_path / "x.wacz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("archive/a.warc.gz", WARC)
        with archive.open("archive/b.warc", "w") as member:
            for _ in range(5 + zips.MOST // (1 << 20)):
                member.write(bytes(1 << 20))
    sound, bomb = expand([str(path)])
    assert rules(sound) == {"page": 12}
    [record] = scan(bomb, OPTIONS)
    assert record.rule == "unreadable"
    assert "would inflate to" in str(record.reason)


def test_bytes_under_many_names_are_read_once(tmp_path: Path) -> None:
    names = [f"archive/{letter}.warc.gz" for letter in "abc"]
    path = wacz(tmp_path / "x.wacz", dict.fromkeys(names, WARC), zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(path, "a") as archive:
        first = archive.getinfo(names[0])
        for name in names[1:]:
            archive.getinfo(name).header_offset = first.header_offset
        archive.writestr("end", "")  # so that the directory is written anew
    found = {source.name[-9:]: rules(source) for source in expand([str(path)])}
    assert found == {"a.warc.gz": {"page": 12}, "b.warc.gz": {"unreadable": 1}, "c.warc.gz": {"unreadable": 1}}
    [record] = scan(expand([str(path)])[1], OPTIONS)
    assert "begins inside the member archive/a.warc.gz" in str(record.reason)


def test_members_whose_names_are_no_utf8_lie_side_by_side(tmp_path: Path) -> None:
    bodies = {f"archive/x{i}.warc.gz": Builder().pages(3).bytes() for i in range(3)}
    path = wacz(tmp_path / "x.wacz", bodies)
    path.write_bytes(path.read_bytes().replace(b"archive/x", b"archive/\x82"))  # e with an accent in code page 437
    inputs = expand([str(path)])
    assert [i.path.partition("!")[2] for i in inputs] == [f"archive/\u00e9{i}.warc.gz" for i in range(3)]
    assert [rules(i) for i in inputs] == [Counter({"page": 3})] * 3


def test_sizes_that_lie_end_where_the_data_end(tmp_path: Path) -> None:
    """A directory that promises more than there is, and one that promises less."""
    for change, reason in ((5000, "end after"), (-500, "ends inside")):
        path = wacz(tmp_path / "x.wacz", {"archive/x.warc.gz": WARC}, zipfile.ZIP_DEFLATED)
        raw = path.read_bytes()
        size = len(WARC).to_bytes(4, "little")
        at = raw.rindex(size)
        path.write_bytes(raw[:at] + (len(WARC) + change).to_bytes(4, "little") + raw[at + 4 :])
        [source] = expand([str(path)])
        records = list(scan(source, OPTIONS))
        assert sum(r.kind == "page" for r in records) >= 11, change
        assert records[-1].rule in ("unreadable", "truncated")
        assert any(reason in str(r.reason) for r in records[-2:])


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_a_wacz_without_its_directory_gives_what_is_stored_in_it(tmp_path: Path, kept: float) -> None:
    """As after a download that broke off; an index of two MB lies before the archive."""
    path = tmp_path / "in" / "x.wacz"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("indexes/index.cdx", b"com,example)/ 20240506070809 {}\n" * 65536)
        archive.writestr("archive/x.warc.gz", Builder().pages(100).bytes())
    raw = path.read_bytes()
    start = raw.index(b"\x1f\x8b\x08")
    path.write_bytes(raw[: start + int((len(raw) - start) * kept)])
    [source] = expand([str(path.parent)])
    assert source.name == str(path)
    found = rules(source)
    assert abs(found["page"] - 100 * kept) < 6
    assert found["unreadable"] + found["truncated"] >= 1


def test_a_broken_zip_is_never_lost_without_a_word(tmp_path: Path) -> None:
    whole = wacz(tmp_path / "x.wacz", {"archive/x.warc.gz": WARC}, zipfile.ZIP_DEFLATED).read_bytes()
    for number, raw in enumerate((whole[:-300], whole[:40], whole[: len(whole) // 2])):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "x.wacz").write_bytes(raw)
        [source] = expand([str(folder)])
        assert {r.rule for r in scan(source, OPTIONS)} <= {"unreadable", "truncated"}
        assert list(scan(source, OPTIONS))


@pytest.mark.parametrize("seed", range(40))
def test_damaged_deflate_data_cost_what_lies_behind(tmp_path: Path, seed: int) -> None:
    """And are told of, also where they inflate to the end without a fault, as with some of these seeds."""
    data = Builder(packed=False).pages(30).bytes()
    path = wacz(tmp_path / "x.wacz", {"archive/x.warc": data}, zipfile.ZIP_DEFLATED)
    raw = bytearray(path.read_bytes())
    middle = raw.index(b"archive/x.warc") + 30_000
    raw[middle : middle + 400] = random.Random(seed).randbytes(400)
    path.write_bytes(bytes(raw))
    [source] = expand([str(path)])
    records = list(scan(source, OPTIONS))
    assert sum(r.kind == "page" for r in records) >= 3
    assert records[-1].rule == "unreadable"
    assert "deflate data in the zip" in str(records[-1].reason)


@pytest.mark.parametrize("pages", [1, 30])
def test_one_wrong_letter_that_deflate_does_not_see_is_told(tmp_path: Path, pages: int) -> None:
    """All pages are read, and the last bytes of the member, which no record's head asks for, are looked at too."""
    data = Builder(packed=False).pages(pages).bytes()
    wrong = data.replace(noise(pages - 1)[-8:], b"abcdefgh")
    sound = wacz(tmp_path / "sound.wacz", {"archive/x.warc": data}, zipfile.ZIP_DEFLATED)
    assert rules(*expand([str(sound)])) == {"page": pages}
    path = wacz(tmp_path / "x.wacz", {"archive/x.warc": wrong}, zipfile.ZIP_DEFLATED)
    path.write_bytes(
        path.read_bytes().replace(struct.pack("<L", zlib.crc32(wrong)), struct.pack("<L", zlib.crc32(data)))
    )
    records = list(scan(*expand([str(path)]), OPTIONS))
    assert [r.kind for r in records] == ["page"] * pages + ["other"]
    assert len({r.offset for r in records}) == pages + 1  # by which records are known
    assert "CRC-32" in str(records[-1].reason)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_methods_are_refused_by_name(tmp_path: Path, method: int) -> None:
    [source] = expand([str(wacz(tmp_path / "x.wacz", {"archive/x.warc.gz": WARC}, method))])
    [record] = scan(source, OPTIONS)
    assert (record.rule, f"by method {method}" in str(record.reason)) == ("unreadable", True)


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = wacz(tmp_path / "x.wacz", {"archive/x.warc.gz": WARC})
    raw = bytearray(path.read_bytes())
    at = raw.rindex(b"archive/x.warc.gz") - 46
    raw[at + 8] |= 1
    path.write_bytes(bytes(raw))
    [record] = scan(*expand([str(path)]), OPTIONS)
    assert "encrypted" in str(record.reason)


def test_a_member_that_is_not_where_the_zip_says(tmp_path: Path) -> None:
    path = wacz(tmp_path / "x.wacz", {"archive/x.warc.gz": WARC})
    [source] = expand([str(path)])
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"PK\x03\x04", b"PK\x00\x00"))
    [record] = scan(source, OPTIONS)
    assert "does not begin at byte" in str(record.reason)


def test_a_wacz_without_an_archive(tmp_path: Path) -> None:
    empty = wacz(tmp_path / "empty.wacz", {})
    with pytest.raises(InputError, match="without an archive"):
        expand([str(empty)])
    nested = wacz(tmp_path / "nested.wacz", {"one.wacz": empty.read_bytes()})
    with pytest.raises(InputError) as caught:
        expand([str(nested)])
    assert "one.wacz" in str(caught.value.do)
    wacz(tmp_path / "x.wacz", {"archive/x.warc.gz": WARC})
    found, ignored = survey([str(tmp_path)])
    assert [s.name for s in found] == [f"{tmp_path}/x.wacz!archive/x.warc.gz"]
    assert ignored == [str(empty), str(nested)]


def test_marks_are_the_inflaters_own(tmp_path: Path) -> None:
    """A copy of an inflater goes its own way: reading twice from one mark gives the same."""
    data = random.Random(5).randbytes(300_000)
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    raw = packer.compress(data) + packer.flush()
    (tmp_path / "x").write_bytes(raw)
    member = zips.Deflated(LocalFile(str(tmp_path / "x")), 0, len(raw), len(data), zlib.crc32(data))
    assert member.pread(1000, 0, 9) == member.pread(1000, 0, 9) == data[:1000]

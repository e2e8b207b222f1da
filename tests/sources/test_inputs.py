"""What the user may name, and what is said when it can't be read."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest

from obelics_like.errors import InputError
from obelics_like.sources.archive import read_pages, scan
from obelics_like.sources.inputs import expand, survey
from tests.sources.archives import FILEDESC, OPTIONS, Builder, arc, http, page

WARC = Builder().add("http://a.example/", page(1)).bytes()
BARE = gzip.decompress(WARC)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / ".hidden").mkdir()
    for name, data in {
        "in/b.warc.gz": WARC,
        "in/a.warc": BARE,
        "in/sub/c.arc": FILEDESC + arc("http://a.example/", http(page(2))),
        "in/sub/d.html": b"<p>no doctype",
        "in/notes.md": b"some notes",
        "in/picture.png": b"\x89PNG\r\n\x1a\n\0\0",
        "in/.warc.gz": WARC,
        "in/.hidden/x.warc.gz": WARC,
    }.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def told(*inputs: str) -> InputError:
    with pytest.raises(InputError) as caught:
        expand(inputs)
    error = caught.value
    assert error.where
    assert error.got
    assert error.valid
    assert error.do
    return error


def test_a_folder_in_sorted_order(folder: Path) -> None:
    found, ignored = survey(["in"])
    assert [i.name for i in found] == ["in/a.warc", "in/b.warc.gz", "in/sub/c.arc", "in/sub/d.html"]
    assert [i.format for i in found] == ["warc", "warc", "arc", "html"]
    assert all(Path(i.path).is_absolute() and i.size == Path(i.path).stat().st_size for i in found)
    assert ignored == ["in/notes.md", "in/picture.png"]


def test_the_same_file_counts_once(folder: Path) -> None:
    (folder / "link.warc.gz").symlink_to(folder / "in/b.warc.gz")
    assert len(expand(["in/b.warc.gz", "./in/b.warc.gz", str(folder / "in/b.warc.gz"), "link.warc.gz"])) == 1
    assert len(expand(["in", "in/sub"])) == 4


def test_a_link_that_leads_back_ends(folder: Path) -> None:
    (folder / "in/sub/up").symlink_to(folder / "in")
    assert len(expand(["in"])) == 4


def test_patterns(folder: Path) -> None:
    assert [i.name for i in expand(["in/*.warc*"])] == ["in/a.warc", "in/b.warc.gz"]
    assert [i.name for i in expand(["in/**/*"])] == [i.name for i in expand(["in"])] or len(expand(["in/**/*"])) == 4
    told("in/*.nothing")
    told("in/*.md")


def test_lists(folder: Path) -> None:
    (folder / "in/list.txt").write_text("# here\n\nin/b.warc.gz\nsub\n  a.warc  \n")
    names = [i.name for i in expand(["in/list.txt"])]
    assert names == ["in/b.warc.gz", "in/sub/c.arc", "in/sub/d.html", "in/a.warc"]
    (folder / "warc.paths.gz").write_bytes(gzip.compress(b"in/b.warc.gz\n"))
    assert [i.name for i in expand(["warc.paths.gz"])] == ["in/b.warc.gz"]
    (folder / "bad.txt").write_text("in/b.warc.gz\nin/c.warc.gz\n")
    assert "bad.txt, line 2" in told("bad.txt").where
    (folder / "loop.txt").write_text("loop.txt\n")
    told("loop.txt")
    (folder / "empty.txt").write_text("# nothing\n")
    told("empty.txt")


def test_content_counts_more_than_the_name(folder: Path) -> None:
    for name, data, kind in [
        ("x.dat", WARC, "warc"),
        ("y.warc.gz", BARE, "warc"),
        ("z.bin", gzip.compress(FILEDESC), "arc"),
        ("page", b"\xef\xbb\xbf<!-- a --><!DOCTYPE html><p>", "html"),
    ]:
        (folder / name).write_bytes(data)
        assert [i.format for i in expand([name])] == [kind], name


def test_an_archive_whose_first_record_is_broken(folder: Path) -> None:
    for name, damaged in [
        ("x.warc.gz", Builder().pages(5).damage(0)),
        ("y.warc.gz", Builder().pages(5).damage(0, 0.01)),
    ]:
        (folder / name).write_bytes(damaged.bytes())
        [found] = expand([name])
        records = list(scan(found, OPTIONS))
        assert [r.rule or r.kind for r in records] == ["unreadable"] + ["page"] * 4
    (folder / "z.warc.gz").write_bytes(b"\0" + Builder().pages(5).bytes())
    assert [r.rule or r.kind for r in scan(*expand(["z.warc.gz"]), OPTIONS)] == ["unreadable"] + ["page"] * 5


def test_a_text_file_named_like_an_archive(folder: Path) -> None:
    (folder / "x.warc.gz").write_text("see the other folder\n")
    assert "text file that begins 'see the other" in str(told("x.warc.gz"))
    (folder / "y.warc.gz").write_bytes(gzip.compress(b"see the other folder\n"))
    assert "gzip-compressed text file" in str(told("y.warc.gz"))


def test_what_is_nothing_we_read(folder: Path) -> None:
    assert "did you mean in/b.warc.gz" in str(told("in/bb.warc.gz"))
    (folder / "void").mkdir()
    assert "empty folder" in str(told("void"))
    (folder / "void/x.md").write_text("a")
    assert "a folder of 1 file that" in str(told("void"))
    told("in/notes.md")
    told("in/picture.png")
    (folder / "empty.warc").write_bytes(b"")
    assert "an empty file" in str(told("empty.warc"))
    assert "did you mean s3://" in str(told("s33://bucket/x.warc.gz"))
    told()
    (folder / "cut.warc.gz").write_bytes(b"\x1f\x8b\x08\0")
    told("cut.warc.gz")


def test_a_wet_file(folder: Path) -> None:
    text = Builder().add("http://a.example/", b"words", type="conversion", mime="text/plain").bytes()
    info = gzip.compress(b"WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 0\r\n\r\n\r\n\r\n")
    (folder / "x.warc.wet.gz").write_bytes(info + text)
    assert "WET" in str(told("x.warc.wet.gz"))
    (folder / "x.warc.gz").write_bytes(info + text)
    assert "WET" in str(told("x.warc.gz"))


def test_broken_archives_in_a_folder_are_not_lost(folder: Path) -> None:
    (folder / "in/empty.warc.gz").write_bytes(b"")
    (folder / "in/text.warc.gz").write_text("hello")
    (folder / "in/empty.html").write_bytes(b"")
    found = {i.name: i for i in expand(["in"])}
    for name in ("in/empty.warc.gz", "in/text.warc.gz", "in/empty.html"):
        assert [r.rule for r in scan(found[name], OPTIONS)] == ["unreadable"], name


def test_html_files_are_pages(folder: Path) -> None:
    [found] = expand(["in/sub/d.html"])
    [record] = scan(found, OPTIONS)
    assert (record.kind, record.url) == ("page", (folder / "in/sub/d.html").as_uri())
    [read] = read_pages("in/sub/d.html")
    assert (read.html, read.origin.input) == (b"<p>no doctype", "in/sub/d.html")


def test_read_pages_leaves_out_what_is_none(folder: Path) -> None:
    sink = io.BytesIO(WARC)
    build = Builder().pages(4).damage(2).add("http://a.example/x.jpg", b"\xff\xd8\xff", mime="image/jpeg")
    (folder / "m.warc.gz").write_bytes(sink.getvalue() + build.bytes())
    assert len(list(read_pages("m.warc.gz"))) == 4
    with pytest.raises(InputError):
        list(read_pages("gone.warc.gz"))

"""The picture index, and the bytes behind what it finds."""

from __future__ import annotations

import gzip
import random
from pathlib import Path
from urllib.parse import urljoin

import pytest

from obelics_like.document import Blob, Origin, Page, Place
from obelics_like.errors import DataError
from obelics_like.sources.archive import Archive, read, read_bytes, scan
from obelics_like.sources.inputs import expand
from obelics_like.sources.join import ImageIndex, url_key, write_index
from obelics_like.sources.records import Record, document_id
from tests.conftest import data_folder
from tests.sources.archives import JPEG, OPTIONS, Builder, put


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://a.example/x.jpg", "https://A.EXAMPLE:443/x.jpg#top"),
        ("http://a.example:80/", "http://a.example"),
        ("http://a.example/%7euser/%c3%a9", "http://a.example/~user/\u00e9"),
        ("http://a.example/a b.jpg", "http://a.example/a%20b.jpg"),
        ("http://me:pw@a.example./x", "http://a.example/x"),
        ("http://m\u00fcnchen.example/x", "http://xn--mnchen-3ya.example/x"),
        (" http://a.example/x\n", "http://a.example/x"),
    ],
)
def test_spellings_of_one_address(one: str, other: str) -> None:
    assert url_key(one) == url_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://a.example/x?a=1", "http://a.example/x?a=2"),
        ("http://a.example/x", "http://a.example/X"),
        ("http://a.example/a%2Fb", "http://a.example/a/b"),
        ("http://a.example:8080/x", "http://a.example/x"),
        ("http://a.example/x", "http://b.example/x"),
    ],
)
def test_different_addresses(one: str, other: str) -> None:
    assert url_key(one) != url_key(other)


@pytest.mark.parametrize(
    "url", ["", "http://[bad", "data:image/png;base64,AA", "http://a:99999/", "//a/b", "a%zz", "\udc80"]
)
def test_any_string_has_a_key(url: str) -> None:
    assert isinstance(url_key(url), str)
    assert url_key(url_key(url)) == url_key(url)


def image(url: str, offset: int, date: str | None = None) -> Record:
    return Record(offset, 10, "image", "response", url, date=date)


def redirect(url: str, location: str, offset: int) -> Record:
    return Record(offset, 10, "other", "response", url, rule="redirect", location=location)


def index(tmp_path: Path, *records: tuple[str, Record]) -> ImageIndex:
    rows = [(name, f"/in/{name}", record) for name, record in records]
    random.Random(1).shuffle(rows)
    write_index(rows, tmp_path / "index.arrow")
    return ImageIndex(tmp_path / "index.arrow")


def places(blobs: list[Blob]) -> list[tuple[str, int]]:
    return [(b.place.path, b.place.offset) for b in blobs]


PAGE = Origin("b.warc", 0, date="2024-05-06T00:00:00Z")


def test_best_first(tmp_path: Path) -> None:
    url = "http://a.example/x.jpg"
    found = index(
        tmp_path,
        ("a.warc", image(url, 1, "2024-05-06T00:00:01Z")),
        ("a.warc", image(url, 2, "2024-05-05T00:00:00Z")),
        ("b.warc", image("https://a.example/x.jpg", 3, "2020-01-01T00:00:00Z")),
        ("b.warc", image(url, 4)),
        ("a.warc", image(url, 9, "2024-05-05T00:00:00Z")),
        ("c.warc", Record(5, 10, "page", url=url)),
    ).find(url, PAGE)
    assert places(found) == [
        ("/in/b.warc", 3),
        ("/in/b.warc", 4),
        ("/in/a.warc", 1),
        ("/in/a.warc", 2),
        ("/in/a.warc", 9),
    ]
    assert found[0].source == "warc"
    assert found[0].place == Place("record", "/in/b.warc", 3, 10, "https://a.example/x.jpg")


def test_redirects_are_followed_but_not_for_ever(tmp_path: Path) -> None:
    chain = [("b.warc", redirect(f"http://a.example/{i}", f"http://a.example/{i + 1}", i)) for i in range(6)]
    loop = [("b.warc", redirect("http://a.example/l", "http://a.example/l", 50))]
    found = index(tmp_path, *chain, *loop, ("b.warc", image("http://a.example/6", 60)))
    assert places(found.find("http://a.example/1", PAGE)) == [("/in/b.warc", 60)]
    assert found.find("http://a.example/0", PAGE) == []
    assert found.find("http://a.example/l", PAGE) == []
    assert found.find("http://a.example/none", PAGE) == []


def test_the_index_does_not_depend_on_the_order_it_was_given(tmp_path: Path) -> None:
    rows = [(f"{i % 3}.warc", f"/in/{i % 3}.warc", image(f"http://a.example/{i % 7}", i)) for i in range(40)]
    write_index(rows, tmp_path / "one")
    random.Random(2).shuffle(rows)
    assert write_index(iter(rows), tmp_path / "two") == 40
    one, two = ImageIndex(tmp_path / "one"), ImageIndex(tmp_path / "two")
    for i in range(7):
        assert one.find(f"http://a.example/{i}", PAGE) == two.find(f"http://a.example/{i}", PAGE) != []


def test_an_index_of_nothing(tmp_path: Path) -> None:
    found = index(tmp_path, ("a.warc", Record(0, 1)))
    assert len(found) == 0
    assert found.find("http://a.example/", PAGE) == []


def test_what_is_no_index(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"hello")
    for path in (tmp_path / "x", tmp_path / "gone"):
        with pytest.raises(DataError):
            ImageIndex(path)
    with pytest.raises(DataError):
        write_index([], tmp_path / "no-folder" / "x")
    assert not (tmp_path / "no-folder").exists()


@pytest.mark.parametrize("single", [False, True])
def test_the_bytes_of_a_picture(tmp_path: Path, single: bool) -> None:
    build = Builder(not single).pages(2).add("http://a.example/x.jpg", JPEG, mime="image/jpeg")
    build.add(
        "http://a.example/y.jpg", gzip.compress(JPEG[::-1]), mime="image/jpeg", http=[("Content-Encoding", "gzip")]
    )
    data = build.bytes()
    source = put(tmp_path / "x.warc.gz", gzip.compress(data) if single else data)
    records = [r for r in scan(source, OPTIONS) if r.kind == "image"]
    asked = [Place("record", source.path, r.offset, r.length, r.url) for r in records]
    assert [read_bytes(p, OPTIONS) for p in asked] == [JPEG, JPEG[::-1]]
    assert [read_bytes(p, OPTIONS) for p in reversed(asked)] == [JPEG[::-1], JPEG]


def test_pictures_that_are_gone_changed_or_too_long(tmp_path: Path) -> None:
    build = Builder().add("http://a.example/x.jpg", JPEG, mime="image/jpeg").add("http://a.example/y.jpg", JPEG)
    source = build.write(tmp_path / "x.warc.gz")
    place = Place("record", source.path, 0, None, "http://a.example/x.jpg")
    assert read_bytes(place, OPTIONS) == JPEG
    with pytest.raises(OSError, match="more than 100"):
        read_bytes(place, Archive(id="sources", max_image_bytes=100))
    with pytest.raises(OSError, match="no record begins"):
        read_bytes(Place("record", source.path, 3, None, place.url), OPTIONS)
    build.parts.reverse()
    build.write(tmp_path / "x.warc.gz")
    with pytest.raises(OSError, match="has changed"):
        read_bytes(place, OPTIONS)
    Path(source.path).unlink()
    with pytest.raises(FileNotFoundError):
        read_bytes(place, OPTIONS)


def test_bytes_of_a_pack(tmp_path: Path) -> None:
    (tmp_path / "pack").write_bytes(b"0123456789")
    assert read_bytes(Place("pack", str(tmp_path / "pack"), 2, 3), OPTIONS) == b"234"
    with pytest.raises(OSError, match="3 bytes wanted"):
        read_bytes(Place("pack", str(tmp_path / "pack"), 8, 3), OPTIONS)


def test_document_ids() -> None:
    ids = {document_id("urn:uuid:1", "a", None), document_id("<urn:uuid:1>", "b", "c")}
    assert len(ids) == 1
    assert document_id(None, "a", "2020") != document_id(None, "a", "2021")
    assert all(len(i) == 32 for i in ids)


@pytest.mark.gate
def test_the_pictures_of_a_crawl_are_joined(tmp_path: Path) -> None:
    """Of the <img> whose URL is a record of the same file, at least 95 % find the picture's record."""
    from selectolax.lexbor import LexborHTMLParser

    [source] = expand([str(data_folder() / "warc/archivesunleashed+aut/example.warc.gz")])
    records = list(scan(source, OPTIONS))
    write_index(((source.name, source.path, r) for r in records), tmp_path / "index")
    pictures = ImageIndex(tmp_path / "index")
    known = {url_key(r.url) for r in records if r.type == "response"}
    resolved = joined = 0
    for _, found in read(source, [r for r in records if r.kind == "page"], OPTIONS):
        assert isinstance(found, Page)
        tree = LexborHTMLParser(found.html)
        head = tree.css_first("base[href]")
        base = urljoin(found.url, head.attributes["href"] or "") if head else found.url
        for node in tree.css("img[src]"):
            url = urljoin(base, (node.attributes["src"] or "").strip())
            resolved += url_key(url) in known
            blobs = pictures.find(url, found.origin)
            joined += bool(blobs)
            assert all(read_bytes(b.place, OPTIONS) for b in blobs[:1])
    assert resolved >= 754
    assert joined / resolved >= 0.95

"""Pictures that stand in a page as `data:` URIs: read, named, found again, and taken through a run."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

import pyarrow.parquet as pq
import pytest

import obelics_like
from obelics_like import inline
from obelics_like.check import check
from obelics_like.document import Document, Image, Place
from obelics_like.export.obelics import Obelics
from obelics_like.report.explain import explain
from obelics_like.sources.archive import Archive, read_bytes, read_pages
from obelics_like.store.folder import Output
from tests.fakes import ENGLISH, picture
from tests.sources.archives import Builder

PHOTO, OTHER = picture("red", (400, 300)), picture("blue", (380, 300))
NAME = f"data:image/png;sha256,{hashlib.sha256(PHOTO).hexdigest()}"
RECIPE = (
    '[recipe]\nname = "small"\n[[stage]]\nuse = "sources.archive"\nid = "sources"\n[[stage]]\nuse = "extract.nodes"\n{}'
)
PIXELS = '[[stage]]\nuse = "images.archive"\n[[stage]]\nuse = "images.decode"\n'


def uri(data: bytes = PHOTO, media: str = "image/png") -> str:
    return f"data:{media};base64,{base64.b64encode(data).decode()}"


def story(*sources: str) -> bytes:
    shown = "".join(f"<p>{ENGLISH} {n}.</p><img src='{source}'><p>{ENGLISH}</p>" for n, source in enumerate(sources))
    return f"<html><body><article><h1>The lighthouse</h1>{shown}</article></body></html>".encode()


def build(folder: Path, *pages: bytes, images: str = "page", extract: str = "", **more: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "small.toml").write_text(RECIPE.format(extract + PIXELS))
    if pages:
        archive = Builder()
        for number, page in enumerate(pages):
            archive.add(f"https://a.example/{number}", page)
        archive.write(folder / "in.warc.gz")
    out = folder / "out"
    given = {"recipe": folder / "small.toml", "scorer": "none", "engine": "inline", "images": images} | more
    assert obelics_like.build([str(folder / "in.warc.gz")], out, **given)["exit_code"] == 0
    return out


def kept(out: Path) -> list[Image]:
    documents: list[Document] = list(obelics_like.read_corpus(out))
    return [image for document in documents for image in document.images()]


@pytest.mark.parametrize(
    "written",
    [
        f'<img src="{uri()}">',
        f"<img src='{uri()}'>",
        f"<img src={uri()} alt=x>",
        '<img src="  {} ">'.format(uri().replace("base64", "BASE64").replace("data:image", "DATA:Image")),
        '<img src="{}">'.format(uri().replace("+", "&#43;").replace("/", "&#x2F;").replace("image&#x2F;", "image/")),
        '<img src="' + "\n ".join(uri()[n : n + 76] for n in range(0, len(uri()), 76)) + '">',
        f'<img src="data:image/png,{quote_from_bytes(PHOTO)}">',
        f'<p style="background-image:url({uri()})">',
        f"""<p style="background-image:url('{uri()}')">""",
        f'<p style="background-image:url(&quot;{uri()}&quot;)">',
        '<script>{{"src": "{}"}}</script>'.format(uri().replace("/", "\\/")),
        f'<img src="{uri()}#part">',
    ],
    ids=[
        "double",
        "single",
        "bare",
        "capitals",
        "escaped",
        "wrapped",
        "percent",
        "css",
        "css-quoted",
        "css-escaped",
        "json",
        "fragment",
    ],
)
@pytest.mark.parametrize("charset", ["utf-8", "utf-16"])
def test_a_picture_is_found_where_it_stands(written: str, charset: str) -> None:
    page = f"<p>Before {uri(OTHER)} and é</p>{written}<img src='data:image/png;base64,!!'>".encode(charset)
    assert inline.pictures(page)[NAME] == PHOTO


@pytest.mark.parametrize(
    "given", ["data:text/html;base64,AAAA", "data:image/svg+xml,<svg/>", "data:image/png", "https://a.example/a.png"]
)
def test_what_is_no_raster_picture(given: str) -> None:
    assert inline.taken_apart(given) is None


def test_the_size_is_known_unread() -> None:
    for data in (b"", b"a", b"ab", b"abc", PHOTO):
        for given in (uri(data), f"data:image/png,{quote_from_bytes(data)}"):
            parts = inline.taken_apart(given)
            assert parts is not None
            assert (parts.size, parts.data()) == (len(data), data)


def test_broken_base64_is_no_picture() -> None:
    parts = inline.taken_apart("data:image/png;base64,iVBO~~~~")
    assert parts is not None
    assert parts.data() is None


def test_a_page_of_many_is_read_in_linear_time() -> None:
    page = b"data:image/" * 400_000
    assert inline.pictures(page) == {}


def test_a_run_has_the_bytes_and_no_base64(tmp_path: Path) -> None:
    out = build(tmp_path, story(uri(), uri(OTHER)))
    images = kept(out)
    assert [image.url for image in images] == [NAME, f"data:image/png;sha256,{hashlib.sha256(OTHER).hexdigest()}"]
    for image in images:
        assert image.blob is not None
        assert image.blob.place.kind == "pack"
        assert (image.blob.source, image.blob.sha256) == ("page", image.url.partition(",")[2])
    assert (images[0].blob.width, images[0].blob.height, images[0].blob.size) == (400, 300, len(PHOTO))  # type: ignore[union-attr]
    assert check(out) == []
    beginning = uri().partition(",")[2][:60].encode()
    assert [p for p in out.rglob("*") if p.is_file() and beginning in p.read_bytes()] == []


def test_an_export_has_the_name_and_says_what_it_is(tmp_path: Path) -> None:
    written = Obelics().write(Output(build(tmp_path, story(uri()))), tmp_path / "export")
    (card,) = (path.read_text() for path in written if path.name == "README.md")
    assert NAME.partition(",")[0].replace("image/png", "TYPE") in card
    (table,) = (pq.read_table(path) for path in written if path.suffix == ".parquet")
    assert [url for row in table["images"].to_pylist() for url in row if url] == [NAME]


def test_none_leaves_it_a_url(tmp_path: Path) -> None:
    (image,) = kept(build(tmp_path, story(uri()), images="none"))
    assert (image.url, image.blob) == (NAME, None)


def test_archives_with_pictures_have_those_of_the_pages_too(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    archive = Builder().add("https://a.example/", story(uri(), "/b.png"))
    archive.add("https://a.example/b.png", OTHER, mime="image/png").write(tmp_path / "in" / "in.warc.gz")
    (tmp_path / "small.toml").write_text(RECIPE.format(PIXELS))
    out = tmp_path / "out"
    given = {"recipe": tmp_path / "small.toml", "scorer": "none", "engine": "inline"}
    assert obelics_like.build([str(tmp_path / "in")], out, **given)["exit_code"] == 0  # type: ignore[arg-type]
    assert [image.blob and image.blob.source for image in kept(out)] == ["page", "warc"]
    assert check(out) == []


def test_a_file_that_is_a_page(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "story.html").write_bytes(story(uri()))
    (tmp_path / "small.toml").write_text(RECIPE.format(PIXELS))
    out = tmp_path / "out"
    given = {"recipe": tmp_path / "small.toml", "scorer": "none", "engine": "inline", "images": "page"}
    assert obelics_like.build([str(tmp_path / "in")], out, **given)["exit_code"] == 0  # type: ignore[arg-type]
    (image,) = kept(out)
    assert image.blob is not None
    assert image.blob.sha256 == hashlib.sha256(PHOTO).hexdigest()


def test_over_the_cap_it_falls_by_name(tmp_path: Path) -> None:
    extract = f"max_data_uri = {len(PHOTO) - 1}\n"
    out = build(tmp_path, story(uri(), "/b.png"), extract=extract)
    told = explain(Output(out), "https://a.example/0")
    (fallen,) = [node for node in told["found"][0]["nodes"] if node.get("rule") == "data_uri_too_large"]
    assert (int(fallen["value"]), int(fallen["limit"])) == (len(PHOTO), len(PHOTO) - 1)
    assert [image.url for image in kept(out)] == ["https://a.example/b.png"]


def test_explain_knows_where_it_came_from(tmp_path: Path) -> None:
    told = explain(Output(build(tmp_path, story(uri()))), "https://a.example/0")
    assert [node["source"] for node in told["found"][0]["nodes"] if node.get("url") == NAME] == ["page"]


def test_a_run_taken_up_again_gives_the_same(tmp_path: Path) -> None:
    out = build(tmp_path, story(uri(), uri(OTHER)))
    before = (out / "manifest.json").read_bytes()
    for path in (out / "work").glob("*/*.json"):  # as if it had ended before its last phases
        if "index" not in path.parts:
            path.unlink()
    assert json.loads(before) == json.loads((build(tmp_path) / "manifest.json").read_bytes())


def test_the_bytes_can_be_read_of_the_record_alone(tmp_path: Path) -> None:
    path = tmp_path / "in.warc.gz"
    Builder().add("https://a.example/", story(uri())).write(path)
    (page,) = read_pages(str(path))
    place = Place("page", str(path), page.origin.offset, page.origin.length, NAME)
    assert read_bytes(place, Archive()) == PHOTO
    for wrong in (
        Place("page", str(path), 3, None, NAME),
        Place("page", str(path), page.origin.offset, None, NAME[:-1]),
    ):
        with pytest.raises(OSError, match="byte"):
            read_bytes(wrong, Archive())


def test_one_pixel_with_much_metadata_is_a_stand_in() -> None:
    bloated = b"GIF89a\x01\x00\x01\x00" + b"x" * 3000
    page = obelics_like.extract(story(uri(bloated)), "https://a.example/")
    assert [node.drop and node.drop.rule for node in page.nodes if isinstance(node, Image)] == ["data_uri"]


@pytest.mark.parametrize("scheme", ["data:image/png", "DATA:IMAGE/PNG", "Data:image/PNG"])
def test_a_picture_named_in_capitals_counts_like_one_in_small_letters(scheme: str) -> None:
    large, small = uri().replace("data:image/png", scheme), f"{scheme};base64,R0lGOD"
    document = obelics_like.extract(story(large, small), "https://a.example/")
    shown = [node for node in document.nodes if isinstance(node, Image)]
    assert (shown[0].url, shown[0].drop) == (NAME, None)
    assert shown[1].drop is not None
    assert shown[1].drop.rule == "data_uri"

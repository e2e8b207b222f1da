"""The sample pages: languages, scripts, charsets, pictures and credits are what pages.toml and the README say."""

from __future__ import annotations

import io
import unicodedata
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import pytest
from warcio.archiveiterator import ArchiveIterator

from tests.samples.conftest import GOOD_ARCHIVES, SAMPLES, read_all


def article(path: Path) -> str:
    """The words of a page: all text outside script and style."""
    seen: list[str] = []

    class Words(HTMLParser):
        hidden = 0

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.hidden += tag in ("script", "style")

        def handle_endtag(self, tag: str) -> None:
            self.hidden -= tag in ("script", "style")

        def handle_data(self, data: str) -> None:
            if not self.hidden:
                seen.append(data)

    Words().feed(path.read_text(encoding="utf-8"))
    return " ".join(" ".join(seen).split())


def script(text: str) -> str:
    """The first word of the Unicode name of most letters: LATIN, CYRILLIC, ARABIC, CJK, THAI, ..."""
    return Counter(unicodedata.name(letter, "?").split()[0] for letter in text if letter.isalpha()).most_common(1)[0][0]


def test_enough_pages_languages_and_scripts(good: list[dict[str, Any]]) -> None:
    texts = {entry["file"]: article(SAMPLES / "pages" / entry["file"]) for entry in good}
    assert len(texts) >= 12
    assert len({entry["language"] for entry in good}) >= 8
    assert {"LATIN", "CYRILLIC", "ARABIC", "CJK", "HIRAGANA", "THAI", "DEVANAGARI", "HANGUL"} == {
        script(text) for text in texts.values()
    }
    assert min(map(len, texts.values())) > 700


def test_every_page_file_is_used(entries: list[dict[str, Any]]) -> None:
    used = {entry["file"] for entry in entries}
    there = {
        f"{path.parent.name}/{path.name}"
        for kind in ("good", "dropped")
        for path in (SAMPLES / "pages" / kind).iterdir()
    }
    assert used == there


def test_every_host_is_reserved_for_examples(made: Path) -> None:
    for name in GOOD_ARCHIVES[:2]:
        for _, url, _ in read_all(made / "crawl" / name):
            assert url is None or url.split("/")[2].endswith(".example"), url


def test_legacy_charsets_are_in_the_bytes_and_said_only_once(made: Path) -> None:
    bodies = {}
    for name in GOOD_ARCHIVES:
        with (made / "crawl" / name).open("rb") as file:
            for record in ArchiveIterator(file, arc2warc=True):
                if record.rec_type == "response" and record.http_headers.get_header("Content-Type", "").startswith(
                    "text/html"
                ):
                    url = record.rec_headers.get_header("WARC-Target-URI")
                    bodies[url] = (record.http_headers.get_header("Content-Type"), record.raw_stream.read())
    for url, mime, charset, word in [
        ("http://zvezdy.example/stat/hubble.htm", "text/html", "windows-1251", "галактик"),
        ("http://www.mankuaimen.example/jiqiao/240311.html", "text/html", "gb2312", "三脚架"),
        ("http://asa-no-daidokoro.example/coffee.html", "text/html; charset=Shift_JIS", "shift_jis", "喫茶店"),
        ("http://www.calcada.example/pedras.htm", "text/html", "iso-8859-1", "pavimento"),
    ]:
        said, body = bodies[url]
        assert said == mime
        assert word in body.decode(charset)
        assert ((b"charset=" + charset.encode()) in body) != ("charset" in said)
        with pytest.raises(UnicodeDecodeError):
            body.decode("utf-8")


URL_ATTRIBUTES = ("src", "data-src", "data-lazy-src", "data-original")


def image_urls(html: str, page_url: str) -> set[str]:
    """Every URL that an img or source of the page names, absolute and percent-encoded; data: URIs left out."""
    found: set[str] = set()
    base = page_url

    def add(url: str) -> None:
        if not url.startswith("data:"):
            found.add(quote(urljoin(base, url), safe="%/:?#[]@!$&'()*+,;=~-._"))

    class Images(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            nonlocal base
            named = {name: value for name, value in attrs if value}
            if tag == "base":
                base = urljoin(page_url, named["href"])
            if tag in ("img", "source"):
                for attribute in URL_ATTRIBUTES:
                    if attribute in named:
                        add(named[attribute])
                for candidate in named.get("srcset", "").split(", "):
                    if candidate.strip():
                        add(candidate.split()[0])

    Images().feed(html)
    return found


def test_every_image_url_has_a_record_or_is_missing_on_purpose(made: Path, good: list[dict[str, Any]]) -> None:
    stored = {url for name in GOOD_ARCHIVES for _, url, _ in read_all(made / "crawl" / name)}
    with (made / "crawl" / "legacy.arc.gz").open("rb") as file:
        stored |= {record.rec_headers.get_header("uri") for record in ArchiveIterator(file)}
    for entry in good:
        named = image_urls((SAMPLES / "pages" / entry["file"]).read_text(encoding="utf-8"), entry["url"])
        missing = {
            quote(urljoin(entry["url"], url), safe="%/:?#[]@!$&'()*+,;=~-._") for url in entry.get("missing", [])
        }
        shared = {url for url in named if url.startswith("https://count.example/")} & stored
        assert named - missing - shared <= stored, entry["file"]
        assert missing <= named, f"{entry['file']} does not name what it calls missing"
        assert not missing & stored, entry["file"]


def test_image_parser_knows_the_forms_it_is_asked_about() -> None:
    html = '<base href="//b.example/d/"><img src=../x.jpg srcset="a.jpg 1x, b,c.jpg 2x"><img data-src="data:,">'
    html += "<noscript><img src=y></noscript>"
    assert image_urls(html, "http://a.example/") == {
        "http://b.example/x.jpg",
        "http://b.example/d/a.jpg",
        "http://b.example/d/b,c.jpg",
        "http://b.example/d/y",
    }


def test_every_photograph_is_credited_and_used(entries: list[dict[str, Any]]) -> None:
    photos = {path.name for path in (SAMPLES / "photos").iterdir()}
    credits = (SAMPLES / "LICENCES.md").read_text(encoding="utf-8")
    assert [name for name in sorted(photos) if f"`{name}`" not in credits] == []
    used = {source for entry in entries for source in entry.get("pictures", {}).values()}
    assert {source for source in used if ":" not in source} == photos
    assert len(photos) >= 20


def test_photographs_decode(entries: list[dict[str, Any]]) -> None:
    from PIL import Image

    for path in (SAMPLES / "photos").iterdir():
        with Image.open(path) as image:
            image.load()
            assert max(image.size) <= 640, path.name


def test_the_bad_pictures_are_bad(made: Path) -> None:
    from PIL import Image, UnidentifiedImageError

    bodies = {}
    with (made / "crawl" / "crawl-1.warc.gz").open("rb") as file:
        for record in ArchiveIterator(file):
            url = record.rec_headers.get_header("WARC-Target-URI") or ""
            if "/lab/" in url:
                bodies[url.rpartition("/")[2]] = record.content_stream().read()
    with pytest.raises(OSError, match="truncated"):
        Image.open(io.BytesIO(bodies["cut-short.jpg"])).load()
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(bodies["huge.png"]))
    assert len(bodies["huge.png"]) < 100_000
    with pytest.raises(UnidentifiedImageError):
        Image.open(io.BytesIO(bodies["apology.jpg"]))
    assert max(Image.open(io.BytesIO(bodies["tiny.jpg"])).size) < 150
    width, height = Image.open(io.BytesIO(bodies["strip.jpg"])).size
    assert width / height > 3
    assert min(width, height) >= 150


def test_every_page_is_described(entries: list[dict[str, Any]]) -> None:
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    assert [entry["file"] for entry in entries if f"`{entry['file']}`" not in readme] == []


def shingles(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return set(zip(*(words[at:] for at in range(5))))


def test_the_near_duplicate_is_near_and_the_other_pages_are_not(good: list[dict[str, Any]]) -> None:
    near = shingles(article(SAMPLES / "pages" / "dropped" / "cat-en-again.html"))
    for entry in good:
        other = shingles(article(SAMPLES / "pages" / entry["file"]))
        likeness = len(near & other) / len(near | other)
        assert (0.8 <= likeness < 1) == (entry["file"] == "good/cat-en.html"), (entry["file"], likeness)

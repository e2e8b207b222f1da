"""What is told of an address by a look must be what the careful way tells: RFC 3986, srcset, stand-ins."""

from __future__ import annotations

import random
import re
import time
from itertools import product
from urllib.parse import urljoin

import pytest

from obelics_like.extraction import pictures, srcset
from obelics_like.extraction.pictures import folder, is_standin, resolve, site
from obelics_like.extraction.placements import file_name
from obelics_like.extraction.srcset import parse_srcset
from obelics_like.extraction.texts import listed

BASES = (
    "https://a.example/b/c.html?x=/y/z",
    "http://A.example:8080",
    "https://a.example/b//c/",
    "https://a.example/b/../c/d;p?q",
    "file:///home/a/b.html",
)
PIECES = ("a", "b.jpg", "/", "//", "..", ".", "?", "x=1", ":", ";", "#f", " ", "%20", "ü", "http://c.example", "&", "|")


@pytest.mark.parametrize("base", BASES)
def test_addresses_are_resolved_as_by_the_careful_way(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(3)
    urls = ["".join(parts) for n in (1, 2, 3) for parts in product(PIECES, repeat=n)]
    urls += ["".join(chance.choices(PIECES, k=chance.randint(4, 9))) for _ in range(4000)]
    quick = [resolve(base, url) for url in urls]
    never = re.compile(r"(?!)")
    for name in ("_PLAIN", "_PLAIN_PATH", "_RELATIVE"):
        monkeypatch.setattr(pictures, name, never)
    assert dict(zip(urls, quick)) == {url: resolve(base, url) for url in urls}
    assert quick[urls.index("a")] == (urljoin(base, "a") if base.startswith("http") else None)


@pytest.mark.parametrize(
    "head", ["http://a.example", "https://A.b:80", "HTTP://a", "http:/", "//a.example", "https://a_b"]
)
def test_what_addresses_are_appended_to_is_what_urljoin_says(head: str) -> None:
    chance = random.Random(1)
    pieces = (*listed("a b.html / // .. . ? # : 80 ; @ % %20 ü _ - ~ | http: /a/ https://"), "\n", " ")
    for _ in range(4_000):
        base = head + "".join(chance.choices(pieces, k=chance.randint(0, 5)))
        start, inside = urljoin(base, "/x")[:-2], urljoin(base, "x")[:-1]
        assert site(base) in (start, "")
        assert folder(base) in (inside, "")
        if base.startswith(("http://a.example/", "https://A.b:80/")):
            assert site(base) == start


def test_a_long_address_is_looked_at_in_linear_time() -> None:
    start = time.process_time()
    for piece in ("a", "a.", "a/", "a%20", "a?", "%", "/a"):
        resolve("https://a.example/", piece * (8000 // len(piece)) + "|")
        is_standin(piece * 100_000 + ".gif")
        file_name("https://a.example/" + piece * 100_000)
        parse_srcset(f"{piece} 1w, " * 20_000 + "(")
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    "value",
    [
        "a.jpg 1x, b.jpg 2x", "a.jpg 320w,", "a.jpg", "a,b.jpg 320w, c.jpg 640w", "a.jpg, b.jpg", "a.jpg,b.jpg 2x",
        "a 1e3w", "a.jpg 320w,http://b.example/c.jpg 640w", "a.jpg 320w 200h, b.jpg 640w", ", a.jpg 2x", "",
        "a.jpg, b.jpg 2x", "a.jpg (min-width: 1px, 2px) 2x, b.jpg 3x", "a nanw, b infx", "a -2x, b 1.5x",
        "a 2x,, b 3x", "a.jpg 2y, b 3x", "\n a.jpg\t1x ,\n b.jpg 2x\n", "a.jpg 1x, b.jpg", "a.jpg 1x b.jpg 2x",
    ],
)  # fmt: skip
def test_a_srcset_is_read_as_by_the_careful_way(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = parse_srcset(value)
    monkeypatch.setattr(srcset, "_plain_set", lambda value: None)
    assert quick == parse_srcset(value)


WORDS = (
    "blank",
    "spacer",
    "1x1",
    "px",
    "1px",
    "lazy-placeholder",
    "img-default",
    "loader",
    "trans",
    "photo",
    "lastly",
    "",
)
SIZES = ("", "300x200", "-300x200", "_2", "100", "x50", "50px", "10x20px", "-", ".", "12345")


def test_stand_ins_are_told_by_the_end_of_the_name() -> None:
    words = "|".join(re.escape(word) for word in sorted(pictures.STANDINS, key=len))
    whole = re.compile(
        rf"(?:.*[_.-])?(?:{words})(?:[-_.]?\d{{0,4}}(?:x\d{{1,4}})?(?:px)?)?\.(?:gif|png|svg|jpe?g|webp)", re.I
    )
    for before, word, size, ending in product(("", "my-", "my", "a.b_"), WORDS, SIZES, (".gif", ".JPEG", ".php", "")):
        name = before + word + size + ending
        told = whole.fullmatch(name) is not None
        for url in (name, f"/blank.gif/{name}?v=/x.gif#y", f"https://a.example/i/{name}", name.upper()):
            assert is_standin(url) is told, url


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://a.example/b/red-kite-300x200.jpg?x=1", "red-kite"),
        ("https://a.example/red-kite-scaled-1024x683-large.JPG", "red-kite"),
        ("https://a.example/red-kite_w300@2x.png", "red-kite"),
        ("https://a.example/red-kite-12.png", "red-kite-12"),
        ("https://a.example/redkitelarge.png", "redkitelarge"),
        ("https://a.example/kite-300x200.png", ""),
        ("https://a.example/photos/red-kite/", "red-kite"),
    ],
)
def test_the_name_of_a_file_has_no_size(url: str, name: str) -> None:
    assert file_name(url) == name

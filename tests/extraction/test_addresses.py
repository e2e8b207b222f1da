"""What a look at all addresses of a page tells must be what the rules on each of them tell."""

from __future__ import annotations

import random
import re
import time
from itertools import product

import pytest

from obelics_like.extraction import links, main_pictures, picture_score, placements, speaking
from obelics_like.extraction.addresses import (
    COUNTING,
    FORM,
    MAY_COUNT,
    MAY_SET,
    SETTING,
    STANDIN,
    UNUSABLE,
    Words,
    look,
)
from obelics_like.extraction.elements import as_said
from obelics_like.extraction.formulas import is_formula
from obelics_like.extraction.pictures import LONG_URL, STANDINS, is_standin, is_usable, resolve
from obelics_like.extraction.placements import Placement

BASES = (
    "https://a.example/b/c.html?x=/y/z", "http://A.example:8080", "https://a.example/b//c/", "file:///home/a/b.html",
    "https://a.example/b/../c/d;p?q", "https://www.facebook.com/a/b", "https://pixel.a.example/pixel/b c/d",
)  # fmt: skip
PIECES = (
    "a", "b.jpg", "/", "//", "..", ".", "?", "x=1", ":", ";", "#f", " ", "%20", "ü", "http://c.example", "https://",
    "&", "|", "../", "./", "/..", ".s", "blank.gif", "1x1.png", "px", "data:", "{", "%7B", "_", "/pixel", "count.",
    "/piwik",
)  # fmt: skip


def _urls() -> list[str]:
    chance = random.Random(3)
    urls = ["".join(parts) for many in (0, 1, 2, 3) for parts in product(PIECES, repeat=many)]
    urls += ["".join(chance.choices(PIECES, k=chance.randint(4, 10))) for _ in range(4000)]
    urls += [before * many + "%7B" for before in ("x", "ü") for many in (2045, 2046, 2047)]
    urls += ["http://a/" + "b" * (LONG_URL - 9 + more) for more in (0, 1)] + ["/" + "é/" * 5000]
    return urls + ["b" * many + end for many in range(48, 62) for end in ("blank.gif", "-blank.gif", "/blank.gif")]


def test_a_look_tells_what_the_rules_tell() -> None:
    urls = _urls()
    looked = look(urls)
    assert {url: bits & STANDIN != 0 for url, bits in looked.items()} == {url: is_standin(url) for url in urls}
    assert {url: not bits & UNUSABLE for url, bits in looked.items()} == {url: is_usable(url) for url in urls}
    forms = {bits & FORM for bits in looked.values()}
    assert forms == set(range(6)), "all forms are met"


@pytest.mark.parametrize("base", BASES)
def test_addresses_become_what_resolve_makes_of_them(base: str) -> None:
    looked = look(_urls())
    way = placements._Way(base, looked)
    for url in looked:
        absolute, bits = way.to(url)
        assert absolute == resolve(base, url), url
        if absolute:
            assert (bits & STANDIN != 0) == is_standin(absolute), url
            assert bits & MAY_COUNT or not placements._counts(absolute), url


def test_no_rule_on_addresses_holds_where_none_of_its_words_is_found() -> None:
    chance = random.Random(5)
    words = [
        *main_pictures._SIGNS, *main_pictures._SERVED, *links.PICTURED, *main_pictures._SERVERS, *SETTING,
        *picture_score._SITE_PARTS, *picture_score._SIDE_NAMES, *STANDINS, *COUNTING, "qrcode", "ads", "300x200", "=80",
        "badge-", "stars", "google-play", "adserver", ".png", ".gif", "/", ".", "-", "_", "?", "&", "7", "x", "ſhare",
    ]  # fmt: skip
    urls = [f"https://{chance.choice(('a', 'ads', 'img.ad3'))}.example/"] * 20_000
    urls = [
        url + "".join(change(chance.choice(words)) for _ in range(chance.randint(1, 5)))
        for url, change in zip(urls, chance.choices((str, str.upper), k=len(urls)))
    ]
    found, looked = main_pictures._words().found(urls), look(urls)
    met = 0
    for url, bits in zip(urls, found):
        one = Placement(0, as_said("img", [url], [""] * 6, 0, False), url, [])
        assert main_pictures._is_icon(one, bits) == main_pictures._is_icon(one, -1), url
        assert bits & main_pictures._SERVED_WORD or not main_pictures._is_served(one), url
        assert looked[url] & MAY_SET or not is_formula(url, "", ""), url
        assert bits & picture_score._SITES or not picture_score._SITE_FILE.search(url.lower()), url
        assert picture_score._is_thumbnail(url, bits) == picture_score._is_thumbnail(url, -1), url
        assert bits & picture_score._GIF or not url.lower().endswith(".gif"), url
        assert bits & picture_score._PICTURED or not links._pictured(url), url
        met += not bits or not looked[url] & MAY_SET
    assert met > 1000, "the words rule something out"


def test_what_names_speak_of_is_told_by_their_words() -> None:
    chance = random.Random(7)
    words = [word for parts in speaking._PARTS.values() for word in parts]
    words += [word for alone in speaking._WORDS.values() for word in alone]
    words += ["advert", "sponsored", "advert1", "b", "3", "ü", "Ad", "APP", " ", "-", "_", "__", "."]
    texts = ["".join(chance.choices(words, k=chance.randint(1, 6))) for _ in range(20_000)]
    for text, spoken in zip(texts, map(speaking.meant, texts, main_pictures._words().found(texts))):
        assert spoken == speaking.heard(text), text


def test_words_in_a_string_do_not_depend_on_the_strings_around_it() -> None:
    chance = random.Random(11)
    words = Words({1: ["ab"], 2: ["b/"], 4: ["/a"], 8: [" 1x1 "]})
    for many in (1, 2, 3, 40):
        for _ in range(200):
            texts = ["".join(chance.choices("aBb/-1x", k=chance.choice((0, 1, 5, 300)))) for _ in range(many)]
            assert words.found(texts).tolist() == [words.found([text])[0] for text in texts]
            assert words.found(texts).tolist() == [_held(f"/{text}/".lower()) for text in texts]


def _held(text: str) -> int:
    """The same bits, read off with `in` and a pattern."""
    return (
        ("ab" in text)
        + 2 * bool(re.search("b[/-]", text))
        + 4 * bool(re.search("[/-]a", text))
        + 8 * bool(re.search(r"[/-]1x1[/-]", text))
    )


def test_words_are_found_in_linear_time_and_none_in_nothing() -> None:
    words = Words({1: ["a" * 200 + "b"], 2: ["aab"]})
    start = time.process_time()
    assert words.found(["a" * 5_000_000, "a" * 200 + "b"]).tolist() == [0, 3]
    assert len(look(["a" * 8000 + str(at) for at in range(500)])) == 500
    assert time.process_time() - start < 2
    assert not words.found([])
    assert words.found(["b\0aab", "aab"]).tolist() == [3, 3], "strings that can't be told apart are unknown"

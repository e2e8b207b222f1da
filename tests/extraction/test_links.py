"""Where links lead is told from how they begin as it is from the address that they resolve to."""

from __future__ import annotations

import random
import re
from urllib.parse import urlsplit

import pytest

from obelics_like.extraction import links
from obelics_like.extraction.links import Links
from obelics_like.extraction.pictures import LONG_URL, link_to_picture, resolve

PAGES = (
    "https://a.example/b/c.html?x=/y", "https://a.example", "https://a.example/", "http://A.example:80/b/",
    "https://a/b%20c/d",
    "https://a.example/b;c/d", "https://a.example/ü/b", "https://a.example/b//c", "file:///b/c", "https://a.example/b#c",
    "https://a.example/b/../c", "https://[::1]/b",
)  # fmt: skip
PIECES = (
    "https://a.example", "http://a.example", "https://b.example", "https://a.example.org", "//a.example", "/", "/b",
    "/b/c.html", "c", "//", "..", ".", "?", "x=1", ";", ":", "#", "#f/.", " ", "%20", "ü", "\\", "\t", "|", "\xa0",
    "\x85", "a.jpg", ".PNG", "/attachment/", "/wiki/File:", "/photos/", "/datei%3aX", "javascript:", "JavaScript:x",
    "j", "[", "/файл:", "mailto:a@b",
)  # fmt: skip


def plainly(page: str, href: str, picture: str) -> str:
    """Where a link leads, by the address it resolves to."""
    small = href.lower()
    if href[0] == "#" or small.startswith("javascript:"):
        return "own"
    if link_to_picture(href):
        return "picture"
    target = resolve(page, href)
    there = re.match(r"\w+://([^/?]*)([^?]*)", target) if target else None
    if "attachment" in small or links._FILE_PAGE.search(small) or there is None:
        return "own"
    if there[1] != urlsplit(page).netloc:
        return "own" if picture.partition("//")[2].startswith(there[1] + "/") else "other_site"
    return "" if there[2].startswith(urlsplit(page).path.rstrip("/") or "//") else "other_page"


@pytest.mark.parametrize("page", PAGES)
def test_a_link_leads_where_its_address_says(page: str) -> None:
    chance = random.Random(len(page))
    told, picture = Links(page), "https://b.example/x.jpg"
    hrefs = {"".join(chance.choices(PIECES, k=chance.randint(1, 5))) for _ in range(6000)}
    hrefs |= {page + more for more in ("", "/", "x", "?y", "#z", " ", "/.", "/c")}
    hrefs |= {"/" + "b" * (LONG_URL - 1), "/" + "b" * LONG_URL, "https://a.example/" + "b" * LONG_URL}
    for href in sorted(href for href in map(str.strip, hrefs) if href):
        assert told.target(href, picture, True) == plainly(page, href, picture), href


def test_most_links_are_told_without_resolving(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "resolve", None)
    told = Links("https://a.example/b/c.html")
    hrefs = ("/b/d", "/", "https://a.example/b/c.html#x", "https://b.example/?q=1#/.", "/b/c.html?page=2")
    assert [told.target(href, "", False) for href in hrefs] == ["other_page", "other_page", "", "other_site", ""]

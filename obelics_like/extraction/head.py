"""What a page says about itself: title, canonical URL, declared language, date, lead picture; its rights by `rights`.

Nothing of it is a node: the lead picture of the head may not even be shown on the page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from obelics_like.extraction.pictures import resolve
from obelics_like.extraction.rights import LONG, is_robot, licence, of_answer
from obelics_like.extraction.texts import listed, tidy
from obelics_like.native.find import find

MANY_SCRIPTS, LONG_SCRIPT = 8, 200_000
"""JSON-LD scripts read, and characters of each."""
MANY_ROBOTS = 20

DATES = listed(
    "article:published_time og:published_time datepublished article.published pubdate publishdate publish-date "
    "publish_date publication_date parsely-pub-date sailthru.date citation_publication_date citation_date "
    "dcterms.issued dc.date.issued dcterms.created dcterms.date dc.date date"
)
"""Names of the meta tags that hold a date of publication, the plainest first."""
LICENCES = listed("license dcterms.license dc.rights.license")
ASKED = frozenset(
    listed(
        "robots description og:description og:title content-language tdm-reservation tdm-policy image thumbnailurl "
        "og:image og:image:url og:image:secure_url og:url twitter:image twitter:image:src"
    )
).union(DATES, LICENCES)
"""Names of the meta tags that `facts` asks for: of the others, the walk tells only of those to a crawler."""
_DATE_IN_SCRIPT = re.compile(r'"datePublished"\s*:\s*"([^"\\]{4,40})"')
_DATE_SAID = re.compile(rb"(?:datetime|content)\s*=\s*[\"']?([^\"'>]{4,40})", re.I)


class Head:
    """The marks of a page's head as they are met in the walk; `places` is where its scripts stand in `told`, which few
    pages have to be asked for."""

    def __init__(self, told: str) -> None:
        self.told = told
        self.places: list[tuple[int, int]] = []
        self.title = self.base = self.language = ""
        self.meta: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.hreflang: dict[str, str] = {}
        self.robots: dict[str, str] = {}

    def hear(self, kind: str, name: str, equiv: str, part: str, content: str) -> None:
        """Note a `<meta>` by its property, name, http-equiv, itemprop and content; of each name, the first that says
        something."""
        name = (kind or name or equiv or part).strip().lower()
        if name and content:
            self.meta.setdefault(name, content)
            if name == "robots" or (name not in ASKED and is_robot(name, content)):
                self._direct(name, content)

    def follow(self, tag: str, href: str, relation: str, language: str) -> None:
        """Note a `<link>` or `<base>` by its href, rel and hreflang; of each relation, the first that leads on."""
        if not (href := href.strip()):
            return
        if tag == "base":
            self.base = self.base or href
            return
        relations = relation.lower().split()
        for one in relations:
            self.links.setdefault(one, href)
        if language and "alternate" in relations and len(self.hreflang) < 200:
            self.hreflang.setdefault(language.strip(), href)

    def _direct(self, robot: str, content: str) -> None:
        """Note directives: all tags to one robot hold together (a plug-in adds `noai` to what another has said)."""
        said = " ".join(content.lower().split())
        if robot in self.robots:
            self.robots[robot] = f"{self.robots[robot]}, {said}"[:LONG]
        elif len(self.robots) < MANY_ROBOTS:
            self.robots[robot] = said[:LONG]

    def scripts(self) -> Iterator[str]:
        """The JSON-LD scripts that are read."""
        return (self.told[start:end] for start, end in self.places[:MANY_SCRIPTS])

    def facts(self, url: str, html: bytes, answer: Mapping[str, str]) -> dict[str, Any]:
        """The page facts that are stated, with absolute URLs; what is not stated is absent.

        `answer` is the header that the page came with.
        """
        meta, base = self.meta, self.base_url(url)
        lead = meta.get("og:image:secure_url") or meta.get("og:image") or meta.get("og:image:url")
        lead = lead or meta.get("twitter:image") or meta.get("twitter:image:src") or self.links.get("image_src")
        lead = lead or self._lead_of_scripts() or meta.get("image") or meta.get("thumbnailurl")
        said = of_answer(answer) if answer else {}
        found = {
            "title": tidy(self.title or meta.get("og:title") or ""),
            "description": tidy(meta.get("description") or meta.get("og:description") or ""),
            "canonical_url": resolve(base, self.links.get("canonical", "")) or "",
            "html_lang": (self.language or meta.get("content-language", "")).strip()[:40],
            "lead_image": (resolve(base, lead) or "") if lead else "",
            "license": self._licence(base, html),
            "published": self._published(html)[:40],
            "robots": self.robots.get("robots", ""),
            "robots_named": {name: text for name, text in self.robots.items() if name != "robots"},
            "robots_header": said.get("x-robots-tag", ""),
            "tdm_reservation": (meta.get("tdm-reservation") or said.get("tdm-reservation", "")).strip()[:LONG],
            "tdm_policy": resolve(base, meta.get("tdm-policy") or said.get("tdm-policy", "")) or "",
            "content_usage": said.get("content-usage", ""),
            "hreflang": {code: whole for code, href in self.hreflang.items() if (whole := resolve(base, href))},
        }
        return {name: value for name, value in found.items() if value}

    def _licence(self, base: str, html: bytes) -> str:
        """What a `<link>` or a meta tag names, else a link in the page, absolute; a licence may be words too."""
        named = self.links.get("license") or next((text for name in LICENCES if (text := self.meta.get(name))), "")
        named = (named or licence(html)).strip()
        return (resolve(base, named) or named)[:LONG] if named and " " not in named else named[:LONG]

    def _published(self, html: bytes) -> str:
        for name in DATES:
            if said := self.meta.get(name, "").strip():
                return said
        for script in self.scripts():
            if found := _DATE_IN_SCRIPT.search(script, 0, LONG_SCRIPT):
                return found[1].strip()
        at = find(html, b"datePublished")
        if at < 0:
            return ""
        start = html.rfind(b"<", max(0, at - 300), at)
        tag = html[start : html.find(b">", at, at + 300)] if start >= 0 else b""
        told = _DATE_SAID.search(tag) if b"itemprop" in tag else None
        return told[1].decode("utf-8", "replace").strip() if told else ""

    def address(self, url: str) -> str:
        """Where the page is, or was: its URL, or for a file (or no URL) the address on the web that it declares."""
        if url[:4].lower() == "http":
            return url
        declared = (self.links.get("canonical", ""), self.meta.get("og:url", ""), self.base)
        return next((whole for one in declared if (whole := resolve("", one))), url)

    def base_url(self, url: str) -> str:
        """What relative URLs are relative to: the page's URL, or its `<base>` resolved against that."""
        return (resolve(url, self.base) or url) if self.base else url

    def _lead_of_scripts(self) -> str:
        for script in self.scripts():
            if '"image"' in script[:LONG_SCRIPT] and len(script) <= LONG_SCRIPT:
                try:
                    picture = _image_of(json.loads(script), 0)
                except (ValueError, RecursionError):
                    continue
                if picture:
                    return picture
        return ""


def _image_of(value: Any, depth: int) -> str:
    """The first picture that a JSON-LD value names for an article, a recipe, a product."""
    if isinstance(value, list):
        return next((found for item in value[:20] if (found := _image_of(item, depth))), "")
    if not isinstance(value, dict) or depth > 4:
        return ""
    picture = value.get("image")
    while isinstance(picture, list):
        picture = picture[0] if picture else None
    if isinstance(picture, dict):
        picture = picture.get("url") or picture.get("contentUrl")
    if isinstance(picture, str) and picture:
        return picture.encode("utf-8", "replace").decode()  # JSON may hold half a surrogate pair, and a file may not
    return _image_of(value.get("@graph") or value.get("mainEntity"), depth + 1)

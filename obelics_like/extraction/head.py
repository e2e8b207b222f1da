"""What a page says about itself: title, canonical URL, declared language, lead picture, licence.

Nothing of it is a node: the lead picture of the head may not even be shown on the page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from obelics_like.extraction.pictures import resolve
from obelics_like.extraction.texts import listed, tidy

MANY_SCRIPTS, LONG_SCRIPT = 8, 200_000
"""JSON-LD scripts read, and characters of each."""

_LICENCE = re.compile(rb"https?://(?:www\.)?creativecommons\.org/(?:licenses|publicdomain)/[a-z+-]{1,20}/\d\.\d", re.I)

_TOLD = frozenset(
    listed(
        "og:image og:image:secure_url og:image:url twitter:image twitter:image:src og:title description og:description "
        "content-language article:published_time date robots tdm-reservation"
    )
)
_RELATIONS = frozenset(listed("canonical license image_src"))
_NAMED = {
    "meta": re.compile(rb' (?:property|name)="([^"&\x80-\xff]+)"'),
    "link": re.compile(rb' rel="([^"&\x80-\xff]+)"'),
}
"""What names an element whose first attribute does, as in nearly all."""


class Head:
    """The marks of a page's head as they are met in the walk."""

    def __init__(self) -> None:
        self.title = self.base = self.language = ""
        self.meta: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.hreflang: dict[str, str] = {}
        self.scripts: list[bytes] = []

    def wants(self, tag: str, attributes: bytes) -> bool:
        """Whether an element with these attributes, as written, may say something that is a fact."""
        named = _NAMED[tag].match(attributes) if tag in _NAMED else None
        if named is None:
            return tag in ("meta", "link", "base")
        name = named[1].decode().strip().lower()
        if tag == "meta":
            return name in _TOLD or (attributes[:6] == b" name=" and b" property=" in attributes)
        return not _RELATIONS.isdisjoint(name.split()) or (b" hreflang=" in attributes and "alternate" in name)

    def read(self, tag: str, attributes: Mapping[str, str | None]) -> None:
        """Note a `<meta>`, `<link>` or `<base>`; of each name, the first that says something."""
        if tag == "meta":
            name = attributes.get("property") or attributes.get("name") or attributes.get("http-equiv") or ""
            if name and (content := attributes.get("content")):
                self.meta.setdefault(name.strip().lower(), content)
        elif href := (attributes.get("href") or "").strip():
            if tag == "base":
                self.base = self.base or href
                return
            relations = (attributes.get("rel") or "").lower().split()
            for relation in relations:
                self.links.setdefault(relation, href)
            if "alternate" in relations and (code := attributes.get("hreflang")) and len(self.hreflang) < 200:
                self.hreflang.setdefault(code.strip(), href)

    def facts(self, url: str, html: bytes) -> dict[str, Any]:
        """The page facts that are stated, with absolute URLs; what is not stated is absent."""
        meta, base = self.meta, self.base_url(url)
        lead = meta.get("og:image:secure_url") or meta.get("og:image") or meta.get("og:image:url")
        lead = lead or meta.get("twitter:image") or meta.get("twitter:image:src") or self.links.get("image_src")
        lead = lead or self._lead_of_scripts()
        licence = _LICENCE.search(html) if b"creativecommons.org/" in html else None
        found = {
            "title": tidy(self.title or meta.get("og:title") or ""),
            "description": tidy(meta.get("description") or meta.get("og:description") or ""),
            "canonical_url": resolve(base, self.links.get("canonical", "")) or "",
            "html_lang": (self.language or meta.get("content-language", "")).strip()[:40],
            "lead_image": (resolve(base, lead) or "") if lead else "",
            "license": self.links.get("license", "") or (licence[0].decode("ascii") if licence else ""),
            "published": (meta.get("article:published_time") or meta.get("date") or "").strip()[:40],
            "robots": meta.get("robots", "").strip().lower()[:200],
            "tdm_reservation": meta.get("tdm-reservation", "").strip()[:200],
            "hreflang": {code: whole for code, href in self.hreflang.items() if (whole := resolve(base, href))},
        }
        return {name: value for name, value in found.items() if value}

    def base_url(self, url: str) -> str:
        """What relative URLs are relative to: the page's URL, or its `<base>` resolved against that."""
        return (resolve(url, self.base) or url) if self.base else url

    def _lead_of_scripts(self) -> str:
        for script in self.scripts[:MANY_SCRIPTS]:
            if b'"image"' in script and len(text := script.decode()) <= LONG_SCRIPT:
                try:
                    picture = _image_of(json.loads(text), 0)
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

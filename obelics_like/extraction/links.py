"""Where the link round a picture leads: to another page of the site, to another site, to the picture itself.

What follows from it is said in `picture_score` and `main_pictures`.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from obelics_like.extraction.pictures import ENDINGS, LONG_URL, link_to_picture, resolve
from obelics_like.extraction.texts import listed

_FILE_PAGE = re.compile(
    r"/(?:(?:file|datei|fichier|archivo|image|bild|plik|ficheiro|bestand|fil|fájl|tiedosto|dosya|файл|ملف|文件|ファイル)"
    r"(?::|%3a)|(?:photos?|pictures?|images?|albums?|galler(?:y|ies))/)"
)
"""Links to the page about a picture, written small: of wikis in their languages, of albums."""
PICTURED = (
    *(f"{ending} " for ending in ENDINGS),
    "attachment",
    *listed(
        "/file: /datei: /fichier: /archivo: /image: /bild: /plik: /ficheiro: /bestand: /fil: /tiedosto: /dosya: "
        "/photo/ /photos/ /picture/ /pictures/ /image/ /images/ /album/ /albums/ /gallery/ /galleries/"
    ),
)
"""Words of which at least one stands in a link to a picture file, or to the page about a picture."""
_PARTED = re.compile(r"\w+://([^/?]*)([^?]*)")
"""Host and path of an absolute URL."""
_WHOLE = re.compile(
    r"https?://([\w~%!$&'()*+,;=:@.-]+)((?:/[\w~%!$&'()*+,;=:@./-]*)?)(?:\?[\w~%!$&'()*+,;=:@./?-]*)?", re.A
)
"""The same of URLs of plain characters, which `resolve` takes as they are."""


class Links:
    """The links of a page."""

    __slots__ = ("_host", "_path", "_plain", "_site", "_url")

    def __init__(self, url: str) -> None:
        self._url = url
        if found := _WHOLE.fullmatch(url):
            self._host, path = found.groups()
        else:
            self._host, path = _host_and_path(url)
        self._path = path.rstrip("/") or "//"
        # nothing that `resolve` may change in a link to the site decides on how its path begins
        self._plain = found is not None and "%" not in path and ";" not in path
        self._site = url[: found.end(1)] + "/" if found else ""

    def target(self, href: str, picture: str, pictured: bool) -> str:
        """Where the link round a picture of this URL leads: own, picture, other_site, other_page, or "" (to the page).

        `pictured` says whether one of the words PICTURED may stand in it.
        """
        first = href[0]
        if first in "#jJ" and (first == "#" or href[:11].lower() == "javascript:"):
            return "own"
        if pictured and (leads := _pictured(href)):
            return leads
        bare, found = href.partition("#")[0], None
        if len(bare) <= LONG_URL and "/." not in bare and "\\" not in bare and bare.isprintable():
            if self._plain:
                if first == "/" and bare[1:2] != "/":
                    return "" if bare.startswith(self._path) else "other_page"
                if bare.startswith(self._site):
                    return "" if bare.startswith(self._path, len(self._site) - 1) else "other_page"
            found = _WHOLE.fullmatch(bare)
        if found is None and (target := resolve(self._url, href)):
            found = _PARTED.match(target)
        if found is None:
            return "own"
        host, path = found.groups()
        if host != self._host:  # a host of pictures has no pages
            return "own" if picture.partition("//")[2].startswith(host + "/") else "other_site"
        return "" if path.startswith(self._path) else "other_page"


def _host_and_path(url: str) -> tuple[str, str]:
    try:
        return urlsplit(url)[1:3]
    except ValueError:  # a host with a broken IPv6 address
        return "", ""


def _pictured(href: str) -> str:
    """Whether a link leads to a picture file, or to the page about one ("own"), as its words tell."""
    if link_to_picture(href):
        return "picture"
    small = href.lower()
    return "own" if "attachment" in small or _FILE_PAGE.search(small) else ""

"""Pictures of the walk as placements: absolute URLs, fallbacks told from second pictures, stand-ins and beacons named.

It does not decide whether a picture belongs to the article.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from obelics_like import inline
from obelics_like.extraction.addresses import (
    ABSOLUTE,
    FORM,
    MAY_COUNT,
    RELATIVE,
    ROOTED,
    SCHEMELESS,
    STANDIN,
    STEPPING,
    words_of,
)
from obelics_like.extraction.elements import Picture
from obelics_like.extraction.pictures import folder, is_standin, resolve, site, steps_of
from obelics_like.extraction.walk import Walked

DATA_URL_SHOWN = 80
"""Characters of a `data:` URI that are kept as the placement's URL."""
DATA_URL_READ = 4096
"""Characters of it that are looked at for these, as white space in it does not count."""
MANY_ALTERNATIVES = 12
NEAR = 6
"""Items between a picture and its fallback."""
BEACON_SIDE = 2
"""A picture declared this narrow or low, in CSS pixels, is a tracking pixel or a ruler and shows nothing."""

_SIZE = re.compile(
    r"[-_.@=](?:\d{2,4}x\d{2,4}|\d{1,4}x|x\d{2,4}|\d{2,4}[wh]|[wh]\d{2,4}|\d{3,4}|[1-5]x|scaled|large|medium|small|"
    r"thumb(?:nail)?|original|full|crop(?:ped)?)$",
    re.I,
)
_SUSPECT = STANDIN | MAY_COUNT
"""What is known of the addresses of pictures whose address may be a fault."""
_LONG_SIZE, _SIZE_ENDS = 10, frozenset("0123456789xwhdemlbpXWHDEMLBP")
"""Characters of the longest of these, and what may be the last one."""
_BEACON_HOST = re.compile(
    r"https?://(?:[^/]*(?:doubleclick|googleadservices|scorecardresearch|quantserve|facebook\.com/tr|statcounter|"
    r"analytics|vgwort|ivwbox|histats|mc\.yandex)|(?:pixel|beacon|count(?:er)?|[^/]*\.(?:pixel|counter))\.)",
    re.I,
)
_BEACON_PATH = re.compile(r"/(?:pixel|beacon|tracking|counter|matomo|piwik)[/.?]")
"""Addresses of pictures that only count their visitors; of the second, written small, the part before a `?`."""


@dataclass(slots=True)
class Placement:
    """A picture as it will be emitted: `item` is its index in the walk; `fault` the rule it drops by, or ""."""

    item: int
    picture: Picture
    url: str
    alternatives: list[str]
    fault: str = ""
    measured: str | int = ""

    def names(self) -> set[str]:
        """What the picture may be known by: its URLs, and its file name without a size."""
        known = {self.url, *self.alternatives}
        return known | {name for url in known if (name := file_name(url))}


@lru_cache(4096)
def file_name(url: str) -> str:
    """The last part of a URL's path without ending and size, "" where it is too short to tell pictures apart.

    >>> file_name("https://a.org/b/red-kite-300x200.jpg?x=1")
    'red-kite'
    """
    last = url.partition("?")[0].rstrip("/").rpartition("/")[2]
    stem = last.rpartition(".")[0] or last
    while stem[-1:] in _SIZE_ENDS and (size := _SIZE.search(stem, max(0, len(stem) - _LONG_SIZE))):
        stem = stem[: size.start()]
    stem = stem.lower()
    return stem if len(stem) >= 6 else ""


def place(walked: Walked, base: str, smallest: int = 1, largest: int = 0) -> list[Placement]:
    """The page's placements in DOM order; a picture without a usable URL has none, one and its fallback have one.

    A picture that stands in the page itself counts if it has from `smallest` to `largest` bytes, and has its name
    (`inline.named`) for a URL.
    """
    way = _Way(base, walked.looked)
    known, placed, set_apart = way.known, list[Placement](), False
    for at, picture in walked.pictures.items():
        urls = picture.urls
        if len(urls) == 1 and (one := known.get(urls[0])):  # most pictures
            url, bits = one
            placement = Placement(at, picture, url, []) if url else None
        else:
            placement, bits = _placement(at, picture, way)
        if placement is None:
            continue
        placed.append(placement)
        if bits & _SUSPECT or picture.width is not None or picture.height is not None:
            _find_fault(placement, bits)
            if placement.fault == "data_uri":
                _take_inline(placement, smallest, largest)
        set_apart = set_apart or picture.formula
    found = _without_fallbacks(placed)
    if set_apart:
        for placement in found:
            if placement.picture.formula and not placement.fault:
                placement.fault, placement.measured = "formula", placement.picture.alt[:80]
    return found


class _Way:
    """How the addresses of a page, which have been looked at, become absolute ones: `known` are those that have."""

    def __init__(self, base: str, looked: Mapping[str, int]) -> None:
        self.base, self.looked = base, looked
        self.known: dict[str, tuple[str | None, int]] = {}
        for url, bits in looked.items():
            form = bits & FORM
            if form == ABSOLUTE:
                self.known[url] = url, bits
            elif form:
                self.known[url] = self._joined(url, bits)

    def to(self, url: str) -> tuple[str | None, int]:
        """The absolute address as `resolve` gives it, and its STANDIN and MAY_COUNT bits."""
        return self.known.get(url) or self._resolved(url, self.looked[url])

    def _joined(self, url: str, bits: int) -> tuple[str | None, int]:
        form, start = bits & FORM, site(self.base)
        if form == ROOTED and start:
            return start + url, bits | _of_site(start)
        if form == SCHEMELESS and start:
            return start[: start.index(":") + 1] + url, bits
        if form in (RELATIVE, STEPPING):
            steps = steps_of(url) if form == STEPPING else ""
            if start := folder(self.base, steps):
                return start + url[len(steps) :], bits | MAY_COUNT
        return self._resolved(url, bits)

    def _resolved(self, url: str, bits: int) -> tuple[str | None, int]:
        absolute = resolve(self.base, url)
        if absolute is None or absolute == url:
            return absolute, bits | MAY_COUNT
        return absolute, MAY_COUNT | (STANDIN if is_standin(absolute) else 0)


@lru_cache(256)
def _of_site(start: str) -> int:
    """Whether what addresses from the root of a site are appended to may be that of a counter."""
    return words_of().found([start])[0] & MAY_COUNT


def _placement(at: int, picture: Picture, way: _Way) -> tuple[Placement | None, int]:
    """The placement of a picture, None if it has no usable address; and the bits of its URL."""
    known, looked = way.known, way.looked
    real: dict[str, int] = {}
    standins: list[tuple[str, int]] = []
    for url in picture.urls:
        if (told := known.get(url)) is None:
            if url[:5].lower() == "data:":
                shown = "data:" + "".join(url[5:DATA_URL_READ].split())[: DATA_URL_SHOWN - 5]
                standins.append((shown, MAY_COUNT))
                continue
            told = way.to(url)
        one, bits = told
        if one and looked[url] & STANDIN:
            standins.append((one, bits))
        elif one and one not in real:
            real[one] = bits
    if not real:
        return (Placement(at, picture, standins[0][0], []), standins[0][1]) if standins else (None, 0)
    urls = list(real)[: MANY_ALTERNATIVES + 1]
    if len(urls) > 1 and picture.how == "img" and picture.link and picture.link is picture.urls[-1]:
        linked = way.to(picture.link)[0]
        urls = [url for url in urls if url != linked] + ([linked] if linked else [])
    return Placement(at, picture, urls[0], urls[1:]), real[urls[0]]


def _take_inline(placement: Placement, smallest: int, largest: int) -> None:
    """Take a picture that stands in the page for what it is, if it is larger than a stand-in and not too large."""
    uri = next(url for url in placement.picture.urls if url[:5].lower() == "data:")
    parts = inline.taken_apart(uri) if len(uri) >= smallest else None
    if parts is None or parts.size < smallest:
        return
    if parts.size > largest:
        placement.fault, placement.measured = "data_uri_too_large", parts.size
    elif (data := parts.data()) and min(inline.sides(data) or (BEACON_SIDE + 1,)) > BEACON_SIDE:
        # some stand-ins of one pixel carry more than a kilobyte of metadata
        placement.url, placement.fault, placement.measured = inline.named(parts.media, data), "", ""


def _find_fault(placement: Placement, bits: int) -> None:
    """Set the fault that can be told from the placement alone; `bits` are STANDIN and MAY_COUNT of its URL."""
    picture, url = placement.picture, placement.url
    width, height = picture.width, picture.height
    small = height if width is None else width if height is None else min(width, height)
    if small is not None and small <= BEACON_SIDE and not (small == 0 and placement.alternatives):
        # 0 x 0 with a srcset is how some frameworks say "as large as there is room"; one wrong side is a mistake
        if not placement.alternatives or width is None or height is None or max(width, height) <= BEACON_SIDE:
            placement.fault, placement.measured = "tracking_pixel", small
            return
    elif bits & MAY_COUNT and _counts(url):
        placement.fault, placement.measured = "tracking_pixel", "known counter"
        return
    if url.startswith("data:"):
        placement.fault, placement.measured = "data_uri", url.partition(",")[0][:40]
    elif bits & STANDIN:
        placement.fault, placement.measured = "placeholder", url.rpartition("/")[2][:80]


def _counts(url: str) -> bool:
    """Whether an absolute URL is that of a known counter of visitors."""
    end = url.find("/", 8)
    if _is_counter(url[: end + 3] if end > 0 else url):
        return True
    small = url.lower()
    found = _BEACON_PATH.search(small, 8)
    return found is not None and small.find("?", 0, found.start()) < 0


@lru_cache(4096)
def _is_counter(host: str) -> bool:
    """The same of the part up to the host and two characters of the path; a site has few hosts."""
    return _BEACON_HOST.match(host) is not None


def _without_fallbacks(found: list[Placement]) -> list[Placement]:
    """Join each fallback to the picture it stands in for: a neighbour that has no real URL, or has the same picture."""
    fallbacks = [one.item for one in found if one.picture.fallback]
    if not fallbacks:
        return found
    kept: list[Placement] = []
    seen: dict[str, Placement] = {}
    next_one, last = 0, len(fallbacks) - 1
    for number, one in enumerate(found):
        twin = None
        if one.picture.fallback:
            after = found[number + 1] if number + 1 < len(found) else None
            twin = _twin(one, kept[-1] if kept else None, after, seen)
        if twin is None:
            kept.append(one)
            while next_one < last and fallbacks[next_one] <= one.item:
                next_one += 1
            if 0 < fallbacks[next_one] - one.item <= NEAR:  # names of others are of no use
                seen.update(dict.fromkeys(one.names(), one))
            continue
        if _waits(twin) and not one.fault:
            twin.url, twin.alternatives, twin.fault, twin.measured = one.url, one.alternatives, "", ""
        else:
            extra = [url for url in (one.url, *one.alternatives) if url not in (twin.url, *twin.alternatives)]
            twin.alternatives = (twin.alternatives + extra)[:MANY_ALTERNATIVES]
        twin.picture.alt = twin.picture.alt or one.picture.alt
        seen.update(dict.fromkeys(twin.names(), twin))
    return kept


def _waits(one: Placement) -> bool:
    """Whether a placement may be a stand-in until a script runs: one that is in the page itself, too."""
    return one.fault in ("data_uri", "data_uri_too_large", "placeholder") or one.url[:5] == "data:"


def _twin(
    one: Placement, before: Placement | None, after: Placement | None, seen: dict[str, Placement]
) -> Placement | None:
    names = one.names()
    for near in (before, after):
        if near and not near.picture.fallback and near.picture.how in ("img", "background") and not one.fault:
            same_place = abs(near.item - one.item) <= 1 and near.picture.container == one.picture.container
            if _waits(near) and (same_place or (near is before and one.item - near.item <= 1)):
                return near
            if one.url == near.url or names & near.names():
                return near
        elif near and near is before and near.picture.how == "object" and one.item - near.item == 1:
            return near
    return next((seen[name] for name in names if name in seen and one.item - seen[name].item <= NEAR), None)

"""Pictures of the walk as placements: absolute URLs, fallbacks told from second pictures, stand-ins and beacons named.

It does not decide whether a picture belongs to the article.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from obelics_like import inline
from obelics_like.extraction.addresses import (
    ABSOLUTE,
    COUNTING,
    FORM,
    MAY_COUNT,
    RELATIVE,
    ROOTED,
    STANDIN,
    STEPPING,
    look,
)
from obelics_like.extraction.elements import Picture
from obelics_like.extraction.pictures import folder, is_standin, resolve, site, steps_of
from obelics_like.extraction.scan import OverBudget
from obelics_like.extraction.walk import Walked

DATA_URL_SHOWN = 80
"""Characters of a `data:` URI that are kept as the placement's URL."""
DATA_URL_READ = 4096
"""Characters of it that are looked at for these, as white space in it does not count."""
MANY_ALTERNATIVES = 12
NEAR = 6
"""Items between a picture and its fallback."""
MUCH_JOINED = 6_000_000
"""Characters of the page's path that its pictures' addresses and links are joined to, in all: 19,500 pictures under a
`<base>` of 6,000 took ten seconds. No page of 1,747 had more than 14,706."""
_FROM_SITE = re.compile(r"(?:https?:)?//[^\s/?#]|/(?![\s/])|data:", re.I)
"""How an address begins that takes nothing of the path: `http:x.jpg`, `//?x` and `httpx.jpg` do."""
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
        return _names(self.url, self.alternatives)


def _names(url: str, alternatives: list[str]) -> set[str]:
    known = {url, *alternatives}
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


def hold_joined(walked: Walked, base: str) -> None:
    """Raise OverBudget for a page whose addresses would be too long together; `base` is what they are joined to."""
    size = len(base.partition("?")[0])
    if size * (len(walked.looked) + (2 + MANY_ALTERNATIVES) * len(walked.pictures)) <= MUCH_JOINED:
        return  # nearly all; of pictures that C has named, no more addresses are taken
    urls = (url for one in walked.pictures.values() for url in (*one.urls, one.link))
    much = size * sum(1 for url in urls if url and not _FROM_SITE.match(url))
    if much > MUCH_JOINED:
        raise OverBudget("too_many_pictures", much, MUCH_JOINED)


def place(walked: Walked, base: str, smallest: int = 1, largest: int = 0) -> list[Placement]:
    """The page's placements in DOM order; a picture without a usable URL has none, one and its fallback have one.

    A picture that stands in the page itself counts if it has from `smallest` to `largest` bytes, and has its name
    (`inline.named`) for a URL.
    """
    way = _Way(base, walked.looked)
    starts = way.starts
    placed: list[Placement] = []
    fallbacks: list[int] = []
    formulas: list[Placement] = []
    for at, picture in walked.pictures.items():
        placement: Placement | None
        bits, urls = 0, picture.urls
        if (form := picture.form) == ABSOLUTE:  # most pictures
            placement = Placement(at, picture, urls[0], urls[1:])
        elif form and (start := starts.get(form) or way.start(form)):
            many = picture.usable
            others = [start + url for url in urls[1:many]] if many > 1 else []
            placement = Placement(at, picture, start + urls[0], others)
        else:
            placement, bits = _placement(at, picture, way)
            if placement is None:
                continue
        placed.append(placement)
        if picture.suspect or bits & _SUSPECT or way.counts:
            _find_fault(placement, bits or MAY_COUNT)  # of those without bits it is not known
            if placement.fault == "data_uri":
                _take_inline(placement, smallest, largest)
        if picture.fallback:
            fallbacks.append(at)
        if picture.formula:
            formulas.append(placement)
    found = _without_fallbacks(placed, fallbacks) if fallbacks else placed
    for placement in formulas:
        if not placement.fault:
            placement.fault, placement.measured = "formula", placement.picture.alt[:80]
    return found


class _Way:
    """How the addresses of a page become absolute ones; `looked` is what a look at them tells."""

    def __init__(self, base: str, looked: Mapping[str, int]) -> None:
        self.base, self.looked = base, dict(looked)
        self.starts: dict[int, str] = {}
        self.counts = 0
        self._known: dict[str, tuple[str | None, int]] = {}

    def start(self, form: int) -> str:
        """What all addresses of a form are appended to, "" where it takes more than that; kept in `starts`. If it may
        be that of a counter, `counts` is not 0 from then on."""
        if form == RELATIVE:
            start = folder(self.base)
        elif (start := site(self.base)) and form == ROOTED:
            self.counts |= _of_site(start)
        elif start:
            start = start[: start.index(":") + 1]
        self.starts[form] = start
        return start

    def to(self, url: str) -> tuple[str | None, int]:
        """The absolute address as `resolve` gives it, and its STANDIN and MAY_COUNT bits."""
        if (known := self._known.get(url)) is None:
            if (bits := self.looked.get(url)) is None:
                bits = self.looked[url] = look((url,))[url]
            known = self._known[url] = self._joined(url, bits)
        return known

    def _joined(self, url: str, bits: int) -> tuple[str | None, int]:
        form = bits & FORM
        if form == ABSOLUTE:
            return url, bits
        if form == STEPPING:
            steps = steps_of(url)
            if start := folder(self.base, steps):
                return start + url[len(steps) :], bits | MAY_COUNT
        elif form and (start := self.starts.get(form) or self.start(form)):
            return start + url, bits | (self.counts if form == ROOTED else MAY_COUNT * (form == RELATIVE))
        return self._resolved(url, bits)

    def _resolved(self, url: str, bits: int) -> tuple[str | None, int]:
        absolute = resolve(self.base, url)
        if absolute is None or absolute == url:
            return absolute, bits | MAY_COUNT
        return absolute, MAY_COUNT | (STANDIN if is_standin(absolute) else 0)


def _of_site(start: str) -> int:
    """MAY_COUNT if what addresses from the root of a site are appended to may be that of a counter."""
    small = start.lower()
    return MAY_COUNT if not small.isascii() or any(word in small for word in COUNTING) else 0


def _placement(at: int, picture: Picture, way: _Way) -> tuple[Placement | None, int]:
    """The placement of a picture, None if it has no usable address; and the bits of its URL."""
    if len(picture.urls) == 1:  # two of three of these
        url = picture.urls[0]
        one, bits = way.to(url) if url[:5].lower() != "data:" else (_shown(url), MAY_COUNT)
        return (Placement(at, picture, one, []), bits) if one else (None, 0)
    looked = way.looked
    real: dict[str, int] = {}
    standins: list[tuple[str, int]] = []
    for url in picture.urls:
        if url[:5].lower() == "data:":
            standins.append((_shown(url), MAY_COUNT))
            continue
        one, bits = way.to(url)
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


def _shown(url: str) -> str:
    """What is shown of a `data:` URI."""
    return "data:" + "".join(url[5:DATA_URL_READ].split())[: DATA_URL_SHOWN - 5]


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


def _share_a_name(one: Placement, other: Placement) -> bool:
    """Whether two placements have one of their `names` in common; a look for the one's in the other rules most out."""
    urls, others = (one.url, *one.alternatives), (other.url, *other.alternatives)
    if not set(urls).isdisjoint(others):
        return True
    names = {name for url in urls if (name := file_name(url))}
    for url in others:
        small = url.lower()  # of Greek, it may be another than that of its part
        if (not small.isascii() or any(name in small for name in names)) and file_name(url) in names:
            return True
    return False


class _Seen:
    """Placements by what they may be known by, which is found out when it is asked for."""

    def __init__(self) -> None:
        self._added: list[tuple[Placement, str, list[str]]] = []
        self._named: dict[str, Placement] = {}

    def add(self, one: Placement) -> None:
        """Remember a placement by the URLs that it has now."""
        self._added.append((one, one.url, one.alternatives))

    def near(self, one: Placement) -> Placement | None:
        """The last one with a name of this one, if there is such a name, at most NEAR items before it."""
        for other, url, alternatives in self._added:
            self._named.update(dict.fromkeys(_names(url, alternatives), other))
        self._added.clear()
        named = self._named
        return next(
            (named[name] for name in one.names() if name in named and one.item - named[name].item <= NEAR), None
        )


def _without_fallbacks(found: list[Placement], fallbacks: list[int]) -> list[Placement]:
    """Join each fallback to the picture it stands in for: a neighbour that has no real URL, or has the same picture.

    `fallbacks` are the items of these.
    """
    kept: list[Placement] = []
    seen = _Seen()
    waiting = iter(fallbacks)
    upcoming: float = next(waiting)
    for number, one in enumerate(found):
        if one.item < upcoming - NEAR:  # names of others are of no use
            kept.append(one)
            continue
        twin = None
        if one.picture.fallback:
            after = found[number + 1] if number + 1 < len(found) else None
            twin = _twin(one, kept[-1] if kept else None, after) or seen.near(one)
            upcoming = next(waiting, math.inf)
        if twin is None:
            kept.append(one)
            if upcoming - one.item <= NEAR:
                seen.add(one)
            continue
        if _waits(twin) and not one.fault:
            twin.url, twin.alternatives, twin.fault, twin.measured = one.url, one.alternatives, "", ""
        elif _previews(twin, one):
            urls = dict.fromkeys((one.url, *one.alternatives, twin.url))
            twin.url, *twin.alternatives = list(urls)[: MANY_ALTERNATIVES + 1]
        else:
            extra = [url for url in (one.url, *one.alternatives) if url not in (twin.url, *twin.alternatives)]
            twin.alternatives = (twin.alternatives + extra)[:MANY_ALTERNATIVES]
        twin.picture.alt = twin.picture.alt or one.picture.alt
        seen.add(twin)
    return kept


def _previews(one: Placement, fallback: Placement) -> bool:
    """Whether a picture has but the address of a preview (on Medium, of 60 pixels) of what its fallback shows: that has
    a choice of sizes, or another address for a file of the same name that is declared to be as large."""
    picture, other = one.picture, fallback.picture
    if one.fault or fallback.fault or len(picture.urls) > 1 or one.url == fallback.url:
        return False
    if len(other.urls) > 1:
        return True
    files = {url.partition("?")[0].rpartition("/")[2] for url in (one.url, fallback.url)}
    return (
        picture.width is not None and (picture.width, picture.height) == (other.width, other.height) and len(files) == 1
    )


def _waits(one: Placement) -> bool:
    """Whether a placement may be a stand-in until a script runs: one that is in the page itself, too."""
    return one.fault in ("data_uri", "data_uri_too_large", "placeholder") or one.url[:5] == "data:"


def _twin(one: Placement, before: Placement | None, after: Placement | None) -> Placement | None:
    """The neighbour that a fallback stands in for, if one of them is it."""
    for near in (before, after):
        if near and not near.picture.fallback and near.picture.how in ("img", "background") and not one.fault:
            same_place = abs(near.item - one.item) <= 1 and near.picture.container == one.picture.container
            if _waits(near) and (same_place or (near is before and one.item - near.item <= 1)):
                return near
            if one.url == near.url or _share_a_name(one, near):
                return near
        elif near and near is before and near.picture.how == "object" and one.item - near.item == 1:
            return near
    return None

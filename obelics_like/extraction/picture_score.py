"""How much speaks for it that a picture belongs to the main content: features of the picture and a weight for each.

A logistic regression: plain numbers of `picture_weights.toml`, added up. `pipelines/pictures/train.py` makes that file
and says from what. What can never be part of an article is told before, by the rules of `main_pictures`.
"""

from __future__ import annotations

import math
import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from itertools import compress
from operator import mul
from pathlib import Path
from typing import NamedTuple

from obelics_like.extraction import names, scan
from obelics_like.extraction.addresses import Words
from obelics_like.extraction.links import PICTURED, Links
from obelics_like.extraction.main_content import Judgement
from obelics_like.extraction.placements import Placement, file_name
from obelics_like.extraction.speaking import GALLERY, PERSON, PROMOTION, SPOKEN, TELLING, VIDEO, meant, telling_words
from obelics_like.extraction.surroundings import (
    HAS_CAPTION,
    IN_ARTICLE,
    IN_FIGURE,
    LONG,
    NAMES,
    NO_GAP,
    PLACE,
    SHAPE,
    Near,
)
from obelics_like.extraction.texts import listed
from obelics_like.extraction.walk import Walked

FILE = 80
"""Characters of an address, from its end, that are read for what it speaks of."""
LARGE, MIDDLE = 400, 200
"""CSS pixels."""
FEATURES = {
    "after_gap": "log(1 + blocks between the last main block before the picture and it); 100 where there is none",
    "position": "share of the main blocks that stand before it",
    "opening": "stands before the main content",
    "large_opening": "that, and is large, in a figure or has a caption",
    "lead_opening": "that, and is the picture the head of the page names",
    "follows_main": "the block just before it is main",
    "in_paragraph": "stands in a paragraph itself",
    "deep": "more than 6 steps in the tree between it and the nearest main block",
    "figure": "stands in a figure",
    "caption": "a caption stands next to it",
    "bare": "neither a declared size nor a caption",
    "large": f"declared {LARGE} pixels wide or high, or more",
    "small": f"declared, and under {MIDDLE} pixels on both sides",
    "square": "declared as high as wide, the shape of portraits and teasers",
    "small_square": "that, and small",
    "thumbnail": "its URL asks for less than that",
    "gif": "is a GIF: rulers, counters, buttons",
    "next_in_links": "share of the following block that stands in links: the title of a teaser",
    "other_page": "is a link to another page of the site",
    "other_site": "is a link to another site",
    "other_site_outside": "that, and stands before or after the main content",
    "product": "is a link to another site among the text, and its alternative text has four words or more",
    "own_link": "is a link to its own file, to the page about that file, or to a place on the page",
    "picture_link": "is a link to a picture file",
    "like_links": "share of the pictures of the same shape of container that are links to other pages of the site",
    "repeated": "stands on the page more than once",
    "named_gallery": "a name round it speaks of a gallery or slides",
    "named_promotion": "a name round it, or its file, speaks of an offer, an advertisement or other articles",
    "named_person": "a name round it, or its file, speaks of an author or a user",
    "named_video": "a name round it speaks of a video, whose poster it may be",
    "site_file": "its address is that of a theme or template",
    "furniture": "stands in what is named, and believed, a sidebar, a teaser or a share bar",
    "own_article": "stands in an article of its own, apart from the main content",
}
"""What is known of a picture, each a number; 0 or 1 where no other unit is named."""


_FURNITURE = names.ASIDE | names.TEASER | names.SHARE
_SITE_PARTS = listed(
    "/theme/ /themes/ /template/ /templates/ /static/ /frontend/ /skin/ /skins/ /plugins/ /design/ /layout/ /icon/ "
    "/icons/ /resources/"
)
_SITE_FILE = re.compile("|".join(_SITE_PARTS))
_SIDES = re.compile(r"(?<!\d)(\d{2,4})x(\d{2,4})(?!\d)")
_SIDE_NAMES = listed("width w wid height h sz size s resize")
_SIDE = re.compile(rf"[?&;,/_](?:{'|'.join(_SIDE_NAMES)})[=_:-](\d{{2,4}})(?!\d)", re.I)
_SITES, _SIDED, _SIZED, _GIF, _PICTURED = 32, 64, 128, 256, 512
"""What words in an address are asked for: those of a site's own files, of both sides, of one side, of the format; in
that of a link, those of links to pictures."""
_FROM_PAGE = tuple(math.log1p(gap) for gap in range(NO_GAP + 1))
_NAMED = [tuple(spoken & bit != 0 for bit in (GALLERY, PROMOTION, PERSON, VIDEO)) for spoken in range(SPOKEN + 1)]
"""The features after_gap, by the gap; and from named_gallery to named_video, by what is spoken of."""
_UNDECLARED, _UNLINKED = (False,) * 4, (False,) * 6
"""What `_shown` and `_linked` give where there is nothing to tell of."""
_P = scan.NAMES.index("p")
_NONE: frozenset[str] = frozenset()


class Model(NamedTuple):
    """The weights in the order of `FEATURES`, what is added to them, and the score from which a picture is kept."""

    weights: list[float]
    bias: float
    threshold: float


@cache
def model() -> Model:
    """The weights as trained; a feature without a weight, or a weight without a feature, is a KeyError."""
    table = tomllib.loads(Path(__file__).with_name("picture_weights.toml").read_text(encoding="utf-8"))
    weights = table["weights"]
    if unknown := weights.keys() - FEATURES.keys():
        raise KeyError(f"picture_weights.toml: no feature is named {', '.join(sorted(unknown))}")
    return Model([float(weights[name]) for name in FEATURES], float(table["bias"]), float(table["threshold"]))


Seen = tuple[tuple[int, ...], int, int]
"""What is seen of a picture: its row of `surroundings`; what its file and names speak of; which words of those that are
asked for stand in its address."""


class View:
    """A page as its pictures are judged on it: which blocks are main, and how often a URL or a shape occurs."""

    def __init__(
        self, walked: Walked, placements: list[Placement], judged: Judgement, url: str, lead: str, near: Near
    ) -> None:
        self.walked, self.judged, self.url, self.lead = walked, judged, url, lead
        self.many, self.first, self.last, _ = near
        self.lead_name = file_name(lead) if lead else ""
        urls = [one.url for one in placements]
        self.repeated = _repeated(urls) if len(set(urls)) < len(urls) else _NONE
        self.alike: dict[tuple[object, ...], int] = {}
        self.leading: dict[tuple[object, ...], int] = {}
        self.seen: dict[int, Seen] = {}
        self.links: Links | None = None

    def count(self, found: list[tuple[Placement, str]]) -> None:
        """Count how many pictures are `alike`, and of these `leading` to other pages, if there are any."""
        if not any(target == "other_page" for _, target in found):
            return
        for one, target in found:
            shape = self.shape(one)
            self.alike[shape] = self.alike.get(shape, 0) + 1
            if target == "other_page":
                self.leading[shape] = self.leading.get(shape, 0) + 1

    def shape(self, one: Placement) -> tuple[object, ...]:
        """The tags and names of the two elements round a picture, and how it is shown."""
        return one.picture.how, self.seen[one.item][0][SHAPE : NAMES + 2]

    def target(self, one: Placement, words: int) -> str:
        """Where the link round a picture leads: "" (there is none), own, picture, other_site or other_page; `words` are
        those in the link's address."""
        if not (href := one.picture.link):
            return ""
        if self.links is None:
            self.links = Links(self.url)
        return self.links.target(href, one.url, words & _PICTURED != 0)

    def like_links(self, one: Placement) -> float:
        """Which share of the pictures of the same shape lead to other pages."""
        shape = self.shape(one)
        return self.leading.get(shape, 0) / self.alike[shape]

    def is_lead(self, one: Placement) -> bool:
        """Whether this is the picture that the head of the page names."""
        return self.lead != "" and is_same(one.url, self.lead, self.lead_name)

    def in_root(self, container: int) -> bool:
        """Whether a container is the main container or stands in it."""
        root = self.judged.root
        return bool(root <= container < self.walked.ends[root])

    @cached_property
    def holders(self) -> list[int]:
        """The containers of main blocks, in order."""
        return sorted(compress(self.walked.containers, self.judged.main))

    def has_main(self, container: int) -> bool:
        """Whether main text stands in a container."""
        at = bisect_left(self.holders, container)
        return at < len(self.holders) and self.holders[at] < self.walked.ends[container]


def _repeated(urls: list[str]) -> frozenset[str]:
    known: set[str] = set()
    again: set[str] = set()
    for url in urls:
        (again if url in known else known).add(url)
    return frozenset(again)


def is_same(url: str, other: str, name: str) -> bool:
    """Whether two URLs are of one picture, as far as they tell; `name` is the `file_name` of the other."""
    return url == other or (name != "" and name in url.lower() and name == file_name(url))


def scored(found: Iterable[tuple[int, Placement, str, View]]) -> list[tuple[int, float]]:
    """The numbers of candidates, and how likely, by the trained weights, they belong to the main content."""
    weights, bias, _ = model()
    made = []
    for number, one, target, view in found:
        known = features(view, one, target)
        total = sum(map(mul, compress(weights, known), filter(None, known)), bias)  # nearly all of them are 0
        made.append((number, 1 / (1 + math.exp(-total)) if total > -700 else 0.0))
    return made


def features(view: View, one: Placement, target: str) -> list[float]:
    """What is known of a picture, in the order of `FEATURES`; `target` is that of its link."""
    row, said, words = view.seen[one.item]
    rank, before, after, gap, steps, flags, spoken = row[:PLACE]
    figure, caption, opening = flags & IN_FIGURE != 0, flags & HAS_CAPTION != 0, one.item < view.first
    width, height = one.picture.width or 0, one.picture.height or 0
    larger = width if width > height else height
    links, judged = view.walked.links, view.judged
    return [
        _FROM_PAGE[gap],
        rank / view.many,
        opening,
        opening and (larger >= LARGE or figure or caption),
        opening and view.is_lead(one),
        before >= 0 and judged.main[before],
        row[SHAPE] == _P,
        steps > 6,
        figure,
        caption,
        not larger and not caption,
        *(_shown(width, height) if larger else _UNDECLARED),
        words & (_SIDED | _SIZED) != 0 and _is_thumbnail(one.url, words),
        words & _GIF != 0 and one.url.partition("?")[0][-4:].lower() == ".gif",
        min(1.0, links[after] / len(view.walked.texts[after])) if after >= 0 and links[after] else 0.0,
        *(_linked(view, one, target) if target else _UNLINKED),
        view.like_links(one) if view.leading else 0.0,
        one.url in view.repeated,
        *_NAMED[(spoken | said) & SPOKEN],
        words & _SITES != 0 and _SITE_FILE.search(one.url.partition("?")[0].lower()) is not None,
        judged.furniture[one.picture.container] & _FURNITURE != 0,
        flags & IN_ARTICLE != 0,
    ]


def _shown(width: int, height: int) -> tuple[bool, ...]:
    """The features of a declared size, from `large` to `small_square`."""
    square, small = width < 1.05 * height and height < 1.05 * width, width < MIDDLE and height < MIDDLE
    return width >= LARGE or height >= LARGE, small, square, square and small


def _linked(view: View, one: Placement, target: str) -> tuple[bool, ...]:
    """The features of a link, from `other_page` to `picture_link`."""
    if target != "other_site":
        return target == "other_page", False, False, False, target in ("own", "picture"), target == "picture"
    outside = not view.first < one.item < view.last
    return False, True, outside, not outside and one.picture.alt.count(" ") >= 3, False, False


def looked_at(found: list[Placement], asked: Words) -> Iterator[tuple[int, int, int, int]]:
    """Of each picture what its file and names speak of, and which of the words that are asked for stand in its address,
    in the first LONG characters of its names, and in the address of its link."""
    many, urls, pictures = len(found), [one.url for one in found], [one.picture for one in found]
    files, called = [url[-FILE:] for url in urls], [picture.names[:LONG] for picture in pictures]
    links = [picture.link or "" for picture in pictures]
    apart = list(dict.fromkeys(links))  # one of 8 kB may be round 20,000 pictures
    words = asked.found([*files, *called, *urls, *apart]).tolist()
    named = words[many : 2 * many]
    said = [
        _said(end, name, files[at], called[at]) if (end | name) & TELLING else 0
        for at, (end, name) in enumerate(zip(words, named))
    ]
    of_link = dict(zip(apart, words[3 * many :]))
    return zip(said, words[2 * many :], named, map(of_link.__getitem__, links))


def _said(end: int, name: int, file: str, called: str) -> int:
    """What the end of an address and an element's names speak of; of the words in these two the bits are known."""
    return meant(file, end) & (PROMOTION | PERSON) | meant(called, name)


def words_asked() -> dict[int, Sequence[str]]:
    """The words that speak of something, and those without which no other rule on names and addresses holds."""
    sizes = {_SIDED: ["10x10"], _SIZED: [f" {name}=10" for name in _SIDE_NAMES]}
    return {**telling_words(), **sizes, _SITES: _SITE_PARTS, _GIF: [".gif"], _PICTURED: PICTURED}


def _is_thumbnail(url: str, words: int) -> bool:
    if words & _SIDED and (sides := _SIDES.findall(url[-200:])):
        return max(map(int, sides[-1])) < MIDDLE
    found = _SIDE.findall(url[-300:]) if words & _SIZED else []
    return bool(found) and max(map(int, found)) < MIDDLE

"""How much speaks for it that a picture belongs to the main content: features of the picture and a weight for each.

A logistic regression: plain numbers of `picture_weights.toml`, added up. `pipelines/pictures/train.py` makes that file
and says from what. What can never be part of an article is told before, by the rules of `main_pictures`.
"""

from __future__ import annotations

import math
import re
import tomllib
from bisect import bisect_left
from collections import Counter
from functools import cache
from itertools import compress
from operator import mul
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from obelics_like.extraction import names
from obelics_like.extraction.addresses import Words
from obelics_like.extraction.main_content import Judgement
from obelics_like.extraction.pictures import link_to_picture, resolve
from obelics_like.extraction.placements import Placement, file_name
from obelics_like.extraction.speaking import GALLERY, PERSON, PROMOTION, VIDEO, meant, telling_words
from obelics_like.extraction.texts import listed
from obelics_like.extraction.walk import Walked

WAY = 6
"""Steps up from a picture in which names are read."""
FAR = 60
"""Steps in the tree that are counted at most."""
LONG, FILE = 300, 80
"""Characters of an element's names that are read, and of an address, from its end."""
NO_GAP = 99
"""Blocks that are taken to lie between a picture and the main block before it where there is none."""
LARGE, MIDDLE = 400, 200
"""CSS pixels."""
BEFORE = 40
"""Blocks of text that may stand between a picture and the main content behind it: headline, byline, share bar, menu."""
AFTER = 25
"""Blocks of text that may stand between the main content and a picture behind it: a gallery's captions."""
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
_FILE_PAGE = re.compile(
    r"/(?:(?:file|datei|fichier|archivo|image|bild|plik|ficheiro|bestand|fil|fájl|tiedosto|dosya|файл|ملف|文件|ファイル)"
    r"(?::|%3a)|(?:photos?|pictures?|images?|albums?|galler(?:y|ies))/)"
)
"""Links to the page about a picture, written small: of wikis in their languages, of albums."""
_SITE_PARTS = listed(
    "/theme/ /themes/ /template/ /templates/ /static/ /frontend/ /skin/ /skins/ /plugins/ /design/ /layout/ /icon/ "
    "/icons/ /resources/"
)
_SITE_FILE = re.compile("|".join(_SITE_PARTS))
_PARTED = re.compile(r"\w+://([^/?]*)([^?]*)")
"""Host and path of an absolute URL."""
_SIDES = re.compile(r"(?<!\d)(\d{2,4})x(\d{2,4})(?!\d)")
_SIDE_NAMES = listed("width w wid height h sz size s resize")
_SIDE = re.compile(rf"[?&;,/_](?:{'|'.join(_SIDE_NAMES)})[=_:-](\d{{2,4}})(?!\d)", re.I)
_SITES, _SIDED, _SIZED, _GIF = 32, 64, 128, 256
"""What words in an address are asked for: those of a site's own files, of both sides, of one side, of the format."""


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


class View:
    """A page as its pictures are judged on it: which blocks are main, and how often a URL or a shape occurs."""

    def __init__(self, walked: Walked, placements: list[Placement], judged: Judgement, url: str, lead: str) -> None:
        self.walked, self.judged, self.url, self.lead = walked, judged, url, lead
        self.main = list(compress(range(len(judged.main)), judged.main))
        self.holders = sorted(map(walked.containers.__getitem__, self.main))
        self.blocks = walked.blocks
        # a headline or opening outside the main container says nothing of the pictures between
        self.first = next((at for at in self.main if walked.containers[at] >= judged.root), self.main[0])
        self.last = self.main[-1]
        self.start, self.end = self._reach()
        self.lead_name = file_name(lead) if lead else ""
        urls = [one.url for one in placements]
        self.repeated = set() if len(set(urls)) == len(urls) else {url for url, n in Counter(urls).items() if n > 1}
        parts = urlsplit(url)
        self.host, self.path = parts.netloc, parts.path.rstrip("/") or "//"
        self.shapes: dict[int, tuple[str | int, ...]] = {}
        self.alike: dict[tuple[str | int, ...], int] = {}
        self.leading: dict[tuple[str | int, ...], int] = {}
        self.files: dict[int, int] = {}
        self.said: dict[int, int] = {}
        self.spoken: dict[int, int] = {}

    def _reach(self) -> tuple[int, int]:
        """The items between which a picture may stand: not more than BEFORE and AFTER blocks from the main ones."""
        blocks = self.blocks
        first, last = bisect_left(blocks, self.first) - BEFORE - 1, bisect_left(blocks, self.last) + AFTER + 1
        return blocks[first] if first >= 0 else -1, blocks[last] if last < len(blocks) else len(self.walked.kinds)

    def shape(self, one: Placement) -> tuple[str | int, ...]:
        """The names and tags of the two elements round a picture."""
        walked, at = self.walked, one.picture.container
        above = walked.parents[at]
        return walked.tags[at], walked.numbers[at], walked.tags[above], walked.numbers[above], one.picture.how

    def take_up(self, found: list[tuple[Placement, str]]) -> None:
        """Take up the pictures, and where they lead: by their items the shapes and what addresses and names say; how
        many are `alike`, and of these `leading` to other pages; by containers what the names round them speak of."""
        parents, alike, leading = self.walked.parents, self.alike, self.leading
        ways: dict[int, int] = {}  # how far below a container the nearest picture stands
        for one, target in found:
            self.shapes[one.item] = shape = self.shape(one)
            alike[shape] = alike.get(shape, 0) + 1
            if target == "other_page":
                leading[shape] = leading.get(shape, 0) + 1
            container, way = one.picture.container, 0
            while way < ways.get(container, WAY):
                ways[container] = way
                container = parents[container]
                way += 1
        many, called = len(found), self.walked.names
        named = [container for container in ways if called[container]]
        texts = [one.url[-FILE:] for one, _ in found]
        texts += [one.picture.names[:LONG] for one, _ in found]
        texts += [called[container][:LONG] for container in named]
        words = _asked().found(texts + [one.url for one, _ in found]).tolist()
        spoken = meant(texts, words)
        for (one, _), end, name, files in zip(found, spoken, spoken[many:], words[len(texts) :]):
            self.files[one.item], self.said[one.item] = files, end & (PROMOTION | PERSON) | name
        self.spoken = dict.fromkeys(ways, 0)
        self.spoken.update(zip(named, spoken[2 * many :]))

    def target(self, one: Placement) -> str:
        """Where the link round a picture leads: "" (there is none), own, picture, other_site or other_page."""
        href = one.picture.link
        if not href:
            return ""
        if href[0] == "#" or href[:11].lower() == "javascript:":
            return "own"
        if link_to_picture(href):
            return "picture"
        small = href.lower()
        if "attachment" in small or _FILE_PAGE.search(small):
            return "own"
        target = resolve(self.url, href)
        there = _PARTED.match(target) if target else None
        if there is None:
            return "own"
        host, path = there.groups()
        if host != self.host:  # a host of pictures has no pages
            return "own" if one.url.partition("//")[2].startswith(host + "/") else "other_site"
        return "" if path.startswith(self.path) else "other_page"

    def is_lead(self, one: Placement) -> bool:
        """Whether this is the picture that the head of the page names."""
        return self.lead != "" and is_same(one.url, self.lead, self.lead_name)

    def around(self, container: int) -> int:
        """What the names of a container, and of those round it, speak of."""
        spoken = 0
        for _ in range(WAY):
            spoken |= self.spoken[container]
            container = self.walked.parents[container]
        return spoken

    def in_root(self, container: int) -> bool:
        """Whether a container is the main container or stands in it."""
        root = self.judged.root
        return bool(root <= container < self.walked.ends[root])

    def has_main(self, container: int) -> bool:
        """Whether main text stands in a container."""
        at = bisect_left(self.holders, container)
        return at < len(self.holders) and self.holders[at] < self.walked.ends[container]


def is_same(url: str, other: str, name: str) -> bool:
    """Whether two URLs are of one picture, as far as they tell; `name` is the `file_name` of the other."""
    return url == other or (name != "" and name in url.lower() and name == file_name(url))


def score(view: View, one: Placement, target: str) -> float:
    """The probability, by the trained weights, that a picture belongs to the main content."""
    trained = model()
    total = sum(map(mul, trained.weights, features(view, one, target)), trained.bias)
    return 1 / (1 + math.exp(-total)) if total > -700 else 0.0


def features(view: View, one: Placement, target: str) -> list[float]:
    """What is known of a picture, in the order of `FEATURES`; `target` is that of its link."""
    walked, judged, blocks, container, at = view.walked, view.judged, view.blocks, one.picture.container, one.item
    number, rank = bisect_left(blocks, at), bisect_left(view.main, at)
    before = blocks[number - 1] if number else None
    after = blocks[number] if number < len(blocks) else None
    gap = number - 1 - bisect_left(blocks, view.main[rank - 1]) if rank else NO_GAP
    steps, spoken, nested, figure = _surroundings(view, container, rank)
    figure = figure or _in_figure(walked, container)
    caption = _is_caption(walked, at, after) or _is_caption(walked, at, before)
    large = max(one.picture.width or 0, one.picture.height or 0) >= LARGE
    spoken |= view.said[at]
    opening = at < view.first
    return [
        math.log1p(min(gap, NO_GAP)),
        rank / len(view.main),
        opening,
        opening and (large or figure or caption),
        opening and view.is_lead(one),
        before is not None and judged.main[before],
        walked.tags[container] == "p",
        steps > 6,
        figure,
        caption,
        *_shown(one, caption, view.files[at]),
        *_linked(view, one, target, after),
        one.url in view.repeated,
        spoken & GALLERY != 0,
        spoken & PROMOTION != 0,
        spoken & PERSON != 0,
        spoken & VIDEO != 0,
        view.files[at] & _SITES != 0 and _SITE_FILE.search(one.url.partition("?")[0].lower()) is not None,
        judged.furniture[container] & _FURNITURE != 0,
        nested,
    ]


def _shown(one: Placement, caption: bool, words: int) -> tuple[float, ...]:
    """The features of size and format, from `bare` to `gif`; `words` are those of `_file_words`."""
    width, height = one.picture.width or 0, one.picture.height or 0
    larger = max(width, height)
    square = width < 1.05 * height and height < 1.05 * width
    return (
        not larger and not caption,
        larger >= LARGE,
        0 < larger < MIDDLE,
        square,
        square and larger < MIDDLE,
        words & (_SIDED | _SIZED) != 0 and _is_thumbnail(one.url, words),
        words & _GIF != 0 and one.url.partition("?")[0][-4:].lower() == ".gif",
    )


def _linked(view: View, one: Placement, target: str, after: int | None) -> tuple[float, ...]:
    """The features of links, from `next_in_links` to `like_links`; `after` is the block behind the picture."""
    leaves, outside, shape = target == "other_site", not view.first < one.item < view.last, view.shapes[one.item]
    return (
        min(1.0, view.walked.links[after] / len(view.walked.texts[after])) if after is not None else 0.0,
        target == "other_page",
        leaves,
        leaves and outside,
        leaves and not outside and one.picture.alt.count(" ") >= 3,
        target in ("own", "picture"),
        target == "picture",
        view.leading.get(shape, 0) / view.alike[shape],
    )


@cache
def _asked() -> Words:
    """The words that speak of something, and those without which no other rule on names and addresses holds."""
    sizes = {_SIDED: ["10x10"], _SIZED: [f" {name}=10" for name in _SIDE_NAMES]}
    return Words(telling_words() | sizes | {_SITES: _SITE_PARTS, _GIF: [".gif"]})


def _surroundings(view: View, container: int, rank: int) -> tuple[int, int, bool, bool]:
    """Steps in the tree to the nearest main block; of the elements on the way up to what holds both, what their names
    speak of, and whether an article and whether a figure is among them."""
    walked, parents = view.walked, view.walked.parents
    steps, holder = NO_GAP, 0
    for at in view.main[max(0, rank - 1) : rank + 1]:
        one, other, way = container, walked.containers[at], 0
        while one != other and way < FAR:
            if one > other:
                one = parents[one]
            else:
                other = parents[other]
            way += 1
        if way < steps:
            steps, holder = way, one
    bits = spoken = way = 0
    while container != holder:
        if way < WAY:
            spoken |= view.spoken[container]
        bits |= walked.bits[container]
        container = parents[container]
        way += 1
    return steps, spoken, bool(bits & names.ARTICLE), bool(bits & names.FIGURE)


def _in_figure(walked: Walked, container: int) -> bool:
    for _ in range(6):
        if not container:
            return False
        if walked.bits[container] & names.FIGURE:
            return True
        container = walked.parents[container]
    return False


def _is_caption(walked: Walked, at: int, near: int | None) -> bool:
    """Whether the block `near`, if it is next to the picture, stands in a caption."""
    if near is None or abs(near - at) > 2:
        return False
    container = walked.containers[near]
    for _ in range(4):
        if walked.bits[container] & names.CAPTION:
            return True
        container = walked.parents[container]
    return False


def _is_thumbnail(url: str, words: int) -> bool:
    if words & _SIDED and (sides := _SIDES.findall(url[-200:])):
        return max(map(int, sides[-1])) < MIDDLE
    found = _SIDE.findall(url[-300:]) if words & _SIZED else []
    return bool(found) and max(map(int, found)) < MIDDLE

"""The pictures of a page as their elements name them: addresses, the likeliest first, words, sizes, links.

It knows elements, not pages: what the addresses mean there is said in `placements`, and which pictures belong to the
article in `main_pictures`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from obelics_like.extraction import scan
from obelics_like.extraction.addresses import UNUSABLE, look
from obelics_like.extraction.pictures import LONG_URL, PICTURE_FILE, background, link_to_picture, names_a_url, size_of
from obelics_like.extraction.srcset import DENSEST, of_rules, of_source, parse_srcset
from obelics_like.extraction.texts import listed

Attributes = Mapping[str, str]
LAZY = listed(
    "data-src data-lazy-src data-original data-lazy data-img-src data-gt-lazy-src data-lateloadsrc "
    "data-src-fg data-scroll-image src2 data-original-src data-orig-file data-large-file data-full-src "
    "data-full-url data-hi-res-src data-high-res-src data-highres data-large-src data-large_image "
    "data-lazyload data-lazyload-src data-lazy-original data-ll-src data-echo data-url data-image "
    "data-image-src data-img data-imgsrc data-defer-src data-delayed-url data-runner-src data-cfsrc "
    "data-pin-media data-default-src data-pagespeed-lazy-src data-pagespeed-high-res-src data-actualsrc "
    "data-real-src data-fallback-src data-srcsml data-src-large data-src-medium data-src-small "
    "data-src-template data-ezsrc data-flickity-lazyload data-bg data-background data-background-image "
    "lazy-src lazysrc load-src file zoomfile data-zoom-src data-zoom-image data-thumb data-hires data-rjs "
    "data-amp-src data-spai data-opt-src data-breeze data-wpfc-original-src data-mini-src data-media "
    "data-source data-desktop-src data-mobile-src data-interchange ng-src v-lazy :src original-src _src"
)
"""Attributes that hold the real URL until a script moves it to `src`: first those of OBELICS' code, then others."""
LAZY_SETS = listed(
    "data-srcset data-lazy-srcset data-original-srcset data-ll-srcset data-cfsrcset data-ezsrcset lazy-srcset"
)

_SAID = listed("alt title class width height style")
_IMAGES = (scan.SHOWN.index("img"), scan.SHOWN.index("input"))
MANY_VALUES = 1 + len(_SAID)
MANY_ADDRESSES = 100_000
"""Addresses that the pictures of a page may name: of 1,747 real ones none had more than 1,529."""
_NUMBER_OF_URLS = 6
"""Where that stands in a row of `Rows.shown`."""
_NOTHING_SAID = ["" for _ in _SAID]
_SIZE = itemgetter(1)
_SIZED = re.compile(r"\s\d+(?:\.\d+)?[wx](?:\s*,|\s*$)")
_OF_SETS = -1
RANKS = {name: rank for rank, name in enumerate(LAZY)} | dict.fromkeys(("srcset", *LAZY_SETS), _OF_SETS)


class Picture:
    """A picture as its element names it: `urls` as written, best first; `how` says what kind of element it was.

    `link` is the href of the link round it; `fallback` marks one that stands in `<noscript>` or inside another
    picture's element, in its stead; `formula` one that is part of a line of text. `alt` and `title` are as written, but
    for white space round them. The first addresses, so many as are `usable`, are right and distinct as they are, or
    joined to the page's, all of one `form`; 0 where that is to be found out. It is `suspect` if it may have a fault.
    """

    __slots__ = (
        *("alt", "container", "fallback", "form", "formula", "height", "how", "link", "names", "suspect", "title"),
        *("urls", "usable", "width"),
    )

    def __init__(
        self, how: str, urls: list[str], container: int, fallback: bool, alt: str, title: str, names: str,
        width: int | None, height: int | None, link: str | None = None,
        form: int = 0, usable: int = 0, suspect: int = 1,
    ) -> None:  # fmt: skip
        self.how = how  # one by one: in groups, it takes a third longer
        self.urls = urls
        self.container = container
        self.fallback = fallback
        self.alt = alt
        self.title = title
        self.names = names
        self.width = width
        self.height = height
        self.link = link
        self.form = form
        self.usable = usable
        self.suspect = suspect
        self.formula = False


def as_said(how: str, urls: list[str], said: Sequence[str], container: int, fallback: bool) -> Picture:
    """A picture by the values of alt, title, class, width, height and style."""
    alt, title, names, width, height, style = said
    return Picture(how, urls, container, fallback, alt.strip(), title.strip(), names, *size_of(width, height, style))


class Named(NamedTuple):
    """What the attributes of an `<img>` name: the candidates of srcsets with their sizes; what stands in LAZY ones with
    the rank among them; what else looks like a picture's file; and `src`."""

    sized: list[tuple[str, float]]
    lazy: list[tuple[int, str]]
    other: list[str]
    src: str

    def urls(self) -> list[str]:
        """All of them, in no order; if there is no choice, what `src` alone gives."""
        if not self.sized and not self.lazy and not self.other:
            return only(self.src)
        return [url for url, _ in self.sized] + [url for _, url in self.lazy] + self.other + [self.src]


class Found(NamedTuple):
    """The pictures of a page by their item, those of them that may be formulas, and what `addresses.look` tells of the
    addresses of these and of all without a `form`."""

    pictures: dict[int, Picture]
    doubtful: dict[int, Picture]
    looked: dict[str, int]


def pictures(rows: scan.Rows, width: int | None = None) -> Found:
    """The pictures of a page, none for one without an address.

    `width`, in pixels, is that of the candidate which is asked for of a srcset, the widest if None.
    """
    named: list[str] = []
    found, doubtful = _named(rows, named)
    if not rows.pictures:
        return Found(found, doubtful, look(named) if named else {})
    choices: list[tuple[int, Picture, Named]] = []
    linked: list[tuple[Picture, str]] = []
    others = dict(_others(rows, named, choices, linked))
    looked = look(named)
    for at, picture, choice in choices:
        picture.urls = ranked(choice, looked, width, picture.width)
        if not picture.urls:
            del others[at]
    for picture, href in linked:
        picture.urls.append(href)
    return Found(dict(sorted((found | others).items())) if found else others, doubtful | others, looked)


def _named(rows: scan.Rows, named: list[str]) -> tuple[dict[int, Picture], dict[int, Picture]]:
    """The pictures that C has named, and those that may be formulas; to `named` are added the addresses of which more
    has to be known."""
    found: dict[int, Picture] = {}
    doubtful: dict[int, Picture] = {}
    said, shown = rows.said, scan.SHOWN
    if len(said) > MANY_ADDRESSES and (many := sum(row[_NUMBER_OF_URLS] for row in rows.shown())) > MANY_ADDRESSES:
        raise scan.OverBudget("too_many_pictures", many, MANY_ADDRESSES)
    for at, container, how, fallback, care, words, many, link, form, usable, width, height in rows.shown():
        first = words + 6 if care & scan.STYLED else words + 3
        urls = said[first : first + many]
        picture = found[at] = Picture(
            shown[how], urls, container, fallback == 1, said[words], said[words + 1], said[words + 2],
            None if width < 0 else width, None if height < 0 else height, said[link], form, usable, care & scan.SUSPECT
        )  # fmt: skip
        if form and care <= scan.SUSPECT:
            continue  # nearly all
        if care & scan.STYLED:
            picture.width, picture.height = size_of(*said[words + 3 : first])
        if care & scan.FORMULA:
            doubtful[at] = picture
        if care & scan.FILE_LINK:
            urls.append(said[link])
        if not form or care & scan.FORMULA:
            named += urls
    return found, doubtful


def _others(
    rows: scan.Rows, named: list[str], choices: list[tuple[int, Picture, Named]], linked: list[tuple[Picture, str]]
) -> Iterator[tuple[int, Picture]]:
    """The pictures that C has left, by their item; to `named` are added their addresses, to `choices` those that have a
    choice, to `linked` those that lead to another picture."""
    containers, values, shown = rows.containers, rows.values, scan.SHOWN
    for at, how, start, end, fallback, link, link_end, sources in rows.pictures:
        choice = None
        if how in _IMAGES:
            said = values(start, end)
            if len(said) == MANY_VALUES and not sources:
                urls = only(said[0])
            elif fallback and "placeholder" in said[MANY_VALUES::2]:  # AMP's: it stands in the one it waits for
                continue
            else:
                choice = _choice(rows, said, sources)
                urls = choice.urls()
            said = said[1:MANY_VALUES]
        else:
            urls, said = _of_other(shown[how], rows.attributes(start, end))
        if not urls:
            continue
        named += urls
        if len(named) > MANY_ADDRESSES:
            raise scan.OverBudget("too_many_pictures", len(named), MANY_ADDRESSES)
        picture = as_said(shown[how], urls, said, containers[at], fallback != 0)
        if choice and len(urls) > 1:
            choices.append((at, picture, choice))
        if link_end and (href := rows.link(link, link_end)):
            picture.link = href
            if link_to_picture(href):
                linked.append((picture, href))
                named.append(href)
        yield at, picture


def only(src: str) -> list[str]:
    """The addresses of an image element that names one at most, in `src`."""
    src = src.strip()
    return [src] if src and src[0] not in "#{<" else []


def _of_other(how: str, attributes: Attributes) -> tuple[list[str], list[str]]:
    """The address of what is no `<img>`, if it has one, and what it says."""
    if how == "background":
        return _one(background(attributes)), _NOTHING_SAID
    said = [attributes.get(name, "") for name in _SAID]
    if how == "poster":
        return _one(attributes.get("poster") or attributes.get("data-poster")), said
    if how == "svg":
        return _one(attributes.get("href") or attributes.get("xlink:href")), said
    return _one(attributes.get("data") or attributes.get("src")), said


def _one(url: str | None) -> list[str]:
    return [url.strip()] if url and url.strip() else []


def _choice(rows: scan.Rows, said: list[str], sources: int) -> Named:
    among = [pair for one in rows.sources(sources) for pair in of_source(one)] if sources else []
    return named_by(said[0], said[MANY_VALUES::2], said[MANY_VALUES + 1 :: 2], among)


def named_by(
    src: str, names: Sequence[str] = (), values: Sequence[str] = (), sources: Sequence[tuple[str, float]] = ()
) -> Named:
    """What the attributes of an `<img>` name, `src` and others, and the `sources` of the `<picture>` it stands in."""
    sized: list[tuple[str, float]] = []
    lazy: list[tuple[int, str]] = []
    other: list[str] = []
    read = ""
    for name, value in zip(names, values):
        if (rank := RANKS.get(name)) is None:
            if name[:5] == "data-" and "." in value and " " not in value and _is_picture_file(value):
                other.append(value)
        elif not value:
            continue
        elif rank == _OF_SETS:
            if value != read:  # many a lazy loader's set is that of `srcset` again
                sized += parse_srcset(value)
                read = value
        else:
            value = value.strip()
            if value[:1] == "[":
                value = of_rules(value)
            if " " in value and _SIZED.search(value):
                sized += parse_srcset(value)
            elif names_a_url(value):
                lazy.append((rank, value))
    sized += sources
    return Named(sized, lazy, other, src.strip())


def _is_picture_file(value: str) -> bool:
    return len(value) < LONG_URL and PICTURE_FILE.search(value) is not None


def ranked(named: Named, looked: Mapping[str, int], width: int | None = None, shown: int | None = None) -> list[str]:
    """The addresses of an image element, best first, as written; stand-ins come last; nothing usable gives [].

    The widest candidate of any srcset (of the `<source>` elements beside it, too) comes first, then the densest, then
    what a lazy loader would put in `src`, then `src` itself. With `width`, in pixels, the narrowest of those that are
    at least as wide comes first, then the wider ones, then the narrower ones; `shown` is how wide the page shows it.

    >>> named = named_by("blank.gif", ["data-src"], ["real.jpg"])
    >>> ranked(named, look(named.urls()))
    ['real.jpg', 'blank.gif']
    >>> named = named_by("", ["srcset"], ["a 320w, b 640w, c 1280w"])
    >>> ranked(named, look(named.urls()), width=500)
    ['b', 'c', 'a']
    """
    sized, lazy, other, src = named
    best: list[str] = []
    smallest: list[str] = []
    if sized:
        if width is not None:
            sized = _nearest_first(sized, width, shown)
        usable = [pair for pair in sized if not looked[pair[0]] & UNUSABLE]
        by_size = usable if width is not None else sorted(usable, key=_SIZE, reverse=True)
        best = [url for url, size in by_size if size > 1.0]
        if len(best) < len(usable):
            smallest = [url for url, size in usable if size <= 1.0]
    if lazy:
        in_order = sorted(lazy) if len(lazy) > 1 else lazy
        best += [url for _, url in in_order if not looked[url] & UNUSABLE]
    if not looked[src] & UNUSABLE:
        best.append(src)
    best += smallest
    if other:
        best += [url for url in other if "[" not in url and not looked[url] & UNUSABLE]
    if lazy:
        best += [url for _, url in lazy if url[0] not in "#{<"]
    return list(dict.fromkeys(best + only(src)))


def _nearest_first(sized: list[tuple[str, float]], width: int, shown: int | None) -> list[tuple[str, float]]:
    """The candidates as they suit a width; a density tells a width where the page says how wide the picture is."""
    wide = [(url, size * shown if shown and size <= DENSEST else size) for url, size in sized]
    return sorted(wide, key=lambda pair: (pair[1] < width, abs(pair[1] - width)))

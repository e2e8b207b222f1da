"""Which URL a picture has, among all that its element names: src, srcset, lazy attributes, stand-ins told apart.

It knows attributes, not pages: where the picture stands and whether it belongs to the article is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from urllib.parse import quote, urljoin

from obelics_like.extraction.srcset import DENSEST, parse_srcset
from obelics_like.extraction.texts import listed

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
    "data-source data-desktop-src data-mobile-src ng-src v-lazy :src original-src _src"
)
"""Attributes that hold the real URL until a script moves it to `src`: first those of OBELICS' code, then others."""
LAZY_SETS = listed(
    "data-srcset data-lazy-srcset data-original-srcset data-ll-srcset data-cfsrcset data-ezsrcset lazy-srcset"
)

BACKGROUNDS = listed("data-bgset data-bg data-background-image data-background data-lazy-background")
"""Attributes of blocks that hold what a lazy loader makes their background."""
MANY_IN_STYLE, LONG_STYLE = 20, 2_000
"""Addresses in a style that are looked at, and characters before each in which its property is looked for."""
_IN_URL = re.compile(r"url\(\s*[\"']?([^\"')]+)[\"']?\s*\)")

_STANDINS = listed(
    "blank spacer placeholder place-holder loading loader ajax-loader lazy lazyload lazyplaceholder lazy-placeholder "
    "lazy_placeholder pixel transparent trans 1x1 1px grey gray clear empty dummy white noimage no-image spinner "
    "preload preloader px space shim null undefined none cleardot default-image defaultimage img-default imgdefault "
    "fallback"
)
_STANDIN_BACKWARDS = (
    r"(?:fig|gnp|gvs|ge?pj|pbew)\.(?:(?:xp)?(?:\d{1,4}x)?\d{0,4}[-_.]?)?"
    rf"(?:{'|'.join(re.escape(word[::-1]) for word in _STANDINS)})(?=[_.\-/]|$)"
)
"""A file name read backwards: the ending, a size, the word; what stands before it may be anything."""
_STANDIN, LONG_NAME = re.compile(_STANDIN_BACKWARDS), 60
"""A longer name is none of a stand-in."""
_STANDIN_TAILS, _SIZE_TAILS = frozenset(word[-2:] for word in _STANDINS), "0123456789xp-_."
"""How a stand-in's name may end before its size and ending, but for those of these characters alone."""
_SECOND, _D = itemgetter(1), ("d", "D")
_PICTURE_FILE = re.compile(r"\.(?:jpe?g|jpe|jfif|png|gif|webp|avif|bmp|svg|tiff?|heic)(?:[?#:@!]|$)", re.I)
_BACKGROUND = re.compile(
    r"\s*(?:background|--[\w-]{0,30}(?:bg|bkg|back|image|img|photo|hero|cover|poster))[\w-]{0,20}\s*:", re.I
)
_NUMBER = re.compile(r"\s*(\d{1,6})(?:\.\d+)?\s*(px)?\s*$", re.I)
_STYLE_SIZE = {
    name: re.compile(rf"(?:^|;|\s){name}\s*:\s*(\d{{1,5}})(?:\.\d+)?px", re.I) for name in ("width", "height")
}
_NOT_DISPLAYED = re.compile(r"(?:^|[;\s])display\s*:\s*none", re.I)
_ABSOLUTE = re.compile(r"https?://[^\s/?#\[\]]", re.I)
_BREAKS = re.compile(r"[\x00-\x1f\x7f]")
_BLANK = "".join(map(chr, range(33))) + "\xa0"
_UNSAFE = re.compile(r"[\s\"<>`{}|\\^]")
_PLAIN = re.compile(r"https?://[\w~%!$&'()*+,;=:@.-][\w~%!$&'()*+,;=:@./?-]*", re.A)
_PLAIN_PATH = re.compile(r"/{1,2}[\w~%!$&'()*+,=:@-][\w~%!$&'()*+,=:@./-]*(?:\?[\w~%!$&'()*+,=:@./?-]+)?", re.A)
_RELATIVE = re.compile(r"[\w~%!$&'()*+,=@-][.\w~%!$&'()*+,=@-]*(?:/[\w~%!$&'()*+,=:@./-]*)?", re.A)
"""URLs of plain characters: absolute; from the root or with the scheme left out; from the page's folder. `/.` may be a
step up in them."""
_SIZED = re.compile(r"\s\d+(?:\.\d+)?[wx](?:\s*,|\s*$)")
_LAZY = {name: rank for rank, name in enumerate(LAZY)}
_LAZY_SETS = frozenset(LAZY_SETS)
_OTHERS = frozenset(listed("src alt class title style width height sizes"))
_MORE = frozenset((*LAZY, *LAZY_SETS, "srcset"))
_ENDINGS = (".jpg", ".jpeg", ".jpe", ".png", ".gif", ".webp", ".avif", ".bmp", ".tif", ".tiff", ".heic", ".svg")
LONG_URL = 8_192
"""A longer URL is no URL."""


def is_standin(url: str) -> bool:
    """Whether a URL names a stand-in that is shown until the picture loads.

    >>> is_standin("/img/blank.gif?v=2"), is_standin("data:image/gif;base64,R0"), is_standin("/img/blanket.jpg")
    (True, True, False)
    """
    if url[:1] in _D and url[:5].lower() == "data:":
        return True
    path = url.partition("?")[0] if "?" in url else url
    if "#" in path:
        path = path.partition("#")[0]
    dot = path.rfind(".", -5)
    if dot < 0:
        return False
    stem = path[max(0, dot - LONG_NAME) : dot].lower()
    if (
        stem.isascii()
        and stem.rstrip(_SIZE_TAILS)[-2:] not in _STANDIN_TAILS
        and "1x1" not in stem
        and "px" not in stem
    ):
        return False  # most names have no such word before the ending or a size, as two characters tell
    end = path[-LONG_NAME:].lower()
    return _STANDIN.match(end[::-1]) is not None and ("/" in end or len(path) < LONG_NAME)


def _usable(url: str) -> bool:
    if not url or url[0] in "#{<" or url[:5] == "data:":
        return False
    return "{" not in url and "%7B" not in url[:2048] and not is_standin(url)


def _names_a_url(value: str) -> bool:
    return 3 < len(value) < LONG_URL and ("/" in value or _PICTURE_FILE.search(value) is not None)


def choose(
    attributes: Mapping[str, str | None], sources: Sequence[tuple[str, float]] = (), width: int | None = None
) -> tuple[list[str], int]:
    """The URLs an image element names, best first, as written; of how many, the first, it is known that they are no
    stand-ins. Those come last; nothing usable gives [].

    The widest candidate of any srcset (of `sources`, what the `<source>` elements beside it name, too) comes first,
    then the densest, then what a lazy loader would put in `src`, then `src` itself. With `width`, in pixels, the
    narrowest of those that are at least as wide comes first, then the wider ones, then the narrower ones.

    >>> choose({"src": "blank.gif", "data-src": "real.jpg"})
    (['real.jpg', 'blank.gif'], 1)
    >>> choose({"srcset": "a 320w, b 640w, c 1280w"}, width=500)
    (['b', 'c', 'a'], 3)
    """
    src = attributes.get("src") or ""
    sized: list[tuple[str, float]] = []
    lazy: list[tuple[int, str]] = []
    other: list[str] = []
    if sources or not _MORE.isdisjoint(attributes) or "data-" in "".join(attributes):
        sized, lazy, other = _more_urls(attributes, sources)
    if not sized and not lazy and not other:
        return only(src), 0
    if width is not None and sized:
        sized = _nearest_first(sized, width, shown_size(attributes)[0])
    return _ranked(sized, lazy, other, src.strip(), width)


def only(src: str) -> list[str]:
    """The URLs of an image element that names one at most, in `src`."""
    src = src.strip()
    return [src] if src and src[0] not in "#{<" else []


def _more_urls(
    attributes: Mapping[str, str | None], sources: Sequence[tuple[str, float]]
) -> tuple[list[tuple[str, float]], list[tuple[int, str]], list[str]]:
    """What stands in srcsets, with the size; in lazy attributes, with their rank; in other ones."""
    sized: list[tuple[str, float]] = []
    lazy: list[tuple[int, str]] = []
    other: list[str] = []
    for name, value in attributes.items():
        if not value or name in _OTHERS:
            continue
        if name == "srcset" or name in _LAZY_SETS:
            sized += parse_srcset(value)
        elif name in _LAZY:
            value = value.strip()
            if " " in value and _SIZED.search(value):
                sized += parse_srcset(value)
            elif _names_a_url(value):
                lazy.append((_LAZY[name], value))
        elif (
            name[:5] == "data-"
            and "." in value
            and " " not in value
            and len(value) < LONG_URL
            and _PICTURE_FILE.search(value)
        ):
            other.append(value)
    sized += sources
    return sized, lazy, other


def _nearest_first(sized: list[tuple[str, float]], width: int, shown: int | None) -> list[tuple[str, float]]:
    """The candidates as they suit a width; a density tells a width where the page says how wide the picture is."""
    wide = [(url, size * shown if shown and size <= DENSEST else size) for url, size in sized]
    return sorted(wide, key=lambda pair: (pair[1] < width, abs(pair[1] - width)))


def _ranked(
    sized: list[tuple[str, float]], lazy: list[tuple[int, str]], other: list[str], src: str, width: int | None
) -> tuple[list[str], int]:
    usable = [pair for pair in sized if _usable(pair[0])]
    ranked = usable if width is not None else sorted(usable, key=_SECOND, reverse=True)
    large = [url for url, size in ranked if size > 1.0]
    waiting = [url for _, url in sorted(lazy) if _usable(url)] if lazy else []
    plain = [src] if _usable(src) else []
    rest = [url for url, size in usable if size <= 1.0] + [url for url in other if "[" not in url and _usable(url)]
    sure = dict.fromkeys([*large, *waiting, *plain, *rest])
    standins = [url for url in (*(url for _, url in lazy), src) if url and url[0] not in "#{<"]
    return list(sure | dict.fromkeys(standins)), len(sure)


def resolve(base: str, url: str) -> str | None:
    """The absolute http(s) URL by RFC 3986, with what may not stand in a URL escaped, or None; no fragment.

    >>> resolve("https://a.org/b/c.html", "../d e.jpg#x")
    'https://a.org/d%20e.jpg'
    """
    if len(url) <= LONG_URL and "/." not in url:  # nearly all are of two forms that need no more than a look
        if url[:4] == "http":
            if _PLAIN.fullmatch(url):
                return url
        elif url[:1] == "/" and _PLAIN_PATH.fullmatch(url) and (site := _site(base)):
            return site + url if url[1:2] != "/" else site[: site.index(":") + 1] + url
        elif _RELATIVE.fullmatch(url) and "//" not in url and (folder := _folder(base)):
            return folder + url
    url = url.strip(_BLANK).partition("#")[0]
    if not url.isprintable():
        url = _BREAKS.sub("", url)
    if not url or len(url) > LONG_URL:
        return None
    try:
        if not _ABSOLUTE.match(url):
            url = urljoin(base, url.replace("\\", "/"))
            if not _ABSOLUTE.match(url):
                return None
        elif "/." in url:
            host = url.find("/", 8)
            url = urljoin(url[:host] + "/", url[host:])
            if not _ABSOLUTE.match(url):
                return None
    except ValueError:  # a host with a broken IPv6 address
        return None
    return _UNSAFE.sub(lambda match: quote(match[0], safe=""), url) if _UNSAFE.search(url) else url


@lru_cache(256)
def _site(base: str) -> str:
    """What a URL from the root of a site is appended to, "" where it takes more than that."""
    site = urljoin(base, "/x")[:-2]
    return "" if _UNSAFE.search(site) or not _ABSOLUTE.match(site) else site


@lru_cache(256)
def _folder(base: str) -> str:
    """The same for one from the folder of a page."""
    folder = urljoin(base, "x")[:-1]
    return "" if _UNSAFE.search(folder) or not _ABSOLUTE.match(folder) or folder[-1:] != "/" else folder


def link_to_picture(href: str) -> bool:
    """Whether a link leads to a picture file and not to a page.

    >>> link_to_picture("/big/a.JPG?x=1"), link_to_picture("/wiki/File:a.jpg/about")
    (True, False)
    """
    path = href.partition("?")[0].partition("#")[0]
    return path[-5:].lower().endswith(_ENDINGS) and "/wiki/" not in path.lower()


def shown_size(attributes: Mapping[str, str | None]) -> tuple[int | None, int | None]:
    """Width and height in CSS pixels as declared in attributes, else in the style; None where they are not.

    What is not displayed is shown at no size: none of 16 such pictures on 123 news pages was one of the article.

    >>> shown_size({"width": "640px", "style": "height: 20px"}), shown_size({"width": "640", "style": "display:none"})
    ((640, 20), (0, 0))
    """
    return size_of(attributes.get("width") or "", attributes.get("height") or "", attributes.get("style") or "")


def size_of(width: str, height: str, style: str) -> tuple[int | None, int | None]:
    """The same of the values of these attributes."""
    if style:
        if "none" in style and _NOT_DISPLAYED.search(style):
            return 0, 0
        if "px" not in style.lower():
            style = ""
    elif not width and not height:
        return None, None
    return _side("width", width, style), _side("height", height, style)


def _side(name: str, value: str, style: str) -> int | None:
    if value.isdecimal() and len(value) < 7:
        return int(value)
    match = (_NUMBER.match(value) if value else None) or (_STYLE_SIZE[name].search(style) if style else None)
    return int(match[1]) if match else None


def background(attributes: Mapping[str, str]) -> str | None:
    """The URL of a background picture, of the style or of what a lazy loader would make of it, or None.

    In a style it may stand in a variable that is named for one.

    >>> background({"style": "color:red;background-image:url('a.jpg')"}), background({"style": "--hero-bg: url(b.jpg)"})
    ('a.jpg', 'b.jpg')
    >>> background({"data-bgset": "s.jpg 180w 120h, l.jpg 1080w 720h"})
    'l.jpg'
    """
    if (style := attributes.get("style")) and (url := _styled(style)):
        return url
    for name in BACKGROUNDS:
        if value := (attributes.get(name) or "").strip():
            inner = _IN_URL.fullmatch(value)
            url = inner[1] if inner else max(parse_srcset(value) or [("", 0.0)], key=lambda pair: pair[1])[0]
            if _usable(url) and _names_a_url(url):
                return url
    return None


def _styled(style: str) -> str:
    """The first address in a style that is a background's, "" if there is none; linear in the style's length."""
    at = -1
    for _ in range(MANY_IN_STYLE):
        at = style.find("url(", at + 1)
        if at < 0:
            break
        start = max(style.rfind(";", max(0, at - LONG_STYLE), at) + 1, at - LONG_STYLE)
        if not _BACKGROUND.match(style, start, at):
            continue
        url = style[at + 4 :].lstrip()
        quoted = url[:1] in ('"', "'")
        url, end, _ = url[1:].partition(url[0]) if quoted else url.partition(")")
        if end and url.strip():
            return url.strip()
    return ""

"""What an attribute says of a picture: its address and whether that is a stand-in's, its size, its background.

It knows values, neither elements nor pages: which of many addresses is a picture's is said in `elements`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote, urljoin

from obelics_like.extraction.srcset import of_rules, parse_srcset
from obelics_like.extraction.texts import listed

BACKGROUNDS = listed("data-bgset data-bg data-background-image data-background data-lazy-background data-interchange")
"""Attributes of blocks that hold what a lazy loader makes their background."""
MANY_IN_STYLE, LONG_STYLE = 20, 2_000
"""Addresses in a style that are looked at, and characters before each in which its property is looked for."""
_IN_URL = re.compile(r"url\(\s*+[\"']?([^\"')]++)[\"']?\s*+\)")

STANDINS = listed(
    "blank spacer placeholder place-holder loading loader ajax-loader lazy lazyload lazyplaceholder lazy-placeholder "
    "lazy_placeholder pixel transparent trans 1x1 1px grey gray clear empty dummy white noimage no-image spinner "
    "preload preloader px space shim null undefined none cleardot default-image defaultimage img-default imgdefault "
    "fallback"
)
_STANDIN_BACKWARDS = (
    r"(?:fig|gnp|gvs|ge?pj|pbew)\.(?:(?:xp)?(?:\d{1,4}x)?\d{0,4}[-_.]?)?"
    rf"(?:{'|'.join(re.escape(word[::-1]) for word in STANDINS)})(?=[_.\-/]|$)"
)
"""A file name read backwards: the ending, a size, the word; what stands before it may be anything."""
_STANDIN, LONG_NAME = re.compile(_STANDIN_BACKWARDS), 60
"""A longer name is none of a stand-in."""
_STANDIN_TAILS, _SIZE_TAILS = frozenset(word[-2:] for word in STANDINS), "0123456789xp-_."
"""How a stand-in's name may end before its size and ending, but for those of these characters alone."""
_D = ("d", "D")
FILES = listed("jpg jpeg jpe jfif png gif webp avif bmp svg tif tiff heic")
PICTURE_FILE = re.compile(rf"\.(?:{'|'.join(FILES)})(?:[?#:@!]|$)", re.I)
_BACKGROUND = re.compile(
    r"\s*(?:background|--[\w-]{0,30}(?:bg|bkg|back|image|img|photo|hero|cover|poster))[\w-]{0,20}\s*:", re.I
)
_NUMBER = re.compile(r"\s*+(\d{1,6})(?:\.\d++)?\s*+(?:px\s*+)?$", re.I)
_STYLE_SIZE = {
    name: re.compile(rf"(?:^|;|\s){name}\s*:\s*(\d{{1,5}})(?:\.\d+)?px", re.I) for name in ("width", "height")
}
_NOT_DISPLAYED = re.compile(r"(?:^|[;\s])display\s*:\s*none", re.I)
_ABSOLUTE = re.compile(r"https?://[^\s/?#\[\]]", re.I)
_BREAKS = re.compile(r"[\x00-\x1f\x7f]")
_BLANK = "".join(map(chr, range(33))) + "\xa0"
_UNSAFE = re.compile(r"[\s\"<>`{}|\\^]")
_ESCAPED = {at: quote(chr(at), safe="") for at in range(0x3001) if _UNSAFE.match(chr(at))}
"""What these are in a URL: white space ends at U+3000."""
_PLAIN = re.compile(r"https?://[\w~%!$&'()*+,;=:@.-][\w~%!$&'()*+,;=:@./?-]*", re.A)
_PLAIN_PATH = re.compile(r"/{1,2}[\w~%!$&'()*+,=:@-][\w~%!$&'()*+,=:@./-]*(?:\?[\w~%!$&'()*+,=:@./?-]+)?", re.A)
_RELATIVE = re.compile(r"[\w~%!$&'()*+,=@-][.\w~%!$&'()*+,=@-]*(?:/[\w~%!$&'()*+,=:@./-]*)?", re.A)
"""URLs of plain characters: absolute; from the root or with the scheme left out; from the page's folder. `/.` may be a
step up in them."""
_SITE, _BEHIND_SITE = re.compile(r"https?://[\w.:-]+", re.A), ("", "/", "?", "#")
_FOLDER = re.compile(r"https?://[\w.:-]+(/(?:[\w~%!$&'()*+,=:@./-]*/)?)(?=[\w~%!$&'()*+,=:@.-]*(?:[?#]|$))", re.A)
"""What nearly all addresses of pages begin with."""
_STEPS = re.compile(r"(?:\.\.?/)+")
ENDINGS = (".jpg", ".jpeg", ".jpe", ".png", ".gif", ".webp", ".avif", ".bmp", ".tif", ".tiff", ".heic", ".svg")
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


def is_usable(url: str) -> bool:
    """Whether it may be the address of the picture itself: no template, no `data:` URI and no stand-in."""
    if not url or url[0] in "#{<" or url[:5] == "data:":
        return False
    return "{" not in url and "%7B" not in url[:2048] and not is_standin(url)


def names_a_url(value: str) -> bool:
    """Whether an attribute's value may be the address of a picture, and not a word."""
    return 3 < len(value) < LONG_URL and ("/" in value or PICTURE_FILE.search(value) is not None)


def resolve(base: str, url: str) -> str | None:
    """The absolute http(s) URL by RFC 3986, with what may not stand in a URL escaped, or None; no fragment.

    >>> resolve("https://a.org/b/c.html", "../d e.jpg#x")
    'https://a.org/d%20e.jpg'
    """
    if len(url) <= LONG_URL and "/." not in url:  # nearly all are of two forms that need no more than a look
        if url[:4] == "http":
            if _PLAIN.fullmatch(url):
                return url
        elif url[:1] == "/" and _PLAIN_PATH.fullmatch(url) and (start := site(base)):
            return start + url if url[1:2] != "/" else start[: start.index(":") + 1] + url
        elif _RELATIVE.fullmatch(url) and "//" not in url and (start := folder(base)):
            return start + url
    url = url.strip(_BLANK).partition("#")[0]
    if not url.isprintable():
        url = _BREAKS.sub("", url)
    if not url or len(url) > LONG_URL:
        return None
    return _joined(base, url)


@lru_cache(256)
def _joined(base: str, url: str) -> str | None:
    """The same of an address without a fragment. (A link of 2,500 steps up takes half a millisecond, and may be round
    20,000 pictures.)"""
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
    return url.translate(_ESCAPED) if _UNSAFE.search(url) else url


@lru_cache(256)
def site(base: str) -> str:
    """What a URL from the root of a site is appended to, "" where it takes more than that."""
    if (found := _SITE.match(base)) and base[found.end() : found.end() + 1] in _BEHIND_SITE:
        return found[0]
    start = _to(base, "/x")[:-2]
    return "" if _UNSAFE.search(start) or not _ABSOLUTE.match(start) else start


@lru_cache(1024)
def folder(base: str, steps: str = "") -> str:
    """The same for one from the folder of a page, or from where such steps lead from there."""
    if not steps and (found := _FOLDER.match(base)) and "//" not in found[1] and "/." not in found[1]:
        return found[0]
    start = _to(base, f"{steps}x")[:-1]
    return "" if _UNSAFE.search(start) or not _ABSOLUTE.match(start) or start[-1:] != "/" else start


def _to(base: str, url: str) -> str:
    """The address that a relative one leads to; "" from a page whose host is a broken IPv6 address."""
    try:
        return urljoin(base, url)
    except ValueError:
        return ""


def steps_of(url: str) -> str:
    """The steps with which a relative URL begins.

    >>> steps_of("../.././.b/c.jpg")
    '../.././'
    """
    found = _STEPS.match(url)
    return found[0] if found else ""


def link_to_picture(href: str) -> bool:
    """Whether a link leads to a picture file and not to a page.

    >>> link_to_picture("/big/a.JPG?x=1"), link_to_picture("/wiki/File:a.jpg/about")
    (True, False)
    """
    path = href.partition("?")[0] if "?" in href else href
    if "#" in path:
        path = path.partition("#")[0]
    end = path[-5:]
    return "." in end and end.lower().endswith(ENDINGS) and "/wiki/" not in path.lower()


def size_of(width: str, height: str, style: str) -> tuple[int | None, int | None]:
    """Width and height in CSS pixels as declared in these attributes, else in the style; None where they are not.

    What is not displayed is shown at no size: none of 16 such pictures on 123 news pages was one of the article.

    >>> size_of("640px", "", "height: 20px"), size_of("640", "", "display:none")
    ((640, 20), (0, 0))
    """
    if style:
        if "none" in style and _NOT_DISPLAYED.search(style):
            return 0, 0
        if "px" not in style.lower():
            style = ""
    elif width.isdecimal() and height.isdecimal() and len(width) < 7 > len(height):
        return int(width), int(height)
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
            if value[0] == "[" and not PICTURE_FILE.search(value := of_rules(value)):
                continue  # a piece of HTML, which Foundation puts into a block
            inner = _IN_URL.fullmatch(value)
            url = inner[1] if inner else max(parse_srcset(value) or [("", 0.0)], key=lambda pair: pair[1])[0]
            if is_usable(url) and names_a_url(url):
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

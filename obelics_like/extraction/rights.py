"""What a page says about its own use: licences, robots directives, reservations of text and data mining.

It collects evidence, in the page and in the answer's HTTP header, and draws no conclusion from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from obelics_like.extraction.texts import listed
from obelics_like.native.find import find, find_either

LONG = 1_000
"""Characters kept of each statement: an opt-out may stand at the end of a long list."""
MANY_WORDS, REL, TAG, MANY_LINKS = 500, 60, 1_000, 50
"""How often the word is looked at, the bytes that the attribute before it and its tag may have, and links looked at."""

_COMMONS = re.compile(
    rb"(?:https?:)?\\?/\\?/(?:www\.|i\.)?(?:creativecommons\.org|licensebuttons\.net)"
    rb"\\?/(licenses|publicdomain|l|p)\\?/([a-z+-]{1,20})\\?/(\d\.\d)",
    re.I,
)
"""A Creative Commons licence, or the badge of one, as it may stand in an attribute, a script or a text."""
_HOSTS = (b"creativecommons.org", b"licensebuttons.net")
_FOLDERS = {b"l": b"licenses", b"p": b"publicdomain"}
_REL = re.compile(rb"\brel\s*=\s*[\"']?(?:[\w-]+\s+)*\Z", re.I)
_LINK = re.compile(rb"<(?:a|area|link)\s", re.I)
_HREF = re.compile(rb"\bhref\s*=\s*(?:\"([^\">]*)\"|'([^'>]*)'|([^\s\"'>]+))", re.I)
_BOT = re.compile(
    r"[\w.-]*(?:bot|spider|crawler)(?:-(?:news|images?|video|mobile|extended))?|slurp|teoma|google-extended|anthropic-ai|"
    r"chatgpt-user"
)
"""Names of crawlers; `names_fact` of `native/attributes.c` goes by the words that one of them holds."""
_DIRECTIVE = re.compile(
    r"\b(?:all|none|index|follow|no[a-z]{2,20}|max-[a-z]++(?:-[a-z]++)?|unavailable_after|indexifembedded)\b", re.I
)

HEADERS = listed("x-robots-tag tdm-reservation tdm-policy content-usage")
"""Fields of an HTTP answer that say what its content may be used for."""


def licence(html: bytes) -> str:
    """The address of the first licence that a page names: a link marked as one, else one of Creative Commons.

    As written; a badge of Creative Commons stands for its licence. "" if none is named.

    >>> licence(b'<a rel="nofollow license" href="/terms">')
    '/terms'
    >>> licence(b'<img src="//i.creativecommons.org/l/by/4.0/88x31.png">')
    'https://creativecommons.org/licenses/by/4.0'
    """
    if (start := find_either(html, b"license", _HOSTS[0])) < 0:  # three of four pages; both hosts hold one of the words
        return ""
    places = list(_places(html, b"license", MANY_WORDS, start))
    if marked := _marked(html, places):
        return marked
    if len(places) < MANY_WORDS and not any(html.startswith(_HOSTS[1], at) for at in places):
        return _of_commons(html, _HOSTS[:1], start)  # the second host begins with the word: a pass over the page less
    return _of_commons(html, _HOSTS, start)


def _places(html: bytes, word: bytes, many: int, start: int) -> Iterator[int]:
    """The first places from `start` on where a word stands."""
    at = start - 1
    for _ in range(many):
        if (at := find(html, word, at + 1)) < 0:
            break
        yield at


def _marked(html: bytes, places: list[int]) -> str:
    """What the first link marked as one to a licence names, of those in which `license` stands at these places."""
    for at in places:
        if html[at - 1] not in b" \"'=\n\t" or not _REL.search(html, max(0, at - REL), at):
            continue
        start, end = html.rfind(b"<", max(0, at - TAG), at), html.find(b">", at, at + TAG)
        tag = html[start:end] if start >= 0 else b""
        if _LINK.match(tag) and b">" not in tag and (href := _HREF.search(tag)):
            return next(group for group in href.groups() if group is not None).decode("utf-8", "replace").strip()
    return ""


def _of_commons(html: bytes, hosts: tuple[bytes, ...], start: int) -> str:
    for host in hosts:
        for at in _places(html, host, MANY_LINKS, start):
            if found := _COMMONS.search(html, max(0, at - 16), at + 90):
                return _address(found)
    return ""


def _address(found: re.Match[bytes]) -> str:
    if found[0].startswith(b"http") and found[1].lower() in (b"licenses", b"publicdomain") and b"\\" not in found[0]:
        return found[0].decode("ascii")
    folder = _FOLDERS.get(found[1].lower(), found[1].lower())
    parts = (b"https://creativecommons.org", folder, found[2].lower(), found[3])
    return b"/".join(parts).decode("ascii")


def is_robot(name: str, content: str) -> bool:
    """Whether a meta tag of this name speaks to a crawler of that name: `googlebot`, `ccbot`, `google-extended`.

    >>> is_robot("googlebot", "noindex"), is_robot("gptbot", "noai, noimageai"), is_robot("bot-name", "noindex")
    (True, True, False)
    """
    return _BOT.fullmatch(name) is not None and _DIRECTIVE.search(content) is not None


def of_answer(headers: Mapping[str, str]) -> dict[str, str]:
    """Those fields of an HTTP answer that speak of use, names in lower case, values as written.

    >>> of_answer({"X-Robots-Tag": "noai", "Server": "x"})
    {'x-robots-tag': 'noai'}
    """
    found = {}
    for name, value in headers.items():
        if (low := name.lower()) in HEADERS and value.strip():
            found[low] = value.strip()[:LONG]
    return found

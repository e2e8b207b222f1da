"""Which pictures of a page belong to its main content, once the text of it is known.

Pure functions; a picture here is judged by where it stands, what is round it, where it links to and what it is called.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from obelics_like.extraction import names
from obelics_like.extraction.main_content import Judgement, within
from obelics_like.extraction.pictures import link_to_picture, resolve
from obelics_like.extraction.placements import Placement, file_name
from obelics_like.extraction.walk import Block, Walked

LEADS = 2
"""Pictures that may stand before the first block of the main content, and belong to it."""
AFTER = 2
"""Items behind the last main block within which a picture of the same container still belongs to it."""
REACH = 25
"""Blocks of text that may stand between such a picture and the main content: headline, byline, date, share bar."""
SMALL = 80
"""CSS pixels: a picture declared smaller on both sides is an icon."""

_ICON = re.compile(
    r"(?:^|[_.\-])(?:logos?|icons?|favicon|avatars?|gravatar|sprites?|emoji|smiley|buttons?|btn|qr-?code|google-?play|"
    r"app-?store)(?=[_.\-\d]|$)"
    r"|^(?:arrow|badge|banner|ads?|sponsor|rss|share|facebook|twitter|whatsapp|pinterest|linkedin|instagram|youtube|"
    r"print|stars?|rating|author|autor|profile|user|bullet|separator|divider)[_.\-]?\d*\.\w+$",
    re.I,
)
_ICON_CLASS = re.compile(r"(?:^|[\s_-])(?:logo|icon|avatar|emoji|wp-smiley|gravatar|qrcode|qr-code)(?=[\s_-]|$)", re.I)
_FURNITURE = names.FURNITURE & ~(names.META | names.HIDDEN | names.PRESS)
"""Names that speak against a picture; a lightbox, an overlay or a button round one is how it is enlarged."""


def choose(
    walked: Walked, placements: list[Placement], judged: Judgement, url: str, lead_image: str = ""
) -> list[bool]:
    """For each placement whether it belongs to the main content; `lead_image` is the one that the head names."""
    marked = [at for at, main in enumerate(judged.main) if main]
    if not marked:
        return [False] * len(placements)
    # a headline or opening outside the main container says nothing of the pictures between
    first = next((at for at in marked if walked.items[at].container >= judged.root), marked[0])
    last = marked[-1]
    inside = within(walked, judged.root)
    picks = [
        first < one.item and _fits(one, walked, judged, url) and _before_end(one, last, inside) for one in placements
    ]
    _leads(picks, placements, walked, judged, first, url)
    if lead_image:
        _named_lead(picks, placements, lead_image)
    return picks


def _named_lead(picks: list[bool], placements: list[Placement], lead_image: str) -> None:
    """Pick the first placement of the page's lead picture, wherever it stands, unless one is picked already."""
    name = file_name(lead_image)
    shown = [at for at, one in enumerate(placements) if lead_image == one.url or (name and name == file_name(one.url))]
    if shown and not any(picks[at] for at in shown):
        one = placements[shown[0]]
        picks[shown[0]] = not one.fault and not _is_icon(one)  # some sites name their logo on every page


def _before_end(one: Placement, last: int, within_root: list[bool]) -> bool:
    """Before the last main block; a figure just behind it, in the same container, still counts."""
    if one.item < last:
        return True
    return one.item - last <= AFTER and within_root[one.picture.container]


def _fits(one: Placement, walked: Walked, judged: Judgement, url: str) -> bool:
    picture = one.picture
    if one.fault or picture.how == "input" or _is_icon(one) or _leads_away(one, url):
        return False
    return not judged.furniture[picture.container] & _FURNITURE


def _is_icon(one: Placement) -> bool:
    picture = one.picture
    sides = [side for side in (picture.width, picture.height) if side]
    if sides and max(sides) < SMALL:
        return True
    path = one.url.partition("?")[0]
    if path.lower().endswith(".svg"):
        return True
    return bool(_ICON.search(path.rpartition("/")[2]) or _ICON_CLASS.search(picture.names))


def _leads_away(one: Placement, url: str) -> bool:
    """Whether the picture is a link to another page; one to its own file, or to a place on this page, is not."""
    href = one.picture.link
    if not href or href[0] == "#" or href[:11].lower() == "javascript:" or link_to_picture(href):
        return False
    target = resolve(url, href)
    if target is None:
        return False
    there, here = urlsplit(target), urlsplit(url)
    if there.netloc != here.netloc:
        return False  # an image host, or a shop: not another page of the site
    return not there.path.startswith(here.path.rstrip("/") or "//") and "attachment" not in href


def _leads(
    picks: list[bool], placements: list[Placement], walked: Walked, judged: Judgement, first: int, url: str
) -> None:
    """Pick the pictures that stand before the main text and lead it: the nearest ones, in no furniture."""
    left, blocks, at = LEADS, 0, first
    for number in range(len(placements) - 1, -1, -1):
        one = placements[number]
        if one.item > first:
            continue
        blocks += sum(isinstance(item, Block) for item in walked.items[one.item : at])
        at = one.item
        if blocks > REACH or not left:
            return
        if _fits(one, walked, judged, url):
            picks[number] = True
            left -= 1

"""Which pictures of a page belong to its main content, once the text of it is known.

Rules turn away what can be no part of an article wherever it stands: icons, furniture, teasers outside the text. What
is left is scored by `picture_score`, and kept from `threshold` on. Pure functions.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import compress

from obelics_like.extraction import names
from obelics_like.extraction.addresses import Words
from obelics_like.extraction.main_content import Judgement
from obelics_like.extraction.picture_score import View, is_same, looked_at, model, scored, words_asked
from obelics_like.extraction.placements import Placement, file_name
from obelics_like.extraction.speaking import GALLERY, PERSON
from obelics_like.extraction.surroundings import LONG, NUMBER, OWN, ROUND, near
from obelics_like.extraction.texts import listed
from obelics_like.extraction.walk import Walked

ICON = 60
"""CSS pixels: a picture declared smaller on both sides is an icon."""
DRAWING = 200
"""CSS pixels: an SVG that is not declared larger is an icon."""

_ICON = re.compile(
    r"[_.\-](?:logos?|icons?|favicon|avatars?|gravatar|sprites?|emoji|smiley|buttons?|btn|qr-?code|google-?play|"
    r"app-?store)(?=[_.\-\d]|$)"
)
_ICON_FILE = re.compile(
    r"(?:arrow|badge|banner|ads?|sponsor|rss|share|facebook|twitter|whatsapp|pinterest|linkedin|instagram|youtube|"
    r"envelope|e-?mail|comments?|print|stars?|rating|author|autor|profile|user|bullet|separator|divider|plus|minus|"
    r"close|zoom|enlarge|next|prev|check|ampersand)[_.\-]?\d*\.\w+$|badge[_\-]|"
    r"(?:getty(?:[_\-]?images)?|reuters|afp|apa|dpa)\.\w+$"
)
"""File names of icons and of marks of agencies, written small: a part, with `_` put before the name; and for the second
the beginning."""
_SIGNS = listed(
    "logo logos icon icons favicon avatar avatars gravatar sprite sprites emoji smiley wp-smiley button buttons btn "
    "qrcode qr-code googleplay google-play appstore app-store arrow badge banner ad ads sponsor rss share facebook "
    "twitter whatsapp pinterest linkedin instagram youtube envelope email e-mail comment comments print star stars "
    "rating author autor profile user bullet separator divider plus minus close zoom enlarge next prev check ampersand "
    "getty gettyimages reuters afp apa dpa"
)
_ICONS = (*(f" {word}{behind}" for word in _SIGNS for behind in (" ", "0")), ".svg ")
"""Words of which at least one stands in an address whose end is such a name, or that of an SVG, and in the name of a
class of icons."""
_ICON_CLASS = re.compile(r"(?:^|[\s_-])(?:logo|icon|avatar|emoji|wp-smiley|gravatar|qrcode|qr-code)(?=[\s_-]|$)", re.I)
_PORTRAIT_CLASS = re.compile(r"author(?!i)|(?:^|[\s_-])autor(?:en|in)?(?=[\s_-]|$)|avatar|byline", re.I)
_SERVER = re.compile(r"(?:.*\.)?(?:ads?|adserv(?:er|ing)?|smartadserver|adform|adnxs|adition)\d*\.", re.I)
_SERVED = listed("/www/delivery/ /adserver/ adnoscript")
"""Addresses of programs that serve advertisements: their hosts, and parts of their paths."""
_SERVERS = listed("/ad .ad /smartad .smartad")
"""How such hosts begin, or go on behind a dot."""
_BESIDE = names.ASIDE | names.TEASER | names.SHARE
"""Parts of a page whose pictures are not main before or behind the text; among the text, they may hold a gallery."""
_NEVER = names.NAV | names.FOOTER | names.COMMENT | names.AD | names.FORM
"""Parts of a page whose pictures are never main; other furniture is a matter of score, as its names are often wrong."""


def choose(
    walked: Walked,
    placements: list[Placement],
    judged: Judgement,
    url: str,
    lead_image: str = "",
    threshold: float | None = None,
) -> list[bool]:
    """For each placement whether it belongs to the main content.

    `lead_image` is the picture that the head of the page names; `threshold` the score, 0 to 1, from which a picture is
    kept, that of the trained model if None. A lower one keeps more pictures, and more wrong ones.
    """
    if threshold is None:
        threshold = model().threshold
    picks = [value > 0 and value >= threshold for value in scores(walked, placements, judged, url, lead_image)]
    if lead_image and any(judged.main):
        _named_lead(picks, placements, lead_image)
    return picks


def scores(
    walked: Walked, placements: list[Placement], judged: Judgement, url: str, lead_image: str = ""
) -> list[float]:
    """For each placement the probability that it belongs to the main content; 0 for what a rule turned away."""
    found = [0.0] * len(placements)
    for number, value in scored(candidates(walked, placements, judged, url, lead_image)):
        found[number] = value
    return found


def candidates(
    walked: Walked, placements: list[Placement], judged: Judgement, url: str, lead_image: str = ""
) -> list[tuple[int, Placement, str, View]]:
    """The placements that no rule turns away: their numbers, where their links lead, and the page they stand on."""
    faultless = [(number, one) for number, one in enumerate(placements) if not one.fault]
    if not faultless:
        return []
    words = _words()
    place = near(walked, judged, [one.item for _, one in faultless], _NEVER, words)
    if not place.rows:
        return []
    view = View(walked, placements, judged, url, lead_image, place)
    close = [faultless[row[NUMBER]] for row in place.rows]
    looked = looked_at([one for _, one in close], words)
    among: list[tuple[Placement, str]] = []
    kept: list[tuple[int, Placement, str, View]] = []
    seen, first, last = view.seen, place.first, place.last
    for row, (number, one), (said, file, called, href) in zip(place.rows, close, looked):
        picture, item = one.picture, one.item
        if picture.how == "input" or _is_icon(one, file, called) or (file & _SERVED_WORD and _is_served(one)):
            continue
        seen[item] = row, said, file
        target = view.target(one, href)
        among.append((one, target))
        if (first < item < last or not _is_teaser(one, target, view)) and not (
            (said | row[OWN]) & PERSON and _is_portrait(one, view)
        ):
            kept.append((number, one, target, view))
    view.count(among)
    return kept


_ICON_WORD, _SERVED_WORD = 1 << 10, 1 << 11


@cache
def _words() -> Words:
    """The words without which no rule on names and addresses holds: of icons, of advertisements, and of the score."""
    return Words({**words_asked(), _ICON_WORD: _ICONS, _SERVED_WORD: (*_SERVED, *_SERVERS)})


def _is_served(one: Placement) -> bool:
    """Whether a picture is an advertisement that a program chose."""
    path = one.url.partition("?")[0].lower()
    if any(part in path for part in _SERVED):
        return True
    return path[:5] != "data:" and _serves(path.split("/", 3)[2])


@lru_cache(1024)
def _serves(host: str) -> bool:
    return _SERVER.match(host) is not None


def _is_icon(one: Placement, words: int = _ICON_WORD, called: int = _ICON_WORD) -> bool:
    """Whether a picture is an icon; these are the words in its address, and in the beginning of its names."""
    picture = one.picture
    width, height = picture.width or 0, picture.height or 0
    larger = width if width > height else height
    if 0 < larger < ICON:
        return True
    if not (words | called) & _ICON_WORD and len(picture.names) <= LONG:  # most
        return False
    if words & _ICON_WORD:
        name = one.url.partition("?")[0].rpartition("/")[2].lower()
        if name[-4:] == ".svg" and larger <= DRAWING:
            return True
        if _ICON.search(f"_{name}") or _ICON_FILE.match(name):
            return True
    called = called & _ICON_WORD or len(picture.names) > LONG
    return called != 0 and _ICON_CLASS.search(picture.names) is not None


def _is_teaser(one: Placement, target: str, view: View) -> bool:
    """Whether a picture, which is before or behind the text, stands in furniture, or outside the main container and
    links to another page of the site; the picture that the head names is none."""
    container = one.picture.container
    if target == "other_page":
        beside = view.judged.furniture[container] & _BESIDE or not view.in_root(container)
    else:  # teasers and galleries are both called carousels, but the pictures of a gallery do not lead away
        beside = view.judged.furniture[container] & _BESIDE and not view.seen[one.item][0][ROUND] & GALLERY
    return bool(beside) and not view.is_lead(one)


def _is_portrait(one: Placement, view: View) -> bool:
    """Whether a picture, or the element that holds it and no main text, is named for the author."""
    row, said, _ = view.seen[one.item]
    if said & PERSON and _PORTRAIT_CLASS.search(one.picture.names):
        return True
    if not row[OWN] & PERSON:
        return False
    container = one.picture.container
    return _PORTRAIT_CLASS.search(view.walked.names[container]) is not None and not view.has_main(container)


def _named_lead(picks: list[bool], placements: list[Placement], lead_image: str) -> None:
    """Pick the first placement of the page's lead picture, wherever it stands, unless one is picked already."""
    name = file_name(lead_image)
    if any(is_same(one.url, lead_image, name) for one in compress(placements, picks)):
        return
    urls = "\n".join([one.url for one in placements])
    if lead_image not in urls and (not name or name not in urls.lower()):  # it is not shown on the page
        return
    at = next((at for at, one in enumerate(placements) if is_same(one.url, lead_image, name)), None)
    if at is not None:
        picks[at] = not placements[at].fault and not _is_icon(placements[at])  # some sites name their logo everywhere

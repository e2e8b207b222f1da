"""Which pictures of a page belong to its main content, once the text of it is known.

Rules turn away what can be no part of an article wherever it stands: icons, furniture, teasers outside the text. What
is left is scored by `picture_score`, and kept from `threshold` on. Pure functions.
"""

from __future__ import annotations

import re

from obelics_like.extraction import names
from obelics_like.extraction.main_content import Judgement
from obelics_like.extraction.picture_score import GALLERY, View, is_same, model, score
from obelics_like.extraction.placements import Placement, file_name
from obelics_like.extraction.walk import Walked

BEFORE = 40
"""Blocks of text that may stand between a picture and the main content behind it: headline, byline, share bar, menu."""
AFTER = 25
"""Blocks of text that may stand between the main content and a picture behind it: a gallery's captions."""
ICON = 60
"""CSS pixels: a picture declared smaller on both sides is an icon."""
DRAWING = 200
"""CSS pixels: an SVG that is not declared larger is an icon."""

_ICON = re.compile(
    r"(?:^|[_.\-])(?:logos?|icons?|favicon|avatars?|gravatar|sprites?|emoji|smiley|buttons?|btn|qr-?code|google-?play|"
    r"app-?store)(?=[_.\-\d]|$)"
    r"|^(?:arrow|badge|banner|ads?|sponsor|rss|share|facebook|twitter|whatsapp|pinterest|linkedin|instagram|youtube|"
    r"print|stars?|rating|author|autor|profile|user|bullet|separator|divider|plus|minus|close|zoom|enlarge|next|prev|"
    r"check|ampersand)[_.\-]?\d*\.\w+$|^badge[_\-]",
    re.I,
)
_ICON_CLASS = re.compile(r"(?:^|[\s_-])(?:logo|icon|avatar|emoji|wp-smiley|gravatar|qrcode|qr-code)(?=[\s_-]|$)", re.I)
_SERVED = re.compile(
    r"https?://(?:[^/?]*\.)?(?:ads?|adserv(?:er|ing)?|smartadserver|adform|adnxs|adition)\d*\."
    r"|[^?]*(?:/www/delivery/|/adserver/|adnoscript)",
    re.I,
)
"""Addresses of programs that serve advertisements."""
_FORMULA = re.compile(r"(?:^|[\s_-])(?:mwe-math|latex|mathtex|tex2jax)(?=[\s_-]|$)", re.I)
_FORMULA_URL = re.compile(r"/math/render/|/latex\.php|latex\.codecogs\.|/mathtex\.cgi|[?&]cht=tx", re.I)
"""Formulas that are set as pictures are part of a line of text."""
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
    for number, one, target, view in candidates(walked, placements, judged, url, lead_image):
        found[number] = score(view, one, target)
    return found


def candidates(
    walked: Walked, placements: list[Placement], judged: Judgement, url: str, lead_image: str = ""
) -> list[tuple[int, Placement, str, View]]:
    """The placements that no rule turns away: their numbers, where their links lead, and the page they stand on."""
    if not any(judged.main):
        return []
    view = View(walked, placements, judged, url, lead_image)
    likely = [(number, one) for number, one in enumerate(placements) if _may_be(one, view)]
    found = [(number, one, view.target(one), view) for number, one in likely]
    for _, one, target, _ in found:
        view.count(one, target)
    return [each for each in found if not _is_teaser(each[1], each[2], view)]


def _may_be(one: Placement, view: View) -> bool:
    """Whether no rule speaks against a picture; cheap ones first, as most pictures are far from the text."""
    picture, at = one.picture, one.item
    if one.fault or picture.how == "input" or view.judged.furniture[picture.container] & _NEVER:
        return False
    if at < view.first and view.blocks_between(at, view.first) > BEFORE:
        return False
    if at > view.last and view.blocks_between(view.last, at) - 1 > AFTER:
        return False
    return not (
        _is_icon(one) or _SERVED.match(one.url) or _FORMULA_URL.search(one.url) or _FORMULA.search(picture.names)
    )


def _is_icon(one: Placement) -> bool:
    picture = one.picture
    sides = [side for side in (picture.width, picture.height) if side]
    if sides and max(sides) < ICON:
        return True
    path = one.url.partition("?")[0]
    if path[-4:].lower() == ".svg" and max(sides, default=0) <= DRAWING:
        return True
    return bool(_ICON.search(path.rpartition("/")[2]) or _ICON_CLASS.search(picture.names))


def _is_teaser(one: Placement, target: str, view: View) -> bool:
    """Whether a picture before or behind the text stands in furniture, or outside the main container and links to
    another page of the site; the picture that the head names is none."""
    if view.first < one.item < view.last:
        return False
    container = one.picture.container
    if target == "other_page":
        beside = view.judged.furniture[container] & _BESIDE or not view.in_root(container)
    else:  # teasers and galleries are both called carousels, but the pictures of a gallery do not lead away
        beside = view.judged.furniture[container] & _BESIDE and not view.around(container) & GALLERY
    return bool(beside) and not view.is_lead(one)


def _named_lead(picks: list[bool], placements: list[Placement], lead_image: str) -> None:
    """Pick the first placement of the page's lead picture, wherever it stands, unless one is picked already."""
    name = file_name(lead_image)
    shown = [at for at, one in enumerate(placements) if is_same(one.url, lead_image, name)]
    if shown and not any(picks[at] for at in shown):
        one = placements[shown[0]]
        picks[shown[0]] = not one.fault and not _is_icon(one)  # some sites name their logo on every page

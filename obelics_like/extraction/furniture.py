"""Which containers of a page are its furniture: what their names say, where that is believed.

It reads names and the prose they hold; whether a paragraph is content is decided by `main_content`.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from obelics_like.extraction import names
from obelics_like.extraction.measures import inherited
from obelics_like.extraction.paragraphs import Paragraphs, Totals
from obelics_like.extraction.walk import Walked

DISBELIEF = 0.5
"""Share of the prose that furniture and the rest hold together, from which its name is not believed."""
OWN_SHARE = 0.25
"""The same for what is named an article or content as well: `article-sidebar`, `post-content related`."""
META_SHARE = 0.2
"""The same for what is named as something about the article, such as its author."""
UNLINKED = 0.02
"""Share of links under which what is named a teaser leads nowhere."""
STUBBORN = names.ASIDE | names.COMMENT | names.HIDDEN | names.FOOTER | names.NAV
"""What stays furniture even if it holds half of the prose, and even round a headline."""

_LEAST = min(DISBELIEF, OWN_SHARE, META_SHARE)
_OWN = names.ARTICLE | names.CONTENT
_FURNITURE, _HEADER, _TEASER = names.FURNITURE, names.HEADER, names.TEASER


def believed(walked: Walked, found: Paragraphs, totals: Totals) -> array[int]:
    """For each container the furniture bits that hold for it, its own and its ancestors', where they are believed.

    A name is not believed if all that bear it hold most of the prose that they and the unnamed rest have together.
    What holds half of the page's prose leaves its own prose to the rest when others are weighed: it is a name round
    the article. Headers are furniture of the page, not of an article. So names are looked at where prose stands, or a
    headline, or where they are also the names of such; all others are believed.
    """
    bits, scores, page = walked.bits, totals.scores, totals.score(0)
    full = [at for at in totals.asked if scores[at]]
    most = 0.5 * page
    rest = page - _held(full, totals)
    small = [at for at in full if scores[at] < most]
    loose = page - _held(small, totals) if len(small) < len(full) else rest
    heads = _with_headline(walked, found)
    result: array[int] = bits[:]
    inside: dict[int, bool] = {}
    shared = totals.shared
    for at in heads.union(totals.asked) if heads else totals.asked:
        own = (said := bits[at]) & _FURNITURE
        if own & _HEADER and (at in heads or _in_article(walked, at, inside)):
            own &= ~_HEADER
        held = shared[at]
        share = held / (held + (loose if held < most else rest)) if held else 0.0
        if share > _LEAST:
            own = _trusted(own, said, share, held >= most)
        if own == _TEASER and scores[at] and _leads_nowhere(walked, at, totals):
            own = 0  # a teaser leads somewhere; this is the article's lead, or a list
        result[at] = own | (said & ~_FURNITURE)
    inherited(walked.tree, result, _FURNITURE, within=names.ARTICLE, muted=_HEADER)
    return result


def mark_all(walked: Walked, furniture: array[int], places: Iterable[int], bit: int) -> None:
    """Add a bit to the furniture of containers and of all that stands in them, of which each is looked at once."""
    done = 0
    for place in sorted(places):
        end = walked.ends[place]
        for inner in range(max(place, done), end):
            furniture[inner] |= bit
        done = max(done, end)


def _held(ordered: list[int], totals: Totals) -> float:
    """The prose that containers hold together; what is in two of them is counted once."""
    held, end, scores, ends = 0.0, 0, totals.scores, totals.ends
    for at in ordered:
        if at >= end:
            held += scores[at]
            end = ends[at]
    return held


def _leads_nowhere(walked: Walked, at: int, totals: Totals) -> bool:
    """Whether next to nothing in a container, and in all of its name together, is a link."""
    if totals.links(at) >= UNLINKED * totals.size(at):
        return False
    links, size = totals.of_name(walked.names.number(at))
    return not size or links < UNLINKED * size


def _in_article(walked: Walked, at: int, known: dict[int, bool]) -> bool:
    """Whether a container stands in an article; to `known`, what is found out on the way up is added."""
    climbed, article = [], False
    while (at := walked.parents[at]) and not article and at not in known:
        climbed.append(at)
        article = walked.bits[at] & names.ARTICLE != 0
    article = article or known.get(at, False)
    known.update(dict.fromkeys(climbed, article))
    return article


def _with_headline(walked: Walked, found: Paragraphs) -> set[int]:
    """The containers named headers that hold an `h1`."""
    heads: set[int] = set()
    met: set[int] = set()
    bits, parents = walked.bits, walked.parents
    for title in found.titles:
        at = found.containers[title]
        while at and at not in met:
            met.add(at)
            if bits[at] & _HEADER:
                heads.add(at)
            at = parents[at]
    return heads


def _trusted(own: int, bits: int, share: float, most: bool) -> int:
    """The furniture bits of a container that are believed, given its share of the scores that it and the unnamed rest
    hold, and whether it holds half of the page's."""
    if bits & _OWN and share > OWN_SHARE:
        own &= STUBBORN
    if own & names.META and share > META_SHARE:
        own &= ~names.META
    if share >= DISBELIEF:
        own = 0 if share >= 0.9 and most else own & STUBBORN
    return own

"""Which containers of a page are its furniture: what their names say, where that is believed.

It reads names and the prose they hold; whether a paragraph is content is decided by `main_content`.
"""

from __future__ import annotations

from obelics_like.extraction import names
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
STUBBORN = names.COMMENT | names.HIDDEN | names.FOOTER | names.NAV
"""What stays furniture even if it holds half of the prose, and even round a headline."""

_OWN = names.ARTICLE | names.CONTENT


def believed(walked: Walked, found: Paragraphs, totals: Totals) -> list[int]:
    """For each container the furniture bits that hold for it, its own and its ancestors', where they are believed.

    A name is not believed if all that bear it hold most of the prose that they and the unnamed rest have together.
    What holds half of the page's prose leaves its own prose to the rest when others are weighed: it is a name round
    the article. Headers are furniture of the page, not of an article.
    """
    bits, ends, bare, numbers = walked.bits, walked.ends, walked.bare, walked.numbers
    marked = [at for at in walked.named if bits[at] & names.FURNITURE and at]
    result = [0] * len(bits)
    if not marked:
        return result
    page, scores = totals.score(0), totals.scores
    full = [at for at in marked if scores[ends[at]] > scores[at]]  # those with prose in them
    most = 0.5 * page
    rest = page - _held(full, totals)
    loose = page - _held([at for at in full if totals.score(at) < most], totals)
    alike = _namesakes(walked, full, totals)
    heads = _with_headline(walked, found)
    for at in marked:
        above = result[at]
        own = bits[at] & names.FURNITURE
        if not own & ~above:
            continue  # it stands in what is the same
        if own & names.HEADER and (at in heads or _in_article(walked, at)):
            own &= ~names.HEADER
        held = scores[ends[at]] - scores[at]
        if (same := alike.get(bare[numbers[at]], 0.0)) > held:
            held = same
        if held:
            own = _trusted(own, bits[at], held, loose if held < most else rest, page)
            if own == names.TEASER and scores[ends[at]] > scores[at] and _leads_nowhere(walked, marked, at, totals):
                own = 0  # a teaser leads somewhere; this is the article's lead, or a list
        if own & ~above:
            result[at : ends[at]] = [above | own] * (ends[at] - at)
    return result


def _held(ordered: list[int], totals: Totals) -> float:
    """The prose that containers hold together; what is in two of them is counted once."""
    held, end = 0.0, 0
    for at in ordered:
        if at >= end:
            held += totals.score(at)
            end = totals.ends[at]
    return held


def _namesakes(walked: Walked, full: list[int], totals: Totals) -> dict[str, float]:
    """By each name, numbers aside, the prose of all that bear it; what stands in two of them is counted once."""
    alike: dict[str, float] = {}
    for at in full:
        if walked.numbers[at] and walked.names[at] != walked.names[walked.parents[at]]:
            bare = walked.bare[walked.numbers[at]]
            alike[bare] = alike.get(bare, 0.0) + totals.score(at)
    return alike


def _leads_nowhere(walked: Walked, marked: list[int], at: int, totals: Totals) -> bool:
    """Whether next to nothing in a container, and in all of its name together, is a link."""
    if totals.links(at) >= UNLINKED * totals.size(at):
        return False
    number, numbers, bare = walked.numbers[at], walked.numbers, walked.bare
    if not number:
        return True
    same = [
        one
        for one in marked
        if bare[numbers[one]] == bare[number] and walked.names[one] != walked.names[walked.parents[one]]
    ]
    return sum(map(totals.links, same)) < UNLINKED * sum(map(totals.size, same))


def _in_article(walked: Walked, at: int) -> bool:
    """Whether a container stands in an article."""
    while at := walked.parents[at]:
        if walked.bits[at] & names.ARTICLE:
            return True
    return False


def _with_headline(walked: Walked, found: Paragraphs) -> set[int]:
    """The containers that hold an `h1`."""
    heads: set[int] = set()
    first = -1
    for _ in range(found.kinds.count("h1")):
        first = found.kinds.index("h1", first + 1)
        at = found.containers[first]
        while at and at not in heads:
            heads.add(at)
            at = walked.parents[at]
    return heads


def _trusted(own: int, bits: int, held: float, rest: float, page: float) -> int:
    """The furniture bits of a container that are believed, given the scores it, the unnamed rest and the page hold."""
    share = held / (held + rest) if held else 0.0
    if bits & _OWN and share > OWN_SHARE:
        own &= STUBBORN
    if own & names.META and share > META_SHARE:
        own &= ~names.META
    if share >= DISBELIEF:
        own = 0 if share >= 0.9 and held >= 0.5 * page else own & STUBBORN
    return own

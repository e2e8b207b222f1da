"""Which containers of a page are its furniture: what their names say, where that is believed.

It reads names and the prose they hold; whether a paragraph is content is decided by `main_content`.
"""

from __future__ import annotations

from itertools import islice

from obelics_like.extraction import names
from obelics_like.extraction.paragraphs import Paragraph
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

_ROUND, _NAMED, _ARTICLE = 1, 2, 4
_DIGITS = dict.fromkeys(map(ord, "0123456789"))
_OWN = names.ARTICLE | names.CONTENT


class _Namesakes:
    """The containers of one name, numbers aside: the prose, the size and the linked size they hold together."""

    __slots__ = ("held", "linked", "size")

    def __init__(self) -> None:
        self.held = self.linked = self.size = 0.0


def believed(
    walked: Walked,
    found: list[Paragraph],
    scores: list[float],
    whole: list[float],
    size: list[float],
    linked: list[float],
) -> list[int]:
    """For each container the furniture bits that hold for it, its own and its ancestors', where they are believed.

    A name is not believed if all that bear it hold most of the prose that they and the unnamed rest have together.
    What holds half of the page's prose leaves its own prose to the rest when others are weighed: it is a name round
    the article. Headers are furniture of the page, not of an article. The four lists are those of `totals`.
    """
    bits, parents = walked.bits, walked.parents
    marked = [at for at, bit in enumerate(bits) if bit & names.FURNITURE and at]
    trusted = [0] * len(bits)
    if not marked:
        return trusted
    most = 0.5 * whole[0]
    rest, loose, states = _unnamed(walked, scores, whole, most)
    alike = _namesakes(walked, marked, whole, size, linked)
    heads = _with_headline(walked, found)
    for at in marked:
        own, same = bits[at] & names.FURNITURE, alike.get(walked.names[at])
        held = max(whole[at], same.held) if same else whole[at]
        if own & names.HEADER and (at in heads or states[parents[at]] & _ARTICLE):
            own &= ~names.HEADER
        own = _trusted(own, bits[at], held, loose if held < most else rest, whole[0])
        lone = linked[at] < UNLINKED * size[at] and (same is None or same.linked < UNLINKED * same.size)
        if own == names.TEASER and whole[at] and lone:
            own = 0  # a teaser leads somewhere; what is called one and has no link is the article's lead, or a list
        trusted[at] = own
    result = [0]
    for above, own in islice(zip(parents, trusted), 1, None):
        result.append(result[above] | own)
    return result


def _unnamed(walked: Walked, scores: list[float], whole: list[float], most: float) -> tuple[float, float, list[int]]:
    """The prose that stands in nothing that is named as furniture; the same if the names of what holds `most` of the
    page's prose do not count; and for each container `_ROUND`, `_NAMED` and `_ARTICLE` of itself and its ancestors."""
    rest = loose = scores[0]
    states = [0]
    for above, bit, score, held in islice(zip(walked.parents, walked.bits, scores, whole), 1, None):
        state = states[above]
        if bit:
            if bit & names.FURNITURE:
                state |= _NAMED if held < most else _ROUND
            if bit & names.ARTICLE:
                state |= _ARTICLE
        states.append(state)
        if score and not state & _NAMED:
            loose += score
            if not state & _ROUND:
                rest += score
    return rest, loose, states


def _namesakes(
    walked: Walked, marked: list[int], whole: list[float], size: list[float], linked: list[float]
) -> dict[str, _Namesakes]:
    """By each name what its bearers hold together; what stands in a bearer of the same name is counted once."""
    alike: dict[str, _Namesakes] = {}
    by_name: dict[str, _Namesakes] = {}
    container_names, parents = walked.names, walked.parents
    for at in marked:
        name = container_names[at]
        if name not in by_name:
            if not name.strip():
                continue
            by_name[name] = alike.setdefault(name.translate(_DIGITS), _Namesakes())
        if name != container_names[parents[at]]:
            same = by_name[name]
            same.held += whole[at]
            same.size += size[at]
            same.linked += linked[at]
    return by_name


def _with_headline(walked: Walked, found: list[Paragraph]) -> set[int]:
    """The containers that hold an `h1`."""
    heads: set[int] = set()
    for one in found:
        if one.kind == "h1":
            at = one.container
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

"""Which blocks of a page are its main content, told from structure, link density, names and length.

Pure functions over the walk. Pictures have no say here, so that the text is the same with and without them.

How it works, each step linear in the page:
1. the fragments of a paragraph that pictures or tags split are measured as one;
2. each paragraph that reads like prose gives its container a score, by its length and how little of it is links;
3. names such as `sidebar` or `related` are believed, unless what they name holds most of the page's prose;
4. from the page downwards, as long as one child holds most of what its parent holds, that child is entered: the main
   container;
5. in it, a block is kept that is neither in believed furniture nor mostly links, by the standard of its kind.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate, islice

from obelics_like.extraction import scan
from obelics_like.extraction.captions import in_captions
from obelics_like.extraction.cards import mark_others, share_in_title, title_words
from obelics_like.extraction.furniture import believed
from obelics_like.extraction.measures import PROSE
from obelics_like.extraction.paragraphs import SHORT, Paragraphs, Totals
from obelics_like.extraction.tags import HEADINGS
from obelics_like.extraction.walk import Walked

DOMINANT = 0.8
"""Share of its parent's score from which a child is entered on the way to the main container."""
LEAD_REACH = 25
"""Paragraphs, furniture and links aside, that may stand between the headline and the main content: standfirst,
byline, date, share bar."""
ANNOUNCING = 60
"""Characters under which a line that ends in a colon announces what follows."""
CREDIT = 100
"""Characters under which what begins with a copyright sign says whose a picture or the page is."""
LINKED_ITEM = 0.95
"""Share of links under which an item of a list is kept if most of the list is not links."""
LINE = 25
"""Characters under which what holds no sentence is a line that is content among prose only."""
HEADLINE = 15
"""Characters from which a heading other than `h1`, or one that is a link, may be the headline."""
TITLED = 0.8
"""Share of a heading's words that stand in the page's title from which it is the headline."""
AMONG = 2
"""Paragraphs of prose side by side among which a short one is part of the text: a subheading, a line of speech."""
CAPTIONS_ARE_TEXT = 0.9
"""Share of the main content's prose from which captions are its text: a gallery tells its story under the pictures."""
OPENING = 150
"""Score from which a paragraph before the main container, beside it, is the article's beginning."""

_LINES = frozenset(("div", "p", "td"))


@dataclass(slots=True)
class Judgement:
    """What was decided about a page: for each item of the walk whether it is `main`, or a caption in the main content
    (both False for pictures); for each container its `furniture` bits; the `root` of the main content."""

    main: list[bool]
    captions: list[bool]
    furniture: array[int]
    root: int


def judge(walked: Walked) -> Judgement:
    """Decide for each block of the walk whether it is main content; linear in the page."""
    found = Paragraphs(walked)
    totals = Totals(walked, found)
    title = title_words(walked)
    furniture = believed(walked, found, totals)
    mark_others(walked, found, totals, furniture, title)
    root = main_container(walked, found, furniture)
    places = [*_openings(walked, found, furniture, root), root]
    fit = [at for place in places for at in _within(walked, found, place, furniture) if at not in found.repeated]
    caption = in_captions(walked, totals)
    captions = [at for at in fit if caption[found.containers[at]]] if 1 in caption else []
    if captions and _told_in_captions(found, fit, captions):
        captions, caption = [], bytearray(len(caption))
    texts = [at for at in fit if not caption[found.containers[at]]] if captions else fit
    picks = _read(walked, found, totals, texts)
    _lone_headings(found, picks, fit)
    _linked_headings(walked, found, picks, fit)
    first = next((at for at in fit if picks[at] and found.containers[at] >= root), 0)
    _leads(found, picks, furniture, first, caption, title)
    told = [False] * len(picks)
    for at in captions:
        told[at] = True
    for first, items in found.more.items():
        for item in items:
            picks[item], told[item] = picks[first], told[first]
    return Judgement(picks, told, furniture, root)


def _within(walked: Walked, found: Paragraphs, place: int, furniture: array[int]) -> list[int]:
    """The paragraphs that stand in a container, and in no furniture."""
    containers, sizes, begins = found.containers, found.sizes, found.measures.begins
    return [
        at
        for at in range(begins[place], begins[walked.ends[place]])
        if sizes[at] and containers[at] >= place and not furniture[containers[at]]
    ]


def main_container(walked: Walked, found: Paragraphs, furniture: array[int]) -> int:
    """The smallest container on the way of the largest scores that still holds the main content; 0 is the page.

    What holds most of its parent's score holds the middle of it too, so only that way is gone.
    """
    containers = found.containers
    own = [at for at in found.prose if not furniture[containers[at]]]
    if not own:
        return 0
    own.sort(key=containers.__getitem__)
    places = list(map(containers.__getitem__, own))
    sums = [0.0, *accumulate(map(found.scores.__getitem__, own))]
    way, parents = list[int](), walked.parents
    at: int = places[bisect_left(sums, sums[-1] / 2) - 1]
    while at:
        way.append(at)
        at = parents[at]
    whole = sums[-1]
    for child in reversed(way):
        score = sums[bisect_left(places, walked.ends[child])] - sums[bisect_left(places, child)]
        if score < DOMINANT * whole or walked.tags[child] in ("p", "li", "td", "blockquote", "pre"):
            break
        at, whole = child, score
    return at


def _openings(walked: Walked, found: Paragraphs, furniture: array[int], root: int) -> list[int]:
    """The containers before the root, beside it, that hold what reads like the article's beginning.

    A paywall often parts the free beginning from the rest, which is so much longer that it is the root alone.
    """
    parents, opening = walked.parents, set[int]()
    for number in found.prose:
        at = found.containers[number]
        if at < root and found.scores[number] >= OPENING and found.kinds[number] == "p" and found.links[number] < 0.2:
            if furniture[at]:
                continue
            while parents[at] != parents[root] and at:
                at = parents[at]
            if 0 < at < root and walked.tags[at] in ("div", "section", "p"):
                opening.add(at)
    return sorted(opening)


def _told_in_captions(found: Paragraphs, fit: list[int], captions: list[int]) -> bool:
    """Whether the captions hold nine tenths of the prose: a gallery, and they are its text."""
    return sum(found.scores[at] for at in captions) > CAPTIONS_ARE_TEXT * sum(found.scores[at] for at in fit)


def _read(walked: Walked, found: Paragraphs, totals: Totals, fit: list[int]) -> list[bool]:
    """For each item whether it is one of those that are fit, and content by the standard of its kind."""
    picks, lines = [False] * len(found.kinds), list[int]()
    measured = map(found.kinds.__getitem__, fit), map(found.sizes.__getitem__, fit), map(found.links.__getitem__, fit)
    for at, kind, size, share in zip(fit, *measured):
        if kind in HEADINGS or kind == "dt":
            picks[at] = share < 0.5 or kind == "h1"
        elif size < CREDIT and found.texts[at][0] == "©":
            continue
        elif kind == "li":
            picks[at] = _is_told(size, share, walked.parents[found.containers[at]], totals)
        elif size < SHORT and kind in _LINES and not found.flags[at] & scan.SENTENCE and _is_line(found, at):
            if kind == "p" and share < 0.1 and not found.dated(at):
                lines.append(at)
        else:
            picks[at] = share < 0.4 or (share < 0.6 and size > 150)
    if lines:
        parents, containers = walked.parents, found.containers
        beside = Counter(parents[containers[at]] for at in found.prose if found.kinds[at] == "p")
        for at in lines:
            picks[at] = beside[parents[containers[at]]] >= AMONG
    return picks


def _is_told(size: int, links: float, above: int, totals: Totals) -> bool:
    """Whether an item of the list `above` is content: not where the list is links, nor if it is one itself."""
    held, linked = totals.size(above), totals.links(above)
    if linked >= 0.6 * held:
        return False
    return links < (LINKED_ITEM if size >= PROSE and linked < 0.5 * held else 0.5)


def _is_line(found: Paragraphs, at: int) -> bool:
    """Whether what holds no sentence is a few words, or a date."""
    return found.sizes[at] < LINE or (found.kinds[at] != "td" and found.dated(at))


def _lone_headings(found: Paragraphs, picks: list[bool], fit: list[int]) -> None:
    """Take back a heading that no kept text follows before something long that is not kept, and a line that announces
    links."""
    followed = False
    kinds, sizes = found.kinds, found.sizes
    for at in range(fit[-1], fit[0] - 1, -1) if fit else ():
        if picks[at]:
            if kinds[at] in HEADINGS:
                picks[at] = followed
                continue
            if sizes[at] < ANNOUNCING and found.texts[at][-1] in ":：":
                picks[at] = all(picks[after] or found.links[after] < 0.5 for after in islice(found.behind(at), 1))
            followed = followed or picks[at]
        elif followed and sizes[at] > 60 and kinds[at] != "figcaption" and kinds[at] not in HEADINGS:
            followed = False


def _linked_headings(walked: Walked, found: Paragraphs, picks: list[bool], fit: list[int]) -> None:
    """Add the headings that are one link, where kept prose follows at once and in the same place: a list of posts."""
    parents, kinds = walked.parents, found.kinds
    for at in fit:
        if found.links[at] < 0.5 or picks[at] or found.sizes[at] < 10 or kinds[at] not in HEADINGS:
            continue
        above = parents[found.containers[at]]
        for other in islice(found.behind(at), 3):
            if picks[other] and found.scores[other]:
                place = found.containers[other]
                picks[at] = above in (place, parents[place], parents[parents[place]]) and above > 0
                break
            if kinds[other] in HEADINGS:
                break


def _titled(found: Paragraphs, at: int, title: set[str]) -> bool:
    """Whether a heading is long enough to be a headline, and its words stand in the page's title."""
    return found.sizes[at] >= HEADLINE and share_in_title(found.texts[at], title) >= TITLED


def _headline(found: Paragraphs, furniture: array[int], first: int, title: set[str]) -> int | None:
    """The headline before the paragraph `first`: an `h1`, or a heading whose words stand in the page's title.

    What is furniture or a link does not count as distance. Of headlines that repeat one another it is the first.
    """
    for at in reversed(found.headings[: bisect_left(found.headings, first)]):
        if found.kinds[at] == "h1":
            fits = at not in found.repeated
        else:
            fits = found.kinds[at] in ("h2", "h3") and _titled(found, at, title)
        if fits:
            between = sum(
                found.sizes[other] > 0 and found.links[other] < 0.5 and not furniture[found.containers[other]]
                for other in range(at + 1, first)
            )
            return at if between < LEAD_REACH else None
    return None


def _leads(
    found: Paragraphs, picks: list[bool], furniture: array[int], first: int, caption: bytearray, title: set[str]
) -> None:
    """Add the headline and the standfirst, which often stand in a header outside the main container, before the
    paragraph `first`."""
    start = _headline(found, furniture, first, title)
    if start is None:
        return
    for at in range(start, first):
        container, kind = found.containers[at], found.kinds[at]
        if not found.sizes[at] or furniture[container] or caption[container] or at in found.repeated:
            continue
        if kind in ("figcaption", "li") or (found.links[at] > 0.3 and not (at == start and _titled(found, at, title))):
            continue
        size = found.sizes[at]
        long = size >= 60 and (found.flags[at] & scan.SENTENCE > 0 or kind in HEADINGS or size > 100)
        picks[at] = picks[at] or at == start or long

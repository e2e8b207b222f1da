"""Which blocks of a page are its main content, told from structure, link density, names and length.

Pure functions over the walk. Pictures have no say here, so that the text is the same with and without them.

How it works, each step linear in the page:
1. the fragments of a paragraph that pictures or tags split are measured as one;
2. each paragraph that reads like prose gives its container a score, by its length and how little of it is links;
3. names such as `sidebar` or `related` are believed, unless what they name holds most of the page's prose;
4. from the page downwards, as long as one child holds most of what its parent holds, that child is entered: the main
   container; less is enough if what stands behind it is unlike it;
5. in it, a block is kept that is neither in believed furniture nor mostly links, by the standard of its kind;
6. headings, tables, the beginning and the end are looked at again, with what stands round them in view.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate

from obelics_like.extraction import names, scan
from obelics_like.extraction.boxes import mark_calls
from obelics_like.extraction.captions import in_captions
from obelics_like.extraction.cards import mark_others, share_in_title, title_words
from obelics_like.extraction.edges import announced, first_shown, parting_words, stamped
from obelics_like.extraction.furniture import believed
from obelics_like.extraction.measures import PROSE
from obelics_like.extraction.neighbours import (
    between_prose,
    headings_of_links,
    linked_headings,
    lone_headings,
    whole_tables,
)
from obelics_like.extraction.paragraphs import SHORT, Paragraphs, Totals
from obelics_like.extraction.tags import HEADINGS
from obelics_like.extraction.walk import Walked

DOMINANT = 0.8
"""Share of its parent's score from which a child is entered on the way to the main container."""
LARGEST = 0.65
"""The same for a child that is unlike what stands beside it: boxes of registration, the articles that come next."""
BEFORE = 0.1
"""Share of the prose from which what stands before such a child is no standfirst."""
LEAD_REACH = 25
"""Paragraphs, furniture, links, lists and tables aside, that may stand between the headline and the main content:
standfirst, byline, date, share bar."""
CREDIT = 100
"""Characters under which what begins with a copyright sign says whose a picture or the page is."""
LINKED_ITEM = 0.95
"""Share of links under which an item of a list is kept if most of the list is not links."""
SPOKEN = 0.9
"""Share of links under which a sentence that ends in one of FULL_STOPS, CLOSING aside, says something."""
FULL_STOPS, CLOSING = (".", "…", "。", "।", "۔", "።"), "\"'”’»)]"
LINE = 20
"""Characters under which what holds no sentence is a line that is content among prose only."""
HEADLINE = 15
"""Characters from which a heading other than `h1`, or one that is a link, may be the headline."""
TITLED = 0.8
"""Share of a heading's words that stand in the page's title from which it is the headline."""
STANDFIRST = 30
"""Characters from which a sentence or a heading right behind the headline is the standfirst; others have 60."""
CAPTIONS_ARE_TEXT = 0.9
"""Share of the main content's prose from which captions are its text: a gallery tells its story under the pictures."""
LIST_ROWS = 3
"""Items from which a list before the main container may be part of its article."""
OPENING = 150
"""Score from which a paragraph before the main container, beside it, is the article's beginning."""

_ROWS = frozenset(("table", "tbody", "tr", "ul", "ol"))
_HEADS = HEADINGS | {"dt"}
_ENTRIES = frozenset(("li", "td", "th", "dt", "dd"))
_LINES, _STAMPED = frozenset(("div", "p", "td")), frozenset(("div", "p", "li"))
_DATED = scan.DIGITS | scan.NOT_ASCII
"""Flags of which what holds a date has one, and what begins with a copyright sign too."""
_ARTICLE, _ITEM = scan.NAMES.index("article"), scan.NAMES.index("li")
_LISTS, _WHOLE = scan.numbers_of("ul", "ol"), scan.numbers_of("p", "li", "td", "blockquote", "pre")


@dataclass(slots=True)
class Judgement:
    """What was decided about a page: for each item of the walk whether it is `main` (False for pictures); the items
    that are `captions` in the main content; for each container its `furniture` bits; the `root` of the main content."""

    main: list[bool]
    captions: list[int]
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
    plain = mark_calls(walked, found, totals, furniture, root)
    places = [*_openings(walked, found, furniture, root), *_lists_before(walked, totals, furniture, root), root]
    if len(places) > 1:
        plain = _within(walked, found, furniture, _apart(walked, sorted(places)))
    fit = [at for at in plain if at not in found.repeated] if found.repeated else plain
    caption = in_captions(walked, totals)
    captions = [at for at in fit if caption[found.containers[at]]] if 1 in caption else []
    if captions and _told_in_captions(found, fit, captions):
        captions, caption = [], bytearray(len(caption))
    texts = [at for at in fit if not caption[found.containers[at]]] if captions else fit
    picks = _read(walked, found, totals, texts)
    whole_tables(walked, found, picks, texts)
    lone_headings(found, picks, fit)
    headings_of_links(walked, found, picks, root)
    linked_headings(walked, found, picks, fit)
    first = next((at for at in fit if picks[at] and found.containers[at] >= root), 0)
    _leads(walked, found, picks, furniture, first, caption, title)
    parting_words(found, picks)
    told = set(captions)
    for first, items in found.more.items():
        for item in items:
            picks[item] = picks[first]
        if first in told:
            told.update(items)
    return Judgement(picks, sorted(told), furniture, root)


def _apart(walked: Walked, places: list[int]) -> list[int]:
    """Containers in order, without those that stand in another of them."""
    apart: list[int] = []
    for place in places:
        if not apart or place >= walked.ends[apart[-1]]:
            apart.append(place)
    return apart


def _within(walked: Walked, found: Paragraphs, furniture: array[int], places: list[int]) -> list[int]:
    """The paragraphs that stand in such containers, which may be many, and in no furniture; in one pass for all."""
    containers, ends = found.containers, walked.ends
    plain: list[int] = found.within(walked, furniture, 0)[0]
    around = ((at, bisect_right(places, containers[at]) - 1) for at in plain)
    return [at for at, place in around if place >= 0 and containers[at] < ends[places[place]]]


def main_container(walked: Walked, found: Paragraphs, furniture: array[int]) -> int:
    """The smallest container on the way of the largest scores that still holds the main content; 0 is the page.

    What holds most of its parent's score holds the middle of it too, so only that way is gone.
    """
    containers = found.containers
    own = [at for at in found.prose if not furniture[containers[at]]]
    if not own:
        return 0
    own.sort(key=containers.__getitem__)
    places, scores = [containers[at] for at in own], found.scores
    sums = [0.0, *accumulate([scores[at] for at in own])]
    way: list[int] = []
    parents, tags, ends = walked.parents, walked.tags.numbers, walked.ends
    at: int = places[bisect_left(sums, sums[-1] / 2) - 1]
    while at:
        way.append(at)
        at = parents[at]
    whole, begin, end = sums[-1], 0, len(places)
    for child in reversed(way):  # most hold all that their parent holds
        first = begin if places[begin] >= child else bisect_left(places, child, begin, end)
        stop = end if places[end - 1] < ends[child] else bisect_left(places, ends[child], first, end)
        score = sums[stop] - sums[first]
        if tags[child] in _WHOLE:
            break
        if score < DOMINANT * whole and not (
            score >= LARGEST * whole
            and sums[first] - sums[begin] < BEFORE * whole
            and _unlike_behind(walked, places[first:stop], places[stop:end], at, child)
        ):
            break
        at, whole, begin, end = child, score, first, stop
    return at


def _unlike_behind(walked: Walked, held: list[int], behind: list[int], at: int, child: int) -> bool:
    """Whether the prose behind a child of a container, in the containers `behind`, is in boxes of other names than the
    child's and those in it, in the containers `held`."""
    parents, named, known = walked.parents, walked.names, at
    if walked.tags[child] in _ROWS:
        return False
    first, around = named[child].split()[:1], {named[parents[place]] for place in held} - {""}
    for place in behind:
        if named[parents[place]] in around:
            return False
        if place < known:
            continue  # it stands in the box of the one before it
        while parents[place] != at and place != at:
            place = parents[place]
        if place == at or walked.tags[place] == "p" or named[place].split()[:1] == first:
            return False
        known = walked.ends[place]
    return True


def _openings(walked: Walked, found: Paragraphs, furniture: array[int], root: int) -> list[int]:
    """The containers before the root, beside it, that hold what reads like the article's beginning.

    A paywall often parts the free beginning from the rest, which is so much longer that it is the root alone.
    """
    parents = walked.parents
    opening: set[int] = set()
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


def _lists_before(walked: Walked, totals: Totals, furniture: array[int], root: int) -> list[int]:
    """The lists without links that stand before the root in the same `<article>`: what a recipe needs, what is said in
    short."""
    tags, parents, ends = walked.tags.numbers, walked.parents, walked.ends
    lists: list[int] = []
    article = parents[root]
    while article and tags[article] != _ARTICLE:
        article = parents[article]
    at = article
    while 0 < at < root:
        if tags[at] not in _LISTS:
            at += 1
            continue
        rows = sum(parents[row] == at and tags[row] == _ITEM for row in range(at + 1, ends[at]))
        plain = totals.links(at) < 0.02 * totals.size(at) and not any(furniture[at : ends[at]])
        if rows >= LIST_ROWS and plain:
            lists.append(at)
        at = ends[at]
    return lists


def _told_in_captions(found: Paragraphs, fit: list[int], captions: list[int]) -> bool:
    """Whether the captions hold nine tenths of the prose: a gallery, and they are its text."""
    return sum(found.scores[at] for at in captions) > CAPTIONS_ARE_TEXT * sum(found.scores[at] for at in fit)


def _read(walked: Walked, found: Paragraphs, totals: Totals, fit: list[int]) -> list[bool]:
    """For each item whether it is one of those that are fit, and content by the standard of its kind."""
    picks = [False] * len(found.kinds)
    lines: list[int] = []
    kinds, sizes, links, parents, above = found.kinds, found.sizes, found.links, walked.parents, -1
    flags, texts, containers = found.flags, found.texts, found.containers
    for at in fit:
        kind, size, share = kinds[at], sizes[at], links[at]
        if kind in _HEADS:
            picks[at] = share < 0.5 or kind == "h1"
        elif size >= CREDIT and kind != "li":  # too long for any of the others
            picks[at] = share < 0.4 or (share < 0.6 and size > 150)
            if not picks[at] and share < SPOKEN:
                lines.append(at)
        elif (flag := flags[at]) & _DATED and (
            (size < CREDIT and texts[at][0] == "©")
            or (size < SHORT and kind in _STAMPED and found.dated(at) and stamped(texts[at]))
        ):
            continue
        elif kind == "li":
            if (own := parents[containers[at]]) != above:
                above, (told, long) = own, _told_under(totals.size(own), totals.links(own))
            picks[at] = share < (long if size >= PROSE else told)
        elif (
            size < SHORT
            and kind in _LINES
            and not flag & scan.SENTENCE
            and (size < LINE or (flag & _DATED and kind != "td" and found.dated(at)))  # a few words, or a date
        ):
            if kind == "p" and share < 0.1:
                lines.append(at)
        else:
            picks[at] = share < 0.4 or (share < 0.6 and size > 150)
            if not picks[at] and size >= PROSE and share < SPOKEN:
                lines.append(at)
    if lines:
        _amid_prose(walked, found, picks, lines)
    return picks


def _amid_prose(walked: Walked, found: Paragraphs, picks: list[bool], lines: list[int]) -> None:
    """Add those of the lines, and of the sentences that are mostly links, that prose stands beside or round.

    What leads to another page is one link, or ends in that page's title, which has no full stop.
    """
    containers, parents = found.containers, walked.parents
    beside = {parents[containers[at]] for at in found.prose if picks[at]}
    for at in lines:
        above = parents[containers[at]]
        if found.links[at] >= 0.4:
            picks[at] = above in beside and found.texts[at].rstrip(CLOSING).endswith(FULL_STOPS)
        else:
            picks[at] = above in beside or between_prose(at, found, above, walked.ends[above])


def _told_under(held: int, linked: int) -> tuple[float, float]:
    """The shares of links under which a short item and a long one are content in a list that holds so much, and so much
    in links: none is where the list is links, nor one that is a link itself."""
    if linked >= 0.6 * held:
        return 0.0, 0.0
    return 0.5, LINKED_ITEM if linked < 0.5 * held else 0.5


def _titled(found: Paragraphs, at: int, title: set[str]) -> bool:
    """Whether a heading is long enough to be a headline, and its words stand in the page's title."""
    return found.sizes[at] >= HEADLINE and share_in_title(found.texts[at], title) >= TITLED


def _headline(found: Paragraphs, furniture: array[int], first: int, title: set[str]) -> int | None:
    """The headline before the paragraph `first`: an `h1`, or a heading whose words stand in the page's title.

    What is furniture, a link or an entry of a list or table does not count as distance. Of headlines that repeat one
    another it is the first.
    """
    likely, between, reached = None, 0, first
    sizes, links, kinds, containers = found.sizes, found.links, found.kinds, found.containers
    for at in reversed(found.headings[: bisect_left(found.headings, first)]):
        if kinds[at] == "h1":
            fits = at not in found.repeated
        else:
            fits = kinds[at] in ("h2", "h3") and _titled(found, at, title)
        if not fits:
            continue
        for other in range(at + 1, reached):
            if sizes[other] and links[other] < 0.5 and kinds[other] not in _ENTRIES:
                between += not furniture[containers[other]]
        reached = at + 1
        if between >= LEAD_REACH:
            break
        if kinds[at] != "h1" or not furniture[containers[at]]:
            return at
        likely = at if likely is None else likely
    return likely


def _leads(
    walked: Walked,
    found: Paragraphs,
    picks: list[bool],
    furniture: array[int],
    first: int,
    caption: bytearray,
    title: set[str],
) -> None:
    """Add the headline and the standfirst, which often stand in a header outside the main container, before the
    paragraph `first`."""
    start = _headline(found, furniture, first, title)
    if start is None:
        return
    parents, second, repeated, texts = walked.parents, found.next(start), found.repeated, found.texts
    sizes, links, kinds, containers = found.sizes, found.links, found.kinds, found.containers
    shown = first_shown(found, furniture, first) if repeated and not repeated.isdisjoint(range(start, first)) else {}
    for at in range(start, first):
        container, kind, size = containers[at], kinds[at], sizes[at]
        if not size or caption[container] or (at in repeated and shown.get(texts[at], at) < at):
            continue
        if furniture[container] and not (furniture[container] == names.TEASER and announced(found, at)):
            continue
        if kind in ("figcaption", "li") or (links[at] > 0.3 and not (at == start and _titled(found, at, title))):
            continue
        next_to = at == second and parents[container] == parents[containers[start]]
        next_to = next_to and kind in ("p", "h2") and not found.dated(at)
        sentence = found.flags[at] & scan.SENTENCE > 0
        long = size >= (STANDFIRST if next_to else 60) and (sentence or kind in HEADINGS or size > 100)
        picks[at] = picks[at] or at == start or long

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

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from obelics_like.extraction import names
from obelics_like.extraction.boxes import mark_calls
from obelics_like.extraction.captions import in_captions
from obelics_like.extraction.cards import mark_others, share_in_title, title_words
from obelics_like.extraction.edges import announced, first_shown, parting_words, stamped
from obelics_like.extraction.furniture import believed
from obelics_like.extraction.neighbours import announces, between_prose, headings_of_links, whole_tables
from obelics_like.extraction.paragraphs import PROSE, Paragraphs, Totals
from obelics_like.extraction.tags import HEADINGS
from obelics_like.extraction.walk import Walked

DOMINANT = 0.8
"""Share of its parent's score from which a child is entered on the way to the main container."""
LARGEST = 0.65
"""The same for a child that is unlike what stands beside it: boxes of registration, the articles that come next."""
BEFORE = 0.1
"""Share of the prose from which what stands before such a child is no standfirst."""
LEAD_REACH = 25
"""Paragraphs, furniture and links aside, that may stand between the headline and the main content: standfirst,
byline, date, share bar."""
ANNOUNCING = 60
"""Characters under which a line that ends in a colon announces what follows."""
CREDIT = 100
"""Characters under which what begins with a copyright sign says whose a picture or the page is."""
LINKED_ITEM = 0.95
"""Share of links under which an item of a list is kept if most of the list is not links."""
HEADLINE = 15
"""Characters from which a heading other than `h1`, or one that is a link, may be the headline."""
TITLED = 0.8
"""Share of a heading's words that stand in the page's title from which it is the headline."""
STANDFIRST = 30
"""Characters from which a sentence or a heading right behind the headline is the standfirst; others have 60."""
AMONG = 2
"""Paragraphs of prose side by side among which a short one is part of the text: a subheading, a line of speech."""
CAPTIONS_ARE_TEXT = 0.9
"""Share of the main content's prose from which captions are its text: a gallery tells its story under the pictures."""
LIST_ROWS = 4
"""Items from which a list before the main container may be part of its article."""
OPENING = 150
"""Score from which a paragraph before the main container, beside it, is the article's beginning."""

_ROWS = frozenset(("table", "tbody", "tr", "ul", "ol"))


@dataclass(slots=True)
class Judgement:
    """What was decided about a page: for each item of the walk whether it is `main`, or a caption in the main content
    (both False for pictures); for each container its `furniture` bits; the `root` of the main content."""

    main: list[bool]
    captions: list[bool]
    furniture: list[int]
    root: int


def judge(walked: Walked) -> Judgement:
    """Decide for each block of the walk whether it is main content; linear in the page."""
    found = Paragraphs(walked)
    totals = Totals(walked, found)
    furniture = believed(walked, found, totals)
    mark_others(walked, found, totals, furniture)
    root = main_container(walked, found, furniture)
    mark_calls(walked, found, totals, furniture, root)
    inside = within(walked, root)
    _openings(walked, found, furniture, root, inside)
    _lists_before(walked, totals, furniture, root, inside)
    fit = [
        at
        for at, container in enumerate(found.containers)
        if inside[container] and not furniture[container] and at not in found.repeated
    ]
    caption = in_captions(walked, totals)
    captions = [at for at in fit if caption[found.containers[at]]]
    if captions and _told_in_captions(found, fit, captions):
        captions, caption = [], [False] * len(caption)
    prose = Counter(walked.parents[found.containers[at]] for at in found.prose if found.kinds[at] == "p")
    picks = [False] * len(found.items)
    for at in fit:
        picks[at] = not caption[found.containers[at]] and _reads(at, found, walked, totals, prose)
    whole_tables(walked, found, picks, fit)
    _lone_headings(found, picks)
    headings_of_links(walked, found, picks, root)
    _linked_headings(walked, found, picks, fit)
    _leads(walked, found, picks, furniture, root, caption)
    parting_words(found, picks)
    picked = [at for at, is_main in enumerate(picks) if is_main]
    return Judgement(_spread(walked, found, picked), _spread(walked, found, captions), furniture, root)


def _spread(walked: Walked, found: Paragraphs, picked: list[int]) -> list[bool]:
    """The choice of paragraphs as one of items."""
    spread = [False] * len(walked.texts)
    for at in picked:
        spread[found.items[at]] = True
        for item in found.more.get(at, ()):
            spread[item] = True
    return spread


def main_container(walked: Walked, found: Paragraphs, furniture: list[int]) -> int:
    """The smallest container on the way of the largest scores that still holds the main content; 0 is the page.

    What holds most of its parent's score holds the middle of it too, so only that way is gone.
    """
    own = sorted(
        (container, found.scores[at]) for at in found.prose if not furniture[container := found.containers[at]]
    )
    if not own:
        return 0
    places, sums = [container for container, _ in own], [0.0, *accumulate(score for _, score in own)]
    way, parents = list[int](), walked.parents
    at: int = places[bisect_left(sums, sums[-1] / 2) - 1]
    while at:
        way.append(at)
        at = parents[at]
    whole = sums[-1]
    for child in reversed(way):
        score = sums[bisect_left(places, walked.ends[child])] - sums[bisect_left(places, child)]
        if walked.tags[child] in ("p", "li", "td", "blockquote", "pre"):
            break
        if score < DOMINANT * whole and not (
            score >= LARGEST * whole and _unlike_others(walked, own, at, child, BEFORE * whole)
        ):
            break
        at, whole = child, score
    return at


def _unlike_others(walked: Walked, own: list[tuple[int, float]], at: int, child: int, most: float) -> bool:
    """Whether the prose behind a child of a container is in boxes of other names, and less than `most` is before it.

    `own` are the containers of prose with their scores, in order.
    """
    if walked.tags[child] in _ROWS:
        return False
    parents, named, before, known = walked.parents, walked.names, 0.0, at
    first, end = named[child].split()[:1], walked.ends[child]
    around = {named[parents[place]] for place, _ in own[bisect_left(own, (child,)) : bisect_left(own, (end,))]} - {""}
    for place, score in own[bisect_left(own, (at,)) : bisect_left(own, (walked.ends[at],))]:
        if child <= place < end:
            continue
        if place < child:
            before += score
            if before >= most:
                return False
            continue
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


def _openings(walked: Walked, found: Paragraphs, furniture: list[int], root: int, inside: list[bool]) -> None:
    """Count as inside what stands before the root, in its parent, and reads like the article's beginning.

    A paywall often parts the free beginning from the rest, which is so much longer that it is the root alone.
    """
    parents, opening = walked.parents, set[int]()
    for number in found.prose:
        at = found.containers[number]
        if found.kinds[number] == "p" and found.scores[number] >= OPENING and found.links[number] < 0.2:
            if at >= root or furniture[at]:
                continue
            while parents[at] != parents[root] and at:
                at = parents[at]
            if 0 < at < root and walked.tags[at] in ("div", "section", "p"):
                opening.add(at)
    for at in range(min(opening, default=root), root):
        inside[at] = (at in opening or inside[parents[at]]) and not furniture[at]


def _lists_before(walked: Walked, totals: Totals, furniture: list[int], root: int, inside: list[bool]) -> None:
    """Count as inside the lists without links that stand before the root in the same `<article>`: what a recipe needs,
    what is said in short."""
    tags, parents, ends = walked.tags, walked.parents, walked.ends
    article = parents[root]
    while article and tags[article] != "article":
        article = parents[article]
    at = article
    while 0 < at < root:
        if tags[at] not in ("ul", "ol"):
            at += 1
            continue
        rows = sum(parents[row] == at and tags[row] == "li" for row in range(at + 1, ends[at]))
        plain = totals.links(at) < 0.02 * totals.size(at) and not any(furniture[at : ends[at]])
        if rows >= LIST_ROWS and plain:
            inside[at : ends[at]] = [True] * (ends[at] - at)
        at = ends[at]


def _told_in_captions(found: Paragraphs, fit: list[int], captions: list[int]) -> bool:
    """Whether the captions hold nine tenths of the prose: a gallery, and they are its text."""
    return sum(found.scores[at] for at in captions) > CAPTIONS_ARE_TEXT * sum(found.scores[at] for at in fit)


def within(walked: Walked, root: int) -> list[bool]:
    """For each container whether it is `root` or stands in it."""
    end = walked.ends[root]
    return [False] * root + [True] * (end - root) + [False] * (len(walked.ends) - end)


def _reads(at: int, found: Paragraphs, walked: Walked, totals: Totals, prose: Mapping[int, int]) -> bool:
    """Whether a paragraph of the main container is content by the standard of its kind."""
    kind, size, links = found.kinds[at], found.sizes[at], found.links[at]
    if kind in HEADINGS or kind == "dt":
        return links < 0.5 or kind == "h1"
    if size < CREDIT and found.texts[at][0] == "©":
        return False
    if kind in ("p", "div", "li") and found.dated(at) and stamped(found.texts[at]):
        return False
    above = walked.parents[found.containers[at]]
    if kind == "li":
        held, linked = totals.size(above), totals.links(above)
        if linked >= 0.6 * held:
            return False
        return links < (LINKED_ITEM if size >= PROSE and linked < 0.5 * held else 0.5)
    if not found.sentences[at] and kind in ("div", "p", "td"):
        dated = found.dated(at) and kind != "td"
        if size < 25 or dated:
            if kind != "p" or links >= 0.1:
                return False
            return (not dated and prose.get(above, 0) >= AMONG) or between_prose(at, found, above, walked.ends[above])
    return links < 0.4 or (links < 0.6 and size > 150)


def _lone_headings(found: Paragraphs, picks: list[bool]) -> None:
    """Take back a heading that no kept text follows before something long that is not kept, and a line that announces
    links."""
    followed, last = False, len(picks) - 1
    kinds, sizes = found.kinds, found.sizes
    for at in range(last, -1, -1):
        if picks[at]:
            if kinds[at] in HEADINGS:
                picks[at] = followed
                continue
            if sizes[at] < ANNOUNCING and at < last and not picks[at + 1]:
                picks[at] = not announces(found, picks, at)
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
        for other in range(at + 1, min(at + 4, len(picks))):
            if picks[other] and found.scores[other]:
                place = found.containers[other]
                picks[at] = above in (place, parents[place], parents[parents[place]]) and above > 0
                break
            if kinds[other] in HEADINGS:
                break


def _titled(found: Paragraphs, at: int, title: set[str]) -> bool:
    """Whether a heading is long enough to be a headline, and its words stand in the page's title."""
    return found.sizes[at] >= HEADLINE and share_in_title(found.texts[at], title) >= TITLED


def _headline(found: Paragraphs, furniture: list[int], first: int, title: set[str]) -> int | None:
    """The headline before the paragraph `first`: an `h1`, or a heading whose words stand in the page's title.

    What is furniture or a link does not count as distance. Of headlines that repeat one another it is the first.
    """
    reach, likely = LEAD_REACH, None
    for at in range(first - 1, -1, -1):
        kind = found.kinds[at]
        if kind == "h1" and at not in found.repeated:
            if not furniture[found.containers[at]]:
                return at
            likely = at if likely is None else likely
        if kind in ("h2", "h3") and _titled(found, at, title):
            return at
        reach -= found.links[at] < 0.5 and not furniture[found.containers[at]]
        if reach <= 0:
            break
    return likely


def _leads(
    walked: Walked, found: Paragraphs, picks: list[bool], furniture: list[int], root: int, caption: list[bool]
) -> None:
    """Add the headline and the standfirst, which often stand in a header outside the main container."""
    first = next((at for at, picked in enumerate(picks) if picked and found.containers[at] >= root), 0)
    title, parents = title_words(walked), walked.parents
    start = _headline(found, furniture, first, title)
    if start is None:
        return
    shown = first_shown(found, furniture, first) if not found.repeated.isdisjoint(range(start, first)) else {}
    for at in range(start, first):
        container, kind = found.containers[at], found.kinds[at]
        if caption[container] or (at in found.repeated and shown.get(found.texts[at], at) < at):
            continue
        if furniture[container] and not (furniture[container] == names.TEASER and announced(found, at)):
            continue
        if kind in ("figcaption", "li") or (found.links[at] > 0.3 and not (at == start and _titled(found, at, title))):
            continue
        size, next_to = found.sizes[at], at == start + 1 and parents[container] == parents[found.containers[start]]
        next_to = next_to and kind in ("p", "h2") and not found.dated(at)
        long = size >= (STANDFIRST if next_to else 60) and (found.sentences[at] or kind in HEADINGS or size > 100)
        picks[at] = picks[at] or at == start or long

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

from dataclasses import dataclass
from itertools import islice

from obelics_like.extraction.captions import in_captions
from obelics_like.extraction.cards import mark_others, share_in_title, title_words
from obelics_like.extraction.furniture import believed
from obelics_like.extraction.paragraphs import PROSE, Paragraph, paragraphs, totals
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
    found = paragraphs(walked)
    scores, whole, size, linked = totals(walked, found)
    furniture = believed(walked, found, scores, whole, size, linked)
    mark_others(walked, found, whole, furniture)
    root = main_container(walked, found, furniture)
    inside = within(walked, root)
    _openings(walked, found, furniture, root, inside)
    caption = in_captions(walked, size)
    prose = _prose(walked, found)
    fit = [inside[one.container] and not furniture[one.container] and not one.repeated for one in found]
    if _told_in_captions(found, fit, caption):
        caption = [False] * len(caption)
    picks = [
        ok and not caption[one.container] and _reads(one, walked, size, linked, prose) for one, ok in zip(found, fit)
    ]
    _lone_headings(found, picks)
    _linked_headings(walked, found, picks, fit)
    _leads(walked, found, picks, furniture, root, caption)
    captions = [ok and caption[one.container] for one, ok in zip(found, fit)]
    return Judgement(_spread(walked, found, picks), _spread(walked, found, captions), furniture, root)


def _spread(walked: Walked, found: list[Paragraph], picks: list[bool]) -> list[bool]:
    """The choice of paragraphs as one of items."""
    spread = [False] * len(walked.items)
    for one, picked in zip(found, picks):
        for at in one.items if picked else ():
            spread[at] = True
    return spread


def main_container(walked: Walked, found: list[Paragraph], furniture: list[int]) -> int:
    """The smallest container on the way of the largest scores that still holds the main content; 0 is the page."""
    scores, parents = [0.0] * len(walked.tags), walked.parents
    for one in found:
        if not furniture[one.container]:
            scores[one.container] += one.score
    best = [0] * len(scores)  # each container's child of the largest score, the first if there are several
    for at in range(len(scores) - 1, 0, -1):
        if score := scores[at]:
            above = parents[at]
            scores[above] += score
            if score >= scores[best[above]] or not best[above]:
                best[above] = at
    at = 0
    while (child := best[at]) and scores[child] > 0 and scores[child] >= DOMINANT * scores[at]:
        if walked.tags[child] in ("p", "li", "td", "blockquote", "pre"):
            break
        at = child
    return at


def _openings(walked: Walked, found: list[Paragraph], furniture: list[int], root: int, inside: list[bool]) -> None:
    """Count as inside what stands before the root, in its parent, and reads like the article's beginning.

    A paywall often parts the free beginning from the rest, which is so much longer that it is the root alone.
    """
    parents = walked.parents
    opening = [False] * root
    for one in found:
        at = one.container
        if one.kind == "p" and one.score >= OPENING and one.links < 0.2 and not furniture[at]:
            while parents[at] != parents[root] and at:
                at = parents[at]
            if 0 < at < root and walked.tags[at] in ("div", "section", "p"):
                opening[at] = True
    for at in range(1, root):
        inside[at] = (opening[at] or inside[parents[at]]) and not furniture[at]


def _told_in_captions(found: list[Paragraph], fit: list[bool], caption: list[bool]) -> bool:
    """Whether the captions hold nine tenths of the prose: a gallery, and they are its text."""
    whole = sum(one.score for one, ok in zip(found, fit) if ok)
    told = sum(one.score for one, ok in zip(found, fit) if ok and caption[one.container])
    return told > CAPTIONS_ARE_TEXT * whole


def within(walked: Walked, root: int) -> list[bool]:
    """For each container whether it is `root` or stands in it."""
    inside = [False] * len(walked.tags)
    inside[root] = True
    for at, above in islice(enumerate(walked.parents), root + 1, None):
        if inside[above]:
            inside[at] = True
    return inside


def _reads(one: Paragraph, walked: Walked, size: list[float], linked: list[float], prose: list[int]) -> bool:
    """Whether a paragraph of the main container is content by the standard of its kind."""
    if one.kind in HEADINGS or one.kind == "dt":
        return one.links < 0.5 or one.kind == "h1"
    if one.size < CREDIT and one.text[0] == "©":
        return False
    if one.kind == "li":
        above = walked.parents[one.container]
        if linked[above] >= 0.6 * size[above]:
            return False
        return one.links < (LINKED_ITEM if one.size >= PROSE and linked[above] < 0.5 * size[above] else 0.5)
    if not one.sentences and one.kind in ("div", "p", "td"):
        dated = one.dated and one.kind != "td"
        if one.size < 25 or dated:
            return one.kind == "p" and not dated and one.links < 0.1 and prose[walked.parents[one.container]] >= AMONG
    return one.links < 0.4 or (one.links < 0.6 and one.size > 150)


def _prose(walked: Walked, found: list[Paragraph]) -> list[int]:
    """For each container how many paragraphs of prose stand directly in it."""
    count = [0] * len(walked.tags)
    for one in found:
        if one.score and one.kind == "p":
            count[walked.parents[one.container]] += 1
    return count


def _lone_headings(found: list[Paragraph], picks: list[bool]) -> None:
    """Take back a heading that no kept text follows before something long that is not kept, and a line that announces
    links."""
    followed = False
    for at in range(len(found) - 1, -1, -1):
        one = found[at]
        if one.kind in HEADINGS:
            picks[at] = picks[at] and followed
        elif picks[at]:
            announcing = one.size < ANNOUNCING and one.text[-1] in ":：" and at + 1 < len(found)
            picks[at] = not (announcing and not picks[at + 1] and found[at + 1].links >= 0.5)
            followed = followed or picks[at]
        elif one.size > 60 and one.kind != "figcaption":
            followed = False


def _linked_headings(walked: Walked, found: list[Paragraph], picks: list[bool], fit: list[bool]) -> None:
    """Add the headings that are one link, where kept prose follows at once and in the same place: a list of posts."""
    parents = walked.parents
    for at, one in enumerate(found):
        if one.links < 0.5 or picks[at] or not fit[at] or one.size < 10 or one.kind not in HEADINGS:
            continue
        above = parents[one.container]
        for number, other in enumerate(found[at + 1 : at + 4], at + 1):
            if picks[number] and other.score:
                place = other.container
                picks[at] = above in (place, parents[place], parents[parents[place]]) and above > 0
                break
            if other.kind in HEADINGS:
                break


def _titled(one: Paragraph, title: set[str]) -> bool:
    """Whether a heading is long enough to be a headline, and its words stand in the page's title."""
    return one.size >= HEADLINE and share_in_title(one, title) >= TITLED


def _headline(found: list[Paragraph], furniture: list[int], first: int, title: set[str]) -> int | None:
    """The headline before the paragraph `first`: an `h1`, or a heading whose words stand in the page's title.

    What is furniture or a link does not count as distance. Of headlines that repeat one another it is the first.
    """
    reach = LEAD_REACH
    for at in range(first - 1, -1, -1):
        one = found[at]
        if one.kind == "h1" and not one.repeated:
            return at
        if one.kind in ("h2", "h3") and _titled(one, title):
            return at
        reach -= one.links < 0.5 and not furniture[one.container]
        if reach <= 0:
            break
    return None


def _leads(
    walked: Walked, found: list[Paragraph], picks: list[bool], furniture: list[int], root: int, caption: list[bool]
) -> None:
    """Add the headline and the standfirst, which often stand in a header outside the main container."""
    first = next((at for at, picked in enumerate(picks) if picked and found[at].container >= root), 0)
    title = title_words(walked)
    start = _headline(found, furniture, first, title)
    if start is None:
        return
    for at in range(start, first):
        one = found[at]
        if furniture[one.container] or caption[one.container] or one.repeated:
            continue
        if one.kind in ("figcaption", "li") or (one.links > 0.3 and not (at == start and _titled(one, title))):
            continue
        picks[at] = (
            picks[at] or at == start or (one.size >= 60 and (one.sentences or one.kind in HEADINGS or one.size > 100))
        )

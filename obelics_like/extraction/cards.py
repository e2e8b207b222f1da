"""What on a page leads to other pages, or is another page: teaser cards, and the next articles of an endless page.

It reads structure: cards are known by their linked headings, a further article by a headline that the page's title
does not name. Names of classes say no more here than where an article begins.
"""

from __future__ import annotations

from obelics_like.extraction import names
from obelics_like.extraction.paragraphs import Paragraph
from obelics_like.extraction.tags import HEADINGS
from obelics_like.extraction.walk import Walked

CARD = 450
"""Prose score from which a container is no teaser card: it tells what others only announce."""
CARDS_SHARE = 0.5
"""Share of the page's prose from which its cards are its content: the list of posts of a blog."""
SAME_TITLE = 0.6
"""Share of a headline's words that stand in the page's title from which it is the headline of the page."""
ARTICLE = 150
"""Prose score from which a container with a headline is an article."""
HEADLINES = 20
"""Headlines of a page that are compared with its title."""


def title_words(walked: Walked) -> set[str]:
    """The words of the page's title, lower case."""
    return set(walked.head.title.lower().split())


def share_in_title(one: Paragraph, title: set[str]) -> float:
    """The share of a paragraph's words that stand in the title."""
    words = set(one.text.lower().split())
    return len(words & title) / len(words)


def mark_others(walked: Walked, found: list[Paragraph], whole: list[float], furniture: list[int]) -> None:
    """Add the bit TEASER to the furniture of what belongs to other pages, and to all that stands in it.

    `whole` is the prose score of each container with all that is in it.
    """
    title = title_words(walked)
    marked = _cards(walked, found, whole, furniture, title) | _further_articles(walked, found, whole, furniture, title)
    if marked:
        inside = [False] * len(furniture)
        for at in range(min(marked), len(furniture)):
            if at in marked or inside[walked.parents[at]]:
                inside[at] = True
                furniture[at] |= names.TEASER


def _further_articles(
    walked: Walked, found: list[Paragraph], whole: list[float], furniture: list[int], title: set[str]
) -> set[int]:
    """The containers of the articles behind the one that the page's title names, each with a headline of its own.

    Where no headline is the title's, or they stand in one article, they are headings of one text.
    """
    heads: list[Paragraph] = []
    told: list[int] = []  # for each headline the container of the last prose before it
    before = 0
    for one in found:
        if one.score:
            before = one.container
        elif one.kind == "h1" and not furniture[one.container] and len(heads) < HEADLINES:
            heads.append(one)
            told.append(before)
    own = next((at for at, one in enumerate(heads) if share_in_title(one, title) >= SAME_TITLE), None)
    if own is None or own == len(heads) - 1:
        return set()
    parents, marked = walked.parents, set[int]()
    branch = {0: 0}  # of each container round the headline, the child of it that holds the headline
    at = heads[own].container
    while at:
        branch[parents[at]] = at
        at = parents[at]
    for one, before in zip(heads[own + 1 :], told[own + 1 :]):
        at = one.container
        while parents[at] not in branch:
            at = parents[at]
        first = branch[parents[at]]
        if before >= at:
            continue  # prose comes before it, and it is a heading of that
        if at <= first or min(whole[at], whole[first]) < ARTICLE or share_in_title(one, title) >= SAME_TITLE:
            continue
        if _in_article(walked, one.container, at) and _in_article(walked, heads[own].container, first):
            marked.add(at)
    return marked


def _in_article(walked: Walked, at: int, top: int) -> bool:
    """Whether a container stands in an article that is `top` or in it."""
    while at > top and not walked.bits[at] & names.ARTICLE:
        at = walked.parents[at]
    return bool(walked.bits[at] & names.ARTICLE)


def _cards(
    walked: Walked, found: list[Paragraph], whole: list[float], furniture: list[int], title: set[str]
) -> set[int]:
    """The containers of a linked heading and a little prose, if they hold less than half of the page's prose."""
    parents, cards, nearest = walked.parents, set[int](), dict[int, int]()
    for one in found:
        if one.links > 0.8 and one.size >= 15 and one.kind in HEADINGS and one.kind != "h1":
            if furniture[one.container] or share_in_title(one, title) >= SAME_TITLE:
                continue  # a blog links the headline of its post to the post
            climbed, at = [], parents[one.container]
            while at and not whole[at] and at not in nearest:
                climbed.append(at)
                at = parents[at]
            at = nearest.get(at, at)
            nearest.update(dict.fromkeys(climbed, at))
            if at and whole[at] < CARD:
                cards.add(at)
    if not cards:
        return cards
    page = sum(one.score for one in found if one.score and not furniture[one.container])
    return cards if sum(whole[at] for at in cards) < CARDS_SHARE * page else set()

"""What on a page leads to other pages, or is another page: teaser cards, and the next articles of an endless page.

It reads structure: cards are known by their linked headings, a further article by a headline that the page's title
does not name. Names of classes say no more here than where an article begins.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left

from obelics_like.extraction import names
from obelics_like.extraction.furniture import mark_all
from obelics_like.extraction.paragraphs import Paragraphs, Totals
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


def share_in_title(text: str, title: set[str]) -> float:
    """The share of a text's words that stand in the title."""
    words = set(text.lower().split())
    return len(words & title) / len(words)


def mark_others(walked: Walked, found: Paragraphs, totals: Totals, furniture: array[int], title: set[str]) -> None:
    """Add the bit TEASER to the furniture of what belongs to other pages, and to all that stands in it.

    `title`: the words of the page's title.
    """
    others = _cards(walked, found, totals, furniture, title)
    if len(found.titles) > 1:
        others |= _further_articles(walked, found, totals, furniture, title)
    mark_all(walked, furniture, others, names.TEASER)


def _further_articles(
    walked: Walked, found: Paragraphs, totals: Totals, furniture: array[int], title: set[str]
) -> set[int]:
    """The containers of the articles behind the one that the page's title names, each with a headline of its own.

    Where no headline is the title's, or they stand in one article, they are headings of one text.
    """
    heads = [at for at in found.titles if not furniture[found.containers[at]]][:HEADLINES]
    shares = [share_in_title(found.texts[at], title) for at in heads] if len(heads) > 1 else []
    own = next((at for at, share in enumerate(shares) if share >= SAME_TITLE), None)
    if own is None or own == len(heads) - 1:
        return set()
    parents = walked.parents
    marked: set[int] = set()
    headline = found.containers[heads[own]]
    branch = {0: 0}  # of each container round the headline, the child of it that holds the headline
    at = headline
    while at:
        branch[parents[at]] = at
        at = parents[at]
    for number, share in zip(heads[own + 1 :], shares[own + 1 :]):
        container = at = found.containers[number]
        while parents[at] not in branch:
            at = parents[at]
        first = branch[parents[at]]
        before = bisect_left(found.prose, number)
        if before and found.containers[found.prose[before - 1]] >= at:
            continue  # prose comes before it, and it is a heading of that
        if at <= first or min(totals.score(at), totals.score(first)) < ARTICLE or share >= SAME_TITLE:
            continue
        if _in_article(walked, container, at) and _in_article(walked, headline, first):
            marked.add(at)
    return marked


def _in_article(walked: Walked, at: int, top: int) -> bool:
    """Whether a container stands in an article that is `top` or in it."""
    while at > top and not walked.bits[at] & names.ARTICLE:
        at = walked.parents[at]
    return bool(walked.bits[at] & names.ARTICLE)


def _cards(walked: Walked, found: Paragraphs, totals: Totals, furniture: array[int], title: set[str]) -> set[int]:
    """The containers of a linked heading and a little prose, if they hold less than half of the page's prose.

    What bears the name of one that holds more prose is an entry of the same list of posts, and no card.
    """
    parents, links, scores, named = walked.parents, found.links, totals.scores, walked.names
    cards: set[int] = set()
    posts: set[str] = set()
    nearest: dict[int, int] = {}
    for number in [number for number in found.headings if links[number] > 0.8]:
        if found.sizes[number] < 15 or found.kinds[number] == "h1":
            continue
        if furniture[found.containers[number]] or share_in_title(found.texts[number], title) >= SAME_TITLE:
            continue  # a blog links the headline of its post to the post
        climbed, at = [], parents[found.containers[number]]
        while at and not scores[at] and at not in nearest:
            climbed.append(at)
            at = parents[at]
        at = nearest.get(at, at)
        nearest.update(dict.fromkeys(climbed, at))
        if at and scores[at] < CARD:
            cards.add(at)
        elif named[at]:
            posts.add(named[at])
    if posts:
        cards = {at for at in cards if named[at] not in posts}
    if not cards:
        return cards
    page = sum(found.scores[at] for at in found.prose if not furniture[found.containers[at]])
    return cards if sum(totals.score(at) for at in cards) < CARDS_SHARE * page else set()

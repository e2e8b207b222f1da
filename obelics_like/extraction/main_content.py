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

import re
from dataclasses import dataclass
from itertools import islice

from obelics_like.extraction import names
from obelics_like.extraction.walk import Block, Walked

PROSE = 40
"""Characters from which a block can be prose (those of unspaced scripts count `DENSE` each)."""
DENSE = 2.5
"""Latin characters that say as much as one Chinese, Japanese or Thai character."""
SHORT = 80
"""Characters under which a paragraph with a date and no sentence is a dateline."""
FULL = 1200
"""Characters above which a paragraph weighs no more: a page's fine print comes in one block."""
DOMINANT = 0.8
"""Share of its parent's score from which a child is entered on the way to the main container."""
LEAD_REACH = 25
"""Paragraphs that may stand between the headline and the main content: standfirst, byline, date, share bar."""
AMONG = 2
"""Paragraphs of prose side by side among which a short one is part of the text: a subheading, a line of speech."""
LONG_CAPTION = 800
"""Characters from which what is named a caption is none, but an article whose pictures have some."""
CAPTIONS_ARE_TEXT = 0.9
"""Share of the main content's prose from which captions are its text: a gallery tells its story under the pictures."""
OPENING = 150
"""Score from which a paragraph before the main container, beside it, is the article's beginning."""
DISBELIEF = 0.5
"""Share of the prose that furniture and the rest hold together, from which its name is not believed."""

_SENTENCE = re.compile("[.!?…。！？।؟።։]['\"”’»)\\]]*(?:\\s|$)|[。！？]")
_DENSE = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_NUMBER = re.compile(r"\d+")
_FOUR_DIGITS = re.compile(r"(?:\D*+\d){4}")
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_STUBBORN = names.COMMENT | names.HIDDEN | names.FOOTER | names.NAV
_OWN = names.ARTICLE | names.CONTENT


@dataclass(slots=True)
class Paragraph:
    """The blocks `items` of one paragraph: characters in Latin measure, share in links, whether a sentence ends
    in it, prose score.

    `repeated` says that the same words stood on the page before; `dated` that it is short and has four digits or more.
    """

    items: list[int]
    kind: str
    container: int
    size: int
    links: float
    sentences: bool
    score: float
    dated: bool
    repeated: bool = False


def paragraphs(walked: Walked) -> list[Paragraph]:
    """The page's paragraphs in DOM order, measured; what a picture split is one paragraph."""
    groups: list[list[int]] = []
    group = -1
    for at, item in enumerate(walked.items):
        if isinstance(item, Block):
            if item.group == group:
                groups[-1].append(at)
            else:
                groups.append([at])
                group = item.group
    seen: set[str] = set()
    return [_measure(walked, indexes, seen) for indexes in groups]


def _measure(walked: Walked, indexes: list[int], seen: set[str]) -> Paragraph:
    first = walked.items[indexes[0]]
    assert isinstance(first, Block)
    kind, text, linked = first.kind, first.text, first.links
    if len(indexes) > 1:
        blocks = [block for at in indexes if isinstance(block := walked.items[at], Block)]
        text, linked = " ".join(block.text for block in blocks), sum(block.links for block in blocks)
    size = len(text)
    links = linked / size if linked < size else 1.0
    if not text.isascii() and _DENSE.search(text, 0, 200):
        size = int(size * DENSE)
    if links >= 0.5 or size < 20:  # a menu's entry, or too little to say more about
        return Paragraph(indexes, kind, first.container, size, links, False, 0.0, _dated(text, size))
    sentences = _SENTENCE.search(text) is not None
    if size < PROSE:
        return Paragraph(
            indexes, kind, first.container, size, links, sentences, 0.0, not sentences and _dated(text, size)
        )
    repeated = text in seen
    seen.add(text)
    score = 0.0
    if not repeated and kind not in _HEADINGS and (sentences or size > 100):
        score = min(size, FULL) * (1 - links) ** 2
        score *= (0.6 if kind in ("li", "td", "th") else 1.0) * (1.0 if sentences else 0.4)
    dated = not sentences and _dated(text, size)
    return Paragraph(indexes, kind, first.container, size, links, sentences, score, dated, repeated)


def _dated(text: str, size: int) -> bool:
    return size < SHORT and _FOUR_DIGITS.match(text) is not None


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
    scores, whole, size, linked = _totals(walked, found)
    furniture = believed(walked, found, scores, whole, size, linked)
    root = main_container(walked, found, furniture)
    inside = within(walked, root)
    _openings(walked, found, furniture, root, inside)
    caption = _captions(walked, size)
    prose = _prose(walked, found)
    fit = [inside[one.container] and not furniture[one.container] and not one.repeated for one in found]
    if _told_in_captions(found, fit, caption):
        caption = [False] * len(caption)
    picks = [
        ok and not caption[one.container] and _reads(one, walked, size, linked, prose) for one, ok in zip(found, fit)
    ]
    _lone_headings(found, picks)
    _leads(found, picks, furniture, root)
    captions = [ok and caption[one.container] for one, ok in zip(found, fit)]
    return Judgement(_spread(walked, found, picks), _spread(walked, found, captions), furniture, root)


def _spread(walked: Walked, found: list[Paragraph], picks: list[bool]) -> list[bool]:
    """The choice of paragraphs as one of items."""
    spread = [False] * len(walked.items)
    for one, picked in zip(found, picks):
        for at in one.items if picked else ():
            spread[at] = True
    return spread


def _totals(walked: Walked, found: list[Paragraph]) -> tuple[list[float], list[float], list[float], list[float]]:
    """For each container the score of what stands directly in it; and of all that is in it the score, the size and
    the size of what is in links."""
    count, parents = len(walked.tags), walked.parents
    own, size, linked = [0.0] * count, [0.0] * count, [0.0] * count
    for one in found:
        container = one.container
        own[container] += one.score
        size[container] += one.size
        linked[container] += one.size * one.links
    whole = own.copy()
    for container in range(count - 1, 0, -1):
        if held := size[container]:
            above = parents[container]
            size[above] += held
            if score := whole[container]:
                whole[above] += score
            if held := linked[container]:
                linked[above] += held
    return own, whole, size, linked


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
    Headers are furniture of the page, not of an article. The four lists are those of `_totals`.
    """
    bits, parents, container_names = walked.bits, walked.parents, walked.names
    owns = [bit & names.FURNITURE for bit in bits]
    named, rest = [0], scores[0]
    for above, own, score in islice(zip(parents, owns, scores), 1, None):
        own |= named[above]
        named.append(own)
        if score and not own:
            rest += score
    article = _inherited(walked, names.ARTICLE)
    heads = _with_headline(walked, found)
    by_name: dict[str, float] = {}
    times: dict[str, int] = {}
    alike = {name: _NUMBER.sub("0", name) for name, own in zip(container_names, owns) if own}
    for at, own in enumerate(owns):
        if own and container_names[at] != container_names[parents[at]]:
            name = alike[container_names[at]]
            by_name[name] = by_name.get(name, 0.0) + whole[at]
            times[name] = times.get(name, 0) + 1
    result = [0]
    for at, own in islice(enumerate(owns), 1, None):
        if own:
            name = alike[container_names[at]]
            held = max(whole[at], by_name.get(name, 0.0)) if name.strip() else whole[at]
            in_article = at in heads or article[parents[at]]
            own = _trusted(own, bits[at], held, rest, whole[0], in_article)
            if own == names.TEASER and whole[at] and linked[at] < 0.02 * size[at] and times.get(name, 0) <= 1:
                own = 0  # a teaser leads somewhere; a paragraph called one and without a link is the article's lead
        result.append(result[parents[at]] | own)
    return result


def _inherited(walked: Walked, bit: int) -> list[bool]:
    """For each container whether it, or one that it stands in, has the bit."""
    found = [bool(bits & bit) for bits in walked.bits]
    if True in found:
        for at, above in enumerate(walked.parents):
            if found[above]:
                found[at] = True
    return found


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


def _trusted(own: int, bits: int, held: float, rest: float, page: float, in_article: bool) -> int:
    """The furniture bits of a container that are believed, given the scores it, the unnamed rest and the page hold."""
    share = held / (held + rest) if held else 0.0
    if in_article:
        own &= ~names.HEADER
    if bits & _OWN and share > 0.1:
        own &= _STUBBORN
    if own & names.META and share > 0.2:
        own &= ~names.META
    if share >= DISBELIEF:
        own = 0 if share >= 0.9 and held >= 0.5 * page else own & _STUBBORN
    return own


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


def _captions(walked: Walked, size: list[float]) -> list[bool]:
    """For each container whether it is part of a caption: text of a picture, not of the body."""
    caption = [False] * len(walked.tags)
    if any(bit & names.CAPTION for bit in set(walked.bits)):
        for at, (above, bit) in enumerate(zip(walked.parents, walked.bits)):
            if caption[above] or (bit & names.CAPTION and size[at] < LONG_CAPTION):
                caption[at] = True
    return caption


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
    if one.kind in _HEADINGS or one.kind == "dt":
        return one.links < 0.5 or one.kind == "h1"
    if one.kind == "li":
        above = walked.parents[one.container]
        return one.links < 0.5 and linked[above] < 0.6 * size[above]
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
    """Take back a heading that no kept text follows before something long that is not kept."""
    followed = False
    for at in range(len(found) - 1, -1, -1):
        one = found[at]
        if one.kind in _HEADINGS:
            picks[at] = picks[at] and followed
        elif picks[at]:
            followed = True
        elif one.size > 60 and one.kind != "figcaption":
            followed = False


def _leads(found: list[Paragraph], picks: list[bool], furniture: list[int], root: int) -> None:
    """Add the headline and the standfirst, which often stand in a header outside the main container."""
    first = next((at for at, picked in enumerate(picks) if picked and found[at].container >= root), 0)
    start = next((at for at in range(first - 1, max(-1, first - LEAD_REACH), -1) if found[at].kind == "h1"), None)
    if start is None or furniture[found[start].container] & _STUBBORN:
        return
    for at in range(start, first):
        one = found[at]
        if furniture[one.container] or one.links > 0.3 or one.kind in ("figcaption", "li"):
            continue
        picks[at] = (
            picks[at] or at == start or (one.size >= 60 and (one.sentences or one.kind in _HEADINGS or one.size > 100))
        )

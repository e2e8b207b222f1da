"""What C measures of a page are the sums that Python gives; what the walk notes of a text is what its words say."""

from __future__ import annotations

import random
from collections import Counter
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from obelics_like.extraction import measures, names, scan
from obelics_like.extraction.measures import Measures, flags_of
from obelics_like.extraction.paragraphs import Paragraphs, Totals
from obelics_like.extraction.tags import HEADINGS, PLAIN_TEXT, TITLES
from obelics_like.extraction.walk import Walked
from tests.extraction.fuzz import mutate
from tests.extraction.test_cases import FILES, read

LIMITS = 200_000, 10_000
NOTED = scan.SENTENCE | scan.DIGITS | scan.NOT_ASCII | scan.DENSE | ~0 << scan.DENSE_SHIFT
WALKER = scan.Walker()
WORDS = st.text(st.sampled_from("ab 12.!?…。'”)]é漢かไ１٣।"), min_size=1, max_size=30)
PROSE = "The ferry left the harbour at six in the morning, with {} people on board."
PIECES = st.sampled_from(
    [
        *("<p>", "</p>", "<li>", "</ul>", "<h1>", "<h2>", "<h4>", "<td>", "<pre>", "<blockquote>", "<div>", "</div>"),
        *(
            "<div class='teaser-{}'>",
            "<aside>",
            "<div class='related x{}'>",
            "<nav class=related>",
            "</nav>",
            "</aside>",
        ),
        *(
            "<img src=/a.jpg>",
            "<img alt=x>",
            "<img class=tex src=/b.png alt='{}_漢字 k'>",
            "<img class=tex src=/c.png>",
            "<math><mi>x</mi>",
            "<annotation encoding=application/x-tex>\\pi {}</annotation></math>",
            "<br><br>",
            "<a href=/b>",
            "</a>",
            "e\u0301\u00ad",
            "<header>",
            "<article>",
        ),
        *(PROSE, PROSE * 3, "漢字かな交じり文。" * 9, "12 March 2024", "Short", "x" * 38, "1.5"),
    ]
)
PAGES = st.lists(st.tuples(PIECES, st.integers(0, 3)), max_size=40).map(
    lambda pieces: "".join(piece.replace("{}", str(number)) for piece, number in pieces)
)
SPLIT = f"<p>{'x' * 150}<img src=/a.jpg>{'漢' * 9}.<img src=/b.jpg>1<img>2 <a href=/>34</a></p><p>{PROSE}</p>"


def walk(html: str | bytes) -> Walked:
    return Walked(WALKER.rows(html.encode() if isinstance(html, str) else html, *LIMITS))


@given(WORDS)
@example("x" * 199 + "漢")
@example("x" * 200 + "漢")
@example("a.\u2009b 1 2 3 4")
def test_what_the_walk_notes_of_a_text_is_what_its_words_say(text: str) -> None:
    rows = WALKER.rows(f"<p>{text}</p>".encode(), *LIMITS)
    for at, found in enumerate(rows.texts):
        noted = rows.items[at * scan.ITEM + scan.FLAGS]
        expected = flags_of(found)
        if not found.isascii():  # digits of any script are looked for then
            noted, expected = noted & ~scan.DIGITS, expected & ~scan.DIGITS
        assert noted & NOTED == expected


def left(walked: Walked, number: int) -> list[int]:
    """One of the numbers of each item that is left."""
    rows = range(0, len(walked.rows), scan.ITEM)
    return [walked.rows[at + number] for at in rows if walked.rows[at + scan.KIND] != scan.GONE]


def paragraphs(walked: Walked) -> list[tuple[int, list[int]]]:
    """The first item of each paragraph, and all of them."""
    groups = left(walked, scan.GROUP)
    return [(items[0], items) for _, held in groupby(walked.blocks, groups.__getitem__) if (items := list(held))]


def measured(walked: Walked, items: list[int]) -> tuple[int, int, float, int, float]:
    """Size, linked characters, share of links, flags and score of a paragraph, as they are said to be."""
    text, kind = " ".join(walked.texts[at] for at in items), walked.kinds[items[0]]
    linked = sum(min(walked.links[at], len(walked.texts[at])) for at in items)
    size, share, flags = len(text), linked / len(text), flags_of(text)
    if flags & scan.DENSE:
        size = int(size * measures.DENSE)
        linked = round(size * share)
    sentences = flags & scan.SENTENCE and size >= measures.SAYING and share < measures.LINKED
    score = 0.0
    long = size >= measures.PROSE and (sentences or size > measures.TELLING)
    if long and share < measures.LINKED and kind not in HEADINGS:
        score = min(size, measures.FULL) * (1 - share) ** 2 * (1 if sentences else measures.UNFINISHED)
        score *= measures.LISTED if kind in ("li", "td", "th") else 1.0
    return size, linked, share, bool(sentences), round(score * measures.EXACT) / measures.EXACT


def holds(html: str | bytes) -> None:
    """Hold all that is measured of a page to the same in Python."""
    walked = walk(html)
    assert left(walked, scan.SIZE) == list(map(len, walked.texts))
    assert [scan.NAMES[number] for number in left(walked, scan.KIND)] == walked.kinds
    found, told = Measures(walked.rows, len(walked.texts), len(walked.ends)), paragraphs(walked)
    expected = {first: measured(walked, items) for first, items in told}
    nothing = 0, 0, 0.0, False, 0.0
    for at in range(len(walked.texts)):
        size, _, share, sentences, score = expected.get(at, nothing)
        assert (found.sizes[at], found.links[at], found.scores[at]) == (size, share, score)
        assert bool(found.flags[at] & scan.SENTENCE) == sentences
    kinds = walked.kinds
    plain = {at for at, (size, _, share, *_) in expected.items() if size >= measures.PROSE and share < measures.LINKED}
    telling = [at for at in expected if at in plain or kinds[at] in TITLES]
    sizes = Counter(found.sizes[at] % 1024 for at in telling)
    assert list(found.telling) == [at for at in telling if sizes[found.sizes[at] % 1024] > 1]
    assert list(found.headings) == [at for at in expected if kinds[at] in HEADINGS]
    assert list(found.prose) == [at for at, row in expected.items() if row[4]]
    assert list(found.more) == [number for first, items in told for item in items[1:] for number in (first, item)]
    totals(walked, expected)


def totals(walked: Walked, expected: dict[int, tuple[int, int, float, int, float]]) -> None:
    """Hold what containers hold to the same in Python."""
    found = Paragraphs(walked)
    sums = Totals(walked, found)
    every = range(len(walked.ends))
    for place in every:
        inside = [at for at in expected if place <= walked.containers[at] < walked.ends[place]]
        assert sums.score(place) == sum(found.scores[at] for at in inside)
        assert sums.size(place) == sum(expected[at][0] for at in inside)
        assert sums.links(place) == sum(expected[at][1] for at in inside)
        assert sums.others(place) == sum(walked.kinds[at] not in PLAIN_TEXT for at in inside)
        plain, asking = found.within(walked, walked.bits, place, names.FURNITURE)
        assert plain == [at for at in inside if not walked.bits[walked.containers[at]]]
        assert asking == [at for at in inside if walked.bits[walked.containers[at]] & names.FURNITURE]
        items = [at for at, container in enumerate(walked.containers) if container >= place]
        assert found.measures.begins[place] == min(items, default=len(walked.texts))
    bare = ["".join(letter for letter in name if not letter.isdigit()) for name in walked.names]
    marked = [at for at in every if walked.bits[at] & names.FURNITURE]
    for place in marked:
        same = [at for at in marked if bare[place] == bare[at] and walked.names[at] != walked.names[walked.parents[at]]]
        shared = max(sums.score(place), sum(map(sums.score, same)) if bare[place] else 0)
        assert sums.shared[place] == shared
        assert (place in sums.asked) == (shared > 0)
        if sums.score(place) and bare[place]:
            assert sums.of_name(walked.names.number(place)) == (sum(map(sums.links, same)), sum(map(sums.size, same)))


@given(PAGES)
@example(SPLIT)
@example(f"<pre>a\n  1 </pre><p>\u00ad<img src=/a.jpg>\u00ad</p><p>{PROSE}<img>{PROSE}</p>")
@example(f"<aside>{PROSE}<aside>{PROSE}</aside></aside><div class='teaser-1'>{PROSE}</div><nav class='teaser-23'>")
def test_sums_are_those_of_python(html: str) -> None:
    holds(html)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_sums_are_those_of_python_on_each_case(path: Path) -> None:
    holds(read(path)[0])


@given(st.sampled_from(FILES), st.integers(0, 1 << 32))
def test_sums_are_those_of_python_on_damaged_pages(path: Path, seed: int) -> None:
    html = mutate(read(path)[0], random.Random(seed))
    holds(html.decode("utf-8", "replace")[:3_000])


@given(PAGES)
def test_bits_are_inherited_as_far_as_they_pass(html: str) -> None:
    walked = walk(html)
    found = walked.bits[:]
    measures.inherited(walked.tree, found, names.FURNITURE, within=names.ARTICLE, muted=names.HEADER)
    for at, bits in enumerate(walked.bits):
        above, in_article = at, False
        while above := walked.parents[above]:
            in_article |= walked.bits[above] & names.ARTICLE > 0
        own = bits & names.FURNITURE & ~(names.HEADER if in_article else 0)
        assert found[at] == own | (found[walked.parents[at]] if at else 0)

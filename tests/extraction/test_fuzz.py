"""Any bytes can be extracted: nothing is raised, nothing hangs, and no page is lost without a name."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obelics_like.document import Document, Drop, Image, Origin, Text
from obelics_like.extraction import extract
from tests.extraction.fuzz import CHARSETS, MOST, NAMES, SHAPES, SPICE, STAGES, URL, check, mutate, sound

BOUNDED = settings(max_examples=150)


@BOUNDED
@given(st.sampled_from(NAMES), st.integers(0, 1 << 32), st.sampled_from(list(STAGES)))
def test_damaged_pages(shape: str, seed: int, main: str) -> None:
    check(mutate(SHAPES[shape], random.Random(seed)), main)


@BOUNDED
@given(st.lists(st.sampled_from(SPICE) | st.binary(max_size=40), max_size=30), st.sampled_from(CHARSETS))
def test_bytes_that_were_never_a_page(parts: list[bytes], charset: str) -> None:
    check(b"".join(parts), mime=f"text/html; charset={charset}")


@settings(max_examples=40)
@given(st.lists(st.sampled_from(SPICE), min_size=1, max_size=3), st.lists(st.sampled_from(SPICE), max_size=2))
def test_what_is_repeated_many_times_takes_no_time(repeated: list[bytes], before: list[bytes]) -> None:
    piece = b"".join(repeated)
    check(b"".join(before) + piece * (MOST // len(piece)))


@pytest.mark.parametrize("url", ["http://[", "http://[::1", "//[", "http://[x]y/", "https://a.example/b/["])
def test_a_page_may_stand_at_no_address(url: str) -> None:
    pictures = "".join(
        f"<a href=/x><img src={src}></a>" for src in ("/a.jpg", "a.jpg", "../a.jpg", "//b.example/a.jpg")
    )
    page = f"{STORY}{pictures}<a href=/x><img src=https://b.example/b.jpg width=600></a>{STORY}"
    whole = [extract(f"{base}{page}".encode(), url) for base in ("", "<base href='http://['>", f"<base href='{url}'>")]
    assert all(
        "https://b.example/b.jpg" in [node.url for node in one.nodes if isinstance(node, Image)] for one in whole
    )
    assert all(one.drop is None for one in whole)


def test_many_names_of_furniture_take_no_time() -> None:
    told = "On this day the ferry {} left the harbour at six, with forty people on board, and with apples."
    story = "".join(f"<p>{told.format(f'of day {number}')}</p>" for number in range(40))
    named = ["".join("abcdefghij"[int(digit)] for digit in str(number)) for number in range(20_000)]
    check((story + "".join(f"<div class='teaser {x}'><p>{told.format(x)}</p></div>" for x in named)).encode())


def bare() -> Document:
    return Document("x", URL, Origin("", 0), nodes=[Text(0, "words"), Image(1, "https://example.org/a.jpg")])


def test_the_check_itself_notices_what_is_wrong() -> None:
    sound(bare())
    wrong = [bare() for _ in range(7)]
    wrong[0].nodes.clear()
    wrong[1].nodes[0].pos = 5
    wrong[2].nodes[0].drop = Drop("extract", "no_such_rule")
    wrong[3].nodes[0] = Text(0, " \n")
    wrong[4].nodes[1] = Image(1, "javascript:0")
    wrong[5].drop = Drop("extract", "unparsable")
    wrong[6].facts["unheard"] = "x"
    for document in wrong:
        with pytest.raises(AssertionError):
            sound(document)
    unstorable = bare()
    unstorable.nodes[0] = Text(0, "half a pair \ud800")
    with pytest.raises(UnicodeEncodeError):
        sound(unstorable)


def test_changes_are_the_same_for_the_same_seed_and_stay_small() -> None:
    shape = SHAPES[NAMES[0]]
    made = [mutate(shape, random.Random(seed)) for seed in range(200)]
    assert made == [mutate(shape, random.Random(seed)) for seed in range(200)]
    assert len(set(made)) > 180
    assert 100_000 < max(map(len, made)) <= MOST


TOLD = "On this day the ferry left the harbour at six, with forty people on board, and with apples for the islands. "
STORY = "".join(f"<p>{TOLD}Day {number} was as all others. {TOLD}</p>" for number in range(40))
ASKED = STORY + "<div>" * 300 + "Ask us here for what you want now."


@pytest.mark.parametrize(
    "html",
    [
        "<p>" + "<img data-x=1>harbour at six in the morn" * 190_000,
        "<p>" + r"<img class=tex alt='\frac{a}{b}' src=/a.png>and then" * 40_000,
        STORY + "<figure>" * 900 + "<img src=/a.jpg>" * 40_000 + "</figure>" * 900 + STORY,
        "<nav>" + "".join(f"<h1>a{number}</h1>" for number in range(40_000)) + "</nav>" + STORY,
        ASKED + "<div></div>" * 120_000 + "<a href=/x>x</a></div>" * 300 + STORY,
        ASKED + "<img src=/a.jpg>" * 50_000 + "<a href=/x>x</a></div>" * 300 + STORY,
        STORY + "<div hidden></div>" * 90_000 + "<div class=nav></div>" * 90_000,
        "".join(f"<div class=author><img src=/{at}.jpg></div><p>{TOLD}Day {at}.</p>" for at in range(45_000)),
        "<article>" + "<ul><li>a<li>b<li>c<li>d</ul>" * 38_000 + "<div>" + STORY * 3,
    ],
    ids=("pieces", "formulas", "figures", "headlines", "calls", "pictures", "marks", "portraits", "lists"),
)
def test_what_is_many_inside_what_is_deep_takes_no_time(html: str) -> None:
    check(html.encode()[:8_000_000])

"""What class and id names mean: C answers as the Python that says what they mean."""

from __future__ import annotations

import html
from collections.abc import Iterable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelics_like.extraction import names, scan

WALKER = scan.Walker()
WORDS = sorted({word for known in names.vocabulary() for word in known.split()} | {"fog", "x", "7", "000", "fußzeile"})
JOINTS = ["-", "_", "--", "", "7", "-1-", "É", "ſ"]


def _told(said: Iterable[str]) -> list[int]:
    page = "".join(f'<div class="{html.escape(name)}">a</div>' for name in said)
    rows = WALKER.rows(page.encode(), 1_000_000, 100)
    named = rows.tree[scan.NAME :: scan.CONTAINER_ROW]
    return [rows.known[number] for number in named[-rows.tags.count(scan.NAMES.index("div")) :]]


def _agree(said: list[str]) -> None:
    assert _told(said) == [names.meaning(name) for name in said]


def test_each_word_and_each_with_a_neighbour() -> None:
    odd = [word.upper() for word in WORDS] + [word.title() + "X" for word in WORDS] + [word + "2024" for word in WORDS]
    pairs = [f"{one}{joint}{other}" for one, other in product(WORDS[::3], WORDS[1::4]) for joint in JOINTS[:2]]
    camel = [f"{one}{other.title()}" for one, other in product(WORDS[::5], WORDS[2::5])]
    for said in (WORDS, odd, pairs, camel):
        _agree(said)
    assert any(_told(pairs))


def test_pairs_states_and_pictures() -> None:
    known = [pair for pair in names.vocabulary() if " " in pair]
    _agree([joint.join(pair.split()) for pair in known for joint in JOINTS])
    _agree(
        [
            f"{first}-{pair.replace(' ', '-')}-{last}"
            for first in ("is", "has", "a")
            for pair in known
            for last in WORDS[::9]
        ]
    )
    assert not any(_told(["is-sidebar", "has-sidebar", "wp-image-ad", "page--with-ads"]))
    assert _told(["teaser-image"]) == [names.PICTURE]


def test_only_the_first_names_and_letters_are_read() -> None:
    _agree(["x " * 23 + "sidebar", "x " * 24 + "sidebar", "-" * 75 + "navi", "-" * 78 + "nav", "ad" + "-" * 90 + "é"])


@given(
    st.lists(
        st.lists(st.sampled_from(WORDS + JOINTS) | st.text(alphabet="aAbZz09-_éß. ", max_size=4), max_size=12).map(
            "".join
        ),
        min_size=1,
        max_size=20,
    )
)
def test_made_up_names(said: list[str]) -> None:
    _agree(said)


def _bits(markup: str) -> int:
    """The bits of the container of the text `here`."""
    rows = WALKER.rows(markup.encode(), 1_000_000, 100)
    return rows.bits[rows.containers[rows.texts.index("here")]]


@pytest.mark.parametrize("saying", names.BY_ATTRIBUTE)
def test_what_attributes_say(saying: str) -> None:
    written = "style='color:red; DISPLAY : none'" if saying == "style" else saying
    assert _bits(f"<div {written}>here</div>") == names.BY_ATTRIBUTE[saying]
    assert _bits(f"<div class=sidebar {written}>here</div>") == names.BY_ATTRIBUTE[saying] | names.ASIDE
    assert _bits(f"<body {written}>here") == 0


@pytest.mark.parametrize(
    "said",
    [
        "role=presentation",
        "itemprop=articlebody",
        "style='display:block;float:none'",
        "style='display:NONE'",
        "role=hidden",
    ],
)
def test_other_attributes_say_nothing(said: str) -> None:
    assert _bits(f"<div {said}>here</div>") == 0


def test_the_case_of_a_role_does_not_matter() -> None:
    assert _bits("<div role=Navigation>here</div>") == names.NAV


@pytest.mark.parametrize("name", ["share", "share-é"])
def test_a_quoted_post_is_not_named_for_its_network(name: str) -> None:
    assert _bits(f"<blockquote class={name}>here</blockquote>") == 0
    assert _bits(f"<blockquote class={name} role=toolbar>here</blockquote>") == names.SHARE
    assert _bits(f"<div class={name}>here</div>") == names.SHARE


@pytest.mark.parametrize("name", ["sidebar", "fuß fußzeile"])
def test_the_names_of_a_page_say_nothing_of_its_parts(name: str) -> None:
    assert _bits(f"<body class='{name}'>here") == 0
    assert _bits(f"<body><div class='{name}'>here</div>") != 0

"""What class and id names mean: C answers as the Python that says what they mean."""

from __future__ import annotations

import html
from collections.abc import Iterable
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from obelics_like.extraction import names, scan

WALKER = scan.Walker()
WORDS = sorted({word for known in names.vocabulary() for word in known.split()} | {"fog", "x", "7", "000", "fußzeile"})
JOINTS = ["-", "_", "--", "", "7", "-1-", "É", "ſ"]


def _told(said: Iterable[str]) -> list[int]:
    page = "".join(f'<div class="{html.escape(name)}">a</div>' for name in said)
    rows = WALKER.rows(page.encode(), 1_000_000, 100)
    return [rows.known[number] for number in rows.names[-rows.tags.count(scan.NAMES.index("div")) :]]


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

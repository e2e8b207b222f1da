"""Texts of a page that nearly repeat an earlier one."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelics_like.document import Document, Drop, Origin, Text
from obelics_like.errors import OptionError
from obelics_like.stage import Context
from obelics_like.text.alike import AlikeTexts


def run(stage: AlikeTexts, *texts: str | Text) -> list[Drop | None]:
    nodes = [Text(i, t) if isinstance(t, str) else t for i, t in enumerate(texts)]
    stage.check()
    stage.process([Document("d", "u", Origin("in", 0), list(nodes))], stage.open(Context()))
    return [n.drop for n in nodes]


STAGE = AlikeTexts(0.95, id="x")
LONG = "The quick brown fox jumps over the lazy dog, and back again by night."


def ratio(a: str, b: str) -> float:
    """By the longest common subsequence, the plain way."""
    row = [0] * (len(b) + 1)
    for x in a:
        last = 0
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], last + 1 if x == y else max(row[j], row[j - 1])
    return 2 * row[-1] / (len(a) + len(b)) if a or b else 1.0


def test_the_first_stays() -> None:
    found = run(STAGE, LONG, "Another text.", LONG.replace("night", "nigh"), LONG, "Another texts")
    assert found == [
        None,
        None,
        Drop("x", "alike_text", f"{ratio(LONG, LONG.replace('night', 'nigh')):.3f} to 0", 0.95),
        Drop("x", "alike_text", "1.000 to 0", 0.95),
        None,
    ]


def test_it_is_compared_with_what_is_kept_only() -> None:
    steps = ["a" * 40, "a" * 42, "a" * 44]  # 0.976 each, 0.952 from the first to the last
    assert [d is None for d in run(AlikeTexts(0.96, id="x"), *steps)] == [True, False, True]


def test_spared_blocks_neither_go_nor_count() -> None:
    assert run(AlikeTexts(0.95, ("td",), id="x"), Text(0, LONG, "td"), Text(1, LONG, "td"), LONG) == [None] * 3


@given(st.lists(st.text("ab", max_size=12), max_size=8), st.sampled_from([0.5, 0.8, 0.95, 1.0]))
def test_against_the_plain_way(texts: list[str], least: float) -> None:
    kept: list[str] = []
    expected = []
    for text in texts:
        expected.append(all(ratio(text, other) < least - 1e-9 for other in kept))
        if expected[-1]:
            kept.append(text)
    assert [d is None for d in run(AlikeTexts(least, id="x"), *texts)] == expected


def test_many_texts_of_one_length_are_compared_with_the_nearest_only() -> None:
    rng = random.Random(1)
    texts = ["".join(rng.choices("abcdefgh", k=40)) for _ in range(2000)]
    found = run(AlikeTexts(0.95, most=50, id="x"), *texts, texts[1990], texts[5])
    assert found[:2000] == [None] * 2000
    assert found[2000:] == [Drop("x", "alike_text", "1.000 to 1990", 0.95), None]


def test_options() -> None:
    assert not AlikeTexts(id="x").active(Context())
    for stage in (AlikeTexts(0.0, id="x"), AlikeTexts(1.1, id="x"), AlikeTexts(0.9, most=0, id="x")):
        with pytest.raises(OptionError, match=r"option x\."):
            stage.check()

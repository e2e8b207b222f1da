"""Shingle sets against sets of strings made the plain way."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelics_like import words
from obelics_like.dedup import shingles
from obelics_like.dedup.shingles import shingle_sets
from tests.dedup.harness import page

TEXT = st.text(alphabet="ab C\n猫で", max_size=40)


def hashes(text: str, kind: str = "auto", ngram: tuple[int, ...] = (5,)) -> set[int]:
    return set(shingle_sets([page("a", text)], kind, ngram).flat.tolist())


def strings(tokens: list[str], ngram: tuple[int, ...]) -> set[tuple[str, ...]]:
    return {tuple(tokens[i : i + n]) for n in ngram for i in range(max(1, len(tokens) - n + 1)) if tokens}


TOKENS = {
    "auto": lambda text: re.findall("[猫で]|[a-z]+", text.lower()),
    "word": lambda text: text.lower().split(),
    "character": lambda text: list(" ".join(text.lower().split())),
}


@pytest.mark.parametrize("kind", TOKENS)
@given(a=TEXT, b=TEXT, ngram=st.sampled_from([(1,), (3,), (5,), (2, 4)]))
def test_same_sets_as_with_strings(kind: str, a: str, b: str, ngram: tuple[int, ...]) -> None:
    """A hash collision would be one in a hundred million here; so sizes and overlaps are the same."""
    ours = [hashes(text, kind, ngram) for text in (a, b)]
    plain = [strings(TOKENS[kind](text), ngram) for text in (a, b)]
    if len(ngram) == 1:  # a text shorter than both sizes is one shingle for each
        assert [len(s) for s in ours] == [len(s) for s in plain]
        assert len(ours[0] & ours[1]) == len(plain[0] & plain[1])
    assert [bool(s) for s in ours] == [bool(s) for s in plain]


@pytest.mark.parametrize("kind", TOKENS)
@given(texts=st.lists(TEXT, max_size=6), cut=st.integers(0, 6))
def test_neither_batch_nor_neighbours_matter(kind: str, texts: list[str], cut: int) -> None:
    pages = [page(str(i), text) for i, text in enumerate(texts)]
    whole = shingle_sets(pages, kind, (5,))
    assert whole.flat.dtype == np.uint32
    rows = [whole.row(i).tolist() for i in range(len(pages))]
    assert rows == [sorted(hashes(text, kind)) for text in texts]
    for part, expected in ((pages[:cut], rows[:cut]), (pages[cut:], rows[cut:])):
        sets = shingle_sets(part, kind, (5,))
        assert [sets.row(i).tolist() for i in range(len(part))] == expected


PINNED = {"auto": [920850815, 3338978817], "word": [3432304234], "character": [2988488242, 3785733282]}


def test_hashes_are_the_same_on_every_machine() -> None:
    assert sorted(hashes("One two three four five six")) == PINNED["auto"]
    assert sorted(hashes("One two three four five six", "word", (6,))) == PINNED["word"]
    assert sorted(hashes("猫です。", "character", (3,))) == PINNED["character"]


def test_shingles_run_over_the_nodes_of_a_page() -> None:
    whole = shingle_sets([page("a", "one two three four five six")], "auto", (5,))
    parts = shingle_sets([page("a", "One two", "three", "four five six")], "auto", (5,))
    assert whole.flat.tolist() == parts.flat.tolist()


def test_a_short_page_is_one_shingle_and_an_empty_one_none() -> None:
    sets = shingle_sets(
        [page("a", "one two"), page("b"), page("c", "one two!"), page("d", "one"), page("e", "...")], "auto", (5,)
    )
    assert sets.lengths.tolist() == [1, 0, 1, 1, 0]
    assert sets.row(0).tolist() == sets.row(2).tolist() != sets.row(3).tolist()


def test_lone_surrogates_are_text_like_any_other() -> None:
    for kind in TOKENS:
        assert hashes("a \ud800 b", kind)


def test_copies_that_write_words_together_or_apart_have_the_same_shingles() -> None:
    texts = ["Don't stop: a well-made U.S. cat", "don’t stop a well made U S cat", "Don t stop — a well-made u.s cat"]
    assert len({frozenset(hashes(text)) for text in texts}) == 1
    assert hashes(texts[0], "word") != hashes(texts[1], "word")


@given(st.lists(st.text(alphabet="aÉя猫'’-. \n٣", max_size=30), min_size=1, max_size=4))
def test_hashes_by_c_are_those_of_the_words(texts: list[str]) -> None:
    lowered = words.cut(" ".join([*words.split_all(texts)[0], ""]).lower())
    assert shingles._page_words(texts).tolist() == shingles._words(lowered).tolist()


def test_a_page_with_a_letter_that_has_no_lower_case_of_its_own_is_hashed_by_its_words() -> None:
    assert shingles._page_words(["Ο ΔΡΟΜΟΣ-ΕΔΩ"]).tolist() == shingles._words("ο δρομος εδω ").tolist()

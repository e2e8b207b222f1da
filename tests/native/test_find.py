"""The search for a word in a page finds what Python's own finds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from obelics_like.native.find import find, find_either

LETTERS = st.lists(st.sampled_from([b"a", b"b", b"\0", b"ab" * 20]), max_size=60).map(b"".join)


@given(LETTERS, LETTERS.filter(bool), st.integers(0, 200))
def test_a_word_is_found_where_it_first_stands(html: bytes, word: bytes, start: int) -> None:
    assert find(html, word, start) == html.find(word, start)


def test_a_word_is_found_wherever_it_stands_in_a_page() -> None:
    for at in range(300):
        html = b"licence " * 40
        html = html[:at] + b"license" + html[at:]
        assert (find(html, b"license"), find(html, b"license", at + 1)) == (at, -1)


@given(LETTERS, LETTERS.filter(bool), LETTERS.filter(bool))
def test_the_first_of_two_words_is_found(html: bytes, one: bytes, other: bytes) -> None:
    assert find_either(html, one, other) == min(
        (at for at in (html.find(one), html.find(other)) if at >= 0), default=-1
    )


def test_either_word_is_found_wherever_it_stands_in_a_page() -> None:
    for at in range(300):
        for word in (b"license", b"creativecommons.org"):
            html = b"licence " * 40
            html = html[:at] + word + html[at:]
            assert find_either(html, b"license", b"creativecommons.org") == at
            assert find_either(html, b"creativecommons.org", b"license") == at

"""Words: the pass in C splits a page as the regular expression splits each of its texts, whatever the characters."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from obelics_like import words
from obelics_like.document import Edit, Text

# letters, marks, joiners and characters without spaces between them, so that they meet
near = st.text(alphabet="aÉя猫でนั្។ि\u0301\u200d'’-._ \n\t3٣\U00020000", max_size=40)
texts = st.lists(st.one_of(near, st.text(st.characters(), max_size=40)), max_size=6)


def test_every_character_between_letters() -> None:
    page = [f"a{chr(code)}b {chr(code)}-{chr(code)}" for code in range(0x110000) if code % 7 == 0 or code < 0x3100]
    found, counts = words.split_all(page)
    expected = [words.split(text) for text in page]
    assert counts == [len(some) for some in expected]
    assert found == [word for some in expected for word in some]


@settings(max_examples=300)
@given(texts)
def test_a_page_is_split_as_its_texts(page: list[str]) -> None:
    found, counts = words.split_all(page)
    expected = [words.split(text) for text in page]
    assert counts == words.count(page) == [len(some) for some in expected]
    assert found == [word for some in expected for word in some]


def test_nodes_remember_their_words() -> None:
    nodes = [
        Text(0, "Two cats"),
        Text(1, "see https://a.example now", edits=[Edit(4, 22, "", "clean", "url")]),
        Text(2, ""),
    ]
    nodes[0].words = ["Three", "dogs"]  # it was split before, whatever of
    assert words.of_all(nodes) == ["Three", "dogs", "see", "now"]
    assert [node.words for node in nodes] == [["Three", "dogs"], ["see", "now"], []]
    assert words.of_all(iter(nodes)) == ["Three", "dogs", "see", "now"]
    assert words.of_all([]) == []


@settings(max_examples=300)
@given(st.lists(st.one_of(near, st.text(alphabet="AΑσ.ıßẞȺⱥK'’-\u0e31 \n", max_size=20), st.text()), max_size=6))
def test_hashes_are_those_of_the_words_lowered_and_cut(page: list[str]) -> None:
    lowered = " ".join(words.split_all(page)[0]).lower()
    expected = [words.hashes([piece]) for piece in words.cut(lowered).split()]
    found = words.hashes(page)
    assert found is None or [[one] for one in found.tolist()] == [one.tolist() for one in expected if one is not None]
    assert found is not None or any(c in "Σİ" for c in "".join(page))


def test_hashes_of_every_character() -> None:
    for code in range(0x110000):
        letter = chr(code)
        found = words.hashes([f"a{letter}b"])
        if found is None:
            assert letter.lower() != letter
        else:
            pieces = words.cut(" ".join(words.split(f"a{letter}b")).lower()).split()
            assert len(found) == len(pieces)
            assert code % 50 or [found.tolist()] == [[n for piece in pieces for n in _hash(piece)]]


def _hash(piece: str) -> list[int]:
    found = words.hashes([piece])
    assert found is not None
    return list(found.tolist())

"""One letter that stands for a whole range is like all of it."""

import pytest

from obelics_like import words
from obelics_like.native.characters import ALIKE
from obelics_like.text import measures
from obelics_like.text.kinds import Kinds


@pytest.mark.parametrize("alike", ALIKE, ids=lambda alike: chr(alike.start))
def test_letters_that_are_alike(alike: range) -> None:
    letters = list(map(chr, alike))
    assert {measures.characters(letter) for letter in letters} == {measures.characters(letters[0])}
    assert len({len(words.split(f"a{letter}b")) for letter in letters}) == 1
    assert all(letter.lower() == letter for letter in letters)


def test_one_letter_is_asked_about_for_all() -> None:
    kinds = Kinds()
    asked: list[str] = []
    number = kinds._classes._number

    def counted(character: str) -> int:
        asked.append(character)
        return number(character)

    kinds._classes._number = counted
    texts = ["一", "丁七三 가", "나다é"]
    rows = [kinds.columns([text]).rows[0] for text in texts]
    assert rows == [list(measures.characters(text)) for text in texts]
    assert sorted(asked) == sorted("一 가é")

"""One letter that stands for a whole range is like all of it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from obelics_like import words
from obelics_like.native.characters import ALIKE, folded
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
    rows = [kinds.columns([text]).rows[0].tolist() for text in texts]
    assert rows == [list(measures.characters(text)) for text in texts]
    assert sorted(asked) == sorted("一 가é")


def test_more_new_letters_than_are_learnt_at_once() -> None:
    text = "".join(map(chr, range(0xA0, 0x3400))) + "".join(map(chr, range(0x1F000, 0x1FAFF)))
    assert Kinds().columns([text, text]).rows.tolist() == [list(measures.characters(text))] * 2


@given(
    st.text(
        alphabet="aBß\u1e9e\u0130ÉΣς\u01c5\u023a\u13a0\uab70\U00010400猫가\U0001f642\ud800\0"
        " \t\n\x1c\x1f\x7f\x85\u00a0\u1680\u180e\u200b\u2003\u2028\u3000"
    )
)
@example("")
def test_folded_text(text: str) -> None:
    assert folded(text) == " ".join(text.casefold().split()).encode("utf-8", "surrogatepass")


def test_letters_fold_as_python_folds_them() -> None:
    single = [letter for letter in map(chr, range(0x1F000)) if len(letter.casefold()) == 1]
    text = "x".join(single)
    assert folded(text) == " ".join(text.casefold().split()).encode("utf-8", "surrogatepass")

"""The lists load in every language, and entries are found as the script asks for."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelics_like import words
from obelics_like.errors import InputError
from obelics_like.text import wordlists
from obelics_like.text.wordlists import WordList


def covered(entries: list[str], text: str, singles: bool = False) -> int:
    lowered = [word.lower() for word in words.split(text)]
    return WordList(entries, singles).covered(lowered, text.lower())


@pytest.mark.parametrize(("kind", "number"), [("flagged", 28), ("stop", 58), ("spam", 1)])
def test_every_language_has_entries(kind: str, number: int) -> None:
    codes = wordlists.languages(kind)
    assert len(codes) == number
    for code in codes:
        found = wordlists.by_language(kind, code)
        assert found is not None
        assert len(found) > 0


def test_attribution_stands_beside_the_lists() -> None:
    note = (Path(wordlists.__file__).parent / "lists" / "README.md").read_text("utf-8")
    assert "CC BY 4.0" in note
    assert "MIT" in note


@pytest.mark.parametrize(
    ("code", "same"),
    [("pt-BR", "pt"), ("zh-Hant", "zh"), ("nb", "no"), ("nn-NO", "no"), ("EN_us", "en"), ("fil", "tl")],
)
def test_codes_are_led_to_their_list(code: str, same: str) -> None:
    one, other = wordlists.by_language("stop", code), wordlists.by_language("stop", same)
    assert one is not None
    assert other is not None
    assert one.tokens == other.tokens


def test_no_list_is_none() -> None:
    assert wordlists.by_language("flagged", "cy") is None
    assert wordlists.by_language("spam", "de") is None


@pytest.mark.parametrize(
    ("entries", "text", "number"),
    [
        (["sex"], "Essex and Sussex", 0),
        (["sex"], "Sex, sex", 2),
        (["hot dog", "dog"], "a hot dog and a dog", 3),
        (["hot dog", "hot dog stand"], "a hot dog stand", 3),
        (["hot"], "hot", 1),
        (["垃圾"], "这是垃圾邮件", 2),
        (["垃"], "这是垃圾邮件", 0),
        (["กู้"], "เงินกู้", 0),  # one letter only: the rest are marks
        (["มึง"], "มึงไป", 2),
        (["ตาม"], "ตามี", 0),  # the letter takes a vowel sign here and is another syllable
        (["13.", "%"], "13. 13 %", 0),
        ([], "anything", 0),
    ],
)
def test_how_much_is_covered(entries: list[str], text: str, number: int) -> None:
    assert covered(entries, text) == number


def test_stop_words_of_a_single_character_count_and_flagged_ones_do_not() -> None:
    assert covered(["的"], "我的书", singles=True) == 1
    stop, flagged = wordlists.by_language("stop", "zh"), wordlists.by_language("flagged", "zh")
    assert stop is not None
    assert flagged is not None
    assert stop.covered(["我", "的", "书"], "我的书") == 2
    assert flagged.covered(["牛", "乳"], "牛乳") == 0


def test_distinct_entries() -> None:
    found = WordList(["spam", "hot dog", "垃圾"]).found(
        ["spam", "spam", "hot", "dog", "垃", "圾"], "spam spam hot dog 垃圾"
    )
    assert found == {"spam", "hot dog", "垃圾"}


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.txt"
    path.write_text("\n13\n", encoding="utf-8")
    with pytest.raises(InputError, match="got no word"):
        wordlists.from_file(str(path))


@given(
    st.text(alphabet="abc'’-. ΣσİiéÉ\n猫", max_size=30),
    st.lists(st.text(alphabet="abcéσ猫'- ", max_size=6), max_size=6),
)
def test_no_more_occur_than_hashes_tell(text: str, entries: list[str]) -> None:
    of = WordList(entries)
    lowered = [word.lower() for word in words.split(text)]
    most = of.most(words.hashes([text]), text.lower())
    assert most is None or most[0] >= len(of.found(lowered, text.lower()))
    assert most is None or most[1] >= of.covered(lowered, text.lower())


def test_most_texts_need_not_be_split_for_that() -> None:
    of = WordList(["spam", "hot doggy", "hot", "垃圾邮件"])
    for text, distinct, covered in (
        ("Cats, dogs.", 0, 0),
        ("SPAM! Spam", 1, 2),
        ("A hot one", 1, 1),
        ("No doggy", 0, 0),
        ("spam-free hot", 2, 2),
        ("Doggy, hot!", 1, 1),
        ("Hot doggy, hot!", 2, 4),
        ("垃圾邮件", 1, 4),
    ):
        assert of.most(words.hashes([text]), text.lower()) == (distinct, covered), text
    assert of.most(words.hashes(["ΟΔΟΣ"]), "") is None  # not known

"""The fast measures against slow ones that are plain to read."""

from __future__ import annotations

import math
import string
import time
import unicodedata
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obelics_like.text import measures
from obelics_like.text.kinds import Kinds

TEXTS = [
    "",
    " \n",
    "The cat, 3 mice!",
    "Über Ähren",
    "Ελλάδα 2024",
    "हिन्दी में",
    "ที่นี่",
    "你好，世界",
    "السلام ١٢",
    "👨‍👩‍👧 a",
]
# few different characters, so that repetition happens; and all of Unicode
narrow = st.text(alphabet="ab ßЯक्้好🖕1.", max_size=60)
any_text = st.one_of(st.text(max_size=40), narrow, st.sampled_from(TEXTS))


def slow_characters(text: str) -> measures.Characters:
    kind = [unicodedata.category(c) for c in text]
    letter = [k.startswith("L") for k in kind]
    return measures.Characters(
        total=len(text),
        bytes=len(text.encode("utf-8", "surrogatepass")),
        spaces=sum(c.isspace() for c in text),
        letters=sum(letter),
        marks=sum(k.startswith("M") for k in kind),
        digits=sum(k == "Nd" for k in kind),
        capitals=sum(k in ("Lu", "Lt") for k in kind),
        latin=sum("LATIN " in unicodedata.name(c, "") for c, is_letter in zip(text, letter) if is_letter),
        special=sum(c.isspace() or k[0] in "PSZN" or c in "\u200d\ufe0f" for c, k in zip(text, kind)),
    )


def slow_character_repetition(text: str, n: int) -> float:
    counts = Counter(text[i : i + n] for i in range(len(text) - n + 1))
    total = sum(counts.values())
    if not total:
        return 0.0
    singletons = sum(count == 1 for count in counts.values())
    k = min(math.floor(math.sqrt(len(counts))), len(counts) - singletons)
    return sum(sorted(counts.values(), reverse=True)[:k]) / total


def slow_word_repetition(words: list[str], n: int) -> float:
    grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
    return sum(grams.count(gram) > 1 for gram in grams) / len(grams) if grams else 0.0


@given(any_text)
def test_characters(text: str) -> None:
    assert measures.characters(text) == slow_characters(text)


@settings(max_examples=60)
@given(st.lists(any_text, min_size=1, max_size=6))
def test_a_page_of_texts_is_counted_as_its_texts(texts: list[str]) -> None:
    columns = Kinds().columns(texts, most_common=True)
    counted = [measures.characters(text) for text in texts]
    assert [measures.Characters._make(row) for row in columns.rows] == counted
    assert columns["most_common_share"].tolist() == [measures.most_common_share(text) for text in texts]
    for name in ("visible", "digit_share", "non_alphabetic_share", "capital_share", "latin_share", "special_share"):
        assert columns[name].tolist() == [getattr(count, name) for count in counted], name


@given(st.one_of(any_text, narrow.map(lambda text: text * 40)))
def test_most_common_share(text: str) -> None:
    visible = [c for c in text if not c.isspace()]
    expected = max(Counter(visible).values()) / len(visible) if visible else 0.0
    assert measures.most_common_share(text) == expected


@given(narrow, st.integers(1, 12))
def test_character_repetition(text: str, n: int) -> None:
    assert measures.character_repetition(text, n) == pytest.approx(slow_character_repetition(text, n))


@given(st.lists(st.sampled_from("abc"), max_size=30), st.integers(1, 6))
def test_word_repetition(words: list[str], n: int) -> None:
    assert measures.word_repetition(words, n) == pytest.approx(slow_word_repetition(words, n))


def test_characters_by_hand() -> None:
    count = measures.characters("Ωmega-3 fats: 20 %")
    assert (count.total, count.bytes, count.spaces, count.letters, count.latin) == (18, 19, 3, 9, 8)
    assert (count.digits, count.capitals, count.special) == (3, 1, 9)
    assert count.digit_share == 3 / 15
    assert count.non_alphabetic_share == 6 / 15
    assert count.special_share == 0.5


def test_ascii_kinds_are_those_of_the_string_module() -> None:
    count = measures.characters(string.printable)
    assert (count.letters, count.digits, count.spaces) == (52, 10, 6)
    assert count.special == 10 + 6 + len(string.punctuation)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("2024-05-03", 1),
        ("03/05/24 and 3.5.2024", 2),
        ("2024年5月3日", 1),
        ("2024년 5월 3일", 1),
        ("٠٣/٠٥/٢٠٢٤", 1),
        ("10.2.33.4", 0),
        ("1/2 3/4", 0),
        ("12345678", 0),
    ],
)
def test_dates(text: str, count: int) -> None:
    assert measures.dates(text) == count
    assert not count or measures.characters(text).digits >= measures.DATE_DIGITS


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("It rained. Did it stop?! Yes.", 3),
        ('He said "no." Then he left.', 2),
        ("3.5 hours", 0),
        ("我来了。你呢？", 2),
        ("यह है। वह है।", 2),
        ("كيف؟", 1),
        ("no end", 0),
    ],
)
def test_sentences(text: str, count: int) -> None:
    assert measures.sentences(text) == count


@pytest.mark.parametrize(
    ("text", "ends"), [("Yes.", True), ("(Yes.)", True), ("「はい。」", True), ("No:", False), ("", False)]
)
def test_ends_sentence(text: str, ends: bool) -> None:
    assert measures.ends_sentence(text) is ends


def test_punctuation_of_other_scripts_counts() -> None:
    assert measures.punctuation_marks("你好，世界。") == 2
    assert measures.punctuation_marks("مرحبا، كيف؟") == 2
    assert measures.punctuation_share("यह है।", 2) == pytest.approx(1 / 3)


def test_a_row_of_full_stops_is_looked_at_once() -> None:
    started = time.process_time()
    assert measures.sentences("." * 1_000_000 + "x") == 0
    assert measures.sentences("It rained" + "." * 1_000_000 + " So.") == 2
    assert time.process_time() - started < 1  # three hours where each began another

"""Sentence spans: they hold every letter, stand apart and in order, in any script and from any splitter."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentencex import segment

from obelics_like.align import sentences
from obelics_like.align.sentences import Sentences, spans
from obelics_like.document import Document, Drop, Edit, Image, Language, Origin, Text
from obelics_like.errors import OptionError
from obelics_like.stage import Context

# a few sentences in each of 21 scripts; the second number is how many sentences there are
SCRIPTS = {
    "en": ("Dr. Smith paid $3.50 on Jan. 5. Was it much? No!", 3),
    "ru": ("Это первое предложение. А это второе? Да!", 3),
    "el": ("Αυτή είναι η πρώτη πρόταση. Αυτή είναι η δεύτερη.", 2),
    "ar": ("هذه هي الجملة الأولى. هل هذه الثانية؟ نعم.", 3),
    "he": ("זה המשפט הראשון. וזה המשפט השני.", 2),
    "hi": ("यह पहला वाक्य है। यह दूसरा वाक्य है।", 2),
    "bn": ("এটি প্রথম বাক্য। এটি দ্বিতীয় বাক্য।", 2),
    "pa": ("ਇਹ ਪਹਿਲਾ ਵਾਕ ਹੈ। ਇਹ ਦੂਜਾ ਵਾਕ ਹੈ।", 2),
    "ta": ("இது முதல் வாக்கியம். இது இரண்டாவது வாக்கியம்.", 2),
    "te": ("ఇది మొదటి వాక్యం. ఇది రెండవ వాక్యం.", 2),
    "ml": ("ഇത് ആദ്യത്തെ വാക്യമാണ്. ഇത് രണ്ടാമത്തേതാണ്.", 2),
    "ka": ("ეს პირველი წინადადებაა. ეს მეორეა.", 2),
    "hy": ("Սա առաջին նախադասությունն է։ Սա երկրորդն է։", 2),
    "ja": ("これは最初の文です。これは二番目の文ですか？はい。", 3),
    "zh": ("这是第一句。这是第二句吗？是的！", 3),
    "ko": ("이것은 첫 번째 문장입니다. 이것은 두 번째입니다.", 2),
    "am": ("ይህ የመጀመሪያው ዓረፍተ ነገር ነው። ይህ ሁለተኛው ነው።", 2),
    "my": ("ဒါက ပထမ ဝါကျ ဖြစ်တယ်။ ဒါက ဒုတိယ ဖြစ်တယ်။", 2),
    "km": ("នេះជាប្រយោគទីមួយ។ នេះជាប្រយោគទីពីរ។", 2),
    "bo": ("བོད་ཡིག་ཡིན། དེ་ནི་གཉིས་པ་ཡིན།", 2),
    "th": ("นี่คือประโยคแรก นี่คือประโยคที่สอง", 1),  # Thai marks no ends: sentencex leaves it whole
}


def hold(text: str, found: list[tuple[int, int]]) -> None:
    """The promises of `spans`."""
    covered = [False] * len(text)
    last = 0
    for start, end in found:
        assert last <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        assert any(map(str.isalnum, text[start:end]))
        covered[start:end] = [True] * (end - start)
        last = end
    assert all(inside for inside, sign in zip(covered, text, strict=True) if sign.isalnum())


@pytest.mark.parametrize("language", SCRIPTS)
def test_sentences_of_one_and_twenty_scripts(language: str) -> None:
    text, count = SCRIPTS[language]
    found = spans(f"  {text}\n", language, segment, None, 1)
    hold(f"  {text}\n", found)
    assert len(found) == count


WEB = st.text(
    st.one_of(
        st.sampled_from(list(" \n\t.!?。।።។…\"'“”)(-\u00a0\u200b\u0301\ufeff")),
        st.sampled_from([sign for text, _ in SCRIPTS.values() for sign in text]),
        st.characters(),
    ),
    max_size=200,
)


@settings(deadline=None)
@given(WEB, st.sampled_from([*SCRIPTS, "und", "xx", ""]), st.none() | st.integers(1, 40), st.integers(1, 20))
def test_promises_hold_on_anything(text: str, language: str, most: int | None, least: int) -> None:
    hold(text, spans(text, language, segment, most, least))


@settings(deadline=None)
@given(st.text(max_size=40), st.lists(st.text(max_size=9), max_size=6))
def test_promises_hold_whatever_the_splitter_says(text: str, pieces: list[str]) -> None:
    hold(text, spans(text, "en", lambda language, whole: [*pieces, whole[3:9], whole[5:7]], None, 1))


def test_lone_surrogates_are_no_obstacle() -> None:
    hold("One \ud800. Two.", spans("One \ud800. Two.", "en", segment, None, 1))


def test_short_pieces_join_the_one_before_or_after() -> None:
    text, pieces = "1. The cat sat down. Yes. It slept.", ["1. ", "The cat sat down. ", "Yes. ", "It slept."]
    found = [text[a:b] for a, b in spans(text, "en", lambda language, whole: pieces, None, 6)]
    assert found == ["1. The cat sat down. Yes.", "It slept."]


def test_marks_alone_are_no_sentence() -> None:
    assert spans("* * *", "en", segment, None, 1) == []
    assert spans("", "en", segment, None, 1) == []
    assert spans(" \n ", "en", segment, None, 1) == []


@settings(deadline=None)
@given(st.lists(st.text("abc", min_size=1, max_size=8), min_size=1, max_size=60), st.integers(8, 40))
def test_a_runaway_is_split_at_whitespace(words: list[str], most: int) -> None:
    text = " ".join(words)
    found = [text[a:b] for a, b in spans(text, "en", lambda language, whole: [whole], most, 1)]
    assert " ".join(found) == text
    assert all(len(part) <= most for part in found)
    assert all(len(f"{a} {b.split()[0]}") > most for a, b in pairwise(found))


def test_a_runaway_without_whitespace_stays_whole() -> None:
    assert spans("水" * 500, "zh", segment, 100, 1) == [(0, 500)]


def document() -> Document:
    nodes: list[Text | Image] = [
        Text(0, "A heading", "h1"),
        Text(1, "Call 555 now. Or write!", edits=[Edit(5, 8, "<PHONE>", "pii", "phone")]),
        Image(2, "http://a/1.jpg"),
        Text(3, "Dropped. Gone.", drop=Drop("text", "too_few_words", 2, 4)),
        Text(4, "第一。第二。", "li", language=Language("zh", 0.9, "m")),
    ]
    return Document("d", "http://a/", Origin("a.warc", 0), nodes, language=Language("en", 0.9, "m"))


def test_stage_counts_in_the_effective_text_and_skips_what_is_dropped() -> None:
    stage = Sentences(id="align.sentences")
    (marked,) = stage.process([document()], stage.open(Context()))
    assert marked.sentence_texts() == ["A heading", "Call <PHONE> now.", "Or write!", "第一。", "第二。"]
    assert marked.sentences[1] == (1, 0, 17)


def test_stage_asks_in_the_texts_own_language() -> None:
    asked: list[str] = []

    def listen(language: str, text: str) -> list[str]:
        asked.append(language)
        return [text]

    plain = document()
    Sentences().process([plain], listen)
    plain.language = None
    Sentences().process([plain], listen)
    assert asked == ["en", "en", "zh", "en", "en", "zh"]


def test_stage_twice_is_once() -> None:
    stage = Sentences(max_characters=10)
    once = stage.process([document()], segment)[0].sentences
    assert stage.process(stage.process([document()], segment), segment)[0].sentences == once


@pytest.mark.parametrize(("most", "least"), [(0, 1), (None, 0), (5, 6)])
def test_options_that_contradict(most: int | None, least: int) -> None:
    with pytest.raises(OptionError):
        Sentences(max_characters=most, min_characters=least).check()


def test_what_is_taken_for_a_letter_is_what_python_takes_for_one() -> None:
    for code in range(0x110000):
        sign = chr(code)
        assert bool(spans(sign, "en", lambda language, text: [text], None, 1)) == sign.isalnum(), hex(code)


NOVEL = "这是第一句话，而且它一点也不长。"


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_long_text_is_split_in_parts_as_in_one(script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = " ".join([SCRIPTS[script][0]] * 40)
    whole = spans(text, script, segment, None, 1)
    monkeypatch.setattr(sentences, "WORK", 0)
    monkeypatch.setattr(sentences, "PART", len(text) // 2)
    parts = spans(text, script, segment, None, 1)
    assert [text[start:end] for start, end in parts] == [text[start:end] for start, end in whole]


@pytest.mark.parametrize("odd", [lambda _, text: [], lambda _, text: ["", text], lambda _, text: [text, ""]])
def test_a_splitter_that_gives_empty_pieces_does_not_hang_in_a_long_text(
    odd: Callable[[str, str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentences, "WORK", 0)
    monkeypatch.setattr(sentences, "PART", 4)
    text = "One. Two! Three?"
    assert "".join(text[start:end] for start, end in spans(text, "en", odd, None, 1)) == text


@pytest.mark.parametrize(
    ("text", "count"), [(NOVEL * 20_000, 20_000), ("x." + "'" * 400_000 + "y", 1), (".'" * 100_000 + "a", 1)]
)
def test_a_text_of_many_marks_costs_no_more_than_two_seconds(text: str, count: int) -> None:
    started = time.process_time()
    found = spans(text, "zh", segment, None, 1)
    assert time.process_time() - started < 2  # 6 and 7 seconds where it was split whole, and minutes
    assert len(found) == count
    assert "".join(text[start:end] for start, end in found) == text

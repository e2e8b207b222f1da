"""Each rule over what is left of a page, just inside and just outside its limit."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from obelics_like.document import Drop, Image
from obelics_like.errors import OptionError
from obelics_like.text.limits import containing, possible
from obelics_like.text.page_rules import PageRules
from tests.text.helpers import page, run


def drop_of(texts: list[str], language: str = "en", **options: object) -> tuple[object, ...] | None:
    document = page(*texts, language=language)
    run(PageRules(id="text.page_rules", **options), document)
    return (document.drop.rule, document.drop.value, document.drop.limit) if document.drop else None


@pytest.mark.parametrize(
    ("texts", "options", "expected"),
    [
        (["a", "b"], {"min_texts": 2}, None),
        (["a"], {"min_texts": 2}, ("too_few_texts", 1, 2)),
        (["ab", "cd"], {"min_characters": 6}, None),  # 4 and the blank line between them
        (["ab", "c"], {"min_characters": 6}, ("too_few_characters", 5, 6)),
        (["ab"], {"min_texts": 2, "min_characters": 2, "too_short_if": "both"}, None),
        (["a", "b"], {"min_texts": 2, "min_characters": 9, "too_short_if": "both"}, None),
        (["ab"], {"min_texts": 2, "min_characters": 3, "too_short_if": "both"}, ("too_few_characters", 2, 3)),
        (["ab"], {"min_texts": 2, "min_characters": 2}, ("too_few_texts", 1, 2)),
        (["Ελλά"], {"min_bytes": 8}, None),
        (["Ελλ"], {"min_bytes": 8}, ("too_few_bytes", 6, 8)),
        (["one two", "three"], {"min_words": 3, "max_words": 3}, None),
        (["one two"], {"min_words": 3}, ("too_few_words", 2, 3)),
        (["one two", "three four"], {"max_words": 3}, ("too_many_words", 4, 3)),
        (["One. Two.", "Three."], {"min_sentences": 3}, None),
        (["One. Two", "Three."], {"min_sentences": 3}, ("too_few_sentences", 2, 3)),
        (["Lorem", "ipsum"], {"banned_phrases": ("lorem ipsum",)}, None),
        (["Lorem Ipsum dolor"], {"banned_phrases": ("lorem ipsum",)}, ("banned_phrase", "lorem ipsum", None)),
        (["a", "{b"], {"no_curly_braces": True}, ("curly_brace", 1, 0)),
        (["a", "(b"], {"no_curly_braces": True}, None),
        (["porn, porn"], {"max_distinct_flagged_words": 1}, None),
        (["porn", "xxx"], {"max_distinct_flagged_words": 1}, ("flagged_words", 2, 1)),
        (["one two three porn"], {"max_flagged_words": 0.25}, None),
        (["one two", "porn"], {"max_flagged_words": 0.25}, ("too_many_flagged_words", 0.3333, 0.25)),
        (["porn", "two porn"], {"max_flagged_words": 0.25, "flagged_from": 2}, None),
        (["porn", "two xxx"], {"max_flagged_words": 0.25, "flagged_from": 2}, ("too_many_flagged_words", 0.6667, 0.25)),
        (["the", "mouse"], {"min_stop_words": 0.5}, None),
        (["the", "mouse", "slept"], {"min_stop_words": 0.5}, ("too_few_stop_words", 0.3333, 0.5)),
        (["abcdef", "gh"], {"max_special_characters": 0.2}, None),
        (["abcde", "gh"], {"max_special_characters": 0.2}, ("too_many_special_characters", 0.2222, 0.2)),
        (["a b c d e", "a b c d e"], {"max_word_repetition": 0.33}, ("word_repetition", 0.3333, 0.33)),
        (["a b c d e", "a b c d e"], {"max_word_repetition": 0.34}, None),
        (["click", "and see four"], {"max_spam_words": 0.2}, ("too_many_spam_words", 0.25, 0.2)),
        (["one. two"], {"min_punctuation": 0.33}, None),
        (["one. two three"], {"min_punctuation": 0.33}, ("too_little_punctuation", 0.25, 0.33)),
        (["abcdefghijabcdefghij"], {"max_character_repetition": 0.1}, ("character_repetition", 0.1818, 0.1)),
    ],
)
def test_limits(texts: list[str], options: dict, expected: tuple | None) -> None:
    assert drop_of(texts, **options) == expected


def test_a_page_without_text_is_dropped_by_no_option() -> None:
    assert drop_of([]) == ("no_text", 0, 1)
    document = page("a")
    document.nodes[0].drop = Drop("text.node_rules", "empty")
    document.nodes.append(Image(1, "https://example.org/a.png"))
    run(PageRules(id="text.page_rules"), document)
    assert document.drop == Drop("text.page_rules", "no_text", 0, 1)


def test_dropped_texts_do_not_count() -> None:
    document = page("one two three", "four")
    document.nodes[0].drop = Drop("text.node_rules", "banned_text")
    run(PageRules(id="text.page_rules", min_words=2), document)
    assert document.drop == Drop("text.page_rules", "too_few_words", 1, 2)


def test_flagged_words_of_a_language_without_list_are_off_and_recorded() -> None:
    document = page("porn", language="cy")
    run(PageRules(id="text.page_rules", max_flagged_words=0.0, max_distinct_flagged_words=0), document)
    assert document.drop is None
    assert document.facts["lists_lacking"] == ["flagged"]


def test_thai_and_japanese_pages_are_searched_inside_their_text() -> None:
    assert drop_of(["พวกเขาตอแหลมาก"], "th", max_distinct_flagged_words=0) == ("flagged_words", 1, 0)
    assert drop_of(["พวกเขามาแล้ว"], "th", max_distinct_flagged_words=0) is None
    assert drop_of(["彼は巨乳が好き"], "ja", max_distinct_flagged_words=0) == ("flagged_words", 1, 0)


def test_wrong_options() -> None:
    with pytest.raises(OptionError, match=r"too_short_if: got 'any'; valid: \"either\", \"both\""):
        PageRules(id="p", too_short_if="any").check()
    with pytest.raises(OptionError, match="got 2; valid: a share"):
        PageRules(id="p", max_flagged_words=2).check()


@given(
    st.lists(st.text("kiI\u0130K\u212a\u0307éÉ\ud800", min_size=1, max_size=3), max_size=2),
    st.text("kiI\u0130K\u212a\u0307éÉ\ud800"),
)
@example(["ik"], "I\u212a")
@example(["i\u0307"], "\u0130")
@example(["k"], "KÉ")
def test_a_phrase_that_stands_in_lower_case_is_possible(phrases: list[str], text: str) -> None:
    assert possible(phrases)(text) or containing(phrases)(text.lower()) is None


def test_two_letters_alone_have_ascii_for_their_lower_case() -> None:
    others = [c for c in map(chr, range(0x80, 0x110000)) if any(map(str.isascii, c.lower()))]
    assert others == ["\u0130", "\u212a"]

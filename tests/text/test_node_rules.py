"""Each rule over texts, just inside and just outside its limit, and what rules do with one another."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from obelics_like.document import Drop, Edit, Image, Text
from obelics_like.errors import InputError, OptionError
from obelics_like.stage import Context
from obelics_like.text.node_rules import NodeRules
from tests.text.helpers import page, rules, run

CASES = tomllib.loads((Path(__file__).parent.parent / "cases" / "text" / "node_rules.toml").read_text("utf-8"))["case"]
# what a rule's option is switched on by: each rule must have a case that it drops
COVERED_ELSEWHERE = {"too_few_characters", "too_many_characters", "too_few_common_words", "repeated_text"}


def stage(**options: object) -> NodeRules:
    return NodeRules(id="text.node_rules", **{k: tuple(v) if isinstance(v, list) else v for k, v in options.items()})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["about"])
def test_case(case: dict) -> None:
    document = page((case.get("block", "p"), case["text"]), language=case.get("language"))
    run(stage(**case.get("options", {})), document)
    drop = document.nodes[0].drop
    assert (drop.rule if drop else "") == case["rule"]
    if drop and drop.rule != "empty":
        assert drop.value == case["value"]
        assert drop.stage == "text.node_rules"


def test_every_rule_has_a_case_that_it_drops() -> None:
    assert {case["rule"] for case in CASES} | COVERED_ELSEWHERE >= set(NodeRules.rules)


def test_all_options_off_keeps_every_text_that_says_something() -> None:
    document = page("x", "{a}", "1234", "aaaaaaaaaaaaaaaaaaaaaaaaaa", "lorem ipsum", language="en")
    run(stage(), document)
    assert rules(document) == [None] * 5
    assert document.facts == {}


def test_characters_are_counted_and_not_bytes() -> None:
    document = page("Ελλάδα", "Ελλάδας", "Ελλάδα μ")
    run(stage(min_characters=7, max_characters=7), document)
    assert rules(document) == ["too_few_characters", None, "too_many_characters"]


def test_repeats_keep_the_first_that_is_kept() -> None:
    document = page("Read on", ("h2", "Read on"), "READ ON", "Read on!")
    document.nodes[0].drop = Drop("extract", "boilerplate")
    run(stage(no_repeats=True), document)
    assert rules(document) == ["boilerplate", None, "repeated_text", None]


def test_common_words_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("one\ntwo\nthree\n", encoding="utf-8")
    document = page("one two three four", "one two six seven", language="xx")
    run(stage(min_common_words=0.75, common_words=str(path)), document)
    assert rules(document) == [None, "too_few_common_words"]
    assert document.nodes[1].drop.value == 0.5


def test_a_missing_file_of_words_is_told_in_four_parts() -> None:
    with pytest.raises(InputError, match=r"word list nowhere\.txt: got .*; valid: .*; correct the path"):
        stage(min_common_words=0.75, common_words="nowhere.txt").open(Context())


def test_lacking_lists_are_recorded() -> None:
    document = page("Cymru am byth", language="cy")
    run(stage(min_stop_words=0.3, max_flagged_words=0.01, max_spam_words=0.12), document)
    assert document.facts == {"lists_lacking": ["flagged", "spam", "stop"]}
    english = page("This is it", language="en")
    run(stage(min_stop_words=0.3, max_flagged_words=0.01), english)
    assert "lists_lacking" not in english.facts


def test_the_page_decides_the_list_and_not_the_text() -> None:
    document = page("der und die", language="de")
    document.nodes[0].language = page(language="en").language
    run(stage(min_stop_words=0.9), document)
    assert rules(document) == [None]


def test_edits_are_respected() -> None:
    document = page("see https://example.org/a/b/c")
    document.nodes[0].edits = [Edit(4, 29, "", "text.clean", "url")]
    run(stage(min_words=2), document)
    assert document.nodes[0].drop == Drop("text.node_rules", "too_few_words", 1, 2)


def test_images_and_dropped_texts_are_left_alone() -> None:
    document = page("a", "b")
    first = Drop("extract", "boilerplate")
    document.nodes[0].drop = first
    document.nodes.append(Image(2, "https://example.org/x.png"))
    run(stage(min_words=4), document)
    assert document.nodes[0].drop is first
    assert document.nodes[2].drop is None


def test_the_batch_changes_nothing() -> None:
    texts = [case["text"] for case in CASES]
    options = {"max_digits": 0.3, "max_capitals": 0.2, "max_common_character": 0.33, "min_bytes_other": 15}
    options |= {"max_comparison_signs": 2, "banned_phrases": ["copyright"], "no_curly_braces": True}
    together = page(*texts)
    apart = [page(text) for text in texts]
    run(stage(**options), together)
    run(stage(**options), *apart)
    assert rules(together) == [rule for document in apart for rule in rules(document)]


@pytest.mark.parametrize(("letters", "rule"), [(191, "banned_phrase"), (192, None)])
def test_a_text_that_is_longer_in_lower_case_holds_its_phrase(letters: int, rule: str | None) -> None:
    document = page("\u0130" * letters + "follow us")
    run(stage(banned_phrases=["follow us"], phrase_within=200), document)
    assert rules(document) == [rule]


def test_a_list_is_measured_as_one_text() -> None:
    items = [("li", "250 g flour"), ("li", "4 eggs"), ("li", "a pinch of salt and some pepper")]
    numbers = [("li", "1998"), ("li", "1999 ff.")]
    options = {"max_digits": 0.2, "min_bytes_latin": 7}
    apart = page(*items, "Mix it all.", *numbers)
    run(stage(**options), apart)
    assert rules(apart) == ["too_many_digits", "too_few_bytes", None, None, "too_many_digits", "too_many_digits"]
    together = page(*items, "Mix it all.", *numbers)
    run(stage(**options, one_text=["li"]), together)
    assert rules(together) == [None, None, None, None, "too_many_digits", "too_many_digits"]
    assert [node.drop.value for node in together.nodes[4:] if node.drop] == [round(8 / 11, 4)] * 2


def test_a_list_ends_where_another_block_stands_and_goes_on_round_a_picture() -> None:
    document = page(("li", "1234 ab"), ("li", "abcdefghi"), ("h2", "X"), ("li", "12 ab"))
    document.nodes.insert(1, Image(9, "https://example.org/x.png"))
    run(stage(max_digits=0.3, one_text=["li"]), document)
    assert rules(document) == [None, None, None, None, "too_many_digits"]


def test_a_dropped_text_between_two_lists_keeps_them_apart() -> None:
    document = page(("li", "abc d e f g"), ("li", "h i"), "123", ("li", "12 abcdef"), ("li", "3"))
    chosen = stage(max_digits=0.4, one_text=["li"])
    run(chosen, document)
    once = rules(document)
    assert once == [None, None, "too_many_digits", None, None]
    run(chosen, document)
    assert rules(document) == once


def test_rules_of_content_look_at_the_item_alone() -> None:
    document = page(("li", "Share"), ("li", "a longer item"), ("li", "Share"))
    run(stage(banned_texts=["share"], one_text=["li"], no_repeats=True), document)
    assert rules(document) == ["banned_text", None, "banned_text"]


def test_cells_may_repeat() -> None:
    document = page(("td", "yes"), ("td", "yes"), "yes", "yes")
    run(stage(no_repeats=True, spare_repeats=["td"]), document)
    assert rules(document) == [None, None, None, "repeated_text"]


def test_many_texts_of_one_page_are_told_apart() -> None:
    # beyond 2,048 texts the most frequent character is found by other means
    document = page(*["abc", "aab"] * 1500)
    run(stage(max_common_character=0.5), document)
    assert rules(document) == [None, "one_character"] * 1500


def test_a_page_without_texts_passes() -> None:
    document = page()
    run(stage(max_digits=0.3), document)
    assert document.drop is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_digits": 30}, r"text\.node_rules\.max_digits: got 30; valid: a share in 0\.\.1"),
        ({"min_words": 5, "max_words": 4}, r"min_words: got 5, above max_words = 4"),
        ({"max_dates": -1}, r"max_dates: got -1; valid: 0 or more"),
        ({"word_ngram": 0}, r"word_ngram: got 0; valid: 1 or more"),
        ({"min_common_words": 0.5}, r"min_common_words: got no common_words"),
    ],
)
def test_contradictions_are_refused(options: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        stage(**options).check()


def test_every_option_is_explained() -> None:
    for option in fields(NodeRules):
        assert option.name == "id" or option.name in (NodeRules.__doc__ or "")


def test_texts_stay_as_they_were_read() -> None:
    document = page("  MiXed { } ", "b")
    run(stage(no_curly_braces=True, no_repeats=True), document)
    assert [node.text for node in document.nodes if isinstance(node, Text)] == ["  MiXed { } ", "b"]

"""Cleaning leaves the text as it was read and shows in the effective one."""

from __future__ import annotations

import pytest

from obelics_like import words
from obelics_like.document import Edit
from obelics_like.errors import OptionError
from obelics_like.text.clean import Clean
from tests.text.helpers import page, run

SIGNS = tuple("\t\n#/$()[]!?%<>")


@pytest.mark.parametrize(
    ("text", "effective"),
    [
        ("see https://example.org/a?b=c#d for more", "see for more"),
        ("see https://example.org/a.", "see ."),
        ("https://example.org/a", ""),
        ("(www.example.org)", "()"),
        ("请看https://example.org/路径。谢谢", "请看。谢谢"),
        ("wait!!! what???", "wait! what?"),
        ("a\n\n\nb ### c", "a\nb # c"),
        ("and/or 1 // 2", "and/or 1 / 2"),
        ("aabb -- ..", "aabb -- .."),
        ("plain", "plain"),
    ],
)
def test_cleaning(text: str, effective: str) -> None:
    document = page(text)
    run(Clean(id="text.clean", no_urls=True, collapse=SIGNS), document)
    node = document.nodes[0]
    assert node.effective == effective
    assert node.text == text
    assert {edit.rule for edit in node.edits} <= set(Clean.rules)


def test_slashes_inside_an_address_are_left_where_addresses_stay() -> None:
    document = page("http://example.org!!")
    run(Clean(id="c", collapse=("!",)), document)
    assert document.nodes[0].effective == "http://example.org!"


def test_words_are_split_again() -> None:
    document = page("see https://example.org/a now")
    assert len(words.of(document.nodes[0])) > 2
    run(Clean(id="c", no_urls=True), document)
    assert words.of(document.nodes[0]) == ["see", "now"]


def test_an_earlier_edit_stays_whole() -> None:
    document = page("mail https://example.org/me!!! now!!")
    earlier = Edit(5, 27, "<LINK>", "pii", "mail")
    document.nodes[0].edits = [earlier]
    run(Clean(id="c", no_urls=True, collapse=("!",)), document)
    assert document.nodes[0].edits[0] is earlier
    assert document.nodes[0].effective == "mail <LINK>! now!"


def test_nothing_asked_for_is_nothing_done() -> None:
    document = page("wait!!! https://example.org")
    run(Clean(id="c"), document)
    assert document.nodes[0].edits == []


def test_only_single_signs_collapse() -> None:
    with pytest.raises(OptionError, match="got '--'; valid: single characters"):
        Clean(id="c", collapse=("--",)).check()

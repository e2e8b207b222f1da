"""Counts are of what is kept, and a page's are the sums of its texts'."""

from __future__ import annotations

from obelics_like.document import Drop, Edit
from obelics_like.models import tokenizer
from obelics_like.stage import Context
from obelics_like.text.counts import Counts
from tests.text.helpers import page, run


def context() -> Context:
    return Context(model=lambda spec: tokenizer.load(spec.removeprefix("tokenizer:")))


def test_counts_by_hand() -> None:
    document = page("hello world", "猫です", "dropped")
    document.nodes[2].drop = Drop("x", "y")
    run(Counts(id="text.counts"), document, context=context())
    first, second, third = (node.facts for node in document.nodes)
    assert first == {"words": 2, "characters": 11, "bytes": 11, "tokens": {"o200k_base": 2}}
    assert (second["words"], second["characters"], second["bytes"]) == (3, 3, 9)
    assert third == {}
    assert document.facts["words"] == 5
    assert document.facts["bytes"] == 20


def test_pages_add_up() -> None:
    document = page("नमस्ते दुनिया", "Γειά σου Κόσμε", "Bonjour le monde", language="hi")
    run(Counts(id="c", tokenizers=("o200k_base", "cl100k_base")), document, context=context())
    for name in ("words", "characters", "bytes"):
        assert document.facts[name] == sum(node.facts[name] for node in document.nodes)
    for name in ("o200k_base", "cl100k_base"):
        assert document.facts["tokens"][name] == sum(node.facts["tokens"][name] for node in document.nodes)


def test_the_effective_text_is_counted() -> None:
    document = page("hello cruel world")
    document.nodes[0].edits = [Edit(5, 11, "", "c", "r")]
    run(Counts(id="c"), document, context=context())
    assert document.facts["tokens"] == {"o200k_base": 2}
    assert document.facts["characters"] == 11


def test_a_page_without_text_counts_nothing() -> None:
    document = page()
    run(Counts(id="c"), document, context=context())
    assert document.facts == {"words": 0, "characters": 0, "bytes": 0, "tokens": {"o200k_base": 0}}


def test_no_tokenizer_needs_no_model() -> None:
    document = page("a b")
    run(Counts(id="c", tokenizers=()), document)
    assert document.facts["tokens"] == {}
    assert document.facts["words"] == 2

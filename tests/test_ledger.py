"""The law: in = kept + dropped, however the counts are added up."""

from __future__ import annotations

from obelics_like.document import Aside, Blob, Document, Drop, Fallen, Image, Language, Origin, Place, Text
from obelics_like.ledger import Ledger


def page(drop: Drop | None = None, language: str = "en") -> Document:
    blob = Blob(Place("record", "a.warc.gz", 10), "warc")
    nodes: list[Text | Image] = [
        Text(0, "kept"),
        Text(1, "menu", drop=Drop("extract", "boilerplate")),
        Image(2, "https://example.org/a.jpg", blob=blob),
        Image(3, "https://example.org/b.jpg"),
        Image(4, "https://example.org/logo.png", drop=Drop("images.url_rules", "banned_url")),
    ]
    facts = {"words": 1, "characters": 4, "tokens": {"o200k_base": 2}}
    return Document(
        "id",
        "https://example.org/",
        Origin("a", 0),
        nodes,
        language=Language(language, 1.0, "m"),
        facts=facts,
        drop=drop,
    )


def test_a_kept_page_is_counted_with_its_nodes() -> None:
    ledger = Ledger()
    ledger.record(None)
    ledger.page(page())
    assert ledger.breaches() == []
    assert ledger.kept == {("document", "en"): 1, ("text", "en"): 1, ("image", "en"): 2, ("unresolved", "en"): 1}
    assert ledger.drops["extract", "boilerplate", "text", "en"] == 1
    assert ledger.sizes == {("words", "en"): 1, ("characters", "en"): 4, ("tokens:o200k_base", "en"): 2}


def test_the_nodes_of_a_dropped_page_are_lost_once() -> None:
    ledger = Ledger()
    ledger.record(None)
    ledger.page(page(Drop("text.page_rules", "too_few_words", 1, 10)))
    assert ledger.breaches() == []
    assert ledger.drops["text.page_rules", "page_dropped", "image", "en"] == 2
    assert ledger.drops["images.url_rules", "banned_url", "image", "en"] == 1
    assert ledger.total("document") == 0


def test_the_law_is_broken_by_what_is_not_accounted_for() -> None:
    ledger = Ledger()
    ledger.page(page())
    assert ledger.breaches() == ["records: 0 in, 1 accounted for"]
    ledger.record(None)
    ledger.came["image"] += 1
    assert ledger.breaches() == ["images: 4 in, 3 accounted for"]


def test_ledgers_add_up_in_any_order_and_survive_json() -> None:
    one, two = Ledger(), Ledger()
    one.record("not_a_page", count=3)
    one.record(None)
    one.page(page())
    two.record(None)
    two.page(page(Drop("x", "y"), "de"))
    assert one + two == two + one
    assert Ledger.from_value((one + two).to_value()) == one + two
    assert (one + two).breaches() == []


def test_dropped_nodes_may_be_counted_before_their_page() -> None:
    whole, halves = Ledger(), Ledger()
    for drop in (None, Drop("text.page_rules", "too_few_words")):
        whole.page(page(drop))
        document = page()
        halves.lay_down(document)
        document.nodes = document.kept
        document.drop = drop
        halves.page(document)
    assert halves == whole


def test_what_lies_aside_is_counted_as_what_does_not() -> None:
    for drop in (None, Drop("text.page_rules", "too_few_words")):
        whole, parted = Ledger(), Ledger()
        whole.page(page(drop))
        document = page(drop)
        boilerplate, banned = (document.nodes[n].drop for n in (1, 4))
        assert boilerplate is not None
        assert banned is not None
        fallen = [Fallen(boilerplate, texts=[1]), Fallen(banned, images=[4], urls=["https://example.org/logo.png"])]
        document.nodes, document.aside = document.kept, Aside(fallen=fallen, count=2)
        parted.page(document)
        assert parted == whole
        if drop is None:
            halves = Ledger()
            halves.lay_down(document)
            document.aside = None
            halves.page(document)
            assert halves == whole

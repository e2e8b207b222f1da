"""`language.identify`: the vote, by hand and with a made-up model; what it marks and what it leaves alone."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelics_like.document import Document, Drop, Edit, Image, Language, Origin, Text
from obelics_like.errors import OptionError
from obelics_like.language.identify import Identify, rounded
from obelics_like.stage import Context


class Fake:
    """Answers by the first word of a text, and writes down what it was asked."""

    given: frozenset[str] | None = None

    def __init__(self, answers: dict[str, list[tuple[str, float]]], name: str = "fake") -> None:
        self.name = name
        self.answers = answers
        self.asked: list[str] = []

    def identify(self, texts: list[str], k: int = 1) -> list[list[tuple[str, float]]]:
        self.asked += texts
        return [self.answers.get(text.split(" ")[0], [])[:k] for text in texts]


def page(*texts: str) -> Document:
    return Document("d", "https://a.example/", Origin("a.warc", 0), nodes=[Text(i, t) for i, t in enumerate(texts)])


def words(first: str, length: int) -> str:
    """A text of `length` characters that begins with the word `first`."""
    return (first + " " + "x" * length)[:length]


def run(stage: Identify, document: Document, *models: Fake) -> Document:
    (same,) = stage.process([document], list(models))
    assert same is document
    return document


STAGE = Identify(id="language", max_texts=0)
DE, EN, FR = [("de", 0.9), ("nl", 0.1)], [("en", 0.8), ("de", 0.1)], [("fr", 0.5), ("de", 0.3), ("en", 0.2)]


def test_vote_by_hand() -> None:
    document = run(STAGE, page(words("D", 100), words("E", 50), words("F", 50)), Fake({"D": DE, "E": EN, "F": FR}))
    # de: 0.9*100 + 0.1*50 + 0.3*50 = 110; en: 0.8*50 + 0.2*50 = 50; fr: 25; nl: 10; of 200 characters
    assert document.language == Language("de", 0.55, "fake")
    assert document.facts["languages"] == {"de": 0.55, "en": 0.25, "fr": 0.125}
    assert [n.language for n in document.texts()] == [
        Language("de", 0.9, "fake"),
        Language("en", 0.8, "fake"),
        Language("fr", 0.5, "fake"),
    ]


def test_many_weak_votes_beat_one_strong() -> None:
    answers = {"A": [("pt", 0.95)], "B": [("gl", 0.4), ("pt", 0.35)]}
    document = run(STAGE, page(words("A", 30), words("B", 200)), Fake(answers))
    # gl: 80; pt: 28.5 + 70 = 98.5
    assert document.language is not None
    assert document.language.code == "pt"


def test_one_text_gives_the_models_own_probability() -> None:
    document = run(STAGE, page(words("E", 40)), Fake({"E": EN}))
    assert document.language == Language("en", 0.8, "fake")


def test_equal_votes_do_not_depend_on_order() -> None:
    answers = {"A": [("sv", 0.5)], "B": [("da", 0.5)]}
    for texts in (("A", "B"), ("B", "A")):
        document = run(STAGE, page(*(words(t, 40) for t in texts)), Fake(answers))
        assert document.language == Language("da", 0.25, "fake")


def test_second_model_is_averaged() -> None:
    first, second = Fake({"A": [("hr", 0.6), ("sr", 0.4)]}, "one"), Fake({"A": [("sr", 0.9)]}, "two")
    document = run(STAGE, page(words("A", 40)), first, second)
    assert document.language == Language("sr", 0.65, "one+two")
    assert document.facts["languages"] == {"sr": 0.65, "hr": 0.3}
    assert next(document.texts()).language == Language("sr", 0.65, "one+two")


def test_open_asks_for_both_models() -> None:
    asked: list[str] = []
    Identify(second="py3langid").open(Context(model=asked.append))
    assert asked == ["langid:lid176", "langid:py3langid"]


@pytest.mark.parametrize("texts", [(), ("",), ("   ", "\n")])
def test_page_without_text(texts: tuple[str, ...]) -> None:
    document = run(STAGE, page(*texts), Fake({}))
    assert document.language == Language("und", 0.0, "fake")
    assert document.facts["languages"] == {}
    assert document.drop is None
    assert all(n.language is None for n in document.texts())


def test_text_without_letters_neither_votes_nor_weighs() -> None:
    document = run(STAGE, page(words("D", 40), "1234567890 " * 30), Fake({"D": DE}))
    assert document.language == Language("de", 0.9, "fake")
    assert document.nodes[1].language is None  # type: ignore[union-attr]


def test_short_texts_inherit_nothing() -> None:
    document = run(STAGE, page(words("D", 40), "Home", "Kontakt"), Fake({"D": DE}))
    assert [n.language is None for n in document.texts()] == [False, True, True]


def test_long_enough_counts_bytes() -> None:
    model = Fake({})
    run(STAGE, page("这是一个很长的句子", "not so long", "x" * 24), model)
    assert model.asked == ["这是一个很长的句子", "x" * 24]


def test_short_texts_vote_as_one_where_they_are_the_most() -> None:
    model = Fake({"Inicio": [("es", 0.7)], "We": [("en", 0.9)]})
    menu = ["Inicio"] + ["Noticias de hoy"] * 10
    document = run(STAGE, page(*menu, "We use cookies on this site"), model)
    # es: 0.7 * 156, en: 0.9 * 27, of 183 characters
    assert document.language == Language("es", round(0.7 * 156 / 183, 4), "fake")
    assert [n.language for n in document.texts() if n.text in menu] == [None] * 11


def test_mixed_page_keeps_each_texts_language() -> None:
    answers = {"D": [("de", 1.0)], "F": [("fr", 1.0)]}
    document = run(STAGE, page(words("D", 60), words("F", 90), words("D", 50)), Fake(answers))
    assert [n.language.code for n in document.texts() if n.language] == ["de", "fr", "de"]
    assert document.facts["languages"] == {"de": 0.55, "fr": 0.45}


def test_slices_are_capped_but_weigh_in_full() -> None:
    model = Fake({"D": [("de", 1.0)], "E": [("en", 1.0)]})
    document = run(Identify(id="language", max_chars=30, max_texts=0), page(words("D", 900), words("E", 100)), model)
    assert [len(t) for t in model.asked] == [30, 30]
    assert document.facts["languages"] == {"de": 0.9, "en": 0.1}


def test_sampling_asks_few_and_weighs_by_characters() -> None:
    model = Fake({"D": [("de", 1.0)], "E": [("en", 1.0)]})
    texts = [words("D", 30)] * 70 + [words("E", 30)] * 30
    document = run(Identify(id="language", max_texts=10), page(*texts), model)
    assert len(model.asked) == 10
    assert document.facts["languages"] == {"de": 0.7, "en": 0.3}
    assert sum(n.language is not None for n in document.texts()) == 10


def test_sampling_reaches_a_long_text_once_with_all_its_points() -> None:
    model = Fake({"D": [("de", 1.0)], "E": [("en", 1.0)]})
    texts = [words("E", 25)] * 12 + [words("D", 700)]
    document = run(Identify(id="language", max_texts=10), page(*texts), model)
    assert model.asked.count(words("D", 160)) == 1
    assert document.facts["languages"] == {"de": 0.7, "en": 0.3}


def test_a_weak_guess_against_the_page_is_taken_back_but_votes() -> None:
    answers = {"D": [("de", 0.4)], "S": [("sv", 0.49)], "F": [("fr", 0.5)]}
    texts = (words("D", 90), words("S", 30), words("F", 30))
    document = run(Identify(id="language", min_text_score=0.5), page(*texts), Fake(answers))
    assert [n.language.code if n.language else None for n in document.texts()] == ["de", None, "fr"]
    assert document.facts["languages"] == run(STAGE, page(*texts), Fake(answers)).facts["languages"]


def test_few_texts_are_all_asked() -> None:
    model = Fake({})
    run(Identify(id="language", max_texts=3), page(words("A", 30), words("B", 3000), words("C", 40)), model)
    assert [t[0] for t in model.asked] == ["A", "B", "C"]


def test_dropped_texts_are_left_alone() -> None:
    document = page(words("D", 40), words("E", 400))
    document.nodes[1].drop = Drop("earlier", "too_long")
    run(STAGE, document, Fake({"D": DE, "E": EN}))
    assert document.nodes[1].language is None  # type: ignore[union-attr]
    assert document.language == Language("de", 0.9, "fake")


def test_pictures_and_edits() -> None:
    document = page(words("D", 40))
    document.nodes.append(Image(1, "https://a.example/a.jpg", alt=words("E", 400)))
    document.nodes.append(Text(2, words("F", 60), edits=[Edit(0, 1, "E", "pii", "x")]))
    model = Fake({"D": DE, "E": EN, "F": FR})
    run(STAGE, document, model)
    assert [t[0] for t in model.asked] == ["D", "E"]


def test_per_node_off_leaves_texts_without() -> None:
    document = run(Identify(id="language", per_node=False), page(words("D", 40)), Fake({"D": DE}))
    assert document.language == Language("de", 0.9, "fake")
    assert next(document.texts()).language is None


@pytest.mark.parametrize(
    ("keep", "code", "dropped"),
    [
        (None, "de", False),
        (("de",), "de", False),
        (("en", "de"), "de", False),
        (("en", "fr"), "de", True),
        (("zh",), "zh-Hant", False),
        (("zh-Hant",), "zh", True),
        (("e",), "en", True),
    ],
)
def test_keep(keep: tuple[str, ...] | None, code: str, dropped: bool) -> None:
    document = run(Identify(id="language", keep=keep), page(words("A", 40)), Fake({"A": [(code, 0.9)]}))
    wanted = Drop("language", "other_language", code, ", ".join(keep or ())) if dropped else None
    assert document.drop == wanted


def test_a_language_to_keep_that_no_model_gives_is_wrong_use() -> None:
    one, two = Fake({}, "one"), Fake({}, "two")
    one.given, two.given = frozenset({"en", "zh-Hant", "no"}), frozenset({"pt"})
    models = {"langid:one": one, "langid:two": two}
    context = Context(model=models.__getitem__)
    for keep in (("en", "pt"), ("zh",), ("und",)):
        Identify(model="one", second="two", keep=keep).open(context)
    with pytest.raises(OptionError, match=r"option keep: got 'eng'; valid: .* that one and two can give.*mean en\?"):
        Identify(model="one", second="two", keep=("pt", "eng")).open(context)
    with pytest.raises(OptionError, match="got 'pt'"):
        Identify(model="one", keep=("pt",)).open(context)
    for wrong, meant in (("EN", "en"), ("en-US", "en"), ("ZH-hant", "zh-Hant"), ("pt-BR", "pt")):
        with pytest.raises(OptionError, match=rf"got '{wrong}'; .*; did you mean {meant}\?$"):
            Identify(model="one", second="two", keep=(wrong,)).open(context)
    with pytest.raises(OptionError, match="option keep: got none; valid: one language or more"):
        Identify(model="one", keep=()).open(context)
    two.given = None  # its labels can't be listed
    Identify(model="one", second="two", keep=("quc-Latn",)).open(context)


def test_min_score() -> None:
    for limit, dropped in ((0.9, False), (0.91, True)):
        document = run(Identify(id="language", min_score=limit), page(words("D", 40)), Fake({"D": DE}))
        assert document.drop == (Drop("language", "unsure_language", 0.9, limit) if dropped else None)


def test_one_drop_at_most_and_und_is_no_kept_language() -> None:
    stage = Identify(id="language", keep=("en",), min_score=0.8)
    assert run(stage, page(""), Fake({})).drop == Drop("language", "other_language", "und", "en")
    assert run(Identify(id="language", min_score=0.5), page(""), Fake({})).drop == Drop(
        "language", "unsure_language", 0.0, 0.5
    )


def test_result_does_not_depend_on_the_batch() -> None:
    model = Fake({"D": DE, "E": EN, "F": FR})

    def pages() -> list[Document]:
        return [page(words("D", 50), words("F", 200)), page(), page(words("E", 60), "Hi", words("D", 30))]

    together = STAGE.process(pages(), [model])
    alone = [STAGE.process([p], [model])[0] for p in pages()]
    assert together == alone


@pytest.mark.parametrize(
    "wrong", [{"min_score": 1.5}, {"max_chars": 0}, {"max_texts": -1}, {"second": "lid176"}, {"min_score": -0.1}]
)
def test_options_out_of_range(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError, match=r"got .*; valid: "):
        Identify(id="language", **wrong).check()  # type: ignore[arg-type]


def test_is_a_stage_of_plain_options() -> None:
    stage = Identify(id="language", keep=("en",))
    assert pickle.loads(pickle.dumps(stage)) == stage
    stage.check()
    assert Identify().rules.keys() == {"other_language", "unsure_language"}


@given(st.one_of(st.floats(0, 1), st.floats(0, 1, width=32), st.integers(0, 20_000).map(lambda n: n / 20_000)))
def test_a_score_has_four_digits(p: float) -> None:
    assert rounded(p) == round(p, 4)

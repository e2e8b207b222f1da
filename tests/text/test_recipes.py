"""The recipe files: what they must say about themselves, and that this room's stages take their options."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from obelics_like.rooms import room
from obelics_like.text.clean import Clean
from obelics_like.text.counts import Counts
from obelics_like.text.node_rules import NodeRules
from obelics_like.text.page_gate import PageGate
from obelics_like.text.page_rules import PageRules
from tests.text.helpers import page, rules, run

OURS = {
    "text.page_gate": PageGate,
    "text.clean": Clean,
    "text.node_rules": NodeRules,
    "text.page_rules": PageRules,
    "text.counts": Counts,
}
NAMES = ("default", "obelics", "mmc4")
NUMBER = re.compile(r"^\s*\w+ = \[?[-+]?\d")


def path(name: str) -> Path:
    return room("pipelines/recipes") / f"{name}.toml"


def read(name: str) -> dict:
    return tomllib.loads(path(name).read_text("utf-8"))


def stages(name: str) -> list:
    made = []
    for table in read(name)["stage"]:
        if table["use"] in OURS:
            options = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items() if k not in ("use", "id")}
            made.append(OURS[table["use"]](id=table.get("id", table["use"]), **options))
    return made


@pytest.mark.parametrize("name", NAMES)
def test_every_number_names_its_source(name: str) -> None:
    lines = [line for line in path(name).read_text("utf-8").splitlines() if NUMBER.match(line)]
    assert len(lines) > 10
    assert [line for line in lines if not re.search(r"#\s+\w{2,}", line)] == []


@pytest.mark.parametrize("name", NAMES)
def test_deviations_have_three_parts(name: str) -> None:
    deviations = read(name)["deviation"]
    assert deviations
    for deviation in deviations:
        assert set(deviation) == {"paper", "ours", "why"}
        assert all(len(text) > 5 for text in deviation.values())


@pytest.mark.parametrize("name", NAMES)
def test_the_head_is_whole_and_ids_are_unique(name: str) -> None:
    recipe = read(name)
    assert recipe["recipe"]["name"] == name
    assert set(recipe["recipe"]) == {"name", "title", "paper", "scorer", "require_pixels", "description", "output"}
    ids = [stage.get("id", stage["use"]) for stage in recipe["stage"]]
    assert len(ids) == len(set(ids))
    early = ["images.any"] if name == "default" else []
    assert ids[: 4 + len(early)] == ["sources", "text.page_gate", "extract", *early, "language"]
    assert ids[-1] == "text.counts"


@pytest.mark.parametrize("name", NAMES)
def test_our_stages_take_their_options(name: str) -> None:
    made = stages(name)
    assert {type(stage) for stage in made} == {PageGate, NodeRules, PageRules, Counts}
    for stage in made:
        stage.check()


def marked(name: str, *texts: str | tuple[str, str], language: str) -> list[str | None]:
    document = page(*texts, language=language)
    run(next(stage for stage in stages(name) if isinstance(stage, NodeRules)), document)
    return rules(document)


def test_default_keeps_what_a_reader_would() -> None:
    texts = [
        ("h1", "How To Cook Rice Well"),
        ("h2", "FAQ"),
        ("figcaption", "Rome, 2024"),
        "The Colosseum at night. © Example Agency / A. Name",
        r"so \(x^{2}\) is the area of the square",
        "Wash the rice until it runs clear.",
    ]
    assert marked("default", *texts, language="en") == [None] * 6
    assert marked("default", "หุงข้าวอย่างไรให้อร่อย", ("h1", "ข้าว"), language="th") == [None, None]
    assert marked("default", "हिन्दी में लिखा हुआ एक वाक्य।", language="hi") == [None]
    assert marked("default", "这是一个关于版权的长句子。", "السلام عليكم ورحمة الله", language="zh") == [None, None]


def test_default_keeps_recipes_dialogue_titles_and_code_whole() -> None:
    texts = [
        ("li", "4 Eier"),
        ("li", "250 g Mehl"),
        ("li", "1 Prise Salz"),
        ("td", "310 mg"),
        "“Fine?”",
        "Das Salz der Erde",
        "Der Antrag wurde am 16.12.2024 gestellt und am 3.2.2025 vom Gericht zurückgewiesen.",
        ("pre", "for (int i = 0; i < n; i++) { if (a[i] < b[i] && b[i] < c) out << i; }"),
    ]
    assert marked("default", *texts, language="de") == [None] * 8


def test_default_drops_what_no_reader_wants() -> None:
    texts = [
        "Share",
        "© 2024 Example. All rights reserved.",
        "+49 30 123 456 789",
        "a <b>c</b> > d <",
        "Share this | Follow us",
        "BUY NOW TODAY",
    ]
    expected = [
        "banned_text",
        "banned_phrase",
        "too_many_digits",
        "comparison_signs",
        "banned_phrase",
        "too_many_capitals",
    ]
    assert marked("default", *texts, ("h2", "* * *"), language="en") == [*expected, "empty"]


def test_obelics_drops_short_paragraphs_and_mmc4_lines_without_an_end() -> None:
    sentence = "This is one of the sentences that they would have kept."
    assert marked("obelics", "Too short", sentence, language="en") == ["too_few_words", None]
    assert marked("mmc4", sentence, sentence.strip("."), language="en") == [None, "no_end_of_sentence"]

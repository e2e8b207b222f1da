"""Recipes: what is read, what is refused and how it is told, what runs."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from obelics_like.errors import InputError, OptionError, UnknownName, UsageError
from obelics_like.recipe import load_recipe, load_recipe_text, recipe_names

SMALL = """
[recipe]
name = "small"
[[stage]]
use = "sources.archive"
id = "sources"
[[stage]]
use = "extract.nodes"
id = "extract"
[[stage]]
use = "text.node_rules"
min_words = 4
[[stage]]
use = "dedup.minhash"
id = "minhash"
[[stage]]
use = "images.count"
min_images = 1
[[deviation]]
paper = "a"
ours = "b"
why = "c"
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return path


def test_the_flattened_text_is_what_runs_and_reads_back_equal(small: Path) -> None:
    recipe = load_recipe(small, {"minhash.threshold": "0.7"})
    again = load_recipe_text(recipe.text)
    assert again.stages == recipe.stages
    assert again.fingerprint == recipe.fingerprint != load_recipe(small).fingerprint
    assert recipe.stage("minhash").threshold == 0.7  # type: ignore[attr-defined]
    assert [d.why for d in recipe.deviations] == ["c"]


@pytest.mark.parametrize("name", ["default", "obelics", "mmc4"])
def test_the_recipes_of_the_package_load_and_survive_their_own_text(name: str) -> None:
    recipe = load_recipe(name)
    assert name in recipe_names()
    assert load_recipe_text(recipe.text).stages == recipe.stages
    assert tomllib.loads(recipe.text)["recipe"]["name"] == name
    assert len({s.id for s in recipe.stages}) == len(recipe.stages)


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"minhsh.threshold": "1"}, UnknownName, "did you mean minhash"),
        ({"minhash.treshold": "1"}, UnknownName, "did you mean threshold"),
        ({"threshold": "1"}, OptionError, r"id\.option=value"),
        ({"minhash.threshold": "high"}, OptionError, r"threshold: got 'high' \(str\); valid: a number"),
        ({"minhash.threshold": "7"}, OptionError, "threshold"),
        ({"minhash.backend": "rnsa"}, UsageError, "did you mean rensa"),
        ({"text.node_rules.min_words": "4.5"}, OptionError, "a whole number"),
        ({"images.count.require_pixels": "yes"}, OptionError, "true or false"),
    ],
)
def test_wrong_settings_are_told_with_the_stage_and_what_is_valid(
    small: Path, settings: dict[str, str], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        load_recipe(small, settings)


def test_a_list_may_be_given_with_commas(small: Path) -> None:
    assert load_recipe(small, {"minhash.ngram": "4,5"}).stage("minhash").ngram == (4, 5)  # type: ignore[attr-defined]
    assert load_recipe(small, {"minhash.ngram": "[4]"}).stage("minhash").ngram == (4,)  # type: ignore[attr-defined]


SETTABLE = (
    SMALL
    + """
[[stage]]
use = "images.fetch"
[[stage]]
use = "language.identify"
id = "language"
"""
)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        (("images.fetch.contact", "https://e.org/?a=b"), "https://e.org/?a=b"),
        (("language.second", "7"), "7"),
        (("language.second", "true"), "true"),
        (("language.second", '"quoted"'), "quoted"),
        (("language.keep", "no,de"), ("no", "de")),
        (("language.keep", "1, 2"), ("1", "2")),
        (("language.keep", '["en"]'), ("en",)),
        (("language.keep", ""), ()),
        (("language.keep", "[]"), ()),
        (("language.min_score", "1"), 1.0),
        (("language.per_node", "false"), False),
        (("language.identify.max_chars", "9"), 9),
        (("language.second", "a\nmax_chars = 9"), "a\nmax_chars = 9"),
    ],
)
def test_a_value_is_taken_as_the_option_wants_it(tmp_path: Path, setting: tuple[str, str], value: object) -> None:
    (tmp_path / "r.toml").write_text(SETTABLE)
    recipe = load_recipe(tmp_path / "r.toml", dict([setting]))
    name = setting[0].rpartition(".")[0]
    stage = recipe.stage("language" if name.startswith("language") else name)
    assert getattr(stage, setting[0].rpartition(".")[2]) == value
    assert load_recipe_text(recipe.text).stages == recipe.stages


def test_an_id_goes_before_a_name_and_a_name_of_two_is_refused(tmp_path: Path) -> None:
    two = '[[stage]]\nuse = "images.count"\nid = "{}"\n'
    (tmp_path / "r.toml").write_text(
        SMALL.replace('use = "images.count"', two.format("early")[10:]) + two.format("images.count")
    )
    recipe = load_recipe(tmp_path / "r.toml", {"images.count.min_images": "3"})
    assert recipe.stage("early").min_images == 1  # type: ignore[attr-defined]
    assert recipe.stage("images.count").min_images == 3  # type: ignore[attr-defined]
    (tmp_path / "r.toml").write_text((tmp_path / "r.toml").read_text().replace('id = "images.count"', 'id = "late"'))
    with pytest.raises(OptionError, match="got 2 stages; valid: early or late"):
        load_recipe(tmp_path / "r.toml", {"images.count.min_images": "3"})


@pytest.mark.parametrize("option", ["id", "use", "after"])
def test_what_a_stage_is_can_not_be_set(small: Path, option: str) -> None:
    with pytest.raises(UnknownName, match=option):
        load_recipe(small, {f"minhash.{option}": "x"})


@example('\x7f \x00 \x85 \u2028 " \\ \n \t \U0001f408', 1e-320)
@given(st.text(st.characters(exclude_categories=["Cs"])), st.floats(allow_nan=False, allow_infinity=False))
def test_any_string_and_number_survives_the_flattened_text(text: str, number: float) -> None:
    from obelics_like.recipe import to_toml

    table = {
        "recipe": {"name": "n", "title": text},
        "stage": [{"use": "images.count", "id": "x", "s": text, "l": [text, text], "f": number, "b": True, "e": []}],
        "deviation": [{"paper": text, "ours": text, "why": text}],
    }
    assert tomllib.loads(to_toml(table)) == table


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[recipe\n", "TOML"),
        ("[recipes]\n", "did you mean recipe"),
        ("[recipe]\ntitel = 'x'\n", "did you mean title"),
        ("[[stage]]\nmin_words = 3\n", "neither use nor id"),
        ("[[stage]]\nuse = 'text.node_rule'\n", "did you mean text.node_rules"),
        ("[[deviation]]\npaper = 'x'\n", "exactly paper, ours, why"),
        ("[[stage]]\nuse = 'images.count'\n", "for the first stage"),
        (SMALL + "[[stage]]\nuse = 'images.count'\n", "two stages with the id"),
        ("recipe = 'small'\n", r"a table \[recipe\]"),
        ("[stage]\nuse = 'sources.archive'\n", r"\[\[stage\]\], with double brackets"),
        ("deviation = [1]\n", r"\[\[deviation\]\], with double brackets"),
        ("[recipe]\ntitle = 2024-01-01\n", r"\[recipe\]: title: got datetime"),
        ("[recipe]\nremove = 'minhash'\n", r"\[recipe\]: remove: got 'minhash'"),
        ("[recipe]\nextends = 5\n", r"\[recipe\]: extends"),
        ("[recipe]\nrequire_pixels = 'yes'\n", "true or false"),
        ("[[stage]]\nuse = 7\n", r"stage 1: use: got 7"),
        ("[[deviation]]\npaper = 1\nours = 'x'\nwhy = 'y'\n", "a string"),
        ("[[stage]]\nuse = 'images.count'\nid = '../../x'\n", r"stage 1: id: got '\.\./\.\./x'"),
        ("[[stage]]\nuse = 'images.count'\nid = 'pack'\n", "choose another id"),
        ("[[stage]]\nuse = 'text.page_gate'\nid = 'sources'\n", "sources.archive"),
        (SMALL + "[[stage]]\nuse = 'sources.archive'\nid = 'again'\n", "stage 6.*for no other"),
        (SMALL + "[[stage]]\nuse = 'dedup.minhash'\nid = 'm2'\nthreshold = nan\n", "threshold: got nan"),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "wrong.toml").write_text(text)
    with pytest.raises(UsageError, match=said):
        load_recipe(tmp_path / "wrong.toml")


def test_names_and_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="did you mean obelics"):
        load_recipe("obelix")
    with pytest.raises(InputError, match="no such file"):
        load_recipe(tmp_path / "none.toml")


def test_a_recipe_that_extends_another(small: Path) -> None:
    child = small.with_name("child.toml")
    child.write_text(
        f'[recipe]\nname = "child"\nextends = "{small}"\nremove = ["minhash"]\nrequire_pixels = true\n'
        '[[stage]]\nid = "text.node_rules"\nmin_words = 9\n'
        '[[stage]]\nuse = "text.page_rules"\nafter = "text.node_rules"\n'
        '[[deviation]]\npaper = "d"\nours = "e"\nwhy = "f"\n'
    )
    recipe = load_recipe(child)
    assert [s.id for s in recipe.stages] == ["sources", "extract", "text.node_rules", "text.page_rules", "images.count"]
    assert recipe.stage("text.node_rules").min_words == 9  # type: ignore[attr-defined]
    assert recipe.stage("images.count").require_pixels is True  # type: ignore[attr-defined]
    assert [d.why for d in recipe.deviations] == ["c", "f"]
    assert "extends" not in recipe.text


def test_a_recipe_beside_another_is_found_from_anywhere(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (small.parent / "deep").mkdir()
    (small.parent / "deep" / "child.toml").write_text('[recipe]\nextends = "../small.toml"\n')
    (small.parent / "deep" / "grandchild.toml").write_text('[recipe]\nextends = "child.toml"\n')
    monkeypatch.chdir(small.parent.parent)
    assert load_recipe(small.parent / "deep" / "grandchild.toml").stages == load_recipe(small).stages
    (small.parent / "deep" / "child.toml").write_text('[recipe]\nextends = "smal.toml"\n')
    with pytest.raises(InputError, match=r"child\.toml, extends: got no such file"):
        load_recipe(small.parent / "deep" / "grandchild.toml")


def test_a_stage_taken_out_may_be_put_elsewhere_but_not_moved_by_a_change(small: Path) -> None:
    child = small.with_name("child.toml")
    again = '[[stage]]\nuse = "dedup.minhash"\nid = "minhash"\nafter = "extract"\n'
    child.write_text(f'[recipe]\nextends = "small.toml"\nremove = ["minhash"]\n{again}')
    assert [s.id for s in load_recipe(child).stages][:3] == ["sources", "extract", "minhash"]
    child.write_text(f'[recipe]\nextends = "small.toml"\n{again}')
    with pytest.raises(OptionError, match="`after` for minhash, which is there"):
        load_recipe(child)


def test_a_circle_of_recipes_is_refused(tmp_path: Path) -> None:
    for a, b in (("one", "two"), ("two", "one")):
        (tmp_path / f"{a}.toml").write_text(f'[recipe]\nextends = "{tmp_path / b}.toml"\n')
    with pytest.raises(OptionError, match="extends itself"):
        load_recipe(tmp_path / "one.toml")


@pytest.mark.parametrize("name", ["default", "obelics", "mmc4"])
def test_the_flattened_recipes_are_the_golden_ones(name: str) -> None:
    """A change of any number shows here. `python -m tests.goldens` writes the files anew."""
    golden = Path(__file__).parent / "goldens" / f"{name}.toml"
    assert load_recipe(name).text == golden.read_text(encoding="utf-8")

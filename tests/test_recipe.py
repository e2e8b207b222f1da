"""Recipes: what is read, what is refused and how it is told, what runs."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[recipe\n", "TOML"),
        ("[recipes]\n", "did you mean recipe"),
        ("[recipe]\ntitel = 'x'\n", "did you mean title"),
        ("[[stage]]\nmin_words = 3\n", "neither use nor id"),
        ("[[stage]]\nuse = 'text.node_rule'\n", "did you mean text.node_rules"),
        ("[[deviation]]\npaper = 'x'\n", "exactly paper, ours, why"),
        ("[[stage]]\nuse = 'images.count'\n", "a first stage"),
        (SMALL + "[[stage]]\nuse = 'images.count'\n", "two stages with the id"),
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

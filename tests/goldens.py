"""Writes the golden files anew: `python -m tests.goldens`. Look at the difference before you commit it."""

from __future__ import annotations

from pathlib import Path

from obelics_like.recipe import load_recipe, recipe_names

FOLDER = Path(__file__).parent / "goldens"

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in recipe_names():
        (FOLDER / f"{name}.toml").write_text(load_recipe(name).text, encoding="utf-8")

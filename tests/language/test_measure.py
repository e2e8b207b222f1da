"""The script behind the cards: what it takes for one language, what it reads and its sums, with a made-up model."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def measure() -> ModuleType:
    spec = importlib.util.spec_from_file_location("measure", REPOSITORY / "langid_models" / "measure.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["measure"] = module  # its dataclasses look their module up
    spec.loader.exec_module(module)
    return module


class Guess:
    """Takes everything for German, surely; what begins with "x" has no letters."""

    name = "guess"
    given = None

    def identify(self, texts: list[str], k: int = 1) -> list[list[tuple[str, float]]]:
        return [[] if text.startswith("x") else [("de", 0.9)] for text in texts]


@pytest.mark.parametrize(
    ("code", "language"),
    [("de", "de"), ("de-AT", "de"), ("zh-Hant-TW", "zh"), ("nb", "no"), ("en_US", "en"), ("DE", "de"), ("", "")],
)
def test_primary(measure: ModuleType, code: str, language: str) -> None:
    assert measure.primary(code) == language


def test_corpus_of_text_and_html(measure: ModuleType, tmp_path: Path) -> None:
    long = "a paragraph of thirty characters and more"
    (tmp_path / "en.first.txt").write_text(f"{long}\ntoo short\n")
    (tmp_path / "en.second.txt").write_text(f"{long} again\n")
    (tmp_path / "fra.html").write_text(f'<html lang="fr"><body><h1>no</h1><p>{long}</p></body></html>')
    (tmp_path / "042.html").write_text(f'<html lang="es"><body><p>{long}</p></body></html>')
    (tmp_path / "uzn_cyrl.html").write_text(f'<html lang="uz-Cyrl"><body><p>{long}</p></body></html>')
    (tmp_path / "readme.md").write_text(long)
    assert measure.read_corpus(tmp_path) == {"en": [long, f"{long} again"], "fr": [long]}


def test_accuracy_by_hand(measure: ModuleType) -> None:
    corpus = {"de": ["a" * 40, "b" * 40], "en": ["c" * 40, "x" * 40], "tlh": ["d" * 40]}
    found = measure.measure_texts(Guess(), corpus, {"de", "en"})
    assert (found.languages, found.paragraphs, found.macro) == (2, 4, 0.5)
    assert found.worst == [("en", 0.0, "de"), ("de", 1.0, "")]
    assert found.documents == [("de", "de", 0.9), ("en", "de", 0.9), ("tlh", "de", 0.9)]
    passed = {limit: (passes, right) for limit, passes, right in measure.thresholds(found.documents, {"de", "en"})}
    assert passed[0.5] == (1.0, 1 / 3)


def test_sample_is_spread(measure: ModuleType) -> None:
    paragraphs = [str(i) for i in range(130)]
    assert measure.sample(paragraphs) == paragraphs[::3]
    assert measure.sample(paragraphs[:60]) == paragraphs[:60]
    assert len(measure.sample(paragraphs[:61])) == 31


def test_cards_are_there_for_what_comes_with_the_project(measure: ModuleType) -> None:
    for name in ("lid176", "py3langid"):
        assert (REPOSITORY / "langid_models" / "cards" / f"{name}.md").read_text("utf-8").startswith(f"# {name}\n")

"""Language identification on the development pages (1,199 in 27 languages): floors just under what was measured."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from obelics_like.errors import MissingPiece
from obelics_like.language.identify import Identify
from obelics_like.models.langid import Identifier, load
from tests.conftest import REPOSITORY, data_folder

pytestmark = pytest.mark.gate


@cache
def _measure() -> ModuleType:
    """The script that writes the cards, so that gate and cards measure the same."""
    spec = importlib.util.spec_from_file_location("measure", REPOSITORY / "langid_models" / "measure.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["measure"] = module  # its dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@cache
def _pages(folder: Path) -> list[Any]:
    return list(_measure().read_pages(folder))


def _load(name: str) -> Identifier:
    try:
        return load(name)
    except MissingPiece as error:
        pytest.skip(str(error))


@cache
def _result(name: str, every: int) -> Any:
    return _measure().measure_pages([_load(name)], _pages(data_folder() / "pages")[::every])


@pytest.mark.parametrize(("name", "floor", "every"), [("lid176", 0.995, 1), ("py3langid", 0.985, 4)])
def test_page_language(name: str, floor: float, every: int) -> None:
    result = _result(name, every)
    assert result.pages >= 1_100 / every
    assert result.accuracy >= floor, result.misses


def test_page_language_in_each_language() -> None:
    """No language but German, where three pages are mixed or mostly menus, may lose a page."""
    result = _result("lid176", 1)
    assert result.languages >= 25
    assert Counter(truth for _, truth, _ in result.misses).keys() <= {"de"}


def test_slices_agree_with_the_whole_text() -> None:
    """What ten slices of 160 characters say of a page is what all of its texts say, read to their ends."""
    pages = _pages(data_folder() / "pages")[::3]
    model = _load("lid176")
    sliced = Identify(id="language").process([page.document() for page in pages], [model])
    stage = Identify(id="language", max_chars=1_000_000, max_texts=0)
    whole = stage.process([page.document() for page in pages], [model])
    same = sum(a.language.code == b.language.code for a, b in zip(sliced, whole) if a.language and b.language)
    assert same / len(pages) >= 0.99

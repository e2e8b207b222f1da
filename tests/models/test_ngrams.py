"""Our reader of compressed fastText models answers as fastText does, and leaves every file of another shape to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obelics_like.errors import MissingPiece
from obelics_like.models import registry
from obelics_like.models.langid import clean, load
from obelics_like.models.ngrams import Ngrams, OtherShape
from tests.models.test_langid import ODD, SENTENCES, _tiny


def _file() -> Path:
    try:
        return registry.path("lid176")
    except MissingPiece as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def both() -> tuple[Ngrams, Any]:
    fasttext: Any = pytest.importorskip("fasttext")
    return Ngrams(_file()), fasttext.load_model(str(_file())).f.predict


def same(both: tuple[Ngrams, Any], lines: list[str], k: int) -> None:
    ours, theirs = both
    expected = [
        [(label.removeprefix("__label__"), p) for p, label in theirs(line + "\n", k, 0.0, "strict")] for line in lines
    ]
    assert ours.predict(lines, k) == expected


def test_many_languages(both: tuple[Ngrams, Any]) -> None:
    for k in (1, 3, 11):
        same(both, [*SENTENCES.values(), *(line.lower() for line in SENTENCES.values())], k)


def test_words_that_mean_something_to_fasttext(both: tuple[Ngrams, Any]) -> None:
    lines = [
        "",
        " ",
        "</s>",
        "one </s> zwei",
        "__label__en",
        "__label__nothing deux",
        "a\tb\x0bc\x0c\rd\0e",
        "<",
        "x" * 9_000,
    ]
    same(both, [*lines, *(line for line in ODD if "\n" not in line)], 3)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_lines(both: tuple[Ngrams, Any], data: st.DataObject) -> None:
    characters = st.characters(exclude_categories=["Cs"], exclude_characters="\n")
    lines = data.draw(st.lists(st.text(characters, max_size=60), max_size=5))
    same(both, lines, 3)
    same(both, [clean(line) for line in lines], 2)


def test_a_newline_inside_a_line_is_an_error(both: tuple[Ngrams, Any]) -> None:
    with pytest.raises(ValueError, match="newline"):
        both[0].predict(["two\nlines"], 1)


def test_files_of_another_shape(tmp_path: Path) -> None:
    whole = _file().read_bytes()
    for name, content in {
        "empty": b"",
        "other": b"not a model" * 99,
        "version": whole[:4] + b"\x0b" + whole[5:],
        **{f"cut{size}": whole[:size] for size in (50, 91, 5_000, 400_000, len(whole) - 1)},
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(OtherShape):
            Ngrams(tmp_path / name)


def test_a_model_that_is_not_compressed_is_read_by_fasttext(tmp_path: Path) -> None:
    pytest.importorskip("fasttext")
    file = _tiny(tmp_path, ["en", "de", "fr"])
    with pytest.raises(OtherShape):
        Ngrams(file)
    assert load(str(file)).identify(["cddc cddccddc"])[0][0][0] == "de"

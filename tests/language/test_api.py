"""`identify_language`, and that importing the room costs nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from obelics_like.document import Language
from obelics_like.errors import MissingPiece, UnknownName, UsageError
from obelics_like.language import identify_language


def test_one_text() -> None:
    try:
        found = identify_language("Der Regen hörte erst am Abend auf, und die Straßen glänzten.")
    except MissingPiece as error:
        pytest.skip(str(error))
    assert found.code == "de"
    assert 0.9 < found.score <= 1.0
    assert found.model == "lid176"


@pytest.mark.parametrize("text", ["", "  \n", "12 345", "🙂🙂🙂"])
def test_nothing_to_say(text: str) -> None:
    assert identify_language(text, model="py3langid") == Language("und", 0.0, "py3langid")


def test_unknown_model_has_near_names() -> None:
    with pytest.raises(UnknownName, match="did you mean lid176"):
        identify_language("hello", model="lid17")


def test_a_text_is_a_str() -> None:
    with pytest.raises(UsageError, match=r"identify_language\(text\): got bytes; valid: str"):
        identify_language(b"hello")  # type: ignore[arg-type]


def test_import_is_cheap() -> None:
    code = (
        "import sys, obelics_like.language.identify, obelics_like.language\n"
        "heavy = {'numpy', 'fasttext', 'py3langid', 'pyarrow', 'obelics_like.models'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

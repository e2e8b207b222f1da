"""Every error that reaches a user has its four parts: where, what was got, what is valid, what to do."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from obelics_like.errors import UnknownName

PACKAGE = Path(__file__).resolve().parent.parent / "obelics_like"
TOLD = {"DataError", "InputError", "MissingPiece", "OptionError", "UsageError"}
"""Those that tell of something the user can mend; a StageError tells the author of a stage."""


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_what_is_raised_has_four_parts(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TOLD:
            given = {keyword.arg for keyword in node.keywords}
            assert None in given or {"got", "valid", "do"} <= given, f"line {node.lineno}: {ast.unparse(node)}"


def test_an_unknown_name_says_what_to_do_also_if_none_is_near() -> None:
    assert str(UnknownName("--to", "obelisc", ["mmc4", "obelics"])).endswith("; did you mean obelics?")
    assert str(UnknownName("--to", "x", ["mmc4", "obelics"])) == "--to: got 'x'; valid: mmc4, obelics; name one of them"
    assert str(UnknownName("--to", "x", ["mmc4"], do="see --help")).endswith("; see --help")

"""Who may import whom: the arrows of CONTRIBUTING.md, read off the source."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "obelics_like"

GROUND = {"document", "errors", "stage", "words", "rooms", "pixels", "native", "rows", "repeats", "inline"}
ROOMS = ("extraction", "language", "text", "dedup", "images", "align")
MAY = {
    "document": set(),
    "errors": set(),
    "rooms": {"errors"},
    "words": {"document", "native"},
    "pixels": {"errors"},
    "native": {"errors"},
    "rows": set(),
    "inline": set(),
    "repeats": {"document", "errors", "stage"},
    "stage": {"document", "errors", "rows"},
    **{room: GROUND | {room} for room in ROOMS},
    "sources": GROUND | {"sources"},
    "models": GROUND | {"models"},
    "store": GROUND | {"store", "ledger"},
    "ledger": {"document"},
    "export": GROUND | {"export", "store"},
    "registry": {"errors", "stage"},
    "recipe": {"errors", "registry", "rooms", "stage"},
    "index": {"errors", "exchange", "rows", "stage", "store"},
    "exchange": {"document", "errors", "rows", "store"},
    "plan": {"errors", "sources", "stage"},
    "barrier": {"engines", "errors", "exchange", "packing", "plan", "stage", "store", "tasks"},
    "phases": {"barrier", "engines", "ledger", "plan", "store", "tasks"},
    "packing": GROUND | {"images"},
    "tasks": GROUND | {"tasks", "plan", "ledger", "exchange", "index", "store", "sources", "models"},
    "engines": {"engines", "errors"},
}
"""Module or room to what it may import. What is not named here (run, launch, check, cli, ...) is on top."""

LATE = {"language/api.py": {"models"}}
"""Doors of the public API that reach upward inside a function, and only there."""


def _imports(path: Path) -> set[tuple[str, bool]]:
    """(room or module of ours that is imported, whether at the top level)."""
    out = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = {id(n) for n in tree.body}
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module] if node.module != "obelics_like" else [f"obelics_like.{a.name}" for a in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        out |= {
            (n.split(".")[1], id(node) in top)
            for n in names
            if n.startswith("obelics_like.") and not n.endswith(".__version__")
        }
    return out


FILES = sorted(p.relative_to(PACKAGE).as_posix() for p in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("file", FILES)
def test_a_module_imports_only_what_lies_below_it(file: str) -> None:
    room = file.split("/")[0].removesuffix(".py")
    if room not in MAY or file == "__init__.py":
        assert room in {
            "run",
            "preview",
            "asked",
            "record",
            "launch",
            "check",
            "cli",
            "doctor",
            "report",
            "__init__",
        }, f"{room}: say what it may import"
        return
    for imported, at_top in _imports(PACKAGE / file):
        late = not at_top and imported in LATE.get(file, set())
        assert imported in MAY[room] | {room} or late, f"{file} imports {imported}"


def test_every_room_named_here_is_there() -> None:
    there = {f.split("/")[0].removesuffix(".py") for f in FILES}
    assert set(MAY) <= there

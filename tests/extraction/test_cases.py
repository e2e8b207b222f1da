"""Each file of `tests/cases/extraction` is a page and a comment with what must come of it, one JSON value a line.

The first line says the page's URL, the stage's `main`, which nodes are listed (`only`: all or images) and, where it
matters, `facts`. Each further line is a node in DOM order; a key that is not given is not compared. `drop` is the rule.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from obelics_like.document import Document, Image, Origin, Page, Text
from obelics_like.extraction.nodes import Nodes
from obelics_like.stage import Context

CASES = Path(__file__).resolve().parent.parent / "cases" / "extraction"
FILES = sorted(CASES.glob("*.html"))


def read(path: Path) -> tuple[bytes, dict[str, Any], list[dict[str, Any]]]:
    html, _, expected = path.read_bytes().partition(b"<!-- expected\n")
    lines = expected.decode("utf-8").partition("\n-->")[0].splitlines()
    options, *nodes = map(json.loads, lines)
    return html, options, nodes


def run(html: bytes, url: str, **options: Any) -> Document:
    stage = Nodes(id="extract", **options)
    origin = Origin("", 0)
    document = Document("x", url, origin, page=Page(url, html, None, origin))
    (result,) = stage.process([document], stage.open(Context()))
    return result


def seen(node: Text | Image, keys: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"text": node.text} if isinstance(node, Text) else {"image": node.url}
    for key in keys - found.keys():
        if key == "drop":
            found[key] = node.drop.rule if node.drop else None
        else:
            found[key] = node.facts.get(key) if key in ("kind", "alternatives") else getattr(node, key)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    html, options, expected = read(path)
    document = run(html, options["url"], main=options["main"])
    nodes = [node for node in document.nodes if options["only"] == "all" or isinstance(node, Image)]
    assert [seen(node, set(want)) for node, want in zip(nodes, expected)] == expected[: len(nodes)]
    assert len(nodes) == len(expected)
    assert [node.pos for node in document.nodes] == list(range(len(document.nodes)))
    for name, value in options.get("facts", {}).items():
        assert document.facts[name] == value


def test_there_are_enough_ways_for_a_picture_to_stand() -> None:
    counted = [path for path in FILES if path.stem.startswith("picture_")]
    uncounted = [path for path in FILES if path.stem.startswith("no_picture_")]
    assert len(counted) + len(uncounted) >= 60
    assert len(uncounted) >= 15


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_twice_the_same(path: Path) -> None:
    html, options, _ = read(path)
    assert run(html, options["url"]) == run(html, options["url"])

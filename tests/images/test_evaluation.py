"""Pictures on a list of perceptual hashes, and lists that can't be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from obelics_like.document import Blob, Document, Drop, Image, Origin, Place
from obelics_like.errors import InputError, OptionError
from obelics_like.images.evaluation import EvaluationImages
from obelics_like.stage import Context


def page(*hashes: str | None) -> Document:
    blobs = [None if h is None else Blob(Place("record", "a", 0), "warc", phash=h or None) for h in hashes]
    return Document("d", "u", Origin("in", 0), [Image(i, "u", blob=b) for i, b in enumerate(blobs)])


def run(tmp_path: Path, text: str, distance: int, *hashes: str | None) -> list[Drop | None]:
    path = tmp_path / "hashes.txt"
    path.write_text(text)
    stage = EvaluationImages(str(path), distance, id="x")
    document = page(*hashes)
    stage.process([document], stage.open(Context()))
    return [node.drop for node in document.nodes]


LIST = "# COCO\n00000000000000ff  coco/1.jpg\n\nFFFF000000000000\n0000000000000000\n"


def test_equal_hashes_go(tmp_path: Path) -> None:
    found = run(tmp_path, LIST, 0, "00000000000000ff", "00000000000000fe", "ffff000000000000", "", None)
    first = Drop("x", "evaluation_image", "0 bits from 00000000000000ff", 0)
    assert found == [first, None, Drop("x", "evaluation_image", "0 bits from ffff000000000000", 0), None, None]


def test_near_hashes_go_with_a_distance(tmp_path: Path) -> None:
    found = run(tmp_path, LIST, 2, "00000000000000fe", "ffff000000000007", "8000000000000001", "00000000000000ff")
    values = [drop and drop.value for drop in found]
    assert values == [
        "1 bits from 00000000000000ff",
        None,
        "2 bits from 0000000000000000",
        "0 bits from 00000000000000ff",
    ]


def test_an_empty_list_drops_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, "# none\n", 64, "00000000000000ff") == [None]


def test_lists_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"x\.hashes"):
        EvaluationImages(str(tmp_path / "nothing"), id="x").open(Context())
    with pytest.raises(InputError, match="line 2: got 'abc'"):
        run(tmp_path, "00000000000000ff\nabc\n", 0)
    with pytest.raises(OptionError):
        EvaluationImages("x", 65, id="x").check()


def test_it_is_off_without_a_list_or_pixels() -> None:
    assert not EvaluationImages(id="x").active(Context(images=frozenset({"warc"})))
    assert not EvaluationImages("x", id="x").active(Context())

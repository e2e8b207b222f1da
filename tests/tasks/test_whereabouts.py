"""The note that outlives a worker: where it died, and whether one page is to blame."""

from __future__ import annotations

from pathlib import Path

import pytest

from obelics_like.tasks.whereabouts import NOWHERE, Place, Whereabouts, guilty, read_places


def died(path: Path, first: int, last: int | None = None) -> None:
    """An attempt that ends without a word."""
    Whereabouts(path).at(first, last)


def test_a_page_is_guilty_when_two_attempts_in_a_row_died_at_it_alone(tmp_path: Path) -> None:
    note = tmp_path / "work" / ".at-00000"
    died(note, 0, 63)
    assert guilty(note) is None
    died(note, 12)
    assert guilty(note) is None
    died(note, 12)
    assert guilty(note) == 12


@pytest.mark.parametrize(
    "deaths", [[(12, 12), (13, 13)], [(0, 63), (0, 63)], [(-1, -1), (-1, -1)], [(12, 12), (12, 12), (-1, -1)], []]
)
def test_without_that_none_is(tmp_path: Path, deaths: list[tuple[int, int]]) -> None:
    for first, last in deaths:
        died(tmp_path / "note", first, last)
    assert guilty(tmp_path / "note") is None


def test_what_an_attempt_died_at_is_suspect_to_the_next(tmp_path: Path) -> None:
    died(tmp_path / "note", 64, 127)
    place = Whereabouts(tmp_path / "note")
    assert [place.suspects(*p) for p in ((0, 63), (0, 64), (100, 100), (127, 190), (128, 190))] == [
        False, True, True, True, False
    ]  # fmt: skip


def test_the_last_place_counts_and_a_task_that_ends_leaves_nothing(tmp_path: Path) -> None:
    place = Whereabouts(tmp_path / "note")
    for n in (1, 2, 1000000000000):
        place.at(n)
    assert read_places(tmp_path / "note") == [Place(1000000000000, 1000000000000)]
    place.between()
    assert read_places(tmp_path / "note") == [NOWHERE]
    place.forget()
    assert not (tmp_path / "note").exists()


@pytest.mark.parametrize("damage", [b"", b"\0" * 42, b"12", b"x y\n", b"1 2 3\n"])
def test_a_note_that_is_damaged_blames_nobody(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "note").write_bytes(damage)
    assert guilty(tmp_path / "note") is None
    died(tmp_path / "note", 3)
    assert read_places(tmp_path / "note") == [Place(3, 3)]

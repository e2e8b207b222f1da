"""Where a task is, in a small file that outlives its process, so that the page that killed a worker can be named.

It judges no page: it tells the next attempt where to look closer, and the run which page two attempts died at.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_SLOT = 42
"""Bytes of one attempt: two ordinals and a line end, so that a new place overwrites the old one in one write."""
_KEPT = 3
"""Attempts that are remembered: as many as an engine makes."""


class Place(NamedTuple):
    """The ordinals of the first and the last page that an attempt was at; both -1 between pages."""

    first: int
    last: int


NOWHERE = Place(-1, -1)


class Whereabouts:
    """The note of one task. Opened by each attempt anew; the last word of those before it is where they died.

    What is written survives the death of the process, whatever kills it (the kernel holds it), though not that of the
    machine: then there is nobody to blame either.
    """

    def __init__(self, path: Path) -> None:
        self.deaths = read_places(path)[-_KEPT + 1 :]
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        for number, place in enumerate(self.deaths):
            self._write(place, number)
        self._now = NOWHERE
        self._write(NOWHERE, len(self.deaths))

    def at(self, first: int, last: int | None = None) -> None:
        """Note the pages that are looked at from now on: one, or those from the first to the last."""
        self._move(Place(first, first if last is None else last))

    def between(self) -> None:
        """Note that no page is looked at: what happens now is no page's fault."""
        self._move(NOWHERE)

    def suspects(self, first: int, last: int) -> bool:
        """Whether an attempt died at any of these pages, so that they are to be taken one by one."""
        return any(died.first <= last and first <= died.last for died in self.deaths)

    def forget(self) -> None:
        """Close and remove the note: the task came to its end."""
        os.close(self._file)
        with suppress(OSError):
            self._path.unlink()

    def _move(self, place: Place) -> None:
        if place != self._now:
            self._now = place
            self._write(place, len(self.deaths))

    def _write(self, place: Place, number: int) -> None:
        os.pwrite(self._file, b"%20d %20d\n" % place, number * _SLOT)


def read_places(path: Path) -> list[Place]:
    """Where each attempt was when it ended, in order; empty if there is no note, or none that can be read."""
    try:
        return [Place(*map(int, line.split())) for line in path.read_text("ascii").splitlines()]
    except (OSError, ValueError, TypeError):
        return []


def guilty(path: Path) -> int | None:
    """The ordinal of the page that the last two attempts died at, if it was one page and the same."""
    last = read_places(path)[-2:]
    if len(last) < 2 or last[0] != last[1] or last[0] == NOWHERE or last[0].first != last[0].last:
        return None
    return last[0].first

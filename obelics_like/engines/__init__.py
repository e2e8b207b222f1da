"""The seam between the run and what executes it: `map(task, items) -> iterator of (item, result | Failure)`.

Phases, resume, retries of the data kind and the ledger stand above it, so that engines cannot differ in behaviour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from obelics_like.errors import UnknownName


@dataclass(frozen=True)
class Failure:
    """An item that could not be done: its worker died `attempts` times. An exception is not a Failure: it is raised."""

    reason: str
    attempts: int


class Engine(Protocol):
    """Runs a task over items, in any order. `task` and the items pickle; `workers` is how many may run at once."""

    workers: int

    def map(self, task: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[tuple[Any, Any]]: ...

    def close(self) -> None: ...


def engine(name: str, workers: int) -> Engine:
    """The engine of a name: "inline" (in this process, for debugging) or "local" (its own worker processes)."""
    if name == "inline":
        from obelics_like.engines.inline import InlineEngine

        return InlineEngine()
    if name == "local":
        from obelics_like.engines.local import LocalEngine

        return LocalEngine(workers)
    raise UnknownName("engine", name, ["inline", "local"])

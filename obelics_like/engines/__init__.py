"""The seam between the run and what executes it: `map(task, items, needs) -> iterator of (item, result | Failure)`.

Phases, resume, retries of the data kind and the ledger stand above it, so that engines cannot differ in behaviour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from obelics_like.errors import OptionError, UnknownName, WorkerError

ENGINES = ("inline", "local", "ray")


@dataclass(frozen=True)
class Failure:
    """An item that could not be done: its worker died `attempts` times. An exception is not a Failure: it is raised."""

    reason: str
    attempts: int


@dataclass(frozen=True)
class Needs:
    """What one worker holds while it does an item: processors, GPUs (a half: two workers share one) and megabytes.

    Where there is no GPU, `gpu` asks for nothing: the work is then done on the processor.
    """

    cpu: float = 1.0
    gpu: float = 0.0
    memory: int = 0


ONE_PROCESSOR = Needs()


MOST_DEATHS = 100
"""Workers of a run that may die beyond one an item that is done: a page that kills for good costs some 30 at most."""


class Deaths:
    """The budget of a whole run: where workers go on dying and nothing is done meanwhile, the run stops and says so.

    Each item that is done gives one death back, so that a run of weeks may lose a machine now and then. `workers` is
    how many there are: a cluster may lose them all at once, more than once.
    """

    def __init__(self, engine: str, workers: int) -> None:
        self._engine, self._most, self._now = engine, max(MOST_DEATHS, 4 * workers), 0

    def done(self) -> None:
        """Count an item that was done."""
        self._now = max(0, self._now - 1)

    def one(self, why: str) -> None:
        """Count a worker that died. Raises WorkerError."""
        self._now += 1
        if self._now > self._most:
            raise WorkerError(
                f"engine {self._engine}",
                got=f"{self._now} workers more that died than items that were done, the last by {why}",
                valid="a worker that dies now and then",
                do="look at the memory and disk of the machine, and at the stage that is running (--workers 1 shows it "
                "alone), then run the same command again: it goes on where it stopped",
            )


class Engine(Protocol):
    """Runs a task over items, in any order. `task` and the items pickle; `workers` is how many may run at once."""

    workers: int

    def map(
        self, task: Callable[[Any], Any], items: Sequence[Any], needs: Needs = ONE_PROCESSOR
    ) -> Iterator[tuple[Any, Any]]: ...

    def close(self) -> None: ...


def engine(name: str, workers: int | None = None, address: str | None = None) -> Engine:
    """The engine of a name: "inline" (in this process, for debugging), "local" (its own worker processes) or "ray".

    `workers` is how many may run at once: one a processor if it is None. `address` is that of a Ray cluster.
    """
    if address is not None and name != "ray":
        raise OptionError(
            "--ray-address",
            got=f"{address!r} with --engine {name}",
            valid="an address with --engine ray",
            do="leave one of them out or add --engine ray",
        )
    if name == "inline":
        from obelics_like.engines.inline import InlineEngine

        return InlineEngine()
    if name == "local":
        from obelics_like.engines.local import LocalEngine

        return LocalEngine(workers)
    if name == "ray":
        from obelics_like.engines.ray import RayEngine

        return RayEngine(workers, address)
    raise UnknownName("--engine", name, ENGINES)

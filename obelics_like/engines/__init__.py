"""The seam between the run and what executes it: `map(task, items, needs) -> iterator of (item, result | Failure)`.

Phases, resume, retries of the data kind and the ledger stand above it, so that engines cannot differ in behaviour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from obelics_like.errors import OptionError, UnknownName

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
            "--ray-address", got=f"{address!r} with --engine {name}", valid="an address with --engine ray"
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

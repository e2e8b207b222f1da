"""Runs tasks on a Ray cluster, or on a Ray of its own on this machine: Ray places, and tells of lost nodes.

Each Ray actor holds one worker process as the local engine has it, and watches it in the same way, so that a crash, a
hang or an exception mean the same here and there. All machines must see the work folder under the same path, or share
it through an object store (`store/shared.py`), and have this package installed. Actors pull items: one that finds no
room is never waited for, so a cluster that shrinks goes on with fewer.
"""

from __future__ import annotations

import os
import pickle
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from typing import Any

from obelics_like.engines import ONE_PROCESSOR, Deaths, Failure, Needs
from obelics_like.engines.local import ATTEMPTS, Worker, check_memory, patience
from obelics_like.errors import MissingPiece

_STARTS = 20
"""Actors in a row that may be lost before they are up: then no node can run them."""


class Host:
    """The actor: one worker process on the node where Ray placed it, and who watches it."""

    def __init__(self, environment: dict[str, str]) -> None:
        os.environ.update(environment)
        self._worker: Worker | None = None

    def up(self) -> bool:
        """Answers once the actor has been placed and started."""
        return True

    def do(self, question: bytes, stall: float) -> bytes:
        """Ask the worker; gives its pickled answer: ("ok", result), ("error", exception) or ("died", why)."""
        worker = self._worker = self._worker or Worker()
        worker.give(question, None, 1)
        while True:
            if not wait([worker.pipe], timeout=min(30.0, stall / 4)):
                worker.watch(stall)
                continue
            try:
                answer = worker.receive()
            except MissingPiece as error:
                self._worker = None
                return pickle.dumps(("error", error))
            state = pickle.loads(answer)[0] if len(answer) < _SHORT else "ok"
            if state == "died":
                self._worker = None
            if state != "ready":
                return answer


_SHORT = 10_000
"""Bytes below which an answer is looked into: "ready" and "died" are short, and results need not be importable here."""


@dataclass
class _Hired:
    """An actor, with the item it does and the reference that will tell."""

    actor: Any
    ref: Any
    item: Any = None
    attempt: int = 0


@dataclass
class _Staff:
    """The actors of one map: those not yet placed, those without an item, and those at work."""

    starting: list[_Hired] = field(default_factory=list)
    idle: list[_Hired] = field(default_factory=list)
    busy: list[_Hired] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.starting) + len(self.idle) + len(self.busy)


class RayEngine:
    """See `engines.Engine`. `address` is that of a cluster ("auto", "host:port", "ray://..."); without, Ray is started
    here, on loopback, and ended by `close`. `workers` is how many actors are asked for: one a processor by default."""

    def __init__(self, workers: int | None = None, address: str | None = None, stall: float | None = None) -> None:
        self.stall = patience() if stall is None else stall
        check_memory()
        self._ray = _ray()
        self._ours = not self._ray.is_initialized()
        if self._ours:
            _connect(self._ray, address, workers)
        self.workers = workers or max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        self._deaths = Deaths("ray", self.workers)
        self._staff = _Staff()
        self._needs = ONE_PROCESSOR
        self._lost = 0

    def map(
        self, task: Callable[[Any], Any], items: Sequence[Any], needs: Needs = ONE_PROCESSOR
    ) -> Iterator[tuple[Any, Any]]:
        """Yield (item, result | Failure) as they come. An exception of the task is raised here, with its notes."""
        if needs != self._needs:  # actors hold what they were placed with, even when they do nothing
            self._dismiss(self._staff.starting, self._staff.idle)
            self._needs = needs
        waiting = deque((item, 1) for item in items)
        staff = self._staff
        try:
            while waiting or staff.busy:
                self._hire(min(self.workers, len(waiting) + len(staff.busy)))
                while waiting and staff.idle:
                    self._give(task, *waiting.popleft())
                for hired in self._answering():
                    state, answer = self._take(hired)
                    self._deaths.one(answer) if state == "died" else self._deaths.done()
                    if state == "died" and hired.attempt < ATTEMPTS:
                        waiting.append((hired.item, hired.attempt + 1))
                    elif state == "died":
                        yield hired.item, Failure(f"its worker died: {answer}", hired.attempt)
                    elif state == "error":
                        raise answer
                    else:
                        yield hired.item, answer
        finally:  # after an exception, no answer may be left for the next call to take for its own
            self._dismiss(staff.busy)

    def _hire(self, wanted: int) -> None:
        needs, environment = self._needs, {k: v for k, v in os.environ.items() if k.startswith("OBELICS_LIKE_")}
        gpu = needs.gpu if self._ray.cluster_resources().get("GPU") else 0.0
        while len(self._staff) < wanted:
            kind = self._ray.remote(num_cpus=needs.cpu, num_gpus=gpu, memory=needs.memory << 20, max_restarts=0)(Host)
            actor = kind.remote(environment)
            self._staff.starting.append(_Hired(actor, actor.up.remote()))

    def _give(self, task: Callable[[Any], Any], item: Any, attempt: int) -> None:
        question = pickle.dumps((task, item))
        hired = self._staff.idle.pop()
        hired.item, hired.attempt = item, attempt
        hired.ref = hired.actor.do.remote(question, self.stall)
        self._staff.busy.append(hired)

    def _answering(self) -> list[_Hired]:
        """Those at work that have answered or died; who has come up meanwhile is idle from now on.

        Raises MissingPiece where nobody is at work and nobody comes up.
        """
        staff, since = self._staff, time.monotonic()
        while True:
            refs = [h.ref for h in [*staff.starting, *staff.busy]]
            ready, _ = self._ray.wait(refs, num_returns=len(refs), timeout=0)
            ready = ready or self._ray.wait(refs, num_returns=1, timeout=5.0)[0]
            done = set(ready)
            for hired in [h for h in staff.starting if h.ref in done]:
                staff.starting.remove(hired)
                self._lost = 0 if self._is_up(hired) else self._lost + 1
                if not self._lost:
                    staff.idle.append(hired)
            waited = time.monotonic() - since
            if self._lost > _STARTS or (waited > self.stall and not staff.busy):
                raise _no_room(self._needs, self._ray.available_resources(), waited)
            if ready:
                return [h for h in staff.busy if h.ref in done]

    def _is_up(self, hired: _Hired) -> bool:
        try:
            return bool(self._ray.get(hired.ref))
        except self._ray.exceptions.RayActorError as error:
            if "ModuleNotFoundError" in str(error) or "ImportError" in str(error):
                raise _not_there(error) from error
            return False

    def _take(self, hired: _Hired) -> tuple[str, Any]:
        """What an actor answered; it is idle again, or gone."""
        self._staff.busy.remove(hired)
        try:
            state, answer = pickle.loads(self._ray.get(hired.ref))
        except self._ray.exceptions.RayActorError as error:
            return "died", " ".join(str(error).split())[:200]
        self._staff.idle.append(hired)
        return state, answer

    def _dismiss(self, *groups: list[_Hired]) -> None:
        for group in groups:
            while group:
                self._ray.kill(group.pop().actor)

    def close(self) -> None:
        """Stop all workers; what they were doing is lost, what they published is not."""
        if self._ray.is_initialized():
            self._dismiss(self._staff.starting, self._staff.idle, self._staff.busy)
            if self._ours:
                self._ray.shutdown()


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    try:
        import ray
        import ray.exceptions
    except ImportError as error:
        raise MissingPiece(
            "engine ray", got=str(error), valid="the package ray", do="pip install 'obelics-like[ray]'"
        ) from error
    return ray


def _connect(ray: Any, address: str | None, workers: int | None) -> None:
    try:
        if address is not None:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        else:
            ray.init(
                num_cpus=workers or len(os.sched_getaffinity(0)),
                include_dashboard=False,
                object_store_memory=100 << 20,  # items and results are small: files go through the work folder
                log_to_driver=False,
                logging_level="ERROR",
                _node_ip_address="127.0.0.1",
            )
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        raise MissingPiece(
            f"--ray-address {address}" if address else "engine ray",
            got=" ".join(str(error).split())[:300],
            valid="a Ray cluster that can be reached",
            do="start one (`ray start --head`) and give its address, or leave --ray-address out",
        ) from error


def _no_room(needs: Needs, there: dict[str, float], waited: float) -> MissingPiece:
    free = (
        ", ".join(f"{name} {there[name]:g}" for name in sorted(there) if name in ("CPU", "GPU", "memory")) or "nothing"
    )
    return MissingPiece(
        "engine ray",
        got=f"no worker with cpu {needs.cpu:g}, gpu {needs.gpu:g}, memory {needs.memory} MB placed in {waited:.0f} s",
        valid=f"a node with room for one (free: {free})",
        do="look at `ray status`, then run the same command again: it goes on where it stopped",
    )


def _not_there(error: Exception) -> MissingPiece:
    return MissingPiece(
        "engine ray",
        got=" ".join(str(error).split())[-300:],
        valid="obelics-like installed on every node of the cluster, in the Python that Ray runs",
        do="pip install 'obelics-like[ray]' there",
    )

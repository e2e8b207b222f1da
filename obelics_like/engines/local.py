"""Worker processes of our own, one pipe each: a dead worker costs one attempt at one item, never the run.

Not a process pool: `concurrent.futures` ends the whole run when a worker dies, and `multiprocessing.Pool` waits for
ever. Workers are fresh interpreters (never forked: native libraries keep threads), started when first needed and
kept between calls, so that models load once in each.
"""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

from obelics_like.engines import ONE_PROCESSOR, Deaths, Failure, Needs
from obelics_like.errors import MissingPiece, OptionError

ATTEMPTS = 3
"""How often an item may cost a worker its life before it is given up."""
STALL_SECONDS = 1800.0
"""How long a worker may leave the processor alone before it is taken for hung; waiting for a slow host is shorter.

Four times as long in processor time is what one item may take in all: an expression that backtracks for ever is busy.
The environment variable OBELICS_LIKE_STALL_SECONDS sets another."""

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS", "ARROW_NUM_THREADS")
_BUSY = 4
_LEAST_MB = 200
_TICKS = os.sysconf("SC_CLK_TCK")


class Worker:
    """One worker process and the pipe to it. `gpu`: the one that it sees, where it is to see one alone."""

    def __init__(self, gpu: str | None = None) -> None:
        ours, theirs = socket.socketpair()
        self.gpu = gpu
        environment = os.environ | dict.fromkeys(_ONE_THREAD, "1")
        if gpu is not None:
            environment["CUDA_VISIBLE_DEVICES"] = gpu
        environment["PYTHONPATH"] = os.pathsep.join(p or os.getcwd() for p in sys.path)
        with theirs:
            self.process = subprocess.Popen(
                # -P: what lies in the working folder may not stand in for a module
                [sys.executable, "-P", "-m", "obelics_like.engines.worker", str(theirs.fileno()), str(os.getpid())],
                pass_fds=[theirs.fileno()],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=2,  # what a library prints may not get into the driver's --json
            )
        self.pipe = Connection(ours.detach())
        self.ready = False
        self.item: Any = None
        self.attempt = 0
        self.fault = ""
        self._began = self._used = self._moved = 0.0

    def give(self, question: bytes, item: Any, attempt: int) -> None:
        """Send a pickled (task, item). A worker that died meanwhile is noticed when its pipe is read."""
        self.item, self.attempt, self._moved = item, attempt, time.monotonic()
        self._began = self._used = _processor_seconds(self.process.pid) or 0.0
        try:
            self.pipe.send_bytes(question)
        except (BrokenPipeError, ConnectionResetError):
            return

    def take(self) -> tuple[str, Any]:
        """("ready", None), ("ok", result), ("error", exception) or ("died", why)."""
        answer: tuple[str, Any] = pickle.loads(self.receive())
        return answer

    def receive(self) -> bytes:
        """What `take` gives, still pickled."""
        try:
            answer = self.pipe.recv_bytes()
        except (EOFError, OSError):
            self.pipe.close()
            code = self.process.wait()
            if code > 0 and not self.ready:
                raise _never_up(code) from None
            why = self.fault or (signal.Signals(-code).name if code < 0 else f"exit code {code}")
            return pickle.dumps(("died", why))
        self.ready = True
        return answer

    def watch(self, patience: float) -> None:
        """Kill the process if it hangs; its pipe then tells of its death, and `fault` of the reason."""
        used = _processor_seconds(self.process.pid)
        if used is None:
            return
        if used > self._used:
            self._used, self._moved = used, time.monotonic()
        if used - self._began > _BUSY * patience:
            self.fault = f"killed after {used - self._began:.0f} s of processor time on one item"
        elif time.monotonic() - self._moved > patience:
            self.fault = f"killed after {patience:.0f} s without a sign of life"
        if self.fault:
            self.process.kill()

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self.pipe.close()
        self.process.kill()
        self.process.wait()


class LocalEngine:
    """See `engines.Engine`. `stall` is how many seconds a worker may hang; see STALL_SECONDS."""

    def __init__(self, workers: int | None = None, stall: float | None = None) -> None:
        self.workers = max(1, workers or len(os.sched_getaffinity(0)))
        self.stall = patience() if stall is None else stall
        check_memory()
        self._deaths = Deaths("local", self.workers)
        self._idle: list[Worker] = []
        self._busy: list[Worker] = []

    def map(
        self, task: Callable[[Any], Any], items: Sequence[Any], needs: Needs = ONE_PROCESSOR
    ) -> Iterator[tuple[Any, Any]]:
        """Yield (item, result | Failure) as they come. An exception of the task is raised here, with its notes."""
        waiting = deque((item, 1) for item in items)
        free = list(_places(needs, self.workers))
        try:
            while waiting or self._busy:
                while waiting and free:
                    self._start(task, *waiting.popleft(), free.pop())
                for worker in self._answering():
                    state, answer = worker.take()
                    if state == "ready":
                        continue
                    self._busy.remove(worker)
                    free.append(worker.gpu)
                    self._deaths.one(answer) if state == "died" else self._deaths.done()
                    if state == "died" and worker.attempt < ATTEMPTS:
                        waiting.append((worker.item, worker.attempt + 1))
                    elif state == "died":
                        yield worker.item, Failure(f"its worker died: {answer}", worker.attempt)
                    else:
                        self._idle.append(worker)
                        if state == "error":
                            raise answer
                        yield worker.item, answer
        finally:  # after an exception, no answer may be left for the next call to take for its own
            _stop(self._busy)

    def _start(self, task: Callable[[Any], Any], item: Any, attempt: int, gpu: str | None) -> None:
        question = pickle.dumps((task, item))
        worker = next((w for w in self._idle if w.gpu == gpu), None)
        if worker is None:
            _stop(self._idle[self.workers - 1 :])  # those that see another GPU hold memory, and models
            del self._idle[self.workers - 1 :]
            worker = Worker(gpu)
        else:
            self._idle.remove(worker)
        self._busy.append(worker)
        worker.give(question, item, attempt)

    def _answering(self) -> list[Worker]:
        """The workers whose pipe has something to tell, once there are any; hung ones are killed while waiting."""
        while True:
            ready = set(wait([w.pipe for w in self._busy], timeout=min(30.0, self.stall / 4)))
            if ready:
                return [w for w in self._busy if w.pipe in ready]
            for worker in self._busy:
                worker.watch(self.stall)

    def close(self) -> None:
        """Stop all workers; what they were doing is lost, what they published is not."""
        _stop(self._idle)
        _stop(self._busy)


def _places(needs: Needs, workers: int) -> Sequence[str | None]:
    """For each worker that may run at once, the GPU it is to see; None where it needs none, or there is none."""
    if needs.memory:
        workers = max(1, min(workers, _memory_mb() // needs.memory))
    places: list[str | None] = [None] * max(1, int(workers // max(1.0, needs.cpu)))
    if needs.gpu > 0 and (gpus := _gpus()):
        return [gpu for gpu in gpus for _ in range(max(1, int(1 / needs.gpu)))][: len(places)]
    return places


def _gpus() -> list[str]:
    """The names of the GPUs that may be used: those of CUDA_VISIBLE_DEVICES, else all that the driver shows."""
    said = os.environ.get("CUDA_VISIBLE_DEVICES")
    if said is not None:
        return [name for name in said.split(",") if name.strip() not in ("", "-1", "NoDevFiles")]
    try:
        return [str(n) for n in range(len(os.listdir("/proc/driver/nvidia/gpus")))]
    except OSError:
        return []


def _memory_mb() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20


def _stop(workers: list[Worker]) -> None:
    while workers:
        workers.pop().stop()


def _processor_seconds(process: int) -> float | None:
    """Processor time that a process has used, all its threads together; None where /proc does not tell."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / _TICKS


def patience() -> float:
    """The seconds that a worker may hang: STALL_SECONDS, or what the environment says. Raises OptionError."""
    said = os.environ.get("OBELICS_LIKE_STALL_SECONDS", "")
    try:
        seconds = float(said) if said else STALL_SECONDS
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise OptionError(
            "environment variable OBELICS_LIKE_STALL_SECONDS",
            got=repr(said),
            valid="seconds above 0",
            do="correct it, or unset the variable",
        )
    return seconds


def check_memory() -> None:
    """Raise OptionError if OBELICS_LIKE_WORKER_MB is no amount of memory that a worker can live with."""
    said = os.environ.get("OBELICS_LIKE_WORKER_MB", "")
    if said and not (said.isascii() and said.isdigit() and int(said) >= _LEAST_MB):
        valid = f"megabytes that a worker may have for itself, {_LEAST_MB} or more"
        raise OptionError(
            "environment variable OBELICS_LIKE_WORKER_MB",
            got=repr(said),
            valid=valid,
            do="correct it, or unset the variable",
        )


def _never_up(code: int) -> MissingPiece:
    return MissingPiece(
        "engine local",
        got=f"a worker process that ended with exit code {code} before it was ready (its own words are above)",
        valid=f"an interpreter that can import obelics_like ({sys.executable})",
        do="mend the installation; `obelics-like doctor` says what is missing",
    )

"""Worker processes of our own, one pipe each: a dead worker costs one attempt at one item, never the run.

Not a process pool: `concurrent.futures` ends the whole run when a worker dies, and `multiprocessing.Pool` waits for
ever. Workers are fresh interpreters (never forked: native libraries keep threads), started when first needed and
kept between calls, so that models load once in each.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

from obelics_like.engines import Failure

ATTEMPTS = 3
"""How often an item may cost a worker its life before it is given up."""

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS", "ARROW_NUM_THREADS")


class Worker:
    """One worker process and the pipe to it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        environment = os.environ | dict.fromkeys(_ONE_THREAD, "1")
        environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "obelics_like.engines.worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=environment,
                stdin=subprocess.DEVNULL,
            )
        self.pipe = Connection(ours.detach())
        self.item: Any = None
        self.attempt = 0

    def give(self, task: Callable[[Any], Any], item: Any, attempt: int) -> None:
        """Send an item. A worker that died meanwhile is noticed when its pipe is read."""
        self.item, self.attempt = item, attempt
        try:
            self.pipe.send((task, item))
        except (BrokenPipeError, ConnectionResetError):
            return

    def take(self) -> tuple[str, Any]:
        """("ok", result), ("error", exception) or ("died", why)."""
        try:
            answer: tuple[str, Any] = self.pipe.recv()
        except (EOFError, OSError):
            self.pipe.close()
            code = self.process.wait()
            return "died", signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return answer

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self.pipe.close()
        self.process.kill()
        self.process.wait()


class LocalEngine:
    """See `engines.Engine`."""

    def __init__(self, workers: int) -> None:
        self.workers = max(1, workers)
        self._idle: list[Worker] = []
        self._busy: list[Worker] = []

    def map(self, task: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield (item, result | Failure) as they come. An exception of the task is raised here, with its notes."""
        waiting = deque((item, 1) for item in items)
        while waiting or self._busy:
            while waiting and len(self._busy) < self.workers:
                item, attempt = waiting.popleft()
                worker = self._idle.pop() if self._idle else Worker()
                worker.give(task, item, attempt)
                self._busy.append(worker)
            ready = set(wait([w.pipe for w in self._busy]))
            for worker in [w for w in self._busy if w.pipe in ready]:
                self._busy.remove(worker)
                state, answer = worker.take()
                if state == "died":
                    if worker.attempt < ATTEMPTS:
                        waiting.append((worker.item, worker.attempt + 1))
                    else:
                        yield worker.item, Failure(f"its worker died: {answer}", worker.attempt)
                    continue
                self._idle.append(worker)
                if state == "error":
                    raise answer
                yield worker.item, answer

    def close(self) -> None:
        """Stop all workers; what they were doing is lost, what they published is not."""
        for worker in self._idle + self._busy:
            worker.stop()
        self._idle, self._busy = [], []

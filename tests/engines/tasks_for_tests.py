"""Tasks that workers import by name: good, failing, and deadly ones."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from pathlib import Path

from obelics_like.errors import DataError


def double(n: int) -> int:
    return 2 * n


def die_once(item: tuple[str, int]) -> int:
    """Kill this process at the first attempt at each odd number."""
    folder, n = item
    mark = Path(folder) / str(n)
    if n % 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return n


def die_at_three(n: int) -> int:
    if n == 3:
        os._exit(7)
    return n


def fail(n: int) -> int:
    raise DataError("here", got=n, valid="nothing", do="expect this")


class Awkward(Exception):
    def __init__(self, a: int, b: int) -> None:
        super().__init__("needs two")


def fail_awkwardly(n: int) -> int:
    raise Awkward(1, 2)


def pid(_: int) -> int:
    return os.getpid()


def unpicklable(n: int) -> object:
    return lambda: n


def shout(n: int) -> int:
    print("noise on stdout", n, flush=True)
    return n


def hang(n: int) -> int:
    """Wait for ever at 3, without using the processor."""
    if n == 3:
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()
    return n


def spin(n: int) -> int:
    """Backtrack for ever at 3."""
    if n == 3:
        re.match(r"(a+)+b", "a" * 60)
    return n


def slow_then_pid(item: tuple[str, int]) -> int:
    """Write down this process's id, then hang."""
    folder, n = item
    (Path(folder) / f"{os.getpid()}.pid").touch()
    time.sleep(600)
    return n


def never(_: object) -> None:
    time.sleep(600)


def fail_or_sleep(n: int) -> int:
    if n == 0:
        raise ValueError("first")
    time.sleep(0.3)
    return n


def seen_gpu(_: int) -> tuple[str | None, int]:
    """The GPUs that the worker sees, and its process id."""
    time.sleep(0.05)
    return os.environ.get("CUDA_VISIBLE_DEVICES"), os.getpid()


def linger(n: int) -> int:
    time.sleep(3)
    return n


def leave_a_mark(item: tuple[str, int]) -> int:
    folder, n = item
    (Path(folder) / str(n)).touch()
    return n

"""Tasks that workers import by name: good, failing, and deadly ones."""

from __future__ import annotations

import os
import signal
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

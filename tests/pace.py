"""How slow this machine is: a test of speed asks of each machine for the same work, and not for the same time."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable

USUAL = 0.025
"""Processor seconds of `_work` on the machine (two virtual cores) on which the limits of the tests were found."""


def least(job: Callable[[], object], enough: float, tries: int = 3) -> float:
    """Processor seconds of a job, in those of the usual machine: the least of some tries, the first if it is enough.

    What else the machine does may slow a try, not each; what the machine is slows all, and `_work` as much.
    """
    found = float("inf")
    for _ in range(tries):
        spent = seconds(job)
        found = min(found, spent if spent < enough else spent / slower())
        if found < enough:
            break
    return found


def slower() -> float:
    """How many times as long as the usual machine this one takes now for the same, 1 at least."""
    return max(1.0, min(seconds(_work) for _ in range(3)) / USUAL)


def _work() -> None:
    """Some of each: objects of Python, bytes that are looked through and copied, C that computes."""
    seen = {str(number): number for number in range(40_000)}
    assert sum(seen.values()) == 799_980_000
    data = b"<p>word</p>" * 400_000
    assert len(data.replace(b"<p>", b"<q>").split(b"word")) == 400_001
    zlib.crc32(data)


def seconds(job: Callable[[], object]) -> float:
    """Processor seconds of a job."""
    began = time.process_time()
    job()
    return time.process_time() - began

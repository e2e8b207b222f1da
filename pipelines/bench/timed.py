"""Times a program from outside: wall, processor seconds and memory of it and all its children; it reads no output."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Timing:
    """What one run of a program took: seconds by the clock, processor seconds (user and system, of the program and
    all children it waited for), and the peak resident memory of its largest process in MB."""

    wall: float
    cpu: float
    peak_mb: int


class ProgramFailed(Exception):
    """A program ended with an error; the text ends with the last lines it printed."""


def run(command: Sequence[str | Path], log: Path, settings: Mapping[str, str]) -> Timing:
    """Run a command to its end with `settings` added to the environment, its output in `log`; raises ProgramFailed.

    The memory is the operating system's own peak, which counts from before the program is loaded: call it from a
    small process.
    """
    environment = {**os.environ, **settings}
    start = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen([str(part) for part in command], stdout=output, stderr=output, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        last = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise ProgramFailed(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{last}")
    return Timing(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024)

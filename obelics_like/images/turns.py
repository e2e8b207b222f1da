"""One request at a time to a host, with a pause between, across all worker processes of a machine.

It knows nothing of HTTP: who may ask, and when. A host is a file; its lock is the turn, its content the time before
which nobody may ask again.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Turns:
    """Turns at hosts, kept in `folder`; `delay` seconds lie between two, nobody waits longer than `max_wait`."""

    folder: Path
    delay: float
    max_wait: float

    @contextmanager
    def take(self, host: str, delay: float | None = None) -> Iterator[Hold]:
        """Wait for the turn at a host; the next one comes `delay` seconds after this block, or when it asks for."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = sha256(host.encode()).hexdigest()[:32]
        began = time.monotonic()
        file = os.open(self.folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        hold = Hold(max(self.delay, delay or 0.0))
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            time.sleep(min(max(0.0, _read(file) - time.time()), self.max_wait))
            hold.waited = time.monotonic() - began
            yield hold
        finally:
            text = f"{time.time() + min(hold.pause, self.max_wait):020.6f}"
            os.pwrite(file, text.encode(), 0)
            os.close(file)  # closing gives up the lock


@dataclass(slots=True)
class Hold:
    """A turn that was taken: how long it took to get it, and the pause to leave after it, in seconds."""

    pause: float
    waited: float = 0.0


def _read(file: int) -> float:
    try:
        return float(os.pread(file, 64, 0))
    except ValueError:  # a new file, or one torn by a crash
        return 0.0

"""One driver for a prefix of an object store: an object that is created if absent, which the store arbitrates."""

from __future__ import annotations

import json
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from obelics_like.errors import UsageError
from obelics_like.store.objects import Objects

CLAIM = ".obelics-like.lock"
OWNER = ".obelics-like.owner"
"""In the local folder: the name by which it knows its own claims."""


def claim(objects: Objects, home: Path, option: str) -> bool:
    """Take a prefix for a local folder; gives False if the folder held it already, since its run died.

    Raises UsageError if another one holds it.
    """
    owner = _owner(home)
    what = {"owner": owner, "host": socket.gethostname(), "since": datetime.now(UTC).isoformat("T", "seconds")}
    if objects.create(CLAIM, json.dumps(what).encode()):
        return True
    held = json.loads(objects.read(CLAIM))
    if held["owner"] != owner:
        raise _held(f"{option} {objects.address}", held)
    return False


@contextmanager
def claimed(objects: Objects, home: Path, option: str) -> Iterator[None]:
    """Hold a prefix for a while; after a crash, only the same local folder may take it up again."""
    claim(objects, home, option)
    try:
        yield
    finally:
        objects.remove(CLAIM)


def _held(where: str, held: dict[str, Any]) -> UsageError:
    return UsageError(
        where,
        got=f"another run is publishing to it (from {held['host']}, since {held['since']})",
        valid="one run at a time",
        do=f"wait; if that run is dead and will not be resumed, remove the object {CLAIM} there",
    )


def _owner(home: Path) -> str:
    """The name by which a local folder knows its own claims: made once, kept there."""
    path = home / OWNER
    try:
        return path.read_text("ascii")
    except OSError:
        name = uuid.uuid4().hex
        with open(path, "w", encoding="ascii") as file:
            file.write(name)
            file.flush()
            os.fsync(file.fileno())
        return name

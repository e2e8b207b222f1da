"""Work that lies in an object store, so that machines without a common file system can share it; it does no work.

Each machine keeps a folder of work of the same path as its copy. What is published there is put into the store first,
and then renamed into its place, so that what a machine has, the store had; what is looked for and not there, or there
from an earlier run that made less of it, is fetched. Readers go by manifests, which are put last and always read in
the store, so an attempt that was lost half way adds nothing.

Which folder is whose copy stands in the environment, which workers inherit wherever they run.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from obelics_like.store.claim import CLAIM, claimed
from obelics_like.store.objects import Objects

VARIABLE = "OBELICS_LIKE_SHARED_WORK"
"""ADDRESS and FOLDER, with a space between; set by the driver while it runs."""


@contextmanager
def sharing(folder: Path, address: str | None) -> Iterator[None]:
    """Share what is published below a folder through an address, for one driver at a time. Raises UsageError."""
    if address is None:
        yield
        return
    home = folder.resolve()
    with claimed(Objects(address, "--work"), home.parent, "--work"):
        os.environ[VARIABLE] = f"{address} {home}"
        try:
            yield
        finally:
            del os.environ[VARIABLE]
            forget()


@contextmanager
def looking(folder: Path, address: str | None) -> Iterator[None]:
    """As `sharing`, for who only reads."""
    if address is not None:
        os.environ[VARIABLE] = f"{address} {folder.resolve()}"
    try:
        yield
    finally:
        os.environ.pop(VARIABLE, None)
        forget()


def forget() -> None:
    """Forget the store, and what was seen there."""
    _store.cache_clear()
    _compared.cache_clear()


@lru_cache(maxsize=1)
def _store(address: str) -> Objects:
    return Objects(address, "--work")


@lru_cache(maxsize=1)
def _compared() -> set[Path]:
    """The copies that this process has held against the store."""
    return set()


def _place(path: Path) -> tuple[Objects, str] | None:
    """The store that a path is shared through, and its name there; None where it is not shared."""
    said = os.environ.get(VARIABLE)
    if not said:
        return None
    address, _, home = said.partition(" ")
    whole = path.resolve()
    return (_store(address), whole.relative_to(home).as_posix()) if whole.is_relative_to(home) else None


def is_shared(path: Path) -> bool:
    """Whether a file of work is shared with machines that have other disks."""
    return _place(path) is not None


def put(path: Path, temporary: Path) -> None:
    """Put a file of work, that is yet to be renamed to `path`, into the store, if work is shared."""
    if place := _place(path):
        place[0].put(temporary, place[1])


def put_made(path: Path) -> None:
    """Put a file of work that is in its place already, and whose name tells of what is in it, if it is not there."""
    if (place := _place(path)) and place[0].size(place[1]) != path.stat().st_size:
        place[0].put(path, place[1])


def at_hand(path: Path) -> Path:
    """The path, its file fetched if another machine made it, or made it anew. Where there is none, opening it says so.

    A copy that is there is held against the store once a process and run: within a run, a name means one content.
    """
    place = _place(path)
    if place is not None and not (path in _compared() and path.exists()):
        place[0].fetch(place[1], path)
        if path.exists():
            _compared().add(path)
    return path


def is_there(path: Path) -> bool:
    """Whether there is such a file of work: in the store, where work is shared."""
    place = _place(path)
    return path.exists() if place is None else place[0].size(place[1]) is not None


def read(path: Path) -> bytes:
    """The bytes of a small file of work as the store has it, where work is shared. Raises FileNotFoundError."""
    if not is_there(path):
        raise FileNotFoundError(path)
    place = _place(path)
    return path.read_bytes() if place is None else place[0].read(place[1])


def size_of(path: Path) -> int:
    """Bytes of a file of work, here or in the store. Raises FileNotFoundError."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        place = _place(path)
        size = place[0].size(place[1]) if place else None
        if size is None:
            raise
        return size


def withdraw(path: Path) -> None:
    """Take a file of work away, here and in the store: what it tells holds no more."""
    if place := _place(path):
        place[0].remove(place[1])
    path.unlink(missing_ok=True)


def withdraw_all(folder: Path) -> None:
    """Take the whole folder of work away, here and in the store."""
    if place := _place(folder):
        for name in place[0].sizes():
            if name != CLAIM:
                place[0].remove(name)
    shutil.rmtree(folder)

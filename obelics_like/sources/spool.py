"""Copies of remote inputs on this machine, kept for as long as a run needs them and within a bound on their bytes.

A run reads an archive twice, for the index and for its pages; with a copy it comes over the network once. It decides
nothing about a run: without a copy, all is read from where it lies.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from obelics_like.sources.disk import INSIDE, open_file, split_path
from obelics_like.sources.inputs import Input
from obelics_like.sources.remote import is_remote, setting

SPOOL_GB = 20.0
"""Most that the copies of a run may take, in GB; a Common Crawl archive has about one."""
STEP = 1 << 20
COUNT_EVERY = 64
"""Copies between two counts of what all workers hold: an index may give 100,000 small ones."""


def copy_of(path: str, folder: Path) -> str | None:
    """The whole copy of a remote file, or what a path leads to inside it; None where there is none."""
    outer, inner = split_path(path)
    if not is_remote(outer):
        return None
    found = next((folder / _mark(outer)).glob("*.wacz" if inner else "*.whole"), None)
    return None if found is None else f"{found}{INSIDE}{inner}" if inner else str(found)


def at_hand(source: Input, folder: Path) -> Input:
    """The input as it is read: from its copy, if there is one, else from where it lies."""
    outer, inner = split_path(source.path)
    place = _place(source, folder)
    if not is_remote(outer) or not place.exists():
        return source
    return replace(source, path=f"{place}{INSIDE}{inner}" if inner else str(place))


def spool(source: Input, folder: Path) -> Input:
    """As at_hand, having copied what is wanted of a remote input, if it has room; the copy appears whole or not.

    Picks are copied to their own places in a file that is otherwise a hole, so offsets hold in the copy as well.
    """
    outer, _ = split_path(source.path)
    if not is_remote(outer):
        return source
    place = _place(source, folder)
    if not place.exists():
        for stale in place.parent.glob(f"*{place.suffix}"):  # of a file that has changed since
            stale.unlink(missing_ok=True)
        with suppress(OSError):  # reading it from where it lies will say what is wrong
            _copy(outer, source.picks, place, folder)
    return at_hand(source, folder)


def _place(source: Input, folder: Path) -> Path:
    outer, inner = split_path(source.path)
    kind = "wacz" if inner else "picks" if source.picks else "whole"
    return folder / _mark(outer) / f"{_mark(f'{source.identity} {source.picks}')}.{kind}"


def _copy(url: str, picks: tuple[tuple[int, int], ...], place: Path, folder: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    file = open_file(url)
    temporary = place.with_name(f"{place.name}.{os.getpid()}.part")
    try:
        ranges = picks or ((0, file.size),)
        if not _room(folder, sum(length for _, length in ranges)):
            return
        with open(temporary, "wb") as out:
            for offset, length in ranges:
                at, end = offset, offset + length
                while at < end and (data := file.pread(min(STEP, end - at), at, end)):
                    os.pwrite(out.fileno(), data, at)
                    at += len(data)
        os.replace(temporary, place)
    finally:
        temporary.unlink(missing_ok=True)
        file.close()


def _room(folder: Path, size: int) -> bool:
    """Whether a copy of `size` bytes fits: into the bound, and into half of what the disk has left."""
    held = _held(folder)
    if held.left == 0:
        held.used, held.left = _used(folder), COUNT_EVERY
    held.left -= 1
    fits = held.used + size <= spool_bytes() and size <= shutil.disk_usage(folder).free // 2
    held.used += size if fits else 0
    return fits


@dataclass
class _Held:
    """What this process takes for the bytes of all copies, and after how many more copies it counts again."""

    used: int = 0
    left: int = 0


@lru_cache(maxsize=1)
def _held(folder: Path) -> _Held:
    return _Held()


def _used(folder: Path) -> int:
    used = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                used += os.stat(os.path.join(place, name)).st_blocks * 512
    return used


def spool_bytes() -> float:
    """Most that all copies may take. Raises OptionError for a variable that is no number."""
    return setting("OBELICS_LIKE_SPOOL_GB", SPOOL_GB, "gigabytes, 0 for none") * 1e9


def _mark(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=10).hexdigest()

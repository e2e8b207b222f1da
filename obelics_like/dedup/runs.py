"""Sorted columns of whole numbers in files: each written once by one task, read range by range by many others.

A file holds its columns one after the other (uint64, ascending by the first), so that a range is two bisections of a
mapped column. It sorts nothing and knows no documents.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from obelics_like.errors import cannot_write

if TYPE_CHECKING:
    import numpy as np

HASHES = 1 << 64
"""The end of the space of hashes."""
_UNABLE = {errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL, errno.ENOSYS, errno.ENODEV}
"""What a file system says that can take no room beforehand."""


def write(path: Path, columns: Sequence[np.ndarray]) -> None:
    """Write columns of one length, ascending by the first; the file appears whole.

    Raises DataError if it can't be written.
    """
    import numpy as np

    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(temporary, "wb") as file:
            for column in columns:
                file.write(np.ascontiguousarray(column, np.uint64).data)
        os.replace(temporary, path)
    except OSError as error:
        raise cannot_write(path, error) from error


def mapped(path: Path, kind: type[np.generic], size: int) -> np.ndarray:
    """A new file of `size` zeros of a kind, mapped to be written; it may be larger than the memory.

    Its room on the disk is taken at once: a write into a mapped file for which there is none kills the process. Raises
    DataError if there is none.
    """
    import numpy as np

    length = size * np.dtype(kind).itemsize
    try:
        with open(path, "wb") as file:
            _take_room(file.fileno(), length)
            file.truncate(length)
    except OSError as error:
        path.unlink(missing_ok=True)  # what was taken of the room
        raise cannot_write(path, error) from error
    return np.memmap(path, kind, "r+", shape=size)


def _take_room(file: int, length: int) -> None:
    """Take room on the disk where its file system can; glibc writes zeros where it can't, musl and sandboxes refuse."""
    if not hasattr(os, "posix_fallocate"):  # macOS has none
        return
    try:
        os.posix_fallocate(file, 0, length)
    except OSError as error:
        if error.errno not in _UNABLE:
            raise


class Runs:
    """The files `name`-00000 and following that `count` tasks wrote in a folder, of `width` columns each."""

    def __init__(self, folder: Path, name: str, count: int, width: int) -> None:
        self._paths = [run_path(folder, name, number) for number in range(count)]
        self._width = width

    def read(self, part: int, parts: int, end: int) -> np.ndarray:
        """The rows whose first column is in part `part` of `parts` even ones of 0..end: shape (width, rows)."""
        import numpy as np

        low, high = part * end // parts, (part + 1) * end // parts
        found = [np.zeros((self._width, 0), np.uint64)]
        for path in self._paths:
            rows = path.stat().st_size // 8 // self._width
            if rows:
                columns = np.memmap(path, np.uint64, "r", shape=(self._width, rows))
                start, stop = (
                    rows if edge >= HASHES else int(np.searchsorted(columns[0], np.uint64(edge)))
                    for edge in (low, high)
                )
                found.append(columns[:, start:stop])
        return np.concatenate(found, axis=1)


def run_path(folder: Path, name: str, number: int) -> Path:
    """Where a task's run lies."""
    return folder / f"{name}-{number:05d}"

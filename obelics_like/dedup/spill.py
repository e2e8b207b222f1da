"""Whole numbers put into parts by the caller and read back part by part; what is too much for memory goes to files.

It sorts nothing and knows no documents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


class Spill:
    """Records of `width` 64-bit numbers in `parts` parts; `memory` bytes of them are held before they are written.

    Records come back in the order they went in, whatever `memory` is.
    """

    def __init__(self, folder: Path, name: str, width: int, parts: int, memory: int) -> None:
        self.parts, self.count = parts, 0
        self._folder, self._name, self._width, self._memory = folder, name, width, memory
        self._held: defaultdict[int, list[np.ndarray]] = defaultdict(list)
        self._size = 0

    def add(self, records: np.ndarray, part: np.ndarray | int = 0) -> None:
        """Add records, uint64 of shape (count, width), each to its part (or all to one)."""
        import numpy as np

        self.count += len(records)
        if self.parts == 1 or isinstance(part, int):
            self._hold(part if isinstance(part, int) else 0, np.array(records))
            return
        order = np.argsort(part, kind="stable")
        edges = np.searchsorted(part[order], np.arange(self.parts + 1))
        ordered = records[order]
        for number in np.flatnonzero(np.diff(edges)).tolist():
            self._hold(number, ordered[edges[number] : edges[number + 1]].copy())

    def _hold(self, part: int, records: np.ndarray) -> None:
        self._held[part].append(records)
        self._size += records.nbytes
        if self._size > self._memory:
            for number in sorted(self._held):
                with open(self._path(number), "ab") as file:
                    for held in self._held[number]:
                        file.write(held.tobytes())
            self._held.clear()
            self._size = 0

    def read(self, part: int) -> np.ndarray:
        """All records of a part, in memory."""
        import numpy as np

        found = [np.fromfile(self._path(part), np.uint64).reshape(-1, self._width)] if self._path(part).exists() else []
        return np.concatenate([*found, *self._held.get(part, ()), np.zeros((0, self._width), np.uint64)])

    def chunks(self, part: int, most: int) -> Iterator[np.ndarray]:
        """The records of a part, at most so many at a time."""
        import numpy as np

        if self._path(part).exists():
            on_disk = np.memmap(self._path(part), np.uint64, "r").reshape(-1, self._width)
            for at in range(0, len(on_disk), most):
                yield np.array(on_disk[at : at + most])
        for held in self._held.get(part, ()):
            for at in range(0, len(held), most):
                yield held[at : at + most]

    def drain(self) -> Iterator[np.ndarray]:
        """The parts in turn, each forgotten once the next one is asked for."""
        for part in range(self.parts):
            yield self.read(part)
            self._path(part).unlink(missing_ok=True)
            self._held.pop(part, None)

    def _path(self, part: int) -> Path:
        return self._folder / f"{self._name}-{part:05d}"

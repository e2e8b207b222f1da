"""A prefix of an object store (`s3://bucket/prefix`, whatever fsspec has a library for): put, fetched, never edited.

An object appears whole or not at all, which is the store's promise; what is fetched appears in its folder in the same
way.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from obelics_like.errors import DataError, MissingPiece


class Objects:
    """The objects below an address, by their names there. `option` is the one that the address was given with.

    Raises MissingPiece if the address can't be opened, as without a library for it; every call raises DataError if the
    store can't be reached.
    """

    def __init__(self, address: str, option: str) -> None:
        self.address = address.rstrip("/")
        try:
            from fsspec.core import url_to_fs

            self._files, root = url_to_fs(self.address)
        except Exception as error:  # each scheme has its own: no library, no credentials, no host, more to be said
            raise MissingPiece(
                f"{option} {self.address}",
                got=f"{type(error).__name__}: {error}".partition("\n")[0],
                valid="an address that fsspec can open, with a library and what else it needs",
                do="set up what it names (pip install 'obelics-like[s3]' for s3://), or choose another",
            ) from error
        self._root = str(root).rstrip("/")

    def put(self, path: Path, name: str) -> None:
        """Put a file, and hold its size against what the store says; it then has the time of the object."""
        with self._reaching(name):
            self._files.put_file(str(path), self._name(name))
            size, when = self._state(name)
            length = path.stat().st_size
            if size != length:
                raise OSError(f"{size} bytes there, {length} here")
            _date(path, when)

    def fetch(self, name: str, path: Path) -> None:
        """Copy an object to a file, unless there is none, or the file has its size and its time already."""
        temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        with self._reaching(name):
            try:
                size, when = self._state(name)  # asked before: what is replaced meanwhile is fetched again
                if path.exists() and (path.stat().st_size, int(path.stat().st_mtime)) == (size, when):
                    return
                path.parent.mkdir(parents=True, exist_ok=True)
                self._files.get_file(self._name(name), str(temporary))
                _date(temporary, when)
                os.replace(temporary, path)
            except FileNotFoundError:
                return
            finally:
                temporary.unlink(missing_ok=True)

    def create(self, name: str, data: bytes) -> bool:
        """Put an object if there is none of that name, which the store itself arbitrates; gives whether it did."""
        with self._reaching(name):
            try:
                self._files.pipe_file(self._name(name), data, mode="create")
            except FileExistsError:
                return False
        return True

    def read(self, name: str) -> bytes:
        """The bytes of an object."""
        with self._reaching(name):
            self._files.invalidate_cache()
            return bytes(self._files.cat_file(self._name(name)))

    def size(self, name: str) -> int | None:
        """The bytes of an object; None if there is none."""
        with self._reaching(name):
            self._files.invalidate_cache()
            try:
                return int(self._files.info(self._name(name))["size"])
            except FileNotFoundError:
                return None

    def remove(self, name: str) -> None:
        """Take an object away; none there is none to take."""
        with self._reaching(name):
            try:
                self._files.rm_file(self._name(name))
            except FileNotFoundError:
                return

    def sizes(self) -> dict[str, int]:
        """The names of all objects with their sizes."""
        with self._reaching(""):
            self._files.invalidate_cache()
            found = self._files.find(self._root, detail=True)
        return {name.removeprefix(f"{self._root}/"): info["size"] for name, info in found.items()}

    def _state(self, name: str) -> tuple[int, int]:
        """Bytes of an object, and when it was put (whole seconds since 1970)."""
        self._files.invalidate_cache()
        info = self._files.info(self._name(name))
        put = info.get("LastModified") or self._files.modified(self._name(name))  # as s3 has it: one question less
        return info["size"], int(put.timestamp())

    def _name(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def _reaching(self, name: str) -> Iterator[None]:
        """Turn what the store's library raises, which may be of any class, into a DataError."""
        try:
            yield
        except Exception as error:
            raise DataError(
                f"{self.address}/{name}".rstrip("/"),
                got=str(error) or type(error).__name__,
                valid="a store that can be reached and written to",
                do="then run the same command again: it goes on where it stopped",
            ) from error


def _date(path: Path, seconds: int) -> None:
    """Give a file a time; one that is a link to another's file keeps its own, and is only fetched once more."""
    with suppress(PermissionError):
        os.utime(path, (seconds, seconds))

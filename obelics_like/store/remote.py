"""Publishes a finished corpus to an address of an object store (`s3://bucket/prefix`, through fsspec); it reads none.

One committer, and a claim. The driver that publishes first creates `.obelics-like.lock` under the prefix, which the
store refuses to whoever comes second; only the same local folder may take its claim up again after a crash. Objects
appear whole or not at all, which is the store's promise. `manifest.json` is taken away first and put last: readers go
by it, so there is never a corpus that is half the old one and half the new.
"""

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

from obelics_like.errors import DataError, MissingPiece, UsageError
from obelics_like.store.files import publish_json
from obelics_like.store.folder import SECTIONS, Output

CLAIM = ".obelics-like.lock"
OWNER = ".obelics-like.owner"
"""In the local folder: the name by which it knows its own claims."""


def destination(out: str | Path, work: str | Path | None) -> tuple[Remote | None, Path]:
    """The address to publish to, if `out` is one, and the folder to build in. Raises UsageError."""
    if ("://" in str(out)) != (work is not None):
        raise UsageError(
            f"--out {out}",
            got="no --work" if work is None else f"--work {work}",
            valid="--work DIR, a folder of this machine, with an address; nothing with a folder",
            do="give --work DIR" if work is None else "leave --work out",
        )
    return (None, Path(out)) if work is None else (Remote(str(out), Path(work)), Path(work))


class Remote:
    """A prefix of an object store that one local folder publishes to. `home` is that folder.

    Raises MissingPiece if there is no library for the address, DataError if the store can't be reached, UsageError if
    another run holds the prefix or if it holds what no run of ours made.
    """

    def __init__(self, address: str, home: Path) -> None:
        self.address, self.home = address.rstrip("/"), home
        self._files, root = _connect(self.address)
        self._root = root.rstrip("/")
        self._journal = home / f".obelics-like.published-{uuid.uuid5(uuid.NAMESPACE_URL, self.address).hex}.json"

    def claim(self) -> None:
        """Take the prefix for this folder, or take the claim up again that it holds already."""
        there = self._there()
        if there and not {"manifest.json", CLAIM} & set(there):
            raise UsageError(
                f"--out {self.address}",
                got=f"a prefix that holds other things ({', '.join(sorted(there)[:3])})",
                valid="a new or empty prefix, or one that an earlier run published to",
                do="choose another",
            )
        owner = _owner(self.home)
        what = {
            "owner": owner,
            "host": socket.gethostname(),
            "since": datetime.now(UTC).isoformat("T", "seconds"),
        }
        try:
            with self._reaching(CLAIM):
                self._files.pipe_file(self._name(CLAIM), json.dumps(what).encode(), mode="create")
        except FileExistsError:
            self._files.invalidate_cache()
            held = json.loads(self._files.cat_file(self._name(CLAIM)))
            if held["owner"] != owner:
                raise self._held(held) from None
        else:  # what an earlier claim had put there may have been replaced since
            self._journal.unlink(missing_ok=True)

    def _held(self, held: dict[str, Any]) -> UsageError:
        return UsageError(
            f"--out {self.address}",
            got=f"another run is publishing to it (from {held['host']}, since {held['since']})",
            valid="one run at a time",
            do=f"wait; if that run is dead and will not be resumed, remove the object {CLAIM} there",
        )

    def publish(self) -> list[str]:
        """Put the finished corpus of the local folder there, and give up the claim; gives the names of its files.

        Goes on where it stopped: what was put under this claim is not put again.
        """
        output = Output(self.home)
        wanted = {f"{s}/{line.name}": line.sha256 for s in SECTIONS for line in output.files(s)}
        done: dict[str, str] = json.loads(self._journal.read_bytes()) if self._journal.is_file() else {}
        there = self._there()
        if "manifest.json" in there:
            self._remove("manifest.json")
        for name, sha256 in wanted.items():
            if done.get(name) != sha256 or there.get(name) != (self.home / name).stat().st_size:
                self._put(name)
                done[name] = sha256
                publish_json(self._journal, done)
        self._put("run.json")
        for name in sorted(set(there) - set(wanted)):
            if name.partition("/")[0] in SECTIONS:
                self._remove(name)
        self._put("manifest.json")
        self._remove(CLAIM)
        self._journal.unlink(missing_ok=True)
        return sorted(wanted)

    def _put(self, name: str) -> None:
        """Put one file, and hold its size against what the store says."""
        path = self.home / name
        with self._reaching(name):
            self._files.put_file(str(path), self._name(name))
            self._files.invalidate_cache()
            size, length = self._files.info(self._name(name))["size"], path.stat().st_size
            if size != length:
                raise OSError(f"{size} bytes there, {length} here")

    def _remove(self, name: str) -> None:
        with self._reaching(name):
            self._files.rm_file(self._name(name))

    def _there(self) -> dict[str, int]:
        """The names under the prefix with their sizes."""
        with self._reaching(""):
            self._files.invalidate_cache()
            found = self._files.find(self._root, detail=True)
        return {name.removeprefix(f"{self._root}/"): info["size"] for name, info in found.items()}

    def _name(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def _reaching(self, name: str) -> Iterator[None]:
        """Turn what the store's library raises, which may be of any class, into a DataError."""
        try:
            yield
        except FileExistsError:
            raise
        except Exception as error:
            raise DataError(
                f"{self.address}/{name}".rstrip("/"),
                got=str(error) or type(error).__name__,
                valid="a store that can be reached and written to",
                do="then run the same command again: it goes on where it stopped",
            ) from error


def _connect(address: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs

        files, root = url_to_fs(address)
    except (ImportError, ValueError) as error:
        raise MissingPiece(
            f"--out {address}",
            got=str(error),
            valid="an address that fsspec has a library for",
            do="pip install 'obelics-like[s3]' for s3://",
        ) from error
    return files, str(root)


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

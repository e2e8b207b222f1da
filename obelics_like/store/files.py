"""Publishes files whole or not at all, and says in a manifest what was published; it knows nothing of documents.

A file is written under a temporary name in its own folder, flushed to the disk, then renamed; the folder is flushed
too. Readers go by manifests and never by listing a folder, so a file that a lost attempt left behind adds nothing.
Work that is shared through an object store (`shared`) is put there before it is renamed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from obelics_like.errors import DataError, cannot_write
from obelics_like.store import shared


@dataclass(frozen=True, slots=True)
class Published:
    """One published file: its name relative to the manifest, bytes, sha256 (hex) and rows (0 where it has none)."""

    name: str
    bytes: int
    sha256: str
    rows: int = 0


@contextmanager
def publishing(path: Path) -> Iterator[IO[bytes]]:
    """Give a file to write; it appears as `path` when the block ends well, and not at all when it does not.

    Raises DataError (where, what was got, what to do) when the bytes can't be written: disk full, folder gone, limits.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        shared.put(path, temporary)
        os.replace(temporary, path)
        flush_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise cannot_write(path, error) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def publish(path: Path, write: Callable[[IO[bytes]], None], rows: int = 0) -> Published:
    """Write `path` through `write(file)` and give its manifest line (name is the bare file name)."""
    with publishing(path) as file:
        write(file)
    return describe(path, rows)


def publish_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON with sorted keys left as they are."""
    with publishing(path) as file:
        file.write(json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n")


def describe(path: Path, rows: int = 0) -> Published:
    """The manifest line of a file that is there already."""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Published(path.name, path.stat().st_size, digest, rows)


def read_json(path: Path) -> Any:
    """A JSON file of ours. Raises DataError if it is missing or damaged."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DataError(
            str(path), got=str(error), valid="a JSON file written by a run", do="run `obelics-like build` again"
        ) from error


def finished(manifest: Path) -> dict[str, Any] | None:
    """What a task said it made, if all of its `files` (beside the manifest) are there, as long as they were.

    None where the task is to be done (again): no manifest, a damaged one, or a file that is missing or cut short.
    """
    try:
        said = json.loads(shared.read(manifest))
        whole = all(shared.size_of(manifest.parent / f["name"]) == f["bytes"] for f in said["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return dict(said) if whole else None


def verify(folder: Path, line: Published) -> str | None:
    """What is wrong with a published file, or None: it is there, as long as it was, with the digest it had."""
    path = folder / line.name
    if not path.is_file():
        return f"{line.name}: missing"
    if path.stat().st_size != line.bytes:
        return f"{line.name}: {path.stat().st_size} bytes, the manifest says {line.bytes}"
    if describe(path).sha256 != line.sha256:
        return f"{line.name}: its sha256 is not the manifest's"
    return None


def lines(published: list[Published]) -> list[dict[str, Any]]:
    """Manifest lines as JSON values."""
    return [asdict(line) for line in published]


def from_lines(values: list[dict[str, Any]]) -> list[Published]:
    """The inverse of `lines`."""
    return [Published(**value) for value in values]

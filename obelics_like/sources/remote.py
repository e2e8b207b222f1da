"""Files that are not on this machine: which paths name one, how it is opened, and how long a fault is borne.

It speaks no protocol itself (`web` does for http, `buckets` for all others) and knows nothing of archives.
"""

from __future__ import annotations

import io
import os
import random
import re
import time
from functools import lru_cache
from typing import Protocol
from urllib.parse import urlsplit

from obelics_like.errors import InputError, OptionError

PATIENCE_SECONDS = 60.0
"""How long a remote file may go on failing, without a byte gained, before it is given up: outages of a minute pass."""
TRIES = 3
"""Attempts that are made however long they take; only one, while the host is known to be down."""
LONGEST_WAIT = 15.0

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://")
WEB = ("http", "https")


class Unreachable(OSError):
    """A remote file that could not be had; another time it may be."""


class NotThere(Unreachable):
    """A remote file that its host says is not there, or not for us."""


class RemoteFile(Protocol):
    """A file read at positions. `identity` is a text that changes when the file does; "" until it was asked for."""

    identity: str

    @property
    def size(self) -> int:
        """Bytes of the file; the first call may ask the host. Raises Unreachable."""

    def pread(self, count: int, at: int, end: int) -> bytes:
        """`count` bytes from `at` on, fewer only at the file's end; the caller may want more, up to `end`.

        Raises Unreachable.
        """

    def close(self) -> None:
        """Give back what is held; closing twice is harmless."""


def scheme(path: str) -> str:
    """The scheme of a URL in lower case, "" for a path on this machine.

    >>> scheme("S3://bucket/x"), scheme("in/x.warc.gz"), scheme("file:///in/x")
    ('s3', '', '')
    """
    match = SCHEME.match(path)
    name = match[1].lower() if match else ""
    return "" if name == "file" else name


def is_remote(path: str) -> bool:
    """Whether a path names a file that is not on this machine."""
    return scheme(path) != ""


def open_remote(url: str) -> RemoteFile:
    """The file behind a URL; most faults show only when it is read. Raises Unreachable, MissingPiece."""
    if scheme(url) in WEB:
        from obelics_like.sources.web import WebFile

        return WebFile(url)
    from obelics_like.sources.buckets import BucketFile

    return BucketFile(url)


def check_url(url: str, where: str) -> None:
    """Raise InputError for a URL that can't be an input: a scheme nobody knows, no host, a password in it."""
    name = scheme(url)
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise InputError(where, got=f"no URL ({error})", valid="https://HOST/PATH", do="correct it") from None
    if name not in WEB:
        from obelics_like.sources.buckets import check_scheme

        check_scheme(name, where)
    if name in WEB and not parts.hostname:
        raise InputError(where, got="a URL without a host", valid="https://HOST/PATH", do="correct it")
    if "@" in parts.netloc:
        raise InputError(
            where.replace(parts.netloc.rpartition("@")[0], "..."),
            got="a URL with a name or password in it",
            valid="a URL that may be written into the corpus, as the origin of its pages",
            do="give credentials by the environment, not in the URL",
        )


class Patience:
    """Waits between attempts, longer each time, until the time for one file is spent; then it raises Unreachable."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._host = urlsplit(url).netloc
        self.limit = patience_seconds()
        self._tries, self._since = 0, 0.0

    def gained(self) -> None:
        """Bytes came: the next fault is a new one."""
        if self._tries:
            self._tries = 0
        _down().pop(self._host, None)

    def wait(self, fault: object, after: float | None = None) -> None:
        """Wait for the next attempt, `after` seconds if the host asked for that. Raises Unreachable when it is over."""
        now = time.monotonic()
        if self._tries == 0:
            self._since = now
        self._tries += 1
        pause = min(0.05 * 4 ** (self._tries - 1), LONGEST_WAIT) * random.uniform(
            0.75, 1.25
        )  # so that workers don't march
        pause = max(pause, min(after or 0.0, self.limit))
        known = now - _down().get(self._host, float("-inf")) < self.limit
        if known or (self._tries >= TRIES and now + pause - self._since > self.limit):
            _down()[self._host] = now
            spent = f"{self._tries} attempts in {now - self._since:.0f} s" if self._tries > 1 else "1 attempt"
            raise Unreachable(f"{self._url}: {fault} ({spent})")
        time.sleep(pause)


@lru_cache(maxsize=1)
def _down() -> dict[str, float]:
    """The hosts that this process has found to be down, and when: the next file of one is not waited for again."""
    return {}


def patience_seconds() -> float:
    """How long a file may go on failing. Raises OptionError for a variable that is no number of seconds."""
    return setting("OBELICS_LIKE_PATIENCE_SECONDS", PATIENCE_SECONDS, "0 or more seconds")


def setting(name: str, default: float, valid: str) -> float:
    """The number that an environment variable holds, 0 or more. Raises OptionError for anything else."""
    said = os.environ.get(name, "")
    try:
        found = float(said) if said else default
    except ValueError:
        found = -1.0
    if not found >= 0:
        raise OptionError(
            f"environment variable {name}", got=repr(said), valid=valid, do="correct it, or unset the variable"
        )
    return found


class Seekable(io.RawIOBase):
    """A RemoteFile as a file object, for libraries that want one (zipfile, pyarrow)."""

    def __init__(self, file: RemoteFile) -> None:
        super().__init__()
        self._file, self._at = file, 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a position."""
        self._at = offset + (0, self._at, self._file.size if whence == 2 else 0)[whence]
        return self._at

    def tell(self) -> int:
        """The position."""
        return self._at

    def read(self, size: int = -1) -> bytes:
        """The next `size` bytes, or all that are left. Raises Unreachable."""
        left = max(0, self._file.size - self._at)
        count = left if size is None or size < 0 else min(size, left)
        data = self._file.pread(count, self._at, self._at + count) if count else b""
        self._at += len(data)
        return data

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the file behind it too."""
        self._file.close()
        super().close()

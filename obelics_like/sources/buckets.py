"""A file, a folder or a pattern on anything that fsspec reaches (s3://, gs://, ...), read at positions.

It knows no protocol itself: fsspec finds the library for a scheme, and says which one is missing.
"""

from __future__ import annotations

import difflib
import inspect
import re
from functools import lru_cache
from typing import Any

from obelics_like.errors import InputError, MissingPiece
from obelics_like.sources.remote import NotThere, Patience, Unreachable, scheme

MOST_AHEAD = 1 << 23
"""Bytes asked for at once, at most, where reading goes on and on; they are held in memory."""
EXTRAS = {"s3": "s3", "s3a": "s3"}
FINAL = ("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "NoSuchBucket", "InvalidRegionError")
"""Faults of the libraries behind fsspec that no second attempt betters."""
BELOW = frozenset(("fo", "fs", "target_protocol", "default_method"))
"""What fsspec is told for a scheme that only lies over another, as zip and dir do; by a URL alone these fail, each in a
way of its own (RecursionError for one)."""


class BucketFile:
    """See `remote.RemoteFile`."""

    def __init__(self, url: str) -> None:
        self.url, self.identity = url, ""
        self._fs, self._path = _open(url)
        self._size = -1
        self._held, self._from = b"", 0

    @property
    def size(self) -> int:
        """Bytes of the object. Raises Unreachable."""
        if self._size < 0:
            info = _patiently(self.url, lambda: self._fs.info(self._path))
            if info.get("type") == "directory" or info.get("size") is None:
                raise NotThere(f"{self.url}: it is no file")
            self._size = int(info["size"])
            marks = ("ETag", "etag", "md5Hash", "LastModified", "last_modified", "updated", "mtime", "created")
            self.identity = f"{next((info[m] for m in marks if info.get(m)), '')} {self._size}"
        return self._size

    def pread(self, count: int, at: int, end: int) -> bytes:
        """See `remote.RemoteFile`."""
        begin = at - self._from
        if begin >= 0 and begin + count <= len(self._held):
            return self._held[begin : begin + count]
        went_on = bool(self._held) and 0 <= begin <= len(self._held)
        ahead = min(2 * len(self._held), MOST_AHEAD) if went_on else count
        stop = at + min(max(count, ahead), max(count, end - at))
        self._held, self._from = _patiently(self.url, lambda: self._part(at, stop)), at
        return self._held[:count]

    def _part(self, at: int, stop: int) -> bytes:
        """The bytes from `at` to `stop` or to the end; raises OSError for any other, which would pass for the end."""
        data = bytes(self._fs.cat_file(self._path, start=at, end=stop))
        if len(data) != stop - at and len(data) != self.size - at:
            raise OSError(f"asked for {stop - at} bytes at byte {at}, it gave {len(data)}")
        return data

    def close(self) -> None:
        """Forget what is held; the connections belong to fsspec."""
        self._held = b""


def check_scheme(name: str, where: str) -> None:
    """Raise InputError for a scheme that neither we nor fsspec know, or that fsspec can't open by its name alone."""
    import fsspec

    known = sorted({"http", "https", *fsspec.available_protocols()})
    if name not in known:
        near = difflib.get_close_matches(name, known, n=2, cutoff=0.5)
        do = f"did you mean {' or '.join(f'{n}://' for n in near)}?" if near else "correct the scheme"
        raise InputError(where, got=f"a URL of the scheme {name}://", valid="https://, s3://, gs://, ...", do=do)
    if needs := _needs(name):
        raise InputError(
            where,
            got=f"a URL of the scheme {name}://, for which fsspec must be told {' and '.join(needs)} too",
            valid="https://, s3://, gs://, ...",
            do="serve the files by https, or copy them to this machine",
        )


@lru_cache(maxsize=8)
def _needs(name: str) -> list[str]:
    """What must be said to fsspec beside the scheme, such as the host for ftp or the file for zip."""
    import fsspec

    try:
        asked = inspect.signature(fsspec.get_filesystem_class(name).__init__).parameters
    except ImportError:
        return []  # told when it is opened
    if not BELOW.isdisjoint(asked):
        return ["what lies below it"]
    return [p.name for p in asked.values() if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD][1:]


def members(url: str) -> list[str] | None:
    """The URLs of the files in a folder or behind a pattern, sorted; None if `url` names a file itself.

    Raises NotThere, Unreachable, MissingPiece.
    """
    fs, path = _open(url)
    above = re.split(r"[*\[]", path, maxsplit=1)[0]
    if above != path:
        found = _patiently(url, lambda: fs.glob(path))
        above = above.rpartition("/")[0]
    elif url.endswith("/") or _patiently(url, lambda: fs.isdir(path)):
        found = _patiently(url, lambda: fs.find(path))
        if not found:
            raise NotThere(f"{url}: no such folder, or an empty one")
    else:
        return None
    start = len(above.rstrip("/"))
    shown = (n for n in found if not n.endswith("/") and "/." not in n[start:])
    return [f"{scheme(url)}://{n.lstrip('/')}" for n in sorted(shown)]


def _open(url: str) -> tuple[Any, str]:
    name = scheme(url)
    try:
        return _system(name), _system(name)._strip_protocol(url)
    except ImportError as error:
        extra = EXTRAS.get(name)
        raise MissingPiece(
            f"input {url}",
            got=f"no library for {name}:// ({str(error).partition(chr(10))[0]})",
            valid="a library that fsspec can use for it",
            do=f"run: pip install 'obelics-like[{extra}]'" if extra else "install the library that it names",
        ) from None
    except Exception as error:  # each has its own: no credentials, no library in C (hdfs), a scheme for others (cached)
        raise MissingPiece(
            f"input {url}",
            got=f"{name}:// can't be opened ({type(error).__name__}: {str(error).partition(chr(10))[0]})",
            valid="a scheme with all that fsspec needs for it: a library, credentials, settings",
            do="set up what it names, or copy the files to this machine",
        ) from None


@lru_cache(maxsize=8)
def _system(name: str) -> Any:
    import fsspec

    return fsspec.filesystem(name)


def _patiently(url: str, act: Any) -> Any:
    """Do it, again and again where that may help. Raises NotThere, Unreachable."""
    patience = Patience(url)
    while True:
        try:
            done = act()
        except Unreachable:
            raise
        except Exception as fault:  # each library behind fsspec has its own
            said = f"{type(fault).__name__}: {fault}"
            if isinstance(fault, FileNotFoundError | PermissionError):
                raise NotThere(f"{url}: {said}") from None
            if type(fault).__name__ in FINAL:
                raise Unreachable(f"{url}: {said}") from None
            patience.wait(said)
            continue
        patience.gained()
        return done

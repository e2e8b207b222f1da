"""The error tree. Every message says where, what was got, what is valid and what to do; all of them pickle.

ObelicsLikeError
├── UsageError            wrong use: the command line exits with 2
│   ├── UnknownName       a name that does not exist, with the near ones
│   ├── OptionError       an option of a recipe's stage with a wrong name, type or value
│   └── InputError        an input that is not there or is nothing we read
├── MissingPiece          a library, model or scorer that is not installed or can't be loaded
├── DataError             data of ours that is not as its manifest says, or can't be written
├── WorkerError           workers die one after the other: a fault of the machine or of a stage, not of a page
└── StageError            a stage broke its contract (undeclared rule, second drop, ...)
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ObelicsLikeError(Exception):
    """A fault told in four parts.

    >>> print(ObelicsLikeError("recipe x", got="reed", valid="read", do="correct the name"))
    recipe x: got reed; valid: read; correct the name
    """

    def __init__(self, where: str, *, got: object = None, valid: object = None, do: str | None = None) -> None:
        super().__init__(where)
        self.where, self.got, self.valid, self.do = where, got, valid, do

    def __str__(self) -> str:
        parts = []
        if self.got is not None:
            parts.append(f"got {self.got}")
        if self.valid is not None:
            parts.append(f"valid: {self.valid}")
        if self.do is not None:
            parts.append(self.do)
        return f"{self.where}: {'; '.join(parts)}" if parts else self.where

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.where, self.got, self.valid, self.do))


def _rebuild(kind: type[ObelicsLikeError], where: str, got: object, valid: object, do: str | None) -> ObelicsLikeError:
    error = kind.__new__(kind)
    ObelicsLikeError.__init__(error, where, got=got, valid=valid, do=do)
    return error


class UsageError(ObelicsLikeError):
    """The tool was used wrongly; nothing was started."""


class UnknownName(UsageError):
    """A name that does not exist. `known` are the names that do."""

    def __init__(self, where: str, name: str, known: Iterable[str], do: str | None = None) -> None:
        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else do or "name one of them"
        super().__init__(where, got=repr(name), valid=", ".join(names) or "none", do=hint)


class OptionError(UsageError):
    """An option with a wrong name, type or value."""


class InputError(UsageError):
    """An input that is not there, or is nothing that can be read."""


class MissingPiece(ObelicsLikeError):
    """A library, model or scorer that the run needs and that can't be loaded; `do` is the remedy."""


class DataError(ObelicsLikeError):
    """Stored data that is not what its manifest says, or that could not be written."""


def cannot_write(path: object, error: OSError) -> DataError:
    """The DataError of a file of ours that could not be written: disk full, folder gone, a limit reached."""
    return DataError(
        str(path),
        got=f"{error.strerror or error} while writing",
        valid="a folder on a disk with room that this user may write to",
        do="make room or choose another --out, then run the same command again: it goes on where it stopped",
    )


class WorkerError(ObelicsLikeError):
    """Workers that die one after the other, whatever they are given to do."""


class StageError(ObelicsLikeError):
    """A stage that broke the contract of `stage.py`."""

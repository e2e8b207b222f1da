"""A recipe: TOML read into a checked, ordered list of stages; it runs nothing.

The file is flat and read from top to bottom. `[recipe]` says what it is, each `[[stage]]` names a stage by `use`
(with an `id` where one is used twice) and gives its options, each `[[deviation]]` says what the paper does, what this
recipe does and why. An absent option means that the rule is off. `extends = "NAME"` starts from another recipe: a
`[[stage]]` whose `id` is there already changes its options, a new one goes to the end or `after = "ID"`, and
`remove = ["ID"]` takes stages out. `[recipe] require_pixels = true` is that option of its `images.count`. The flattened
text is what runs, and its sha256 is the recipe's fingerprint.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import tomllib
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from obelics_like.errors import InputError, OptionError, UnknownName
from obelics_like.registry import stage_class
from obelics_like.rooms import room
from obelics_like.stage import AnyStage

_HEAD = dict.fromkeys(("name", "title", "paper", "description", "output", "scorer", "extends", "licence"), str) | {
    "require_pixels": bool,
    "remove": tuple[str, ...],
}
_DEVIATION = {"paper", "ours", "why"}
_OWN = ("use", "id", "after")
SOURCES = "sources.archive"
_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_RESERVED = ("pack", "run", "store")
"""Ids that the run itself drops or works under."""


@dataclass(frozen=True)
class Deviation:
    """One difference from the published rule."""

    paper: str
    ours: str
    why: str


@dataclass(frozen=True)
class Recipe:
    """A checked recipe. `text` is the flattened TOML that runs; `scorer` is a spec, or "none"."""

    name: str
    title: str
    paper: str
    description: str
    scorer: str
    stages: tuple[AnyStage, ...]
    deviations: tuple[Deviation, ...]
    text: str

    @property
    def fingerprint(self) -> str:
        """sha256 (hex) of the flattened text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def stage(self, identity: str) -> AnyStage:
        """The stage with this id. Raises UnknownName."""
        for stage in self.stages:
            if stage.id == identity:
                return stage
        raise UnknownName(f"recipe {self.name}", identity, [s.id for s in self.stages])


def recipe_names() -> list[str]:
    """The recipes that come with the package."""
    return sorted(path.stem for path in room("pipelines/recipes").glob("*.toml"))


def load_recipe(name: str | Path, settings: dict[str, Any] | None = None) -> Recipe:
    """Load a recipe by name or file, with `settings` {"id.option": value} laid over it.

    A value given as a string is read as TOML (`0.8`, `["en", "de"]`, `true`), else as the plain string; a list may be
    given as `en,de`, an empty one as nothing. Raises UnknownName, OptionError or InputError, each naming the file and
    the stage.
    """
    return _checked(*_flatten(name), settings or {})


def load_recipe_text(text: str, where: str = "run.json, recipe") -> Recipe:
    """A recipe from its flattened text, as a run wrote it down."""
    return _checked(_parse(text, where, where), where, {})


def _checked(table: dict[str, Any], where: str, settings: dict[str, Any]) -> Recipe:
    if table["recipe"].get("require_pixels"):
        for entry in table["stage"]:
            if entry.get("use") == "images.count":
                entry.setdefault("require_pixels", True)
    for key, value in settings.items():
        _set(table, key, value, where)
    stages = tuple(_build(entry, n, where) for n, entry in enumerate(table["stage"], 1))
    head = table["recipe"]
    for n, (entry, stage) in enumerate(zip(table["stage"], stages), 1):
        if (n == 1) != (entry["use"] == SOURCES) or (n == 1) != (stage.id == "sources"):
            raise OptionError(
                f"{where}, stage {n}",
                got=f"use = {entry['use']!r}, id = {stage.id!r}",
                valid=f'use = "{SOURCES}", id = "sources" for the first stage, and for no other',
                do="put it first",
            )
    if not stages:
        raise OptionError(
            where,
            got="no [[stage]]",
            valid=f'a first stage with use = "{SOURCES}", id = "sources"',
            do='add it, or start from a recipe of ours with extends = "default"',
        )
    return Recipe(
        name=head["name"],
        title=head.get("title", head["name"]),
        paper=head.get("paper", ""),
        description=head.get("description", ""),
        scorer=head.get("scorer", "none"),
        stages=stages,
        deviations=tuple(Deviation(**d) for d in table["deviation"]),
        text=to_toml(table),
    )


def _find(name: str | Path, asked_by: Path | None) -> Path:
    path = Path(name)
    if path.suffix == ".toml" or len(path.parts) > 1:
        if asked_by is not None:  # what a recipe extends lies beside it
            path = asked_by.parent / path
        if not path.is_file():
            what = "a folder" if path.is_dir() else "no such file"
            raise InputError(
                f"{asked_by}, extends" if asked_by else f"recipe {name}",
                got=f"{what}: {path}" if asked_by else what,
                valid=f"a .toml file, or a name: {', '.join(recipe_names())}",
                do="correct it",
            )
        return path
    path = room("pipelines/recipes") / f"{name}.toml"
    if not path.is_file():
        raise UnknownName(f"{asked_by}, extends" if asked_by else "--recipe", str(name), recipe_names())
    return path


def _read(path: Path) -> tuple[dict[str, Any], str]:
    where = f"recipes/{path.name}" if path.parent == room("pipelines/recipes") else str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise OptionError(where, got=str(error), valid="a TOML file in UTF-8", do="save it as UTF-8") from error
    except OSError as error:
        raise InputError(
            where, got=error.strerror, valid="a file that may be read", do="correct its permissions"
        ) from error
    return _parse(text, where, path.stem), where


def _parse(text: str, where: str, name: str) -> dict[str, Any]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise OptionError(where, got=str(error), valid="a TOML file", do="correct that line") from error
    for key in table:
        if key not in {"recipe", "stage", "deviation"}:
            raise UnknownName(where, key, ["recipe", "stage", "deviation"])
    head = table.setdefault("recipe", {})
    if not isinstance(head, dict):
        raise OptionError(where, got=f"recipe = {head!r}", valid="a table [recipe]", do="begin the file with [recipe]")
    for key, value in head.items():
        if key not in _HEAD:
            raise UnknownName(f"{where}, [recipe]", key, _HEAD)
        _typed(value, _HEAD[key], f"{where}, [recipe]: {key}")
    head.setdefault("name", name)
    for entry in _tables(table, "deviation", where):
        if set(entry) != _DEVIATION:
            raise OptionError(
                f"{where}, [[deviation]]", got=", ".join(entry), valid="exactly paper, ours, why", do="give all three"
            )
        for key, value in entry.items():
            _typed(value, str, f"{where}, [[deviation]]: {key}")
    for n, entry in enumerate(_tables(table, "stage", where), 1):
        _named(entry, f"{where}, stage {n}")
    return table


def _tables(table: dict[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = table.setdefault(key, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise OptionError(
            where,
            got=f"{key} that is no list of tables",
            valid=f"[[{key}]], with double brackets",
            do="double the brackets",
        )
    return entries


def _named(entry: dict[str, Any], where: str) -> None:
    """See to it that an entry has an id, and one that can be part of a file's name."""
    if "use" not in entry and "id" not in entry:
        raise OptionError(where, got="neither use nor id", valid='use = "room.noun"', do="name the stage")
    for key in _OWN:
        if key in entry:
            _typed(entry[key], str, f"{where}: {key}")
    identity = str(entry.setdefault("id", entry.get("use")))
    if not _ID.fullmatch(identity) or identity in _RESERVED:
        valid = f"letters, digits, dots, dashes and underscores, and none of {', '.join(_RESERVED)}"
        raise OptionError(f"{where}: id", got=repr(identity), valid=valid, do="choose another id")


def _flatten(name: str | Path, asked_by: Path | None = None, seen: tuple[str, ...] = ()) -> tuple[dict[str, Any], str]:
    path = _find(name, asked_by)
    table, where = _read(path)
    if where in seen:
        raise OptionError(
            where,
            got=f"extends itself: {' -> '.join([*seen, where])}",
            valid="a chain without a circle",
            do="name another recipe",
        )
    base: list[dict[str, Any]] = []
    head: dict[str, Any] = {}
    deviations: list[dict[str, Any]] = []
    if parent := table["recipe"].pop("extends", None):
        under, _ = _flatten(parent, path, (*seen, where))
        base, head, deviations = under["stage"], under["recipe"], under["deviation"]
    for identity in table["recipe"].pop("remove", []):
        base.remove(_entry(base, identity, where))
    known = {e["id"] for e in base}
    for entry in table["stage"]:
        if entry["id"] in known and parent:
            if "after" in entry:
                do = f"to move it, take it out first: remove = [{entry['id']!r}]"
                raise OptionError(where, got=f"`after` for {entry['id']}, which is there", valid="options only", do=do)
            _entry(base, entry["id"], where).update(entry)
        elif "after" in entry:
            base.insert(base.index(_entry(base, entry.pop("after"), where)) + 1, entry)
        else:
            base.append(entry)
    identities = [e["id"] for e in base]
    for identity in identities:
        if identities.count(identity) > 1:
            raise OptionError(
                where,
                got=f"two stages with the id {identity!r}",
                valid="a different id for each",
                do="change one of them",
            )
    return {"recipe": head | table["recipe"], "stage": base, "deviation": deviations + table["deviation"]}, where


def _entry(stages: list[dict[str, Any]], identity: str, where: str) -> dict[str, Any]:
    for entry in stages:
        if entry["id"] == identity:
            return entry
    raise UnknownName(where, identity, [e["id"] for e in stages])


def _set(table: dict[str, Any], key: str, value: Any, where: str) -> None:
    identity, dot, option = key.rpartition(".")
    if not dot:
        raise OptionError("--set", got=repr(key), valid="id.option=value", do="for example minhash.threshold=0.7")
    named = [e for e in table["stage"] if e["id"] == identity]
    found = named or [e for e in table["stage"] if e.get("use") == identity]
    if not found:
        raise UnknownName(f"--set {key}", identity, [e["id"] for e in table["stage"]])
    if len(found) > 1:
        raise OptionError(
            f"--set {key}",
            got=f"{len(found)} stages",
            valid=" or ".join(e["id"] for e in found),
            do="name it by its id",
        )
    entry = found[0]
    hints = {} if "use" not in entry else get_type_hints(stage_class(entry["use"], where))
    if option in _OWN:
        raise UnknownName(f"--set {key}", option, hints.keys() - {"id", "rules", "facts"})
    entry[option] = _from_text(value, hints.get(option)) if isinstance(value, str) else value
    if hints.get(option) is not None and _wants_list(hints[option]) and not isinstance(entry[option], list | tuple):
        entry[option] = [entry[option]]


def _from_text(text: str, hint: Any) -> Any:
    """A value as it is written on a command line: TOML, but for a string as it stands, and for a list with commas."""
    try:
        table = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        table = {}
    value = table["value"] if set(table) == {"value"} else text
    choices = _choices(hint)
    if hint is None or any(_fits(value, choice) for choice in choices):
        return value
    if str in choices:
        return text
    items = next((get_args(choice)[0] for choice in choices if get_origin(choice) is tuple), None)
    if items is not None and not isinstance(value, list):
        return [_from_text(part.strip(), items) for part in text.split(",") if part.strip()]
    return value


def _fits(value: Any, hint: Any) -> bool:
    try:
        _typed(value, hint, "")
    except OptionError:
        return False
    return True


def _build(entry: dict[str, Any], number: int, where: str) -> AnyStage:
    place = f"{where}, stage {number} ({entry.get('use', entry['id'])})"
    if "use" not in entry:
        raise OptionError(
            place,
            got=f"id {entry['id']!r} without use",
            valid="the id of a stage of the extended recipe",
            do='add use = "room.noun", or correct the id',
        )
    kind = stage_class(entry["use"], place)
    hints = get_type_hints(kind)
    options = {f.name: f for f in fields(kind) if f.name != "id"}
    values: dict[str, Any] = {}
    for name, value in entry.items():
        if name in ("use", "id"):
            continue
        if name not in options:
            raise UnknownName(place, name, options)
        values[name] = _typed(value, hints[name], f"{place}: {name}")
    for name, option in options.items():
        if name not in values and option.default is MISSING and option.default_factory is MISSING:
            raise OptionError(place, got=f"no {name}", valid=f"{name} = ...", do="give the option a value")
    stage = kind(**values, id=entry["id"])
    try:
        stage.check()
    except OptionError as error:
        raise OptionError(f"{place}: {error.where}", got=error.got, valid=error.valid, do=error.do) from error
    return stage


def _wants_list(hint: Any) -> bool:
    return any(get_origin(h) is tuple for h in _choices(hint))


def _choices(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _typed(value: Any, hint: Any, where: str) -> Any:
    for choice in _choices(hint):
        if choice is NoneType:
            continue
        if get_origin(choice) is tuple:
            if isinstance(value, list | tuple):
                return tuple(_typed(v, get_args(choice)[0], where) for v in value)
        elif choice is float and isinstance(value, int | float) and not isinstance(value, bool):
            if math.isfinite(value):
                return float(value)
        elif isinstance(value, choice) and not (choice is int and isinstance(value, bool)):
            return value
    raise OptionError(where, got=f"{value!r} ({type(value).__name__})", valid=_say(hint), do="correct the value")


def _say(hint: Any) -> str:
    names = {int: "a whole number", float: "a number", str: "a string", bool: "true or false"}
    said = []
    for choice in _choices(hint):
        if get_origin(choice) is tuple:
            said.append(f"a list, each {_say(get_args(choice)[0])}")
        elif choice is not NoneType:
            said.append(names.get(choice, str(choice)))
    return " or ".join(said)


def to_toml(table: dict[str, Any]) -> str:
    """The flattened recipe as TOML: `[recipe]`, each `[[stage]]` with use and id first, each `[[deviation]]`."""
    blocks = ["[recipe]\n" + _pairs(table["recipe"])]
    for entry in table["stage"]:
        first = {"use": entry["use"], "id": entry["id"]}
        blocks.append("[[stage]]\n" + _pairs(first | {k: v for k, v in entry.items() if k not in first}))
    blocks += ["[[deviation]]\n" + _pairs(entry) for entry in table["deviation"]]
    return "\n".join(blocks)


def _pairs(entry: dict[str, Any]) -> str:
    # JSON's strings, numbers, booleans and lists are TOML's too, but for one control character
    lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in entry.items())
    return "".join(lines).replace("\x7f", "\\u007f")

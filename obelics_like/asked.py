"""What was asked for: looked at, and refused where it can't be meant, before anything is started or written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from obelics_like.errors import InputError, OptionError, UnknownName, UsageError
from obelics_like.recipe import Recipe, load_recipe
from obelics_like.run import MARK
from obelics_like.sources.crawls import BASE, Reach
from obelics_like.sources.inputs import Input, survey
from obelics_like.sources.remote import is_remote, patience_seconds
from obelics_like.sources.spool import spool_bytes
from obelics_like.tasks.job import Job

IMAGE_SOURCES = {
    "warc": frozenset({"warc"}),
    "warc,page": frozenset({"warc", "page"}),
    "warc,page,web": frozenset({"warc", "page", "web"}),
    "warc,web": frozenset({"warc", "web"}),
    "page": frozenset({"page"}),
    "web": frozenset({"web"}),
    "none": frozenset[str](),
}


@dataclass(frozen=True)
class Asked:
    """What a run is to do: its recipe, what its tasks need to know, its inputs, and how many files are none."""

    recipe: Recipe
    job: Job
    sources: list[Input]
    ignored: int


def asked(
    inputs: Sequence[str | Path] | str | Path,
    folder: Path,
    *,
    recipe: str | Path | Recipe,
    settings: dict[str, Any] | None,
    images: str,
    scorer: str | None,
    limit: int | None,
    keep_dropped: str,
    offline: bool,
    sample: float | None,
    seed: int,
    cc_index: str | None,
    cc_base: str | None,
) -> Asked:
    """The arguments of `build`, checked; the corpus is to be built in `folder`. Raises UsageError."""
    whole({"--limit": limit})
    typed({"recipe": (recipe, str | Path | Recipe), "settings": (settings, Mapping | None), "images": (images, str)})
    typed({"scorer": (scorer, str | None), "keep_dropped": (keep_dropped, str), "offline": (offline, bool)})
    typed({"sample": (sample, float | int | None), "seed": (seed, int)})
    typed({"cc_index": (cc_index, str | None), "cc_base": (cc_base, str | None)})
    typed({"inputs": (inputs, str | Path | Iterable)})
    typed({f"settings, key {key!r}": (key, str) for key in settings or ()})
    patience_seconds()
    spool_bytes()
    given = [str(inputs)] if isinstance(inputs, str | Path) else [str(i) for i in inputs]
    base = cc_base or os.environ.get("OBELICS_LIKE_CC_BASE") or BASE
    sources, ignored = survey(given, Reach(base, sample, seed, cc_index, offline))
    what = _recipe(recipe, settings)
    job = _job(what, folder, images, scorer, offline, keep_dropped)
    return Asked(what, job, _apart(sources, given, folder), len(ignored))


def whole(numbers: dict[str, int | None]) -> None:
    for name, number in numbers.items():
        counts = hasattr(number, "__index__") and not isinstance(number, bool)
        if number is not None and not (counts and number >= 1):
            raise OptionError(name, got=repr(number), valid="a whole number from 1 on", do="correct the number")


def typed(values: dict[str, tuple[object, Any]]) -> None:
    """Raise UsageError for a value of `build` that is of another type than it says."""
    for name, (value, kind) in values.items():
        if not isinstance(value, kind) or isinstance(value, bytes):
            valid = kind.__name__ if isinstance(kind, type) else str(kind)
            raise UsageError(f"build({name})", got=repr(value), valid=valid, do="correct it")


def _recipe(recipe: str | Path | Recipe, settings: dict[str, Any] | None) -> Recipe:
    if not isinstance(recipe, Recipe):
        return load_recipe(recipe, settings)
    if settings:
        raise OptionError(
            "settings",
            got="settings beside a Recipe",
            valid="one of them",
            do="give them to load_recipe(name, settings)",
        )
    return recipe


def _job(recipe: Recipe, folder: Path, images: str, scorer: str | None, offline: bool, keep_dropped: str) -> Job:
    if images not in IMAGE_SOURCES:
        raise UnknownName("--images", images, IMAGE_SOURCES)
    kind, colon, share = keep_dropped.partition(":")
    if kind not in ("none", "reasons", "sample", "all") or (colon and kind != "sample"):
        raise UnknownName("--keep-dropped", keep_dropped, ["none", "reasons", "sample:P", "all"])
    if kind == "sample" and not _is_share(share):
        raise OptionError(
            "--keep-dropped",
            got=keep_dropped,
            valid="sample:P with P from 0 to 1, as sample:0.01",
            do="correct the share",
        )
    wanted = IMAGE_SOURCES[images]
    if offline and "web" in wanted:
        raise OptionError(
            "--offline", got=f"--images {images}", valid="--images warc, page or none", do="leave one of them out"
        )
    if scorer == "":
        raise OptionError(
            "--scorer", got="nothing", valid="a scorer's spec, or none", do="leave it out for the recipe's"
        )
    spec = recipe.scorer if scorer is None else scorer
    return Job(
        sources=recipe.stages[0],  # type: ignore[arg-type]  # load_recipe has seen to it that it is the Archive
        work=folder / "work",
        images=wanted,
        scorer=spec if wanted and spec != "none" else None,
        offline=offline,
        keep_dropped=keep_dropped,
        image_index=None,
    )


def _is_share(text: str) -> bool:
    try:
        return 0.0 <= float(text) <= 1.0
    except ValueError:
        return False


def _apart(sources: Sequence[Input], given: Sequence[str], out: Path) -> list[Input]:
    """The inputs that a run into `out` may read: what it made there itself, met in a folder above, is none of them."""
    home = out.resolve()
    above = any(home != (top := Path(g).resolve()) and home.is_relative_to(top) for g in given)
    apart = []
    for source in sources:
        inside = not is_remote(source.path) and Path(source.path).resolve().is_relative_to(home)
        if inside and not above:
            raise UsageError(
                f"--out {out}",
                got=f"a folder that holds the input {source.name}",
                valid="a folder apart",
                do="choose another",
            )
        try:
            source.path.encode()
        except UnicodeEncodeError:
            shown = os.fsencode(source.path).decode("utf-8", "backslashreplace")
            raise InputError(
                f"input {shown}",
                got="a file name that is no UTF-8",
                valid="a name that can be written down",
                do="rename it",
            ) from None
        if not inside:
            apart.append(source)
    if not apart:
        raise UsageError(
            f"--out {out}", got="a folder that holds every input", valid="a folder apart", do="choose another"
        )
    return apart


def made_folder(out: Path) -> Path:
    """The output folder, made; it must be empty or an earlier run's, since what a run does not name is swept out."""
    folder = Path(out)
    refuse_strangers(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).touch()
    except OSError as error:
        raise _unwritable(out, error) from error
    return folder


def refuse_strangers(folder: Path) -> None:
    """Raise UsageError for a folder that holds what no run of ours made."""
    try:
        names = {p.name for p in folder.iterdir()} if folder.exists() else set[str]()
    except OSError as error:
        raise _unwritable(folder, error) from error
    if names and MARK not in names:
        raise UsageError(
            f"--out {folder}",
            got=f"a folder that holds other things ({', '.join(sorted(names)[:3])})",
            valid="a new or empty folder, or one that an earlier run made",
            do="choose another",
        )


def _unwritable(out: str | Path, error: OSError) -> UsageError:
    return UsageError(
        f"--out {out}", got=error.strerror or str(error), valid="a folder that can be written", do="choose another"
    )

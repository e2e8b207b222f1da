"""The main job in one call: runs what was asked for and writes down what was run; it holds no rule."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from obelics_like import index
from obelics_like.asked import Asked, asked, made_folder, refuse_strangers, typed, whole
from obelics_like.engines import ENGINES, Failure
from obelics_like.engines import engine as make_engine
from obelics_like.errors import MissingPiece, UnknownName
from obelics_like.preview import preview
from obelics_like.recipe import Recipe
from obelics_like.record import exit_code, ground, head, tail
from obelics_like.run import Progress, State, execute, locked
from obelics_like.stage import AnyStage
from obelics_like.store.files import publish_json
from obelics_like.store.folder import Output
from obelics_like.store.remote import Remote, places
from obelics_like.store.shared import looking, sharing, withdraw_all
from obelics_like.tasks.job import open_all


def build(
    inputs: Sequence[str | Path] | str | Path,
    out: str | Path,
    *,
    recipe: str | Path | Recipe = "default",
    settings: dict[str, Any] | None = None,
    workers: int | None = None,
    images: str = "warc",
    scorer: str | None = None,
    limit: int | None = None,
    keep_dropped: str = "reasons",
    offline: bool = False,
    engine: str = "local",
    ray_address: str | None = None,
    keep_work: bool = True,
    work: str | Path | None = None,
    progress: Progress | None = None,
    sample: float | None = None,
    seed: int = 0,
    cc_index: str | None = None,
    cc_base: str | None = None,
) -> dict[str, Any]:
    """Build a corpus in the folder `out` from web archives; gives what is also written to `out/run.json`.

    `inputs` are archives, folders or globs of them, folders of HTML files, list files, URLs of these, or crawls by
    name (cc:CC-MAIN-2024-22). Of a crawl, `sample` takes a share of its archives, chosen by `seed`, and `cc_index` the
    records for which a condition on its index holds; `cc_base` is where it is read from. `settings` maps
    "id.option" to values and is laid over the recipe. `images` is one of `asked.IMAGE_SOURCES`. `scorer`
    replaces the recipe's ("none" for no alignment). `limit` stops after so many pages. `keep_dropped` is none,
    reasons, sample:P or all. `engine` is "local" (own worker processes), "ray" (Ray actors: of the cluster at
    `ray_address`, or of this machine) or "inline" (this process, for debugging): the corpus is the same. Without
    `keep_work`, the folder `work` is removed at the end, unless something failed that the next run would try again.
    `out` may be an address (`s3://bucket/prefix`): the corpus is then built in the folder `work` here and published
    there. `work` may be one too, for machines that share no disk. Run again in the same way, it goes on.

    The key `exit_code` of the result is 0, or 1 if an input could not be read whole or a check failed. Raises
    UsageError for wrong use and MissingPiece for what can't be loaded, both before the first record is read.
    """
    started = datetime.now(UTC)
    whole({"--workers": workers})
    typed({"out": (out, str | PathLike), "work": (work, str | PathLike | None), "engine": (engine, str)})
    where = places(out, work)
    what = asked(
        inputs, where.folder, recipe=recipe, settings=settings, images=images, scorer=scorer, limit=limit,
        keep_dropped=keep_dropped, offline=offline, sample=sample, seed=seed, cc_index=cc_index, cc_base=cc_base,
    )  # fmt: skip
    if engine not in ENGINES:
        raise UnknownName("--engine", engine, ENGINES)
    remote = Remote(where.out, where.folder) if where.out else None
    with locked(made_folder(where.folder)), sharing(what.job.work, where.work):
        if remote is not None:
            remote.claim()
        state = State(what.recipe, what.job, make_engine(engine, workers, ray_address), progress or (lambda *_: None))
        record = _run(state, what, limit, where.folder, started, engine)
        unreached = state.ledger.drops["sources", "unreachable", "record", ""]
        if not keep_work and not record["failures"] and not unreached:
            withdraw_all(what.job.work)
        if remote is not None:
            remote.publish()
    return record


def _run(state: State, what: Asked, limit: int | None, folder: Path, started: datetime, engine: str) -> dict[str, Any]:
    """Load the models, execute, and write down what was run; gives run.json. The engine is closed, come what may."""
    clock = time.monotonic()
    try:
        models = _preflight(state)
        state.ground = ground(models)
        found = execute(state, what.sources, limit, folder)
    finally:
        state.engine.close()
        shutil.rmtree(folder / "work" / "preflight", ignore_errors=True)
    shutil.rmtree(state.job.spool, ignore_errors=True)
    manifest = found.pop("published")
    record = head(what.recipe, what.job, state.job, engine, state.engine.workers, limit, started) | found
    record |= tail(state, clock) | {"models": models, "ignored_files": what.ignored}
    record["exit_code"] = exit_code(record)
    publish_json(folder / "run.json", record)
    publish_json(folder / "manifest.json", manifest)
    return record


def plan(
    inputs: Sequence[str | Path] | str | Path,
    out: str | Path,
    *,
    work: str | Path | None = None,
    recipe: str | Path | Recipe = "default",
    settings: dict[str, Any] | None = None,
    images: str = "warc",
    scorer: str | None = None,
    limit: int | None = None,
    keep_dropped: str = "reasons",
    offline: bool = False,
    sample: float | None = None,
    seed: int = 0,
    cc_index: str | None = None,
    cc_base: str | None = None,
) -> dict[str, Any]:
    """What `build` with the same arguments would do, and what of it is done already; nothing is written.

    Gives {"recipe", "inputs", "beyond_the_limit", "ignored_files", "phases"}; see `preview.preview`. The models are
    loaded, since their digests are part of the keys that work is kept under. Raises what `build` raises before the
    first record.
    """
    typed({"out": (out, str | PathLike), "work": (work, str | PathLike | None)})
    where = places(out, work)
    what = asked(
        inputs, where.folder, recipe=recipe, settings=settings, images=images, scorer=scorer, limit=limit,
        keep_dropped=keep_dropped, offline=offline, sample=sample, seed=seed, cc_index=cc_index, cc_base=cc_base,
    )  # fmt: skip
    refuse_strangers(where.folder)
    with TemporaryDirectory(prefix="obelics-like-") as scratch:
        state = State(what.recipe, replace(what.job, work=Path(scratch)), make_engine("inline"), lambda *_: None)
        state.ground = ground(_preflight(state))
        if where.work is None:
            state.job = what.job
        with looking(state.job.work, where.work):  # what lies elsewhere is copied, but not to where a run would be
            planned = preview(state, what.sources, limit)
    return {"recipe": what.recipe.name, **planned, "ignored_files": what.ignored}


def clean(folder: str | Path, unused: bool = False) -> int:
    """Remove the work of a finished run, or (`unused`) only what its corpus does not stand on; gives the bytes freed.

    The corpus stays whole: it holds links to its files, or copies. What is freed counts no file that the corpus still
    holds. Raises InputError if the folder holds no finished corpus, and UsageError while a run is writing to it.
    """
    output = Output(folder)
    used = set(output.run.get("work", [])) if unused else set[str]()
    work = output.folder / "work"
    freed = 0
    with locked(output.folder):
        for path in sorted(work.iterdir()) if work.is_dir() else []:
            if path.name not in used:
                files = [p.stat() for p in path.rglob("*") if p.is_file()]
                freed += sum(s.st_size for s in files if s.st_nlink == 1)
                shutil.rmtree(path)
        if work.is_dir() and not any(work.iterdir()):
            work.rmdir()
    return freed


def _preflight(state: State) -> list[dict[str, str | None]]:
    """Open all stages once, in a worker, which keeps what it loaded; gives the models' files with their digests."""
    context = state.job.context(state.job.work)
    stages: tuple[AnyStage, ...] = tuple(s for s in state.recipe.stages[1:] if s.active(context))
    for stage in stages:  # here and not in a worker: an index need not be seen from other machines
        index.check(stage)
    ((_, found),) = state.map("load models", open_all, [(state.job, stages)])
    if isinstance(found, Failure):
        raise MissingPiece(
            "loading the models",
            got=f"{found.reason}, {found.attempts} times",
            valid="memory for the models of the recipe",
            do="take fewer --workers, a smaller model, or --scorer none",
        )
    models: list[dict[str, str | None]] = found["models"]
    return models

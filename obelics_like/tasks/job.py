"""What every task of a run knows, and the services that stages are opened with; it does no work itself."""

from __future__ import annotations

import json
import re
import resource
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from obelics_like.document import Blob, Origin, Place
from obelics_like.inline import is_name
from obelics_like.plan import digest
from obelics_like.sources.archive import Archive, read_bytes
from obelics_like.sources.spool import copy_of
from obelics_like.stage import AnyStage, Context, ThingStage
from obelics_like.store.shared import at_hand


@dataclass(frozen=True)
class Job:
    """What every task of a run needs to know; it travels with each item, so it stays small."""

    sources: Archive
    work: Path
    images: frozenset[str]
    scorer: str | None
    offline: bool
    keep_dropped: str
    image_index: Path | None
    met_again: Path | None = None
    """The pages that a revisit says were found unchanged, and when: see `sources.revisits`."""
    inputs: Path | None = None

    @property
    def spool(self) -> Path:
        """Where the copies of remote inputs lie while the run goes on."""
        return self.work / "spool"

    @property
    def run(self) -> str:
        """The name of the run among others: that of its output folder, so that it is the same when run again."""
        work = self.work.resolve()
        name = work.parent.name if work.name == "work" else work.name
        return f"{re.sub(r'[^0-9A-Za-z_-]', '_', name)}-{digest(work)}"

    def context(self, scratch: Path) -> Context:
        """The services that stages are opened with in this process."""
        return Context(
            images=self.images,
            scorer=self.scorer,
            offline=self.offline,
            scratch=scratch,
            model=partial(_model, offline=self.offline),
            find_image=_finder(self.image_index, self.inputs),
            read_blob=partial(_read_blob, self.sources, self.spool),
        )


def _model(spec: str, offline: bool) -> Any:
    from obelics_like.models.load import load

    return load(spec, offline=offline)


def _read_blob(options: Archive, spool: Path, blob: Blob) -> bytes:
    copy = copy_of(blob.place.path, spool)
    if copy is None and blob.place.kind == "pack":  # what was fetched from the web is work, perhaps another machine's
        at_hand(Path(blob.place.path))
    return read_bytes(replace(blob.place, path=copy) if copy else blob.place, options)


@lru_cache(maxsize=2)
def _finder(index: Path | None, inputs: Path | None) -> Callable[[str, Origin], list[Blob]]:
    """What names the places of a picture: in its page, if its URL is a name of that kind, else in the archives."""
    find = _nowhere
    if index is not None:
        from obelics_like.sources.join import ImageIndex

        find = ImageIndex(at_hand(index)).find

    def found(url: str, origin: Origin) -> list[Blob]:
        if not is_name(url):
            return find(url, origin)
        paths = _inputs(inputs) if inputs is not None else {}
        return [in_page(url, origin, *paths[origin.input])] if origin.input in paths else []

    return found


@lru_cache(maxsize=2)
def _inputs(path: Path) -> dict[str, list[str]]:
    """Path and format of each input of the run, by name."""
    found: dict[str, list[str]] = json.loads(at_hand(path).read_text("utf-8"))
    return found


def in_page(url: str, origin: Origin, path: str, format: str) -> Blob:
    """The picture of a name in the page of that origin, in the input at `path`."""
    kind = "file" if format == "html" else "page"
    return Blob(Place(kind, path, origin.offset, origin.length, url), "page", origin.date)


def _nowhere(url: str, origin: Origin) -> list[Blob]:
    return []


def opened(stage: AnyStage, job: Job, scratch: Path) -> Any:
    """What the stage's `open` gave in this process; `scratch` is the folder it may write under."""
    if isinstance(stage, ThingStage):  # each time: it may have been cleaned away between two runs of one process
        scratch.mkdir(parents=True, exist_ok=True)
    return _opened(stage, job, scratch)


@lru_cache(maxsize=64)
def _opened(stage: AnyStage, job: Job, scratch: Path) -> Any:
    return stage.open(job.context(scratch))


def peak_memory() -> int:
    """Peak resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def open_all(item: tuple[Job, tuple[AnyStage, ...]]) -> dict[str, Any]:
    """Open every stage that will run, so that what can't be loaded stops the run before the first record.

    Gives the files of the models that were asked for, with their digests.
    """
    from obelics_like.models.identity import identify

    job, stages = item
    specs: dict[str, None] = {}

    def model(spec: str) -> Any:
        specs[spec] = None
        return _model(spec, job.offline)

    scratch = job.work / "preflight"
    scratch.mkdir(parents=True, exist_ok=True)
    context = replace(job.context(scratch), model=model)
    for stage in stages:
        stage.open(context)
    if job.scorer:
        model(f"scorer:{job.scorer}").prepare()
    return {"models": [row for spec in sorted(specs) for row in identify(spec)], "peak_mb": peak_memory()}

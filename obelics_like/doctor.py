"""Looks at what is installed and what can be loaded; it installs nothing."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from functools import partial
from typing import Any

from obelics_like.errors import ObelicsLikeError

_LIBRARIES = (
    "fastwarc",
    "warcio",
    "selectolax",
    "resiliparse",
    "trafilatura",
    "pyarrow",
    "scipy",
    "datasketch",
    "rensa",
)
_MODELS = (
    ("langid:lid176", False),
    ("nsfw:opennsfw", False),
    ("tokenizer:o200k_base", False),
    ("scorer:label-bridge", False),
)
_EXTRAS = (("open_clip_torch", "clip"), ("ray", "ray"), ("s3fs", "s3"))


def examine() -> list[dict[str, Any]]:
    """A finding for each piece: name, ok, optional, and what was found or the remedy."""
    findings = [_try(name, False, partial(importlib.metadata.version, name)) for name in _LIBRARIES]
    findings.append(_try("one fastText binding", False, _binding))
    findings += [_try(spec, optional, partial(_load, spec)) for spec, optional in _MODELS]
    for package, extra in _EXTRAS:
        finding = _try(package, True, partial(importlib.metadata.version, package))
        if not finding["ok"]:
            finding["said"] = f"optional: pip install 'obelics-like[{extra}]'"
        findings.append(finding)
    return findings


def _try(name: str, optional: bool, look: Callable[[], str]) -> dict[str, Any]:
    try:
        return {"name": name, "ok": True, "optional": optional, "said": look()}
    except importlib.metadata.PackageNotFoundError:
        return {"name": name, "ok": False, "optional": optional, "said": f"not installed: pip install {name}"}
    except (ObelicsLikeError, ImportError, OSError) as error:
        return {"name": name, "ok": False, "optional": optional, "said": str(error)}


def _binding() -> str:
    names = importlib.metadata.packages_distributions().get("fasttext", [])
    found = sorted(set(names))
    if len(found) != 1:
        raise ImportError(
            f"{found or 'none'} installed: exactly one may provide the module fasttext (fasttext-community)"
        )
    return found[0]


def _load(spec: str) -> str:
    from obelics_like.models.load import load

    return str(getattr(load(spec), "name", "loads"))

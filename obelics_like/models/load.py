"""The one door to models: a spec such as "langid:lid176" becomes a loaded model, once in each process.

What a kind's models are and can do stands in its own module; this one only finds it.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

from obelics_like.errors import MissingPiece, UnknownName

_KINDS = {
    "langid": "obelics_like.models.langid",
    "nsfw": "obelics_like.models.nsfw",
    "scorer": "obelics_like.models.scorers",
    "tokenizer": "obelics_like.models.tokenizer",
}
_INSTALL = {  # the module that is missing -> what installs it, where that is not the package itself
    "open_clip": "'obelics-like[clip]'",
    "torch": "'obelics-like[clip]'",
    "torchvision": "'obelics-like[clip]'",
    "safetensors": "'obelics-like[clip]'",
    "fasttext": "fasttext-community",
}


@cache
def load(spec: str, offline: bool = False) -> Any:
    """The model that `spec`, KIND:NAME, stands for; the same object for the same spec.

    With `offline`, a scorer that would have to be fetched is a MissingPiece; the other kinds are never fetched here.

    Kinds are langid, nsfw, scorer and tokenizer. NAME may hold colons itself ("scorer:open_clip:ViT-B-32/x.pt").
    Raises UnknownName for a kind or name that does not exist, MissingPiece with the install line for a library that
    is not there, and what the kind's loader raises.
    """
    kind, colon, name = spec.partition(":")
    if kind not in _KINDS:
        raise UnknownName(
            f"model {spec!r}, KIND of KIND:NAME", kind, _KINDS, do="write KIND:NAME, such as langid:lid176"
        )
    if not colon or not name:
        raise UnknownName(f"model {spec!r}, name", name, [], do=f"write {kind}:NAME")
    try:
        module = importlib.import_module(_KINDS[kind])
        return module.load(name, offline=offline) if kind == "scorer" else module.load(name)
    except ImportError as error:
        missing = (error.name or "").split(".")[0]
        what = _INSTALL.get(missing, "--force-reinstall obelics-like")
        raise MissingPiece(
            f"model {spec}", got=error, valid="its library installed", do=f"run: pip install {what}"
        ) from error

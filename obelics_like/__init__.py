"""Interleaved image-text corpora from web archives: the flat public names; importing it loads nothing heavy.

import obelics_like
obelics_like.build("crawl/", "out", recipe="default")
for document in obelics_like.read_corpus("out"):
    for node in document.nodes:
        ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from obelics_like.document import Document, Drop, Image, Text

if TYPE_CHECKING:
    from obelics_like.align.assign import assign_images
    from obelics_like.extraction.api import extract
    from obelics_like.language.api import identify_language
    from obelics_like.launch import build
    from obelics_like.recipe import load_recipe
    from obelics_like.sources.archive import read_pages
    from obelics_like.store.folder import read_corpus

__version__ = "0.1.0"
__all__ = [
    "Document",
    "Drop",
    "Image",
    "Text",
    "assign_images",
    "build",
    "extract",
    "identify_language",
    "load_recipe",
    "read_corpus",
    "read_pages",
]

_LATE = {
    "assign_images": "obelics_like.align.assign",
    "build": "obelics_like.launch",
    "extract": "obelics_like.extraction.api",
    "identify_language": "obelics_like.language.api",
    "load_recipe": "obelics_like.recipe",
    "read_corpus": "obelics_like.store.folder",
    "read_pages": "obelics_like.sources.archive",
}


def __getattr__(name: str) -> Any:
    """Load a public function when it is first asked for."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(_LATE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

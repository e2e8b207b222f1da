"""HTML bytes to nodes: texts and pictures in DOM order, boilerplate told apart; nothing here fetches or filters.

The package is callable, as `obelics_like.extraction(html, url)`: the public function and the room share a name, and
importing any stage of the room would otherwise hide the function behind the package.
"""

from __future__ import annotations

import sys
from types import ModuleType

from obelics_like.document import Document
from obelics_like.extraction.api import extract

__all__ = ["extract"]


class _Room(ModuleType):
    def __call__(self, html: bytes, url: str, content_type: str | None = None) -> Document:
        return extract(html, url, content_type)


sys.modules[__name__].__class__ = _Room

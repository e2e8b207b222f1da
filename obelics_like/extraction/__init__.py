"""HTML bytes to nodes: texts and pictures in DOM order, boilerplate told apart; nothing here fetches or filters.

The room is called extraction, since `obelics_like.extract` is the public function.
"""

from obelics_like.extraction.api import extract

__all__ = ["extract"]

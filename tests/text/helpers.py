"""Builds pages for the tests of this room."""

from __future__ import annotations

from typing import Any

from obelics_like.document import Document, Language, Origin, Page, Text
from obelics_like.stage import Context


def page(*texts: str | tuple[str, str], language: str | None = None, **origin: Any) -> Document:
    """A page of texts, each a string or (block, string)."""
    pairs = [("p", text) if isinstance(text, str) else text for text in texts]
    nodes = [Text(pos, text, block=block) for pos, (block, text) in enumerate(pairs)]
    known = Language(language, 1.0, "test") if language else None
    return Document("id", "https://example.org/a", Origin("x.warc", 0, **origin), list(nodes), language=known)


def fetched(url: str, html: bytes, **origin: Any) -> Document:
    """A page that is read but not parsed."""
    where = Origin("x.warc", 0, **origin)
    return Document("id", url, where, page=Page(url, html, None, where))


def run(stage: Any, *documents: Document, context: Context | None = None) -> list[Document]:
    """The documents after the stage, which is checked and opened as the run does it."""
    stage.check()
    return stage.process(list(documents), stage.open(context or Context()))


def rules(document: Document) -> list[str | None]:
    """The rule that dropped each node, None where it is kept."""
    return [node.drop.rule if node.drop else None for node in document.nodes]

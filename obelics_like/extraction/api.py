"""`extract`: one page to a document, without a run: what a notebook or a test asks for.

It adds nothing to the stage `extract.nodes` with its defaults.
"""

from __future__ import annotations

import functools
import hashlib

from obelics_like.document import Aside, Document, Origin, Page
from obelics_like.errors import UsageError
from obelics_like.extraction.nodes import Nodes, Opened
from obelics_like.stage import Context


def extract(html: bytes, url: str, content_type: str | None = None, *, dropped: bool = True) -> Document:
    """The page as a document: its nodes in DOM order, boilerplate and faulty pictures marked with a drop.

    `url` makes relative URLs absolute; without one, the address that the page declares does. `content_type` is the HTTP
    header, for its charset. With `dropped` False no node is made of what is dropped, most of a page: so does a run.
    Raises nothing for any bytes: a page that can't be used comes back with `drop` set. UsageError for what is no bytes
    or no URL.

    >>> [node.text for node in extract("<p>Ein schöner Tag war das, sagte sie, und ging.</p>".encode(), "http://a.org/").kept]
    ['Ein schöner Tag war das, sagte sie, und ging.']
    """
    if not isinstance(html, bytes):
        do = "pass the bytes as they were fetched, or text.encode()"
        raise UsageError("extract(html)", got=type(html).__name__, valid="bytes", do=do)
    if not isinstance(url, str):
        raise UsageError("extract(url)", got=type(url).__name__, valid="str", do="pass the page's URL, or an empty one")
    stage, opened = _opened()
    origin = Origin(input="", offset=0)
    page = Page(url, html, content_type, origin)
    document = Document(hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:32], url, origin, page=page)
    document.aside = None if dropped else Aside()
    stage.process([document], opened)
    document.page = document.aside = None
    return document


@functools.cache
def _opened() -> tuple[Nodes, Opened]:
    stage = Nodes(id="extract")
    return stage, stage.open(Context())

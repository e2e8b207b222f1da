"""Cuts a page out of its archive again, when the archive is still there; it writes nothing and guesses nothing.

The nodes of a page depend on its bytes and on the options of the recipe's extraction only, so their positions are the
ones of the run.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from obelics_like.document import Blob, Document
from obelics_like.inline import is_name
from obelics_like.store.folder import Output
from obelics_like.tasks.job import in_page


def reread(output: Output, page_row: dict[str, Any]) -> Document | None:
    """The page of a row (id, url, crawl_date, input, offset) as extraction gave it, with its marks alone.

    None if the input is gone, if another page lies there now, or if extraction can't be loaded or fails on it.
    """
    from pathlib import Path

    from obelics_like.sources.archive import Record, document_id, read
    from obelics_like.sources.inputs import Input
    from obelics_like.sources.remote import is_remote

    if page_row.get("rule") == "kills_workers":
        return None  # it would end this process too
    source = next((i for i in output.run["inputs"] if i["name"] == page_row["input"]), None)
    if source is None or not (is_remote(source["path"]) or Path(source["path"].partition("!")[0]).is_file()):
        return None
    try:
        options, stage, opened = _reading(output.run["recipe"]["text"])
        given = Input(source["name"], source["path"], source["format"], source["size"])
        record = Record(page_row["offset"], None, kind="page", url=page_row["url"])
        _, page = next(read(given, [record], options))
        if isinstance(page, str):
            return None
        record_id = page.origin.warc_headers.get("WARC-Record-ID")  # an ARC has none: there it is URL and date
        identity = document_id(record_id, page.url, page_row.get("crawl_date"))
        if identity != page_row["id"]:
            return None
        document = Document(identity, page.url, page.origin, page=page)
        stage.process([document], opened)
    except Exception:  # what the run met as a drop named `failed` must not end a report
        return None
    document.page = None
    return document


@lru_cache(maxsize=2)
def _reading(recipe: str) -> tuple[Any, Any, Any]:
    """How the recipe reads inputs, its extraction, and what that was opened with."""
    from obelics_like.extraction.nodes import Nodes
    from obelics_like.recipe import load_recipe_text
    from obelics_like.stage import Context

    stages = load_recipe_text(recipe).stages
    stage = next((s for s in stages if isinstance(s, Nodes)), Nodes(id="extract"))
    return stages[0], stage, stage.open(Context())


def read_picture(output: Output, blob: Blob) -> bytes:
    """The bytes of a picture that was not packed, out of its archive. Raises OSError if they are gone."""
    from obelics_like.sources.archive import read_bytes

    return read_bytes(blob.place, _reading(output.run["recipe"]["text"])[0])


def find_picture(output: Output, url: str, document: Document) -> Blob | None:
    """The page, or the archive record, that holds a picture; records are in the index that the run left in its work."""
    from obelics_like.sources.join import ImageIndex

    if is_name(url):
        source = next((i for i in output.run["inputs"] if i["name"] == document.origin.input), None)
        return in_page(url, document.origin, source["path"], source["format"]) if source else None
    indexes = sorted((output.folder / "work" / "index").glob("pictures-*.arrow"), key=lambda p: p.stat().st_mtime)
    if not indexes:
        return None
    found = ImageIndex(indexes[-1]).find(url, document.origin)
    return found[0] if found else None

"""What was not kept, as Parquet: a row for each dropped page and for each dropped node, with its stage, rule and value.

It decides nothing; the run hands it pages whose fate is sealed.
"""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from obelics_like.document import Document, Drop, Image
from obelics_like.store.files import Published, publish
from obelics_like.store.shards import to_line

_WHY = [("stage", pa.string()), ("rule", pa.string()), ("value", pa.string()), ("limit", pa.string())]

PAGES = pa.schema(
    [
        ("id", pa.string()),
        ("url", pa.string()),
        ("input", pa.string()),
        ("offset", pa.int64()),
        ("crawl_date", pa.string()),
        ("language", pa.string()),
        ("images", pa.int32()),
        ("texts", pa.int32()),
        *_WHY,
        ("content", pa.string()),
    ]
)
"""`images` and `texts` count the nodes that were lost with the page, beside those that a rule of their own dropped
(which have rows in NODES); `content` is the whole document as JSON, where asked
for and where JSON can hold it."""

NODES = pa.schema(
    [
        ("id", pa.string()),
        ("input", pa.string()),
        ("offset", pa.int64()),
        ("pos", pa.int32()),
        ("kind", pa.string()),
        ("url", pa.string()),
        *_WHY,
    ]
)


class Reasons:
    """Collects the rows of one task. `keep` is none, reasons, sample:P (a share of pages by their id) or all."""

    def __init__(self, keep: str) -> None:
        self.keep = keep
        self._share = {"none": 0.0, "reasons": 0.0, "all": 1.0}.get(keep)
        if self._share is None:
            self._share = float(keep.removeprefix("sample:"))
        self._pages: list[dict[str, Any]] = []
        self._nodes: list[tuple[Any, ...]] = []

    def add(self, document: Document) -> None:
        """Take in a document whose fate is sealed: its own drop, if any, and those of its nodes."""
        if self.keep == "none":
            return
        self.add_nodes(document)
        if document.drop is not None:
            self._pages.append(self._page(document) | _why(document.drop))

    def add_nodes(self, document: Document) -> None:
        """Take in the drops of a document's nodes."""
        if self.keep == "none":
            return
        origin = document.origin
        page = document.id, origin.input, origin.offset
        whys: dict[int, tuple[str | None, ...]] = {}  # most nodes share one Drop
        for node in document.nodes:
            if (drop := node.drop) is not None:
                why = whys.get(id(drop)) or whys.setdefault(id(drop), tuple(_why(drop).values()))
                image = isinstance(node, Image)
                url = _sound(node.url) if isinstance(node, Image) else None
                self._nodes.append((*page, node.pos, "image" if image else "text", url, *why))

    def keeps_content(self, identity: str) -> bool:
        """Whether the content of this page is to be kept, should it be dropped."""
        share = self._share or 0.0
        return share > 0 and int(hashlib.blake2b(identity.encode(), digest_size=6).hexdigest(), 16) < share * 16**12

    def _page(self, document: Document) -> dict[str, Any]:
        images = sum(1 for _ in document.images())
        return {
            "id": document.id,
            "url": _sound(document.url),
            "input": document.origin.input,
            "offset": document.origin.offset,
            "crawl_date": document.origin.date,
            "language": document.language.code if document.language else None,
            "images": images,
            "texts": sum(n.drop is None for n in document.nodes) - images,
            "content": _content(document) if self.keeps_content(document.id) else None,
        }

    def write(self, folder: Path, name: str) -> list[Published]:
        """Publish `pages-NAME.parquet` and `nodes-NAME.parquet` in the folder, where there are any rows."""
        tables = {}
        if self._pages:
            tables["pages"] = pa.Table.from_pylist(self._pages, PAGES)
        if self._nodes:
            columns = zip(*self._nodes, strict=True)
            tables["nodes"] = pa.table([pa.array(c, f.type) for c, f in zip(columns, NODES, strict=True)], NODES)
        return [
            publish(
                folder / f"{kind}-{name}.parquet", partial(pq.write_table, table, compression="zstd"), table.num_rows
            )
            for kind, table in tables.items()
        ]


def _why(drop: Drop) -> dict[str, Any]:
    return {
        "stage": drop.stage,
        "rule": drop.rule,
        "value": None if drop.value is None else _sound(str(drop.value)),
        "limit": None if drop.limit is None else _sound(str(drop.limit)),
    }


def _content(document: Document) -> str | None:
    try:
        return to_line(document).decode()
    except TypeError:  # it may have been dropped for just that
        return None


def _sound(text: str) -> str:
    """The text with a question mark for each half of a surrogate pair, which no file of ours can hold."""
    return text.encode("utf-8", "replace").decode()

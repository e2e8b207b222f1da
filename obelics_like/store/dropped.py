"""What was not kept, as Parquet: a row for each dropped page and for each dropped node, with its stage, rule and value.

It decides nothing; the run hands it pages whose fate is sealed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from obelics_like.document import Document, Drop, Image
from obelics_like.store.files import Published, publish
from obelics_like.store.shards import to_json

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
        self._nodes = _NodeRows()

    def add(self, document: Document) -> None:
        """Take in a document whose fate is sealed: its own drop, if any, and those of its nodes."""
        if self.keep == "none":
            return
        if self.keeps_content(document.id):
            document.put_back()
        self.add_nodes(document)
        if document.drop is not None:
            self._pages.append(self._page(document) | _why(document.drop))

    def add_nodes(self, document: Document) -> None:
        """Take in the drops of a document's nodes."""
        if self.keep != "none":
            self._nodes.add(document)

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
        if self._nodes.pos:
            tables["nodes"] = self._nodes.table()
        return [
            publish(folder / f"{kind}-{name}.parquet", partial(_write, table), table.num_rows)
            for kind, table in tables.items()
        ]


def _write(table: pa.Table, file: IO[bytes]) -> None:
    """Write what is read once, soon: lz4 for zstd and no statistics took 0.04 ms a page less, both ways. What is
    dictionary-encoded here is no other type in the file."""
    pq.write_table(table, file, compression="lz4", write_statistics=False, store_schema=False)


class _NodeRows:
    """The rows of NODES as columns; what is one for all nodes of a page, or for a run of nodes, is held once."""

    def __init__(self) -> None:
        self.pos: list[int] = []
        self._urls: list[str | None] = []
        self._pages: list[tuple[str, str, int]] = []
        self._rows: list[int] = []
        """Rows of each page."""
        self._whys: dict[tuple[str | None, ...], int] = {}
        self._runs: list[tuple[int, int]] = []
        """For how many rows the same reason holds, and which."""

    def add(self, document: Document) -> None:
        """Take in the drops of a document's nodes and of those that lie aside."""
        before = len(self.pos)
        for fallen in document.aside.fallen if document.aside is not None else ():
            self._add(fallen.drop, fallen.texts, [None] * len(fallen.texts))
            self._add(fallen.drop, fallen.images, fallen.urls)
        for node in document.nodes:
            if node.drop is not None:
                self._add(node.drop, [node.pos], [node.url if isinstance(node, Image) else None])
        if rows := len(self.pos) - before:
            self._pages.append((document.id, document.origin.input, document.origin.offset))
            self._rows.append(rows)

    def _add(self, drop: Drop, pos: Sequence[int], urls: Sequence[str | None]) -> None:
        if pos:
            why = tuple(_why(drop).values())
            self._runs.append((len(pos), self._whys.setdefault(why, len(self._whys))))
            self.pos += pos
            self._urls += urls

    def table(self) -> pa.Table:
        """The rows page by page, and in the order of `pos` on each; what is often the same is dictionary-encoded."""
        page = np.repeat(np.arange(len(self._rows)), self._rows)
        runs, whys = np.array(self._runs).T
        pos = np.array(self.pos, np.int32)
        order = np.argsort(page << 32 | pos, kind="stable")  # of runs that ascend: 2 us a page
        url = _strings(self._urls).take(pa.array(order))
        kind = pa.DictionaryArray.from_arrays(url.is_valid().cast(pa.int8()), ["text", "image"])
        pages = [_taken(column, field.type, page) for column, field in zip(zip(*self._pages), NODES)]
        reasons = [_taken(column, pa.string(), np.repeat(whys, runs)[order]) for column in zip(*self._whys)]
        return pa.table([*pages, pa.array(pos[order]), kind, url, *reasons], NODES.names)


def _taken(values: Sequence[Any], kind: pa.DataType, at: np.ndarray) -> pa.Array:
    """Of each row its value, by the value's number."""
    return pa.array(values, kind).dictionary_encode().take(pa.array(at))


def _strings(values: Sequence[str | None]) -> pa.Array:
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([None if value is None else _sound(value) for value in values], pa.string())


def _why(drop: Drop) -> dict[str, Any]:
    return {
        "stage": drop.stage,
        "rule": drop.rule,
        "value": None if drop.value is None else _sound(str(drop.value)),
        "limit": None if drop.limit is None else _sound(str(drop.limit)),
    }


def _content(document: Document) -> str | None:
    try:
        return to_json(document)
    except TypeError:  # it may have been dropped for just that
        return None


def _sound(text: str) -> str:
    """The text with a question mark for each half of a surrogate pair, which no file of ours can hold."""
    return text.encode("utf-8", "replace").decode()

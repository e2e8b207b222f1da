"""What the run does with a DocumentStage, in memory: number the documents, collect shard by shard, decide once."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from obelics_like.document import Document, Language, Origin, Text
from obelics_like.exchange import DROPS
from obelics_like.rows import MEMORY, Rows, tables
from obelics_like.stage import Context, DocumentStage


def page(
    name: str,
    *texts: str,
    url: str = "",
    date: str | None = "2024-05-01T00:00:00Z",
    language: str | None = "en",
) -> Document:
    nodes: list[Any] = [Text(i, text) for i, text in enumerate(texts)]
    spoken = None if language is None else Language(language, 1.0, "test")
    return Document(name, url or f"https://e.org/{name}", Origin("in.warc", 0, date=date), nodes, language=spoken)


def rows_of(stage: DocumentStage, documents: Sequence[Document], shard: int = 0) -> pa.Table:
    """The collected rows with `doc`, which is the document's place in `documents`; `shard` documents at a time."""
    stage.check()
    opened = stage.open(Context())
    step = shard or max(1, len(documents))
    tables = [stage.collect(list(documents[at : at + step]), opened) for at in range(0, len(documents), step)]
    rows = pa.concat_tables(tables or [stage.collect([], opened)])
    assert rows.num_rows == len(documents)
    return rows.append_column("doc", pa.array(range(len(documents)), pa.uint64()))


def decided(stage: DocumentStage, shards: Sequence[pa.Table], memory: int = MEMORY) -> pa.Table:
    """All that the stage yields on rows that lie in some tables."""
    rows = Rows(tables(shards), memory=memory)
    return pa.concat_tables([DROPS.empty_table(), *stage.decide(rows, stage.open(Context()))])


def run(
    stage: DocumentStage,
    documents: Sequence[Document],
    shard: int = 0,
    shuffle: int | None = None,
    memory: int = MEMORY,
) -> dict[int, tuple[str, str | None, str | None]]:
    """doc -> (rule, value, limit) of each drop. With `shuffle`, the rows reach `decide` in that seed's order."""
    rows = rows_of(stage, documents, shard)
    if shuffle is not None:
        rows = rows.take(random.Random(shuffle).sample(range(rows.num_rows), rows.num_rows))
    verdict = decided(stage, [rows], memory)
    assert verdict.schema == pa.schema(
        [("doc", pa.uint64()), ("rule", pa.string()), ("value", pa.string()), ("limit", pa.string())]
    )
    drops = {r["doc"]: (r["rule"], r["value"], r["limit"]) for r in verdict.to_pylist()}
    assert len(drops) == verdict.num_rows, "a document was dropped twice"
    assert {rule for rule, _, _ in drops.values()} <= set(stage.rules)
    return drops

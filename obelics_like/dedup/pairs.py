"""Names all near-duplicate pairs among texts in memory, for benchmarks and for a look by eye; no part of a run."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from obelics_like.dedup.labels import links_of
from obelics_like.dedup.minhash import NearDuplicates
from obelics_like.document import Document, Origin, Text
from obelics_like.rows import Rows, tables
from obelics_like.stage import Context

if TYPE_CHECKING:
    import numpy as np


def near_pairs(texts: Sequence[str], stage: NearDuplicates | None = None) -> dict[tuple[int, int], float]:
    """Pairs (i, j), i < j, of texts that the stage links, with their Jaccard; all of them count as one language.

    The stage links equal shingle sets to one of them only; here a pair is named for every two of them.

    >>> near_pairs(["one two three four five six", "a b c d e f", "One two three four five six!"])
    {(0, 2): 1.0}
    """
    import numpy as np
    import pyarrow as pa

    stage = stage or NearDuplicates()
    documents = [Document(f"{i:012d}", "", Origin("", i), [Text(0, text)]) for i, text in enumerate(texts)]
    rows = stage.collect(documents, stage.open(Context()))
    rows = rows.append_column("doc", pa.array(np.arange(len(texts)), pa.uint64()))
    ends, nears = links(stage, Rows(tables([rows])))
    twins: dict[int, list[int]] = defaultdict(list)
    for i, (print_, size) in enumerate(zip(rows["fingerprint"].to_pylist(), rows["size"].to_pylist(), strict=True)):
        twins[print_ if size else -1 - i].append(i)
    group = {i: members for members in twins.values() for i in members}
    found = {pair: 1.0 for members in twins.values() for pair in itertools.combinations(members, 2)}
    for (left, right), near in zip(ends.tolist(), nears.tolist(), strict=True):
        for i, j in itertools.product(group[left], group[right]):
            if i != j:
                found[min(i, j), max(i, j)] = near
    return found


def links(stage: NearDuplicates, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """The pairs that the stage links, as documents (shape (links, 2)), and their Jaccard."""
    import numpy as np

    with rows.workspace() as folder:
        plan, piece = stage.plan(rows.memory), stage.piece(rows, folder)
        steps = next(plan)
        while "links" not in steps[0].told:
            steps = plan.send([piece.do(step) for step in steps])
        found, docs = links_of(piece.sides(steps[0])), piece.ranks(steps[0]).docs
        return np.stack((docs[found.left], docs[found.right]), 1).astype(np.int64), found.jaccard

"""Names all near-duplicate pairs among texts in memory, for benchmarks and for a look by eye; no part of a run."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence

from obelics_like.dedup.minhash import NearDuplicates
from obelics_like.document import Document, Origin, Text
from obelics_like.rows import Rows, tables
from obelics_like.stage import Context


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
    read = Rows(tables([rows]))
    with read.workspace() as folder:
        work = stage.neighbours(read, folder)
        links = work.links().read(0)
        ends = work.ranks.docs[links[:, :2].astype(np.int64)].astype(np.int64)
    nears = links[:, 2].copy().view(np.float64)
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

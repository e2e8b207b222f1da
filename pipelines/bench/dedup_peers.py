"""Near-duplicates of a file of texts by one program, as a process of its own: ours, datasketch or (peers/) datatrove.

usage: python dedup_peers.py ours|datasketch TEXTS.jsonl RESULT.json   (a line {"text": ...}; gives what was dropped)
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path


def ours(texts: list[str]) -> int:
    """The stage of the default recipe: 256 permutations, 32 bands of 8, each pair checked exactly."""
    import pyarrow as pa

    from obelics_like.dedup.minhash import NearDuplicates
    from obelics_like.document import Document, Origin, Text
    from obelics_like.rows import Rows, tables
    from obelics_like.stage import Context

    stage = NearDuplicates(id="minhash")
    opened = stage.open(Context())
    parts = []
    for at in range(0, len(texts), 64):
        batch = [Document(f"{n:08d}", "", Origin("", 0), [Text(0, t)]) for n, t in enumerate(texts[at : at + 64], at)]
        docs = pa.array(range(at, at + len(batch)), pa.uint64())
        parts.append(stage.collect(batch, opened).append_column("doc", docs))
    return sum(table.num_rows for table in stage.decide(Rows(tables(parts)), opened))


def datasketch(texts: list[str]) -> int:
    """As its documentation shows it: 256 permutations, update_batch, an LSH at 0.8, queried before each is put in."""
    from datasketch import MinHash, MinHashLSH

    lsh, dropped = MinHashLSH(threshold=0.8, num_perm=256), 0
    for number, text in enumerate(texts):
        words = re.findall(r"\w+", text.lower())
        sketch = MinHash(num_perm=256)
        sketch.update_batch([" ".join(words[i : i + 5]).encode() for i in range(max(1, len(words) - 4))])
        if lsh.query(sketch):
            dropped += 1
        else:
            lsh.insert(number, sketch)
    return dropped


def main(name: str, path: str, result: str) -> None:
    """Run one and write what it dropped."""
    texts = [json.loads(line)["text"] for line in Path(path).read_text("utf-8").splitlines()]
    run: dict[str, Callable[[list[str]], int]] = {"ours": ours, "datasketch": datasketch}
    Path(result).write_text(json.dumps({"dropped": run[name](texts)}))


if __name__ == "__main__":
    main(*sys.argv[1:])

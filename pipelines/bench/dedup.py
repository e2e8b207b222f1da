"""Times near-duplicate detection beside its peers, in one run on one core; it measures no quality (the gate does).

    python pipelines/bench/dedup.py collect [--documents 2000] [--texts FILE]   signatures a second, shingling included
    python pipelines/bench/dedup.py decide  [--documents 100000] [--verify exact] [--shingles 300]

Texts are drawn words in sentences, 307 words a document, or one a line of FILE (plain, or JSON with a key "text").
Peers: datasketch as its documentation shows it (update, update_batch), and datatrove's signature step if installed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from obelics_like import words
from obelics_like.dedup.minhash import NearDuplicates
from obelics_like.document import Document, Origin, Text
from obelics_like.stage import Context

PERMUTATIONS = 256


def drawn(count: int) -> list[str]:
    rng = random.Random(1)
    vocabulary = ["".join(rng.choices("abcdefghijklmnoprstuvwy", k=rng.randint(2, 10))) for _ in range(20_000)]
    ranks = [min(len(vocabulary) - 1, int(rng.paretovariate(0.5)) - 1) for _ in range(count * 307)]
    return [" ".join(vocabulary[r] for r in ranks[at : at + 307]) for at in range(0, len(ranks), 307)]


def read(path: str) -> list[str]:
    lines = filter(None, Path(path).read_text("utf-8").split("\n"))
    return [json.loads(line)["text"] if line.startswith("{") else line for line in lines]


def documents(texts: Sequence[str], split: bool) -> list[Document]:
    made = [Document(str(i), "", Origin("", i), [Text(0, text)]) for i, text in enumerate(texts)]
    if split:
        for document in made:
            for text in document.texts():
                words.of(text)
    return made


def grams(text: str) -> set[str]:
    tokens = re.findall(r"\w+", text.lower())
    return {" ".join(tokens[i : i + 5]) for i in range(max(1, len(tokens) - 4))}


def ours(backend: str, split: bool, texts: Sequence[str]) -> Callable[[], object]:
    stage = NearDuplicates(backend, PERMUTATIONS, id="minhash")
    opened = stage.open(Context())
    made = documents(texts, split)

    def run() -> None:
        for at in range(0, len(made), 100):
            stage.collect(made[at : at + 100], opened)

    return run


def datasketch(batch: bool, texts: Sequence[str]) -> Callable[[], object]:
    from datasketch import MinHash

    def run() -> None:
        for text in texts:
            sketch = MinHash(num_perm=PERMUTATIONS)
            if batch:
                sketch.update_batch([gram.encode("utf8") for gram in grams(text)])
            else:
                for gram in grams(text):
                    sketch.update(gram.encode("utf8"))

    return run


def datatrove(texts: Sequence[str]) -> Callable[[], object]:
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature

    config = MinhashConfig(n_grams=5, num_buckets=32, hashes_per_bucket=8)
    step = MinhashDedupSignature(output_folder="/tmp", config=config, language="eng")

    def run() -> None:
        for text in texts:
            step.get_signature(step.get_shingles(text))

    return run


def cpu(job: Callable[[], object], repeats: int = 3) -> float:
    """The least process time of some runs, in seconds."""
    least = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        job()
        least = min(least, time.process_time() - start)
    return least


def collect(args: argparse.Namespace) -> None:
    texts = read(args.texts)[: args.documents] if args.texts else drawn(args.documents)
    few = texts[: max(1, len(texts) // 10)]
    print(
        f"{len(texts)} documents, {sum(len(t) for t in texts) / len(texts):.0f} characters each, {PERMUTATIONS} hashes"
    )
    rows = [
        ("ours, rensa, words at hand", lambda: ours("rensa", True, texts), len(texts), 3),
        ("ours, rensa, splitting words", lambda: ours("rensa", False, texts), len(texts), 1),
        ("ours, datasketch, words at hand", lambda: ours("datasketch", True, texts), len(texts), 1),
        ("datasketch, update_batch", lambda: datasketch(True, few), len(few), 1),
        ("datasketch, update", lambda: datasketch(False, few), len(few), 1),
        ("datatrove, signature", lambda: datatrove(few), len(few), 1),
    ]
    first = 0.0
    for name, make, count, repeats in rows:
        try:
            job = make()
        except ImportError as error:
            print(f"{name:34s} not run: {error}")
            continue
        rate = count / cpu(job, repeats)
        first = first or rate
        print(f"{name:34s} {rate:10,.0f} documents/s   ours is {first / rate:6.1f} times as fast")


def signatures(count: int, shingles: int, verify: str) -> object:
    """Rows as `collect` makes them; a tenth are near copies (Jaccard 0.82 or so) of the row before them."""
    import numpy as np
    import pyarrow as pa

    rng = np.random.default_rng(1)
    copies = np.flatnonzero(rng.random(count) < 0.1)
    copies = copies[copies > 0]
    signature = rng.integers(0, 2**32, (count, PERMUTATIONS), dtype=np.uint32)
    same = rng.random((len(copies), PERMUTATIONS)) < 0.82
    signature[copies] = np.where(same, signature[copies - 1], signature[copies])
    columns = {
        "id": pa.array([f"{x:016x}" for x in rng.integers(0, 2**63, count).tolist()]),
        "date": pa.array([f"2024-05-{1 + i % 28:02d}T00:00:00" for i in range(count)]),
        "length": pa.array(np.full(count, 2000)),
        "language": pa.array(["en", "de", "zh"] * (count // 3) + ["en"] * (count % 3)),
        "size": pa.array(np.full(count, shingles, np.uint32)),
        "fingerprint": pa.array(rng.integers(0, 2**64, count, dtype=np.uint64)),
        "signature": pa.FixedSizeListArray.from_arrays(pa.array(signature.reshape(-1)), PERMUTATIONS),
        "doc": pa.array(np.arange(count, dtype=np.uint64)),
    }
    if verify == "exact":
        sets = rng.integers(0, 2**32, (count, shingles), dtype=np.uint32)
        sets[copies, : int(shingles * 0.9)] = sets[copies - 1, : int(shingles * 0.9)]
        sets.sort(axis=1)
        offsets = pa.array(np.arange(0, count * shingles + 1, shingles))
        columns["shingles"] = pa.LargeListArray.from_arrays(offsets, pa.array(sets.reshape(-1)))
    return pa.table(columns)


def decide(args: argparse.Namespace) -> None:
    import scipy.sparse.csgraph  # noqa: F401 - its import is not what is timed

    stage = NearDuplicates(permutations=PERMUTATIONS, per_language=False, verify=args.verify, id="minhash")
    rows = signatures(args.documents, args.shingles, args.verify)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    now = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    wall, start = time.perf_counter(), time.process_time()
    verdict = stage.decide(rows, None)
    wall, spent = time.perf_counter() - wall, time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{args.documents:,} rows of {rows.nbytes / args.documents:,.0f} bytes, verify {args.verify}: {spent:.1f} s CPU"
        f" ({wall:.1f} s), {verdict.num_rows:,} dropped; resident before {now / 2**20:,.0f} MB,"
        f" peak {peak / 1024:,.0f} MB{' (of the set-up)' if peak == before else ''}"
    )


def main() -> None:
    for name in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS"):  # before numpy and rensa are imported
        os.environ.setdefault(name, "1")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("collect", "decide"))
    parser.add_argument("--documents", type=int)
    parser.add_argument("--texts")
    parser.add_argument("--verify", default="exact")
    parser.add_argument("--shingles", type=int, default=300)
    args = parser.parse_args()
    args.documents = args.documents or {"collect": 2000, "decide": 100_000}[args.what]
    (collect if args.what == "collect" else decide)(args)


if __name__ == "__main__":
    main()

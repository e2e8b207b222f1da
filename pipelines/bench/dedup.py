"""Duplicates: signatures a second, what many cost in time and memory, peers on the same texts, quality on planted ones.

    python pipelines/bench/dedup.py collect [--documents 2000] [--texts FILE]   signatures a second, shingling included
    python pipelines/bench/dedup.py scale   [--keys 3000000] [--documents 200000] [--memory 500] [--workers 2]
    python pipelines/bench/dedup.py peers   [--documents 5000]    time of ours, datasketch and datatrove on the same
    python pipelines/bench/dedup.py planted                       recall and precision by true Jaccard, beside peers

`collect` draws words in sentences, 307 words a document, or takes one a line of FILE (plain, or JSON with a key
"text"). The others make texts of the real pages under `--data` (else OBELICS_LIKE_DATA, else ../shared/data): their
sentences are shuffled, replaced and left out (`dedup_texts.py`). datatrove is run if `.venvs/datatrove` is there.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from pathlib import Path

import dedup_texts as made

from obelics_like import words
from obelics_like.dedup.minhash import NearDuplicates
from obelics_like.document import Document, Origin, Text
from obelics_like.stage import Context

PERMUTATIONS = 256
HERE = Path(__file__).resolve().parent
TROVE = HERE / ".venvs" / "datatrove" / "bin" / "python"


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


def scale(args: argparse.Namespace) -> None:
    from dedup_scale import scale as run

    cache = prepared(args)
    for name, count, texts in (("keys", args.keys, None), ("documents", args.documents, cache)):
        with tempfile.TemporaryDirectory() as scratch:
            phases, drops, notes = run(count, texts, Path(scratch), args.workers, args.memory)
        print(f"\n{count:,} {name}, {args.workers} workers, {args.memory} MB each")
        for phase in phases:
            print(
                f"  {phase['phase']:20s} {phase['tasks']:6,} tasks {phase['seconds']:8.1f} s"
                f" {phase['cpu']:8.1f} s CPU {phase['peak_mb']:6,} MB peak"
            )
        whole = sum(phase["seconds"] for phase in phases)
        print(f"  {count / whole:,.0f} a second; dropped: {', '.join(f'{k} {v:,}' for k, v in drops.items())}")
        print("\n".join(f"  {note}" for note in notes))


def prepared(args: argparse.Namespace) -> Path:
    """The file that keeps the texts of the real pages, made in a process of its own: its memory is not ours."""
    import subprocess

    cache = Path(args.cache)
    code = "import sys, pathlib, dedup_texts; dedup_texts.page_texts(*map(pathlib.Path, sys.argv[1:]))"
    subprocess.run([sys.executable, "-c", code, args.data, cache.resolve()], check=True, cwd=HERE)
    return cache.resolve()


def peers(args: argparse.Namespace) -> None:
    from timed import ProgramFailed, run

    cache = prepared(args)
    with tempfile.TemporaryDirectory() as folder:
        scratch, few = Path(folder), Path(folder) / "texts.jsonl"
        with few.open("w", encoding="utf-8") as out:
            for parts in made.many(0, args.documents, cache):
                out.write(json.dumps({"text": "\n".join(parts)}) + "\n")
        settings = {"PYTHONPATH": os.pathsep.join([str(HERE.parent.parent), str(HERE)])}
        result = scratch / "result.json"
        own = [sys.executable, HERE / "dedup_peers.py"]
        rows: list[tuple[str, list[str | Path]]] = [
            ("ours", [*own, "ours", few, result]),
            ("datasketch", [*own, "datasketch", few, result]),
            ("datatrove", [TROVE, "-P", HERE / "peers" / "datatrove.py", "dedup", few, scratch / "trove", result]),
            ("ours", [*own, "ours", few, result]),
        ]
        first = 0.0
        print(f"\n{args.documents:,} documents, by processor time, start included")
        for name, command in rows:
            if not Path(command[0]).exists():
                print(f"  {name:12s} not run: {command[0]} is not there")
                continue
            try:
                took = run(command, scratch / "log", settings if name != "datatrove" else {})
            except ProgramFailed as error:
                print(f"  {name:12s} failed: {error}")
                continue
            rate, dropped = args.documents / took.cpu, json.loads(result.read_text())["dropped"]
            first = first or rate
            print(
                f"  {name:12s} {rate:8,.0f} documents/s, ours is {first / rate:5.1f} times as fast;"
                f" {took.wall:6.1f} s, {took.peak_mb:5,} MB peak, {dropped:,} dropped"
            )


def planted(args: argparse.Namespace) -> None:
    texts = made.plant(made.page_texts(Path(args.data), prepared(args))[: args.planted], seed=11)
    lower = [text.lower() for text in texts]
    truths = {"their words": made.true_pairs([made.WORD.findall(t) for t in lower])}
    truths["our words"] = made.true_pairs([our_words(t) for t in lower])
    for name, truth in truths.items():
        count = Counter(made.band(near) for near in truth.values())
        print(f"\n{len(texts):,} texts, Jaccard by {name}: {sum(near >= 0.8 for near in truth.values())} pairs at 0.8")
        print(f"  {'':34s} recall precision  found of pairs with a Jaccard of")
        print(f"  {'':34s}                   {' '.join(f'{b:>6s}' for b in sorted(count))}")
        for method, found in methods(texts) if name == "their words" else ours_found(texts):
            right = sum(truth.get(pair, 0) >= 0.8 for pair in found)
            hit = Counter(made.band(truth[pair]) for pair in found if pair in truth)
            shares = " ".join(f"{hit[b] / count[b]:6.2f}" for b in sorted(count))
            recall = right / sum(near >= 0.8 for near in truth.values())
            print(f"  {method:34s} {recall:6.3f} {right / max(1, len(found)):9.3f}  {shares}")


Found = Iterator[tuple[str, set[tuple[int, int]]]]


def our_words(text: str) -> list[str]:
    """A text's tokens as `shingles` cuts them, made here the plain way."""
    return [part for word in words.split(text) for part in re.split("['\u2019.-]", word)]


def ours_found(texts: list[str]) -> Found:
    from obelics_like.dedup.pairs import near_pairs

    yield "ours, 32 x 8, checked exactly", set(near_pairs(texts, NearDuplicates(id="minhash")))


def methods(texts: list[str]) -> Found:
    """Ours, then datasketch and rensa by their own bands, with and without a check by the signatures' estimate."""
    from datasketch import MinHash, MinHashLSH
    from rensa import RMinHash, RMinHashLSH

    yield from ours_found(texts)
    for permutations, bands in ((256, None), (112, (14, 8))):
        lsh = MinHashLSH(threshold=0.8, num_perm=permutations, params=bands)
        sketches = []
        for text in texts:
            sketches.append(MinHash(num_perm=permutations))
            sketches[-1].update_batch([gram.encode() for gram in grams(text)])
        yield from _found(f"datasketch {permutations} ({lsh.b} x {lsh.r})", lsh, sketches)
    lsh = RMinHashLSH(threshold=0.8, num_perm=256, num_bands=32)
    sketches = []
    for text in texts:
        sketches.append(RMinHash(num_perm=256, seed=42))
        sketches[-1].update(list(grams(text)))
    yield from _found("rensa 256 (32 x 8)", lsh, sketches)
    if TROVE.exists():
        yield "datatrove (14 x 8), its clusters", _trove_pairs(texts)


def _trove_pairs(texts: list[str]) -> set[tuple[int, int]]:
    """The pairs of texts that datatrove's four stages put into one cluster."""
    from timed import run

    with tempfile.TemporaryDirectory() as folder:
        scratch, given = Path(folder), Path(folder) / "texts.jsonl"
        given.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), "utf-8")
        result = scratch / "result.json"
        run([TROVE, "-P", HERE / "peers" / "datatrove.py", "dedup", given, scratch, result], scratch / "log", {})
        members: dict[int, list[int]] = {}
        for text, cluster in json.loads(result.read_text())["clusters"]:
            members.setdefault(cluster, []).append(text)
    return {pair for held in members.values() for pair in combinations(sorted(held), 2)}


def _found(name: str, lsh: object, sketches: list[object]) -> Found:
    pairs: set[tuple[int, int]] = set()
    for number, sketch in enumerate(sketches):
        pairs |= {(other, number) for other in lsh.query(sketch)}  # type: ignore[attr-defined]
        lsh.insert(number, sketch)  # type: ignore[attr-defined]
    yield name, pairs
    near = {(i, j) for i, j in pairs if sketches[i].jaccard(sketches[j]) >= 0.8}  # type: ignore[attr-defined]
    yield f"{name}, estimate checked", near


def main() -> None:
    for name in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS"):  # before numpy and rensa are imported
        os.environ.setdefault(name, "1")
    data = os.environ.get("OBELICS_LIKE_DATA", str(HERE.parent.parent.parent / "shared" / "data"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("collect", "scale", "peers", "planted"))
    parser.add_argument("--documents", type=int)
    parser.add_argument("--keys", type=int, default=3_000_000)
    parser.add_argument("--planted", type=int, default=1000)
    parser.add_argument("--texts")
    parser.add_argument("--data", default=data)
    parser.add_argument("--cache", default=str(Path(tempfile.gettempdir()) / "obelics-like-bench-texts.jsonl.gz"))
    parser.add_argument("--memory", type=int, default=500)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    args.documents = args.documents or {"collect": 2000, "scale": 200_000, "peers": 5000, "planted": 0}[args.what]
    {"collect": collect, "scale": scale, "peers": peers, "planted": planted}[args.what](args)


if __name__ == "__main__":  # workers must find what they are sent by its module's name
    importlib.import_module("dedup").main()

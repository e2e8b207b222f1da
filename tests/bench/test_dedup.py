"""The benchmark of duplicates: what it makes of texts, the truth it holds results against, and small runs of it."""

from __future__ import annotations

import gzip
import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import REPOSITORY

BENCH = REPOSITORY / "pipelines" / "bench"


@pytest.fixture
def made() -> Iterator[ModuleType]:
    """The module of texts; the benchmark's files are scripts side by side, found as they find each other."""
    sys.path.insert(0, str(BENCH))
    import dedup_texts

    yield dedup_texts
    sys.path.remove(str(BENCH))


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Sixty texts of forty sentences."""
    rng = random.Random(1)
    words = ["".join(rng.choices("abcdefgh", k=5)) for _ in range(3000)]
    path = tmp_path / "texts.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as out:
        for _ in range(60):
            text = " ".join(" ".join(rng.choices(words, k=12)).capitalize() + "." for _ in range(40))
            out.write(json.dumps(text) + "\n")
    return path


def test_a_text_depends_on_its_number_alone_and_copies_are_copies(made: ModuleType, cache: Path) -> None:
    whole = list(made.many(0, 200, cache))
    assert [*made.many(0, 70, cache), *made.many(70, 130, cache)] == whole
    originals = {tuple(parts) for n, parts in enumerate(whole) if made.kind(n) == "original"}
    copies = [tuple(parts) for n, parts in enumerate(whole) if made.kind(n) == "copy"]
    assert len(copies) == 19
    assert set(copies) <= originals
    near = [parts for n, parts in enumerate(whole) if made.kind(n) == "near"]
    changed = [min(sum(a != b for a, b in zip(p, o)) for o in originals if len(o) == len(p)) for p in near]
    assert set(changed) <= {0, 1, 2, 3, 4}
    assert sum(changed) > len(near)


def test_the_truth_is_that_of_comparing_all_with_all(made: ModuleType, cache: Path) -> None:
    texts = made.plant(made.page_texts(cache.parent, cache)[:30], seed=1)
    assert len(texts) == 45
    tokens = [made.WORD.findall(text.lower()) for text in texts]
    sets = [made.grams(each) for each in tokens]
    plain = {(i, j): made.jaccard(sets[i], sets[j]) for i, j in combinations(range(45), 2)}
    assert made.true_pairs(tokens) == {pair: near for pair, near in plain.items() if near >= 0.5}
    assert len(made.true_pairs(tokens)) >= 12
    assert [made.band(near) for near in (0.5, 0.79, 0.8, 1.0)] == ["0.50+", "0.75+", "0.80+", "0.95+"]


@pytest.mark.slow
def test_it_runs(cache: Path, tmp_path: Path) -> None:
    def bench(*arguments: str) -> str:
        command = [sys.executable, str(BENCH / "dedup.py"), *arguments, "--cache", str(cache), "--data", str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    said = bench("scale", "--keys", "3000", "--documents", "300", "--workers", "1")
    found = re.findall(r"dropped: url (\d+)(?:, text (\d+), minhash (\d+))?", said)
    assert 400 < int(found[0][0]) < 600
    assert 15 < int(found[1][1]) <= 29
    assert int(found[1][2]) > 10
    (ours, *_) = re.findall(r"ours, 32 x 8, checked exactly +([\d.]+) +([\d.]+)", bench("planted", "--planted", "60"))
    assert ours == ("1.000", "1.000")

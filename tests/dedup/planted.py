"""Texts with planted near-duplicates: a sentence is replaced or left out until the Jaccard falls to a drawn level.

The shingles here are made by hand, as strings, and share no code with the package.
"""

from __future__ import annotations

import random
import re

ALPHABETS = {
    "en": ["ba", "co", "de", "fi", "go", "lu", "ma", "ne", "po", "ra", "si", "tu", "ve", "wo", "xi", "zu"],
    "zh": [chr(c) for c in range(0x4E00, 0x4E00 + 900)],
    "th": [chr(c) for c in range(0x0E01, 0x0E2F)],
}
_TOKEN = re.compile("[\u0e00-\u0e7f\u4e00-\u9fff]|[a-z]+")


def shingles(text: str, n: int = 5) -> set[tuple[str, ...]]:
    tokens = _TOKEN.findall(text.lower())
    return {tuple(tokens[i : i + n]) for i in range(max(1, len(tokens) - n + 1))} if tokens else set()


def jaccard(a: str, b: str, n: int = 5) -> float:
    x, y = shingles(a, n), shingles(b, n)
    return len(x & y) / len(x | y)


def sentence(rng: random.Random, language: str) -> str:
    letters = ALPHABETS[language]
    if language == "en":
        words = ["".join(rng.choices(letters, k=rng.randint(1, 3))) for _ in range(rng.randint(6, 16))]
        return " ".join(words).capitalize() + "."
    return "".join(rng.choices(letters, k=rng.randint(10, 30))) + ("。" if language == "zh" else " ")


def variant(rng: random.Random, sentences: list[str], language: str, level: float) -> list[str]:
    """A copy of the text whose Jaccard to it is the last one not below `level`."""
    original, parts = " ".join(sentences), list(sentences)
    for _ in range(200):
        changed = list(parts)
        at = rng.randrange(len(parts))
        changed[at : at + 1] = [sentence(rng, language)] if rng.random() < 0.5 else []
        if not changed or jaccard(original, " ".join(changed)) < level:
            break
        parts = changed
    return parts


def corpus(language: str, count: int, seed: int) -> list[str]:
    """`count` texts and, for every second one, a variant at a level between 0.5 and 0.97."""
    rng = random.Random(f"{language} {seed}")
    base = [[sentence(rng, language) for _ in range(rng.randint(12, 40))] for _ in range(count)]
    varied = [variant(rng, parts, language, rng.uniform(0.5, 0.97)) for parts in base[::2]]
    texts = [" ".join(parts) for parts in base + varied]
    rng.shuffle(texts)
    return texts


def duplicate_pairs(texts: list[str], threshold: float) -> set[tuple[int, int]]:
    """Every pair at or above the threshold, by comparing all with all that share a shingle."""
    sets, posting = [shingles(t) for t in texts], {}
    for i, grams in enumerate(sets):
        for gram in grams:
            posting.setdefault(gram, []).append(i)
    near = {(i, j) for at in posting.values() for i in at for j in at if i < j}
    return {(i, j) for i, j in near if len(sets[i] & sets[j]) / len(sets[i] | sets[j]) >= threshold}

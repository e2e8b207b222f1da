"""Makes the texts that duplicates are looked for in, out of real pages: many, or few with true similarities known.

It detects nothing. No page is handed on as it was: sentences of real pages are shuffled, replaced and left out.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

COLLECTIONS = ("trafilatura", "fundus", "newspaper4k", "readability", "llm-webkit")
WORD = re.compile(r"\w+")
BANDS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+|\n")


def page_texts(data: Path, cache: Path) -> list[str]:
    """The main text of each real page of 100 to 3,000 words, once; extracted at the first call, then in `cache`."""
    if not cache.exists():
        from fastwarc.warc import ArchiveIterator, WarcRecordType
        from resiliparse.extract.html2text import extract_plain_text

        with gzip.open(cache, "wt", encoding="utf-8") as out:
            for name in COLLECTIONS:
                with open(data / "pages" / f"{name}.warc.gz", "rb") as stream:
                    for record in ArchiveIterator(stream, record_types=WarcRecordType.response):
                        html = record.reader.read().decode("utf-8", "replace")
                        text = extract_plain_text(html, main_content=True, alt_texts=False, links=False)
                        out.write(json.dumps(text) + "\n")
    with gzip.open(cache, "rt", encoding="utf-8") as lines:
        texts = [json.loads(line) for line in lines]
    return [text for text in dict.fromkeys(texts) if 100 <= len(WORD.findall(text)) <= 3000]


def sentences(text: str) -> list[str]:
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


# --- many ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def pool(cache: Path) -> list[str]:
    """Sentences of 5 to 40 words of all pages, each once."""
    found = (s for text in page_texts(cache.parent, cache) for s in sentences(text) if 5 <= len(s.split()) <= 40)
    return list(dict.fromkeys(found))


def original(number: int, of: list[str]) -> list[str]:
    """Text `number`: 12 to 50 sentences drawn from all pages."""
    rng = random.Random(f"text {number}")
    return [rng.choice(of) for _ in range(rng.randint(12, 50))]


def kind(number: int) -> str:
    """One text in ten is another's copy, two in ten are near another one, the rest are originals."""
    return ("copy", "near", "near")[number % 10] if number % 10 < 3 and number >= 10 else "original"


def many(first: int, count: int, cache: Path) -> Iterator[list[str]]:
    """Texts `first` and following as lists of sentences; what they are depends on their number alone."""
    of = pool(cache)
    for number in range(first, first + count):
        rng = random.Random(f"kind {number}")
        if kind(number) == "original":
            yield original(number, of)
            continue
        parts = original(rng.randrange(number // 10) * 10 + rng.randint(3, 9), of)
        for _ in range(rng.randint(1, 4) if kind(number) == "near" else 0):
            parts[rng.randrange(len(parts))] = rng.choice(of)
        yield parts


# --- few, with the truth ---------------------------------------------------------------------------------------------


def grams(tokens: list[str], n: int = 5) -> set[str]:
    return {" ".join(tokens[i : i + n]) for i in range(max(1, len(tokens) - n + 1))}


def jaccard(a: set[str], b: set[str]) -> float:
    return len(a & b) / len(a | b)


def plant(texts: list[str], seed: int) -> list[str]:
    """The texts, shuffled, and of every second one a variant: sentences left out or replaced by strangers', until its
    Jaccard falls to a level drawn from 0.5 to 0.95."""
    rng = random.Random(seed)
    rng.shuffle(texts)
    strangers = [s for text in texts[1::2] for s in sentences(text) if 5 <= len(s.split()) <= 40]
    variants = []
    for text in texts[::2]:
        whole, level, parts = grams(WORD.findall(text.lower())), rng.uniform(0.5, 0.95), sentences(text)
        while len(parts) > 3:
            changed = list(parts)
            at = rng.randrange(len(parts))
            changed[at : at + 1] = [rng.choice(strangers)] if rng.random() < 0.5 else []
            if jaccard(whole, grams(WORD.findall(" ".join(changed).lower()))) < level:
                break
            parts = changed
        variants.append("\n".join(parts))
    return texts + variants


def true_pairs(tokens: list[list[str]], floor: float = 0.5) -> dict[tuple[int, int], float]:
    """The Jaccard of each pair at `floor` or more, of those that share a shingle which fewer than 200 texts have."""
    sets = [grams(each) for each in tokens]
    posting: defaultdict[str, list[int]] = defaultdict(list)
    for number, shingles in enumerate(sets):
        for shingle in shingles:
            posting[shingle].append(number)
    shared: Counter[tuple[int, int]] = Counter()
    for at in posting.values():
        if len(at) < 200:
            shared.update((i, j) for i in at for j in at if i < j)
    found = {(i, j): n / (len(sets[i]) + len(sets[j]) - n) for (i, j), n in shared.items()}
    return {pair: near for pair, near in found.items() if near >= floor}


def band(near: float) -> str:
    """The band of a Jaccard, as text."""
    low = BANDS[bisect(BANDS, near) - 1]
    return f"{low:.2f}+"

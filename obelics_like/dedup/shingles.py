"""Turns pages into sets of 32-bit shingle hashes, the same on any machine and in any batch; it sketches nothing.

No n-gram is ever built as a string: words are hashed to 64 bits, and the hashes of n neighbours are combined in
numpy. A set of n shingles has about n * n / 2**33 collisions within itself: not one in 20,000 shingles.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from obelics_like import words
from obelics_like.dedup.ragged import Ragged, distinct, ramps
from obelics_like.document import Document

if TYPE_CHECKING:
    import numpy as np

KINDS = ("auto", "word", "character")
LONGEST = 64
"""The longest n-gram."""
_BASE = 0x9E3779B97F4A7C15  # odd, as the polynomial needs it


def shingle_sets(documents: Sequence[Document], kind: str, ngram: Iterable[int]) -> Ragged:
    """The distinct shingle hashes (uint32, ascending) of each document's kept texts, read as one run of tokens.

    `kind` says what a token is. "auto": a lower-case word of `words.of`, cut at apostrophes, hyphens and points, which
    copies of a text write each in their way; in scripts written without spaces that is a single character, so that a
    page of both scripts needs no decision. "word": what stands between white space, in lower case, whatever the
    script. "character": a character of the lower-case text, runs of white space as one.
    A document with fewer tokens than n has one shingle, all of it; a document without tokens has none.
    """
    return _distinct(_tokens(documents, kind), sorted(set(ngram)))


def ngram_hashes(documents: Sequence[Document], kind: str, n: int) -> Ragged:
    """The distinct 64-bit hashes of each document's n-grams of tokens: those of `shingle_sets`, not cut to 32 bits."""
    import numpy as np

    tokens = _tokens(documents, kind)
    padded, starts = _padded(tokens, n - 1)
    grams = np.where(tokens.lengths > 0, np.maximum(tokens.lengths - n + 1, 1), 0)
    whole = _combined(padded, n)
    rows = [distinct(whole[at : at + count]) for at, count in zip(starts, grams, strict=True)]
    offsets = np.cumsum([0, *map(len, rows)])
    return Ragged(np.concatenate([*rows, np.zeros(0, np.uint64)]), offsets)


def _tokens(documents: Sequence[Document], kind: str) -> Ragged:
    if kind == "auto":
        return _hashed([_page_words(d.effective_texts()) for d in documents])
    if kind == "word":
        parts = [itertools.chain.from_iterable(map(str.split, d.effective_texts())) for d in documents]
        return _hashed([_words(" ".join([*some, ""]).lower()) for some in parts])
    return _characters([" ".join(" ".join(d.effective_texts()).lower().split()) for d in documents])


def _hashed(rows: Sequence[np.ndarray]) -> Ragged:
    import numpy as np

    return Ragged(np.concatenate([np.zeros(0, np.uint64), *rows]), np.cumsum([0, *map(len, rows)], dtype=np.int64))


def _page_words(texts: Sequence[str]) -> np.ndarray:
    found = words.hashes(texts)
    return _words(words.cut(" ".join([*words.split_all(texts)[0], ""]).lower())) if found is None else found


def _words(line: str) -> np.ndarray:
    """The hash of each word of a line, a space behind each, as `words.hashes` has it."""
    import numpy as np

    octets = np.frombuffer(line.encode("utf-8", "surrogatepass"), np.uint8)
    ends = np.flatnonzero(octets == 32)  # a word and the space behind it
    lengths = np.diff(ends, prepend=-1)
    if not len(lengths):
        return np.zeros(0, np.uint64)
    powers = np.cumprod(np.full(lengths.max(), _BASE, np.uint64))
    return _mixed(np.add.reduceat(powers[ramps(lengths)] * octets, ends + 1 - lengths))


def _characters(documents: Sequence[str]) -> Ragged:
    import numpy as np

    offsets = np.zeros(len(documents) + 1, np.int64)
    np.cumsum([len(d) for d in documents], out=offsets[1:])
    points = np.frombuffer("".join(documents).encode("utf-32-le", "surrogatepass"), "<u4")
    return Ragged(_mixed(points.astype(np.uint64) + np.uint64(1)), offsets)


def _distinct(tokens: Ragged, ngram: Sequence[int]) -> Ragged:
    """Sorted distinct n-gram hashes of each row."""
    import numpy as np

    count = len(tokens.offsets) - 1
    padded, starts = _padded(tokens, max(ngram) - 1)
    keys = []
    for n in ngram:
        grams = np.where(tokens.lengths > 0, np.maximum(tokens.lengths - n + 1, 1), 0)
        row = np.repeat(np.arange(count, dtype=np.uint64), grams)
        at = np.arange(len(row)) + np.repeat(starts - (np.cumsum(grams) - grams), grams)
        keys.append(row << np.uint64(32) | _combined(padded, n)[at] >> np.uint64(32))
    key = distinct(np.concatenate(keys))
    offsets = np.searchsorted(key, np.arange(count + 1, dtype=np.uint64) << np.uint64(32)).astype(np.int64)
    return Ragged((key & np.uint64(0xFFFFFFFF)).astype(np.uint32), offsets)


def _padded(tokens: Ragged, pad: int) -> tuple[np.ndarray, np.ndarray]:
    """All tokens with `pad` zeros behind each row, so that no n-gram reaches into the next, and where rows start."""
    import numpy as np

    count = len(tokens.offsets) - 1
    starts = tokens.offsets[:-1] + pad * np.arange(count)
    padded = np.zeros(len(tokens.flat) + pad * (count + 1), np.uint64)
    owner = np.repeat(np.arange(count), tokens.lengths)
    padded[np.arange(len(tokens.flat)) + pad * owner] = tokens.flat
    return padded, starts


def _combined(tokens: np.ndarray, n: int) -> np.ndarray:
    """The hash of each window of n tokens: sum of token x odd constant modulo 2**64 (multilinear), then mixed."""
    import numpy as np

    factors = _mixed(np.arange(1, n + 1, dtype=np.uint64) + np.uint64(n << 32)) | np.uint64(1)
    size = len(tokens) - n + 1
    total = np.zeros(max(size, 0), np.uint64)
    for j, factor in enumerate(factors):
        total += tokens[j : j + len(total)] * factor
    return _mixed(total)


def _mixed(values: np.ndarray) -> np.ndarray:
    """MurmurHash3's 64-bit finaliser: every bit of the input reaches every bit of the output."""
    import numpy as np

    mixed: np.ndarray = values ^ values >> np.uint64(33)
    mixed *= np.uint64(0xFF51AFD7ED558CCD)
    mixed ^= mixed >> np.uint64(33)
    mixed *= np.uint64(0xC4CEB9FE1A85EC53)
    mixed ^= mixed >> np.uint64(33)
    return mixed

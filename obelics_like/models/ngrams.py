"""Reads fastText's compressed classifiers (.ftz, as lid.176 is) and lays them out for `native/ngrams.c`.

Of fastText's many shapes it knows the one that a language model compressed with its own `quantize` has; what another
file needs is left to fastText itself.
"""

from __future__ import annotations

import ctypes
import mmap
import struct
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from obelics_like.native import kernel

_MAGIC, _VERSION = 793712314, 12
_HIERARCHICAL, _SUPERVISED = 1, 3
_WIDEST, _MOST_LABELS, _MOST_BUCKETS = 256, 4096, 1 << 24
_LABEL = "__label__"
_CODES = 256  # centroids of a part of a row

Answer = list[tuple[str, float]]


class OtherShape(Exception):
    """The file is none that is read here."""


class _Model(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int32) for name in ("dim", "minn", "maxn", "words", "labels", "bucket", "slots")),
        *((name, ctypes.c_void_p) for name in ("rows", "output", "bits", "ranks")),
        *((name, ctypes.c_void_p) for name in ("names", "starts", "table", "left", "right")),
    ]


class Ngrams:
    """A classifier of lines. Raises OtherShape for a file that is none of the shape above, or damaged."""

    def __init__(self, file: Path) -> None:
        try:
            with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
                self._parts, self._labels, self._model = _layout(_Reader(data))
        except (struct.error, ValueError, IndexError) as error:
            raise OtherShape(str(error)) from error
        library = kernel()
        library.ngrams_names.restype, library.ngrams_names.argtypes = None, [ctypes.c_void_p]
        library.ngrams_names(ctypes.byref(self._model))
        self._predict = library.ngrams_predict
        self._predict.restype = ctypes.c_int32
        self._predict.argtypes = [
            *(ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int64, ctypes.c_int32, ctypes.c_int32),
            *(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p),
        ]

    def predict(self, lines: Sequence[str], k: int) -> list[Answer]:
        """For each line, which holds no newline, its `k` likeliest (label, probability), best first."""
        count, text = len(lines), "".join([line + "\n" for line in lines]).encode()
        found, labels, scores = (
            np.empty(count, np.int32),
            np.empty((count, k), np.int32),
            np.empty((count, k), np.float32),
        )
        places = [array.ctypes.data for array in (found, labels, scores)]
        said = self._predict(ctypes.byref(self._model), text, len(text), count, k, *places)
        if said < 0:
            raise MemoryError
        if said != count or text.count(b"\n") != count:
            raise ValueError("a line that holds a newline")
        names = self._labels
        return [
            [(names[label], p) for label, p in zip(mine[:some], row)]
            for some, mine, row in zip(found.tolist(), labels.tolist(), scores.tolist())
        ]


class _Reader:
    """What a file holds, piece by piece."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data, self.at = data, 0

    def numbers(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def number(self, form: str) -> int:
        return int(self.numbers(form)[0])

    def array(self, kind: Any, count: int) -> Any:
        size = count * np.dtype(kind).itemsize
        values = np.frombuffer(self.data[self.at : self.at + size], np.dtype(kind).newbyteorder("<")).astype(kind)
        _is(values.nbytes == size, "cut off")
        self.at += size
        return values

    def word(self) -> bytes:
        end = self.data.find(b"\0", self.at)
        _is(end >= 0, "cut off")
        found = self.data[self.at : end]
        self.at = end + 1
        return found


def _layout(read: _Reader) -> tuple[list[Any], list[str], _Model]:
    """The arrays that the model points to, the names of its labels, and the model."""
    _is(read.numbers("ii") == (_MAGIC, _VERSION), "no fastText file of this version")
    dim, _, _, _, _, grams, loss, kind, bucket, minn, maxn, _ = read.numbers("12i")
    read.numbers("d")
    size, words, labels = read.numbers("iii")
    _, left = read.numbers("qq")
    _is(loss == _HIERARCHICAL and kind == _SUPERVISED and grams == 1, "not a tree of labels over single words")
    _is(0 < dim <= _WIDEST and 0 < minn <= maxn and 1 < labels <= _MOST_LABELS, "unusual sizes")
    _is(0 < bucket <= _MOST_BUCKETS and left > 0 and words > 0 and size == words + labels, "not pruned")
    names, counts = [], []
    for number in range(size):
        names.append(read.word())
        count, sort = read.numbers("qb")
        _is(sort == (number >= words), "words among the labels")
        counts.append(count)
    pairs = read.array(np.int32, 2 * left).reshape(left, 2)
    rows = _rows(read, words, pairs, dim)
    _is(read.number("b") == 0 and read.numbers("qq") == (labels, dim), "compressed twice")
    output = read.array(np.float32, labels * dim)
    bits, ranks = _ranked(pairs[:, 0], bucket)
    slots = 1 << (2 * size).bit_length()
    parts = [rows, output, bits, ranks, np.frombuffer(b"".join(names), np.uint8)]
    parts += [np.cumsum([0, *map(len, names)], dtype=np.int32), np.full(slots, -1, np.int32), *_tree(counts[words:])]
    numbers = (dim, minn, maxn, words, labels, bucket, slots)
    model = _Model(*numbers, *(part.ctypes.data for part in parts))
    return parts, [name.decode().removeprefix(_LABEL) for name in names[words:]], model


def _rows(read: _Reader, words: int, pairs: Any, dim: int) -> Any:
    """The rows of words and n-grams unpacked, those of n-grams in the order of their buckets."""
    _is(read.number("b") == 1, "not compressed")
    normed = read.number("b")
    count, width, size = read.numbers("qqi")
    _is(width == dim and count == words + len(pairs), "sizes that do not fit")
    codes = read.array(np.uint8, size)
    known, parts, part, last = read.numbers("4i")
    _is(known == dim and part == last and parts * part == dim and size == count * parts, "parts of unequal size")
    centroids = read.array(np.float32, dim * _CODES).reshape(parts, _CODES, part)
    rows = centroids[np.arange(parts), codes.reshape(count, parts)].reshape(count, dim)
    if normed:
        factors = read.array(np.uint8, count)
        _is(read.numbers("4i") == (1, 1, 1, 1), "norms in parts")
        rows = rows * read.array(np.float32, _CODES)[factors][:, None]
    order = words + pairs[np.argsort(pairs[:, 0]), 1]
    _is(len(order) == 0 or 0 <= order.min() <= order.max() < count, "n-grams without a row")
    return np.ascontiguousarray(np.concatenate([rows[:words], rows[order]]))


def _ranked(buckets: Any, size: int) -> tuple[Any, Any]:
    """A bit for each of `size` buckets, set for those given, and how many are set before each 64 of them."""
    _is(0 <= buckets.min() <= buckets.max() < size and len(np.unique(buckets)) == len(buckets), "no such bucket")
    flags = np.zeros(-(-size // 64) * 64, np.uint8)
    flags[buckets] = 1
    before = np.cumsum(flags.reshape(-1, 64).sum(axis=1, dtype=np.uint32), dtype=np.uint32)
    return np.packbits(flags, bitorder="little").view(np.uint64), np.concatenate([[0], before[:-1]]).astype(np.uint32)


def _tree(counts: list[int]) -> tuple[Any, Any]:
    """The Huffman tree over labels, listed by falling count: the two children of each node, the root last."""
    _is(all(a >= b for a, b in pairwise(counts)), "labels out of order")
    labels = len(counts)
    endless = 10**15
    sums = counts + [endless] * (labels - 1)
    children = np.full((2, 2 * labels - 1), -1, np.int32)
    leaf, node = labels - 1, labels
    for parent in range(labels, 2 * labels - 1):
        for side in range(2):
            if leaf >= 0 and sums[leaf] < sums[node]:
                children[side, parent] = leaf
                leaf -= 1
            else:
                children[side, parent] = node
                node += 1
        sums[parent] = sums[children[0, parent]] + sums[children[1, parent]]
    return children[0].copy(), children[1].copy()


def _is(fine: bool, what: str) -> None:
    if not fine:
        raise ValueError(what)

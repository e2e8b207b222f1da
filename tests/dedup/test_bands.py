"""Bandings, band keys and the pairs of a band."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelics_like.dedup.bands import MISS, band_keys, banding, miss, pairs


@pytest.mark.parametrize("permutations", [16, 64, 128, 256])
@pytest.mark.parametrize("threshold", [0.5, 0.8, 0.9])
def test_the_widest_banding_that_rarely_misses(permutations: int, threshold: float) -> None:
    bands, rows = banding(permutations, threshold)
    assert bands * rows <= permutations
    assert miss(threshold, bands, rows) <= MISS
    assert all(miss(threshold, permutations // r, r) > MISS for r in range(rows + 1, permutations + 1))


def test_what_is_given_is_taken() -> None:
    assert banding(128, 0.8, 14, 8) == (14, 8)
    assert banding(128, 0.8, bands=16) == (16, 8)
    assert banding(128, 0.8, rows=4) == (32, 4)
    assert banding(2, 0.01) == (2, 1)


def test_keys_agree_where_the_band_agrees() -> None:
    rng = np.random.default_rng(1)
    signatures = rng.integers(0, 3, (500, 12)).astype(np.uint32)
    salt = rng.integers(0, 2, 500).astype(np.uint64)
    both = np.concatenate([band_keys(signatures[a:b], 3, 4, salt[a:b]) for a, b in ((0, 123), (123, 500))])
    assert both.shape == (500, 3)
    assert len(np.intersect1d(both[:, 0], both[:, 1])) == 0
    for band in range(3):
        keys = both[:, band]
        truth = [(*row[band * 4 : band * 4 + 4].tolist(), s) for row, s in zip(signatures, salt.tolist(), strict=True)]
        for i, j in itertools.combinations(range(500), 2):
            assert (keys[i] == keys[j]) == (truth[i] == truth[j])


@given(st.lists(st.integers(0, 4), max_size=30), st.integers(1, 6))
def test_pairs_of_a_band(keys: list[int], most: int) -> None:
    left, right = pairs(np.array(keys, np.uint64), most)
    found = list(zip(left.tolist(), right.tolist(), strict=True))
    assert len(found) == len(set(found))
    expected = set()
    for key in set(keys):
        group = [i for i, k in enumerate(keys) if k == key]
        expected |= set(itertools.combinations(group[:most], 2)) | {(group[0], i) for i in group[1:]}
    assert set(found) == expected


def test_a_hot_band_is_linear() -> None:
    start = time.process_time()
    left, _ = pairs(np.zeros(1_000_000, np.uint64), 32)
    assert len(left) == 32 * 31 // 2 + 1_000_000 - 32
    assert time.process_time() - start < 20

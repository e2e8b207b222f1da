"""Jaccard, components, stars and witnesses against the plain way."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from obelics_like.dedup import clusters
from obelics_like.dedup.clusters import Links
from obelics_like.dedup.ragged import Ragged


def ragged(sets: list[set[int]]) -> Ragged:
    flat = np.array([x for s in sets for x in sorted(s)], np.uint32)
    return Ragged(flat, np.cumsum([0, *map(len, sets)]))


def links(*triples: tuple[int, int, float]) -> Links:
    left, right, near = zip(*triples, strict=True) if triples else ((), (), ())
    return Links(np.array(left, np.int64), np.array(right, np.int64), np.array(near, np.float64))


@given(st.lists(st.sets(st.integers(0, 12)), min_size=2, max_size=8))
def test_jaccard(sets: list[set[int]]) -> None:
    n = len(sets)
    left, right = np.divmod(np.arange(n * n), n)
    truth = [len(sets[i] & sets[j]) / max(1, len(sets[i] | sets[j])) for i in range(n) for j in range(n)]
    assert clusters.jaccard(ragged(sets), left, right).tolist() == truth


def test_jaccard_of_more_than_fits_in_one_piece() -> None:
    sets = [set(range(i, i + 30_000)) for i in range(0, 5000, 1000)]
    left, right = np.array([0, 0, 0, 1] * 50), np.array([0, 1, 4, 3] * 50)
    truth = [1.0, 29_000 / 31_000, 26_000 / 34_000, 28_000 / 32_000] * 50
    assert clusters.jaccard(ragged(sets), left, right).tolist() == truth


def test_estimate() -> None:
    signatures = np.array([[1, 2, 3, 4], [1, 2, 0, 4], [0, 0, 0, 4]], np.uint32)
    assert clusters.estimate(signatures, np.array([0, 0, 1]), np.array([1, 2, 2])).tolist() == [0.75, 0.25, 0.5]


CHAIN = links((0, 1, 0.9), (1, 2, 0.85), (4, 5, 0.8))


def test_components_chain_and_stars_do_not() -> None:
    assert clusters.components(6, CHAIN).tolist() == [0, 0, 0, 3, 4, 4]
    assert clusters.stars(6, CHAIN).tolist() == [0, 0, 2, 3, 4, 4]


def test_stars_go_to_the_nearest_that_stays() -> None:
    assert clusters.stars(4, links((0, 2, 0.8), (1, 2, 0.9), (2, 3, 1.0))).tolist() == [0, 1, 1, 3]


def test_a_witness_is_the_keeper_or_else_the_nearest() -> None:
    found = links((0, 1, 0.81), (1, 2, 0.9), (2, 3, 0.8), (1, 3, 0.95), (0, 4, 0.8), (3, 4, 1.0))
    rank, by, near, keeper = clusters.witnesses(clusters.components(5, found), found)
    assert rank.tolist() == [1, 2, 3, 4]
    assert by.tolist() == [0, 1, 4, 0]
    assert near.tolist() == [0.81, 0.9, 1.0, 0.8]
    assert keeper.tolist() == [0, 0, 0, 0]


def test_nothing_linked() -> None:
    assert clusters.components(3, links()).tolist() == [0, 1, 2]
    assert [len(x) for x in clusters.witnesses(np.arange(3), links())] == [0, 0, 0, 0]

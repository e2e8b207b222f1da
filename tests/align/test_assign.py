"""The assignment: held against brute force, against MMC4's padded square problem, and against its own promises."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from obelics_like.align.assign import Assign, assign_images, best_sentences
from obelics_like.document import Document, Drop, Image, Origin, Text
from obelics_like.errors import OptionError

# thousandths, so that sums are compared without rounding in the way
VALUES = st.integers(-1000, 1000).map(lambda n: n / 1000)
ODD = st.sampled_from([math.nan, math.inf, -math.inf])


def tables(values: st.SearchStrategy[float], rows: int = 5, columns: int = 5) -> st.SearchStrategy[list[list[float]]]:
    return st.integers(1, columns).flatmap(
        lambda n: st.lists(st.lists(values, min_size=n, max_size=n), min_size=1, max_size=rows)
    )


def best_sum(table: list[list[float]]) -> float:
    rows, columns = len(table), len(table[0])
    if rows <= columns:
        return max(sum(table[i][j] for i, j in enumerate(p)) for p in itertools.permutations(range(columns), rows))
    return max(sum(table[i][j] for j, i in enumerate(p)) for p in itertools.permutations(range(rows), columns))


@settings(deadline=None)
@given(tables(VALUES))
def test_enough_sentences_one_each_and_the_largest_sum(table: list[list[float]]) -> None:
    found = assign_images(table)
    if len(table) <= len(table[0]):
        assert len(set(found)) == len(table)
        assert sum(table[i][j] for i, j in enumerate(found)) == pytest.approx(best_sum(table), abs=1e-9)


@settings(deadline=None)
@given(tables(VALUES, rows=7, columns=3))
def test_too_few_sentences_each_has_one_and_the_rest_take_their_best(table: list[list[float]]) -> None:
    found, rows, columns = assign_images(table), len(table), len(table[0])
    if rows > columns:
        argmax = best_sentences(table)
        # some choice of one picture a sentence reaches the largest sum, with all others at their own best
        assert any(
            sum(table[i][j] for j, i in enumerate(p)) == pytest.approx(best_sum(table), abs=1e-9)
            and all(found[i] == j for j, i in enumerate(p))
            and all(found[i] == argmax[i] for i in set(range(rows)) - set(p))
            for p in itertools.permutations(range(rows), columns)
        )


@settings(deadline=None)
@given(tables(st.one_of(VALUES, VALUES, ODD)))
def test_odd_numbers_never_beat_what_is_known(table: list[list[float]]) -> None:
    found = assign_images(table)
    for row, sentence in zip(table, found, strict=True):
        assert (sentence is None) == all(map(math.isnan, row))
        assert sentence is None or not math.isnan(row[sentence])


@settings(deadline=None)
@given(tables(st.one_of(VALUES, st.just(math.nan)), rows=4, columns=5))
def test_as_many_pairs_as_can_be_then_the_largest_sum(table: list[list[float]]) -> None:
    """With unknown pairs: brute force over all partial matchings, first by their number, then by their sum."""
    rows, columns = len(table), len(table[0])
    best = (0, 0.0)
    for choice in itertools.product([None, *range(columns)], repeat=rows):
        used = [(i, j) for i, j in enumerate(choice) if j is not None]
        if len({j for _, j in used}) == len(used) and not any(math.isnan(table[i][j]) for i, j in used):
            best = max(best, (len(used), sum(table[i][j] for i, j in used)))
    found = assign_images(table)
    pairs = [(i, j) for i, j in enumerate(found) if j is not None]
    argmax = best_sentences(table)
    # the matched ones are among the pairs; the others sit at their own best, perhaps where a matched one sits already
    size, total = best
    assert len(pairs) >= size
    assert any(
        len({j for _, j in part}) == size
        and sum(table[i][j] for i, j in part) == pytest.approx(total, abs=1e-9)
        and all(j == argmax[i] for i, j in pairs if (i, j) not in part)
        for part in itertools.combinations(pairs, size)
    )


@settings(deadline=None)
@given(tables(VALUES, rows=6, columns=9))
def test_same_as_mmc4s_padded_square(table: list[list[float]]) -> None:
    """MMC4 solves a square problem padded with cost 1000; the sums are equal (the pairs may differ on ties)."""
    matrix, side = np.array(table), max(len(table), len(table[0]))
    padded = np.full((side, side), 1000.0)
    padded[: matrix.shape[0], : matrix.shape[1]] = -matrix
    pairs = [(i, j) for i, j in zip(*linear_sum_assignment(padded), strict=True) if padded[i, j] != 1000.0]
    if matrix.shape[0] <= matrix.shape[1]:
        found = assign_images(table)
        assert sum(matrix[i, j] for i, j in pairs) == pytest.approx(
            sum(matrix[i, j] for i, j in enumerate(found)), abs=1e-9
        )


def test_random_matrices_give_the_padded_squares_very_pairs() -> None:
    rng = np.random.default_rng(5)
    for _ in range(300):
        rows, columns = sorted(rng.integers(1, 40, 2))
        matrix = rng.normal(0.2, 0.05, (rows, columns))
        padded = np.full((columns, columns), 1000.0)
        padded[:rows] = -matrix
        assert assign_images(matrix) == linear_sum_assignment(padded)[1][:rows].tolist()


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ([], []),
        (np.zeros((0, 4)), []),
        ([[], []], [None, None]),
        (np.zeros((3, 0)), [None, None, None]),
        ([[0.5]], [0]),
        ([[0.1], [0.9], [0.1]], [0, 0, 0]),
        ([[0.2, 0.2, 0.2]], [0]),
        ([[math.nan, math.nan], [0.1, 0.2]], [None, 1]),
        ([[math.nan, 0.1]], [1]),
        ([[math.nan, 0.1], [math.nan, 0.9]], [1, 1]),
        ([[math.nan, -math.inf]], [1]),
        ([[math.inf, 0.9], [math.inf, 0.1]], [1, 0]),
        ([[-math.inf, 0.3], [0.9, 0.8]], [1, 0]),
        ([[-math.inf, -math.inf]], [0]),
        ([[1e308, -1e308], [1e308, 1e308]], [0, 1]),
        ([[None, 0.4]], [1]),
        ([[3, 1], [2, 1]], [0, 1]),
    ],
)
def test_cases(table: object, expected: list[int | None]) -> None:
    assert assign_images(table) == expected


def test_an_all_nan_row_takes_no_sentence_from_another() -> None:
    # with row 0 in the game one sentence would be lost to it
    assert assign_images([[math.nan, math.nan], [0.9, 0.1], [0.8, 0.3]]) == [None, 0, 1]


@pytest.mark.parametrize("kind", [tuple, np.float32, np.int64])
def test_any_array_will_do(kind: type) -> None:
    table = ((9, 3), (8, 1))
    matrix = table if kind is tuple else np.array(table, dtype=kind)
    assert assign_images(matrix) == [1, 0]
    assert all(type(sentence) is int for sentence in assign_images(matrix))


@pytest.mark.parametrize("table", [[0.1, 0.2], [[0.1], [0.2, 0.3]], [[[0.1]]], [["a"]], 0.5, "text", {"a": 1}, None])
def test_what_is_no_table_is_refused_in_four_parts(table: object) -> None:
    with pytest.raises(OptionError) as caught:
        assign_images(table)
    assert all((caught.value.where, caught.value.got, caught.value.valid, caught.value.do))


@settings(deadline=None, max_examples=30)
@given(tables(st.one_of(VALUES, ODD)))
def test_same_answer_every_time(table: list[list[float]]) -> None:
    assert assign_images(table) == assign_images(np.array(table))


def _document(*rows: list[float] | None) -> Document:
    nodes: list[Text | Image] = [Image(i, f"http://a/{i}.jpg", similarity=row) for i, row in enumerate(rows)]
    return Document("d", "http://a/", Origin("a.warc", 0), nodes, sentences=[(9, 0, 1), (9, 2, 3)])


def test_stage_leaves_out_the_dropped_and_the_unscored() -> None:
    document = _document([0.9, 0.3], [0.8, 0.1], None, [0.99, 0.98])
    document.nodes[3].drop = Drop("images.rules", "too_small", 1, 150)
    (marked,) = Assign(id="align.assign").process([document], None)
    assert [image.sentence for image in marked.nodes if isinstance(image, Image)] == [1, 0, None, None]


def test_stage_by_argmax_shares_a_sentence() -> None:
    (marked,) = Assign(rule="argmax").process([_document([0.9, 0.3], [0.8, 0.1])], None)
    assert [image.sentence for image in marked.images()] == [0, 0]


def test_unknown_rule() -> None:
    with pytest.raises(OptionError, match="mmc4, argmax"):
        Assign(id="align.assign", rule="mmc5").check()

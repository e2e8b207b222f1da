"""Rows to buckets and verdicts back: nothing lost, nothing doubled, no silent keep."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelics_like import exchange
from obelics_like.errors import StageError


def rows(*pairs: tuple[str, str]) -> pa.Table:
    return pa.table(
        {"key": [k for k, _ in pairs], "bucket": [b for _, b in pairs], "payload": [k * 2 for k, _ in pairs]}
    )


def test_rows_of_many_shards_come_out_by_bucket_each_key_once(tmp_path: Path) -> None:
    shards = [[("b", "2"), ("a", "1"), ("a", "1")], [("a", "1"), ("c", "2"), ("d", "9")]]
    paths = []
    for n, shard in enumerate(shards):
        paths.append(tmp_path / f"{n}.arrow")
        exchange.write_table(exchange.thing_rows([rows(*shard[:1]), rows(*shard[1:])]), paths[-1])
    one = exchange.range_rows(paths, "1", "2")
    assert one is not None
    assert one["key"].to_pylist() == ["a", "b", "c"]
    assert exchange.range_rows(paths, "3", "8") is None
    last = exchange.range_rows(paths, "9", "9")
    assert last is not None
    assert last["payload"].to_pylist() == ["dd"]


@given(st.dictionaries(st.text("abc", min_size=1, max_size=4), st.integers(1, 50), min_size=1), st.integers(1, 100))
def test_cut_buckets_covers_every_bucket_once_in_order(weights: dict[str, int], limit: int) -> None:
    ranges = exchange.cut_buckets(weights, limit)
    covered = [[b for b in sorted(weights) if first <= b <= last] for first, last in ranges]
    assert [b for part in covered for b in part] == sorted(weights)
    assert all(sum(weights[b] for b in part[:-1]) < limit for part in covered)


def test_weights_are_counted_by_bucket() -> None:
    table = rows(("a", "x"), ("b", "x"), ("c", "y"))
    assert exchange.bucket_weights(table) == {"x": 2, "y": 1}
    assert exchange.bucket_weights(table.append_column("weight", pa.array([5, 6, 7]))) == {"x": 11, "y": 7}


def test_a_verdict_is_looked_up_over_all_its_files(tmp_path: Path) -> None:
    paths = []
    for n, keys in enumerate((["a", "b"], [f"k{i}" for i in range(500)])):
        asked = pa.table({"key": keys})
        paths.append(tmp_path / f"{n}.arrow")
        exchange.write_table(
            exchange.thing_verdict(asked, pa.table({"key": keys[::-1], "n": range(len(keys))}), "s"), paths[-1]
        )
    verdict = exchange.Verdict(paths, "s")
    assert [r["n"] for r in verdict(["b", "k499", "a", "b"])] == [0, 0, 1, 0]
    assert verdict([]) == []


def test_a_missing_or_doubled_verdict_is_an_error(tmp_path: Path) -> None:
    asked = pa.table({"key": ["a", "b"]})
    for keys in (["a"], ["a", "a", "b"], ["a", "c"]):
        with pytest.raises(StageError, match="one for each of 2 keys"):
            exchange.thing_verdict(asked, pa.table({"key": keys}), "s")
    exchange.write_table(exchange.thing_verdict(asked, asked, "s"), tmp_path / "v.arrow")
    with pytest.raises(StageError, match="no verdict on 'z'"):
        exchange.Verdict([tmp_path / "v.arrow"], "s")(["a", "z"])


def test_documents_dropped_by_an_earlier_stage_are_not_seen_by_the_next(tmp_path: Path) -> None:
    paths = [tmp_path / "0.arrow", tmp_path / "1.arrow"]
    exchange.write_table(pa.table({"doc": pa.array([0, 1], pa.uint64())}), paths[0])
    exchange.write_table(pa.table({"doc": pa.array([2, 3], pa.uint64())}), paths[1])
    found = exchange.document_rows(paths, {1, 2})
    assert found is not None
    assert found["doc"].to_pylist() == [0, 3]
    assert exchange.document_rows(paths, {0, 1, 2, 3}) is None
    assert exchange.document_rows([], set()) is None

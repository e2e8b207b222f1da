"""Rows to buckets and verdicts back: nothing lost, nothing doubled, no silent keep."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelics_like import exchange
from obelics_like.document import Document, Origin
from obelics_like.errors import StageError
from obelics_like.rows import Rows, tables


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
    asked = pa.table({"doc": pa.array(range(4), pa.uint64())})
    for path, docs in zip(paths, ((1,), (2,))):
        exchange.write_table(exchange.document_verdict(in_memory(asked), [drops(*docs)], "s"), path)
    parts = tables([asked.slice(0, 2), asked.slice(2)])
    assert Rows(parts, gone=exchange.Gone(paths)).whole()["doc"].to_pylist() == [0, 3]
    assert Rows(parts, gone=exchange.Gone([])).whole()["doc"].to_pylist() == [0, 1, 2, 3]


@given(st.integers(0, 10**12), st.integers(1, 10**9))
def test_ranges_of_keys_cover_all_keys_once(size: int, most: int) -> None:
    ranges = exchange.key_ranges(min(size, 5000 * most), most)
    assert ranges[0][0] == 0
    assert ranges[-1][1] == 1 << 64
    assert all(a[1] == b[0] and a[0] < a[1] for a, b in pairwise(ranges))


@given(st.dictionaries(st.text("ab", min_size=1, max_size=3), st.integers(0, 3), min_size=1), st.integers(1, 5))
def test_a_bucket_that_weighs_nothing_is_decided_too(weights: dict[str, int], limit: int) -> None:
    ranges = exchange.cut_buckets(weights, limit)
    assert [b for first, last in ranges for b in sorted(weights) if first <= b <= last] == sorted(weights)


def test_no_rows_at_all_need_no_verdict(tmp_path: Path) -> None:
    empty = exchange.thing_rows([rows().cast(pa.schema([(n, pa.string()) for n in ("key", "bucket", "payload")]))])
    assert empty.num_rows == 0
    assert exchange.cut_buckets(exchange.bucket_weights(empty), 5) == []
    assert exchange.Verdict([], "s")([]) == []
    with pytest.raises(StageError, match="no verdict on 'a'"):
        exchange.Verdict([], "s")(["a"])


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 99)), min_size=1), st.integers(1, 9))
def test_of_rows_with_one_key_that_of_the_earliest_page_stays_however_shards_are_cut(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, int]], size: int
) -> None:
    folder = tmp_path_factory.mktemp("shards")
    paths = []
    for start in range(0, len(pairs), size):
        part = pairs[start : start + size]
        table = pa.table({"key": [k for k, _ in part], "bucket": [k for k, _ in part], "n": [n for _, n in part]})
        paths.append(folder / f"{start}.arrow")
        exchange.write_table(exchange.thing_rows([table.slice(0, 1), table.slice(1)]), paths[-1])
    found = exchange.range_rows(paths, "a", "f")
    assert found is not None
    assert dict(zip(found["key"].to_pylist(), found["n"].to_pylist())) == dict(reversed(pairs))
    assert found["key"].to_pylist() == sorted({k for k, _ in pairs})


def test_keys_whose_hashes_collide_keep_their_own_verdicts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "key_hash", lambda key: len(key))
    paths = [tmp_path / "0.arrow", tmp_path / "1.arrow"]
    for path, keys in zip(paths, (["a", "b", "cc"], ["d", "ee"])):
        exchange.write_table(exchange.thing_verdict(pa.table({"key": keys}), pa.table({"key": keys}), "s"), path)
    verdict = exchange.Verdict(paths, "s")
    assert [r["key"] for r in verdict(["d", "cc", "a", "ee", "b"])] == ["d", "cc", "a", "ee", "b"]
    with pytest.raises(StageError, match="no verdict on 'x'"):
        verdict(["x"])


def test_a_lost_thing_is_told_to_whoever_asks_for_it(tmp_path: Path) -> None:
    paths = [tmp_path / "0.arrow", tmp_path / "1.arrow"]
    keys = pa.table({"key": ["a", "b"]})
    exchange.write_table(exchange.thing_verdict(keys, keys, "s"), paths[0])
    exchange.write_table(exchange.lost_verdict("c"), paths[1])
    verdict = exchange.Verdict(paths, "s")
    assert len(verdict(["a", "b"])) == 2
    with pytest.raises(exchange.LostThing, match="c killed its worker"):
        verdict(["a", "c"])


def in_memory(table: pa.Table) -> Rows:
    return Rows(tables([table]))


def drops(*docs: int) -> pa.Table:
    none = pa.array([None] * len(docs), pa.string())
    return pa.table({"doc": pa.array(docs, pa.uint64()), "rule": ["r"] * len(docs), "value": none, "limit": none})


def test_drops_of_documents_are_looked_up_by_their_ordinals(tmp_path: Path) -> None:
    asked = pa.table({"doc": pa.array(range(10), pa.uint64())})
    paths = [tmp_path / f"{n}.arrow" for n in range(3)]
    for path, docs in zip(paths, ((7, 2), (), (5,))):
        exchange.write_table(exchange.document_verdict(in_memory(asked), [drops(*docs)], "s"), path)
    batch = [Document(str(n), "", Origin("", 0, ordinal=n)) for n in (9, 5, 2, 3)]
    exchange.DocumentVerdict(paths, ["a", "b", "c"]).apply(batch)
    assert [d.drop and d.drop.stage for d in batch] == [None, "c", "a", None]
    exchange.DocumentVerdict(paths, ["a", "b", "c"]).apply([])


@pytest.mark.parametrize("docs", [(1, 1), (99,)])
def test_a_document_is_dropped_once_and_only_if_it_was_asked_about(docs: tuple[int, ...]) -> None:
    for asked in (pa.table({"doc": pa.array(range(10), pa.uint64())}), pa.table({"doc": pa.array([], pa.uint64())})):
        with pytest.raises(StageError, match="each once at most"):
            exchange.document_verdict(in_memory(asked), [drops(*docs)], "s")
        with pytest.raises(StageError, match="each once at most"):
            exchange.document_verdict(in_memory(asked), [drops(d) for d in docs], "s")

"""What is decided does not depend on the memory, nor on how many parts, shards or ranges of keys there are."""

from __future__ import annotations

import errno
import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from obelics_like.dedup import clusters, runs
from obelics_like.dedup.labels import Labels, propose, take_lowest
from obelics_like.dedup.minhash import NearDuplicates
from obelics_like.dedup.ranks import rank
from obelics_like.dedup.text import SameText
from obelics_like.dedup.url import SameUrl
from obelics_like.document import Document
from obelics_like.errors import DataError
from obelics_like.exchange import DROPS, key_ranges
from obelics_like.rows import MEMORY, Rows, tables
from obelics_like.stage import Context, DocumentStage
from tests.dedup.harness import page, rows_of
from tests.dedup.planted import corpus, sentence

TINY = 60_000
"""Bytes: so few that every structure falls into parts."""


def pages() -> list[Document]:
    """1,000 pages: planted near-duplicates, equal ones, chains, and pages that share most of a band."""
    rng = random.Random(4)
    texts = corpus("en", 400, seed=8)
    texts += texts[:60]
    words = [f"w{i}" for i in range(800)]
    texts += [" ".join(words[at : at + 400]) for at in range(0, 400, 20)]
    common = [sentence(rng, "en") for _ in range(30)]
    texts += [" ".join([*common, f"x{i}"]) for i in range(100)]
    texts += [f"page {i}" for i in range(1000 - len(texts))]
    dates = [None, "2024-01-01T00:00:00Z", "2024-05-01T00:00:00Z", "2023-05-01T00:00:00.5Z"]
    return [
        page(
            f"{rng.randrange(10**9):09d}",
            text,
            url=f"https://e.org/{rng.randrange(300)}",
            date=rng.choice(dates),
            language=rng.choice(["en", "en", "de"]),
        )
        for text in texts
    ]


PAGES = pages()
STAGES: list[DocumentStage] = [
    SameUrl("newest", id="url"),
    SameText("oldest", id="text"),
    NearDuplicates(id="minhash"),
    NearDuplicates(id="estimate", verify="estimate", keep="longest", per_language=False, max_band=4),
    NearDuplicates(id="none", verify="none", permutations=64, keep="lowest_id"),
    NearDuplicates(id="stars", chain=False, permutations=64, per_language=False),
]


def drops(stage: DocumentStage, **how: Any) -> list[dict[str, Any]]:
    """All drops, by document, with the rows in shards of `shard` and `ranges` ranges of keys."""
    shard, ranges = how.pop("shard", 1000), how.pop("ranges", 1)
    rows = rows_of(stage, PAGES)
    shards = [rows.slice(at, shard) for at in range(0, rows.num_rows, shard)]
    keys = key_ranges(ranges, 1) if stage.keyed else [None]
    read = [Rows(tables(shards), keys=k, **how) for k in keys]
    found = [table for part in read for table in stage.decide(part, stage.open(Context()))]
    return pa.concat_tables([DROPS.empty_table(), *found]).sort_by("doc").to_pylist()


@pytest.mark.parametrize("stage", STAGES, ids=lambda s: s.id)
def test_neither_memory_nor_shards_nor_ranges_matter(stage: DocumentStage, tmp_path: Path) -> None:
    once = drops(stage)
    assert len(once) > 80
    assert drops(stage, shard=37, ranges=7) == once
    assert drops(stage, shard=250, memory=TINY, scratch=tmp_path) == once
    assert drops(stage, shard=11, ranges=3, memory=20 * TINY, scratch=tmp_path) == once
    assert list(tmp_path.iterdir()) == []


def test_it_says_how_clusters_were_found() -> None:
    stage = NearDuplicates(id="minhash")
    rows = rows_of(stage, PAGES)
    for memory, how in ((MEMORY, "clusters in one piece"), (TINY, "rounds of the lowest label")):
        read = Rows(tables([rows]), memory=memory)
        list(stage.decide(read, stage.open(Context())))
        assert any(how in note for note in read.notes), read.notes


def test_ranks_are_the_order_of_a_single_sort(tmp_path: Path) -> None:
    rows = rows_of(NearDuplicates(id="minhash"), PAGES)
    orders = []
    for memory in (MEMORY, TINY, 4000):
        folder = tmp_path / str(memory)
        folder.mkdir()
        ranks = rank(Rows(tables([rows.slice(n, 90) for n in range(0, 1000, 90)]), memory=memory), folder)
        orders.append(ranks.docs.tolist())
        assert ranks.of_row[ranks.docs.astype(int)].tolist() == list(range(1000))
        assert ranks.sizes.tolist() == rows["size"].take(pa.array(ranks.docs)).to_pylist()
    first, ids = rows["first"].to_pylist(), rows["id"].to_pylist()
    assert orders[0] == sorted(range(1000), key=lambda n: (first[n], ids[n], n))
    assert orders[0] == orders[1] == orders[2]


@pytest.mark.parametrize("parts", [1, 3, 8])
def test_labels_fall_to_the_components(tmp_path: Path, parts: int) -> None:
    rng = np.random.default_rng(1)
    for count, links in ((50, 20), (300, 300), (1000, 900)):
        ends = np.sort(rng.integers(0, count, (links, 2)), axis=1)
        path = np.arange(count // 2)
        left, right = np.append(ends[:, 0], path[:-1]), np.append(ends[:, 1], path[1:])
        for round_ in range(30):
            labels, some = Labels(tmp_path, round_, parts, count), 0
            for number in range(parts):
                link = clusters.Links(left[number::parts], right[number::parts], np.ones(len(left[number::parts])))
                some += propose(labels, link, runs.run_path(tmp_path, "p", number))
            if not some:
                break
            for part in range(parts):
                to = runs.run_path(tmp_path, f"labels{round_ + 1}", part)
                take_lowest(labels, part, runs.Runs(tmp_path, "p", parts, 2), to)
        assert 0 < round_ <= np.log2(count) + 2
        truth = clusters.components(count, clusters.Links(left, right, np.ones(len(left))))
        assert labels(np.arange(count)).tolist() == truth.tolist()


@pytest.mark.parametrize("parts", [1, 2, 7, 1000])
def test_ranges_of_runs_hold_each_row_once(tmp_path: Path, parts: int) -> None:
    rng = np.random.default_rng(2)
    whole = rng.integers(0, 2**64, (3, 1000), np.uint64)
    whole[0, :2] = 0, 2**64 - 1
    for number, columns in enumerate((whole[:, :600], whole[:, 600:600], whole[:, 600:])):
        runs.write(runs.run_path(tmp_path, "x", number), columns[:, np.argsort(columns[0])])
    read = runs.Runs(tmp_path, "x", 3, 3)
    found = [read.read(part, parts, runs.HASHES) for part in range(parts)]
    for part, columns in enumerate(found):
        assert all(int(key) * parts >> 64 == part for key in columns[0])
    assert sorted(np.concatenate(found, axis=1).T.tolist()) == sorted(whole.T.tolist())
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(("memory", "file"), [(MEMORY, "docs"), (4000, "run-0")])
def test_ranks_that_can_not_be_written_are_told_by_their_file(tmp_path: Path, memory: int, file: str) -> None:
    rows = rows_of(NearDuplicates(id="minhash"), PAGES)
    with pytest.raises(DataError, match=f"gone/{file}: got .*No such file or directory.* while writing"):
        rank(Rows(tables([rows]), memory=memory), tmp_path / "gone")


def test_columns_and_mapped_files_that_find_no_room_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    assert runs.mapped(tmp_path / "map", np.int64, 3).tolist() == [0, 0, 0]
    with monkeypatch.context() as patched:
        patched.setattr(os, "posix_fallocate", full)
        with pytest.raises(DataError, match="map: got No space left on device while writing"):
            runs.mapped(tmp_path / "map", np.int64, 3)
    assert not (tmp_path / "map").exists()
    with pytest.raises(DataError, match="gone/x: got No such file or directory while writing"):
        runs.write(tmp_path / "gone" / "x", [np.zeros(3, np.uint64)])


@pytest.mark.parametrize("said", [errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS])
def test_a_file_system_that_can_take_no_room_beforehand_is_used_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: int
) -> None:
    def unable(*_: object) -> None:
        raise OSError(said, os.strerror(said))

    monkeypatch.setattr(os, "posix_fallocate", unable)
    (tmp_path / "map").write_bytes(b"x" * 100)  # of an earlier try
    made = runs.mapped(tmp_path / "map", np.int64, 3)
    made[2] = 7
    assert made.tolist() == [0, 0, 7]
    assert (tmp_path / "map").stat().st_size == 24


def test_a_key_of_more_rows_than_fit_is_read_in_chunks() -> None:
    stage = SameUrl("lowest_id", id="url")
    rows = rows_of(
        stage, [page(f"{n:05d}", url="https://e.org/" if n % 10 else f"https://e.org/{n}") for n in range(5000)]
    )
    shards = tables([rows.slice(at, 100) for at in range(0, 5000, 100)])
    read = Rows(shards, memory=TINY)
    assert max(len(list(chunks())) for chunks in read.by_key()) > 10
    found = pa.concat_tables(stage.decide(Rows(shards, memory=TINY), None))
    assert found.num_rows == 4499
    assert set(found["value"].to_pylist()) == {"00001"}


def test_rows_are_found_by_document_wherever_they_lie() -> None:
    table = pa.table({"doc": pa.array(range(100), pa.uint64()), "x": pa.array(range(100))})
    read = Rows(tables([table.slice(0, 30), table.slice(30)]), held=tables([table.select(["x"]).slice(7, 3)]))
    wanted = np.array([99, 0, (1 << 63) + 2, 31, 29], np.uint64)
    assert read.take(wanted, ["x"])["x"].to_pylist() == [99, 0, 9, 31, 29]
    with pytest.raises(KeyError):
        read.take(np.array([5, 100], np.uint64), ["x"])

"""A decision shared by many workers: the same however it is cut, wherever it is stopped, whoever takes a step."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from obelics_like import barrier, exchange
from obelics_like.barrier import decide_barrier
from obelics_like.dedup import neighbours
from obelics_like.dedup.minhash import NearDuplicates
from obelics_like.dedup.text import SameText
from obelics_like.engines import Failure
from obelics_like.engines.local import LocalEngine
from obelics_like.errors import DataError
from obelics_like.plan import Segment
from obelics_like.sources.archive import Archive
from obelics_like.stage import DocumentStage
from obelics_like.tasks.job import Job
from tests.dedup.harness import rows_of
from tests.dedup.test_bounded import PAGES

STAGES = (SameText("newest", id="text"), NearDuplicates(id="minhash", permutations=64))
CHAINLESS = (NearDuplicates(id="minhash", chain=False, permutations=64, per_language=False),)
Mapped = list[tuple[Any, Any]]


@dataclass
class Run:
    """What a barrier asks of a run: all in this process, or in some workers; `stop` names where it is to be stopped."""

    job: Job
    engine: LocalEngine | None = None
    stop: int = -1
    phases: list[dict[str, Any]] = field(default_factory=list)
    remembered: list[Any] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def map(self, phase: str, task: Callable[[Any], Any], items: Sequence[Any]) -> Mapped:
        self.phases.append({"name": phase, "tasks": len(items)})
        if self.engine is not None:
            return sorted(self.engine.map(task, items), key=lambda pair: pair[0].number)
        found = []
        for item in random.Random(len(self.phases)).sample(items, len(items)):
            if len(self.done) == self.stop:
                raise KeyboardInterrupt
            before = written(item.manifest)
            found.append((item, task(item)))
            self.done += [phase] if written(item.manifest) != before else []
        return sorted(found, key=lambda pair: pair[0].number)


def written(path: Path) -> tuple[int, int] | None:
    return (path.stat().st_ino, path.stat().st_mtime_ns) if path.exists() else None


def in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that 1,000 pages take many steps of each kind."""
    monkeypatch.setattr(barrier, "KEYED_A_TASK", 200_000)
    monkeypatch.setenv("OBELICS_LIKE_DECIDE_MB", "1")
    monkeypatch.setattr(neighbours, "_LINK_COST", 10_000)
    monkeypatch.setattr(neighbours, "_KEYS_A_PIECE", 50_000)


def folder_of_rows(
    folder: Path, stages: Sequence[DocumentStage], shard: int = 50
) -> tuple[Job, Segment, tuple[str, ...]]:
    """Rows of 1,000 pages, in a file for each `shard` of them, as a run's map side leaves them."""
    job = Job(Archive(id="sources"), folder, frozenset(), None, True, "none", None)
    segment = Segment(1, "dedup", (), tuple(stages), "here")
    (folder / "here").mkdir()
    published = []
    for stage in stages:
        rows = rows_of(stage, PAGES)
        for number, at in enumerate(range(0, rows.num_rows, shard)):
            table = rows.slice(at, shard)
            published.append(f"rows-{stage.id}-{number:05d}.arrow")
            exchange.write_table(table.sort_by("key") if stage.keyed else table, folder / "here" / published[-1])
    return job, segment, tuple(published)


def drops(folder: Path, verdicts: Sequence[Sequence[str]]) -> list[list[dict[str, Any]]]:
    tables = [pa.concat_tables([exchange.map_table(folder / "here" / n) for n in names]) for names in verdicts]
    return [table.sort_by("doc").to_pylist() for table in tables]


@pytest.mark.parametrize("stages", [STAGES, CHAINLESS], ids=["text and near", "no chains"])
@pytest.mark.parametrize("workers", [0, 2])
def test_steps_of_many_workers_come_to_what_one_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stages: Sequence[DocumentStage], workers: int
) -> None:
    found, tasks, engine = [], [], LocalEngine(workers) if workers else None
    for number, task in enumerate([10**9, 1, 0]):
        monkeypatch.setattr(barrier, "KEYED_A_TASK", task)
        if not task:
            in_small_pieces(monkeypatch)
        folder = tmp_path / str(number)
        folder.mkdir()
        job, segment, published = folder_of_rows(folder, stages)
        if task == 1:  # the cut of keys would be a byte each
            monkeypatch.setattr(exchange, "key_ranges", lambda size, most: [(0, 1 << 62), (1 << 62, 1 << 64)])
        run = Run(job, engine)
        found.append(drops(folder, decide_barrier(run, segment, published, {}).verdicts))
        monkeypatch.undo()
        tasks.append({phase["name"]: phase["tasks"] for phase in run.phases})
        assert not list((folder / "here").glob("steps-*"))
    if engine is not None:
        engine.close()
    assert found[0] == found[1] == found[2]
    assert len(found[0][-1]) > 100
    assert "1 minhash: pairs" not in tasks[0]
    assert tasks[1]["1 minhash: pairs"] == 1
    assert tasks[2]["1 minhash: pairs"] > 2 < tasks[2]["1 minhash: keys"]
    assert tasks[2]["1 minhash: tell"] > 1
    assert any("do not fit in memory" in note for phase in run.phases for note in phase.get("notes", ()))


def test_stopped_after_any_step_it_goes_on_and_does_none_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_small_pieces(monkeypatch)
    (tmp_path / "once").mkdir()
    job, segment, published = folder_of_rows(tmp_path / "once", CHAINLESS)
    unbroken = Run(job)
    verdicts = decide_barrier(unbroken, segment, published, {}).verdicts
    whole, files = drops(tmp_path / "once", verdicts), sorted(p.name for p in (tmp_path / "once" / "here").iterdir())
    assert 10 < len(unbroken.done) < 300
    for stop in range(0, len(unbroken.done), 7):
        folder = tmp_path / str(stop)
        folder.mkdir()
        job, segment, published = folder_of_rows(folder, CHAINLESS)
        broken, again = Run(job, stop=stop), Run(job)
        with pytest.raises(KeyboardInterrupt):
            decide_barrier(broken, segment, published, {})
        assert drops(folder, decide_barrier(again, segment, published, {}).verdicts) == whole
        assert sorted([*broken.done, *again.done]) == sorted(unbroken.done)
        assert sorted(p.name for p in (folder / "here").iterdir()) == files
        finished = Run(job)
        assert drops(folder, decide_barrier(finished, segment, published, {}).verdicts) == whole
        assert finished.done == []


def test_a_step_whose_file_is_gone_is_taken_again_and_other_rows_ask_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(barrier, "KEYED_A_TASK", 1)
    job, segment, published = folder_of_rows(tmp_path, CHAINLESS)
    with pytest.raises(KeyboardInterrupt):
        decide_barrier(Run(job, stop=4), segment, published, {})
    (tmp_path / "here" / "steps-minhash" / "bands-00000").write_bytes(b"cut short")
    again = Run(job)
    verdicts = decide_barrier(again, segment, published, {}).verdicts
    whole = drops(tmp_path, verdicts)
    assert "1 minhash: keys" in again.done
    fewer = Run(job)
    part = drops(tmp_path, decide_barrier(fewer, segment, published[:10], {}).verdicts)
    assert fewer.done[0] == "1 minhash: rank"
    assert 0 < len(part[0]) < len(whole[0])
    assert max(d["doc"] for d in part[0]) < 500
    assert drops(tmp_path, verdicts) == whole  # a machine may hold a copy: one name is never two verdicts


def test_a_step_that_fails_is_no_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(barrier, "KEYED_A_TASK", 1)
    job, segment, published = folder_of_rows(tmp_path, CHAINLESS)

    class Failing(Run):
        def map(self, phase: str, task: Callable[[Any], Any], items: Sequence[Any]) -> Mapped:
            found = super().map(phase, task, items)
            return [(item, Failure("killed", 3)) for item, _ in found] if phase.endswith("twins") else found

    with pytest.raises(DataError, match="a verdict on every row"):
        decide_barrier(Failing(job), segment, published, {})
    assert not list((tmp_path / "here").glob("verdict-*"))


def test_tasks_of_keys_grow_with_the_rows_as_far_as_the_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBELICS_LIKE_DECIDE_MB", "4000")
    assert [barrier.keyed_a_task(size) for size in (10**6, 10**11, 10**13)] == [32 * 10**6, 10**8, 4 * 10**9 // 6]
    monkeypatch.setenv("OBELICS_LIKE_DECIDE_MB", "100")
    assert barrier.keyed_a_task(10**13) == 32 * 10**6

"""The seam: the same results from every engine, and a dead worker costs one attempt at one item."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from obelics_like.engines import MOST_DEATHS, Deaths, Engine, Failure, Needs, engine
from obelics_like.engines import local as local_engine
from obelics_like.engines.local import ATTEMPTS, LocalEngine
from obelics_like.errors import DataError, MissingPiece, OptionError, UnknownName, WorkerError
from tests.engines import tasks_for_tests as tasks

RAY = pytest.param("ray", marks=[pytest.mark.ray, pytest.mark.slow])


@pytest.fixture(scope="module", params=["inline", "local", RAY])
def any_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "ray":
        pytest.importorskip("ray", reason="the extra `ray` is not installed")
    power = engine(request.param, 2)
    yield power
    power.close()


@pytest.fixture
def with_workers(any_engine: Engine) -> Engine:
    """One that has workers to lose."""
    if any_engine.workers == 1:
        pytest.skip("inline has no workers to lose")
    return any_engine


@pytest.fixture
def local() -> Iterator[Engine]:
    power = engine("local", 2)
    yield power
    power.close()


def test_every_item_is_answered_once(any_engine: Engine) -> None:
    assert sorted(any_engine.map(tasks.double, range(20))) == [(n, 2 * n) for n in range(20)]
    assert list(any_engine.map(tasks.double, [])) == []


def test_an_exception_is_raised_with_its_four_parts(any_engine: Engine) -> None:
    with pytest.raises(DataError, match="here: got 1; valid: nothing; expect this"):
        list(any_engine.map(tasks.fail, [1]))


def test_an_exception_that_can_not_travel_still_arrives(with_workers: Engine) -> None:
    with pytest.raises(RuntimeError, match="needs two"):
        list(with_workers.map(tasks.fail_awkwardly, [1]))


def test_killed_workers_cost_an_attempt_and_not_the_run(with_workers: Engine, tmp_path: Path) -> None:
    items = [(str(tmp_path), n) for n in range(8)]
    assert sorted(with_workers.map(tasks.die_once, items)) == [(item, item[1]) for item in items]
    assert len(list(tmp_path.iterdir())) == 4


def test_an_item_that_always_kills_is_given_up(with_workers: Engine) -> None:
    results = dict(with_workers.map(tasks.die_at_three, range(5)))
    assert results.pop(3) == Failure("its worker died: exit code 7", ATTEMPTS)
    assert results == {n: n for n in (0, 1, 2, 4)}


def test_workers_are_kept_between_calls(with_workers: Engine) -> None:
    first: set[int] = set()
    deadline = time.monotonic() + 120
    while len(first) < with_workers.workers and time.monotonic() < deadline:  # one of Ray's may come up later
        first |= {p for _, p in with_workers.map(tasks.pid, range(6))}
    second = {p for _, p in with_workers.map(tasks.pid, range(6))}
    assert os.getpid() not in first | second
    assert second <= first
    assert len(first) == 2


def test_no_more_is_done_than_is_taken(any_engine: Engine, tmp_path: Path) -> None:
    """What a slow driver has not taken yet is bounded by the workers, not by the items."""
    results = any_engine.map(tasks.leave_a_mark, [(str(tmp_path), n) for n in range(40)])
    for taken in (1, 2, 3):
        next(results)
        time.sleep(1.0)
        assert taken <= len(list(tmp_path.iterdir())) <= taken + any_engine.workers
    assert len(list(results)) == 37


def test_an_item_costs_the_driver_less_than_a_millisecond(local: Engine) -> None:
    list(local.map(tasks.double, range(2)))
    start = time.process_time()
    assert len(list(local.map(tasks.double, range(5_000)))) == 5_000
    assert (time.process_time() - start) / 5_000 < 0.001


def test_workers_that_go_on_dying_stop_the_run(with_workers: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    deaths = Deaths("here", 1)
    monkeypatch.setattr(deaths, "_most", 4)
    monkeypatch.setattr(with_workers, "_deaths", deaths)
    with pytest.raises(
        WorkerError, match="5 workers more that died than items that were done, the last by exit code 7"
    ):
        list(with_workers.map(tasks.die_at_three, [3, 3, 3]))
    assert list(with_workers.map(tasks.double, [4])) == [(4, 8)]


def test_a_death_now_and_then_is_forgiven() -> None:
    deaths = Deaths("here", 2)
    for _ in range(1_000):
        deaths.one("SIGKILL")
        deaths.done()
    for _ in range(MOST_DEATHS):  # a node with all of its workers
        deaths.one("a lost node")
    with pytest.raises(WorkerError, match="goes on where it stopped"):
        deaths.one("a lost node")
    large = Deaths("here", 1_000)
    for _ in range(1_000):
        large.one("a lost rack")


def test_an_unknown_engine_is_told() -> None:
    with pytest.raises(UnknownName, match="did you mean local"):
        engine("locl", 1)


def test_a_result_that_can_not_travel_is_an_error_and_no_death(with_workers: Engine) -> None:
    with pytest.raises((AttributeError, RuntimeError), match="pickle"):
        list(with_workers.map(tasks.unpicklable, [1]))
    assert list(with_workers.map(tasks.double, [4])) == [(4, 8)]


def test_an_item_that_can_not_travel_is_an_error_and_costs_no_worker(with_workers: Engine) -> None:
    with pytest.raises((AttributeError, TypeError), match="pickle"):
        list(with_workers.map(tasks.double, [lambda: 1]))
    assert list(with_workers.map(tasks.double, [4])) == [(4, 8)]


def test_after_an_exception_no_stale_answer_is_taken_for_a_new_one(with_workers: Engine) -> None:
    with pytest.raises(ValueError, match="first"):
        list(with_workers.map(tasks.fail_or_sleep, [0, 1]))
    assert sorted(with_workers.map(tasks.double, [7, 8])) == [(7, 14), (8, 16)]


def test_what_a_worker_prints_is_not_in_the_stdout_of_the_driver(local: Engine, capfd: pytest.CaptureFixture) -> None:  # type: ignore[type-arg]
    assert list(local.map(tasks.shout, [5])) == [(5, 5)]
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "noise on stdout 5" in captured.err


@pytest.mark.parametrize(("task", "said"), [(tasks.hang, "without a sign of life"), (tasks.spin, "processor time")])
def test_a_task_that_never_ends_is_given_up_and_the_others_are_done(
    with_workers: Engine, monkeypatch: pytest.MonkeyPatch, task: Callable[[int], int], said: str
) -> None:
    """They are up before, so that only what never ends can be slow enough; a busy one has four times as long."""
    assert len(list(with_workers.map(tasks.double, range(6)))) == 6
    monkeypatch.setattr(with_workers, "stall", 2.0 if task is tasks.hang else 0.5)
    results = dict(with_workers.map(task, range(5)))
    failure = results.pop(3)
    assert isinstance(failure, Failure)
    assert said in failure.reason
    assert failure.attempts == ATTEMPTS
    assert results == {n: n for n in (0, 1, 2, 4)}


@pytest.mark.parametrize(("gpu", "workers"), [(1.0, 2), (0.5, 4)])
def test_work_that_needs_a_gpu_runs_once_on_each(monkeypatch: pytest.MonkeyPatch, gpu: float, workers: int) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,GPU-8f")
    power = LocalEngine(5)
    try:
        seen = [answer for _, answer in power.map(tasks.seen_gpu, range(12), Needs(gpu=gpu))]
        assert {device for device, _ in seen} == {"3", "GPU-8f"}
        assert len({process for _, process in seen}) <= workers
        again = {process for _, (_, process) in power.map(tasks.seen_gpu, range(12), Needs(gpu=gpu))}
        assert again & {process for _, process in seen}  # the model stays loaded
        assert {device for _, (device, _) in power.map(tasks.seen_gpu, range(2))} == {"3,GPU-8f"}
    finally:
        power.close()


def test_without_a_gpu_the_work_is_done_on_the_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    for devices in ("", "-1"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", devices)
        assert local_engine._places(Needs(gpu=1), 3) == [None] * 3


def test_no_more_workers_run_at_once_than_there_is_memory_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_engine, "_memory_mb", lambda: 10_000)
    assert [len(local_engine._places(Needs(memory=m), 8)) for m in (0, 1_000, 3_000, 20_000)] == [8, 8, 3, 1]
    assert [len(local_engine._places(Needs(cpu=c), 8)) for c in (0.5, 3, 9)] == [8, 2, 1]


def test_an_interpreter_that_does_not_come_up_is_told_at_once(local: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(MissingPiece, match="exit code 1 before it was ready"):
        list(local.map(tasks.double, [1]))


def test_an_address_without_ray_and_memory_that_is_none_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OptionError, match="--ray-address: got 'auto' with --engine local"):
        engine("local", 1, "auto")
    for said in ("much", "10", "-5"):
        monkeypatch.setenv("OBELICS_LIKE_WORKER_MB", said)
        with pytest.raises(OptionError, match="OBELICS_LIKE_WORKER_MB"):
            LocalEngine(1)


def test_a_missing_ray_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingPiece, match=r"pip install 'obelics-like\[ray\]'"):
        engine("ray", 1)


def test_a_stall_time_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for said in ("soon", "0", "nan"):
        monkeypatch.setenv("OBELICS_LIKE_STALL_SECONDS", said)
        with pytest.raises(OptionError, match="OBELICS_LIKE_STALL_SECONDS"):
            LocalEngine(1)


DRIVER = """
import sys
from obelics_like.engines.local import LocalEngine
from tests.engines import tasks_for_tests as tasks
list(LocalEngine(2).map(tasks.slow_then_pid, [(sys.argv[1], 0), (sys.argv[1], 1)]))
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_their_driver_even_when_they_are_busy(tmp_path: Path, how: signal.Signals) -> None:
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(tmp_path)],
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores it
    )
    workers: list[int] = []
    deadline = time.monotonic() + 120
    while len(workers) < 2 and time.monotonic() < deadline:
        workers = [int(p.stem) for p in tmp_path.glob("*.pid")]
        time.sleep(0.05)
    driver.send_signal(how)
    driver.wait(timeout=60)
    assert len(workers) == 2
    deadline = time.monotonic() + 60
    while any(_running(w) for w in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(_running(w) for w in workers)


def _running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False

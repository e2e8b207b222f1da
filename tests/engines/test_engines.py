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

from obelics_like.engines import Engine, Failure, engine
from obelics_like.engines.local import ATTEMPTS, LocalEngine
from obelics_like.errors import DataError, MissingPiece, OptionError, UnknownName
from tests.engines import tasks_for_tests as tasks


@pytest.fixture(params=["inline", "local"])
def any_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    power = engine(request.param, 2)
    yield power
    power.close()


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


def test_an_exception_that_can_not_travel_still_arrives(local: Engine) -> None:
    with pytest.raises(RuntimeError, match="needs two"):
        list(local.map(tasks.fail_awkwardly, [1]))


def test_killed_workers_cost_an_attempt_and_not_the_run(local: Engine, tmp_path: Path) -> None:
    items = [(str(tmp_path), n) for n in range(8)]
    assert sorted(local.map(tasks.die_once, items)) == [(item, item[1]) for item in items]
    assert len(list(tmp_path.iterdir())) == 4


def test_an_item_that_always_kills_is_given_up(local: Engine) -> None:
    results = dict(local.map(tasks.die_at_three, range(5)))
    assert results.pop(3) == Failure("its worker died: exit code 7", ATTEMPTS)
    assert results == {n: n for n in (0, 1, 2, 4)}


def test_workers_are_kept_between_calls(local: Engine) -> None:
    first = {p for _, p in local.map(tasks.pid, range(6))}
    second = {p for _, p in local.map(tasks.pid, range(6))}
    assert os.getpid() not in first | second
    assert second <= first
    assert len(first) <= 2


def test_an_unknown_engine_is_told() -> None:
    with pytest.raises(UnknownName, match="did you mean local"):
        engine("locl", 1)


def test_a_result_that_can_not_travel_is_an_error_and_no_death(local: Engine) -> None:
    with pytest.raises((AttributeError, RuntimeError), match="pickle"):
        list(local.map(tasks.unpicklable, [1]))
    assert list(local.map(tasks.double, [4])) == [(4, 8)]


def test_an_item_that_can_not_travel_is_an_error_and_costs_no_worker(local: Engine) -> None:
    with pytest.raises((AttributeError, TypeError), match="pickle"):
        list(local.map(tasks.double, [lambda: 1]))
    assert list(local.map(tasks.double, [4])) == [(4, 8)]


def test_after_an_exception_no_stale_answer_is_taken_for_a_new_one(local: Engine) -> None:
    with pytest.raises(ValueError, match="first"):
        list(local.map(tasks.fail_or_sleep, [0, 1]))
    assert sorted(local.map(tasks.double, [7, 8])) == [(7, 14), (8, 16)]


def test_what_a_worker_prints_is_not_in_the_stdout_of_the_driver(local: Engine, capfd: pytest.CaptureFixture) -> None:  # type: ignore[type-arg]
    assert list(local.map(tasks.shout, [5])) == [(5, 5)]
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "noise on stdout 5" in captured.err


@pytest.mark.parametrize(("task", "said"), [(tasks.hang, "without a sign of life"), (tasks.spin, "processor time")])
def test_a_task_that_never_ends_is_given_up_and_the_others_are_done(task: Callable[[int], int], said: str) -> None:
    power = LocalEngine(2, stall=1.0 if task is tasks.hang else 0.2)
    try:
        results = dict(power.map(task, range(5)))
    finally:
        power.close()
    failure = results.pop(3)
    assert isinstance(failure, Failure)
    assert said in failure.reason
    assert failure.attempts == ATTEMPTS
    assert results == {n: n for n in (0, 1, 2, 4)}


def test_an_interpreter_that_does_not_come_up_is_told_at_once(local: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(MissingPiece, match="exit code 1 before it was ready"):
        list(local.map(tasks.double, [1]))


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
    deadline = time.monotonic() + 60
    while len(workers) < 2 and time.monotonic() < deadline:
        workers = [int(p.stem) for p in tmp_path.glob("*.pid")]
        time.sleep(0.05)
    driver.send_signal(how)
    driver.wait(timeout=30)
    assert len(workers) == 2
    while any(_running(w) for w in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(_running(w) for w in workers)


def _running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False

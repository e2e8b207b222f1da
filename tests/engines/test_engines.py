"""The seam: the same results from every engine, and a dead worker costs one attempt at one item."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from obelics_like.engines import Engine, Failure, engine
from obelics_like.engines.local import ATTEMPTS
from obelics_like.errors import DataError, UnknownName
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

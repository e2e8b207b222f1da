"""A Ray cluster of two nodes on this machine: the same corpus, and what the loss of a node costs."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import obelics_like
from obelics_like.check import check
from obelics_like.engines import Needs, engine
from obelics_like.errors import MissingPiece
from tests import test_run
from tests.engines import tasks_for_tests as tasks

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.timeout(1800)]
ray: Any = pytest.importorskip("ray", reason="the extra `ray` is not installed")
CRAWL = test_run.CRAWL
samples = test_run.samples


class TwoNodes:
    """Two nodes with one processor each, on this machine."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        node = {"num_cpus": 1, "object_store_memory": 80 << 20}
        self.cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
        self.second = self.cluster.add_node(**node)
        self.cluster.wait_for_nodes()

    def lose_one(self) -> None:
        """Kill the node that the driver is not on, with all that runs there."""
        self.cluster.remove_node(self.second, allow_graceful=False)


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> Iterator[TwoNodes]:
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    root = str(test_run.ROOT)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([root, os.environ.get("PYTHONPATH", "")]).strip(os.pathsep))
    two = TwoNodes()
    yield two
    ray.shutdown()
    two.cluster.shutdown()


def options(two: TwoNodes) -> dict[str, Any]:
    return {"scorer": "none", "engine": "ray", "ray_address": two.cluster.address}


@pytest.fixture(scope="module")
def inline(tmp_path_factory: pytest.TempPathFactory, samples: None) -> dict[str, str]:
    out = tmp_path_factory.mktemp("inline") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("obelics_like.run.SHARD_PAGES", 3)
        obelics_like.build([str(CRAWL)], out, scorer="none", engine="inline")
    return test_run.contents(out)


def test_a_cluster_that_loses_a_node_before_the_model_stage_ends_in_the_same_bytes(
    nodes: TwoNodes, inline: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers were asked for; afterwards there is room for one, and the run must not wait for the other."""
    monkeypatch.setattr("obelics_like.run.SHARD_PAGES", 3)
    phases: list[str] = []

    def lose(phase: str, done: int, total: int) -> None:
        if phase not in phases:
            phases.append(phase)
            if phase.endswith("decode: decide"):
                nodes.lose_one()

    record = obelics_like.build([str(CRAWL)], tmp_path / "out", workers=2, progress=lose, **options(nodes))
    assert any(phase.endswith("decode: decide") for phase in phases)
    assert record["exit_code"] == 0
    assert record["engine"] == {"name": "ray", "workers": 2}
    assert test_run.contents(tmp_path / "out") == inline
    assert check(tmp_path / "out") == []


def test_a_node_lost_in_the_midst_of_its_work_costs_an_attempt(nodes: TwoNodes, tmp_path: Path) -> None:
    from obelics_like.engines.ray import RayEngine

    power = RayEngine(2, nodes.cluster.address)
    timer = threading.Timer(4.0, nodes.lose_one)
    try:
        list(power.map(tasks.double, range(4)))  # both are up
        timer.start()
        start = time.monotonic()
        assert sorted(power.map(tasks.linger, range(6))) == [(n, n) for n in range(6)]
        assert time.monotonic() - start < 300
    finally:
        timer.join()
        power.close()


def test_work_that_no_node_has_room_for_is_told_and_not_waited_for(nodes: TwoNodes) -> None:
    from obelics_like.engines.ray import RayEngine

    power = RayEngine(2, nodes.cluster.address, stall=3.0)
    try:
        with pytest.raises(MissingPiece, match=r"no worker with cpu 64, .* placed in"):
            list(power.map(tasks.double, [1], Needs(cpu=64)))
        power.stall = 120.0  # a worker that there is room for may take longer to come up than 3 s
        assert list(power.map(tasks.double, [1])) == [(1, 2)]
    finally:
        power.close()


def test_a_ray_of_its_own_ends_with_the_run(tmp_path: Path) -> None:
    power = engine("ray", 1)
    try:
        assert list(power.map(tasks.double, [1])) == [(1, 2)]
    finally:
        power.close()
    assert not ray.is_initialized()

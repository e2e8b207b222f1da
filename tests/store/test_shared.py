"""Work that lies in an object store: the same corpus from machines that share no disk, whatever is killed when."""

from __future__ import annotations

import hashlib
import itertools
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import obelics_like
from obelics_like import barrier, exchange, index, launch
from obelics_like.check import check
from obelics_like.dedup.url import SameUrl
from obelics_like.document import Blob, Place
from obelics_like.errors import DataError, UsageError
from obelics_like.recipe import load_recipe
from obelics_like.store import claim, shared
from obelics_like.store.objects import Objects
from obelics_like.tasks.job import Job
from tests import test_faults, test_index, test_run
from tests.test_index import crawl, pages, remembering
from tests.test_run import CRAWL, contents

pytestmark = [pytest.mark.moto, pytest.mark.slow, pytest.mark.timeout(1800)]
samples = test_run.samples
recipe = test_faults.recipe
WORK = "s3://corpora/work"


def run(out: str | Path, **options: Any) -> dict[str, Any]:
    options = {"scorer": "none", "engine": "inline", "work": WORK} | options
    return obelics_like.build([str(CRAWL)], out, **options)


def another_machine(out: Path) -> None:
    """Leave nothing of the work on this disk."""
    for path in (out / "work").rglob("*"):
        if path.is_file():
            path.unlink()


def made(store: Any) -> dict[str, Any]:
    """When each object of the work was put."""
    store.invalidate_cache()
    return {name: info["LastModified"] for name, info in store.find("corpora/work", detail=True).items()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, samples: None) -> Path:
    """The corpus of a run that shares nothing."""
    out = tmp_path_factory.mktemp("built") / "out"
    run(out, work=None)
    return out


def test_phase_by_phase_on_another_machine_it_is_the_same_corpus(store: Any, built: Path, tmp_path: Path) -> None:
    """At the start of each phase there is nothing on the disk: all that is read comes from the store."""
    out = tmp_path / "out"

    def move(phase: str, done: int, total: int) -> None:
        if done == 0:
            another_machine(out)

    assert run(out, progress=move)["exit_code"] == 0
    assert contents(out) == contents(built)
    assert check(out) == []
    names = [name.removeprefix("corpora/work/") for name in made(store)]
    assert any(name.startswith("index/pictures-") for name in names)
    assert any("/pack/pack-" in name for name in names)
    assert claim.CLAIM not in names


@pytest.mark.parametrize("engine", ["local", pytest.param("ray", marks=pytest.mark.ray)])
def test_workers_share_it_and_what_is_done_is_done_for_every_machine(
    store: Any, built: Path, tmp_path: Path, engine: str
) -> None:
    if engine == "ray":
        pytest.importorskip("ray", reason="the extra `ray` is not installed")
    out = tmp_path / "out"
    run(out, engine=engine, workers=2)
    assert contents(out) == contents(built)
    before = made(store)
    another_machine(out)
    planned = launch.plan([str(CRAWL)], out, scorer="none", work=WORK)
    assert all(phase["done"] == phase["tasks"] for phase in planned["phases"])
    assert not any(path.is_file() for path in (out / "work").rglob("*"))  # a plan leaves nothing behind
    assert launch.plan([str(CRAWL)], tmp_path / "new", scorer="none", work=WORK)["phases"] == planned["phases"]
    assert not (tmp_path / "new").exists()
    run(out)
    assert contents(out) == contents(built)
    assert made(store) == before
    run(out, keep_work=False)
    assert made(store) == {}
    assert not (out / "work").exists()
    assert check(out) == []


KILL = """
import os, signal, sys
import obelics_like
from obelics_like.store.objects import Objects
from obelics_like.tasks.job import Job
when, count, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
real = Objects.put
def deadly(self, path, name):
    global count
    count -= 1
    if count == 0 and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    real(self, path, name)
    if count == 0:
        os.kill(os.getpid(), signal.SIGKILL)
Objects.put = deadly
obelics_like.build([sys.argv[4]], out, scorer="none", engine="inline", work=sys.argv[5])
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_an_object_and_gone_on_with_elsewhere_it_is_the_same_corpus(
    store: Any, built: Path, tmp_path: Path, when: str
) -> None:
    """Before the object is put, or between that and the rename on the disk; the next attempt finds an empty disk."""
    out = tmp_path / "out"
    kills = 0
    for count in itertools.islice(itertools.cycle((11, 7, 13)), 30):
        done = subprocess.run([sys.executable, "-c", KILL, when, str(count), str(out), str(CRAWL), WORK], check=False)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        assert not (out / "manifest.json").exists()
        another_machine(out)
        kills += 1
    assert kills >= 4
    assert contents(out) == contents(built)
    assert check(out) == []


def test_a_second_driver_is_refused_and_the_first_goes_on(store: Any, tmp_path: Path, samples: None) -> None:
    (tmp_path / "first").mkdir()
    claim.claim(Objects(WORK, "--work"), tmp_path / "first", "--work")
    with pytest.raises(UsageError, match=r"--work s3://corpora/work: got another run is publishing to it"):
        run(tmp_path / "other", limit=1)
    assert not (tmp_path / "other" / "work").exists()
    (tmp_path / "first" / ".obelics-like.lock").touch()
    assert run(tmp_path / "first", limit=1)["exit_code"] == 0
    assert run(tmp_path / "other", limit=1)["exit_code"] == 0  # the claim is given up with the run


def test_corpus_and_work_may_both_be_elsewhere(
    store: Any, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for _ in range(2):
        run("s3://corpora/first")
        for name, sha256 in contents(built).items():
            assert hashlib.sha256(store.cat_file(f"corpora/first/{name}")).hexdigest() == sha256
        (home,) = tmp_path.glob("obelics-like-*")
        shutil.rmtree(home)  # the driver's machine is lost


def test_a_store_that_fails_stops_the_run_which_then_goes_on(
    store: Any, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = Objects.put, [7]

    def failing(self: Objects, path: Path, name: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise DataError(f"{self.address}/{name}", got="503", valid="a store", do="run the same command again")
        real(self, path, name)

    monkeypatch.setattr(Objects, "put", failing)
    with pytest.raises(DataError, match="503"):
        run(tmp_path / "out")
    assert left == [0]
    assert list(tmp_path.rglob("*.part")) == []
    run(tmp_path / "out")
    assert contents(tmp_path / "out") == contents(built)


def test_what_is_not_work_is_not_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(shared.VARIABLE, f"memory://there {tmp_path / 'work'}")
    (tmp_path / "work").mkdir()
    for path in (tmp_path / "work" / "a", tmp_path / "b"):
        path.write_text("x")
        shared.put_made(path)
        path.unlink()
        assert shared.at_hand(path).exists() == (path.name == "a")
    shared.forget()


def test_a_picture_that_another_machine_fetched_from_the_web_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"
    monkeypatch.setenv(shared.VARIABLE, f"memory://bodies {work}")
    path = work / "5-images.fetch-0" / "images.fetch" / "fetched" / "a.pack"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"??picture")
    shared.put_made(path)
    path.unlink()
    archive: Any = load_recipe("default").stages[0]
    job = Job(archive, work, frozenset({"web"}), None, False, "none", None)
    read = job.context(tmp_path).read_blob
    assert read(Blob(Place("pack", str(path), 2, 7, "https://e.org/a.jpg"), "web")) == b"picture"
    shared.forget()


def decided(tmp_path: Path, crawled: Path, out: str, **options: Any) -> Path:
    """A corpus by the recipe of `tests.test_index`, held against what earlier runs left in "seen"."""
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(test_index.RECIPE)
    stages = ("dedup.url", "dedup.text", "minhash")
    settings = {f"{stage}.index": str(tmp_path / "seen" / stage) for stage in stages}
    given = {"recipe": recipe, "settings": settings, "engine": "inline", "images": "none"} | options
    assert obelics_like.build(str(crawled), tmp_path / out, **given)["exit_code"] == 0
    return tmp_path / out


def test_what_earlier_runs_kept_is_at_hand_on_a_machine_that_has_no_index(store: Any, tmp_path: Path) -> None:
    """Each phase is another machine's, and the index itself is gone as soon as it was held."""
    decided(tmp_path, crawl(tmp_path / "1", "a", "b", "c", "d"), "one")
    second = crawl(tmp_path / "2", "a=", "b+", "e", "f", "f=", "f+")
    shutil.copytree(tmp_path / "seen", tmp_path / "before")
    alone = decided(tmp_path, second, "alone")
    phases: list[str] = []

    def move(phase: str, done: int, total: int) -> None:
        if done == 0:
            another_machine(tmp_path / "moved")
            phases.append(phase)
        if phase.endswith("minhash: decide"):
            shutil.rmtree(tmp_path / "seen", ignore_errors=True)

    shutil.rmtree(tmp_path / "seen")
    (tmp_path / "before").rename(tmp_path / "seen")
    moved = decided(tmp_path, second, "moved", work=WORK, progress=move)
    assert contents(moved) == contents(alone)
    assert sum("decide" in phase for phase in phases) == 3
    assert sum("/held-" in name and name.endswith(".arrow") for name in made(store)) == 3


def test_a_decision_that_would_fall_into_steps_is_one_machine_s(
    store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files of steps are named for no content and are not put, so that no step may look for another's elsewhere."""
    monkeypatch.setattr(barrier, "KEYED_A_TASK", 1)
    monkeypatch.setattr(exchange, "key_ranges", lambda size, most: [(0, 1 << 63), (1 << 63, 1 << 64)])
    crawled = crawl(tmp_path / "1", *(f"p{n}{sign}" for n in range(9) for sign in ("", "+", "=")[: 1 + n % 3]))
    phases: dict[str, list[str]] = {"alone": [], "moved": []}

    def seen(phase: str, done: int, total: int) -> None:
        phases["alone"] += [phase] if done == 0 else []

    def move(phase: str, done: int, total: int) -> None:
        if done == 0:
            another_machine(tmp_path / "moved")
            phases["moved"].append(phase)

    alone = decided(tmp_path, crawled, "alone", progress=seen, settings={})
    moved = decided(tmp_path, crawled, "moved", progress=move, settings={}, work=WORK)
    assert contents(moved) == contents(alone)
    assert "1 minhash: measure" in phases["alone"]
    assert [p for p in phases["moved"] if "minhash" in p] == ["1 minhash: decide"]
    assert not any("/steps-" in name for name in made(store))


def test_what_a_lost_attempt_had_held_is_not_taken_for_what_was_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine links the index and is lost; the run before ends again; another machine holds what is there now."""
    held = tmp_path / "work" / "here" / "held-x"
    monkeypatch.setenv(shared.VARIABLE, f"memory://held {tmp_path / 'work'}")
    stage = remembering(SameUrl(id="x"), tmp_path, pages(4, 1, "p"))
    with monkeypatch.context() as patch:
        patch.setattr(index, "publish_json", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            index.hold(stage, "new", held)
    held.rename(tmp_path / "lost")
    remembering(SameUrl(id="x"), tmp_path, pages(4, 1, "q"))
    index.hold(stage, "new", held)
    shutil.rmtree(held)
    (tmp_path / "lost").rename(held)
    ids = [identity for part in index.held(held) for identity in part()["id"].to_pylist()]
    assert {identity[0] for identity in ids} == {"q"}
    shared.forget()


def test_what_was_held_is_held_again_where_the_store_has_lost_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = tmp_path / "work" / "here" / "held-x"
    monkeypatch.setenv(shared.VARIABLE, f"memory://emptied {tmp_path / 'work'}")
    stage = remembering(SameUrl(id="x"), tmp_path, pages(4, 1, "p"))
    index.hold(stage, "new", held)
    store = Objects("memory://emptied", "--work")
    for name in store.sizes():
        store.remove(name)
    index.hold(stage, "new", held)
    shutil.rmtree(held)
    assert sum(part().num_rows for part in index.held(held)) == 6
    shared.forget()


def test_a_machine_with_copies_of_a_run_that_lost_a_shard_does_not_take_them_for_the_whole(
    store: Any, tmp_path: Path, recipe: Callable[..., Path]
) -> None:
    """Where a shard was given up, its files say that nothing is alive; the next run makes it whole elsewhere."""
    for folder in ("in", "count"):
        (tmp_path / folder).mkdir()
    for n in range(test_faults.PAGES):
        test_faults.write(tmp_path / "in", n)
    stages = recipe(("Moody", {"folder": str(tmp_path / "count")}), ("Things", {}))
    options: dict[str, Any] = {"recipe": stages, "work": WORK, "progress": None}
    _, ledger = test_faults.run(tmp_path / "out", tmp_path / "in", **options | test_faults.LOCAL)
    assert ledger.total("document") == 0
    work, old = tmp_path / "out" / "work", tmp_path / "old"
    shutil.copytree(work, old)

    def move(phase: str, done: int, total: int) -> None:
        if done == 0 and phase.endswith("corpus"):
            shutil.rmtree(work)
            old.rename(work)

    record, ledger = test_faults.run(tmp_path / "out", tmp_path / "in", **options | {"progress": move})
    assert not old.exists()
    assert (record["exit_code"], ledger.total("document")) == (0, test_faults.PAGES)


def test_work_taken_away_in_the_store_is_done_again_on_a_machine_that_has_copies(
    store: Any, built: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run(out)
    shutil.copytree(out / "work", tmp_path / "old")
    run(out, keep_work=False)
    assert made(store) == {}
    (tmp_path / "old").rename(out / "work")

    def move(phase: str, done: int, total: int) -> None:
        if phase != "load models" and done == total:
            another_machine(out)

    run(out, progress=move)
    assert contents(out) == contents(built)


@pytest.mark.parametrize("again", [b"new", b"newer"])
def test_a_copy_that_is_no_longer_what_the_store_has_is_fetched_in_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: bytes
) -> None:
    monkeypatch.setenv(shared.VARIABLE, f"memory://copies {tmp_path / 'work'}")
    path = tmp_path / "work" / "a"
    path.parent.mkdir()
    path.write_bytes(b"old")
    shared.put_made(path)
    shutil.copytree(path.parent, tmp_path / "other")
    time.sleep(1.1)  # the time of an object is told in seconds
    path.write_bytes(again)
    shared.put(path, path)
    shutil.rmtree(path.parent)
    (tmp_path / "other").rename(path.parent)
    shared.forget()
    assert shared.at_hand(path).read_bytes() == again
    before = path.stat().st_ino
    shared.forget()
    assert shared.at_hand(path).stat().st_ino == before  # what is the same is not fetched again
    shared.forget()

"""The main job as a whole: the law, the same bytes from every engine, resuming, and what faults cost."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import obelics_like
from obelics_like import launch
from obelics_like.align.gate import Gate
from obelics_like.check import check
from obelics_like.document import Image
from obelics_like.errors import DataError, InputError, OptionError, UnknownName, UsageError
from obelics_like.ledger import Ledger
from obelics_like.record import switched_off
from obelics_like.sources.archive import Record, scan
from obelics_like.sources.inputs import Input
from obelics_like.store.folder import Output
from obelics_like.tasks import scanning
from tests.sources.test_passed import crawl

ROOT = Path(__file__).resolve().parent.parent
CRAWL = ROOT / "samples" / "crawl"
BROKEN = ROOT / "samples" / "broken"


@pytest.fixture(scope="session", autouse=True)
def samples() -> None:
    if not CRAWL.is_dir() or not BROKEN.is_dir():
        subprocess.run([sys.executable, str(ROOT / "samples" / "make.py")], check=True, stdout=subprocess.DEVNULL)


def run(out: Path, *inputs: Path, **options: Any) -> dict[str, Any]:
    options = {"scorer": "none", "engine": "inline"} | options
    return obelics_like.build([str(i) for i in inputs or (CRAWL,)], out, **options)


def contents(out: Path) -> dict[str, str]:
    """Each published file with its digest."""
    manifest = json.loads((out / "manifest.json").read_text())
    names = [f"{section}/{line['name']}" for section, lines in manifest.items() for line in lines]
    return {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in names}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("built") / "out"
    assert run(out)["exit_code"] == 0
    return out


def test_the_law_holds_and_check_counts_the_same_again(built: Path) -> None:
    ledger = Output(built).ledger
    assert ledger.came["page"] >= 30
    assert ledger.total("document") >= 12
    assert ledger.breaches() == []
    assert check(built) == []


def test_pages_in_many_languages_come_out_with_text_and_pictures_in_order(built: Path) -> None:
    documents = list(obelics_like.read_corpus(built))
    assert len({d.language.code for d in documents if d.language}) >= 8
    for document in documents:
        positions = [n.pos for n in document.nodes]
        assert positions == sorted(set(positions))
        assert any(isinstance(n, Image) for n in document.nodes)
        assert document.facts["tokens"]["o200k_base"] > 0
    pictures = [n for d in documents for n in d.nodes if isinstance(n, Image) and n.blob]
    assert len(pictures) >= 20
    for picture in pictures:
        assert picture.blob is not None
        assert hashlib.sha256(Output(built).picture(picture.blob)).hexdigest() == picture.blob.sha256


def test_the_same_record_met_twice_is_dropped_once(built: Path) -> None:
    assert Output(built).ledger.drops["sources", "same_record", "record", ""] == 1


def test_of_a_page_that_is_damaged_in_one_archive_the_copy_in_another_is_read(tmp_path: Path) -> None:
    """Also where the scan passed it over; and `check`, which scans again, counts the same."""
    whole = crawl(6)
    (tmp_path / "whole.warc.gz").write_bytes(whole.bytes())
    for name, number in (("first", 4), ("second", 4)):
        copy = replace(whole, parts=list(whole.parts)).damage(number, 0.8)
        (tmp_path / f"{name}.warc.gz").write_bytes(copy.bytes())
    names = ("first.warc.gz", "second.warc.gz", "whole.warc.gz")
    record = run(tmp_path / "out", *(tmp_path / name for name in names))
    ledger = Output(tmp_path / "out").ledger
    assert ledger.came["page"] == 6
    assert ledger.drops["sources", "unreadable", "record", ""] == 2
    assert ledger.drops["sources", "same_record", "record", ""] == 2 * (5 + 1)
    assert ledger.breaches() == check(tmp_path / "out") == []
    assert [i["unread"] for i in record["inputs"]] == [1, 1, 0]


RAY = pytest.param("ray", 2, marks=[pytest.mark.ray, pytest.mark.slow, pytest.mark.timeout(1800)])


@pytest.mark.parametrize(("engine", "workers"), [("local", 1), ("local", 2), RAY])
def test_every_engine_gives_the_same_bytes(built: Path, tmp_path: Path, engine: str, workers: int) -> None:
    """The corpus, the packs of pictures with their index, and what was dropped: `built` is the engine inline's."""
    if engine == "ray":
        pytest.importorskip("ray", reason="the extra `ray` is not installed")
    record = run(tmp_path / "out", engine=engine, workers=workers)
    assert record["engine"] == {"name": engine, "workers": workers}
    whole = contents(built)
    assert {name.partition("-")[0] for name in whole} >= {"corpus/part", "images/pack", "dropped/nodes"}
    assert contents(tmp_path / "out") == whole


def test_the_largest_input_is_scanned_first(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from obelics_like.run import scan_input

    sizes: list[int] = []

    def seen(item: Any) -> dict[str, Any]:
        sizes.append(item[1].size)
        return scan_input(item)

    monkeypatch.setattr("obelics_like.run.scan_input", seen)
    given = sorted(CRAWL.glob("*.warc.gz"), key=lambda path: path.stat().st_size)
    record = run(tmp_path / "out", *given)
    assert sizes == sorted(sizes, reverse=True)
    assert [i["path"] for i in record["inputs"]] == [str(path) for path in given]


def test_what_was_out_of_reach_is_whole_in_the_next_run_with_its_pictures(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host of the first archive goes away in its midst; what it holds is no other thing the next time."""

    def broken(source: Input, options: Any) -> Iterator[Record]:
        for number, record in enumerate(scan(source, options)):
            if number == 20:
                yield Record(record.offset, None, rule="unreachable", reason="503")
                return
            yield record

    with monkeypatch.context() as patch:
        patch.setattr(scanning, "scan", broken)
        assert run(tmp_path / "out", keep_work=False)["exit_code"] == 1
    assert any((tmp_path / "out" / "work").iterdir())  # kept for the next run, which goes on with it
    assert run(tmp_path / "out")["exit_code"] == 0
    assert contents(tmp_path / "out") == contents(built)


def test_small_shards_change_nothing_but_the_order_of_the_work(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("obelics_like.run.SHARD_PAGES", 3)
    run(tmp_path / "out")
    assert contents(tmp_path / "out")["corpus/part-00000.parquet"] == contents(built)["corpus/part-00000.parquet"]
    assert check(tmp_path / "out") == []


def test_run_again_it_resumes_and_changes_nothing(built: Path) -> None:
    before = contents(built)
    manifests = {p: p.stat().st_mtime_ns for p in (built / "work").rglob("*.json")}
    run(built)
    assert contents(built) == before
    assert {p: p.stat().st_mtime_ns for p in (built / "work").rglob("*.json")} == manifests


def test_another_option_runs_only_what_follows_it(built: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(built, out)
    before = {p.name for p in (out / "work").iterdir()}
    run(out, settings={"images.count.max_images": "2"})
    new = {p.name for p in (out / "work").iterdir()} - before
    assert new
    assert not any(name.startswith("1-") for name in new)
    assert check(out) == []
    assert len(list(obelics_like.read_corpus(out))) < len(list(obelics_like.read_corpus(built)))


KILL = """
import os, signal, sys
import obelics_like
from obelics_like import run as run_module
from obelics_like.store import files
point, count, out, crawl = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
real = os.replace if point == "replace" else os.fsync
def deadly(*args):
    global count
    count -= 1
    if count == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args)
setattr(os, point, deadly)
obelics_like.build([crawl], out, scorer="none", engine="inline")
"""


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("point", "counts"), [("replace", (4, 3, 5)), ("fsync", (9, 8, 11))])
def test_a_run_killed_between_write_and_publish_ends_in_the_same_bytes(
    built: Path, tmp_path: Path, point: str, counts: tuple[int, ...]
) -> None:
    """Each attempt dies at its third to eleventh publishing call: over the attempts nearly every call is met."""
    out = tmp_path / "out"
    kills = 0
    for count in itertools.islice(itertools.cycle(counts), 60):
        done = subprocess.run([sys.executable, "-c", KILL, point, str(count), str(out), str(CRAWL)], check=False)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        kills += 1
    assert kills >= 5
    run(out)
    assert contents(out) == contents(built)
    assert check(out) == []


def workers_of(driver: int) -> list[int]:
    """The worker processes of a driver that live, its oldest one first."""
    try:
        children = Path(f"/proc/{driver}/task/{driver}/children").read_text().split()
        commands = [(int(n), Path(f"/proc/{n}/cmdline").read_bytes()) for n in children]
    except OSError:  # one ended while we looked
        return []
    return [number for number, command in commands if b"obelics_like.engines.worker" in command]


def test_a_killed_worker_costs_an_attempt_and_not_the_run(built: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "obelics_like.cli", "build", str(CRAWL), "--out", str(out), "--scorer", "none"]
    driver = subprocess.Popen([*command, "--workers", "2", "--json"], stdout=subprocess.DEVNULL, start_new_session=True)
    killed: set[int] = set()
    deadline = time.monotonic() + 240
    while driver.poll() is None and time.monotonic() < deadline:
        workers = [worker for worker in workers_of(driver.pid) if worker not in killed]
        if workers and len(killed) < 2:
            with contextlib.suppress(ProcessLookupError):
                os.kill(workers[0], signal.SIGKILL)
                killed.add(workers[0])
        time.sleep(0.2)
    assert driver.wait(timeout=120) == 0
    assert len(killed) == 2
    assert contents(out) == contents(built)


def test_a_page_that_kills_every_worker_costs_itself_and_is_accounted_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("obelics_like.run.SHARD_PAGES", 8)
    recipe = tmp_path / "deadly.toml"
    recipe.write_text(
        '[recipe]\nextends = "default"\n'
        '[[stage]]\nuse = "tests.deadly"\nid = "deadly"\nafter = "extract"\nword = "whiskers"\n'
    )
    from obelics_like import registry

    monkeypatch.setitem(registry.STAGES, "tests.deadly", "tests.deadly:Deadly")
    record = run(tmp_path / "out", recipe=recipe, engine="local", workers=2)
    assert record["exit_code"] == 1
    assert record["failures"]
    ledger = Ledger.from_value(record["ledger"])
    assert ledger.breaches() == []
    lost = {rule: n for (stage, rule, kind, _), n in ledger.drops.items() if (stage, kind) == ("run", "page")}
    assert lost == {"kills_workers": len(record["failures"])}
    assert ledger.total("document") >= 5
    assert check(tmp_path / "out") == []


def test_a_page_that_fails_costs_only_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from obelics_like import registry

    recipe = tmp_path / "failing.toml"
    recipe.write_text(
        '[recipe]\nextends = "default"\n'
        '[[stage]]\nuse = "tests.failing"\nid = "failing"\nafter = "extract"\nword = "whiskers"\n'
    )
    monkeypatch.setitem(registry.STAGES, "tests.failing", "tests.deadly:Failing")
    record = run(tmp_path / "out", recipe=recipe)
    ledger = Ledger.from_value(record["ledger"])
    assert record["exit_code"] == 0
    failed = {key: n for key, n in ledger.drops.items() if key[1] == "failed"}
    assert sum(failed.values()) >= 1
    assert {key[0] for key in failed} == {"failing"}
    assert check(tmp_path / "out") == []


def test_broken_archives_cost_their_records_and_the_exit_code_says_so(tmp_path: Path) -> None:
    record = run(tmp_path / "out", BROKEN)
    assert record["exit_code"] == 1
    ledger = Ledger.from_value(record["ledger"])
    assert ledger.breaches() == []
    assert check(tmp_path / "out") == []
    quarantine = list(Output(tmp_path / "out").dropped("records"))
    assert {"truncated", "unreadable"} <= {row["rule"] for row in quarantine}
    assert all(row["input"] and row["reason"] for row in quarantine)


def test_the_limit_is_the_first_pages_whatever_the_workers(tmp_path: Path) -> None:
    found = []
    for n, options in enumerate([{"engine": "inline"}, {"engine": "local", "workers": 2}]):
        record = run(tmp_path / str(n), limit=7, **options)
        ledger = Ledger.from_value(record["ledger"])
        assert ledger.came["page"] == 7
        assert ledger.breaches() == []
        assert check(tmp_path / str(n)) == []
        found.append(contents(tmp_path / str(n)))
    assert found[0] == found[1]


def test_without_pictures_every_placement_stays_a_url(tmp_path: Path) -> None:
    run(tmp_path / "out", images="none")
    ledger = Output(tmp_path / "out").ledger
    assert ledger.total("image") == ledger.total("unresolved") > 0
    assert Output(tmp_path / "out").files("images") == []
    assert check(tmp_path / "out") == []


def test_require_pixels_drops_what_was_not_fetched(tmp_path: Path) -> None:
    run(tmp_path / "out", settings={"images.count.require_pixels": "true"})
    ledger = Output(tmp_path / "out").ledger
    assert ledger.total("unresolved") == 0
    assert sum(n for (_, rule, kind, _), n in ledger.drops.items() if (rule, kind) == ("not_fetched", "image")) > 0


@pytest.mark.parametrize("keep", ["none", "reasons", "sample:0.5", "all"])
def test_what_is_kept_of_the_dropped(built: Path, tmp_path: Path, keep: str) -> None:
    run(tmp_path / "out", keep_dropped=keep)
    output = Output(tmp_path / "out")
    assert output.run["ledger"] == Output(built).run["ledger"]
    assert check(tmp_path / "out") == []
    pages = list(output.dropped("pages"))
    held = [p for p in pages if p["content"] is not None]
    assert bool(pages) == (keep != "none")
    assert (len(held) == len(pages)) if keep in ("all", "none") else (bool(held) == (keep != "reasons"))


def test_check_notices_what_was_touched(built: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(built, out)
    (out / "corpus" / "stray.parquet").write_bytes(b"x")
    assert any("stray" in b for b in check(out))
    (out / "corpus" / "stray.parquet").unlink()
    pack = next((out / "images").glob("pack-*.tar"))
    data = bytearray(pack.read_bytes())
    data[2000] ^= 1
    pack.unlink()  # it is a link to the same file in work/, and in the copied folder it is not
    pack.write_bytes(data)
    assert any(pack.name in b for b in check(out))


def test_check_notices_a_ledger_that_lies(built: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(built, out)
    run_json = json.loads((out / "run.json").read_text())
    run_json["ledger"]["came"]["page"] += 1
    (out / "run.json").write_text(json.dumps(run_json))
    assert any("law" in b for b in check(out))


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"recipe": "obelix"}, UnknownName, "did you mean obelics"),
        ({"images": "wark"}, UnknownName, "did you mean warc"),
        ({"keep_dropped": "sample:2"}, OptionError, r"sample:P"),
        ({"keep_dropped": "al"}, UnknownName, "did you mean all"),
        ({"limit": 0}, OptionError, "limit"),
        ({"scorer": "label-brige"}, UsageError, "did you mean label-bridge"),
        ({"settings": {"minhash.treshold": "1"}}, UnknownName, "did you mean threshold"),
        ({"images": "warc,web"}, OptionError, r"images\.fetch\.contact"),
    ],
)
def test_wrong_use_is_told_before_the_first_record(
    tmp_path: Path, options: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        run(tmp_path / "out", **options)
    assert not (tmp_path / "out" / "work" / "index").exists()


def test_outputs_that_can_not_be_written(built: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match=r"file: got (File exists|Not a directory)"):
        run(tmp_path / "file")
    with pytest.raises(UsageError, match="Not a directory"):
        run(tmp_path / "file" / "out")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with pytest.raises(UsageError, match=r"thesis\.txt"):
        run(tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "precious"
    for name in ("work", "images"):  # names of ours do not make a folder ours: what a run does not name is swept out
        (tmp_path / "project" / name).mkdir(parents=True)
    (tmp_path / "project" / "images" / "holiday.jpg").write_text("precious")
    with pytest.raises(UsageError, match="holds other things"):
        run(tmp_path / "project")
    assert (tmp_path / "project" / "images" / "holiday.jpg").read_text() == "precious"
    assert sorted(p.name for p in (tmp_path / "project").iterdir()) == ["images", "work"]
    with launch.locked(built), pytest.raises(UsageError, match="another run"):
        run(built)


@pytest.mark.parametrize(
    ("made_for", "scorer", "off"),
    [
        ("open_clip:ViT-L-14", "open_clip:ViT-L-14/openai", False),
        ("open_clip:ViT-L-14/openai", "open_clip:ViT-L-14/openai", False),
        ("open_clip:ViT-L-14/openai", "label-bridge", True),
        ("open_clip:ViT-L-14/openai", None, True),
        (None, "label-bridge", False),
    ],
)
def test_limits_of_another_scorer_are_a_recorded_deviation(made_for: str | None, scorer: str | None, off: bool) -> None:
    recorded = switched_off(Gate(id="align.gate", made_for=made_for, min_similarity=0.15), scorer)
    assert (recorded is not None) is off
    if recorded:
        assert recorded["ours"].startswith("off: ")
        assert str(made_for) in recorded["paper"]


def test_inputs_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.warc.gz").write_text("hello")
    for given in (tmp_path / "empty", tmp_path / "text.warc.gz", tmp_path / "missing.warc.gz"):
        with pytest.raises(InputError) as caught:
            run(tmp_path / "out", given)
        assert caught.value.got
        assert caught.value.valid
        assert caught.value.do
    assert not (tmp_path / "out").exists()


def test_a_write_that_fails_half_way_stops_the_run_and_loses_nothing(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync
    calls = 0

    def failing(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 12:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(DataError, match="No space left on device"):
        run(tmp_path / "out")
    monkeypatch.undo()
    run(tmp_path / "out")
    assert contents(tmp_path / "out") == contents(built)


@pytest.mark.parametrize("at", [1, 3, 4, 8])
def test_an_input_that_vanishes_stops_the_run_and_loses_nothing(built: Path, tmp_path: Path, at: int) -> None:
    """While shards are read, while pictures are decoded, while they are packed; put back, the corpus is the same."""
    crawl, out = tmp_path / "crawl", tmp_path / "out"
    shutil.copytree(CRAWL, crawl)
    whole = tmp_path / "whole"
    run(whole, crawl)
    phases: list[str] = []
    files = [p for p in sorted(crawl.iterdir()) if p.is_file()]

    def vanish(phase: str, done: int, total: int) -> None:
        if phase not in phases and phase not in ("scan", "load models"):
            phases.append(phase)
            if len(phases) == at:
                for path in files:
                    path.rename(tmp_path / path.name)

    with pytest.raises(DataError, match="run the same command again"):
        run(out, crawl, progress=vanish)
    assert not (out / "manifest.json").exists()
    for path in files:
        (tmp_path / path.name).rename(path)
    run(out, crawl)
    assert contents(out) == contents(whole)
    assert check(out) == []


FIRST = """
import sys
import obelics_like
def progress(phase, done, total):
    if not held:
        held.append(phase)
        print("held", flush=True)
        sys.stdin.read()
held = []
obelics_like.build([sys.argv[2]], sys.argv[1], scorer="none", engine="inline", progress=progress)
"""


def test_of_two_drivers_on_one_folder_the_second_refuses(built: Path, tmp_path: Path) -> None:
    """The first waits in its midst until the second has ended, which may be long after the first would have."""
    out = tmp_path / "out"
    with subprocess.Popen(
        [sys.executable, "-c", FIRST, str(out), str(CRAWL)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(UsageError, match="another run is writing to it"):
            run(out)
        first.communicate()
    assert first.returncode == 0
    assert contents(out) == contents(built)


OTHER_TYPES: list[tuple[str, object]] = [
    *[("workers", "2"), ("workers", True), ("limit", 2.5), ("images", ["warc"]), ("scorer", 5), ("keep_dropped", None)],
    *[("sample", "0.1"), ("recipe", None), ("settings", ["a.b=1"]), ("settings", {1: 2}), ("engine", None)],
    *[("offline", "no"), ("inputs", None), ("inputs", b"x"), ("out", None), ("work", 5), ("cc_base", 5)],
]


@pytest.mark.parametrize(("name", "value"), OTHER_TYPES)
def test_an_argument_of_another_type_is_told_by_its_name(tmp_path: Path, name: str, value: object) -> None:
    given: dict[str, Any] = {"inputs": [CRAWL], "out": tmp_path / "out", name: value}
    with pytest.raises(UsageError, match=rf"{name}\b.*: got .*; valid: .*; correct"):
        obelics_like.build(given.pop("inputs"), given.pop("out"), **given)
    assert not (tmp_path / "out").exists()


# --- what would be done -------------------------------------------------------------------------------------------


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(p): (s.st_mtime_ns, s.st_size) for p in sorted(folder.rglob("*")) for s in [p.stat()]}


def plan(out: Path, **options: Any) -> dict[str, dict[str, Any]]:
    """The phases of a plan, by name; nothing may have been written."""
    before = listing(out.parent)
    planned = launch.plan([str(CRAWL)], out, scorer="none", **options)
    assert listing(out.parent) == before
    return {phase["name"]: phase for phase in planned["phases"]}


def test_a_plan_of_a_new_run_names_its_phases_and_all_of_it_is_to_do(tmp_path: Path) -> None:
    phases = plan(tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert phases["scan"]["tasks"] >= 2
    assert len(phases) >= 6
    assert {p["tasks"] for name, p in phases.items() if name != "scan"} == {None}
    assert {p["done"] for p in phases.values()} == {0}
    assert [s for p in phases.values() for s in p["stages"]].count("minhash") == 1


def test_a_plan_counts_what_the_run_then_does(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    shutil.copytree(built, out)
    ran = json.loads((out / "run.json").read_text())["phases"]
    phases = plan(out)
    assert {p["name"]: p["tasks"] for p in ran if p["name"] != "load models"} == {
        n: p["tasks"] for n, p in phases.items()
    }
    assert all(p["done"] == p["tasks"] for p in phases.values())
    changed = plan(out, settings={"images.count.max_images": "2"})
    new = [name for name, p in changed.items() if p["done"] != p["tasks"]]
    assert new
    assert list(changed)[-len(new) :] == new  # what comes before the change is used again, and nothing behind it
    assert {"scan", "1 " + next(n for n in changed if n.startswith("1 "))[2:]} <= set(changed) - set(new)


@pytest.mark.parametrize("lost", ["pictures-*", "*-thorough.json"])
def test_a_plan_of_a_run_that_ended_while_it_scanned(tmp_path: Path, lost: str) -> None:
    """Before the index of the pictures was written, or while pages that are met again were inflated."""
    (tmp_path / "whole.warc.gz").write_bytes(crawl(6).bytes())
    (tmp_path / "damaged.warc.gz").write_bytes(crawl(6).damage(4, 0.8).bytes())
    inputs = [str(tmp_path / "damaged.warc.gz"), str(tmp_path / "whole.warc.gz")]
    out = tmp_path / "out"
    run(out, *map(Path, inputs))
    for path in (out / "work").iterdir():
        if path.name != "index":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    [path.unlink() for path in (out / "work" / "index").glob(lost)]
    phases = launch.plan(inputs, out, scorer="none")["phases"]
    done = {phase["name"]: (phase["tasks"], phase["done"]) for phase in phases}
    assert done.pop("scan") == (2, 2)
    assert done.pop("scan again") == (1, 0 if "thorough" in lost else 1)
    assert len(done) >= 6
    assert {count for _, count in done.values()} == {0}
    assert done["1 dedup.url"][0] == (None if "thorough" in lost else 1)


def test_a_plan_refuses_what_the_run_would(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("precious")
    with pytest.raises(UsageError, match=r"thesis\.txt"):
        plan(tmp_path / "out")
    with pytest.raises(InputError):
        launch.plan([str(tmp_path / "none.warc")], tmp_path / "new")


def test_the_plan_on_the_command_line(built: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "obelics_like.cli", "build", str(CRAWL), "--out", str(built), "--scorer", "none"]
    said = subprocess.run([*command, "--dry-run"], check=True, capture_output=True, text=True).stdout.splitlines()
    assert said[0].startswith("recipe default; ")
    assert said[1].split() == ["phase", "tasks", "done", "to", "do", "stages"]
    as_json = subprocess.run([*command, "--dry-run", "--json"], check=True, capture_output=True, text=True).stdout
    assert len(json.loads(as_json)["phases"]) == len(said) - 2


@pytest.mark.parametrize("most", [1, 7, 1000])
def test_what_was_met_before_is_found_in_parts_as_at_once(most: int) -> None:
    dice = np.random.default_rng(3)
    values = dice.choice(dice.integers(0, 2**64, 300, dtype=np.uint64), 900)
    arrays = [values[:0], values[:400], values[400:401], values[401:]]
    seen: set[int] = set()
    expected = [(v in seen, seen.add(v))[0] for v in values.tolist()]  # type: ignore[func-returns-value]
    assert scanning.met_before(arrays, most).tolist() == expected

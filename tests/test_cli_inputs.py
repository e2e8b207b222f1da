"""Runs on inputs that are elsewhere, as a user meets them: the same corpus, few bytes, and no loss that goes untold."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from obelics_like import launch
from obelics_like.cli import main
from obelics_like.engines.inline import InlineEngine
from obelics_like.sources import remote
from tests.sources.hosts import Host
from tests.sources.mirror import CRAWL, Mirror

GIVEN = f"cc:{CRAWL}"
QUICK = ("--scorer", "none", "--workers", "2")
FOUR_PARTS = re.compile(r"obelics-like: .+?: got .+?; valid: .+; .+", re.DOTALL)


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs the work in this process, with little patience."""
    monkeypatch.setattr(launch, "make_engine", lambda *_: InlineEngine())
    monkeypatch.setenv("OBELICS_LIKE_PATIENCE_SECONDS", "0.3")
    remote._down.cache_clear()


def call(*args: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in args], prog_name="obelics-like")


def build(out: Path, base: str, *args: object, given: object = GIVEN) -> tuple[Result, dict[str, Any]]:
    result = call("build", given, "--out", out, "--cc-base", base, *QUICK, *args)
    run = out / "run.json"
    return result, json.loads(run.read_text()) if run.exists() else {}


def contents(out: Path) -> dict[str, str]:
    """Each published file with its digest."""
    manifest = json.loads((out / "manifest.json").read_text())
    names = [f"{section}/{line['name']}" for section, lines in manifest.items() for line in lines]
    assert names
    return {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in names}


@pytest.fixture(scope="module")
def local(copy: Mirror, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run makes of the crawl in a folder."""
    out = tmp_path_factory.mktemp("local") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launch, "make_engine", lambda *_: InlineEngine())
        result, run = build(out, str(copy.root))
    assert result.exit_code == 0, result.stderr
    assert run["ledger"]["came"]["page"] > 100
    return out


def test_a_crawl_from_elsewhere_is_the_same_corpus_and_comes_once(
    host: Host, copy: Mirror, local: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run = launch.build(GIVEN, out, cc_base=host.url(""), scorer="none", workers=2)
    assert run["exit_code"] == 0
    assert contents(out) == contents(local)
    sizes = {name: (copy.root / name).stat().st_size for name in copy.archives}
    assert {i["name"]: i["size"] for i in run["inputs"]} == sizes
    assert all(i["sha256"] for i in run["inputs"])
    assert {name: host.sent()[name] for name in copy.archives} == sizes
    assert not (out / "work" / "spool").exists()
    assert call("check", out).exit_code == 0
    host.asked.clear()
    again = launch.build(GIVEN, out, cc_base=host.url(""), scorer="none", workers=2)
    assert again["exit_code"] == 0
    assert not any(name in host.sent() for name in copy.archives)


def test_worker_processes_make_the_same_corpus(
    host: Host, local: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OBELICS_LIKE_PATIENCE_SECONDS", "20")
    host.cut, host.busy = 300_000, 3
    command = [sys.executable, "-m", "obelics_like.cli", "build", GIVEN, "--out", tmp_path / "out"]
    done = subprocess.run(
        [*map(str, command), "--cc-base", host.url(""), *QUICK, "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "out") == contents(local)


def test_without_room_for_copies_it_is_the_same_corpus(
    host: Host, local: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OBELICS_LIKE_SPOOL_GB", "0")
    host.cut = 100_000
    result, _ = build(tmp_path / "out", host.url(""))
    assert result.exit_code == 0, result.stderr
    assert contents(tmp_path / "out") == contents(local)


def test_a_host_without_ranges_is_the_same_corpus(host: Host, local: Path, tmp_path: Path) -> None:
    host.ranges = False
    result, _ = build(tmp_path / "out", host.url(""))
    assert result.exit_code == 0, result.stderr
    assert contents(tmp_path / "out") == contents(local)


def test_a_limit_opens_no_archive_that_can_be_spared(host: Host, copy: Mirror, tmp_path: Path) -> None:
    result, run = build(tmp_path / "a", host.url(""), "--limit", 5)
    assert result.exit_code == 0, result.stderr
    assert run["ledger"]["came"]["page"] == 5
    assert [i["name"] for i in run["inputs"]] == copy.archives[:1]
    assert run["not_reached"] == 5
    assert run["inputs"][0]["stopped_at"] > 0
    assert {path for path in host.sent() if path in copy.archives} == {copy.archives[0]}
    # pages lie in the archives' order, whatever is read at once
    pages = run["inputs"][0]["pages"]
    first = len({r["url"] for r in copy.rows if r["warc_filename"] == copy.archives[0]})
    assert pages == 5 < first
    [folder, web] = [build(tmp_path / n, b, "--limit", 60)[1] for n, b in (("b", str(copy.root)), ("c", host.url("")))]
    assert contents(tmp_path / "b") == contents(tmp_path / "c")
    assert len(folder["inputs"]) == len(web["inputs"]) < 6


def test_a_limit_on_a_list_of_this_machine_opens_no_archive_that_can_be_spared(copy: Mirror, tmp_path: Path) -> None:
    opened = []
    real = launch.execute

    def watched(state: Any, *args: Any) -> Any:
        task = state.engine.map

        def map_(work: Any, items: Any, *more: Any) -> Any:
            opened.extend(item[1].name for item in items if work.__name__ == "scan_input")
            return task(work, items, *more)

        state.engine.map = map_
        state.engine.workers = 4
        return real(state, *args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launch, "execute", watched)
        _, run = build(tmp_path / "out", str(copy.root), "--limit", 3)
    assert opened == copy.archives[:1] == [i["name"] for i in run["inputs"]]


def test_the_records_of_an_index_are_the_input(host: Host, copy: Mirror, tmp_path: Path) -> None:
    where = "url_host_registered_domain = 'site1.example'"
    result, run = build(tmp_path / "out", host.url(""), "--cc-index", where)
    wanted = [r for r in copy.rows if r["url_host_registered_domain"] == "site1.example"]
    assert result.exit_code == 0, result.stderr
    assert run["ledger"]["came"]["record"] == run["ledger"]["came"]["page"] == len(wanted) == 20
    assert sum(i["size"] for i in run["inputs"]) == sum(r["warc_record_length"] for r in wanted)
    assert len(run["inputs"]) == len({r["warc_filename"] for r in wanted}) == 4
    assert call("check", tmp_path / "out").exit_code == 0
    folder, run_too = build(tmp_path / "folder", str(copy.root), "--cc-index", where)
    assert folder.exit_code == 0
    assert call("check", tmp_path / "folder").stdout == "all is accounted for\n"
    assert contents(tmp_path / "folder") == contents(tmp_path / "out")
    assert run_too["ledger"] == run["ledger"]
    few, run_few = build(tmp_path / "few", host.url(""), "--cc-index", where, "--limit", 3)
    assert few.exit_code == 0
    assert (run_few["ledger"]["came"]["page"], len(run_few["inputs"])) == (3, 1)


@pytest.mark.parametrize("status", [404, 503])
def test_an_archive_that_can_not_be_had_is_counted_and_tried_again(
    host: Host, copy: Mirror, local: Path, tmp_path: Path, status: int
) -> None:
    host.status[copy.archives[3]] = status
    result, run = build(tmp_path / "out", host.url(""))
    assert result.exit_code == 1
    assert f"{copy.archives[3]}: 1 record could not be read whole" in result.stderr
    assert ["sources", "unreachable", "record", "", 1] in run["ledger"]["drops"]
    assert not run["breaches"]
    whole = json.loads((local / "run.json").read_text())
    assert run["ledger"]["came"]["page"] == whole["ledger"]["came"]["page"] - 25
    host.status.clear()
    remote._down.cache_clear()
    again, _ = build(tmp_path / "out", host.url(""))
    assert again.exit_code == 0, again.stderr
    assert contents(tmp_path / "out") == contents(local)


def test_pages_that_can_not_be_had_are_counted_and_tried_again(
    host: Host, copy: Mirror, local: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host goes away between the scan and the reading of the pages."""
    monkeypatch.setenv("OBELICS_LIKE_SPOOL_GB", "0")
    real = launch.execute

    def watched(state: Any, *args: Any) -> Any:
        task = state.engine.map

        def map_(work: Any, items: Any, *more: Any) -> Any:
            if work.__name__ == "map_shards":
                host.busy = 10**6
            return task(work, items, *more)

        state.engine.map = map_
        return real(state, *args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launch, "execute", watched)
        result, run = build(tmp_path / "out", host.url(""))
    assert result.exit_code == 1
    assert any(rule == "unreachable" for _, rule, _, _, _ in run["ledger"]["drops"])
    assert not run["breaches"]
    host.busy = 0
    remote._down.cache_clear()
    again, _ = build(tmp_path / "out", host.url(""))
    assert again.exit_code == 0, again.stderr
    assert contents(tmp_path / "out") == contents(local)


def test_a_file_that_changes_is_read_again(host: Host, copy: Mirror, tmp_path: Path) -> None:
    url = host.url(copy.archives[2])
    _, run = build(tmp_path / "out", "", given=url)
    assert run["ledger"]["came"]["page"] == 25
    host.files[copy.archives[2]] = host.files[copy.archives[3]] + host.files[copy.archives[2]]
    _, run = build(tmp_path / "out", "", given=url)
    assert run["ledger"]["came"]["page"] == 50


def test_explain_cuts_a_page_out_of_an_archive_elsewhere(host: Host, copy: Mirror, tmp_path: Path) -> None:
    build(tmp_path / "out", host.url(""), "--limit", 3, given=host.url(copy.archives[2]))
    found = call("explain", tmp_path / "out", "http://site0.example/2/0", "--json")
    assert found.exit_code == 0
    assert json.loads(found.stdout)["found"][0]["reread"] is True


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["cc:CC-MAIN-202-22"], "look the crawl's name up"),
        (["cc:2024-22"], "did you mean cc:CC-MAIN-2024-22?"),
        (["cc:CC-MAIN-2024-23"], "did you mean cc:CC-MAIN-2024-22 or cc:CC-MAIN-2024-26?"),
        ([GIVEN, "--sample", "2"], "--sample"),
        ([GIVEN, "--sample", "much"], "--sample"),
        ([GIVEN, "--seed", "x"], "--seed"),
        ([GIVEN, "--cc-index", "url ="], "an end where more should follow"),
        ([GIVEN, "--cc-index", "url_host = 'x'"], "did you mean url_host"),
        ([GIVEN, "--cc-index", "url = 'nowhere'"], "no record of CC-MAIN-2024-22"),
        (["samples", "--sample", "0.5"], "cc:CC-MAIN-2024-22"),
        ([GIVEN, "--offline"], "--offline"),
        (["htps://a.example/x.warc.gz"], "did you mean http"),
    ],
)
def test_wrong_use_is_told_in_four_parts(host: Host, tmp_path: Path, args: list[str], said: str) -> None:
    result = call("build", *args, "--out", tmp_path / "out", "--cc-base", host.url(""), *QUICK)
    assert result.exit_code == 2, result.stderr
    assert FOUR_PARTS.match(result.stderr), result.stderr
    assert said in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_host_that_is_away_is_not_wrong_use(host: Host, tmp_path: Path) -> None:
    host.busy = 10**6
    result = call("build", GIVEN, "--out", tmp_path / "out", "--cc-base", host.url(""), *QUICK)
    assert result.exit_code == 1
    assert FOUR_PARTS.match(result.stderr), result.stderr
    assert "again later" in result.stderr


def test_the_base_may_stand_in_the_environment(copy: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBELICS_LIKE_CC_BASE", str(copy.root))
    record = launch.build(GIVEN, tmp_path / "out", scorer="none", sample=0.2, seed=4, limit=2, workers=1)
    assert record["exit_code"] == 0
    assert record["inputs"][0]["name"] in copy.archives

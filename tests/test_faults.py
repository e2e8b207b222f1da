"""What a fault costs, and that it is told: the law, the count and the next run, whatever goes wrong and where."""

from __future__ import annotations

import errno
import itertools
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import obelics_like
from obelics_like import registry
from obelics_like.check import check
from obelics_like.errors import DataError, InputError, MissingPiece, OptionError, StageError, UsageError, WorkerError
from obelics_like.launch import clean
from obelics_like.ledger import Ledger
from obelics_like.recipe import load_recipe
from obelics_like.run import locked
from obelics_like.store.files import read_json
from obelics_like.store.folder import Output

PAGES = 24
WORD = "quicksilver"
TEXT = "The harbour wakes early, and the boats bring in what the night has left in their nets near the {} pier. "


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """Pages that are kept whole, with a picture each; number 7 holds WORD."""
    folder = tmp_path / "pages"
    folder.mkdir()
    for n in range(PAGES):
        write(folder, n)
    return folder


def write(folder: Path, n: int, word: str | None = None) -> None:
    word = word if word is not None else WORD if n == 7 else f"number{n}"
    body = f"<p>{TEXT.format(word) * 3} Ship {n} of {n * 7919} lies there.</p>" * 2
    picture = f'<p><img src="https://e.org/{n:05d}.jpg" alt="ship" width="640" height="480"></p>'
    html = f"<html lang=en><head><title>{n}</title></head><body><article>{body}{picture}{body}</article></body></html>"
    (folder / f"{n:02d}.html").write_text(html)


RECIPE = """
[recipe]
name = "small"
[[stage]]
use = "sources.archive"
id = "sources"
[[stage]]
use = "extract.nodes"
id = "extract"
"""


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """A recipe of extraction and stages of tests.deadly, each given as (class, options)."""

    def make(*stages: tuple[str, dict[str, Any]]) -> Path:
        text = RECIPE
        for n, (kind, options) in enumerate(stages):
            monkeypatch.setitem(registry.STAGES, f"tests.{kind}", f"tests.deadly:{kind}")
            text += f'[[stage]]\nuse = "tests.{kind}"\nid = "{kind}{n}"\n'
            text += "".join(f"{k} = {json.dumps(v)}\n" for k, v in options.items())
        path = tmp_path / "recipe.toml"
        path.write_text(text)
        return path

    return make


def run(out: Path, *inputs: Path, **options: Any) -> tuple[dict[str, Any], Ledger]:
    options = {"scorer": "none", "engine": "inline", "images": "none"} | options
    record = obelics_like.build([str(i) for i in inputs], out, **options)
    assert record["breaches"] == []
    assert check(out) == []
    return record, Ledger.from_value(record["ledger"])


def drops(ledger: Ledger, kind: str = "page") -> dict[tuple[str, str], int]:
    return {(stage, rule): n for (stage, rule, what, _), n in ledger.drops.items() if what == kind}


KEEPS = ["none", "reasons", "sample:0.5", "all"]


@pytest.mark.parametrize("keep", KEEPS)
@pytest.mark.parametrize(
    ("stages", "fell"),
    [
        ([("Failing", {"word": WORD})], ("Failing0", "failed")),
        ([("Unstorable", {"word": WORD})], ("run", "failed")),
        ([("FailingCollect", {"word": WORD})], ("FailingCollect0", "failed")),
        ([("Things", {"word": WORD})], ("Things0", "failed")),
        ([("Things", {}), ("Failing", {"word": WORD})], ("Failing1", "failed")),
        ([("Things", {}), ("Unstorable", {"word": WORD}), ("Things", {})], ("run", "failed")),
    ],
)
def test_a_page_that_fails_costs_itself_in_every_place(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path], stages: list[Any], fell: tuple[str, str], keep: str
) -> None:
    record, ledger = run(tmp_path / "out", pages, recipe=recipe(*stages), keep_dropped=keep)
    assert record["exit_code"] == 0
    assert drops(ledger) == {fell: 1}
    assert ledger.total("document") == PAGES - 1


def test_a_page_that_fell_takes_no_other_with_it(pages: Path, tmp_path: Path, recipe: Callable[..., Path]) -> None:
    write(pages, 0, WORD)  # the one that would stay, had it not fallen after the first stage saw it
    write(pages, 7, "no")
    _, ledger = run(tmp_path / "out", pages, recipe=recipe(("FirstStays", {}), ("FailingCollect", {"word": WORD})))
    assert drops(ledger) == {("FailingCollect1", "failed"): 1, ("FirstStays0", "later"): PAGES - 2}
    assert ledger.total("document") == 1


def test_a_stage_that_fails_on_all_is_no_success(pages: Path, tmp_path: Path, recipe: Callable[..., Path]) -> None:
    record, ledger = run(tmp_path / "out", pages, recipe=recipe(("Failing", {"word": "harbour"})))
    assert ledger.total("document") == 0
    assert record["exit_code"] == 1
    assert record["failures"] == [f"stage Failing0 failed on {PAGES} pages; they were dropped"]


def test_a_stage_that_takes_a_node_away_is_told(pages: Path, tmp_path: Path, recipe: Callable[..., Path]) -> None:
    with pytest.raises(StageError, match="stage Vanishing0: got 5 nodes that became 4"):
        run(tmp_path / "out", pages, recipe=recipe(("Vanishing", {"word": WORD})))


@pytest.mark.parametrize("keep", KEEPS)
@pytest.mark.parametrize("barriers", [0, 1])
def test_nodes_dropped_as_they_are_made_are_seen_by_no_stage_and_counted(
    tmp_path: Path, recipe: Callable[..., Path], keep: str, barriers: int
) -> None:
    for n in range(3):
        write(tmp_path, n)
        page = tmp_path / f"{n:02d}.html"
        menu = "<nav><ul><li><a href=/a>Home</a><li><a href=/b>About us</a></ul></nav>"
        page.write_text(page.read_text().replace("<body>", f"<body>{menu}"))
    stages = [("Choosy", {}), *[("Things", {})] * barriers]
    pages = sorted(tmp_path.glob("*.html"))
    _, ledger = run(tmp_path / "out", *pages, recipe=recipe(*stages), keep_dropped=keep)
    assert drops(ledger) == {}
    assert ledger.total("document") == 3
    fell = drops(ledger, "text")
    assert fell.keys() == {("extract", "boilerplate"), ("Choosy0", "first")}
    assert fell["extract", "boilerplate"] >= 6
    assert fell["Choosy0", "first"] == 3
    if keep != "none":
        rows = [row for f in (tmp_path / "out").glob("dropped/nodes-*.parquet") for row in pq.read_table(f).to_pylist()]
        assert len(rows) == sum(fell.values())
        for page in pages:
            at = [row["pos"] for row in rows if row["input"] == str(page)]
            assert at == sorted(set(at))


LOCAL = {"engine": "local", "workers": 1}


@pytest.mark.slow
@pytest.mark.parametrize("keep", ["reasons", "none"])
@pytest.mark.parametrize("before", [0, 1, 2])
def test_a_page_that_kills_workers_costs_itself_and_the_next_run_tries_again(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, keep: str, before: int
) -> None:
    """`before`: how many barriers stand before the stage; the last segment takes shards together."""
    monkeypatch.setattr("obelics_like.run.SHARD_PAGES", 6)
    stages: list[Any] = [("Things", {}), ("Things", {})]
    stages.insert(before, ("Deadly", {"word": WORD}))
    options: dict[str, Any] = {"keep_dropped": keep, "recipe": recipe(*stages)}
    out = tmp_path / "out"
    for _ in range(2):
        record, ledger = run(out, pages, **options | LOCAL)
        assert record["exit_code"] == 1
        assert drops(ledger) == {("run", "kills_workers"): 1}
        assert ledger.total("document") == PAGES - 1
        (failure,) = record["failures"]
        assert failure.startswith(f"page {(pages / '07.html').as_uri()} of ")
        assert "its worker died: exit code 9, 3 times in phase" in failure
        (row,) = Output(out).dropped("records")
        assert (row["rule"], row["input"].endswith("07.html"), row["offset"]) == ("kills_workers", True, 0)
        assert "exit code 9" in row["reason"]
    monkeypatch.setattr("tests.deadly.Deadly.process", lambda self, batch, opened: batch)
    record, ledger = run(out, pages, **options)  # where nothing dies any more
    assert record["exit_code"] == 0
    assert drops(ledger) == {}
    whole, _ = run(tmp_path / "whole", pages, **options)
    assert read_json(out / "manifest.json") == read_json(tmp_path / "whole" / "manifest.json")
    assert whole["ledger"] == record["ledger"]


@pytest.mark.parametrize("kind", ["Segfault", "Hanging", "Hungry"])
def test_a_page_that_crashes_hangs_or_eats_memory_costs_itself(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("OBELICS_LIKE_STALL_SECONDS", "4")
    monkeypatch.setenv("OBELICS_LIKE_WORKER_MB", "2000")
    record, ledger = run(tmp_path / "out", pages, recipe=recipe((kind, {"word": WORD}), ("Things", {})), **LOCAL)
    assert drops(ledger) == {("run", "kills_workers"): 1}
    assert ledger.total("document") == PAGES - 1
    said = {"Segfault": "SIGSEGV", "Hanging": "without a sign of life", "Hungry": "SIGABRT"}[kind]
    assert said in record["failures"][0]


@pytest.mark.slow
@pytest.mark.parametrize("place", [0, 1])
def test_the_corpus_is_the_same_as_if_the_pages_that_kill_had_not_been_there(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    """Two of them, in one shard or in two, before the barrier and behind it; the first stays at the barrier."""
    for n in (0, 7):
        write(pages, n, WORD)
    stages: list[Any] = [("FirstStays", {}), ("Things", {})]
    stages.insert(place, ("Deadly", {"word": WORD}))
    found = []
    for size in (4, 250):
        monkeypatch.setattr("obelics_like.run.SHARD_PAGES", size)
        out = tmp_path / str(size)
        _, ledger = run(out, pages, recipe=recipe(*stages), **LOCAL)
        deadly = 1 if place else 2  # behind the barrier, the second is dropped before it can kill
        assert drops(ledger) == {
            ("run", "kills_workers"): deadly,
            ("FirstStays" + str(1 - place), "later"): 23 - deadly,
        }
        found.append(read_json(out / "manifest.json")["corpus"])
    for n in (0, 7):
        (pages / f"{n:02d}.html").unlink()
    run(tmp_path / "none", pages, recipe=recipe(*stages))
    assert found == [read_json(tmp_path / "none" / "manifest.json")["corpus"]] * 2
    assert [d.facts["title"] for d in obelics_like.read_corpus(tmp_path / "none")] == ["1"]


def test_without_barriers_too_a_page_that_kills_costs_itself(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("obelics_like.run.SHARD_PAGES", 6)
    for _ in range(2):
        _, ledger = run(tmp_path / "out", pages, recipe=recipe(("Deadly", {"word": WORD})), **LOCAL)
        assert drops(ledger) == {("run", "kills_workers"): 1}


def test_workers_that_die_at_no_page_in_particular_cost_the_shard(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path]
) -> None:
    (tmp_path / "count").mkdir()
    stages = recipe(("Moody", {"folder": str(tmp_path / "count")}), ("Things", {}))
    record, ledger = run(tmp_path / "out", pages, recipe=stages, **LOCAL)
    assert drops(ledger) == {("run", "worker_died"): PAGES}
    assert "no one page did it" in record["failures"][0]
    record, ledger = run(tmp_path / "out", pages, recipe=stages, **LOCAL)
    assert (record["exit_code"], drops(ledger)) == (0, {})


def test_many_pages_that_kill_are_a_fault_of_the_stage(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("obelics_like.run.SHARD_PAGES", 6)
    monkeypatch.setattr("obelics_like.phases.MOST_DEADLY", 1)
    for n in (8, 9):
        write(pages, n, WORD)
    for stages in ([("Deadly", {"word": WORD}), ("Things", {})], [("Things", {}), ("Deadly", {"word": WORD})]):
        _, ledger = run(tmp_path / "out", pages, recipe=recipe(*stages), **LOCAL)
        assert drops(ledger) == {("run", "kills_workers"): 1, ("run", "worker_died"): 5}
        assert ledger.total("document") == PAGES - 6


def test_a_stage_that_kills_at_every_page_stops_the_run(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("obelics_like.run.SHARD_PAGES", 4)
    monkeypatch.setattr("obelics_like.engines.MOST_DEATHS", 6)
    stages = recipe(("Deadly", {"word": "harbour"}))
    with pytest.raises(WorkerError, match=r"the last by exit code 9; valid: .* goes on where it stopped"):
        run(tmp_path / "out", pages, recipe=stages, **LOCAL)
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_a_thing_that_kills_costs_the_pages_that_hold_it(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path]
) -> None:
    options = {"recipe": recipe(("Things", {"deadly": "00009.jpg"})), "engine": "local", "workers": 1}
    for _ in range(2):
        record, ledger = run(tmp_path / "out", pages, **options)
        assert record["exit_code"] == 1
        assert record["failures"] == [
            "Things0: https://e.org/00009.jpg killed its worker; the pages that hold it were dropped"
        ]
        assert drops(ledger) == {("Things0", "failed"): 1}
        assert ledger.total("document") == PAGES - 1


def test_many_things_that_kill_are_a_fault_of_the_machine(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("obelics_like.barrier.MOST_LOST", 0)
    with pytest.raises(DataError, match="a verdict on every row"):
        run(tmp_path / "out", pages, recipe=recipe(("Things", {"deadly": "00009"})), engine="local", workers=1)


def test_models_that_kill_the_worker_stop_the_run_before_the_first_record(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from obelics_like.engines import Failure

    monkeypatch.setattr(
        "obelics_like.engines.inline.InlineEngine.map",
        lambda self, task, items, *_: [(i, Failure("died", 3)) for i in items],
    )
    with pytest.raises(MissingPiece, match="loading the models: got died, 3 times"):
        run(tmp_path / "out", pages)


# --- resuming -------------------------------------------------------------------------------------------------------


def harm(path: Path, how: str) -> None:
    data = path.read_bytes()
    path.unlink()  # it may be linked
    if how == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif how == "emptied":
        path.write_bytes(b"")


@pytest.mark.parametrize("how", ["cut", "emptied", "removed"])
@pytest.mark.parametrize(
    "what",
    ["index/*.json", "index/*-pages.arrow", "index/*-quarantine.arrow", "*-*/?????.json", "*/documents-*", "*/rows-*",
     "*/decided-*", "*/verdict-*", "*/part-*", "*/nodes-*"],
)  # fmt: skip
def test_work_that_is_damaged_is_done_again(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path], what: str, how: str
) -> None:
    out, stages = tmp_path / "out", recipe(("FirstStays", {}), ("Things", {}))
    run(out, pages, recipe=stages)
    before = read_json(out / "manifest.json")
    found = sorted((out / "work").glob(what))
    assert found
    for path in found:
        harm(path, how)
    run(out, pages, recipe=stages)
    assert read_json(out / "manifest.json") == before


@pytest.mark.parametrize("what", ["*/part-*", "*/nodes-*", "*/documents-*"])
def test_work_that_was_changed_is_told_and_not_used(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path], what: str
) -> None:
    out, stages = tmp_path / "out", recipe(("FirstStays", {}), ("Things", {}))
    run(out, pages, recipe=stages)
    for path in (out / "work").glob(what):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)  # as an editor would: the corpus is a link to the same file
    if "documents" in what:  # they are read only where what follows is to be done
        shutil.rmtree(next((out / "work").glob("3-*")))
        for path in (out / "work").glob("2-*/?????.json"):
            path.unlink()
    with pytest.raises(DataError):
        run(out, pages, recipe=stages)
    shutil.rmtree(out / "work")
    run(out, pages, recipe=stages)


def test_an_input_replaced_by_one_of_the_same_size_and_time_is_read_again(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path]
) -> None:
    stages = recipe(("Things", {}))
    run(tmp_path / "out", pages, recipe=stages)
    path = pages / "03.html"
    state = path.stat()
    path.write_text(path.read_text().replace("harbour", "Harbour"))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    run(tmp_path / "out", pages, recipe=stages)
    texts = [t for d in obelics_like.read_corpus(tmp_path / "out") for n in d.nodes if (t := getattr(n, "text", None))]
    assert any("The Harbour" in t for t in texts)


def test_an_input_that_is_only_touched_costs_no_work(pages: Path, tmp_path: Path, recipe: Callable[..., Path]) -> None:
    stages = recipe(("Things", {}))
    run(tmp_path / "out", pages, recipe=stages)
    before = {p.name for p in (tmp_path / "out" / "work").iterdir()}
    for path in pages.iterdir():
        os.utime(path)
    run(tmp_path / "out", pages, recipe=stages)
    assert {p.name for p in (tmp_path / "out" / "work").iterdir()} == before


def test_two_runs_one_after_the_other_leave_the_second_alone(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path]
) -> None:
    out = tmp_path / "out"
    run(out, pages, recipe=recipe(("Things", {})))
    (out / "report").mkdir()
    (out / "report" / "index.html").write_text("of the first run")
    few = sorted(pages.iterdir())[:5]
    for given in (few, few[::-1]):
        record, ledger = run(out, *given, recipe=recipe(("FirstStays", {})))
        assert [i["path"] for i in record["inputs"]] == [str(p) for p in given]
        assert ledger.total("document") == 1
        assert [d.facts["title"] for d in obelics_like.read_corpus(out)] == [str(int(given[0].stem))]
    assert not (out / "report").exists()
    run(out, pages, recipe=recipe(("Things", {})))
    assert Output(out).ledger.total("document") == PAGES


def test_a_run_stopped_while_it_is_put_together_is_no_corpus_until_it_is_run_again(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, stages = tmp_path / "out", recipe(("Things", {}))
    run(out, pages, recipe=stages)
    before = read_json(out / "manifest.json")
    monkeypatch.setattr("obelics_like.store.assemble._sweep", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(out, pages, recipe=stages)
    monkeypatch.undo()
    with pytest.raises(InputError, match=r"no manifest\.json"):
        Output(out)
    recipe(("Things", {}))
    run(out, pages, recipe=stages)
    assert read_json(out / "manifest.json") == before


def test_who_reads_while_another_run_replaces_the_corpus_meets_one_of_both_or_is_told(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("obelics_like.run.SHARD_PAGES", 4)
    monkeypatch.setattr("obelics_like.phases.DOCUMENTS_A_PART", 8)
    out = tmp_path / "out"
    run(out, pages, recipe=recipe(("Things", {})))
    reading, late = obelics_like.read_corpus(out), Output(out)
    titles = [next(reading).facts["title"]]
    run(out, *sorted(pages.iterdir())[::-1], recipe=recipe(("Things", {})))
    with pytest.raises(DataError, match="a corpus that another run replaces, or has replaced, since it was opened"):
        titles.extend(d.facts["title"] for d in reading)
    assert titles == [str(n) for n in range(8)]  # the file that was open, whole
    with pytest.raises(DataError, match="open it again"):
        next(late.documents())
    assert [d.facts["title"] for d in obelics_like.read_corpus(out)] == [str(n) for n in range(PAGES)][::-1]


@pytest.mark.parametrize("name", ["part-00000.parquet", "records-00000.parquet", "run.json", "manifest.json"])
def test_a_disk_that_fills_while_the_corpus_is_put_together(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Over an earlier corpus, too: there is none until it is run again."""
    write(pages, 3, "")
    (pages / "40.html").write_text("x" * 40_000)
    options = {"recipe": recipe(("FirstStays", {})), "settings": {"sources.max_page_bytes": "30000"}}
    out = tmp_path / "out"
    run(out, pages, **options)
    before = read_json(out / "manifest.json")
    real = os.replace

    def full(source: Any, target: Any) -> None:
        if Path(target).name == name and "work" not in Path(target).parts:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(DataError, match=rf"{name}: got No space left on device while writing; .* goes on where it"):
        run(out, pages, **options)
    with pytest.raises(InputError, match=r"no manifest\.json"):
        Output(out)
    monkeypatch.undo()
    recipe(("FirstStays", {}))
    run(out, pages, **options)
    assert read_json(out / "manifest.json") == before


PICTURES = (
    RECIPE
    + """
[[stage]]
use = "dedup.url"
[[stage]]
use = "images.archive"
[[stage]]
use = "images.decode"
"""
)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_whatever_call_a_driver_is_killed_at_the_next_run_ends_in_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is on the disk before each flush, rename and link is what a kill there leaves: each is gone on with.

    Of a file that is flushed the half is there, as when the kill came while it was written. The run is one over an
    earlier corpus of other pages, so that what is swept away is met too; a reader meets that one, the new one, or none.
    """
    crawl = Path(__file__).parent.parent / "samples" / "crawl"
    archives = sorted(crawl.glob("*.warc.gz"))
    (tmp_path / "pictures.toml").write_text(PICTURES)
    options: dict[str, Any] = {"recipe": tmp_path / "pictures.toml", "images": "warc"}
    out, states = tmp_path / "out", []

    def watched(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            states.append(tmp_path / f"state{len(states)}")
            shutil.copytree(out, states[-1])
            if isinstance(args[0], int) and (path := Path(f"/proc/self/fd/{args[0]}").resolve()).is_file():
                os.truncate(states[-1] / path.relative_to(out), path.stat().st_size // 2)
            return real(*args, **more)

        return call

    run(out, archives[0], **options)
    with monkeypatch.context() as watching:
        for name in ("fsync", "replace", "link"):
            watching.setattr(os, name, watched(getattr(os, name)))
        run(out, *archives, **options)
    whole = read_json(out / "manifest.json")
    assert whole["images"]
    assert len(states) > 60
    for state in states:
        shutil.rmtree(out)
        state.rename(out)
        if (out / "manifest.json").exists():
            assert check(out) == []
        run(out, *archives, **options)
        assert read_json(out / "manifest.json") == whole


def test_a_clock_that_jumps_changes_nothing(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    stages = recipe(("FirstStays", {}), ("Things", {}))
    run(tmp_path / "steady", pages, recipe=stages)
    now = itertools.cycle((4e9, 1.0, 2e9))
    monkeypatch.setattr("time.time", lambda: next(now))
    record, _ = run(tmp_path / "out", pages, recipe=stages)
    assert read_json(tmp_path / "out" / "manifest.json") == read_json(tmp_path / "steady" / "manifest.json")
    assert 0 <= record["seconds"] < 600


def test_work_of_another_version_is_left_alone_and_can_be_cleaned_away(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, stages = tmp_path / "out", recipe(("FirstStays", {}), ("Things", {}))
    with monkeypatch.context() as older:
        for module in ("plan", "run"):
            older.setattr(f"obelics_like.{module}.code_version", lambda: "older")
        run(out, pages, recipe=stages)
    before = read_json(out / "manifest.json")
    old = {p for p in (out / "work").iterdir() if p.name != "index"}
    for path in (p for folder in old for p in folder.rglob("*") if p.is_file()):
        harm(path, "emptied")  # nothing of it may be looked at
    run(out, pages, recipe=stages)
    assert read_json(out / "manifest.json") == before
    assert clean(out, unused=True) == 0
    assert not any(path.exists() for path in old)
    (out / "run.json").write_text('{"tool": {}, "recipe": {}, "inputs": []}')
    with pytest.raises(DataError, match=r"run\.json: got no ledger; valid: what this version"):
        Output(out)


def test_without_its_work_a_finished_run_is_whole_and_can_be_run_again(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path]
) -> None:
    out, stages = tmp_path / "out", recipe(("Things", {}))
    run(out, pages, recipe=stages)
    before = read_json(out / "manifest.json")
    shutil.rmtree(out / "work")
    assert check(out) == []
    run(out, pages, recipe=stages)
    assert read_json(out / "manifest.json") == before


def test_cleaning_takes_the_work_and_leaves_the_corpus(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path]
) -> None:
    out, stages = tmp_path / "out", recipe(("FirstStays", {}), ("Things", {}))
    with pytest.raises(InputError, match="no such folder"):
        clean(out)
    run(out, pages, recipe=stages)
    first = {p.name for p in (out / "work").iterdir()}
    assert clean(out, unused=True) == 0
    assert {p.name for p in (out / "work").iterdir()} == first
    run(out, pages, recipe=recipe(("Things", {})))
    before = read_json(out / "manifest.json")
    used = set(read_json(out / "run.json")["work"])
    assert clean(out, unused=True) > 0
    assert {p.name for p in (out / "work").iterdir()} == used != first
    assert check(out) == []
    with locked(out), pytest.raises(UsageError, match="another run"):
        clean(out)
    assert clean(out) > 0
    assert not (out / "work").exists()
    assert check(out) == []
    assert clean(out) == 0
    run(out, pages, recipe=recipe(("Things", {})), keep_work=False)
    assert not (out / "work").exists()
    assert read_json(out / "manifest.json") == before


def test_work_is_kept_where_the_next_run_would_try_again(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path]
) -> None:
    run(tmp_path / "out", pages, recipe=recipe(("Deadly", {"word": WORD}), ("Things", {})), keep_work=False, **LOCAL)
    assert (tmp_path / "out" / "work").is_dir()


# --- what was asked for ---------------------------------------------------------------------------------------------


def test_the_limit_counts_a_page_met_twice_once(tmp_path: Path, recipe: Callable[..., Path]) -> None:
    crawl = Path(__file__).parent.parent / "samples" / "crawl"
    one = sorted(crawl.glob("*.warc.gz"))[0]
    (tmp_path / "in").mkdir()
    shutil.copy(one, tmp_path / "in" / "a.warc.gz")
    shutil.copy(one, tmp_path / "in" / "b.warc.gz")
    for other in sorted(crawl.glob("*.warc.gz"))[1:]:
        shutil.copy(other, tmp_path / "in" / f"c-{other.name}")
    _, first = run(tmp_path / "first", one, recipe=recipe(("Things", {})))
    _, ledger = run(tmp_path / "out", tmp_path / "in", recipe=recipe(("Things", {})), limit=first.came["page"] + 2)
    assert ledger.came["page"] == first.came["page"] + 2


def test_settings_beside_a_recipe_are_not_passed_over(pages: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="settings beside a Recipe"):
        run(tmp_path / "out", pages, recipe=load_recipe("default"), settings={"minhash.threshold": "0.5"})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"workers": 0}, "--workers: got 0"),
        ({"workers": -2}, "--workers: got -2"),
        ({"scorer": ""}, "--scorer: got nothing"),
        ({"images": "warc,web", "offline": True}, "--offline: got --images warc,web"),
    ],
)
def test_options_that_can_not_be_meant(pages: Path, tmp_path: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        run(tmp_path / "out", pages, **options)
    assert not (tmp_path / "out").exists()


def test_an_output_inside_the_input_folder_is_not_read_by_the_next_run(
    pages: Path, tmp_path: Path, recipe: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pages.parent)
    out, stages = Path("pages/out"), recipe(("Things", {}))
    for _ in range(2):
        record, _ = run(out, Path("pages"), recipe=stages)
        assert len(record["inputs"]) == PAGES
        (out / "report").mkdir()
        (out / "report" / "index.html").write_text("<html><body>A report.</body></html>")
    (pages.parent / "link").symlink_to(pages / "out")
    with pytest.raises(UsageError, match="a folder that holds the input"):
        run(Path("link"), Path("pages/out/report"))
    with pytest.raises(UsageError, match="a folder that holds the input"):
        run(pages, pages)


def test_a_file_name_that_can_not_be_written_down_is_told(pages: Path, tmp_path: Path) -> None:
    os.rename(pages / "00.html", os.fsencode(pages) + b"/\xff.html")
    with pytest.raises(InputError, match=r"\\xff\.html: got a file name that is no UTF-8"):
        run(tmp_path / "out", pages)


def test_a_body_that_can_not_be_had_counts_as_unread(tmp_path: Path, recipe: Callable[..., Path]) -> None:
    (tmp_path / "in").mkdir()
    write(tmp_path / "in", 0)
    record, ledger = run(
        tmp_path / "out", tmp_path / "in", recipe=recipe(("Things", {})), settings={"sources.max_page_bytes": "100"}
    )
    assert drops(ledger, "record") == {("sources", "body_too_large"): 1}
    assert [i["unread"] for i in record["inputs"]] == [1]
    assert record["exit_code"] == 1


def test_pages_read_in_another_way_are_read_again(pages: Path, tmp_path: Path, recipe: Callable[..., Path]) -> None:
    """The scan counts the same records either way: it looks at no body."""
    options: dict[str, Any] = {"recipe": recipe()}
    _, whole = run(tmp_path / "out", pages, **options)
    assert drops(whole, "record") == {}
    _, ledger = run(tmp_path / "out", pages, settings={"sources.max_page_bytes": 100}, **options)
    assert drops(ledger, "record") == {("sources", "body_too_large"): PAGES}


def test_the_record_names_the_files_of_the_models_with_their_digests(pages: Path, tmp_path: Path) -> None:
    record, _ = run(tmp_path / "out", pages)
    found = {row["name"]: row for row in record["models"]}
    assert {"langid:lid176", "tokenizer:o200k_base"} <= set(found)
    assert all(len(row["sha256"]) == 64 for row in record["models"])
    assert found["langid:lid176"]["sha256"] == "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83"


@pytest.mark.parametrize("how", ["cut", "removed"])
def test_a_pack_that_is_damaged_is_written_again(tmp_path: Path, how: str) -> None:
    crawl = Path(__file__).parent.parent / "samples" / "crawl"
    out = tmp_path / "out"
    run(out, crawl, images="warc")
    before = read_json(out / "manifest.json")
    (pack,) = (out / "work").glob("*/pack/pack-*.tar")
    harm(pack, how)
    run(out, crawl, images="warc")
    assert read_json(out / "manifest.json") == before

"""Across runs: a second crawl loses what the first one's corpus holds, and no run is held against itself."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import obelics_like
from obelics_like import barrier, exchange, index, launch
from obelics_like.dedup.minhash import NearDuplicates
from obelics_like.dedup.url import SameUrl
from obelics_like.document import Document
from obelics_like.engines.inline import InlineEngine
from obelics_like.errors import DataError, OptionError
from obelics_like.exchange import map_table, write_table
from obelics_like.rows import Part, Rows, tables
from obelics_like.stage import Context, DocumentStage
from tests.dedup.harness import page, rows_of
from tests.dedup.planted import corpus

RECIPE = """
[recipe]
name = "tiny"
[[stage]]
use = "sources.archive"
id = "sources"
[[stage]]
use = "extract.nodes"
id = "extract"
main = "all"
[[stage]]
use = "dedup.url"
[[stage]]
use = "dedup.text"
[[stage]]
use = "dedup.minhash"
id = "minhash"
per_language = false
[[stage]]
use = "text.page_rules"
max_words = 120
"""


def crawl(folder: Path, *names: str) -> Path:
    """A folder of HTML pages, each a text of its own; "x+" is nearly x, "x=" is x elsewhere, "long" is dropped late."""
    folder.mkdir(exist_ok=True)
    for name in names:
        base = name.rstrip("+=")
        words = [f"{base}{i}" for i in range(200 if base == "long" else 100)]
        if name.endswith("+"):
            words[50] = "other"
        (folder / f"{name}.html").write_text(f"<html><body><p>{' '.join(words)}</p></body></html>")
    return folder


def build(tmp_path: Path, crawled: Path, out: str, **settings: Any) -> dict[str, int]:
    """Gives kept documents and drops by rule."""
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(RECIPE)
    stages = ("dedup.url", "dedup.text", "minhash")
    options = {f"{stage}.index": str(tmp_path / "seen" / stage) for stage in stages} | settings
    run = obelics_like.build(
        str(crawled), tmp_path / out, recipe=recipe, settings=options, engine="inline", images="none"
    )
    assert run["exit_code"] == 0
    assert run["breaches"] == []
    found = {rule: n for _, rule, kind, _, n in run["ledger"]["drops"] if kind == "page"}
    return found | {"kept": sum(n for what, _, n in run["ledger"]["kept"] if what == "document")}


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.glob("*.parquet"))}


def test_a_second_crawl_is_held_against_what_the_first_one_kept(tmp_path: Path) -> None:
    first = crawl(tmp_path / "first", "a", "b", "c", "long")
    assert build(tmp_path, first, "one") == {"kept": 3, "too_many_words": 1}
    second = crawl(tmp_path / "second", "a=", "b+", "d", "d=", "long=")
    found = build(tmp_path, second, "two")
    phases = json.loads((tmp_path / "two" / "run.json").read_text())["phases"]
    (notes,) = (phase["notes"] for phase in phases if phase["name"].endswith("minhash: decide"))
    assert notes == ["clusters in one piece: their links (1) fit in memory"]
    # what the first run dropped for its length is no page of its corpus, and comes to the same end here
    assert found == {"kept": 1, "same_text": 2, "near_duplicate": 1, "too_many_words": 1}
    ids = {r["id"] for r in pq.read_table(tmp_path / "one" / "corpus").to_pylist()}
    dropped = pa.concat_tables([pq.read_table(p) for p in (tmp_path / "two" / "dropped").glob("pages-*.parquet")])
    near = [r for r in dropped.to_pylist() if r["rule"] == "near_duplicate"]
    assert near[0]["value"].split(" with ")[1] in ids


def test_a_run_is_not_held_against_itself(tmp_path: Path) -> None:
    first = crawl(tmp_path / "first", "a", "b", "c")
    once = build(tmp_path, first, "one")
    files = digests(tmp_path / "one" / "corpus")
    seen = {p: p.read_bytes() for p in (tmp_path / "seen").rglob("*.arrow")}
    assert len(seen) == 3
    assert build(tmp_path, first, "one") == once == {"kept": 3}
    shutil.rmtree(tmp_path / "one" / "work")
    assert build(tmp_path, first, "one") == once
    assert digests(tmp_path / "one" / "corpus") == files
    assert {p: p.read_bytes() for p in (tmp_path / "seen").rglob("*.arrow")} == seen
    assert build(tmp_path, first, "elsewhere") == {"kept": 0, "same_url": 3}


def test_stopped_before_the_index_is_written_it_resumes_to_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = crawl(tmp_path / "first", "a", "b", "c")
    with monkeypatch.context() as patch:
        patch.setattr(index, "remember", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            build(tmp_path, first, "one")
    assert not (tmp_path / "seen").exists()
    assert build(tmp_path, first, "one") == {"kept": 3}
    assert build(tmp_path, crawl(tmp_path / "second", "a=", "d"), "two") == {"kept": 1, "same_text": 1}


def test_a_run_with_other_options_replaces_what_it_said(tmp_path: Path) -> None:
    first = crawl(tmp_path / "first", "a", "b", "long")
    build(tmp_path, first, "one")
    assert build(tmp_path, first, "one", **{"text.page_rules.max_words": 1000})["kept"] == 3
    (file,) = (tmp_path / "seen" / "dedup.url").glob("*.arrow")
    assert map_table(file).num_rows == 3


def test_three_runs_in_a_row_each_against_all_before(tmp_path: Path) -> None:
    build(tmp_path, crawl(tmp_path / "1", "a", "b"), "one")
    assert build(tmp_path, crawl(tmp_path / "2", "b=", "c", "d"), "two") == {"kept": 2, "same_text": 1}
    third = crawl(tmp_path / "3", "a+", "b=", "c+", "d=", "e")
    assert build(tmp_path, third, "three") == {"kept": 1, "same_text": 2, "near_duplicate": 2}
    files = sorted((tmp_path / "seen" / "minhash").glob("*.arrow"))
    assert [path.name.rsplit("-", 1)[0] for path in files] == ["one", "three", "two"]
    assert [map_table(path).num_rows for path in files] == [2, 1, 2]
    # what stays depends on the order of the runs, what is kept in all does not
    shutil.rmtree(tmp_path / "seen")
    assert build(tmp_path, third, "3'") == {"kept": 5}
    assert build(tmp_path, tmp_path / "2", "2'") == {"kept": 0, "same_text": 2, "near_duplicate": 1}
    assert build(tmp_path, tmp_path / "1", "1'") == {"kept": 0, "same_text": 1, "near_duplicate": 1}


def test_a_run_whose_files_are_taken_out_is_forgotten(tmp_path: Path) -> None:
    build(tmp_path, crawl(tmp_path / "1", "a", "b"), "one")
    build(tmp_path, crawl(tmp_path / "2", "c", "d"), "two")
    for path in (tmp_path / "seen").rglob("one-*.arrow"):
        path.unlink()
    assert build(tmp_path, crawl(tmp_path / "3", "a=", "b+", "c=", "d+"), "three") == {
        "kept": 2,
        "same_text": 1,
        "near_duplicate": 1,
    }
    # a run that is done keeps what it decided; with its work gone, it decides by what is there now
    assert build(tmp_path, tmp_path / "2", "two") == {"kept": 2}
    shutil.rmtree(tmp_path / "two" / "work")
    assert build(tmp_path, tmp_path / "1", "one") == {"kept": 2}
    for path in (tmp_path / "seen").rglob("three-*.arrow"):
        path.unlink()
    assert build(tmp_path, tmp_path / "2", "two") == {"kept": 2}


def test_a_run_that_decides_by_steps_makes_the_same_corpus_and_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawled = crawl(tmp_path / "1", *(f"p{n}{sign}" for n in range(20) for sign in ("", "+", "=")[: 1 + n % 3]))
    once = build(tmp_path, crawled, "once")
    assert once == {"kept": 20, "same_text": 6, "near_duplicate": 13}
    (tmp_path / "seen").rename(tmp_path / "seen by one")
    monkeypatch.setattr(barrier, "KEYED_A_TASK", 1)
    monkeypatch.setattr(exchange, "key_ranges", lambda size, most: [(0, 1 << 63), (1 << 63, 1 << 64)])
    assert build(tmp_path, crawled, "steps") == once
    assert digests(tmp_path / "steps" / "corpus") == digests(tmp_path / "once" / "corpus")
    (one,) = (tmp_path / "seen by one" / "minhash").glob("*.arrow")
    (other,) = (tmp_path / "seen" / "minhash").glob("*.arrow")
    assert one.read_bytes() == other.read_bytes()
    phases = {p["name"] for p in json.loads((tmp_path / "steps" / "run.json").read_text())["phases"]}
    assert {"1 minhash: measure", "1 minhash: decide"} <= phases
    assert not list((tmp_path / "steps" / "work").rglob("steps-*"))


def test_a_decision_sees_one_index_whatever_other_runs_do_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run publishes behind the first step: all steps see what was there when the decision began."""
    monkeypatch.setattr(barrier, "KEYED_A_TASK", 1)
    monkeypatch.setattr(exchange, "key_ranges", lambda size, most: [(0, 1 << 63), (1 << 63, 1 << 64)])
    names = [f"{letter}{n}" for letter in "pqr" for n in range(9)]
    build(tmp_path, crawl(tmp_path / "1", *names[:9]), "a")
    shutil.copytree(tmp_path / "seen", tmp_path / "before")
    build(tmp_path, crawl(tmp_path / "2", *names[9:]), "b")
    (tmp_path / "seen").rename(tmp_path / "after")
    crawled = crawl(tmp_path / "3", *(name + "+" for name in names))
    decide, steps = barrier.decide, []

    def meanwhile(item: Any) -> Any:
        found = decide(item)
        if item.step is not None:
            shutil.copytree(tmp_path / "after", tmp_path / "seen", dirs_exist_ok=True)
            steps.append(item.step.name)
        return found

    shutil.copytree(tmp_path / "before", tmp_path / "seen")
    monkeypatch.setattr(barrier, "decide", meanwhile)
    assert build(tmp_path, crawled, "late") == {"kept": 18, "near_duplicate": 9}
    assert steps == ["rank", "keys", "twins", "pairs", "measure", "judge"]
    shutil.rmtree(tmp_path / "late" / "work")
    assert build(tmp_path, crawled, "late") == {"kept": 0, "near_duplicate": 27}


def test_what_was_held_and_is_gone_is_an_error_and_not_an_empty_index(tmp_path: Path) -> None:
    stage = remembering(SameUrl(id="x"), tmp_path, pages(4, 1, "p"))
    with pytest.raises(DataError, match=r"held.*index\.json"):
        index.held(tmp_path / "held")
    index.hold(stage, "new", tmp_path / "held")
    assert sum(part().num_rows for part in index.held(tmp_path / "held")) == 6
    for path in (tmp_path / "held").glob("*.arrow"):
        path.unlink()
    with pytest.raises(FileNotFoundError):
        index.held(tmp_path / "held")


def test_many_read_while_one_writes(tmp_path: Path) -> None:
    stage = remembering(SameUrl(id="x"), tmp_path, pages(40, 1, "p"))
    faults: list[BaseException] = []
    done = threading.Event()

    def read(number: int) -> None:
        try:
            for again in range(200):
                index.hold(stage, "new", tmp_path / f"held-{number}-{again}")
                rows = sum(part().num_rows for part in index.held(tmp_path / f"held-{number}-{again}"))
                assert rows == 60
        except BaseException as error:
            faults.append(error)
        finally:
            done.set()

    readers = [threading.Thread(target=read, args=(n,)) for n in range(4)]
    for reader in readers:
        reader.start()
    while not done.is_set():
        paths = sorted(tmp_path.glob("rows-*.arrow"))
        index.remember(stage, "old", paths, [tmp_path / "part.parquet"])
    for reader in readers:
        reader.join()
    assert faults == []


def pages(count: int, seed: int, name: str) -> list[Document]:
    return [page(f"{name}{n:04d}", text) for n, text in enumerate(corpus("en", count, seed))]


@pytest.mark.parametrize(
    "stage", [NearDuplicates(id="x"), NearDuplicates(id="x", verify="estimate"), NearDuplicates(id="x", chain=False)]
)
@pytest.mark.parametrize("memory", [60_000, 300_000_000])
def test_it_is_as_if_the_earlier_pages_were_there_and_better(
    stage: NearDuplicates, memory: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages of both crawls in one run, those of the first newer, drop the same of the second."""
    monkeypatch.setattr(index, "ROWS_A_BATCH", 64)
    both = pages(300, 5, "p")
    old, new = both[::3], [p for n, p in enumerate(both) if n % 3]
    for document in old:
        document.origin.date = "2030-01-01T00:00:00Z"
    together = decided(stage, rows_of(stage, old + new), memory)
    gone = {n for n in together if n < len(old)}
    stage = remembering(stage, tmp_path, [p for n, p in enumerate(old) if n not in gone])
    apart = decided(stage, rows_of(stage, new), memory)
    # a page near only to an earlier one that went itself is no longer seen as near to anything
    expected = {n - len(old): value for n, value in together.items() if n >= len(old)}
    assert len(expected) > 20
    assert len(apart) > 20
    lost = {n for n in expected if n not in apart}
    assert all(n in expected for n in apart)
    assert len(lost) <= len(gone)


def decided(stage: DocumentStage, rows: pa.Table, memory: int) -> dict[int, str]:
    read = Rows(
        tables([rows.slice(at, 50) for at in range(0, rows.num_rows, 50)]),
        held=others(stage, "new"),
        memory=memory,
    )
    found = [t for t in stage.decide(read, stage.open(Context())) if t.num_rows]
    return {r["doc"]: r["value"] for t in found for r in t.to_pylist()}


def others(stage: DocumentStage, run: str) -> list[Part]:
    """The rows of other runs, as they are now."""
    if stage.index is None:
        return []
    with tempfile.TemporaryDirectory(dir=Path(stage.index).parent) as folder:
        index.hold(stage, run, Path(folder) / "held")
        parts = index.held(Path(folder) / "held")
        loaded = [part() for part in parts]
    return tables(loaded)


def remembering(stage: Any, tmp_path: Path, kept: list[Document]) -> Any:
    """The stage with an index that holds some pages."""
    stage = replace(stage, index=str(tmp_path / "seen"))
    paths = []
    rows = rows_of(stage, kept)
    for at in range(0, rows.num_rows, 40):
        paths.append(tmp_path / f"rows-{at}.arrow")
        write_table(rows.slice(at, 40), paths[-1])
    pq.write_table(pa.table({"id": [p.id for p in kept]}), tmp_path / "part.parquet")
    index.remember(stage, "old", paths, [tmp_path / "part.parquet"])
    assert len(others(stage, "new")) >= 1
    assert others(stage, "old") == []
    return stage


def test_of_many_earlier_rows_each_key_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "ROWS_A_BATCH", 100)
    stage = SameUrl("oldest", id="x", index=str(tmp_path / "seen"))
    old = [page(f"o{n:04d}", url=f"https://e.org/{n}") for n in range(1000)]
    write_table(rows_of(stage, old).sort_by("key"), tmp_path / "rows.arrow")
    pq.write_table(pa.table({"id": [p.id for p in old[::2]]}), tmp_path / "part.parquet")
    index.remember(stage, "old", [tmp_path / "rows.arrow"], [tmp_path / "part.parquet"])
    new = [page(f"n{n:04d}", url=f"https://e.org/{n}", date="1999-01-01T00:00:00Z") for n in range(500, 1500)]
    assert decided(stage, rows_of(stage, new), 50_000) == {n - 500: f"o{n:04d}" for n in range(500, 1000, 2)}


def test_an_index_of_another_stage_or_of_other_options_is_refused(tmp_path: Path) -> None:
    stage = remembering(NearDuplicates(id="x"), tmp_path, pages(20, 1, "p"))
    index.check(stage)
    where = str(tmp_path / "seen")
    with pytest.raises(OptionError, match=r"option y\.index: .*made with stage"):
        index.check(SameUrl(id="y", index=where))
    with pytest.raises(OptionError, match="seed = 1; valid: an index made with seed = 2"):
        index.check(NearDuplicates(id="y", seed=2, index=where))
    index.check(NearDuplicates(id="y", keep="oldest", chain=False, index=where))
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "one.tex").write_text("precious")
    with pytest.raises(OptionError, match="no index"):
        index.check(SameUrl(id="y", index=str(tmp_path / "thesis")))
    index.check(SameUrl(id="y", index=str(tmp_path / "new")))
    assert json.loads((tmp_path / "seen" / "index.json").read_text())["seed"] == 1


def test_an_index_that_no_worker_sees_is_looked_at_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where machines share their work through a store, the index lies on the driver's alone."""

    class Elsewhere(InlineEngine):
        def map(self, *given: Any) -> Any:
            (tmp_path / "seen").rename(tmp_path / "hidden")
            yield from super().map(*given)
            (tmp_path / "hidden").rename(tmp_path / "seen")

    crawled = crawl(tmp_path / "first", "a")
    build(tmp_path, crawled, "one")
    monkeypatch.setattr(launch, "make_engine", lambda *_: Elsewhere())
    with pytest.raises(OptionError, match="seed = 1; valid: an index made with seed = 2"):
        build(tmp_path, crawled, "two", **{"minhash.seed": 2})

"""The benchmark of the text side: what it hands to everyone, what it measures, and a run of it without peers."""

from __future__ import annotations

import gzip
import json
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from tests.conftest import REPOSITORY

BENCH = REPOSITORY / "pipelines" / "bench"
CRAWL = REPOSITORY / "samples" / "crawl"


@pytest.fixture(scope="module", autouse=True)
def _importable() -> Iterator[None]:
    """The benchmark's files are scripts side by side, found as they find each other."""
    sys.path.insert(0, str(BENCH))
    yield
    sys.path.remove(str(BENCH))


@pytest.fixture(scope="module")
def crawl() -> list[Path]:
    if not CRAWL.is_dir():
        subprocess.run([sys.executable, str(REPOSITORY / "samples" / "make.py")], check=True, capture_output=True)
    return sorted(CRAWL.glob("*.warc.gz"))


def read(path: Path) -> list[tuple[str, str, bytes]]:
    """(id, identified type, body) of each page, by a reader that is not the benchmark's."""
    with path.open("rb") as file:
        return [
            (
                record.rec_headers.get_header("WARC-Record-ID"),
                record.rec_headers.get_header("WARC-Identified-Payload-Type"),
                record.raw_stream.read(),
            )
            for record in ArchiveIterator(file)
            if record.rec_type == "response"
        ]


def html_pages(paths: list[Path]) -> dict[str, bytes]:
    """Record id to body, of the HTML pages of some archives, redirects left out."""
    found = {}
    for path in paths:
        with path.open("rb") as file:
            for record in ArchiveIterator(file):
                http = record.http_headers
                kind = http.get_header("Content-Type", "") if http else ""
                if record.rec_type == "response" and kind.startswith("text/html") and http.get_statuscode()[0] != "3":
                    found[record.rec_headers.get_header("WARC-Record-ID")] = record.raw_stream.read()
    return found


def test_every_html_page_is_handed_over_unchanged_and_identified(crawl: list[Path], tmp_path: Path) -> None:
    import archives

    out = tmp_path / "all.warc.gz"
    count = archives.write(crawl, out, lambda number: True)
    written = read(out)
    assert len(written) == count
    assert {kind for _, kind, _ in written} == {"text/html"}
    assert {record: body for record, _, body in written} == html_pages(crawl)


def test_a_page_stands_between_its_request_and_a_record_that_names_it(crawl: list[Path], tmp_path: Path) -> None:
    import archives

    out = tmp_path / "two.warc.gz"
    assert archives.write(crawl, out, lambda number: number in (1, 3)) == 2
    with out.open("rb") as file:
        heads = [record.rec_headers for record in ArchiveIterator(file)]
    assert [head.get_header("WARC-Type") for head in heads] == ["request", "response", "metadata"] * 2
    for request, page, notes in (heads[:3], heads[3:]):
        for beside in (request, notes):
            assert beside.get_header("WARC-Concurrent-To") == page.get_header("WARC-Record-ID") is not None
            assert beside.get_header("WARC-Target-URI") == page.get_header("WARC-Target-URI")


def test_a_part_is_spread_evenly_and_chosen_the_same_every_time(crawl: list[Path], tmp_path: Path) -> None:
    import archives

    assert [n for n in range(10) if archives.spread(10, 3)(n)] == [0, 4, 7]
    for total, count in ((1437, 288), (7, 7), (5, 1)):
        assert sum(map(archives.spread(total, count), range(total))) == count
    total = sum(1 for _ in archives.pages(crawl))
    for name in ("a", "b"):
        assert archives.write(crawl, tmp_path / name, archives.spread(total, 5)) == 5
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_type_that_stands_in_the_record_is_left_alone(tmp_path: Path) -> None:
    import archives

    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>x"
    head = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Identified-Payload-Type: application/xhtml+xml\r\n"
    head += b"Content-Length: %d\r\n" % len(block)
    (tmp_path / "in.warc.gz").write_bytes(gzip.compress(head + b"\r\n" + block + b"\r\n\r\n"))
    assert archives.write([tmp_path / "in.warc.gz"], tmp_path / "out.warc.gz", lambda number: True) == 1
    assert gzip.decompress((tmp_path / "out.warc.gz").read_bytes()).count(b"Identified") == 1


def test_processor_time_counts_children_and_not_waiting(tmp_path: Path) -> None:
    import timed

    busy = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    program = f"import subprocess, sys, time\nsubprocess.run([sys.executable, '-c', {busy!r}])\ntime.sleep(0.5)"
    start = time.monotonic()
    timing = timed.run([sys.executable, "-c", program], tmp_path / "log", {})
    assert 0.3 <= timing.cpu <= timing.wall - 0.45  # each of the two waits for the other, and half a second for nothing
    assert 0.8 <= timing.wall <= time.monotonic() - start
    assert timing.peak_mb > 3


def test_a_program_that_fails_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    import timed

    with pytest.raises(timed.ProgramFailed, match="out of luck"):
        timed.run([sys.executable, "-c", "raise SystemExit('out of luck')"], tmp_path / "log", {})


def test_rates_take_the_start_off_and_ratios_pair_neighbouring_runs() -> None:
    import text_side
    from timed import Timing

    def result(pages: int, start: float, *cpu: float) -> Any:
        runs = [Timing(wall=2 * c, cpu=c, peak_mb=100) for c in cpu]
        return text_side.Result(text_side.ROWS[0], pages, Timing(2 * start, start, 50), runs, {})

    ours, peer = result(101, 2.0, 4.0, 12.0), result(11, 1.0, 6.0, 21.0)
    assert ours.rate("cpu") == pytest.approx(50)  # the best run: 100 further pages in 2 s
    assert peer.rate("wall") == pytest.approx(1)
    assert peer.ratio(ours, "cpu") == pytest.approx((50 / 2 + 10 / 0.5) / 2)
    assert ours.ratio(ours, "cpu") == 1


def test_stages_are_told_by_their_least_run_and_what_is_left_beside_them() -> None:
    import text_side
    from timed import Timing

    ours = text_side.Result(text_side.ROWS[0], 0, Timing(2, 1.0, 50), [], {})
    ours.counts(
        Timing(9, 4.0, 100), {"pages": 100, "kept": 1, "stages": {"extract": 1.5, "language": 0.2, "idle": 0.0}}
    )
    ours.counts(
        Timing(9, 5.0, 100), {"pages": 100, "kept": 1, "stages": {"extract": 1.0, "language": 0.5, "idle": 0.0}}
    )
    *_, first, second, beside, whole = text_side.stage_table(ours.value(ours)).splitlines()
    assert first.split() == ["extract", "10.00"]
    assert second.split() == ["language", "2.00"]
    assert beside.split() == ["beside", "the", "stages", "18.00"]
    assert whole.split() == ["all", "30.00"]


def bench(*given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(BENCH / "text_side.py"), *given], capture_output=True, text=True, cwd=REPOSITORY
    )


def test_wrong_use_is_told_before_anything_runs(tmp_path: Path) -> None:
    for given, word in (
        (["--peers", "datatruve"], "datatruve"),
        (["--repeat", "0"], "--repeat"),
        (["--data", str(tmp_path)], "pages/*.warc.gz"),
    ):
        done = bench(*given)
        assert done.returncode != 0
        assert word in done.stderr


@pytest.mark.slow
def test_it_measures_us_without_peers(crawl: list[Path], tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    for path in crawl:
        (tmp_path / "pages" / path.name).symlink_to(path)
    made = ["--data", str(tmp_path), "--peers", "none", "--repeat", "2", "--stages"]
    done = bench(*made, "--json", str(tmp_path / "out.json"))
    assert done.returncode == 0, done.stderr
    assert "ours" in done.stdout
    assert "beside the stages" in done.stdout
    record = json.loads((tmp_path / "out.json").read_text())
    (ours,) = record["rows"]
    assert record["pages"] == ours["handed"] >= ours["pages"] == len(html_pages(crawl))  # a record met twice is none
    assert 0 < ours["counted"]["kept"] < ours["pages"]
    assert 0 < ours["stages"]["extract"] <= ours["counted"]["stages"]["extract"]
    assert platform.python_version() in record["machine"]["python"]
    assert len(ours["runs"]) == 2
    assert ours["pages_per_cpu_second"] > ours["pages_per_cpu_second_with_start"] > 0
    assert ours["ours_over_it"]["cpu"] == 1
    assert ours["peak_mb"] >= ours["start"]["peak_mb"] > 10

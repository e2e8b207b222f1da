"""How fast the text side is beside its peers: read to Parquet, no pixels, one worker, on the same pages in one run.

It measures speed only; which quality each one's text has is measured by the gates under `tests/`. See README.md here.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

import archives
from timed import ProgramFailed, Timing, run

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
PEERS = ("trafilatura", "datatrove", "resiliparse")


@dataclass(frozen=True)
class Row:
    """A program to time: `peer` names its driver and its environment (empty: ours), `mode` is the driver's argument.

    A slow one gets a part of the pages. `does` and `lacks` are said of it in the table's notes.
    """

    name: str
    peer: str
    mode: str
    slow: bool
    does: str
    lacks: str


ROWS = (
    Row(
        "ours",
        "",
        "default",
        False,
        "read, decode, parse, texts and pictures in DOM order, main content, language of each node and page, node and "
        "page rules, URL, text and MinHash dedup with exact check, sentences, token counts, Parquet (zstd)",
        "pixels and alignment (off for this run); n-gram repetition rules (Gopher's) are not in its default recipe",
    ),
    Row(
        "trafilatura",
        "trafilatura",
        "default",
        True,
        "read (FastWARC), decode, parse, main text; its fallbacks readability and justext",
        "pictures, language, rules, dedup, tokens, writing",
    ),
    Row(
        "trafilatura fast",
        "trafilatura",
        "fast",
        True,
        "the same without the fallbacks",
        "pictures, language, rules, dedup, tokens, writing",
    ),
    Row(
        "resiliparse",
        "resiliparse",
        "main",
        False,
        "read (FastWARC), decode, parse, main text in one native call",
        "pictures, language, rules, dedup, tokens, writing; its text is the least exact (see the F1 figures)",
    ),
    Row(
        "datatrove",
        "datatrove",
        "filters",
        True,
        "read (warcio), decode, trafilatura 1.11 for precision in a child process, fastText language of the page, "
        "Gopher repetition and quality rules, JSON lines (gzip)",
        "pictures, node rules, dedup, sentences, tokens; most pages leave at its English stop-word rule",
    ),
    Row(
        "datatrove + MinHash",
        "datatrove",
        "minhash",
        True,
        "the same, and its four MinHash stages on the few documents that its filters leave",
        "pictures, node rules, URL and exact dedup, exact check of pairs, sentences, tokens",
    ),
)

QUALITY = """\
Not equal work, so read it with the quality of the text. F1 on the development pages (snippets of 990 pages; words of
123 news pages), by extract.py: trafilatura 2.3.1 0.926; 0.944, fast 0.920; 0.938, the 1.11 of datatrove for precision
0.913; 0.932; resiliparse main content 0.842; 0.878. Ours is held to 0.945; 0.971
by tests/gates/test_extract_quality.py."""


def measure(row: Row, archive: Path, scratch: Path, model: str) -> tuple[Timing, dict[str, Any]]:
    """Run a row once over an archive; gives its timing and what it counted."""
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        place = Path(folder)
        result = place / "result.json"
        settings = {"OMP_NUM_THREADS": "1", "LID_MODEL": model}
        if row.peer:
            settings["PYTHONPATH"] = ""
            command = [str(_python(row.peer)), "-P", str(HERE / "peers" / f"{row.peer}.py")]
        else:
            command = [sys.executable, str(HERE / "ours.py")]
        timing = run([*command, row.mode, archive, place, result], scratch / "last.log", settings)
        return timing, json.loads(result.read_text())


def _python(peer: str) -> Path:
    return HERE / ".venvs" / peer / "bin" / "python"


def prepare(peer: str) -> None:
    """Set up a peer's environment under `.venvs`, unless it is there for these very requirements."""
    folder, wanted = HERE / ".venvs" / peer, (HERE / "peers" / f"{peer}.txt").read_text()
    stamp = folder / "installed.txt"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"setting up {peer} (once)", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    pip = [str(_python(peer)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", str(HERE / "peers" / f"{peer}.txt")], check=True)
    stamp.write_text(wanted)


def inputs(data: Path | None) -> tuple[list[Path], str]:
    """The archives of pages to run on, and what they are: the development data, else the samples."""
    named = data or Path(os.environ.get("OBELICS_LIKE_DATA", REPOSITORY.parent / "shared" / "data"))
    found = sorted((named / "pages").glob("*.warc.gz"))
    if found:
        return found, "development data"
    if data:
        sys.exit(f"--data {data}: no pages/*.warc.gz there; give a folder that has them, or leave the option out")
    found = sorted((REPOSITORY / "samples" / "crawl").glob("*.warc.gz"))
    if not found:
        sys.exit("no development data (OBELICS_LIKE_DATA) and no samples/crawl: run python samples/make.py")
    return found, "samples only: a few pages, so the figures say that it runs and not how fast"


@dataclass
class Archives:
    """What is handed to the rows: `whole` for all but the slow ones, `part` for these, `one` page to time the start."""

    whole: Path
    part: Path
    one: Path
    pages: dict[Path, int]

    def of(self, row: Row) -> Path:
        """The archive for a row."""
        return self.part if row.slow else self.whole


def pack(paths: list[Path], limit: int | None, every: int, folder: Path) -> Archives:
    """Write the archives: `limit` pages evenly spread (None: all), and of these every so many for the slow rows."""
    total = sum(1 for _ in archives.pages(paths))
    if not total:
        sys.exit(f"no HTML page in {', '.join(map(str, paths))}")
    count = min(limit or total, total)
    few = min(count, max(200, count // every))
    made = Archives(folder / "whole.warc.gz", folder / "part.warc.gz", folder / "one.warc.gz", {})
    made.pages[made.whole] = archives.write(paths, made.whole, archives.spread(total, count))
    made.pages[made.part] = archives.write([made.whole], made.part, archives.spread(count, few))
    made.pages[made.one] = archives.write([made.whole], made.one, archives.spread(count, 1))
    return made


@dataclass
class Result:
    """What was measured of a row: the run on one page, the runs on all its pages, and what the last run counted."""

    row: Row
    pages: int
    start: Timing
    runs: list[Timing]
    counted: dict[str, Any]
    stages: dict[str, float] = field(default_factory=dict)
    """Of ours, the processor seconds that each stage took, the least of the runs."""

    def counts(self, timing: Timing, counted: dict[str, Any]) -> None:
        """Take in one more run over all its pages."""
        self.runs.append(timing)
        self.counted, self.pages = counted, counted["pages"]
        for stage, seconds in counted.get("stages", {}).items():
            self.stages[stage] = min(seconds, self.stages.get(stage, seconds))

    def rate(self, kind: str, number: int | None = None) -> float:
        """Pages a second (`kind` cpu or wall) of a run (None: the best), the run on one page taken off."""
        taken: list[float] = [getattr(one, kind) for one in self.runs]
        whole = min(taken) if number is None else taken[number]
        start: float = getattr(self.start, kind)
        # with a handful of pages the noise of the two starts is larger than the rest
        return (self.pages - 1) / max(whole - start, whole / 20)

    def ratio(self, ours: Result, kind: str) -> float:
        """How many times as fast ours is: the median of the pairs of runs that were made one after the other."""
        return median(ours.rate(kind, n) / self.rate(kind, n) for n in range(len(self.runs)))

    def value(self, ours: Result) -> dict[str, Any]:
        """It all as plain values."""
        return {
            "name": self.row.name,
            "does": self.row.does,
            "lacks": self.row.lacks,
            "pages": self.pages,
            "pages_per_second": self.rate("wall"),
            "pages_per_cpu_second": self.rate("cpu"),
            "pages_per_cpu_second_with_start": self.pages / min(one.cpu for one in self.runs),
            "ours_over_it": {"cpu": self.ratio(ours, "cpu"), "wall": self.ratio(ours, "wall")},
            "peak_mb": max(one.peak_mb for one in self.runs),
            "start": asdict(self.start),
            "runs": [asdict(one) for one in self.runs],
            "counted": self.counted,
            "stages": self.stages,
        }


def compare(rows: list[Row], packed: Archives, repeat: int, scratch: Path, model: str) -> list[Result]:
    """Time the rows in turn, `repeat` rounds, each behind a run on one page, of which the least counts as the start."""
    results = []
    for row in rows:
        start, _ = measure(row, packed.one, scratch, model)
        results.append(Result(row, 0, start, [], {}))
    for number in range(repeat):
        for result in results:
            print(f"round {number + 1} of {repeat}: {result.row.name}", file=sys.stderr)
            start, _ = measure(result.row, packed.one, scratch, model)
            result.start = min(result.start, start, key=lambda one: one.cpu)
            result.counts(*measure(result.row, packed.of(result.row), scratch, model))
    return results


def machine() -> dict[str, Any]:
    """What it ran on."""
    model = ""
    if (info := Path("/proc/cpuinfo")).exists():
        model = next((line.partition(":")[2].strip() for line in info.open() if line.startswith("model name")), "")
    return {
        "processor": model or platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.platform(),
        "load": round(os.getloadavg()[0], 1),
        "python": _python_here(),
    }


def _python_here() -> str:
    """The interpreter that ours and the peers run on: one built with a profile is a fifth to a third faster."""
    profiled = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    how = "with" if profiled else "without"
    return f"{platform.python_version()} ({platform.python_compiler()}, built {how} profile)"


def stage_table(row: dict[str, Any]) -> str:
    """Where our time goes: processor milliseconds a page by stage, and what is spent beside the stages."""
    pages, stages = row["pages"], row["stages"]
    whole = max(0.0, min(one["cpu"] for one in row["runs"]) - row["start"]["cpu"])
    beside = {"beside the stages": whole - sum(stages.values()), "all": whole}
    lines = ["", "ours by stage, processor ms a page (the least of the runs; the start is taken off the whole)"]
    ordered = sorted(stages.items(), key=lambda stage: -stage[1])
    for name, seconds in (*((n, s) for n, s in ordered if s >= 0.000005 * pages), *beside.items()):
        lines.append(f"  {name:<24}{1000 * seconds / pages:>8.2f}")
    return "\n".join(lines)


def table(record: dict[str, Any]) -> str:
    """The record as a table with its notes."""
    lines = [
        f"{'':<21}{'pages':>6}{'pages/s':>9}{'pages/cpu s':>13}{'start s':>9}{'ours/it cpu':>13}{'wall':>7}{'MB':>6}"
    ]
    for row in record["rows"]:
        ratio = row["ours_over_it"]
        lines.append(
            f"{row['name']:<21}{row['pages']:>6}{row['pages_per_second']:>9.1f}{row['pages_per_cpu_second']:>13.1f}"
            f"{row['start']['cpu']:>9.1f}{ratio['cpu']:>13.1f}{ratio['wall']:>7.1f}{row['peak_mb']:>6}"
        )
    on = record["machine"]
    lines += ["", f"{record['pages']} pages: {record['input']}"]
    lines += [f"{on['processor']}, {on['cores']} cores, load {on['load']} to {on['load_after']}, {on['system']}"]
    lines += [f"Python {on['python']}"]
    lines += ["Best of the runs; ratios are medians of neighbouring runs. A run on one page (start) is taken off."]
    for row in record["rows"]:
        lost = row["counted"].get("timeouts")
        handed = row["handed"] - row["pages"]
        said = f" ({row['counted']['kept']} of {row['pages']} pages kept"
        said += f"; {lost} lost to its time limit" if lost else ""
        said += f"; {handed} pages not taken by its reader" if handed else ""
        lines.append(f"- {row['name']}: {row['does']}. Not: {row['lacks']}.{said})")
    return "\n".join([*lines, QUALITY])


def arguments(given: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a folder with pages/*.warc.gz (default: OBELICS_LIKE_DATA)")
    parser.add_argument("--pages", type=int, help="so many pages, evenly spread (default: all)")
    parser.add_argument("--peers", default=",".join(PEERS), help="of trafilatura, datatrove, resiliparse; or none")
    parser.add_argument("--repeat", type=int, default=2, help="rounds (default: 2)")
    parser.add_argument("--every", type=int, default=5, help="slow peers get one page in so many, 200 at least")
    parser.add_argument("--stages", action="store_true", help="say where our time goes, stage by stage")
    parser.add_argument("--json", type=Path, help="write the record to this file")
    options = parser.parse_args(given)
    options.peers = [] if options.peers == "none" else options.peers.split(",")
    if unknown := [peer for peer in options.peers if peer not in PEERS]:
        parser.error(f"--peers: got {unknown[0]!r}; valid are {', '.join(PEERS)} or none")
    for name in ("pages", "repeat", "every"):
        if (value := getattr(options, name)) is not None and value < 1:
            parser.error(f"--{name}: got {value}; valid is 1 or more")
    return options


def language_model() -> str:
    """The path of the language model that all are given. Ends the program where it is missing."""
    command = [sys.executable, "-m", "obelics_like.cli", "models", "path", "lid176"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    if asked.returncode:
        sys.exit(asked.stderr)
    return asked.stdout.strip()


def main(given: list[str] | None = None) -> int:
    """Run the benchmark, print the table, and write the record if asked to."""
    options = arguments(given)
    paths, what = inputs(options.data)
    rows = [row for row in ROWS if not row.peer or row.peer in options.peers]
    for peer in options.peers:
        prepare(peer)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        packed = pack(paths, options.pages, options.every, scratch)
        before = machine()
        try:
            results = compare(rows, packed, options.repeat, scratch, language_model())
        except ProgramFailed as failure:
            sys.exit(str(failure))
        handed = [packed.pages[packed.of(row)] for row in rows]
    record = {
        "date": datetime.now(UTC).date().isoformat(),
        "version": _version(),
        "input": what,
        "pages": packed.pages[packed.whole],
        "machine": before | {"load_after": machine()["load"]},
        "rows": [result.value(results[0]) | {"handed": count} for result, count in zip(results, handed)],
    }
    if options.json:
        options.json.write_text(json.dumps(record, indent=1) + "\n")
    print(table(record))
    if options.stages:
        print(stage_table(record["rows"][0]))
    return 0


def _version() -> str:
    try:
        return version("obelics-like")
    except PackageNotFoundError:
        return "a checkout"


if __name__ == "__main__":
    sys.exit(main())

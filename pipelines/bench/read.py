"""How fast archives are read beside FastWARC and warcio: one core, no page parsed, all on the same file in one run.

The file is made like one of Common Crawl's: a request, a response and a metadata record a page, a gzip member each, and
the last names the response (WARC-Concurrent-To). It measures speed only; what each reader makes of a broken archive is
tested under `tests/sources`. See README.md here.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import archives
from text_side import inputs, machine
from timed import ProgramFailed, run

PEER = "FastWARC on isal"
"""What all others are measured against: the fastest of the peers."""
Reader = Callable[[str], tuple[int, int]]
"""Reads an archive to its end; gives how many records and pages it saw."""


def by_fastwarc(path: str, isal: bool = True, hashed: bool = False) -> tuple[int, int]:
    """Every record with its block, fed by isal or inflating by itself; the pages' payloads hashed if asked to."""
    from fastwarc.warc import ArchiveIterator
    from isal import igzip

    records = pages = 0
    for record in ArchiveIterator(igzip.open(path) if isal else path):
        body = record.reader.read()
        records += 1
        if record.headers.get("WARC-Type") == "response" and (record.http_content_type or "").startswith("text/html"):
            pages += 1
            if hashed:
                hashlib.sha1(body, usedforsecurity=False).digest()
    return records, pages


def by_warcio(path: str) -> tuple[int, int]:
    """Every record with its block."""
    from warcio.archiveiterator import ArchiveIterator

    records = pages = 0
    with open(path, "rb") as file:
        for record in ArchiveIterator(file):
            record.raw_stream.read()
            records += 1
            mime = record.http_headers.get_header("Content-Type") or "" if record.http_headers else ""
            pages += record.rec_type == "response" and mime.startswith("text/html")
    return records, pages


def scanned(path: str) -> tuple[int, int]:
    """Our scan: every record inflated to its end, and told what it is."""
    from obelics_like.sources.archive import Archive, scan
    from obelics_like.sources.inputs import expand

    kinds = [record.kind for record in scan(expand([path])[0], Archive(id="sources"))]
    return len(kinds), kinds.count("page")


def pages_read(path: str, digests: str, both: bool) -> tuple[int, int]:
    """Our reading of the pages at the offsets that a scan found (its time counts if `both`)."""
    from obelics_like.document import Page
    from obelics_like.sources.archive import Archive, read, scan
    from obelics_like.sources.inputs import expand

    options = Archive(id="sources", digests=digests)
    source = expand([path])[0]
    records = [record for record in scan(source, options) if record.kind == "page"]
    if not both:
        CLOCK.start = time.process_time()
    return len(records), sum(isinstance(page, Page) for _, page in read(source, records, options))


@dataclass
class Clock:
    """When the part that counts began, in processor seconds."""

    start: float = 0.0


CLOCK = Clock()

ROWS: dict[str, tuple[Reader, str]] = {
    PEER: (by_fastwarc, "every record with its block; damage ends it"),
    "FastWARC": (lambda path: by_fastwarc(path, isal=False), "the same, inflating by itself"),
    "FastWARC on isal, sha1": (lambda path: by_fastwarc(path, hashed=True), "the same, and a sha1 of each page"),
    "warcio": (by_warcio, "every record with its block"),
    "ours: scan": (
        scanned,
        "every record, its head and what it is; pages are passed over, all else is inflated",
    ),
    "ours: read": (lambda path: pages_read(path, "ignore", False), "the pages alone, by their offsets; bodies decoded"),
    "ours: read, sha1": (lambda path: pages_read(path, "mark", False), "the same, digests held against payloads"),
    "ours: scan and read": (lambda path: pages_read(path, "mark", True), "both, as a build does"),
}


def child(name: str, archive: str, result: str) -> None:
    """Run a row twice, the first time to warm up, and write what it took the second time."""
    reader = ROWS[name][0]
    reader(archive)
    CLOCK.start = time.process_time()
    records, pages = reader(archive)
    taken = time.process_time() - CLOCK.start
    Path(result).write_text(json.dumps({"records": records, "pages": pages, "cpu": taken}))


def pack(paths: list[Path], limit: int | None, out: Path) -> tuple[int, int]:
    """Write `limit` pages (None: all) as Common Crawl has them; gives the pages and the bytes inflated."""
    total = sum(1 for _ in archives.pages(paths))
    pages = archives.write(paths, out, archives.spread(total, min(limit or total, total)))
    with gzip.open(out) as whole:
        return pages, sum(map(len, iter(lambda: whole.read(1 << 20), b"")))


def measure(archive: Path, names: list[str], repeat: int, scratch: Path) -> dict[str, list[dict[str, Any]]]:
    """Run the rows in turn, `repeat` rounds, each as a process of its own."""
    taken: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for number in range(repeat):
        for name in names:
            print(f"round {number + 1} of {repeat}: {name}", file=sys.stderr)
            result = scratch / "result.json"
            command = [sys.executable, __file__, "--row", name, archive, result]
            timing = run(command, scratch / "last.log", {"OMP_NUM_THREADS": "1"})
            taken[name].append({**json.loads(result.read_text()), "peak_mb": timing.peak_mb})
    return taken


def table(record: dict[str, Any]) -> str:
    """The record as a table with its notes."""
    lines = [f"{'':<24}{'records':>8}{'pages':>7}{'MB/cpu s':>10}{'pages/cpu s':>13}{'x peer time':>12}{'MB':>5}"]
    for name, runs in record["rows"].items():
        best = min(one["cpu"] for one in runs)
        ratio = median(one["cpu"] / peer["cpu"] for one, peer in zip(runs, record["rows"][PEER]))
        lines.append(
            f"{name:<24}{runs[0]['records']:>8}{runs[0]['pages']:>7}{record['bytes'] / 1e6 / best:>10.0f}"
            f"{record['pages'] / best:>13.0f}{ratio:>12.2f}{max(one['peak_mb'] for one in runs):>5}"
        )
    on = record["machine"]
    lines += ["", f"{record['pages']} pages, {record['bytes'] / 1e6:.0f} MB inflated: {record['input']}"]
    lines += [f"{on['processor']}, {on['cores']} cores, load {on['load']} to {on['load_after']}, Python {on['python']}"]
    lines += [f"Best of the rounds; x peer time is the median over them of the time beside {PEER}'s in the same round."]
    return "\n".join(lines + [f"- {name}: {ROWS[name][1]}" for name in record["rows"]])


def main(given: list[str] | None = None) -> int:
    """Run the benchmark, print the table, and write the record if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a folder with pages/*.warc.gz (default: OBELICS_LIKE_DATA)")
    parser.add_argument("--pages", type=int, help="so many pages, evenly spread (default: all)")
    parser.add_argument("--repeat", type=int, default=5, help="rounds (default: 5)")
    parser.add_argument("--json", type=Path, help="write the record to this file")
    parser.add_argument("--row", nargs=3, metavar=("NAME", "ARCHIVE", "RESULT"), help=argparse.SUPPRESS)
    options = parser.parse_args(given)
    if options.row:
        child(*options.row)
        return 0
    for name in ("pages", "repeat"):
        if (value := getattr(options, name)) is not None and value < 1:
            parser.error(f"--{name}: got {value}; valid is 1 or more")
    paths, what = inputs(options.data)
    before = machine()
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "crawl.warc.gz"
        pages, size = pack(paths, options.pages, archive)
        if not pages:
            sys.exit(f"no HTML page in {', '.join(map(str, paths))}")
        try:
            rows = measure(archive, list(ROWS), options.repeat, Path(folder))
        except ProgramFailed as failure:
            sys.exit(str(failure))
    record = {"date": datetime.now(UTC).date().isoformat(), "input": what, "pages": pages, "bytes": size, "rows": rows}
    record["machine"] = before | {"load_after": machine()["load"]}
    if options.json:
        options.json.write_text(json.dumps(record, indent=1) + "\n")
    print(table(record))
    return 0


if __name__ == "__main__":
    sys.exit(main())

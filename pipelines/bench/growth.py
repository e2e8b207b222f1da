"""How the cost of a build grows with its input: once, twice, four and eight times the same pages, time and memory.

    python pipelines/bench/growth.py [--pages 500] [--rounds 1] [--data DIR] [--svg pipelines/bench/growth.svg]

The text side of the recipe `default` with one worker. A page that comes again has its words shuffled between the same
tags, and another URL and record id: as long as before, in the same language, and near no other. It says nothing of
pictures, which are read and not shuffled.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import archives
from timed import run

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
TIMES = (1, 2, 4, 8)
_URI = re.compile(rb"^(warc-target-uri:\s*<?)([^>\r\n]+)", re.I | re.M)
_ID = re.compile(rb"^(warc-record-id:\s*)[^\r\n]+", re.I | re.M)
_DIGEST = re.compile(rb"^warc-(?:payload|block)-digest:[^\r\n]*\r\n", re.I | re.M)
_TEXT = re.compile(rb">([^<>]{20,})<")
COLOURS = ("#4e79a7", "#59a14f", "#f28e2b", "#b07aa1", "#9c9c9c")


@dataclass(frozen=True)
class Point:
    """What a build took: pages, processor seconds in all and by part of the job, peak MB of a worker and of all."""

    pages: int
    cpu: float
    parts: dict[str, float]
    worker_mb: int
    driver_mb: int


def again(head: bytes, block: bytes, copy: int, number: int) -> tuple[bytes, bytes]:
    """The record of a page that comes for the `copy`th time: other words' order, another name."""
    if copy == 0:
        return head, block
    rng = random.Random(f"{copy} {number}")

    def shuffled(match: re.Match[bytes]) -> bytes:
        words = match[1].split(b" ")
        rng.shuffle(words)
        return b">" + b" ".join(words) + b"<"

    answer, gap, body = block.partition(b"\r\n\r\n")
    head = _URI.sub(lambda m: m[1] + m[2] + b"?copy=%d" % copy, _DIGEST.sub(b"", head))
    head = _ID.sub(lambda m: m[1] + b"<urn:uuid:%08x-0000-4000-8000-%012x>" % (copy, number), head)
    return head, answer + gap + _TEXT.sub(shuffled, body)


def write(sources: Sequence[Path], out: Path, pages: int, times: int) -> None:
    """One archive of `pages` evenly spread pages, `times` times."""
    total = sum(1 for _ in archives.pages(sources))
    wanted = archives.spread(total, min(pages, total))
    with out.open("wb") as file:
        for copy in range(times):
            for number, record in enumerate(archives.pages(sources)):
                if wanted(number):
                    head, block = again(*record, copy, number)
                    file.write(gzip.compress(head + b"\r\n" + block + b"\r\n\r\n", 1, mtime=0))


def parts(stages: dict[str, float]) -> dict[str, float]:
    """Processor seconds by part of the job."""
    found = dict.fromkeys(("extraction", "language", "text", "duplicates", "rest"), 0.0)
    for name, spent in stages.items():
        room = {"extract": "extraction", "dedup": "duplicates", "minhash": "duplicates", "sentences": "text"}
        first = name.partition(".")[0]
        found[room.get(first, first if first in found else "rest")] += spent
    return found


def measure(archive: Path, scratch: Path) -> Point:
    """Build once, as a process of its own."""
    result = scratch / "result.json"
    command = [sys.executable, HERE / "ours.py", "default", archive, scratch, result]
    took = run(command, scratch / "log", {"PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"})
    said = json.loads((scratch / "out" / "run.json").read_text())
    counted = json.loads(result.read_text())
    spent = parts(said["stage_seconds"])
    spent["rest"] += max(0.0, took.cpu - sum(spent.values()))
    return Point(counted["pages"], took.cpu, spent, said["peak_worker_mb"], took.peak_mb)


def measured(sources: Sequence[Path], pages: int, rounds: int) -> list[Point]:
    """The least of some rounds, for each size."""
    points = []
    for times in TIMES:
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder) / "pages.warc.gz"
            write(sources, archive, pages, times)
            found = []
            for number in range(rounds):
                scratch = Path(folder) / str(number)
                scratch.mkdir()
                found.append(measure(archive, scratch))
            points.append(min(found, key=lambda point: point.cpu))
        best = points[-1]
        print(
            f"{times} x: {best.pages:,} pages, {best.cpu:.1f} s CPU ({1000 * best.cpu / best.pages:.1f} ms a page),"
            f" worker {best.worker_mb} MB, largest process {best.driver_mb} MB;"
            f" {', '.join(f'{k} {v:.1f}' for k, v in best.parts.items())}",
            flush=True,
        )
    return points


def svg(points: Sequence[Point]) -> str:
    """Two plots side by side: processor seconds by part of the job, stacked, and memory."""
    names = list(points[0].parts)
    tops = [[sum(p.parts[n] for n in names[: k + 1]) for p in points] for k in range(len(names))]
    pages = [p.pages for p in points]
    left = "".join(_area(pages, low, high, COLOURS[k], max(tops[-1])) for k, (low, high) in enumerate(_pairs(tops)))
    left += _frame(0, "processor seconds, one worker", pages, max(tops[-1]))
    left += "".join(_key(70, 45 + 16 * k, COLOURS[-1 - k], names[-1 - k]) for k in range(len(names)))
    most = 1.25 * max(p.worker_mb for p in points)
    right = _line(pages, [p.worker_mb for p in points], COLOURS[0], most)
    right += _frame(360, "peak memory of the worker, MB", pages, most)
    style = "<style>text{font:12px sans-serif;fill:#333}</style><rect width='720' height='260' fill='#fff'/>"
    return f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 720 260' role='img'>{style}{left}{right}</svg>\n"


def _pairs(tops: list[list[float]]) -> Iterator[tuple[list[float], list[float]]]:
    return zip([[0.0] * len(tops[0]), *tops], tops, strict=False)


def _place(at: int, pages: Sequence[int], n: int, value: float, most: float) -> str:
    return f"{at + 55 + 270 * pages[n] / pages[-1]:.1f},{220 - 185 * value / most:.1f}"


def _area(pages: Sequence[int], low: Sequence[float], high: Sequence[float], colour: str, most: float) -> str:
    edge = [_place(0, pages, n, v, most) for n, v in enumerate(high)]
    edge += [_place(0, pages, n, v, most) for n, v in reversed(list(enumerate(low)))]
    return f"<polygon points='{' '.join(edge)}' fill='{colour}'/>"


def _line(pages: Sequence[int], values: Sequence[float], colour: str, most: float) -> str:
    places = [_place(360, pages, n, v, most) for n, v in enumerate(values)]
    dots = "".join("<circle cx='{}' cy='{}' r='3' fill='{}'/>".format(*p.split(","), colour) for p in places)
    return f"<polyline points='{' '.join(places)}' fill='none' stroke='{colour}' stroke-width='2'/>{dots}"


def _frame(at: int, title: str, pages: Sequence[int], most: float) -> str:
    x, y = at + 55, 220
    out = f"<text x='{x}' y='22'>{title}</text><path d='M{x} 35V{y}H{x + 270}' fill='none' stroke='#333'/>"
    for n, count in enumerate(pages):
        place = _place(at, pages, n, 0, 1).split(",")[0]
        out += f"<text x='{place}' y='236' text-anchor='middle'>{count:,}</text>"
    out += f"<text x='{x + 135}' y='253' text-anchor='middle'>pages</text>"
    for share in (0.25, 0.5, 0.75, 1):
        level = y - 185 * share
        out += f"<text x='{x - 6}' y='{level + 4:.0f}' text-anchor='end'>{most * share:,.0f}</text>"
        out += f"<path d='M{x} {level:.1f}h270' stroke='#ddd' stroke-width='.5'/>"
    return out


def _key(x: int, y: int, colour: str, name: str) -> str:
    return f"<rect x='{x}' y='{y}' width='10' height='10' fill='{colour}'/><text x='{x + 15}' y='{y + 9}'>{name}</text>"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and draw."""
    data = os.environ.get("OBELICS_LIKE_DATA", str(REPOSITORY.parent / "shared" / "data"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--data", default=data, help="a folder with pages/*.warc.gz")
    parser.add_argument("--svg", help="a file to draw it into")
    parser.add_argument("--json")
    args = parser.parse_args(arguments)
    sources = sorted((Path(args.data) / "pages").glob("*.warc.gz"))
    points: list[Any] = measured(sources, args.pages, args.rounds)
    if args.svg:
        Path(args.svg).write_text(svg(points))
    if args.json:
        Path(args.json).write_text(json.dumps([asdict(point) for point in points], indent=1))


if __name__ == "__main__":
    main()

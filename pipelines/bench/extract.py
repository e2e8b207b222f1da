"""How fast pages become nodes beside the peers, and how good the nodes are: bytes to texts and pictures, one core.

All extract the same pages in the same run, each as a process of its own; reading the archive is not timed. Beside the
speed stands the quality, by the measures of the gates: a fast extractor that keeps the menu has won nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import archives
import quality
from text_side import HERE, inputs, machine, prepare
from timed import ProgramFailed, run

OURS = "ours"
HEAP = {"MALLOC_MMAP_THRESHOLD_": str(16 << 20), "MALLOC_TRIM_THRESHOLD_": str(64 << 20)}
"""All keep their heap from page to page, as our workers do: glibc else gives it back, and asks for it again."""


@dataclass(frozen=True)
class Row:
    """An extractor: `peer` names its environment (empty: ours); `does` is said of it in the notes."""

    name: str
    peer: str
    does: str


ROWS = (
    Row(OURS, "", "decode, parse, the texts and pictures of the main content in DOM order, captions, page facts"),
    Row("ours with dropped", "", "the same, and all other texts and pictures, each with why it was dropped"),
    Row("resiliparse", "resiliparse", "detect, decode, parse, main text in one native call; no pictures"),
    Row("trafilatura fast", "trafilatura", "main text without its fallbacks; no pictures"),
    Row("trafilatura", "trafilatura", "main text with its fallbacks; no pictures"),
    Row("trafilatura pictures", "trafilatura", "the same with include_images, as XML"),
    Row("datatrove", "datatrove", "trafilatura 1.11 for precision, without the child process that guards it"),
    Row("OBELICS", "obelics", "simplification of the DOM and extraction of nodes"),
)
PEERS = tuple(dict.fromkeys(row.peer for row in ROWS if row.peer))
FIGURES = {"snippets_f1": "snip F1", "body_f1": "body F1", "picture_recall": "pic rec", "picture_precision": "pic prec"}


def measure(row: Row, archive: Path, scratch: Path, obelics: Path | None, watch: bool = False) -> dict[str, Any]:
    """Run a row once over an archive; what it took, and its nodes are left in `scratch`."""
    python = HERE / ".venvs" / row.peer / "bin" / "python" if row.peer else Path(sys.executable)
    settings = {"OMP_NUM_THREADS": "1", "OBELICS_SOURCE": str(obelics), **HEAP}
    if row.peer:
        settings["PYTHONPATH"] = ""
    result = scratch / "result.json"
    command = [python, HERE / "extractors.py", row.name, archive, nodes_of(row, scratch), result]
    command += ["watch"] if watch else []
    timing = run(command, scratch / "last.log", settings)
    taken: dict[str, Any] = json.loads(result.read_text())
    return {**taken, "peak_mb": timing.peak_mb}


def nodes_of(row: Row, scratch: Path) -> Path:
    """Where what a row found is written."""
    return scratch / f"{row.name}.jsonl"


def scored(path: Path, data: Path | None) -> dict[str, dict[str, float]]:
    """The quality of what a row found; empty without the development data."""
    if data is None or not (data / "pages" / "fundus.truth.jsonl").exists():
        return {}
    found = {}
    with path.open(encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            found[line["uri"]] = (line["text"], line["pictures"])
    return quality.score(found, data)


def compare(rows: list[Row], archive: Path, options: argparse.Namespace, scratch: Path) -> list[dict[str, Any]]:
    """Time the rows in turn, so many rounds; a row each with its runs and its quality."""
    runs: dict[str, list[dict[str, Any]]] = {row.name: [] for row in rows}
    for number in range(options.repeat):
        for row in rows:
            print(f"round {number + 1} of {options.repeat}: {row.name}", file=sys.stderr)
            runs[row.name].append(measure(row, archive, scratch, options.obelics))
    ours = runs[OURS]
    return [
        {
            "name": row.name,
            "does": row.does,
            "pages_per_cpu_second": max(one["pages"] / one["cpu"] for one in runs[row.name]),
            "ours_over_it": median(one["cpu"] / mine["cpu"] for one, mine in zip(runs[row.name], ours)),
            "peak_mb": max(one["peak_mb"] for one in runs[row.name]),
            "quality": scored(nodes_of(row, scratch), options.data),
            "runs": runs[row.name],
        }
        for row in rows
    ]


def table(record: dict[str, Any]) -> str:
    """The record as a table with its notes."""
    heads = "".join(f"{name:>9}" for name in FIGURES.values())
    lines = [f"{'':<21}{'pages/cpu s':>12}{'ms/page':>9}{'ours/it':>9}{'slowest s':>11}{'MB':>5}{heads}"]
    for row in record["rows"]:
        rate, figures = row["pages_per_cpu_second"], row["quality"].get("odd", {})
        slowest = min(one["slowest"] for one in row["runs"])
        said = "".join(f"{figures[name]:>9.3f}" if name in figures else f"{'-':>9}" for name in FIGURES)
        lines.append(
            f"{row['name']:<21}{rate:>12.1f}{1000 / rate:>9.2f}{row['ours_over_it']:>9.2f}{slowest:>11.2f}"
            f"{row['peak_mb']:>5}{said}"
        )
    on = record["machine"]
    lines += ["", f"{record['pages']} pages, {record['bytes'] / 1e6:.0f} MB: {record['input']}"]
    lines += [f"{on['processor']}, {on['cores']} cores, load {on['load']} to {on['load_after']}, Python {on['python']}"]
    lines += [
        "Best of the rounds; ours/it is the median over them of both in the same round. Quality on the pages with"
    ]
    lines += ["an odd hash, which nothing of ours was tuned on (--json has that on all pages too)."]
    for row in record["rows"]:
        last = row["runs"][-1]
        failed = f"; raised on {last['failed']}" if last["failed"] else ""
        lines.append(f"- {row['name']}: {row['does']} ({last['kept']} of {last['pages']} pages have text{failed})")
    lines += [f"- left out: {said}" for said in record["left_out"]]
    lines += ["", "Where our time goes:", *_parts(record["parts"])]
    return "\n".join(lines)


def _parts(shares: dict[str, float]) -> list[str]:
    """Of each module its share, with the functions that have most of it."""
    modules: dict[str, dict[str, float]] = {}
    for name, share in shares.items():
        module, _, function = name.partition(".")
        modules.setdefault(module, {})[function] = share
    ranked = sorted(modules.items(), key=lambda pair: -sum(pair[1].values()))
    return [
        f"{sum(held.values()):>7.1%} {module}: " + ", ".join(f"{name} {part:.1%}" for name, part in [*held.items()][:4])
        for module, held in ranked
        if sum(held.values()) >= 0.005
    ]


def arguments(given: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a folder with pages/*.warc.gz (default: OBELICS_LIKE_DATA)")
    parser.add_argument("--pages", type=int, help="so many pages, evenly spread (default: all)")
    parser.add_argument("--peers", default=",".join(PEERS), help=f"of {', '.join(PEERS)}; or none")
    parser.add_argument("--obelics", type=Path, help="a checkout of huggingface/OBELICS (default: OBELICS_SOURCE)")
    parser.add_argument("--repeat", type=int, default=2, help="rounds (default: 2)")
    parser.add_argument("--json", type=Path, help="write the record to this file")
    options = parser.parse_args(given)
    options.peers = [] if options.peers == "none" else options.peers.split(",")
    if unknown := [peer for peer in options.peers if peer not in PEERS]:
        parser.error(f"--peers: got {unknown[0]!r}; valid are {', '.join(PEERS)} or none")
    for name in ("pages", "repeat"):
        if (value := getattr(options, name)) is not None and value < 1:
            parser.error(f"--{name}: got {value}; valid is 1 or more")
    if options.obelics is None and (named := os.environ.get("OBELICS_SOURCE")):
        options.obelics = Path(named)
    if options.obelics and not (options.obelics / "obelics" / "processors").is_dir():
        parser.error(f"--obelics: got {options.obelics}; valid is a folder that holds obelics/processors")
    return options


def main(given: list[str] | None = None) -> int:
    """Run the benchmark, print the table, and write the record if asked to."""
    options = arguments(given)
    left_out = []
    if "obelics" in options.peers and options.obelics is None:
        options.peers.remove("obelics")
        left_out.append("OBELICS: its code is no package; git clone it and name the folder by --obelics")
    paths, what = inputs(options.data)
    options.data = paths[0].parent.parent
    for peer in options.peers:
        prepare(peer)
    rows = [row for row in ROWS if not row.peer or row.peer in options.peers]
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        archive = scratch / "pages.warc.gz"
        total = sum(1 for _ in archives.pages(paths))
        pages = archives.write(paths, archive, archives.spread(total, min(options.pages or total, total)))
        if not pages:
            sys.exit(f"no HTML page in {', '.join(map(str, paths))}")
        size = sum(len(block) for _, block in archives.pages([archive]))
        before = machine()
        try:
            measured = compare(rows, archive, options, scratch)
            parts = measure(rows[0], archive, scratch, None, watch=True)["parts"]
        except ProgramFailed as failure:
            sys.exit(str(failure))
    record = {"date": datetime.now(UTC).date().isoformat(), "input": what, "pages": pages, "bytes": size}
    record |= {
        "machine": before | {"load_after": machine()["load"]},
        "rows": measured,
        "left_out": left_out,
        "parts": parts,
    }
    if options.json:
        options.json.write_text(json.dumps(record, indent=1) + "\n")
    print(table(record))
    return 0


if __name__ == "__main__":
    sys.exit(main())

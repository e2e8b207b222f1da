"""What the commands print of a plan, a corpus and an export; it reads what a run wrote and decides nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

MOST_LOST = 20
"""So many inputs that could not be read whole are named at the end of a run; of a crawl there may be thousands."""


def show_plan(planned: dict[str, Any]) -> None:
    """Print a plan as a table; a question mark is what is known only once an earlier phase is done."""
    inputs = planned["inputs"]
    new = sum(row["pages"] is None for row in inputs)
    files = "1 input" if len(inputs) == 1 else f"{len(inputs)} inputs"
    click.echo(f"recipe {planned['recipe']}; {files}, {new} not scanned yet; nothing was written")
    rows = [("phase", "tasks", "done", "to do", "stages")]
    for phase in planned["phases"]:
        tasks, done = phase["tasks"], phase["done"]
        left = "?" if tasks is None else str(tasks - done)
        rows.append((phase["name"], "?" if tasks is None else str(tasks), str(done), left, ", ".join(phase["stages"])))
    show_table(rows)


def lost(record: dict[str, Any], folder: Path) -> Iterator[str]:
    """What could not be read: a line for each of the first inputs, with its first reason, and where all of it lies."""
    from obelics_like.store.folder import Output

    inputs = [one for one in record["inputs"] if one["failed"] or one["unread"]]
    output, reasons = Output(folder), dict[str, str]()
    wanted = {one["name"] for one in inputs[:MOST_LOST]}
    for row in output.dropped("records") if inputs else ():
        if row["input"] in wanted:
            wanted.remove(row["input"])
            reasons[row["input"]] = row["reason"]
            if not wanted:  # there may be millions of rows
                break
    for one in inputs[:MOST_LOST]:
        if one["failed"]:
            yield f"{one['name']} could not be read: {one['failed']}"
            continue
        records = "1 record" if one["unread"] == 1 else f"{one['unread']} records"
        first = ":" if one["unread"] == 1 else ", the first:"
        yield f"{one['name']}: {records} could not be read whole{first} {reasons.get(one['name'])}"
    if len(inputs) > MOST_LOST:
        yield f"and {len(inputs) - MOST_LOST} more of the {len(record['inputs'])} inputs"
    if reasons:
        yield f"each with its place and reason: {output.paths('dropped', 'records-')[0]}"
    yield from record["failures"]


def show(folder: Path, as_json: bool) -> None:
    """Write the report and print it."""
    from obelics_like.report.page import write_report
    from obelics_like.report.summary import summarise
    from obelics_like.report.terminal import print_summary
    from obelics_like.store.folder import Output

    output = Output(folder)
    summary = summarise(output)
    path = write_report(output, summary)
    if as_json:
        show_json(summary)
    else:
        print_summary(summary)
        click.echo(f"report: {path}")


def show_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=1, default=str))


def show_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows under one another; the first is the heading, the last column is as wide as it likes."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]) - 1)]
    for row in rows:
        click.echo("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[-1]]))


def left_out(folder: Path) -> Iterator[str]:
    """What an export had no place for, in words, if it says so in an export.json."""
    from obelics_like.store.files import read_json

    told = folder / "export.json"
    account = read_json(told) if told.is_file() else {}
    for kind, counts in account.items() if isinstance(account, dict) else ():  # one of others may hold what it likes
        if isinstance(counts, dict) and {"in", "left_out"} <= counts.keys():
            for reason, count in counts["left_out"].items():
                yield f"{count:,} of {counts['in']:,} {kind} were left out: {reason} ({told})"

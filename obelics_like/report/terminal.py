"""Prints the summary: tables on a terminal, plain aligned lines elsewhere; it counts nothing."""

from __future__ import annotations

import sys
from typing import Any

import click

from obelics_like.report.wording import (
    Table,
    duration,
    headline,
    language_name,
    number,
    percent,
    plural,
    printable,
    size,
)

KINDS = ("record", "page", "image", "text")


def print_summary(summary: dict[str, Any]) -> None:
    """Print one sentence, the funnel by stage and reason, languages, tokens and the run's facts on standard output."""
    tables = [t for t in (_funnel(summary), _languages(summary), _tokens(summary)) if t.rows]
    if sys.stdout.isatty():
        _rich(headline(summary), tables, _facts(summary))
        return
    out = [headline(summary)]
    for table in tables:
        out += ["", table.title, *_plain(table)]
    click.echo("\n".join([*out, "", *_facts(summary)]))


def _rich(first: str, tables: list[Table], facts: list[str]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table as Rich
    from rich.text import Text

    console = Console(highlight=False)
    console.print(Text(first, style="bold"))
    for table in tables:
        rich = Rich(title=Text(table.title, style="bold"), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
        for n, column in enumerate(table.columns):
            rich.add_column(column, justify="left" if n < table.left else "right", no_wrap=n > 0, overflow="fold")
        for row in table.rows:
            rich.add_row(*(Text(cell) for cell in row))
        console.print(rich)
    for fact in facts:
        console.print(Text(fact))


def _plain(table: Table) -> list[str]:
    rows = [list(table.columns), *map(list, table.rows)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(table.columns))]
    lines = []
    for row in rows:
        cells = [c.ljust(w) if n < table.left else c.rjust(w) for n, (c, w) in enumerate(zip(row, widths))]
        lines.append(("  " + "  ".join(cells)).rstrip())
    return lines


def _funnel(summary: dict[str, Any]) -> Table:
    """What came in, a line for each reason in the order of the recipe, and what was kept."""
    came, kept = summary["in"], summary["kept"]
    whole = {kind: came[f"{kind}s"] for kind in KINDS}
    reasons: dict[tuple[str, str], dict[str, int]] = {}
    for row in summary["dropped"]:
        reasons.setdefault((row["stage"], row["rule"]), {})[row["kind"]] = row["count"]
    rows = [["came in", "", *_cells(whole, whole)]]
    last = ""
    for (stage, rule), counts in reasons.items():
        rows.append(["" if stage == last else printable(stage), printable(rule), *_cells(counts, whole)])
        last = stage
    left = {"page": kept["documents"], "image": kept["images"], "text": kept["texts"]}
    rows.append(["kept", "", *_cells(left, whole)])
    columns = ["stage", "reason", "records", "pages", "%", "images", "%", "texts", "%"]
    return Table("Funnel", columns, rows, left=2)


def _cells(counts: dict[str, int], whole: dict[str, int]) -> list[str]:
    cells = [number(counts["record"]) if "record" in counts else ""]
    for kind in ("page", "image", "text"):
        if kind in counts:
            cells += [number(counts[kind]), percent(counts[kind], whole[kind]).removesuffix(" %")]
        else:
            cells += ["", ""]
    return cells


def _languages(summary: dict[str, Any]) -> Table:
    rows = [
        [
            printable(f"{code} {language_name(code)}"),
            *(number(row[k]) for k in ("documents", "images", "unresolved", "texts", "words", "characters")),
        ]
        for code, row in summary["languages"].items()
    ]
    return Table("Languages", ["language", "documents", "images", "unresolved", "texts", "words", "characters"], rows)


def _tokens(summary: dict[str, Any]) -> Table:
    names = list(summary["tokens"])
    total = ["all", *(number(summary["tokens"][name]["total"]) for name in names)]
    rows = [
        [printable(f"{code} {language_name(code)}"), *(number(row["tokens"].get(name, 0)) for name in names)]
        for code, row in summary["languages"].items()
    ]
    return Table("Tokens", ["language", *map(printable, names)], [*rows, total] if names else [])


def _facts(summary: dict[str, Any]) -> list[str]:
    run, similarity, means = summary["run"], summary["similarity"], summary["means"]
    lines = [
        f"recipe {summary['recipe']['name']} ({(summary['recipe']['fingerprint'] or '')[:12]}), "
        f"{plural(len(summary['deviations']), 'deviation')}; {plural(run['inputs']['files'], 'input')}, "
        f"{size(run['inputs']['bytes'])}; "
        f"{duration(run['seconds'])}, {number(run['pages_per_second'])} pages/s, "
        f"peak {run['peak_worker_mb']} MB a worker"
    ]
    each = means["images_per_document"]
    if each["mean"] is not None:
        spread = [f"images a document: mean {number(each['mean'])}, median {number(each['median'])}"]
        for name, one in means["tokens_per_document"].items():
            spread.append(f"tokens a document ({name}): mean {number(one['mean'])}, median {number(one['median'])}")
        lines.append("; ".join(spread))
    if similarity["scorers"]:
        lines.append(
            f"{number(similarity['with_sentence'])} of {number(similarity['pictures'])} pictures with bytes have a "
            f"sentence (scorer {', '.join(similarity['scorers'])}, mean similarity {number(similarity['mean'], 3)})"
        )
    lines += [f"failure: {failure}" for failure in summary["failures"]]
    lines += [f"the law does not hold: {breach}" for breach in summary["breaches"]]
    return [printable(line) for line in lines]

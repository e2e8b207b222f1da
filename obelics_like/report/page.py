"""The report as one HTML file that asks nothing of any other: numbers, charts, and real documents kept and dropped.

No script, no font, no picture from elsewhere; a Content-Security-Policy in the page forbids them too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from obelics_like.report import wording
from obelics_like.report.album import Album
from obelics_like.report.lookup import IDENTITY, dropped_nodes, urls_of
from obelics_like.report.sampling import dropped_examples, kept_examples
from obelics_like.report.summary import stage_order
from obelics_like.report.view import dropped_view, kept_view
from obelics_like.store.files import publish_json, publishing
from obelics_like.store.folder import Output

KINDS = ("record", "page", "image", "text")
LINES = 20
"""Failures and breaches that are shown; report.json has all."""


def write_report(output: Output, summary: dict[str, Any]) -> Path:
    """Write `report/index.html` (at most about 4 MB) and `report/report.json`; gives the path of the page.

    Raises DataError where they can't be written.
    """
    folder = output.folder / "report"
    publish_json(folder / "report.json", summary)
    html = render(output, summary)
    with publishing(folder / "index.html") as file:
        file.write(html.encode("utf-8", "replace"))
    return folder / "index.html"


def render(output: Output, summary: dict[str, Any]) -> str:
    """The page as a string."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (wording.number, wording.percent, wording.size, wording.duration, wording.clip, wording.plural)
    environment.filters.update({f.__name__: f for f in filters} | {"language": wording.language_name})
    album = Album(output)
    return environment.get_template("page.html").render(
        s=summary,
        headline=wording.headline(summary),
        funnels=[_funnel(summary, kind) for kind in ("page", "image", "text")],
        reasons=_reasons(summary),
        widest=max((row["documents"] for row in summary["languages"].values()), default=0),
        histogram=_histogram(summary),
        kept=_kept(output, album),
        dropped=_dropped(output, summary, album),
        lines=LINES,
    )


def _kept(output: Output, album: Album) -> list[dict[str, Any]]:
    rows = kept_examples(output)
    lost = dropped_nodes(output, [_page(r["id"], r["provenance"]) for r in rows])
    return [kept_view(row, album, lost[_page(row["id"], row["provenance"])]) for row in rows]


def _dropped(output: Output, summary: dict[str, Any], album: Album) -> list[dict[str, Any]]:
    rows = dropped_examples(output, stage_order(output.run, output.ledger))
    lost = dropped_nodes(output, [_page(r["id"], r) for r in rows])
    views = [dropped_view(output, row, album, lost[_page(row["id"], row)], summary["rules"]) for row in rows]
    ids = {m.group() for row in rows if (m := IDENTITY.search(row["value"] or ""))}
    urls = urls_of(output, sorted(ids))
    for view, row in zip(views, rows):  # what a duplicate was held against is told by its URL
        named = IDENTITY.search(row["value"] or "")
        view["see"] = wording.clip(urls[named.group()], 300) if named and named.group() in urls else None
    return views


def _page(identity: str, place: dict[str, Any]) -> tuple[str, str, int]:
    return identity, place["input"], place["offset"]


def _funnel(summary: dict[str, Any], kind: str) -> dict[str, Any]:
    """A funnel of pages, images or texts: a bar for each stage that dropped any, in shares of what came in."""
    whole = summary["in"][f"{kind}s"]
    bars = []
    for row in summary["funnel"]:
        lost, alive = row[f"{kind}s_dropped"], row[f"{kind}s_alive"]
        if lost:
            why = [r for r in summary["dropped"] if r["stage"] == row["stage"] and r["kind"] == kind]
            bars.append(
                {
                    "stage": row["stage"],
                    "lost": lost,
                    "alive": alive,
                    "alive_share": 100 * alive / whole,
                    "lost_share": 100 * lost / whole,
                    "why": why,
                }
            )
    kept = summary["kept"]["documents" if kind == "page" else f"{kind}s"]
    return {"kind": kind, "whole": whole, "kept": kept, "kept_share": 100 * kept / whole if whole else 0, "bars": bars}


def _reasons(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each stage and rule, with what it dropped of each kind."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for one in summary["dropped"]:
        key = one["stage"], one["rule"]
        says = summary["rules"].get(one["stage"], {}).get(one["rule"], "")
        if one["rule"] == "page_dropped":
            says = "images and texts of the pages that this stage dropped"
        row = rows.setdefault(key, {"stage": key[0], "rule": key[1], "says": says, **dict.fromkeys(KINDS, 0)})
        row[one["kind"]] += one["count"]
    return list(rows.values())


def _histogram(summary: dict[str, Any]) -> dict[str, Any] | None:
    bins = summary["similarity"]["histogram"]
    if not bins:
        return None
    most = max(b["count"] for b in bins)
    bars = [b | {"height": 100 * b["count"] / most} for b in bins]
    return {"bars": bars, "most": most, "low": bins[0]["from"], "high": bins[-1]["to"]}

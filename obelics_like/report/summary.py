"""The summary of a run as one JSON value: what came in, what was kept, what was dropped where; it prints nothing.

Counts come from the ledger alone; spreads, similarities, formats and hosts from one pass over the corpus.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from obelics_like.ledger import KINDS, Ledger
from obelics_like.report.measures import BIN, Measures, mean, measure, median, picture_formats
from obelics_like.store.folder import Output

TOP_HOSTS = 20


def summarise(output: Output) -> dict[str, Any]:
    """What `report --json` prints.

    in: records, pages, images, texts, image_records. kept: documents, images (unresolved ones included), unresolved,
    texts. dropped: rows of stage, rule, kind ("record", "page", "image", "text") and count, in the order of the
    recipe. languages and tokens.TOKENIZER.by_language: maps by BCP-47 code, "und" for none. By the ledger's law,
    in.pages = kept.documents + dropped pages, and likewise for images and texts.
    """
    ledger, run = output.ledger, output.run
    found = measure(output)
    order = stage_order(run, ledger)
    return {
        "recipe": {k: run["recipe"].get(k) for k in ("name", "title", "paper", "fingerprint")},
        "in": {f"{kind}s": ledger.came[kind] for kind in KINDS} | {"image_records": ledger.came["image_record"]},
        "kept": {
            "documents": ledger.total("document"),
            **{f"{kind}s": ledger.total(kind) for kind in ("image", "text")},
            "unresolved": ledger.total("unresolved"),
        },
        "dropped": _dropped(ledger, order),
        "funnel": _funnel(run, ledger, order),
        "rules": _rules(run, ledger),
        "languages": _languages(ledger),
        "tokens": _tokens(ledger),
        "words": _size(ledger, "words"),
        "characters": _size(ledger, "characters"),
        "means": _means(found),
        "similarity": _similarity(found),
        "pictures": {
            "distinct": picture_formats(output.paths("images", "index")),
            "placements_by_source": dict(found.sources.most_common()),
        },
        "hosts": {
            "distinct": len(found.hosts) + found.hosts_forgotten,
            "exact": not found.hosts_forgotten,
            "top": [{"host": host, "documents": n} for host, n in _top(found.hosts)],
        },
        "deviations": run["deviations"],
        "run": _run(run, ledger),
        "failures": run["failures"],
        "breaches": run["breaches"],
    }


def stage_order(run: dict[str, Any], ledger: Ledger) -> list[str]:
    """The ids of the stages in the order of the recipe; then what the run itself dropped by."""
    order = [stage["id"] for stage in run["stages"]]
    return order + sorted({stage for stage, *_ in ledger.drops} - set(order))


def _dropped(ledger: Ledger, order: list[str]) -> list[dict[str, Any]]:
    counts: Counter[tuple[int, int, str, str]] = Counter()
    for (stage, rule, kind, _), count in ledger.drops.items():
        if count:
            counts[order.index(stage), KINDS.index(kind), rule, stage] += count
    rows = sorted(counts.items(), key=lambda item: (item[0][0], item[0][1], -item[1], item[0][2]))
    return [{"stage": k[3], "rule": k[2], "kind": KINDS[k[1]], "count": n} for k, n in rows]


def _funnel(run: dict[str, Any], ledger: Ledger, order: list[str]) -> list[dict[str, Any]]:
    """For each stage what it dropped and what was alive after it; page_dropped nodes count where their page went."""
    lost: Counter[tuple[str, str]] = Counter()
    for (stage, _, kind, _), count in ledger.drops.items():
        lost[stage, kind] += count
    alive = {kind: ledger.came[kind] for kind in ("page", "image", "text")}
    known = {stage["id"]: stage for stage in run["stages"]}
    rows = []
    for name in order:
        row: dict[str, Any] = {"stage": name, "active": known.get(name, {}).get("active", True)}
        for kind in alive:
            alive[kind] -= lost[name, kind]
            row |= {f"{kind}s_dropped": lost[name, kind], f"{kind}s_alive": alive[kind]}
        rows.append(row | {"seconds": run["stage_seconds"].get(name)})
    return rows


def _rules(run: dict[str, Any], ledger: Ledger) -> dict[str, dict[str, str]]:
    """What each rule that dropped anything says, by stage."""
    used = {(stage, rule) for (stage, rule, *_), count in ledger.drops.items() if count}
    out: dict[str, dict[str, str]] = {}
    for stage in run["stages"]:
        said = {rule: line for rule, line in stage["rules"].items() if (stage["id"], rule) in used}
        if said:
            out[stage["id"]] = said
    return out


def _languages(ledger: Ledger) -> dict[str, dict[str, Any]]:
    out: dict[str, dict[str, Any]] = {}
    names = {"document": "documents", "image": "images", "unresolved": "unresolved", "text": "texts"}
    empty: dict[str, Any] = dict.fromkeys((*names.values(), "words", "characters"), 0)
    for (kind, code), count in ledger.kept.items():
        if count:
            out.setdefault(code or "und", {**empty, "tokens": {}})[names[kind]] += count
    for (measure_name, code), count in ledger.sizes.items():
        if (code or "und") not in out:
            continue
        row = out[code or "und"]
        if measure_name.startswith("tokens:"):
            tokenizer = measure_name.removeprefix("tokens:")
            row["tokens"][tokenizer] = row["tokens"].get(tokenizer, 0) + count
        else:
            row[measure_name] += count
    return dict(sorted(out.items(), key=lambda item: (-item[1]["documents"], item[0])))


def _tokens(ledger: Ledger) -> dict[str, dict[str, Any]]:
    out: dict[str, dict[str, Any]] = {}
    for (name, code), count in sorted(ledger.sizes.items(), key=lambda item: (item[0][0], -item[1], item[0][1])):
        if name.startswith("tokens:"):
            entry = out.setdefault(name.removeprefix("tokens:"), {"total": 0, "by_language": {}})
            entry["total"] += count
            entry["by_language"][code or "und"] = entry["by_language"].get(code or "und", 0) + count
    return out


def _size(ledger: Ledger, name: str) -> int:
    return sum(count for (measure_name, _), count in ledger.sizes.items() if measure_name == name)


def _means(found: Measures) -> dict[str, Any]:
    return {
        "images_per_document": {"mean": mean(found.images_each), "median": median(found.images_each)},
        "tokens_per_document": {
            name: {"mean": mean(counts), "median": median(counts)} for name, counts in sorted(found.tokens_each.items())
        },
    }


def _similarity(found: Measures) -> dict[str, Any]:
    """How well pictures fit the sentences they were assigned to; `share` is of the pictures whose bytes were had."""
    resolved = sum(found.sources.values())
    return {
        "scorers": dict(found.scorers.most_common()),
        "pictures": resolved,
        "with_sentence": found.assigned,
        "share": round(found.assigned / resolved, 4) if resolved else None,
        "mean": round(found.similarity_sum / found.scored, 4) if found.scored else None,
        "histogram": [
            {"from": round(n * BIN, 2), "to": round((n + 1) * BIN, 2), "count": found.bins[n]}
            for n in (range(min(found.bins), max(found.bins) + 1) if found.bins else ())
        ],
    }


def _top(hosts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(hosts.items(), key=lambda item: (-item[1], item[0]))[:TOP_HOSTS]


def _run(run: dict[str, Any], ledger: Ledger) -> dict[str, Any]:
    seconds = run["seconds"]
    inputs = run["inputs"]
    return {
        "started": run["started"],
        "finished": run["finished"],
        "seconds": seconds,
        "pages_per_second": round(ledger.came["page"] / seconds, 2) if seconds else None,
        "peak_worker_mb": run["peak_worker_mb"],
        "stage_seconds": run["stage_seconds"],
        "engine": run["engine"],
        "notes": [[phase["name"], note] for phase in run["phases"] for note in phase.get("notes", ())],
        "inputs": {
            "files": len(inputs),
            "bytes": sum(i["size"] or 0 for i in inputs),
            "not_reached": run["not_reached"],
            "failed": sum(bool(i["failed"]) for i in inputs),
            "records_unread": sum(i["unread"] for i in inputs),
        },
        **{k: run[k] for k in ("images", "scorer", "limit", "keep_dropped", "tool", "exit_code")},
    }

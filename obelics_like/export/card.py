"""The dataset card of an export: what is in it, how it was made, where it differs from the papers, and the funnel."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from obelics_like.store.folder import Output

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"),
          (10_000_000, "1M<n<10M"), (100_000_000, "10M<n<100M"), (1_000_000_000, "100M<n<1B"))  # fmt: skip


def card(output: Output, documents: int, files: str, form: str, fields: str) -> str:
    """README.md with the YAML front matter that dataset hubs read.

    `documents` is how many were written, `files` a glob of the data files, `form` the form in a sentence, `fields`
    what the fields hold, in Markdown.
    """
    run, ledger = output.run, output.ledger
    recipe = run["recipe"]
    languages = sorted({code for kind, code in ledger.kept if kind == "document" and code and code != "und"})
    front: dict[str, Any] = {
        "pretty_name": f"{recipe['title']} ({recipe['name']})",
        "license": "unknown",
        "language": languages,
        "size_categories": [next((name for most, name in _SIZES if documents < most), "n>1B")],
        "task_categories": ["image-text-to-text", "text-generation"],
        "tags": ["interleaved", "image-text", "web", "common-crawl", f"recipe:{recipe['name']}"],
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": files}]}],
    }
    if not languages:
        del front["language"]
    sections = [
        "---\n" + "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in front.items()) + "---",
        f"# {_cell(front['pretty_name'])}",
        f"{documents:,} web pages with their images and texts. {form} Made by obelics-like {run['tool']['version']} "
        f"with the recipe `{recipe['name']}` (fingerprint `{recipe['fingerprint']}`"
        + (f"; {_cell(recipe['paper'])}" if recipe["paper"] else "")
        + f") on {run['started'][:10]} from {len(run['inputs'])} archives.",
        "Images are named by their URLs, those that stood in the page itself by `data:TYPE;sha256,DIGEST`, which can't "
        "be fetched; texts and images belong to their authors, and no licence is granted here.",
        "## Fields\n\n" + fields,
        "## Languages\n\n" + _languages(output),
        "## Funnel\n\n" + _funnel(output),
        "## Where it differs from the papers\n\n" + _deviations(run),
        "## Recipe\n\n```toml\n" + recipe["text"].replace("```", "'''").rstrip() + "\n```",
    ]
    return "\n\n".join(sections) + "\n"


def _languages(output: Output) -> str:
    kept: dict[str, Counter[str]] = {}
    for (kind, code), count in output.ledger.kept.items():
        kept.setdefault(code or "und", Counter())[kind] += count
    rows = [
        [code, *(f"{counts[kind]:,}" for kind in ("document", "image", "unresolved", "text"))]
        for code, counts in sorted(kept.items(), key=lambda item: (-item[1]["document"], item[0]))
        if counts["document"]
    ]
    return _table(["language", "documents", "images", "of them unresolved", "texts"], rows)


def _funnel(output: Output) -> str:
    ledger = output.ledger
    kinds = ("record", "page", "image", "text")
    counts: dict[tuple[str, str], Counter[str]] = {}
    for (stage, rule, kind, _), count in ledger.drops.items():
        counts.setdefault((stage, rule), Counter())[kind] += count
    order = {stage["id"]: n for n, stage in enumerate(output.run["stages"])}
    rows = [["came in", "", *(f"{ledger.came[kind]:,}" for kind in kinds)]]
    for stage, rule in sorted(counts, key=lambda key: (order.get(key[0], len(order)), key)):
        told = counts[stage, rule]
        rows.append([stage, rule, *(f"{told[kind]:,}" if told[kind] else "" for kind in kinds)])
    rows.append(["kept", "", "", *(f"{ledger.total(kind):,}" for kind in ("document", "image", "text"))])
    return _table(["stage", "rule", "records", "pages", "images", "texts"], rows)


def _deviations(run: dict[str, Any]) -> str:
    rows = [[d["paper"], d["ours"], d["why"]] for d in run["deviations"]]
    return _table(["paper", "here", "why"], rows) if rows else "Nowhere that is known."


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    """A text that can't break out of its cell, nor become HTML."""
    plain = " ".join(str(text).split())
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")

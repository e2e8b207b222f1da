"""What became of a page, node by node, and why: found in the corpus, among the dropped, or among the unreadable.

It reads what the run wrote down; texts that no rule let through come out of the page's archive, if that is still there.
"""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote

from obelics_like.document import Document, Drop, Image, Text
from obelics_like.errors import InputError
from obelics_like.report.lookup import IDENTITY, batches, dropped_nodes, named, pages_showing, urls_of
from obelics_like.report.reread import reread
from obelics_like.report.view import dropped_document
from obelics_like.report.wording import clip, number, plural, printable
from obelics_like.store.corpus import to_document
from obelics_like.store.folder import Output

CANDIDATES = 200
MOST = 3
"""So many pages are named where the one asked for is not known."""
SHORTEST = 3
"""Characters from which a part of a URL is looked for in those that are known."""


def explain(output: Output, page: str) -> dict[str, Any]:
    """Everything that is known of a page, given by URL or document id.

    `found` has an entry for each record of that URL or id: fate ("kept" or "dropped"), place, the page's own reason if
    it was dropped, and `nodes`, each with its fate ("kept", "dropped", or "page_dropped" where only its page was),
    reason, text or URL, and a picture's sentence and similarity. `records` has the records that were no page. `notes`
    say what can't be told, and how a run would keep it. Raises InputError, with near URLs, if nothing is known.
    """
    page = page.encode("utf-8", "replace").decode()  # a command line may hold bytes that are none
    kept = named(output, "corpus", "", page)
    gone = named(output, "dropped", "pages-", page)
    records = named(output, "dropped", "records-", page)
    if not kept and not gone and not records:
        raise _unknown(output, page)
    places = [(r["id"], r["provenance"]["input"], r["provenance"]["offset"]) for r in kept]
    places += [(r["id"], r["input"], r["offset"]) for r in gone]
    lost = dropped_nodes(output, places)
    notes = []
    if output.run["keep_dropped"] == "none":
        notes.append(
            "this run kept no reasons (--keep-dropped none): nodes and pages that were dropped are not told; "
            "build with --keep-dropped reasons keeps them, --keep-dropped all their texts too"
        )
    found = [_kept(output, row, lost[place]) for row, place in zip(kept, places)]
    found += [_dropped(output, row, lost[place]) for row, place in zip(gone, places[len(kept) :])]
    if any(not one["reread"] for one in found) and output.run["keep_dropped"] != "none":
        notes.append("an input is not where it was (or has changed), so the texts of dropped nodes can't be shown")
    return {"asked": page, "found": found, "records": records, "notes": notes}


def _unknown(output: Output, page: str) -> InputError:
    hint = "look for it in the corpus, or name it as the archive does"
    if shown := pages_showing(output, page, MOST):
        hint = f"it is a picture of {' and of '.join(shown)}: explain that page"
    elif near := _near(output, page):
        hint = f"did you mean {' or '.join(near)}?"
    if output.run["keep_dropped"] == "none":
        hint += "; the run kept no reasons, so a dropped page is unknown: build with --keep-dropped reasons"
    return InputError(
        f"explain {page}",
        got="a page that this run did not meet, or did not remember",
        valid="the URL or the id of a page, as in the corpus or in dropped/",
        do=hint,
    )


def _near(output: Output, page: str) -> list[str]:
    """Up to three known URLs that hold what was asked for, else like it.

    The first look for likeness is at common beginnings and ends, which is fast.
    """
    asked = _bare(page)
    best: list[tuple[int, str]] = []
    holding: dict[str, None] = {}
    for section, prefix in (("corpus", ""), ("dropped", "pages-"), ("dropped", "records-")):
        for _, _, _, batch in batches(output.paths(section, prefix), ["url"]):
            for url in batch.column("url").to_pylist():
                if not url:
                    continue
                bare = _bare(url)
                if len(asked) >= SHORTEST and asked in bare:
                    holding[url] = None
                    if len(holding) == MOST:
                        return list(holding)
                alike = _alike(asked, bare) + _alike(asked[::-1], bare[::-1])
                if len(best) < CANDIDATES:
                    heapq.heappush(best, (alike, url))
                elif alike > best[0][0]:
                    heapq.heapreplace(best, (alike, url))
    if holding:
        return list(holding)
    by_bare: dict[str, str] = {}
    for _, url in sorted(best, reverse=True):
        by_bare.setdefault(_bare(url)[:500], url)
    close = difflib.get_close_matches(asked[:500], by_bare, n=MOST, cutoff=0.7)
    return [by_bare[name] for name in close]


def _alike(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return next((n for n, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))


def _bare(url: str) -> str:
    return unquote(url).lower().removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")


def _kept(output: Output, row: dict[str, Any], lost: Sequence[dict[str, Any]]) -> dict[str, Any]:
    document = to_document(row)
    place = {
        "id": row["id"],
        "url": row["url"],
        "crawl_date": row["crawl_date"],
        **{k: row["provenance"][k] for k in ("input", "offset")},
    }
    again = reread(output, place) if lost else None
    nodes = {node["pos"]: node for node in _lost_nodes(output, lost, again)}
    sentences = document.sentence_texts()
    for kept in document.nodes:
        nodes[kept.pos] = _node(kept, sentences)
    return {
        "fate": "kept",
        **place,
        "crawl_date": row["crawl_date"],
        "title": row["title"],
        "language": row["language"],
        "language_score": row["language_score"],
        "nodes": [nodes[pos] for pos in sorted(nodes)],
        "reread": again is not None or not lost,
    }


def _dropped(output: Output, row: dict[str, Any], lost: Sequence[dict[str, Any]]) -> dict[str, Any]:
    document, source = dropped_document(output, row, lost)
    reasons = {r["pos"]: _reason(output, r["stage"], r["rule"], r["value"], r["limit"]) for r in lost}
    if document is None:
        nodes = _lost_nodes(output, lost, None)
    else:
        nodes = []
        for node in document.nodes if row["texts"] or row["images"] else ():  # a page ruled out unparsed had none
            one = _node(node, [])
            if node.drop is None:
                one["fate"] = "page_dropped"
            else:
                one["fate"] = "dropped"
                one |= reasons.get(node.pos) or _reason_of(output, node.drop)
            nodes.append(one)
    return {
        "fate": "dropped",
        **{k: row[k] for k in ("id", "url", "input", "offset", "crawl_date", "language", "images", "texts")},
        "title": document.facts.get("title") if document is not None else None,
        **_reason(output, row["stage"], row["rule"], row["value"], row["limit"]),
        "see": _see(output, row),
        "nodes": nodes,
        "reread": source is not None,
    }


def _see(output: Output, row: dict[str, Any]) -> list[dict[str, str]]:
    """The other pages that a reason names, such as the one that a duplicate was held against."""
    ids = IDENTITY.findall(row["value"] or "")
    urls = urls_of(output, ids)
    return [{"id": identity, "url": urls[identity]} for identity in ids if identity in urls]


def _lost_nodes(output: Output, lost: Sequence[dict[str, Any]], again: Document | None) -> list[dict[str, Any]]:
    """Nodes that a rule dropped, with their texts where the page could be read again."""
    out = []
    for row in lost:
        node = again.nodes[row["pos"]] if again is not None and row["pos"] < len(again.nodes) else None
        one = _node(node, []) if node is not None else {"pos": row["pos"], "kind": row["kind"], "url": row["url"]}
        out.append(one | {"fate": "dropped"} | _reason(output, row["stage"], row["rule"], row["value"], row["limit"]))
    return out


def _node(node: Text | Image, sentences: Sequence[str]) -> dict[str, Any]:
    if isinstance(node, Text):
        language = node.language.code if node.language else None
        one = {"pos": node.pos, "kind": "text", "block": node.block, "language": language, "text": node.effective}
        return one | {"fate": "kept"}
    blob = node.blob
    match = None
    if node.sentence is not None and node.sentence < len(sentences):
        match = sentences[node.sentence]
    return {
        "pos": node.pos,
        "kind": "image",
        "url": node.url,
        "alt": node.alt,
        "caption": node.caption,
        "source": blob.source if blob else None,
        **{k: getattr(blob, k) if blob else None for k in ("sha256", "format", "width", "height", "size")},
        "sentence": node.sentence,
        "sentence_text": match,
        "similarity": node.similarity[node.sentence] if node.similarity and node.sentence is not None else None,
        "scorer": node.scorer,
        "fate": "kept",
    }


def _reason_of(output: Output, drop: Drop) -> dict[str, Any]:
    return _reason(output, drop.stage, drop.rule, drop.value, drop.limit)


def _reason(output: Output, stage: str, rule: str, value: Any, limit: Any) -> dict[str, Any]:
    rules: dict[str, str] = next((s["rules"] for s in output.run["stages"] if s["id"] == stage), {})
    return {"stage": stage, "rule": rule, "value": value, "limit": limit, "says": rules.get(rule)}


def explanation_lines(found: dict[str, Any]) -> list[str]:
    """What `explain` found, as lines for a terminal; nothing in them can steer it."""
    lines = []
    for one in found["found"]:
        lines += [*_page_lines(one), ""]
    for record in found["records"]:
        lines += [
            f"{record['url'] or 'a record'}",
            f"  NO PAGE: {record['rule']}: {record['reason']}",
            f"  read from {record['input']} at byte {record['offset']}",
            "",
        ]
    lines += [f"note: {note}" for note in found["notes"]]
    while lines and not lines[-1]:
        lines.pop()
    return [printable(line) for line in lines]


def _page_lines(one: dict[str, Any]) -> Iterator[str]:
    yield one["url"]
    language = f"; language {one['language']}" if one["language"] else ""
    place = f"{one['input']} at byte {one['offset']}"
    yield f"  id {one['id']}, crawled {one['crawl_date'] or 'at no known date'}, {place}{language}"
    if one.get("title"):
        yield f"  title: {clip(one['title'], 120)}"
    if one["fate"] == "dropped":
        yield f"  DROPPED {_why(one)}"
        for other in one["see"]:
            yield f"    that page: {other['url']} ({other['id']})"
        if not one["texts"] and not one["images"]:
            yield "  it had no nodes, or was ruled out before it was parsed"
        else:
            yield f"  it had {plural(one['texts'], 'text')} and {plural(one['images'], 'image')}"
    else:
        counts = {
            (fate, kind): sum(n["fate"] == fate and n["kind"] == kind for n in one["nodes"])
            for fate in ("kept", "dropped")
            for kind in ("text", "image")
        }
        yield (
            f"  KEPT with {plural(counts['kept', 'text'], 'text')} and {plural(counts['kept', 'image'], 'image')}; "
            f"of its nodes {plural(counts['dropped', 'text'], 'text')} and "
            f"{plural(counts['dropped', 'image'], 'image')} were dropped"
        )
    for node in one["nodes"]:
        yield from _node_lines(node)


_FATES = {"kept": "KEPT", "dropped": "DROPPED", "page_dropped": "with page"}


def _node_lines(node: dict[str, Any]) -> Iterator[str]:
    if node["kind"] == "text":
        text = node.get("text")
        what = f"{node.get('block') or 'text':10} {clip(' '.join(text.split()), 90) if text is not None else ''}"
    else:
        what = f"{'image':10} {clip(node['url'] or '', 200)}"
    why = f"  [{_why(node)}]" if node["fate"] == "dropped" else ""
    yield f"  {node['pos']:>4} {_FATES[node['fate']]:9} {what.rstrip()}{why}"
    if node["kind"] == "image" and node["fate"] == "kept":
        if node["source"] is None:
            yield f"{'':17}unresolved: only its URL is kept"
        else:
            size = f"{node['width']}x{node['height']} {node['format']}" if node["width"] else "not decoded"
            yield f"{'':17}{size} from {node['source']}, sha256 {(node['sha256'] or '')[:12]}"
        if node["sentence"] is not None:
            score = f"{number(node['similarity'], 3)} ({node['scorer']})" if node["similarity"] is not None else ""
            yield f"{'':17}sentence {node['sentence']} {score}: {clip(node['sentence_text'] or '', 90)}"


def _why(one: dict[str, Any]) -> str:
    said = f"by {one['stage']}: {one['rule']}"
    if one["value"] is not None:
        said += f", {clip(str(one['value']), 120)}"
        said += f" against {clip(str(one['limit']), 120)}" if one["limit"] is not None else ""
    elif one["limit"] is not None:
        said += f", limit {clip(str(one['limit']), 120)}"
    return f"{said} ({one['says']})" if one.get("says") and one["fate"] == "dropped" and "see" in one else said

"""Documents as the report's page shows them: plain values, cut to a size that fits; it makes no HTML.

A kept document comes from its row in the corpus, a dropped one from its kept content or out of its archive again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import orjson

from obelics_like.document import Document, Drop, Image, Text
from obelics_like.report.album import Album
from obelics_like.report.reread import reread
from obelics_like.report.wording import clip, language_name, number
from obelics_like.store.corpus import to_document
from obelics_like.store.folder import Output
from obelics_like.store.shards import from_value

NODES = 60
"""Nodes of a document that are shown."""
CHARACTERS = 9_000
"""Characters of a document that are shown."""
CHARACTERS_A_TEXT = 1_800
_BLOCKS = {"h1", "h2", "h3", "h4", "h5", "h6", "li", "pre", "blockquote", "figcaption", "td", "th", "dt", "dd"}
_RIGHT_TO_LEFT = {"ar", "arz", "azb", "ckb", "dv", "fa", "he", "mzn", "pnb", "ps", "sd", "ug", "ur", "yi"}

Rules = dict[str, dict[str, str]]


def kept_view(row: dict[str, Any], album: Album, lost: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A kept document: its nodes in reading order, pictures numbered, the sentence of each picture marked."""
    document = to_document(row)
    numbers = {image.pos: n for n, image in enumerate(document.images(), 1)}
    marks: dict[int, list[tuple[int, int, str]]] = {}
    for image in document.images():
        if image.sentence is not None:
            pos, start, end = document.sentences[image.sentence]
            label = f"picture {numbers[image.pos]}" + (f" · {_score(image)}" if _score(image) else "")
            marks.setdefault(pos, []).append((start, end, label))
    sentences = document.sentence_texts()
    view = _head(document)
    view["nodes"], view["more"] = _nodes(document, marks)
    for shown in view["nodes"]:
        if shown["kind"] == "image":
            image = next(i for i in document.images() if i.pos == shown["pos"])
            shown |= {"number": numbers[image.pos], "src": album.kept(image), "unresolved": image.blob is None}
            if image.sentence is not None:
                shown |= {"sentence": clip(sentences[image.sentence], 240), "score": _score(image)}
            if image.blob is not None and image.blob.width:
                shown["about"] = f"{image.blob.width} × {image.blob.height} {image.blob.format}, {image.blob.source}"
    why = Counter((r["kind"], r["stage"], r["rule"]) for r in lost)
    view["lost"] = [{"kind": k, "stage": s, "rule": r, "count": n} for (k, s, r), n in why.most_common()]
    view["tokens"] = next(iter(row["tokens"].values()), None) if row["tokens"] else None
    return view


def dropped_view(
    output: Output, row: dict[str, Any], album: Album, lost: Sequence[dict[str, Any]], rules: Rules
) -> dict[str, Any]:
    """A dropped page with its reason, and its text where that can still be had; `from` says where it came from."""
    document, source = dropped_document(output, row, lost)
    if document is None:
        view = {"id": row["id"], "url": clip(row["url"], 300), "title": "", "nodes": [], "more": 0}
        view |= _language(row["language"])
    else:
        view = _head(document)
        view["nodes"], view["more"] = _nodes(document, {})
        unsafe = any(s["id"] == row["stage"] and s["use"].startswith("images.unsafe") for s in output.run["stages"])
        for shown in view["nodes"]:
            if shown["kind"] == "image" and not unsafe:
                image = document.nodes[shown["pos"]]
                assert isinstance(image, Image)
                shown["src"] = album.dropped(image, document)
        view |= _language(row["language"])
    return view | {
        "date": row["crawl_date"],
        "from": source,
        "drop": reason(row, rules),
        "images": row["images"],
        "texts": row["texts"],
    }


def dropped_document(
    output: Output, row: dict[str, Any], lost: Sequence[dict[str, Any]]
) -> tuple[Document | None, str | None]:
    """A dropped page with its marks, and where it was had from: "content", "archive", or None if it can't be had."""
    if row.get("content"):
        return from_value(orjson.loads(row["content"])), "content"
    document = reread(output, row)
    if document is None:
        return None, None
    mark(document, lost)
    return document, "archive"


def mark(document: Document, lost: Sequence[dict[str, Any]]) -> None:
    """Put the drops that the run wrote down onto the nodes of a page that was read again."""
    by_pos = {row["pos"]: row for row in lost}
    for node in document.nodes:
        row = by_pos.get(node.pos)
        node.drop = Drop(row["stage"], row["rule"], row["value"], row["limit"]) if row else None


def reason(row: dict[str, Any], rules: Rules) -> dict[str, Any]:
    """A drop as it is shown: stage, rule, what the rule says, value and limit."""
    said = rules.get(row["stage"], {}).get(row["rule"], "")
    values = {k: None if row[k] is None else clip(str(row[k]), 200) for k in ("value", "limit")}
    return {"stage": row["stage"], "rule": row["rule"], "says": said, **values}


def _head(document: Document) -> dict[str, Any]:
    texts, images = sum(1 for _ in document.texts()), sum(1 for _ in document.images())
    return {
        "id": document.id,
        "url": clip(document.url, 300),
        "title": clip(str(document.facts.get("title") or ""), 200),
        "date": document.origin.date,
        "texts": texts,
        "images": images,
        "unresolved": sum(i.blob is None for i in document.images()),
        **_language(document.language.code if document.language else None),
    }


def _language(code: str | None) -> dict[str, str]:
    code = code or "und"
    direction = "rtl" if code.partition("-")[0] in _RIGHT_TO_LEFT else "ltr"
    return {"lang": code, "language": language_name(code), "dir": direction}


def _nodes(document: Document, marks: dict[int, list[tuple[int, int, str]]]) -> tuple[list[dict[str, Any]], int]:
    """The first nodes of a document as they are shown, and how many more there are."""
    shown: list[dict[str, Any]] = []
    room = CHARACTERS
    for node in document.nodes:
        if len(shown) == NODES or room <= 0:
            break
        drop = None if node.drop is None else {"stage": node.drop.stage, "rule": node.drop.rule}
        if isinstance(node, Text):
            text = clip(node.effective, min(CHARACTERS_A_TEXT, max(room, 1)))
            room -= len(text)
            lang = node.language.code if node.language else ""
            shown.append(
                {
                    "kind": "text",
                    "pos": node.pos,
                    "block": node.block if node.block in _BLOCKS else "p",
                    "lang": "" if lang == "und" else lang,
                    "pieces": pieces(text, marks.get(node.pos, [])),
                    "drop": drop,
                }
            )
        else:
            room -= 60
            names = {"alt": clip(node.alt, 300), "caption": clip(node.caption, 500)}
            shown.append(
                {"kind": "image", "pos": node.pos, "url": clip(node.url, 300), "drop": drop, "src": None, **names}
            )
    return shown, len(document.nodes) - len(shown)


def pieces(text: str, marks: Sequence[tuple[int, int, str]]) -> list[tuple[str, str]]:
    """A text cut at marks (start, end, label): the pieces with their labels, "" where there is none.

    >>> pieces("One. Two.", [(5, 9, "a"), (5, 9, "b")])
    [('One. ', ''), ('Two.', 'a, b')]
    """
    labels: dict[tuple[int, int], list[str]] = {}
    for start, end, label in marks:
        labels.setdefault((start, end), []).append(label)
    out, at = [], 0
    for (start, end), names in sorted(labels.items()):
        start, end = max(start, at), min(end, len(text))
        if start >= end:
            continue
        if start > at:
            out.append((text[at:start], ""))
        out.append((text[start:end], ", ".join(names)))
        at = end
    return [*out, (text[at:], "")] if at < len(text) or not out else out


def _score(image: Image) -> str:
    if image.similarity is None or image.sentence is None:
        return ""
    return f"{number(image.similarity[image.sentence], 3)} {image.scorer or ''}".strip()

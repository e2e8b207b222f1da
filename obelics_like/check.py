"""Counts a finished corpus again, from its shards and a second look at the inputs, and holds it against the ledger.

Nothing is taken from the ledger but what is to be proved; nothing is mended.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from obelics_like.plan import file_of
from obelics_like.recipe import load_recipe_text
from obelics_like.sources.archive import Archive, scan
from obelics_like.sources.inputs import Input
from obelics_like.store.corpus import SCHEMA
from obelics_like.store.files import describe, verify
from obelics_like.store.folder import SECTIONS, Output


def check(folder: str | Path, inputs: bool = True) -> list[str]:
    """Every breach found in an output folder, in words; empty when all is well.

    Held: the law; each published file against its digest; the schema; equal lists, spans and similarity rows in
    bounds; each picture's sha256 in its pack; the counts of the ledger against a recount; and, with `inputs`, the
    records, pages and pictures of each input that is still there. Raises InputError if there is no finished corpus.
    """
    output = Output(folder)
    breaches = [f"the law does not hold: {b}" for b in output.ledger.breaches()]
    breaches += _files(output)
    if breaches:
        return breaches  # no use in counting what is damaged
    counted = Counter[str]()
    packed: dict[str, tuple[str, int]] = {}
    breaches += _pictures(output, packed)
    breaches += _rows(output, counted, packed)
    breaches += _recount(output, counted)
    if inputs:
        breaches += _inputs(output)
    return breaches


def _files(output: Output) -> list[str]:
    out = []
    for section in SECTIONS:
        named = output.files(section)
        for line in named:
            fault = verify(output.folder / section, line)
            if fault is None and section == "corpus" and pq.read_schema(output.folder / section / line.name) != SCHEMA:
                fault = f"{line.name}: its schema is not this version's"
            out += [f"{section}/{fault}"] if fault else []
        there = {p.name for p in (output.folder / section).glob("*") if p.is_file()}
        out += [f"{section}/{name}: not in the manifest" for name in sorted(there - {line.name for line in named})]
    return out


_IMAGE = ("index", "pos", "source", "sha256", "pack", "pack_offset", "similarity.list.element", "sentence")
_COLUMNS = [
    *("id", "texts", "images", "sentences", "text_info.list.element.index", "text_info.list.element.pos"),
    *(f"image_info.list.element.{name}" for name in _IMAGE),
]
"""What the rows are checked on: less than half of their bytes."""


def _rows(output: Output, counted: Counter[str], packed: dict[str, tuple[str, int]]) -> list[str]:
    out = []
    for row in output.rows(_COLUMNS):
        counted["document"] += 1
        counted["text"] += sum(t is not None for t in row["texts"])
        counted["image"] += sum(i is not None for i in row["images"])
        counted["unresolved"] += sum(i["source"] is None for i in row["image_info"])
        faults = row_faults(row)
        for image in row["image_info"]:
            if image["sha256"] is not None and packed.get(image["sha256"]) != (image["pack"], image["pack_offset"]):
                faults.append(f"picture {image['sha256']} is in no pack, or not where the row says")
        out += [f"document {row['id']}: {fault}" for fault in faults]
    return out


def row_faults(row: dict[str, Any]) -> list[str]:
    """What is wrong with one row of the corpus."""
    texts, images, sentences = row["texts"], row["images"], row["sentences"]
    out = []
    if len(texts) != len(images):
        out.append(f"{len(texts)} texts beside {len(images)} images")
    if any((t is None) == (i is None) for t, i in zip(texts, images)):
        out.append("a place with both a text and an image, or neither")
    if [t["index"] for t in row["text_info"]] != [n for n, t in enumerate(texts) if t is not None]:
        out.append("text_info does not name the places of the texts")
    if [i["index"] for i in row["image_info"]] != [n for n, i in enumerate(images) if i is not None]:
        out.append("image_info does not name the places of the images")
    positions = sorted((r["index"], r["pos"]) for r in row["text_info"] + row["image_info"])
    if any(a[1] >= b[1] for a, b in pairwise(positions)):
        out.append("positions on the page do not rise")
    for span in sentences:
        text = texts[span["text"]] if 0 <= span["text"] < len(texts) else None
        if text is None or not 0 <= span["start"] < span["end"] <= len(text):
            out.append(f"sentence {span} lies outside its text")
            break
    for info in row["image_info"]:
        scores = info["similarity"]
        if scores is not None and len(scores) != len(sentences):
            out.append(f"image {info['index']}: {len(scores)} similarities for {len(sentences)} sentences")
        if info["sentence"] is not None and not 0 <= info["sentence"] < len(sentences):
            out.append(f"image {info['index']}: sentence {info['sentence']} of {len(sentences)}")
    return out


def _pictures(output: Output, packed: dict[str, tuple[str, int]]) -> list[str]:
    """Each picture of the index has its own digest; where each lies is laid down in `packed`."""
    out = []
    for path in output.paths("images", "index"):
        rows = pq.read_table(path).sort_by([("pack", "ascending"), ("offset", "ascending")])
        for batch in rows.to_batches(max_chunksize=10_000):
            for row in batch.to_pylist():
                packed[row["sha256"]] = row["pack"], row["offset"]
                with open(output.folder / "images" / row["pack"], "rb") as file:
                    file.seek(row["offset"])
                    if hashlib.sha256(file.read(row["length"])).hexdigest() != row["sha256"]:
                        out.append(f"images/{row['pack']} at {row['offset']}: not the picture {row['sha256']}")
    return out


def _recount(output: Output, counted: Counter[str]) -> list[str]:
    ledger = output.ledger
    said = {kind: ledger.total(kind) for kind in ("document", "image", "unresolved", "text")}
    if output.run["keep_dropped"] != "none":
        said |= {f"dropped {kind}": ledger.dropped(kind) for kind in ("page", "image", "text")}
        said |= {f"{kind} in": ledger.came[kind] for kind in ("page", "image", "text")}
        _count_dropped(output, counted)
    return [f"{k}s: {counted[k]} counted, the ledger says {n}" for k, n in said.items() if counted[k] != n]


def _count_dropped(output: Output, counted: Counter[str]) -> None:
    for path in output.paths("dropped", "pages-"):
        pages = pq.read_table(path, columns=["images", "texts"])
        counted["dropped page"] += pages.num_rows
        for kind in ("image", "text"):  # went with their page; those that a rule of their own dropped have rows
            counted[f"dropped {kind}"] += pc.sum(pages[f"{kind}s"]).as_py() or 0
    for path in output.paths("dropped", "nodes-"):
        for kind in pc.value_counts(pq.read_table(path, columns=["kind"])["kind"]).to_pylist():
            counted[f"dropped {kind['values']}"] += kind["counts"]
    counted["page in"] = counted["document"] + counted["dropped page"]
    for kind in ("image", "text"):
        counted[f"{kind} in"] = counted[kind] + counted[f"dropped {kind}"]


def _inputs(output: Output) -> list[str]:
    stage = load_recipe_text(output.run["recipe"]["text"]).stages[0]
    assert isinstance(stage, Archive)
    out = []
    for said in output.run["inputs"]:
        picks = tuple((offset, length) for offset, length in said.get("picks", ()))
        source = Input(said["name"], said["path"], said["format"], said["size"], picks=picks)
        path = file_of(source)
        if not path.is_file() or said["failed"]:
            continue
        if said["sha256"] and describe(path).sha256 != said["sha256"]:
            out.append(f"input {said['name']}: its sha256 is not what it was when the corpus was built")
            continue
        kinds = Counter(r.kind for r in scan(source, stage, thorough=said.get("thorough", True)))
        found = {"records": kinds.total(), "pages": kinds["page"], "images": kinds["image"]}
        out += [
            f"input {said['name']}: {found[k]} {k} now, the run says {said[k]}" for k in found if found[k] != said[k]
        ]
    return out

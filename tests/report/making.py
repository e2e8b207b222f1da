"""Makes a finished run's folder by hand, as launch and assemble leave it, with everything in it that can go wrong."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image as Pillow

from obelics_like.document import Blob, Document, Drop, Image, Language, Origin, Place, Text
from obelics_like.ledger import Ledger
from obelics_like.store.assemble import PICTURES
from obelics_like.store.corpus import write_corpus
from obelics_like.store.dropped import Reasons
from obelics_like.store.files import describe, lines, publish, publish_json, publishing
from obelics_like.store.folder import Output

HOSTILE = "<script>alert(1)</script>\"'&<img src=//evil.example/x onerror=alert(2)>"
STEER = "\x1b[31mred\x1b[0m \u202eback"
RECIPE = """[recipe]
name = "tiny"

[[stage]]
use = "sources.archive"
id = "sources"

[[stage]]
use = "extract.nodes"
id = "extract"
"""
STAGES = [
    ("sources", "sources.archive", {"not_a_page": "neither page nor picture", "same_record": "met a second time"}),
    ("text.page_gate", "text.page_gate", {"bad_status": "the server did not answer with a page"}),
    ("extract", "extraction.nodes", {"boilerplate": "not part of the main content"}),
    ("language", "language.identify", {}),
    ("text.node_rules", "text.node_rules", {"too_few_words": "a text of too few words"}),
    ("dedup.url", "dedup.url", {"same_url": "another page of the same URL stays"}),
    ("images.rules", "images.rules", {"too_small": "a picture smaller than the limit"}),
    ("images.unsafe", "images.unsafe", {"unsafe": "a picture that must not be shown"}),
    ("align.assign", "align.assign", {}),
    ("text.counts", "text.counts", {}),
]
QUARANTINE = pa.schema(
    [(n, pa.int64() if n == "offset" else pa.string()) for n in ("input", "offset", "url", "rule", "reason")]
)


class Pictures:
    """The pictures of a corpus: makes them and keeps their bytes until the pack is written."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.formats: dict[str, tuple[str, int, int]] = {}

    def blob(self, colour: str, form: str = "JPEG", size: tuple[int, int] = (640, 420), data: bytes = b"") -> Blob:
        """A picture of one colour as the Blob of a kept image."""
        if not data:
            out = io.BytesIO()
            Pillow.new("RGB", size, colour).save(out, form)
            data = out.getvalue()
        digest = hashlib.sha256(data).hexdigest()
        self.held[digest], self.formats[digest] = data, (form.lower(), *size)
        place = Place("pack", "", 0, len(data), "https://pictures.example/found")
        return Blob(place, "warc", "2024-05-01T00:00:01Z", digest, form.lower(), *size, len(data), "f" * 16)

    def write(self, folder: Path, documents: Sequence[Document]) -> list[Any]:
        """Write the pack and its index, and put the places into the documents; gives the manifest lines."""
        if not self.held:
            return []
        folder.mkdir(parents=True)
        with tarfile.open(folder / "pack-1.tar", "w") as tar:
            for digest in sorted(self.held):
                info = tarfile.TarInfo(f"{digest}.{self.formats[digest][0]}")
                info.size = len(self.held[digest])
                tar.addfile(info, io.BytesIO(self.held[digest]))
        with tarfile.open(folder / "pack-1.tar") as tar:
            offsets = {m.name.partition(".")[0]: m.offset_data for m in tar.getmembers()}
        for document in documents:
            for node in document.nodes:
                if isinstance(node, Image) and node.blob is not None and node.blob.sha256 in offsets:
                    place = replace(node.blob.place, path="pack-1.tar", offset=offsets[node.blob.sha256])
                    node.blob = replace(node.blob, place=place)
        rows = [(d, "pack-1.tar", offsets[d], len(self.held[d]), *self.formats[d]) for d in sorted(self.held)]
        table = pa.table([list(c) for c in zip(*rows)], schema=PICTURES)
        index = publish(folder / "index.parquet", partial(pq.write_table, table), table.num_rows)
        return [describe(folder / "pack-1.tar"), index]


def origin(n: int, name: str = "crawl.warc.gz") -> Origin:
    return Origin(
        name, 1000 * n, 900, n, f"urn:uuid:{n}", f"2024-05-{n % 28 + 1:02d}T00:00:00Z", 200, "text/html", "utf-8"
    )


def document(n: int, url: str, code: str | None, nodes: list[Text | Image], **facts: Any) -> Document:
    language = Language(code, 0.9, "lid") if code else None
    one = Document(f"{n:032x}", url, origin(n), nodes, language=language, facts=facts)
    texts = [t.effective for t in one.texts()]
    words = sum(len(t.split()) for t in texts)
    one.facts |= {"words": words, "characters": sum(map(len, texts)), "tokens": {"o200k_base": 2 * words}}
    return one


def kept_documents(pictures: Pictures) -> list[Document]:
    """Kept documents in several languages and scripts, one of them hostile throughout."""
    stories = [
        ("en", "The lighthouse stands on a rock.", "Its lamp is lit at dusk."),
        ("ar", "الفنار قائم على صخرة.", "مصباحه يضاء عند الغروب."),
        ("he", "המגדלור עומד על סלע.", "המנורה נדלקת בערב."),
        ("ja", "灯台は岩の上に立つ。", "夕暮れに灯がともる。"),
        ("hi", "प्रकाशस्तंभ चट्टान पर खड़ा है।", "शाम को दीप जलता है।"),
    ]
    out = []
    for n, (code, first, second) in enumerate(stories, 1):
        colour = ("red", "green", "blue", "navy", "olive")[n - 1]
        nodes: list[Text | Image] = [
            Text(0, "Menu", "li", drop=Drop("extract", "boilerplate")),
            Text(1, first, "h1", language=Language(code, 0.8, "lid")),
            Image(2, f"https://{code}.example/a.jpg", f"alt {code}", "", f"caption {code}", 320, 210,
                  pictures.blob(colour), {"nsfw": 0.01}, [0.5, 0.25 + n / 100], "label-bridge", 0),
            Text(3, second, "p", language=Language(code, 0.8, "lid")),
            Image(4, f"https://{code}.example/icon.png", drop=Drop("images.rules", "too_small", 16, 100)),
            Image(5, f"https://{code}.example/gone.jpg", "gone"),
            Image(6, f"https://{code}.example/b.png", "", "", "", None, None,
                  pictures.blob(colour, "PNG", (300, 500)), {"nsfw": 0.02}, [0.1, 0.375], "label-bridge", 1),
        ]  # fmt: skip
        one = document(n, f"https://{code}.example/story/{n}", code, nodes, title=f"Title {code}")
        one.sentences = [(1, 0, len(first)), (3, 0, len(second))]
        out.append(one)
    evil: list[Text | Image] = [
        Text(0, HOSTILE, "h1"),
        Text(1, f"{HOSTILE} {STEER} {{{{ 7 * 7 }}}} {{% raw %}}", "</p><script>"),
        Image(2, f"https://evil.example/{HOSTILE}.jpg", HOSTILE, HOSTILE, HOSTILE),
        Image(3, "javascript:alert(3)", HOSTILE, blob=pictures.blob("", data=b"no picture at all")),
    ]
    out.append(document(6, f"https://evil.example/?{HOSTILE}", None, evil, title=f"</title>{HOSTILE}{STEER}"))
    return out


def dropped_documents() -> list[Document]:
    """Dropped pages: one before parsing, two by a rule, one hostile, one unsafe."""
    gate = document(11, "https://en.example/missing", None, [])
    gate.drop = Drop("text.page_gate", "bad_status", 404, 200)
    again = document(
        12, "https://en.example/story/1", "en", [Text(0, "The lighthouse again."), Image(1, "https://x.example/1")]
    )
    again.drop = Drop("dedup.url", "same_url", f"{1:032x}")
    evil = document(
        13, "https://evil.example/gone", "en", [Text(0, HOSTILE), Text(1, "x", drop=Drop("extract", "boilerplate"))]
    )
    evil.drop = Drop("text.node_rules", "too_few_words", f"0 of {HOSTILE}", HOSTILE)
    unsafe = document(
        14, "https://bad.example/", "ar", [Text(0, "نص"), Image(1, "https://bad.example/x.jpg", facts={"nsfw": 0.99})]
    )
    unsafe.drop = Drop("images.unsafe", "unsafe", 0.99, 0.8)
    return [gate, again, evil, unsafe]


def make(
    folder: Path,
    kept: Sequence[Document] = (),
    dropped: Sequence[Document] = (),
    pictures: Pictures | None = None,
    part: int = 4,
    **changes: Any,
) -> Output:
    """Write the folder of a run that kept and dropped these documents; `changes` go over run.json.

    `part` is how many documents a corpus file holds.
    """
    run = _run() | changes
    ledger, reasons = Ledger(), Reasons(run["keep_dropped"])
    manifest: dict[str, list[Any]] = {"corpus": [], "images": [], "dropped": []}
    manifest["images"] = lines((pictures or Pictures()).write(folder / "images", kept))
    for one in [*dropped, *kept]:
        ledger.page(one)
        reasons.add(one)
    ledger.came["record"] += len(kept) + len(dropped)
    ledger.record("not_a_page", count=3)
    for n in range(0, len(kept), part):
        path = folder / "corpus" / f"part-{n // part:05d}.parquet"
        with publishing(path) as file:
            rows = write_corpus(kept[n : n + part], file)
        manifest["corpus"] += lines([describe(path, rows)])
    (folder / "dropped").mkdir(parents=True)
    manifest["dropped"] = lines(reasons.write(folder / "dropped", "00000"))
    row = {
        "input": "crawl.warc.gz",
        "offset": 77,
        "url": "https://en.example/cut",
        "rule": "truncated",
        "reason": "cut",
    }
    table = pa.Table.from_pylist([row], QUARANTINE)
    manifest["dropped"] += lines(
        [publish(folder / "dropped" / "records-00000.parquet", partial(pq.write_table, table), 1)]
    )
    run |= {"ledger": ledger.to_value(), "breaches": ledger.breaches()}
    publish_json(folder / "run.json", run)
    publish_json(folder / "manifest.json", manifest)
    return Output(folder)


def full(folder: Path, **changes: Any) -> Output:
    """The folder with everything in it."""
    pictures = Pictures()
    return make(folder, kept_documents(pictures), dropped_documents(), pictures, **changes)


def _run() -> dict[str, Any]:
    """run.json as launch.build writes it, but for the ledger."""
    return json.loads(
        json.dumps(
            {
                "tool": {"name": "obelics-like", "version": "0.1.0", "code": "0"},
                "started": "2024-06-01T00:00:00+00:00",
                "recipe": {"name": "tiny", "title": "Tiny", "paper": "", "fingerprint": "f" * 64, "text": RECIPE},
                "deviations": [{"paper": "a | b", "ours": HOSTILE, "why": "because"}],
                "images": ["warc"],
                "scorer": "label-bridge",
                "limit": None,
                "keep_dropped": "reasons",
                "engine": {"name": "local", "workers": 1},
                "stages": [{"id": i, "use": u, "active": True, "rules": r} for i, u, r in STAGES],
                "python": "3.11.0",
                "libraries": {},
                "inputs": [
                    {"name": "crawl.warc.gz", "path": "/nowhere/crawl.warc.gz", "format": "warc", "size": 12345,
                     "sha256": None, "records": 13, "pages": 10, "images": 0, "unread": 1, "failed": None}
                ],
                "not_reached": 0,
                "phases": [
                    {"name": "1 extract", "tasks": 1, "seconds": 1.0},
                    {"name": "1 minhash: decide", "tasks": 1, "notes": [f"3 bands held more {HOSTILE}"]},
                ],
                "finished": "2024-06-01T00:00:05+00:00",
                "seconds": 5.0,
                "stage_seconds": {"extract": 0.5, "language": 0.1},
                "peak_worker_mb": 321,
                "failures": [],
                "exit_code": 0,
            }
        )
    )  # fmt: skip

"""The corpus in the form of OBELICS: Parquet with images, texts, metadata and general_metadata; URLs, no bytes.

It chooses nothing: every document of the corpus is written, in order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from obelics_like.export.card import card
from obelics_like.export.parts import groups, whole_folder
from obelics_like.store.files import publishing
from obelics_like.store.folder import Output
from obelics_like.store.tables import opened

SCHEMA = pa.schema(
    [
        ("images", pa.list_(pa.string())),
        ("texts", pa.list_(pa.string())),
        ("metadata", pa.string()),
        ("general_metadata", pa.string()),
    ]
)
ROWS_A_FILE = 50_000
ROWS_A_GROUP = 1_000
_COLUMNS = [
    *("url", "crawl_date", "title", "language", "texts", "images"),
    *(f"text_info.list.element.{name}" for name in ("index", "block")),
    *(f"image_info.list.element.{name}" for name in ("index", "alt", "shown_width", "shown_height", "width", "height")),
    *(f"image_info.list.element.{name}" for name in ("format", "sha256")),
    *(f"provenance.{name}" for name in ("input", "offset", "length")),
]
"""What of the corpus this form needs: without the similarities an export took 1.7 s and not 39 (20,000 documents)."""
_ITEMS = {"li", "dt", "dd", "td", "th"}

FORM = "The form is that of OBELICS."
FIELDS = """- `images`, `texts`: lists of equal length in reading order; at each place one has a value and the other \
is null. An image is its URL. Texts that follow one another are one, their paragraphs apart by an empty line.
- `metadata`: JSON list as long as these; null for a text, for an image `document_url`, `unformatted_src`, `src` and, \
where known, `alt_text`, `rendered_width`, `rendered_height`, `original_width`, `original_height`, `format`; ours: \
`sha256` of the bytes that the run saw. Images whose bytes were not had lack the last four.
- `general_metadata`: JSON object with `url`, `warc_filename`, `warc_record_offset`, `warc_record_length`; ours: \
`language`, `crawl_date`, `title`."""


class Obelics:
    """The export `obelics` (arXiv 2306.16527; the schema is that of its dataset card)."""

    def write(self, output: Output, folder: Path) -> list[Path]:
        """Write `train-0000N-of-0000M.parquet` and README.md into a new or empty folder; gives their paths.

        Raises UsageError if the folder holds anything, DataError if it can't be written.
        """
        folder = Path(folder)
        parts = groups(output, ROWS_A_FILE)
        names = [f"train-{n:05d}-of-{len(parts):05d}.parquet" for n in range(len(parts))]
        documents = 0
        with whole_folder(folder) as making:
            for name, paths in zip(names, parts):
                with publishing(making / name) as file, pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
                    for table in _tables(paths):
                        documents += table.num_rows
                        writer.write_table(table)
            with publishing(making / "README.md") as file:
                file.write(card(output, documents, "train-*.parquet", FORM, FIELDS).encode())
        return [folder / name for name in [*names, "README.md"]]


def _tables(paths: list[Path]) -> Iterator[pa.Table]:
    rows: list[dict[str, Any]] = []
    for path in paths:
        with opened(path) as file:
            for batch in file.iter_batches(batch_size=256, columns=_COLUMNS):
                rows += map(obelics_row, batch.to_pylist())
                if len(rows) >= ROWS_A_GROUP:
                    yield pa.Table.from_pylist(rows, SCHEMA)
                    rows = []
    if rows:
        yield pa.Table.from_pylist(rows, SCHEMA)


def obelics_row(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the corpus as a row of OBELICS."""
    infos = {info["index"]: info for info in row["image_info"]}
    blocks = {info["index"]: info["block"] for info in row["text_info"]}
    images: list[str | None] = []
    texts: list[str | None] = []
    metadata: list[dict[str, Any] | None] = []
    before = ""
    for index, (text, url) in enumerate(zip(row["texts"], row["images"])):
        if url is not None:
            images.append(url)
            texts.append(None)
            metadata.append(_image(row["url"], url, infos[index]))
        elif texts and texts[-1] is not None:
            apart = "\n" if blocks[index] == before and before in _ITEMS else "\n\n"
            texts[-1] += apart + text
        else:
            images.append(None)
            texts.append(text)
            metadata.append(None)
        before = blocks.get(index, "")
    place = row["provenance"]
    general = {
        "url": row["url"],
        "warc_filename": place["input"],
        "warc_record_offset": place["offset"],
        "warc_record_length": place["length"],
        "language": row["language"],
        "crawl_date": row["crawl_date"],
        "title": row["title"],
    }
    return {"images": images, "texts": texts, "metadata": _json(metadata), "general_metadata": _json(general)}


def _image(document: str, url: str, info: dict[str, Any]) -> dict[str, Any]:
    one = {"document_url": document, "unformatted_src": url, "src": url}
    more = {
        "alt_text": info["alt"] or None,
        "rendered_width": info["shown_width"],
        "rendered_height": info["shown_height"],
        "original_width": info["width"],
        "original_height": info["height"],
        "format": info["format"],
        "sha256": info["sha256"],
    }
    return one | {key: value for key, value in more.items() if value is not None}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)

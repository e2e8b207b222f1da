"""Helpers of the picture tests: documents in a line, and a run of a ThingStage as stage.py promises it."""

from __future__ import annotations

import copy
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from PIL import Image as Pil

from obelics_like.document import Blob, Document, Image, Origin, Place, Text
from obelics_like.errors import StageError
from obelics_like.stage import Context, ThingStage


def document(*images: Image | str, url: str = "https://page.example/a") -> Document:
    """A page with one text and these pictures (URLs or Images), numbered in order."""
    nodes: list[Text | Image] = [Text(0, "A text.")]
    for n, image in enumerate(images, 1):
        node = Image(n, image) if isinstance(image, str) else image
        node.pos = n
        nodes.append(node)
    return Document("id", url, Origin("in.warc.gz", 0), nodes)


def placed(path: str | Path, offset: int = 0, length: int | None = None, **more: Any) -> Image:
    """A placement whose bytes lie in a file."""
    return Image(
        0, f"https://cdn.example/{offset}.jpg", blob=Blob(Place("pack", str(path), offset, length), "warc"), **more
    )


def file_reader(blob: Blob) -> bytes:
    """A `read_blob` for pictures that are files of their own."""
    data = Path(blob.place.path).read_bytes()[blob.place.offset :]
    return data if blob.place.length is None else data[: blob.place.length]


def encoded(image: Pil.Image, name: str, **options: Any) -> bytes:
    """A picture's bytes in a format."""
    file = io.BytesIO()
    image.save(file, name, **options)
    return file.getvalue()


def run(stage: ThingStage, batch: list[Document], context: Context, reverse: bool = False) -> list[Document]:
    """Collect page by page, decide bucket by bucket, apply to all; what the contract promises is asserted."""
    opened = stage.open(context)
    rows: dict[str, dict[str, Any]] = {}
    pages = list(reversed(batch)) if reverse else batch
    for page in pages:
        before = copy.deepcopy(page)
        for row in stage.collect([page], opened).to_pylist():
            assert rows.setdefault(row["key"], row) == row, "rows of equal key must be equal"
        assert page == before, "collect marks nothing"
    results: dict[str, dict[str, Any]] = {}
    schema = stage.collect(pages, opened).schema
    for bucket in sorted({row["bucket"] for row in rows.values()}, reverse=reverse):
        part = sorted((row for row in rows.values() if row["bucket"] == bucket), key=lambda row: row["key"])
        table = stage.decide(pa.Table.from_pylist(part, schema=schema), opened)
        answered = table.column("key").to_pylist()
        assert answered == [row["key"] for row in part], "each key once, in order"
        results.update((row["key"], row) for row in table.to_pylist())

    def verdict(keys: list[str]) -> list[dict[str, Any]]:
        if missing := [key for key in keys if key not in results]:
            raise StageError("verdict", got=missing)
        return [results[key] for key in keys]

    return stage.apply(batch, verdict, opened)


def kept_urls(page: Document) -> list[str]:
    """The URLs of the pictures that are left."""
    return [image.url for image in page.images()]


def drops(page: Document) -> list[str | None]:
    """The rule that each picture fell by, None where it is kept."""
    pictures: Sequence[Image] = [node for node in page.nodes if isinstance(node, Image)]
    return [image.drop.rule if image.drop else None for image in pictures]

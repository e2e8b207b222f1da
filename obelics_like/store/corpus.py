"""The corpus as Parquet: one row a document, written from Documents and read back into them; nothing is decided here.

- id, url, crawl_date (RFC 3339, UTC), title; language, language_score, language_model: the document's vote.
- texts, images: lists of equal length in DOM order; where one has a value the other is null. An image is its URL.
- text_info, one for each text: index in `texts`, pos on the page, block, language, language_score, tokens.
- image_info, one for each picture: index in `images`, pos, alt, title, caption, shown size, source ("warc", "page",
  "web"; null: unresolved, only a URL), found_url, capture_date, sha256, format, width, height, size, phash, pack and
  pack_offset, nsfw, facts (JSON), similarity (one score a sentence), scorer, sentence (index into `sentences`),
  sentence_similarity.
- sentences: spans of text (index in `texts`), start and end in characters.
- words, characters, tokens (by tokenizer): counts over the kept texts; facts: the document's other facts, JSON.
- provenance: input, offset, length, record_id, status, mime, charset, digest, warc_headers, http_headers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from obelics_like.document import Blob, Document, Image, Language, Origin, Place, Text

_HEADERS = pa.map_(pa.string(), pa.string())

_TEXT = pa.struct(
    [
        ("index", pa.int32()),
        ("pos", pa.int32()),
        ("block", pa.string()),
        ("language", pa.string()),
        ("language_score", pa.float32()),
        ("tokens", pa.map_(pa.string(), pa.int64())),
    ]
)
_IMAGE = pa.struct(
    [
        ("index", pa.int32()),
        ("pos", pa.int32()),
        ("alt", pa.string()),
        ("title", pa.string()),
        ("caption", pa.string()),
        ("shown_width", pa.int32()),
        ("shown_height", pa.int32()),
        ("source", pa.string()),
        ("found_url", pa.string()),
        ("capture_date", pa.string()),
        ("sha256", pa.string()),
        ("format", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("size", pa.int64()),
        ("phash", pa.string()),
        ("pack", pa.string()),
        ("pack_offset", pa.int64()),
        ("nsfw", pa.float32()),
        ("facts", pa.string()),
        ("similarity", pa.list_(pa.float32())),
        ("scorer", pa.string()),
        ("sentence", pa.int32()),
        ("sentence_similarity", pa.float32()),
    ]
)
_SENTENCE = pa.struct([("text", pa.int32()), ("start", pa.int32()), ("end", pa.int32())])
_PROVENANCE = pa.struct(
    [
        ("input", pa.string()),
        ("offset", pa.int64()),
        ("length", pa.int64()),
        ("record_id", pa.string()),
        ("status", pa.int32()),
        ("mime", pa.string()),
        ("charset", pa.string()),
        ("digest", pa.string()),
        ("warc_headers", _HEADERS),
        ("http_headers", _HEADERS),
    ]
)
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("url", pa.string()),
        ("crawl_date", pa.string()),
        ("title", pa.string()),
        ("language", pa.string()),
        ("language_score", pa.float32()),
        ("language_model", pa.string()),
        ("texts", pa.list_(pa.string())),
        ("images", pa.list_(pa.string())),
        ("text_info", pa.list_(_TEXT)),
        ("image_info", pa.list_(_IMAGE)),
        ("sentences", pa.list_(_SENTENCE)),
        ("words", pa.int64()),
        ("characters", pa.int64()),
        ("tokens", pa.map_(pa.string(), pa.int64())),
        ("facts", pa.string()),
        ("provenance", _PROVENANCE),
    ]
)
ROWS_A_GROUP = 500
_OWN_COLUMN = ("title", "words", "characters", "tokens")


def write_corpus(documents: Iterable[Document], file: IO[bytes], rows_a_group: int = ROWS_A_GROUP) -> int:
    """Write documents as one Parquet file; gives their number."""
    return write_tables((to_table([document]) for document in documents), file, rows_a_group)


def to_table(documents: Sequence[Document]) -> pa.Table:
    """Documents as rows of the corpus. Raises what pyarrow raises for what a column can't hold."""
    return pa.Table.from_pylist([to_row(document) for document in documents], SCHEMA)


def write_tables(tables: Iterable[pa.Table], file: IO[bytes], rows_a_group: int = ROWS_A_GROUP) -> int:
    """Write rows as one Parquet file (zstd level 3, the knee of size against time); gives their number."""
    count = 0
    held = SCHEMA.empty_table()
    with pq.ParquetWriter(file, SCHEMA, compression="zstd", compression_level=3) as writer:
        for table in tables:
            held = pa.concat_tables([held, table])
            while held.num_rows >= rows_a_group:
                writer.write_table(held.slice(0, rows_a_group))
                held, count = held.slice(rows_a_group), count + rows_a_group
        if held.num_rows:
            writer.write_table(held)
    return count + int(held.num_rows)


def read_rows(path: Path, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """The rows of one corpus file as dictionaries; all columns, or those named (`image_info.list.element.pos`)."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=256, columns=columns):
            yield from batch.to_pylist(maps_as_pydicts="lossy")


def to_row(document: Document) -> dict[str, Any]:
    """The row of a document: only what was kept, positions on the page remembered in `pos`."""
    kept = document.kept
    index = {node.pos: i for i, node in enumerate(kept)}
    origin, language = document.origin, document.language
    return {
        "id": document.id,
        "url": document.url,
        "crawl_date": origin.date,
        "title": document.facts.get("title"),
        "language": language.code if language else None,
        "language_score": language.score if language else None,
        "language_model": language.model if language else None,
        "texts": [n.effective if isinstance(n, Text) else None for n in kept],
        "images": [n.url if isinstance(n, Image) else None for n in kept],
        "text_info": [_text_row(n, index[n.pos]) for n in kept if isinstance(n, Text)],
        "image_info": [_image_row(n, index[n.pos]) for n in kept if isinstance(n, Image)],
        "sentences": [{"text": index[pos], "start": start, "end": end} for pos, start, end in document.sentences],
        "words": document.facts.get("words"),
        "characters": document.facts.get("characters"),
        "tokens": document.facts.get("tokens", {}),
        "facts": _json({k: v for k, v in document.facts.items() if k not in _OWN_COLUMN}),
        "provenance": {
            "input": origin.input,
            "offset": origin.offset,
            "length": origin.length,
            "record_id": origin.record_id,
            "status": origin.status,
            "mime": origin.mime,
            "charset": origin.charset,
            "digest": origin.digest,
            "warc_headers": origin.warc_headers,
            "http_headers": origin.http_headers,
        },
    }


def _json(value: dict[str, Any]) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _text_row(node: Text, index: int) -> dict[str, Any]:
    return {
        "index": index,
        "pos": node.pos,
        "block": node.block,
        "language": node.language.code if node.language else None,
        "language_score": node.language.score if node.language else None,
        "tokens": node.facts.get("tokens", {}),
    }


def _image_row(node: Image, index: int) -> dict[str, Any]:
    blob = node.blob
    packed = blob is not None and blob.place.kind == "pack"
    row: dict[str, Any] = {
        "index": index,
        "pos": node.pos,
        "alt": node.alt,
        "title": node.title,
        "caption": node.caption,
        "shown_width": node.width,
        "shown_height": node.height,
        "nsfw": node.facts.get("nsfw"),
        "facts": _json({k: v for k, v in node.facts.items() if k != "nsfw"}),
        "similarity": node.similarity,
        "scorer": node.scorer,
        "sentence": node.sentence,
        "sentence_similarity": node.similarity[node.sentence]
        if node.similarity and node.sentence is not None
        else None,
    }
    if blob is not None:
        row |= {
            "source": blob.source,
            "found_url": blob.place.url or node.url,
            "capture_date": blob.date,
            "sha256": blob.sha256,
            "format": blob.format,
            "width": blob.width,
            "height": blob.height,
            "size": blob.size,
            "phash": blob.phash,
            "pack": blob.place.path if packed else None,
            "pack_offset": blob.place.offset if packed else None,
        }
    return row


def to_document(row: dict[str, Any]) -> Document:
    """A document from its row. It holds the kept nodes only, so `nodes[i].pos` may skip numbers."""
    texts = {t["index"]: t for t in row["text_info"]}
    images = {i["index"]: i for i in row["image_info"]}
    nodes: list[Text | Image] = []
    for index, (text, url) in enumerate(zip(row["texts"], row["images"])):
        nodes.append(_to_text(text, texts[index]) if url is None else _to_image(url, images[index]))
    facts = orjson.loads(row["facts"]) | {k: row[k] for k in _OWN_COLUMN if row[k] is not None}
    origin = Origin(**row["provenance"], date=row["crawl_date"])
    origin.warc_headers, origin.http_headers = dict(origin.warc_headers or {}), dict(origin.http_headers or {})
    return Document(
        id=row["id"],
        url=row["url"],
        origin=origin,
        nodes=nodes,
        sentences=[(nodes[s["text"]].pos, s["start"], s["end"]) for s in row["sentences"]],
        language=_language(row["language"], row["language_score"], row["language_model"]),
        facts=facts,
    )


def _language(code: str | None, score: float | None, model: str | None) -> Language | None:
    return None if code is None else Language(code, score or 0.0, model or "")


def _to_text(text: str, info: dict[str, Any]) -> Text:
    return Text(
        pos=info["pos"],
        text=text,
        block=info["block"],
        language=_language(info["language"], info["language_score"], None),
        facts={"tokens": info["tokens"]} if info["tokens"] else {},
    )


def _to_image(url: str, info: dict[str, Any]) -> Image:
    facts = orjson.loads(info["facts"])
    if info["nsfw"] is not None:
        facts["nsfw"] = info["nsfw"]
    blob = None
    if info["source"] is not None:
        place = Place("pack", info["pack"] or "", info["pack_offset"] or 0, info["size"], info["found_url"])
        blob = Blob(
            place,
            source=info["source"],
            date=info["capture_date"],
            **{k: info[k] for k in ("sha256", "format", "width", "height", "size", "phash")},
        )
    return Image(
        pos=info["pos"],
        url=url,
        alt=info["alt"] or "",
        title=info["title"] or "",
        caption=info["caption"] or "",
        width=info["shown_width"],
        height=info["shown_height"],
        blob=blob,
        facts=facts,
        similarity=info["similarity"],
        scorer=info["scorer"],
        sentence=info["sentence"],
    )

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

from collections.abc import Iterable, Iterator, Sequence, Sized
from itertools import accumulate, chain
from pathlib import Path
from typing import IO, Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from obelics_like.document import Blob, Document, Image, Language, Origin, Place, Text
from obelics_like.store.tables import opened

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
_OF_ORIGIN = ("input", "offset", "length", "record_id", "status", "mime", "charset", "digest")
_OF_IMAGE = ("pos", "alt", "title", "caption", "similarity", "scorer", "sentence")
_OF_BLOB = ("source", "sha256", "format", "width", "height", "size", "phash")
"""Fields that are columns of the same name."""


def write_corpus(documents: Iterable[Document], file: IO[bytes], rows_a_group: int = ROWS_A_GROUP) -> int:
    """Write documents as one Parquet file; gives their number."""
    return write_tables((to_table([document]) for document in documents), file, rows_a_group)


def to_table(documents: Sequence[Document]) -> pa.Table:
    """Documents as rows of the corpus: only what was kept, positions on the page remembered in `pos`.

    Raises what pyarrow raises for what a column can't hold.
    """
    kept = [document.kept for document in documents]
    nodes = [node for those in kept for node in those]
    origins, facts = [d.origin for d in documents], [d.facts for d in documents]
    columns = {
        "id": [d.id for d in documents],
        "url": [d.url for d in documents],
        "crawl_date": [o.date for o in origins],
        "title": [f.get("title") for f in facts],
        **_languages(documents, "language_model"),
        "texts": _lists(kept, pa.array([n.effective if isinstance(n, Text) else None for n in nodes], pa.string())),
        "images": _lists(kept, pa.array([n.url if isinstance(n, Image) else None for n in nodes], pa.string())),
        "text_info": _text_info(kept),
        "image_info": _image_info(kept),
        "sentences": _sentences(documents, kept),
        "words": [f.get("words") for f in facts],
        "characters": [f.get("characters") for f in facts],
        "tokens": _maps([f.get("tokens", {}) for f in facts], pa.int64()),
        "facts": [_json({k: v for k, v in f.items() if k not in _OWN_COLUMN}) for f in facts],
        "provenance": _provenance(origins),
    }
    return pa.table([_array(columns[field.name], field.type) for field in SCHEMA], SCHEMA)


def _array(values: pa.Array | list[Any], kind: pa.DataType) -> pa.Array:
    return values if isinstance(values, pa.Array) else pa.array(values, kind)


def _struct(columns: dict[str, Any], kind: pa.StructType, rows: int) -> pa.Array:
    """A struct of columns; those that are not given hold nothing."""
    fields = [kind.field(n) for n in range(kind.num_fields)]
    arrays = [_array(columns[f.name], f.type) if f.name in columns else pa.nulls(rows, f.type) for f in fields]
    return pa.StructArray.from_arrays(arrays, fields=fields)


def _offsets(parts: Iterable[Sized]) -> pa.Array:
    return pa.array(list(accumulate(map(len, parts), initial=0)), pa.int32())


def _lists(parts: Iterable[Sized], values: pa.Array) -> pa.Array:
    """Values cut into lists as long as the parts are."""
    return pa.ListArray.from_arrays(_offsets(parts), values)


def _maps(values: Sequence[dict[str, Any]], kind: pa.DataType) -> pa.Array:
    keys, items = list(chain.from_iterable(values)), list(chain.from_iterable(map(dict.values, values)))
    return pa.MapArray.from_arrays(_offsets(values), pa.array(keys, pa.string()), pa.array(items, kind))


def _json(value: dict[str, Any]) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode() if value else "{}"


def _languages(of: Sequence[Document | Text], *models: str) -> dict[str, list[Any]]:
    said = [one.language for one in of]
    columns: dict[str, list[Any]] = {
        "language": [s.code if s else None for s in said],
        "language_score": [s.score if s else None for s in said],
    }
    return columns | {name: [s.model if s else None for s in said] for name in models}


def _text_info(kept: Sequence[Sequence[Text | Image]]) -> pa.Array:
    those = [[(at, n) for at, n in enumerate(nodes) if isinstance(n, Text)] for nodes in kept]
    texts = [node for part in those for _, node in part]
    columns = {
        "index": [at for part in those for at, _ in part],
        "pos": [n.pos for n in texts],
        "block": [n.block for n in texts],
        **_languages(texts),
        "tokens": _maps([n.facts.get("tokens", {}) for n in texts], pa.int64()),
    }
    return _lists(those, _struct(columns, _TEXT, len(texts)))


def _image_info(kept: Sequence[Sequence[Text | Image]]) -> pa.Array:
    those = [[(at, n) for at, n in enumerate(nodes) if isinstance(n, Image)] for nodes in kept]
    images = [node for part in those for _, node in part]
    columns: dict[str, list[Any]] = {
        "index": [at for part in those for at, _ in part],
        **{name: [getattr(n, name) for n in images] for name in _OF_IMAGE},
        "shown_width": [n.width for n in images],
        "shown_height": [n.height for n in images],
        "nsfw": [n.facts.get("nsfw") for n in images],
        "facts": [_json({k: v for k, v in n.facts.items() if k != "nsfw"}) for n in images],
        "sentence_similarity": [
            n.similarity[n.sentence] if n.similarity and n.sentence is not None else None for n in images
        ],
    }
    if any(n.blob is not None for n in images):
        columns |= _found(images)
    return _lists(those, _struct(columns, _IMAGE, len(images)))


def _found(images: Sequence[Image]) -> dict[str, list[Any]]:
    """The columns of the pictures' bytes."""
    blobs = [n.blob for n in images]
    packs = [b.place if b and b.place.kind == "pack" else None for b in blobs]
    return {
        **{name: [getattr(b, name) if b else None for b in blobs] for name in _OF_BLOB},
        "found_url": [n.blob.place.url or n.url if n.blob else None for n in images],
        "capture_date": [b.date if b else None for b in blobs],
        "pack": [p.path if p else None for p in packs],
        "pack_offset": [p.offset if p else None for p in packs],
    }


def _sentences(documents: Sequence[Document], kept: Sequence[Sequence[Text | Image]]) -> pa.Array:
    texts: list[int] = []
    for document, nodes in zip(documents, kept):
        index = {node.pos: at for at, node in enumerate(nodes)} if document.sentences else {}
        texts += [index[pos] for pos, _, _ in document.sentences]
    spans = [span for document in documents for span in document.sentences]
    columns = {"text": texts, "start": [start for _, start, _ in spans], "end": [end for _, _, end in spans]}
    return _lists([d.sentences for d in documents], _struct(columns, _SENTENCE, len(spans)))


def _provenance(origins: Sequence[Origin]) -> pa.Array:
    columns: dict[str, Any] = {name: [getattr(o, name) for o in origins] for name in _OF_ORIGIN}
    for name in ("warc_headers", "http_headers"):
        columns[name] = _maps([getattr(o, name) for o in origins], pa.string())
    return _struct(columns, _PROVENANCE, len(origins))


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
    """The rows of one corpus file as dictionaries; all columns, or those named (`image_info.list.element.pos`).

    Raises DataError if the file is gone or damaged.
    """
    with opened(path) as file:
        for batch in file.iter_batches(batch_size=256, columns=columns):
            yield from batch.to_pylist(maps_as_pydicts="lossy")


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

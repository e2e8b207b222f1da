"""Documents between two phases of a run: JSON lines under zstd, so that any of them can be looked at with zstdcat.

Not the corpus: a document here has its marks and facts, and what was dropped of it is accounted for already.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import orjson
import zstandard

from obelics_like.document import Blob, Document, Drop, Edit, Image, Language, Origin, Place, Text
from obelics_like.errors import DataError
from obelics_like.store.shared import at_hand

_LEVEL = 1  # read once, soon: a higher level costs more than it saves


def to_line(document: Document) -> bytes:
    """A document as one JSON line. Raises TypeError for what JSON can't hold (half a surrogate pair, a huge number)."""
    return orjson.dumps(to_value(document), option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY)


def write_lines(lines: Iterable[bytes], file: IO[bytes]) -> int:
    """Write documents given as `to_line` made them; gives their number."""
    count = 0
    compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
    with compressor.stream_writer(file, closefd=False) as out:
        for line in lines:
            out.write(line)
            count += 1
    return count


def write_documents(documents: Iterable[Document], file: IO[bytes]) -> int:
    """Write documents, one JSON line each; gives their number."""
    return write_lines(map(to_line, documents), file)


def read_documents(path: Path) -> Iterator[Document]:
    """The documents of a shard, in order. Raises DataError if the file is damaged."""
    try:
        with open(at_hand(path), "rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw) as stream:
            for line in io.BufferedReader(stream, 1 << 20):
                yield from_value(orjson.loads(line))
    except (OSError, ValueError, TypeError, zstandard.ZstdError) as error:
        raise DataError(
            str(path), got=str(error), valid="a shard of documents", do="remove the work folder and run again"
        ) from error


def to_value(document: Document) -> Document:
    """The document with what is never stored taken off, ready for JSON."""
    document.page = None
    for node in document.nodes:
        if isinstance(node, Text):
            node.words = None
    return document


def from_value(value: dict[str, Any]) -> Document:
    """A document from the JSON that `write_documents` wrote."""
    value["origin"] = Origin(**value["origin"])
    value["nodes"] = [_image(n) if "url" in n else _text(n) for n in value["nodes"]]
    value["sentences"] = [tuple(s) for s in value["sentences"]]
    if value["language"]:
        value["language"] = Language(**value["language"])
    if value["drop"]:
        value["drop"] = Drop(**value["drop"])
    return Document(**value)


def _text(value: dict[str, Any]) -> Text:
    if value["language"]:
        value["language"] = Language(**value["language"])
    if value["drop"]:
        value["drop"] = Drop(**value["drop"])
    if value["edits"]:
        value["edits"] = [Edit(**e) for e in value["edits"]]
    return Text(**value)


def _image(value: dict[str, Any]) -> Image:
    if value["drop"]:
        value["drop"] = Drop(**value["drop"])
    if blob := value["blob"]:
        blob["place"] = Place(**blob["place"])
        value["blob"] = Blob(**blob)
    return Image(**value)

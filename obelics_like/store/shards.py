"""Documents between two phases of a run: JSON lines under zstd, so that any of them can be looked at with zstdcat.

Not the corpus: a document here has its marks and facts, and what was dropped of it is accounted for already. A node is
a list of its fields in the order of `_TEXT` or `_IMAGE`; a document as one JSON object, keys and all, is `to_json`.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import IO, Any

import orjson
import zstandard

from obelics_like.document import Blob, Document, Drop, Edit, Image, Language, Origin, Place, Text
from obelics_like.errors import DataError
from obelics_like.store.shared import at_hand

_LEVEL = 1  # read once, soon: a higher level costs more than it saves
_STORED = ("id", "url", "origin", "nodes", "sentences", "language", "facts", "drop")
_TEXT = ("pos", "text", "block", "edits", "facts", "drop")
_IMAGE = (
    *("pos", "url", "alt", "title", "caption", "width", "height", "blob", "facts"),
    *("similarity", "scorer", "sentence", "drop"),
)
_of_document, _of_text, _of_image = attrgetter(*_STORED), attrgetter(*_TEXT), attrgetter(*_IMAGE)
_OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY


def to_line(document: Document) -> bytes:
    """A document as one line of a shard. Raises TypeError for what JSON can't hold (half a surrogate pair, a huge
    number)."""
    value = dict(zip(_STORED, _of_document(document)))
    value["nodes"] = [_row(node) if isinstance(node, Text) else _of_image(node) for node in document.nodes]
    return orjson.dumps(value, option=_OPTIONS)


def _row(node: Text) -> tuple[Any, ...]:
    said = node.language
    return (*_of_text(node), said and (said.code, said.score, said.model))


def to_json(document: Document) -> str:
    """A document as a JSON object, with what is never stored left out. Raises TypeError as `to_line` does."""
    for node in document.nodes:
        if isinstance(node, Text):
            node.words = None
    value = dict(zip(_STORED, _of_document(document)), page=None)
    return orjson.dumps(value, option=_OPTIONS).decode()


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
                yield from_line(line)
    except (OSError, ValueError, TypeError, zstandard.ZstdError) as error:
        raise DataError(
            str(path), got=str(error), valid="a shard of documents", do="remove the work folder and run again"
        ) from error


def from_line(line: bytes) -> Document:
    """A document from the line that `to_line` made."""
    value = orjson.loads(line)
    length = len(_IMAGE)
    value["nodes"] = [_image(dict(zip(_IMAGE, n))) if len(n) == length else _from_row(*n) for n in value["nodes"]]
    return _document(value)


def from_value(value: dict[str, Any]) -> Document:
    """A document from the value of the JSON that `to_json` made."""
    value["nodes"] = [_image(n) if "url" in n else _text(n) for n in value["nodes"]]
    return _document(value)


def _document(value: dict[str, Any]) -> Document:
    value["origin"] = Origin(**value["origin"])
    value["sentences"] = [tuple(s) for s in value["sentences"]]
    if value["language"]:
        value["language"] = Language(**value["language"])
    if value["drop"]:
        value["drop"] = Drop(**value["drop"])
    return Document(**value)


def _from_row(pos: int, text: str, block: str, edits: Any, facts: dict[str, Any], drop: Any, said: Any) -> Text:
    if edits:
        edits = [Edit(**edit) for edit in edits]
    return Text(pos, text, block, edits, said and Language(*said), facts, drop and Drop(**drop))


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

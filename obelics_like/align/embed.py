"""Similarities of a page's pictures to its sentences, each distinct picture and sentence embedded once in a run.

It knows neither the model behind the scorer nor what a good similarity is, and assigns nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from obelics_like.document import Blob, Document, Image, Place
from obelics_like.errors import OptionError, StageError
from obelics_like.stage import Batch, Context, ThingStage

if TYPE_CHECKING:
    import pyarrow as pa

SENTENCES_AT_ONCE = 2048


@dataclass(frozen=True, slots=True)
class Opened:
    """What a worker holds: the scorer of the run, and how to get at a picture's bytes."""

    scorer: Any
    read_blob: Callable[[Blob], bytes]


@dataclass(frozen=True)
class Embed(ThingStage):
    """Set `Image.similarity` (one cosine a sentence of the document) and `Image.scorer`, by the scorer of the run.

    buckets: into how many units of work the distinct pictures, and the distinct sentences, are cut, by the hash of
        what they are; more of them need less memory at a time in a large run.
    max_pixels: a larger picture is not opened; it stays without similarities.
    gpu: the share of a GPU that a worker holds, where there is one and the scorer can use it. Pictures are opened by
        the processor: with 0.25, four workers do so for one GPU, each with the model. No similarity depends on it.

    A page without a picture that was read is left alone. So is one in a language that the scorer does not serve: the
    fact `align_skipped` says so, since a similarity from a model that cannot read the page would be a guess. A
    picture that can't be read any more stays without similarities.
    """

    buckets: int = 256
    max_pixels: int = 89_000_000
    gpu: float = field(default=1.0, repr=False)  # not part of the text by which work is known: it changes no result

    rules: ClassVar[dict[str, str]] = {}
    facts: ClassVar[dict[str, str]] = {"align_skipped": "why the document's pictures were not held against its text"}

    def check(self) -> None:
        for name, value in (("buckets", self.buckets), ("max_pixels", self.max_pixels)):
            if value < 1:
                raise OptionError(f"stage {self.id}, option {name}", got=value, valid="1 or more", do="raise it")
        if not 0 < self.gpu <= 1:
            raise OptionError(f"stage {self.id}, option gpu", got=self.gpu, valid="above 0, up to 1", do="give a share")

    def active(self, context: Context) -> bool:
        return bool(context.images) and context.scorer not in (None, "none")

    def needs(self, context: Context) -> dict[str, float]:
        return {"gpu": self.gpu} if (context.scorer or "").startswith("open_clip:") else {}

    def open(self, context: Context) -> Opened:
        return Opened(context.model(f"scorer:{context.scorer}"), context.read_blob)

    def collect(self, batch: Batch, opened: Opened) -> pa.Table:
        import pyarrow as pa

        rows: dict[str, dict[str, Any]] = {}
        for document in batch:
            language = _language(document)
            if _due(document) and opened.scorer.serves(language):
                for text in _sentences(document):
                    key = _sentence_key(opened.scorer.name, language, text)
                    rows.setdefault(key, {"kind": "sentence", "text": text, "language": language})
                for image in _readable(document):
                    assert image.blob is not None
                    place = image.blob.place
                    known = rows.get(_picture_key(image))
                    if known is None or (place.path, place.offset) < (known["path"], known["offset"]):
                        rows[_picture_key(image)] = {
                            "kind": "picture",
                            "place": place.kind,
                            "path": place.path,
                            "offset": place.offset,
                            "length": place.length,
                            "url": place.url,
                        }
        found = [{"key": key, "bucket": self._bucket(key), **rows[key]} for key in sorted(rows)]
        return pa.Table.from_pylist(found, schema=_schema())

    def decide(self, rows: pa.Table, opened: Opened) -> pa.Table:
        import pyarrow as pa

        things = rows.to_pylist()
        vectors = self._sentences(things, opened) | self._pictures(things, opened)
        return pa.table(
            {"key": [thing["key"] for thing in things], "vector": [vectors.get(thing["key"]) for thing in things]},
            schema=pa.schema({"key": pa.string(), "vector": pa.binary()}),
        )

    def apply(self, batch: Batch, verdict: Callable[[list[str]], list[dict[str, Any]]], opened: Opened) -> Batch:
        for document in batch:
            language = _language(document)
            if _due(document) and opened.scorer.serves(language):
                _compare(document, verdict, opened.scorer)
            elif _due(document):
                document.facts["align_skipped"] = f"language {language} not served by {opened.scorer.name}"
        return batch

    def _bucket(self, key: str) -> str:
        # a function of the key alone: were it the archive, a picture found in two of them would be embedded twice
        return f"{key[0]}{int(key[2:10], 16) % self.buckets:05d}"

    def _sentences(self, things: list[dict[str, Any]], opened: Opened) -> dict[str, bytes]:
        vectors: dict[str, bytes] = {}
        for part in _parts([thing for thing in things if thing["kind"] == "sentence"], SENTENCES_AT_ONCE):
            found = opened.scorer.embed_sentences([t["text"] for t in part], [t["language"] for t in part])
            vectors |= zip((t["key"] for t in part), _bytes(found, len(part), opened.scorer), strict=True)
        return vectors

    def _pictures(self, things: list[dict[str, Any]], opened: Opened) -> dict[str, bytes]:
        keys: list[str] = []

        def pictures() -> Iterator[Any]:  # one at a time: the scorer shrinks each before it asks for the next
            for thing in things:
                pixels = self._pixels(thing, opened) if thing["kind"] == "picture" else None
                if pixels is not None:
                    keys.append(thing["key"])
                    yield pixels

        found = opened.scorer.embed_images(pictures())
        return dict(zip(keys, _bytes(found, len(keys), opened.scorer), strict=True))

    def _pixels(self, thing: dict[str, Any], opened: Opened) -> Any:
        from obelics_like.pixels import PixelError, open_rgb

        place = Place(thing["place"], thing["path"], thing["offset"], thing["length"], thing["url"])
        try:
            data = opened.read_blob(Blob(place, "warc" if place.kind == "record" else "web"))
            return open_rgb(data, box=opened.scorer.box, max_pixels=self.max_pixels)
        except (OSError, PixelError):
            return None


def _compare(document: Document, verdict: Callable[[list[str]], list[dict[str, Any]]], scorer: Any) -> None:
    import numpy as np

    language = _language(document)
    images = _readable(document)
    keys = [_sentence_key(scorer.name, language, text) for text in _sentences(document)]
    wanted = list(dict.fromkeys([*keys, *map(_picture_key, images)]))
    vectors = {key: row["vector"] for key, row in zip(wanted, verdict(wanted), strict=True)}
    sentences = np.frombuffer(b"".join(vectors[key] for key in keys), dtype="<f4").reshape(len(keys), -1)
    for image in images:
        vector = vectors[_picture_key(image)]
        if vector is not None:
            # one picture at a time and in double precision: the same digits whatever stands beside it
            row = sentences.astype(np.float64) @ np.frombuffer(vector, dtype="<f4").astype(np.float64)
            image.similarity = row.astype(np.float32).tolist()
            image.scorer = scorer.name


def _schema() -> pa.Schema:
    import pyarrow as pa

    text = ("key", "bucket", "kind", "text", "language", "place", "path", "url")
    whole = ("offset", "length")
    return pa.schema([(name, pa.string()) for name in text] + [(name, pa.int64()) for name in whole])


def _due(document: Document) -> bool:
    return bool(document.sentences) and bool(_readable(document))


def _language(document: Document) -> str:
    return document.language.code if document.language is not None else "und"


def _readable(document: Document) -> list[Image]:
    return [image for image in document.images() if image.blob is not None and image.blob.sha256 is not None]


def _sentences(document: Document) -> list[str]:
    """The sentences with their whitespace evened out, so that a line break makes no other sentence of them."""
    return [" ".join(text.split()) for text in document.sentence_texts()]


def _sentence_key(scorer: str, language: str, text: str) -> str:
    whole = "\0".join((scorer, language, text)).encode("utf-8", "surrogatepass")
    return "s:" + hashlib.blake2b(whole, digest_size=20).hexdigest()


def _picture_key(image: Image) -> str:
    assert image.blob is not None
    return f"i:{image.blob.sha256}"


def _parts(things: list[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    return (things[i : i + size] for i in range(0, len(things), size))


def _bytes(vectors: Any, count: int, scorer: Any) -> list[bytes]:
    if vectors.shape != (count, scorer.dimensions):
        raise StageError(
            f"scorer {scorer.name}", got=f"vectors of shape {vectors.shape}", valid=f"({count}, {scorer.dimensions})"
        )
    return [vector.tobytes() for vector in vectors.astype("<f4")]

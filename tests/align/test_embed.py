"""Embedding: each distinct thing once, the same result in any batch and any shard, and no guesses."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image as Pillow

from obelics_like.align.embed import Embed
from obelics_like.document import Blob, Document, Drop, Image, Language, Origin, Place, Text
from obelics_like.errors import OptionError, StageError
from obelics_like.plan import described
from obelics_like.stage import Context

WIDTH = 8


def vector(of: bytes) -> np.ndarray:
    found = np.frombuffer(hashlib.blake2b(of, digest_size=WIDTH).digest(), np.uint8).astype(np.float32) - 127.5
    return found / np.linalg.norm(found)


class Fake:
    """A scorer that counts what it is given."""

    name, dimensions, box = "fake", WIDTH, None

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()

    def serves(self, language: str) -> bool:
        return language in ("en", "de")

    def embed_images(self, images: Iterable[Any]) -> np.ndarray:
        rows = []
        for image in images:
            self.seen[f"picture {image.getpixel((0, 0))}"] += 1
            rows.append(vector(bytes(image.getpixel((0, 0)))))
        return np.stack(rows) if rows else np.zeros((0, WIDTH), np.float32)

    def embed_sentences(self, sentences: Sequence[str], languages: Sequence[str]) -> np.ndarray:
        self.seen.update(sentences)
        return np.stack([vector(s.encode()) for s in sentences])


def png(colour: tuple[int, int, int]) -> bytes:
    out = io.BytesIO()
    Pillow.new("RGB", (4, 4), colour).save(out, "PNG")
    return out.getvalue()


FILES = {("a.warc", i): png((i, 2 * i, 3 * i)) for i in range(5)} | {("b.warc", 7): png((1, 2, 3)), ("a.warc", 9): b"?"}


def read(blob: Blob) -> bytes:
    try:
        return FILES[blob.place.path, blob.place.offset]
    except KeyError:
        raise OSError("gone") from None


def picture(pos: int, path: str, offset: int, sha: bool = True) -> Image:
    data = FILES.get((path, offset), b"gone")
    blob = Blob(Place("record", path, offset, None, "http://x/"), "warc")
    blob.sha256 = hashlib.sha256(data).hexdigest() if sha else None
    return Image(pos, f"http://x/{path}/{offset}", blob=blob)


def page(name: str, sentences: list[str], images: list[Image], language: str | None = "en") -> Document:
    text = Text(0, " ".join(sentences))
    spans, at = [], 0
    for sentence in sentences:
        spans.append((0, at, at + len(sentence)))
        at += len(sentence) + 1
    for pos, image in enumerate(images, 1):
        image.pos = pos
    code = Language(language, 1.0, "m") if language else None
    return Document(name, f"http://x/{name}", Origin("a.warc", 0), [text, *images], spans, code)


def pages() -> list[Document]:
    return [
        page("one", ["A cat.", "A dog."], [picture(0, "a.warc", 1), picture(0, "a.warc", 2)]),
        page("two", ["A dog.", "A\ncat."], [picture(0, "b.warc", 7)]),  # the bytes of a.warc at 1, another place
        page("three", ["A cat."], [picture(0, "a.warc", 3)], "de"),
        page("greek", ["Μια γάτα."], [picture(0, "a.warc", 4)], "el"),
        page("none", ["Text only."], []),
        page("unread", ["Seen nowhere."], [picture(0, "a.warc", 0, sha=False), Image(0, "http://x/unresolved")]),
        page("broken", ["A cat."], [picture(0, "a.warc", 9), picture(0, "c.warc", 5), picture(0, "a.warc", 2)]),
    ]


def run(documents: list[Document], fake: Fake, shards: int, stage: Embed | None = None) -> list[Document]:
    """What the run does with a ThingStage: rows of all shards, buckets one by one, each key once, then back."""
    stage = stage or Embed(id="align.embed")
    context = Context(images=frozenset({"warc"}), scorer="fake", model=lambda spec: fake, read_blob=read)
    opened = stage.open(context)
    parts = [documents[i::shards] for i in range(shards)]
    rows = [row for part in parts for row in stage.collect(part, opened).to_pylist()]
    schema = stage.collect([], opened).schema
    assert all(len({row["bucket"] for row in rows if row["key"] == key}) == 1 for key in {row["key"] for row in rows})
    results: dict[str, dict[str, Any]] = {}
    for bucket in sorted({row["bucket"] for row in rows}):
        first = {row["key"]: row for row in reversed(rows) if row["bucket"] == bucket}
        table = pa.Table.from_pylist([first[key] for key in sorted(first)], schema=schema)
        found = stage.decide(table, opened).to_pylist()
        assert [row["key"] for row in found] == sorted(first)
        results |= {row["key"]: row for row in found}
    verdict: Callable[[list[str]], list[dict[str, Any]]] = lambda keys: [results[key] for key in keys]  # noqa: E731
    for part in parts:
        assert stage.apply(part, verdict, opened) == part
    return documents


def rows_of(documents: list[Document]) -> dict[str, list[list[float] | None]]:
    return {d.id: [image.similarity for image in d.images()] for d in documents}


def test_each_distinct_thing_is_embedded_once() -> None:
    fake = Fake()
    run(pages(), fake, shards=3)
    assert set(fake.seen.values()) <= {1, 2}
    # "A cat." is there in English and in German, which is two things; a line break makes no third
    assert {name for name, count in fake.seen.items() if count == 2} == {"A cat."}
    assert fake.seen["picture (1, 2, 3)"] == 1
    assert "Text only." not in fake.seen
    assert "Seen nowhere." not in fake.seen
    assert "Μια γάτα." not in fake.seen


def test_similarity_is_the_dot_product() -> None:
    documents = run(pages(), Fake(), shards=1)
    (row,) = rows_of(documents)["two"]
    expected = [float(np.float32(vector(bytes((1, 2, 3))) @ vector(s))) for s in (b"A dog.", b"A cat.")]
    assert row == pytest.approx(expected, abs=1e-6)
    assert all(value == float(np.float32(value)) for value in row or [])
    assert {image.scorer for image in documents[0].images()} == {"fake"}


@pytest.mark.parametrize("shards", [2, 3, 7])
def test_the_cut_into_shards_changes_nothing(shards: int) -> None:
    assert rows_of(run(pages(), Fake(), shards)) == rows_of(run(pages(), Fake(), 1))


def test_a_language_that_is_not_served_is_recorded() -> None:
    documents = {d.id: d for d in run([*pages(), page("nolang", ["Hm."], [picture(0, "a.warc", 1)], None)], Fake(), 2)}
    assert documents["greek"].facts == {"align_skipped": "language el not served by fake"}
    assert documents["nolang"].facts == {"align_skipped": "language und not served by fake"}
    assert all(not documents[name].facts for name in ("one", "two", "three", "none", "unread", "broken"))
    assert [image.similarity for image in documents["greek"].images()] == [None]


def test_pictures_that_cannot_be_read_stay_without_a_row() -> None:
    rows = rows_of(run(pages(), Fake(), 1))["broken"]
    assert rows[:2] == [None, None]
    assert rows[2] is not None


def test_dropped_pictures_are_left_alone() -> None:
    documents = pages()
    for image in documents[0].images():
        image.drop = Drop("images.rules", "too_small", 1, 150)
    fake = Fake()
    run(documents, fake, 1)
    assert all(node.similarity is None for node in documents[0].nodes if isinstance(node, Image))


def test_a_picture_above_the_limit_is_not_opened() -> None:
    rows = rows_of(run(pages(), Fake(), 1, Embed(id="e", max_pixels=15)))
    assert rows["one"] == [None, None]


def test_a_scorer_with_vectors_of_another_width_is_caught() -> None:
    fake = Fake()
    fake.dimensions = 9  # type: ignore[misc]
    with pytest.raises(StageError, match="shape"):
        run(pages(), fake, 1)


@pytest.mark.parametrize(
    ("images", "scorer", "active"),
    [({"warc"}, "fake", True), ({"warc"}, None, False), ({"warc"}, "none", False), (set(), "fake", False)],
)
def test_active_with_pixels_and_a_scorer(images: set[str], scorer: str | None, active: bool) -> None:
    assert Embed().active(Context(images=frozenset(images), scorer=scorer)) is active


def test_options() -> None:
    with pytest.raises(OptionError):
        Embed(buckets=0).check()


def test_a_share_of_a_gpu_is_asked_for_and_is_no_part_of_what_work_is_known_by() -> None:
    clip = Context(frozenset(), "open_clip:ViT-B-32", True)
    assert Embed(id="embed").needs(clip) == {"gpu": 1.0}
    assert Embed(id="embed", gpu=0.25).needs(clip) == {"gpu": 0.25}
    assert Embed(id="embed", gpu=0.25).needs(replace(clip, scorer="label-bridge")) == {}
    assert described(Embed(id="embed", gpu=0.25)) == described(Embed(id="embed"))
    for wrong in (0.0, -1.0, 2.0, float("nan")):
        with pytest.raises(OptionError, match="option gpu"):
            Embed(id="embed", gpu=wrong).check()

"""Fake models and a fake context: small, exact, and with the same doors as the real ones."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from obelics_like.document import Blob, Document, Image, Origin, Page, Place, Text
from obelics_like.stage import Context


class FakeLanguages:
    """Says "de" for texts with an umlaut, "zh" for Han, else "en", always with 0.9."""

    name = "fake-langid"
    given = None

    def identify(self, texts: list[str], k: int = 1) -> list[list[tuple[str, float]]]:
        return [[(self._code(t), 0.9)] if any(c.isalpha() for c in t) else [] for t in texts]

    @staticmethod
    def _code(text: str) -> str:
        if any("\u4e00" <= c <= "\u9fff" for c in text):
            return "zh"
        return "de" if any(c in "äöüß" for c in text) else "en"


class FakeTokenizer:
    """A token a character."""

    name = "fake-tokens"

    def count(self, text: str) -> int:
        return len(text)


class FakeNsfw:
    """The share of red in the picture."""

    name = "fake-nsfw"

    def score(self, images: list[Any]) -> list[float]:
        return [float(np.asarray(i.convert("RGB").resize((4, 4)))[..., 0].mean() / 255) for i in images]


class FakeScorer:
    """Unit vectors that are a function of the content; it serves en and de, and counts what it is asked to embed."""

    name = "fake-scorer"
    dimensions = 8
    box = None

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.pictures = 0

    def serves(self, language: str) -> bool:
        return language in ("en", "de")

    def embed_sentences(self, sentences: list[str], languages: list[str]) -> Any:
        self.sentences += sentences
        return np.stack([self._vector(s.encode()) for s in sentences])

    def embed_images(self, images: Iterable[Any]) -> Any:
        images = list(images)
        self.pictures += len(images)
        return np.stack([self._vector(i.convert("RGB").resize((8, 8)).tobytes()) for i in images])

    def _vector(self, data: bytes) -> Any:
        raw = np.frombuffer(hashlib.blake2b(data, digest_size=8).digest(), np.uint8).astype(np.float32) - 127.5
        return raw / np.linalg.norm(raw)


def picture(colour: str = "red", size: tuple[int, int] = (320, 240), form: str = "PNG") -> bytes:
    """A picture with some structure in it, so that it is no single colour."""
    from PIL import Image as Pillow
    from PIL import ImageDraw

    image = Pillow.new("RGB", size, colour)
    draw = ImageDraw.Draw(image)
    for n in range(0, size[0], 24):
        draw.line([(n, 0), (size[0] - n, size[1])], fill=(n % 256, 80, 160), width=5)
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


class FakeArchive:
    """Pictures by URL; `find` and `read` are what a Context is given."""

    def __init__(self, pictures: dict[str, bytes]) -> None:
        self.pictures = pictures
        self.urls = sorted(pictures)

    def find(self, url: str, origin: Origin) -> list[Blob]:
        if url not in self.pictures:
            return []
        return [
            Blob(
                Place("record", "fake.warc.gz", self.urls.index(url) * 1000, None, url), "warc", "2024-05-01T00:00:00Z"
            )
        ]

    def read(self, blob: Blob) -> bytes:
        if blob.place.path != "fake.warc.gz":
            raise OSError(f"{blob.place.path}: gone")
        return self.pictures[self.urls[blob.place.offset // 1000]]


def context(scratch: Path, archive: FakeArchive | None = None, scorer: str | None = "fake-scorer") -> Context:
    """A Context whose models are the fakes above."""
    models = {"langid": FakeLanguages(), "tokenizer": FakeTokenizer(), "nsfw": FakeNsfw(), "scorer": FakeScorer()}
    archive = archive or FakeArchive({})
    return Context(
        images=frozenset({"warc"}),
        scorer=scorer,
        offline=True,
        scratch=scratch,
        model=lambda spec: models[spec.partition(":")[0]],
        find_image=archive.find,
        read_blob=archive.read,
    )


ENGLISH = (
    "The old lighthouse stands on a narrow rock in the bay, and the keeper climbs its stairs every evening. "
    "Ships that pass at night see the light from twenty miles away, so the lamp must never go out."
)
GERMAN = "Der Müller mahlt das Korn in der alten Mühle am Fluß, während die Bäckerin schon auf das Mehl wartet."
CHINESE = "这座古老的灯塔矗立在海湾狭窄的岩石上，看守人每天晚上都要爬上楼梯点亮灯火，为夜航的船只指引方向。"


def html(*blocks: str, title: str = "A page") -> bytes:
    """A small page with furniture around the blocks."""
    body = "\n".join(blocks)
    return (
        f"<html><head><title>{title}</title></head><body><nav><a href='/'>Home</a> <a href='/a'>About</a></nav>"
        f"<article>{body}</article><footer>Imprint and contact</footer></body></html>"
    ).encode()


def documents() -> list[Document]:
    """Pages as they come out of reading: with bytes, without nodes."""
    out = []
    bodies = [
        html(f"<h1>The lighthouse</h1><p>{ENGLISH}</p><img src='/a.png' alt='lighthouse'>", f"<p>{ENGLISH[::-1]}</p>"),
        html(f"<h1>Die Mühle</h1><p>{GERMAN}</p><p>{GERMAN} Ja.</p><img src='/b.png'><img src='/logo.png'>"),
        html(f"<p>{CHINESE}</p><img src='/gone.png'><p>{CHINESE}{CHINESE}</p>"),
        html("<p>Too short.</p>"),
        html(f"<p>{ENGLISH}</p><img src='/a.png'>" * 3),
        b"",
        b"\x00\xff\xfe not html at all",
    ]
    for n, body in enumerate(bodies):
        url = f"https://example.org/{n}"
        origin = Origin("fake.warc.gz", n * 5000, 100, n, f"<urn:{n}>", f"2024-05-0{n + 1}T00:00:00Z", 200, "text/html")
        out.append(Document(f"{n:032x}", url, origin, page=Page(url, body, "text/html; charset=utf-8", origin)))
    return out


def texts(*strings: str) -> list[Text | Image]:
    """Paragraphs as nodes."""
    return [Text(n, s) for n, s in enumerate(strings)]

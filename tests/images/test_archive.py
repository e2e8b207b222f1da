"""Joining placements to the records of the archives."""

from __future__ import annotations

from obelics_like.document import Blob, Drop, Image, Origin, Place
from obelics_like.images.archive import ArchiveImages
from obelics_like.stage import Context
from tests.images.things import document

RECORD = Blob(Place("record", "in.warc.gz", 77, url="https://a.example/a.jpg"), "warc", "2020-01-01T00:00:00Z")
FURTHER = Blob(Place("record", "in.warc.gz", 99), "warc", "2021-01-01T00:00:00Z")
STAGE = ArchiveImages(id="images.archive")


def context(asked: list[tuple[str, str]], **more: list[Blob]) -> Context:
    index = {"https://a.example/a.jpg": [RECORD, FURTHER], **more}

    def find(url: str, origin: Origin) -> list[Blob]:
        asked.append((url, origin.input))
        return index.get(url, [])

    return Context(images=frozenset(("warc",)), find_image=find)


def joined(*images: Image | str) -> tuple[list[Image], list[tuple[str, str]]]:
    asked: list[tuple[str, str]] = []
    page = document(*images)
    STAGE.process([page], STAGE.open(context(asked)))
    return [node for node in page.nodes if isinstance(node, Image)], asked


def test_the_best_record_is_taken() -> None:
    (image,), asked = joined("https://a.example/a.jpg")
    assert image.blob == RECORD
    assert image.facts == {}
    assert asked == [("https://a.example/a.jpg", "in.warc.gz")]


def test_an_alternative_is_taken_and_told() -> None:
    alternatives = ["https://a.example/b.jpg", "https://a.example/a.jpg"]
    (image,), asked = joined(Image(0, "https://a.example/c.jpg", facts={"alternatives": alternatives}))
    assert image.blob == RECORD
    assert image.facts["joined"] == "https://a.example/a.jpg"
    assert [url for url, _ in asked] == ["https://a.example/c.jpg", *alternatives]


def test_what_is_not_found_stays_unresolved() -> None:
    (image,), _ = joined("https://a.example/gone.jpg")
    assert (image.blob, image.drop, image.facts) == (None, None, {})


def test_fallen_and_resolved_placements_are_left_alone() -> None:
    held, fallen = (
        Image(0, "https://a.example/a.jpg", blob=FURTHER),
        Image(0, "https://a.example/a.jpg", drop=Drop("x", "y")),
    )
    images, asked = joined(held, fallen)
    assert [image.blob for image in images] == [FURTHER, None]
    assert asked == []


def test_two_placements_share_no_blob() -> None:
    (one, two), _ = joined("https://a.example/a.jpg", "https://a.example/a.jpg")
    assert one.blob == two.blob
    assert one.blob is not two.blob
    assert one.blob is not RECORD


def test_when_it_runs() -> None:
    assert STAGE.active(Context(images=frozenset(("warc", "web"))))
    assert STAGE.active(Context(images=frozenset(("page",))))
    assert not STAGE.active(Context(images=frozenset(("web",))))
    assert not STAGE.active(Context())

"""The stage images.unsafe, with a model that scores by redness."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pil

from obelics_like.document import Blob, Document, Image
from obelics_like.errors import MissingPiece, OptionError
from obelics_like.images.unsafe import UnsafeImages
from obelics_like.stage import Context
from tests.images.things import document, drops, encoded, file_reader, placed, run


class Redness:
    """Stands in for a model: the score of a plain picture is how red it is."""

    def __init__(self) -> None:
        self.scored = 0

    def score(self, images: list[Pil.Image]) -> list[float]:
        self.scored += len(images)
        return [image.getpixel((0, 0))[0] / 255 for image in images]  # type: ignore[index]


def context(model: Redness) -> Context:
    asked = {"nsfw:opennsfw": model}
    return Context(images=frozenset(("warc",)), model=lambda spec: asked[spec], read_blob=file_reader)


@pytest.fixture
def red(tmp_path: Path) -> Any:
    def image(value: int, name: str = "", digest: str | None = None) -> Image:
        path = tmp_path / f"{value}{name}.png"
        path.write_bytes(encoded(Pil.new("RGB", (8, 8), (value, 0, 0)), "PNG"))
        found = placed(path)
        assert found.blob is not None
        found.blob.sha256 = digest or f"{value:064x}"
        return found

    return image


def test_the_score_is_a_fact_and_drops_nothing_without_a_limit(red: Any) -> None:
    page = document(red(255), red(0), "https://a.example/unresolved")
    run(UnsafeImages(), [page], context(Redness()))
    assert [image.facts for image in page.images()] == [{"nsfw": 1.0}, {"nsfw": 0.0}, {}]


def test_pictures_above_the_limit_fall(red: Any) -> None:
    page = document(red(102), red(103), "https://a.example/unresolved")
    run(UnsafeImages(max_nsfw=0.4, id="images.unsafe"), [page], context(Redness()))
    assert drops(page) == [None, "nsfw", None]
    assert page.drop is None
    fallen = page.nodes[2]
    assert isinstance(fallen, Image)
    assert fallen.drop is not None
    assert (fallen.drop.value, fallen.drop.limit, fallen.facts) == (0.403922, 0.4, {"nsfw": 0.403922})


def test_or_their_page_falls(red: Any) -> None:
    pages = [document(red(10), red(200), red(220)), document(red(10))]
    run(UnsafeImages(max_nsfw=0.4, drops="page"), pages, context(Redness()))
    assert pages[0].drop is not None
    assert (pages[0].drop.rule, pages[0].drop.value) == ("nsfw_page", 0.784314)
    assert pages[1].drop is None
    assert drops(pages[0]) == [None, None, None]


def test_a_content_is_scored_once_wherever_it_lies(red: Any) -> None:
    model = Redness()
    pages = [document(red(50, "a", "f" * 64), red(50, "b", "f" * 64)), document(red(50, "c", "f" * 64))]
    run(UnsafeImages(), pages, context(model))
    assert model.scored == 1
    assert {image.facts["nsfw"] for page in pages for image in page.images()} == {0.196078}


def test_another_place_serves_where_one_is_gone(red: Any, tmp_path: Path) -> None:
    page = document(red(50, "a", "f" * 64), red(50, "b", "f" * 64))
    (tmp_path / "50a.png").unlink()
    run(UnsafeImages(max_nsfw=0.5), [page], context(Redness()))
    assert {image.facts["nsfw"] for image in page.images()} == {0.196078}


def test_what_cannot_be_scored_is_not_taken_for_safe(red: Any, tmp_path: Path) -> None:
    def page() -> Document:
        found = document(red(50))
        (tmp_path / "50.png").write_bytes(b"no longer a picture")
        return found

    assert drops(run(UnsafeImages(max_nsfw=0.5), [page()], context(Redness()))[0]) == ["unscored"]
    assert drops(run(UnsafeImages(), [page()], context(Redness()))[0]) == [None]


def test_order_changes_nothing(red: Any) -> None:
    pages = [document(red(n), red(n + 100)) for n in (1, 2, 3)]
    other = copy.deepcopy(pages)
    stage = UnsafeImages(max_nsfw=0.4)
    assert run(stage, pages, context(Redness())) == run(stage, other, context(Redness()), reverse=True)


def test_pictures_that_were_not_read_are_left_alone(red: Any) -> None:
    unread, fallen = placed("nowhere"), red(255)
    fallen.drop = UnsafeImages().drop("nsfw")
    page = document(unread, fallen)
    before = copy.deepcopy(page)
    assert run(UnsafeImages(max_nsfw=0.1), [page], context(Redness())) == [before]


def test_a_missing_model_stops_the_worker_at_once() -> None:
    def model(spec: str) -> Any:
        raise MissingPiece(spec)

    with pytest.raises(MissingPiece, match="nsfw:opennsfw"):
        UnsafeImages().open(Context(model=model))


def test_when_it_runs() -> None:
    assert UnsafeImages().active(Context(images=frozenset(("web",))))
    assert not UnsafeImages().active(Context())


@pytest.mark.parametrize("options", [{"max_nsfw": 1.5}, {"drops": "site"}])
def test_options_that_make_no_sense(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        UnsafeImages(**options).check()


def test_the_blob_keeps_its_place(red: Any) -> None:
    image = red(9)
    before = copy.deepcopy(image.blob)
    run(UnsafeImages(), [document(image)], context(Redness()))
    assert isinstance(image.blob, Blob)
    assert image.blob == before

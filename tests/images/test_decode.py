"""The stage images.decode: what it fills in, and what falls."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest
from PIL import Image as Pil

from obelics_like.document import Blob
from obelics_like.errors import OptionError, StageError
from obelics_like.images.decode import DecodeImages
from obelics_like.stage import Context
from tests.images.things import document, drops, encoded, file_reader, placed, run
from tests.test_pixels import noise, png

STAGE = DecodeImages(id="images.decode")
CONTEXT = Context(images=frozenset(("warc",)), read_blob=file_reader)


def write(folder: Path, **files: bytes) -> list[Path]:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in files]


def test_a_picture_is_described(tmp_path: Path) -> None:
    (path,) = write(tmp_path, a=encoded(noise(64, 48), "PNG"))
    page = document(placed(path))
    before = page.nodes[1].blob  # type: ignore[union-attr]
    run(STAGE, [page], CONTEXT)
    (image,) = page.images()
    assert isinstance(image.blob, Blob)
    assert (image.blob.format, image.blob.width, image.blob.height) == ("png", 64, 48)
    assert image.blob.size == path.stat().st_size
    assert (len(image.blob.sha256 or ""), len(image.blob.phash or "")) == (64, 16)
    assert image.blob.place == before.place  # type: ignore[union-attr]
    assert image.facts == {"mode": "RGB"}


def test_facts_of_odd_pictures(tmp_path: Path) -> None:
    frames = [Pil.new("RGB", (9, 9), "red"), Pil.new("RGB", (9, 9), "blue")]
    (path,) = write(tmp_path, a=encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    page = run(STAGE, [document(placed(path))], CONTEXT)[0]
    assert next(page.images()).facts == {"mode": "P", "frames": 2, "single_colour": True}


def test_what_falls(tmp_path: Path) -> None:
    files = write(
        tmp_path,
        good=encoded(noise(20, 20), "PNG"),
        empty=b"",
        html=b"<html>",
        svg=b"<svg/>",
        cut=encoded(noise(90, 90), "JPEG")[:-900],
        bomb=png(13_300, 13_300),
        heavy=encoded(noise(300, 300), "BMP"),
    )
    page = document(*[placed(file) for file in files], placed(tmp_path / "gone"))
    run(DecodeImages(max_bytes=100_000, id="d"), [page], CONTEXT)
    rules = [
        None,
        "undecodable",
        "undecodable",
        "not_raster",
        "undecodable",
        "too_many_pixels",
        "too_many_bytes",
        "gone",
    ]
    assert drops(page) == rules
    bomb, heavy = page.nodes[6].drop, page.nodes[7].drop
    assert bomb is not None
    assert heavy is not None
    assert (bomb.stage, bomb.value, bomb.limit) == ("d", 13_300**2, 89_000_000)
    assert (heavy.value, heavy.limit) == (files[-1].stat().st_size, 100_000)


def test_a_place_is_read_once(tmp_path: Path) -> None:
    reads = []

    def reader(blob: Blob) -> bytes:
        reads.append(blob.place)
        return file_reader(blob)

    (path,) = write(tmp_path, a=encoded(noise(20, 20), "PNG"))
    pages = [document(placed(path), placed(path)), document(placed(path))]
    run(STAGE, pages, Context(images=frozenset(("warc",)), read_blob=reader))
    assert len(reads) == 1
    blobs = [image.blob for page in pages for image in page.images()]
    assert len({blob.sha256 for blob in blobs if blob}) == 1
    assert len({id(blob) for blob in blobs}) == 3, "placements share no blob"


def test_order_and_batches_change_nothing(tmp_path: Path) -> None:
    files = write(tmp_path, a=encoded(noise(20, 20), "PNG"), b=b"", c=encoded(noise(30, 20), "GIF"))
    pages = [document(placed(file), placed(files[0])) for file in files]
    other = copy.deepcopy(pages)
    assert run(STAGE, pages, CONTEXT) == run(STAGE, other, CONTEXT, reverse=True)


def test_unresolved_and_fallen_placements_are_left_alone(tmp_path: Path) -> None:
    page = document("https://a.example/x.png", placed(tmp_path / "gone"))
    page.nodes[2].drop = STAGE.drop("gone")
    before = copy.deepcopy(page)
    assert run(STAGE, [page], CONTEXT) == [before]


def test_a_bucket_is_a_region_of_an_archive() -> None:
    page = document(placed("a", 0), placed("a", 2**26 - 1), placed("a", 2**26), placed("b", 0))
    buckets = STAGE.collect([page], CONTEXT).column("bucket").to_pylist()
    assert buckets == ["a@0", "a@0", "a@1", "b@0"]


def test_a_missing_verdict_is_an_error(tmp_path: Path) -> None:
    def none(keys: list[str]) -> list[dict[str, object]]:
        raise StageError("verdict", got=keys)

    with pytest.raises(StageError):
        STAGE.apply([document(placed(tmp_path))], none, CONTEXT)


def test_when_it_runs() -> None:
    assert STAGE.active(CONTEXT)
    assert not STAGE.active(Context())


@pytest.mark.parametrize("options", [{"max_pixels": 0}, {"max_pixels": 90_000_000}, {"max_bytes": 0}])
def test_limits_that_make_no_sense(options: dict[str, int]) -> None:
    with pytest.raises(OptionError):
        DecodeImages(**options).check()


def test_it_pickles() -> None:
    assert pickle.loads(pickle.dumps(STAGE)) == STAGE

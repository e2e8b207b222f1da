"""The stage images.fetch, from placements to bytes in a pack and reasons on what could not be had."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from obelics_like.document import Blob, Document, Drop, Image, Place
from obelics_like.errors import DataError, OptionError
from obelics_like.images.fetch import FetchImages
from obelics_like.images.packs import read_pack
from obelics_like.stage import Context
from tests.images.server import PNG, Server, redirect, reply
from tests.images.things import document, run

PICTURE = reply(PNG, Content_Type="image/png")
OTHER = reply(PNG + b"tail", Content_Type="image/png")
STAGE = FetchImages(
    contact="you@example.org", delay=0.0, seconds=60.0, test_only_allow_addresses=("127.0.0.1",), id="images.fetch"
)
pytestmark = pytest.mark.filterwarnings("ignore:.*for tests only")


def web(folder: Path, **more: Any) -> Context:
    return Context(images=frozenset(("warc", "web")), scratch=folder, **more)


def images(page: Document) -> list[Image]:
    return [node for node in page.nodes if isinstance(node, Image)]


def test_pictures_come_into_a_pack_and_refusals_are_told(tmp_path: Path) -> None:
    answers = {"/a": PICTURE, "/b": OTHER, "/c": redirect("/a"), "/robots.txt": reply(b"User-agent: *\nDisallow: /no")}
    with Server(answers, host="127.0.0.1") as server:
        urls = [server.url(path) for path in ("/b", "/a#x", "/gone", "/no", "/c")]
        page = document(*urls, "file:///etc/passwd", "http://10.0.0.1/")
        run(STAGE, [page], web(tmp_path))
    b, a, gone, forbidden, c, file, inside = images(page)
    for image, data in ((a, PNG), (b, PNG + b"tail"), (c, PNG)):
        assert image.blob is not None
        assert (image.blob.source, image.blob.place.kind, image.blob.sha256) == ("web", "pack", None)
        assert image.blob.date is not None
        assert image.blob.date.endswith("Z")
        place = image.blob.place
        assert place.length is not None
        assert read_pack(place.path, place.offset, place.length) == data
    assert c.blob is not None
    assert c.blob.place.url == server.url("/a")
    refused = (gone, forbidden, file, inside)
    assert [image.facts["fetch"] for image in refused] == ["http_404", "robots", "not_http", "not_global"]
    assert all(image.blob is None and image.drop is None for image in refused)
    assert all("fetch" not in image.facts for image in (a, b, c))


def test_a_url_is_fetched_once_wherever_it_stands(tmp_path: Path) -> None:
    with Server({"/a": PICTURE}, host="127.0.0.1") as server:
        url = server.url("/a")
        run(STAGE, [document(url, url), document(url), document(url + "#top")], web(tmp_path))
    assert server.paths() == ["/robots.txt", "/a"]


def test_placements_that_have_their_bytes_or_fell_are_left_alone(tmp_path: Path) -> None:
    held = Blob(Place("record", "in.warc.gz", 5), "warc")
    with Server({"/a": PICTURE}, host="127.0.0.1") as server:
        page = document(Image(0, server.url("/a"), blob=held), Image(0, server.url("/a")))
        images(page)[1].drop = Drop("x", "y")
        run(STAGE, [page], web(tmp_path))
    assert server.asked == []
    assert images(page)[0].blob is held


def test_the_pack_is_named_by_its_bytes_and_leaves_nothing_else(tmp_path: Path) -> None:
    def names(folder: Path, reverse: bool) -> list[str]:
        with Server({"/a": PICTURE, "/b": OTHER}, host="127.0.0.1") as server:
            run(STAGE, [document(server.url("/a")), document(server.url("/b"))], web(folder), reverse)
        return sorted(file.name for file in (folder / "fetched").iterdir())

    first = names(tmp_path / "1", False)
    assert first == names(tmp_path / "2", True)
    assert len(first) == 1


def test_no_pack_where_nothing_came(tmp_path: Path) -> None:
    page = run(STAGE, [document("http://10.0.0.1/a")], web(tmp_path))[0]
    assert images(page)[0].facts == {"fetch": "not_global"}
    assert list((tmp_path / "fetched").iterdir()) == []


def test_many_hosts_in_one_call(tmp_path: Path) -> None:
    """A run may hand several buckets to one `decide`."""
    with Server({"/a": PICTURE}, host="127.0.0.1") as one, Server({"/a": OTHER}, host="127.0.0.1") as two:
        page = document(one.url("/a"), two.url("/a"), "http://10.9.9.9/", "http://192.168.0.1/x")
        opened = STAGE.open(web(tmp_path))
        rows = STAGE.collect([page], opened)
        assert STAGE.decide(rows.sort_by("key"), opened).column("key").to_pylist() == sorted(rows["key"].to_pylist())


def test_a_write_that_fails_leaves_no_half_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with Server({"/a": PICTURE}, host="127.0.0.1") as server, pytest.raises(DataError, match="No space"):
        run(STAGE, [document(server.url("/a"))], web(tmp_path))
    assert list((tmp_path / "fetched").iterdir()) == []


@pytest.mark.parametrize(
    ("sources", "offline", "active"),
    [
        (("warc", "web"), False, True),
        (("web",), False, True),
        (("warc",), False, False),
        (("web",), True, False),
        ((), False, False),
    ],
)
def test_when_it_runs(sources: tuple[str, ...], offline: bool, active: bool) -> None:
    assert STAGE.active(Context(images=frozenset(sources), offline=offline)) is active


def test_no_contact_no_fetch(tmp_path: Path) -> None:
    stage = FetchImages(id="images.fetch")
    stage.check()  # a recipe need not name one
    for call in (stage.check_web, lambda: stage.open(web(tmp_path))):
        with pytest.raises(OptionError, match=r"--set images\.fetch\.contact=you@example\.org"):
            call()


@pytest.mark.parametrize("contact", ["", "me", "a b@c.d", "x@y.z\r\nEvil: 1", "file:///etc"])
def test_a_contact_that_is_none(contact: str) -> None:
    with pytest.raises(OptionError, match="contact"):
        FetchImages(contact=contact).check()


@pytest.mark.parametrize("contact", ["you@example.org", "https://example.org/bot"])
def test_a_contact(contact: str) -> None:
    FetchImages(contact=contact).check_web()


@pytest.mark.parametrize("option", [{"seconds": 0}, {"delay": -1}, {"max_bytes": 0}, {"parallel": 0}])
def test_limits_that_make_no_sense(option: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=next(iter(option))):
        FetchImages(**option).check()


@pytest.mark.filterwarnings("default")
def test_the_test_option_is_loud(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="for tests only"):
        STAGE.open(web(tmp_path))


def test_it_pickles() -> None:
    assert pickle.loads(pickle.dumps(STAGE)) == STAGE

"""Files behind http: read at positions, through cuts, busy answers and lies; and given up for what can't be mended."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from obelics_like.errors import OptionError
from obelics_like.sources import remote, web
from obelics_like.sources.archive import read, scan
from obelics_like.sources.disk import Disk
from obelics_like.sources.inputs import Input, expand
from obelics_like.sources.remote import NotThere, Patience, Unreachable
from obelics_like.sources.web import WebFile
from tests.images.fetching import nobody
from tests.sources.archives import OPTIONS, Builder, put
from tests.sources.hosts import Host, serving, within

DATA = random.Random(1).randbytes(3_000_000)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("OBELICS_LIKE_PATIENCE_SECONDS", "0.5")
    remote._down.cache_clear()
    yield
    remote._down.cache_clear()


def whole(host: Host, path: str = "x") -> bytes:
    """A file read in steps, as the walk over an archive reads it."""
    disk = Disk(host.url(path))
    out = bytearray()
    while part := disk.read(len(out), 65536):
        out += part
    return bytes(out)


def test_bytes_at_any_place() -> None:
    with serving(files={"x": DATA}) as host:
        file = WebFile(host.url("x"))
        assert file.size == len(DATA)
        assert file.identity == f'"one" {len(DATA)}'
        dice = random.Random(2)
        for _ in range(40):
            at, count = dice.randrange(len(DATA)), dice.choice((1, 100, 70_000, 400_000))
            assert file.pread(count, at, at + count) == DATA[at : at + count]
        assert file.pread(10, len(DATA) - 4, len(DATA)) == DATA[-4:]
        assert file.pread(10, len(DATA), len(DATA)) == b""
        assert all(agent.startswith("obelics-like/") for agent in host.agents)
        file.close()
        file.close()


def test_reading_on_asks_ever_more_at_once_and_nothing_twice() -> None:
    with serving(files={"x": DATA}) as host:
        assert whole(host) == DATA
        assert len(host.asked) < 10
        assert sum(host.sent().values()) <= len(DATA) + 1
        starts = [start for _, start, _ in host.asked[1:]]
        assert starts == sorted(starts)


def test_one_record_costs_its_own_bytes() -> None:
    with serving(files={"x": DATA}) as host:
        disk = Disk(host.url("x"), picks=((1000, 200), (1200, 50), (500_000, 300_000)))
        assert disk.read(1000, 65536) == DATA[1000:1200]
        assert disk.read(1100, 10) == DATA[1100:1110]
        assert disk.read(1200, 999) == DATA[1200:1250]
        assert disk.read(500_000, 1 << 20) == DATA[500_000:800_000]
        assert [disk.read(at, 10) for at in (0, 999, 1250, 800_000, len(DATA))] == [b""] * 5
        assert host.sent()["x"] == 300_250


@pytest.mark.parametrize(("cut", "size"), [(1, 20), (30_000, 500_000), (250_000, 3_000_000)])
def test_a_cut_connection_is_taken_up_where_it_ended(cut: int, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBELICS_LIKE_PATIENCE_SECONDS", "60")  # a byte a connection is slow, but no drip
    data = DATA[:size]
    with serving(files={"x": data}, cut=cut) as host:
        assert whole(host) == data
        assert len(host.asked) >= len(data) // cut
        assert host.sent()["x"] <= len(data) + 1


def test_busy_hosts_are_waited_for() -> None:
    with serving(files={"x": DATA}, busy=2) as host:
        assert whole(host) == DATA
        assert [start for _, start, _ in host.asked[:2]] == [-503, -503]


def test_a_host_that_stays_busy_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(files={"x": DATA}, busy=10_000) as host, within(60):
        with pytest.raises(Unreachable, match=r"HTTP status 503 \(\d+ attempts in"):
            _ = WebFile(host.url("x")).size
        asked = len(host.asked)
        assert asked >= remote.TRIES
        monkeypatch.setenv("OBELICS_LIKE_PATIENCE_SECONDS", "600")  # it is known for as long as one is patient
        with pytest.raises(Unreachable):  # the host is known to be down
            _ = WebFile(host.url("y")).size
        assert len(host.asked) == asked + 1


def test_a_drip_without_end_is_given_up_in_time() -> None:
    with serving(files={"x": DATA}, drip=0.05) as host, within(60), pytest.raises(Unreachable, match="bytes in"):
        WebFile(host.url("x")).pread(100_000, 0, 100_000)


def test_nobody_is_there() -> None:
    with nobody() as port, within(60), pytest.raises(Unreachable, match="attempts"):
        _ = WebFile(f"http://127.0.0.1:{port}/x").size


def test_a_host_without_ranges_is_copied_once() -> None:
    with serving(files={"x": DATA}, ranges=False) as host:
        assert whole(host) == DATA
        file = WebFile(host.url("x"))
        assert file.pread(100, 2_000_000, 2_000_100) == DATA[2_000_000:2_000_100]
        assert file.pread(100, 5, 105) == DATA[5:105]
        assert len(host.asked) == 2
        file.close()


@pytest.mark.parametrize("untold", [True, False])
def test_a_copy_has_a_bound(untold: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that knows no ranges may tell no length either, and go on for ever."""
    with serving(files={"x": DATA}, ranges=False, untold=untold) as host:
        assert whole(host) == DATA
        monkeypatch.setattr(web, "NO_RANGES", 500_000)
        with pytest.raises(Unreachable, match="knows no ranges"):
            _ = WebFile(host.url("x")).size


def test_a_cut_copy_is_begun_again_but_not_for_ever() -> None:
    with serving(files={"x": DATA}, ranges=False, cut=1_000_000) as host, within(60):
        with pytest.raises(Unreachable):
            _ = WebFile(host.url("x")).size
        host.cut = None
        remote._down.cache_clear()
        assert whole(host) == DATA


@pytest.mark.parametrize("ranges", [True, False])
def test_a_length_that_is_a_lie(ranges: bool) -> None:
    with serving(files={"x": DATA}, lie=5000, ranges=ranges) as host, within(60), pytest.raises(Unreachable):
        whole(host)


def test_a_file_that_changes_is_not_mixed() -> None:
    with serving(files={"x": DATA}) as host:
        file = WebFile(host.url("x"))
        assert file.pread(10, 0, 10) == DATA[:10]
        host.etag = '"two"'
        with pytest.raises(Unreachable, match="changed while it was read"):
            file.pread(10, 2_000_000, 2_000_010)
        host.etag, host.files["x"] = '"one"', DATA[:1_000_000]
        with pytest.raises(Unreachable):
            file.pread(10, 2_000_000, 2_000_010)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_what_is_not_there_is_not_waited_for(status: int) -> None:
    with serving(status={"x": status}) as host:
        with pytest.raises(NotThere, match=str(status)):
            _ = WebFile(host.url("x")).size
        assert len(host.asked) == 1


def test_redirects_are_followed_but_not_round_and_round() -> None:
    with serving(files={"x": DATA}) as there, serving(status={"y": 302}) as here:
        here.headers = {"Location": there.url("x")}
        assert WebFile(here.url("y")).pread(5, 7, 12) == DATA[7:12]
        here.headers = {"Location": here.url("y")}
        with within(60), pytest.raises(Unreachable, match="more than 5 redirects"):
            _ = WebFile(here.url("y")).size


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://h.example/x", "//", "http://[bad/x", "http:///x"])
def test_a_redirect_to_what_is_no_web_address(to: str) -> None:
    with serving(status={"y": 302}, headers={"Location": to}) as host, within(60):
        with pytest.raises(Unreachable):
            _ = WebFile(host.url("y")).size
        assert len(host.asked) <= remote.TRIES + 6


def test_a_redirect_from_outside_does_not_lead_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A public host may not make us ask this machine, or a cloud's metadata; one of ours may lead on among ours."""
    with serving(files={"x": DATA}) as there, serving(status={"y": 307}) as here:
        here.headers = {"Location": there.url("x")}
        assert WebFile(here.url("y")).pread(5, 7, 12) == DATA[7:12]
        asked = len(there.asked)
        monkeypatch.setattr(web, "inside", lambda host: host == "127.0.0.1")
        outside = here.url("y").replace("127.0.0.1", "localhost")  # taken for a public host
        with pytest.raises(Unreachable, match="its own network"):
            _ = WebFile(outside).size
        assert len(there.asked) == asked


@pytest.mark.parametrize(
    ("host", "inside"),
    [("127.0.0.1", True), ("localhost", True), ("169.254.169.254", True), ("10.1.2.3", True), ("::1", True),
     ("93.184.215.14", False), ("nowhere.invalid", False), ("", False)],
)  # fmt: skip
def test_which_hosts_are_inside(host: str, inside: bool) -> None:
    assert web.inside(host) is inside


def test_https_does_not_lead_to_http() -> None:
    assert web._astray("https://a.example/x", "http://a.example/x") == "not https"
    assert web._astray("http://127.0.0.1/x", "https://127.0.0.1/x") == ""


@pytest.mark.parametrize(
    "said", ["bytes 5-9/100", "bytes 0-0/3", "bytes 9-3/3000000", "bytes 0-9/*", "bytes x-y/z", "lines 0-9/3000000", ""]
)
def test_a_content_range_that_is_a_lie(said: str) -> None:
    """What is given for the bytes asked for is never taken from another place, nor without end."""
    with serving(files={"x": DATA}, said=said or " ") as host, within(60), pytest.raises(Unreachable):
        WebFile(host.url("x")).pread(100, 7, 107)


def test_more_bytes_than_were_asked_for_are_not_read() -> None:
    """A host that answers any range with all that follows."""
    with serving(files={"x": DATA}) as host:
        file = WebFile(host.url("x"))
        host.whole = True
        for at in (7, 2_000_000, 50):
            assert file.pread(100, at, at + 100) == DATA[at : at + 100]


def test_a_copy_that_drips_without_end_is_given_up_in_time() -> None:
    with serving(files={"x": DATA}, drip=0.05, ranges=False) as host, within(60), pytest.raises(Unreachable):
        _ = WebFile(host.url("x")).size


def test_an_empty_file() -> None:
    for ranges in (True, False):
        with serving(files={"x": b""}, ranges=ranges) as host:
            assert WebFile(host.url("x")).size == 0
            assert whole(host) == b""


def test_patience_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("soon", "-1", "nan"):
        monkeypatch.setenv("OBELICS_LIKE_PATIENCE_SECONDS", wrong)
        with pytest.raises(OptionError, match="PATIENCE_SECONDS"):
            Patience("http://a.example/")


@pytest.mark.parametrize("packed", [True, False])
def test_an_archive_is_the_same_from_here_and_from_there(tmp_path: Path, packed: bool) -> None:
    build = Builder(packed).pages(30, 1500).damage(7) if packed else Builder(packed).pages(30, 1500)
    here = put(tmp_path / "x.warc.gz", build.bytes())
    with serving(files={"x.warc.gz": build.bytes()}, cut=20_000, busy=1) as host:
        [there] = expand([host.url("x.warc.gz")])
        assert (there.name, there.path, there.format) == (host.url("x.warc.gz"), host.url("x.warc.gz"), "warc")
        records = list(scan(here, OPTIONS))
        found = list(scan(there, OPTIONS))
        assert found == records
        pages = [r for r in records if r.kind == "page"]
        assert len(pages) == (29 if packed else 30)
        mine = [page for _, page in read(here, pages, OPTIONS)]
        theirs = [page for _, page in read(there, pages, OPTIONS)]
        assert [p.html for p in theirs] == [p.html for p in mine]  # type: ignore[union-attr]


def test_a_host_that_goes_away_in_the_midst_is_told_of(tmp_path: Path) -> None:
    data = Builder().pages(300).bytes()
    source = Input("x", "", "warc", 0)
    with serving(files={"x": data}) as host:
        source = Input(host.url("x"), host.url("x"), "warc", 0)
        records = iter(scan(source, OPTIONS))
        first = [next(records) for _ in range(20)]
        host.busy = 10_000
        rest = list(records)
        assert all(r.kind == "page" for r in first + rest[:-1])
        assert rest[-1].rule == "unreachable"
        assert "503" in str(rest[-1].reason)
        remote._down.cache_clear()
        answers = [page for _, page in read(source, first, OPTIONS)]
        assert all(isinstance(a, str) and a.startswith("unreachable: ") for a in answers)

"""Inputs behind fsspec: in memory always, in an S3-compatible server where the extra `s3` and moto are installed."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from obelics_like import launch
from obelics_like.engines.inline import InlineEngine
from obelics_like.errors import InputError, MissingPiece
from obelics_like.sources import buckets, remote
from obelics_like.sources.archive import read, scan
from obelics_like.sources.buckets import BucketFile
from obelics_like.sources.crawls import Reach
from obelics_like.sources.inputs import identified, survey
from obelics_like.sources.remote import NotThere, Unreachable
from tests.conftest import forget_stores
from tests.sources.archives import OPTIONS, Builder
from tests.sources.mirror import CRAWL, Mirror

WARC = Builder().pages(20).bytes()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBELICS_LIKE_PATIENCE_SECONDS", "0.3")
    remote._down.cache_clear()


@pytest.fixture
def memory() -> Iterator[Any]:
    import fsspec

    fs = fsspec.filesystem("memory")
    fs.store.clear()
    fs.pipe({"/in/a.warc.gz": WARC, "/in/sub/b.warc.gz": WARC, "/in/notes.md": b"notes", "/in/.x/c.warc.gz": WARC,
             "/in/page.html": b"<p>hello</p>", "/in/list.txt": b"sub/b.warc.gz\n"})  # fmt: skip
    yield fs
    fs.store.clear()


def names(given: str) -> list[str]:
    return [s.name for s in survey([given])[0]]


def test_folders_patterns_and_lists(memory: Any) -> None:
    everything = ["memory://in/a.warc.gz", "memory://in/page.html", "memory://in/sub/b.warc.gz"]
    for folder in ("memory://in", "memory://in/"):
        found, ignored = survey([folder])
        assert [s.name for s in found] == everything
        assert ignored == ["memory://in/list.txt", "memory://in/notes.md"]
    assert names("memory://in/*.warc.gz") == everything[:1]
    assert names("memory://in/**/*.warc.gz") == [everything[0], everything[2]]
    assert names("memory://in/list.txt") == everything[2:]
    for wrong in ("memory://out/", "memory://in/gone.warc.gz", "memory://in/*.zip", "memory://in/notes.md"):
        with pytest.raises(InputError):
            survey([wrong])


def test_an_archive_and_a_page(memory: Any) -> None:
    archive, page = identified(survey(["memory://in/a.warc.gz", "memory://in/page.html"])[0])
    assert archive.size == len(WARC)
    assert archive.identity
    pages = [p for _, p in read(archive, list(scan(archive, OPTIONS)), OPTIONS)]
    assert len(pages) == 20
    [(_, html)] = read(page, list(scan(page, OPTIONS)), OPTIONS)
    assert (html.url, html.html) == ("memory://in/page.html", b"<p>hello</p>")  # type: ignore[union-attr]


def test_reading_on_asks_for_more_at_once_within_a_bound(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytes(range(256)) * 40_000
    memory.pipe("/x", data)
    asked: list[tuple[int, int]] = []
    cat = type(memory).cat_file

    def counted(self: Any, path: str, start: int, end: int) -> bytes:
        asked.append((start, end))
        return bytes(cat(self, path, start=start, end=end))

    monkeypatch.setattr(type(memory), "cat_file", counted)
    file = BucketFile("memory://x")
    got = b"".join(file.pread(100_000, at, len(data)) for at in range(0, len(data), 100_000))
    assert got == data
    assert len(asked) < 12
    assert max(end - start for start, end in asked) <= buckets.MOST_AHEAD
    asked.clear()
    assert file.pread(50, 1000, 1050) == data[1000:1050]
    assert asked == [(1000, 1050)]


@pytest.mark.parametrize("given", [b"", b"short", bytes(500), WARC])
def test_a_library_that_gives_another_range_is_not_believed(
    memory: Any, monkeypatch: pytest.MonkeyPatch, given: bytes
) -> None:
    monkeypatch.setattr(type(memory), "cat_file", lambda *_, **__: given)
    with pytest.raises(Unreachable, match="asked for 100 bytes at byte 50, it gave"):
        BucketFile("memory://in/a.warc.gz").pread(100, 50, 150)


def test_faults_are_borne_for_a_while(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    left = 2
    info = type(memory).info

    def failing(self: Any, path: str) -> Any:
        nonlocal left
        left -= 1
        if left >= 0:
            raise RuntimeError("slow down")
        return info(self, path)

    monkeypatch.setattr(type(memory), "info", failing)
    assert BucketFile("memory://in/a.warc.gz").size == len(WARC)
    left = 10**6
    with pytest.raises(Unreachable, match="slow down"):
        _ = BucketFile("memory://in/a.warc.gz").size
    monkeypatch.undo()
    with pytest.raises(NotThere):
        _ = BucketFile("memory://in/gone").size


def test_a_missing_library_is_told_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import fsspec

    def missing(name: str) -> Any:
        raise ImportError(f"Install the library of {name}")

    monkeypatch.setattr(fsspec, "filesystem", missing)
    buckets._system.cache_clear()
    with pytest.raises(MissingPiece, match=r"obelics-like\[s3\]"):
        survey(["s3://bucket/x.warc.gz"])
    with pytest.raises(MissingPiece, match="Install the library of gs"):
        survey(["gs://bucket/x.warc.gz"])


@pytest.mark.parametrize(
    "fault", [OSError("Unable to load libjvm"), ConnectionError("no credentials"), ValueError("x")]
)
def test_a_scheme_that_can_not_be_set_up_is_told_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    """Whatever the library raises, and a library that is there is not said to be missing."""
    import fsspec

    def failing(name: str) -> Any:
        raise fault

    monkeypatch.setattr(fsspec, "filesystem", failing)
    buckets._system.cache_clear()
    with pytest.raises(MissingPiece, match=rf"gs:// can't be opened \({type(fault).__name__}: {fault}\)") as told:
        survey(["gs://bucket/x.warc.gz"])
    assert "pip install" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "what"), [("ftp", "host"), *((n, "what lies below it") for n in ("zip", "dir", "filecache", "generic"))]
)
def test_a_scheme_that_needs_more_than_a_url_is_wrong_use(name: str, what: str) -> None:
    with pytest.raises(InputError, match=rf"input {name}://host.test/a.warc.gz: got .* must be told {what} too"):
        survey([f"{name}://host.test/a.warc.gz"])


# --- S3 -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def s3(copy: Mirror) -> Iterator[str]:
    """The crawl's layout in the bucket `commoncrawl` of an S3-compatible server on the loopback."""
    pytest.importorskip("s3fs", reason="the extra `s3` is not installed")
    server_module = pytest.importorskip("moto.server", reason="moto, of the extra `dev`, is not installed")
    import fsspec

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = server_module.ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    endpoint = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    settings = {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y",
                "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        fs = fsspec.filesystem("s3", skip_instance_cache=True)
        fs.mkdir("commoncrawl")
        fs.put(f"{copy.root}/crawl-data", "commoncrawl/", recursive=True)
        fs.put(f"{copy.root}/cc-index", "commoncrawl/", recursive=True)
        forget_stores()
        yield "s3://commoncrawl/"
        forget_stores()
    server.stop()


def test_a_crawl_in_a_bucket(s3: str, copy: Mirror) -> None:
    sources = identified(survey([f"cc:{CRAWL}"], Reach(s3))[0])
    assert [s.path for s in sources] == [s3 + name for name in copy.archives]
    records = [r for r in scan(sources[2], OPTIONS) if r.kind == "page"]
    assert len(records) == 25
    assert all(not isinstance(page, str) for _, page in read(sources[2], records, OPTIONS))


def test_records_of_a_crawl_in_a_bucket(s3: str, copy: Mirror) -> None:
    where = "url_host_registered_domain in ('site1.example', 'site2.example') and warc_segment like '%0'"
    sources = survey([f"cc:{CRAWL}"], Reach(s3, index=where))[0]
    wanted = sorted(r["url"] for r in copy.rows if r["url_host_registered_domain"] in ("site1.example", "site2.example")
                    and r["warc_segment"].endswith("0"))  # fmt: skip
    assert wanted
    assert sorted(r.url for s in sources for r in scan(s, OPTIONS)) == wanted


def test_lists_folders_and_identities_in_a_bucket(s3: str, copy: Mirror) -> None:
    listed = survey([f"{s3}crawl-data/{CRAWL}/warc.paths.gz"])[0]
    assert [s.path for s in listed] == [s3 + name for name in copy.archives]
    folder = survey([f"{s3}crawl-data/{CRAWL}/segments"])[0]
    assert sorted(s.path for s in folder) == sorted(s3 + name for name in copy.archives)
    one, other = identified(listed[:2])
    assert one.identity != other.identity
    assert [s.size for s in (one, other)] == [(copy.root / n).stat().st_size for n in copy.archives[:2]]
    for wrong in (f"{s3}gone.warc.gz", "s3://no-such-bucket/x.warc.gz"):
        with pytest.raises(InputError):
            survey([wrong])


def test_a_corpus_from_a_bucket_is_the_same(
    s3: str, copy: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "make_engine", lambda *_: InlineEngine())
    made = {}
    for name, base in (("folder", str(copy.root)), ("bucket", s3)):
        record = launch.build(f"cc:{CRAWL}", tmp_path / name, cc_base=base, scorer="none", workers=1, limit=60)
        assert record["exit_code"] == 0
        assert record["ledger"]["came"]["page"] == 60
        made[name] = json.loads((tmp_path / name / "manifest.json").read_text())
    assert made["folder"] == made["bucket"]
    assert made["folder"]["corpus"]

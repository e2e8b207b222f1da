"""Crawls by name: their archives, a sample of them, and the records that the index finds."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from obelics_like.errors import DataError, InputError, OptionError, UnknownName, UsageError
from obelics_like.sources import crawl_index, lists, remote
from obelics_like.sources.archive import read, scan
from obelics_like.sources.crawls import Reach, crawl_name, sampled
from obelics_like.sources.inputs import Input, survey
from obelics_like.sources.lists import resolve
from obelics_like.sources.where import parse
from tests.sources.archives import OPTIONS
from tests.sources.hosts import Host, serving
from tests.sources.mirror import CRAWL, Mirror

GIVEN = f"cc:{CRAWL}"
LIST = f"crawl-data/{CRAWL}/warc.paths.gz"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBELICS_LIKE_PATIENCE_SECONDS", "0.3")
    remote._down.cache_clear()


def found(reach: Reach, given: str = GIVEN) -> list[Input]:
    return survey([given], reach)[0]


def test_a_crawl_is_its_archives_and_none_is_opened(host: Host, copy: Mirror) -> None:
    sources = found(Reach(host.url("")))
    assert [s.name for s in sources] == copy.archives
    assert [s.path for s in sources] == [host.url(name) for name in copy.archives]
    assert {path for path, _, _ in host.asked} == {LIST}


def test_a_mirror_may_be_a_folder(copy: Mirror) -> None:
    sources = found(Reach(str(copy.root)))
    assert [s.name for s in sources] == copy.archives
    assert all(Path(s.path).is_file() for s in sources)


def test_a_sample_depends_on_its_seed_alone(host: Host, copy: Mirror) -> None:
    base = host.url("")

    def names(share: float, seed: int) -> list[str]:
        return [s.name for s in found(Reach(base, share, seed))]

    assert names(0.5, 1) == names(0.5, 1)
    assert len(names(0.5, 1)) == 3
    assert names(0.5, 1) == [n for n in copy.archives if n in names(0.5, 1)]
    assert set(names(0.2, 1)) <= set(names(0.5, 1)) <= set(names(1.0, 1))
    assert len({tuple(names(0.5, seed)) for seed in range(8)}) > 1
    assert len(names(0.0001, 1)) == 1
    assert names(1.0, 9) == copy.archives


def test_a_sample_is_as_large_as_its_share() -> None:
    paths = [str(n) for n in range(1000)]
    for share in (0.001, 0.07, 0.1, 0.333, 1.0):
        assert len(sampled(paths, Reach(sample=share))) == round(1000 * share)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("cc:2024-22", "cc:CC-MAIN-2024-22"),
        ("cc:cc-main-2024-22", "cc:CC-MAIN-2024-22"),
        ("cc:CC-MAIN-202422", "cc:CC-MAIN-2024-22"),
        ("cc:CC-MIAN-2024-22", "cc:CC-MAIN-2024-22"),
        ("cc:CC-MAIN-2024-22/", "cc:CC-MAIN-2024-22"),
        ("cc:CC-MAIN-2024-99", "CC-MAIN-"),
        ("cc:", "look the crawl's name up"),
        ("cc:../../etc/passwd", "look the crawl's name up"),
    ],
)
def test_a_wrong_name_is_told_before_anything_is_asked(wrong: str, meant: str) -> None:
    with pytest.raises(InputError) as caught:
        crawl_name(wrong)
    assert meant in str(caught.value)
    assert caught.value.valid
    with serving() as host, pytest.raises(InputError):
        found(Reach(host.url("")), wrong)
    assert host.asked == []


def test_a_crawl_that_is_not_there(host: Host, tmp_path: Path) -> None:
    for base in (host.url(""), str(tmp_path)):
        with pytest.raises(InputError, match="did you mean") as caught:
            found(Reach(base), "cc:CC-MAIN-2024-23")
        assert "CC-MAIN-2024-22" in str(caught.value.do)


def test_a_host_that_does_not_answer_is_no_wrong_use(host: Host) -> None:
    host.busy = 1000
    with pytest.raises(DataError, match="503") as caught:
        found(Reach(host.url("")))
    assert not isinstance(caught.value, UsageError)


def test_a_list_that_is_cut_is_not_taken_for_whole(host: Host) -> None:
    host.files[LIST] = host.files[LIST][:-9]
    with pytest.raises(InputError, match="damaged or cut"):
        found(Reach(host.url("")))


@pytest.mark.parametrize("reach", [Reach(sample=0.0), Reach(sample=1.5), Reach(sample=float("nan"))])
def test_a_share_that_is_none(reach: Reach) -> None:
    with pytest.raises(OptionError, match="--sample"):
        found(reach)


def test_options_of_a_crawl_ask_for_a_crawl(copy: Mirror) -> None:
    for reach in (Reach(sample=0.5), Reach(index="url = 'x'")):
        with pytest.raises(OptionError, match="cc:CC-MAIN-2024-22"):
            found(reach, str(copy.root))


def test_offline_asks_nobody(host: Host, copy: Mirror) -> None:
    for given in (GIVEN, host.url(LIST), "s3://bucket/x.warc.gz"):
        with pytest.raises(OptionError, match="--offline"):
            found(Reach(host.url(""), offline=True), given)
    assert host.asked == []
    assert len(found(Reach(str(copy.root), offline=True))) == 6


# --- by the index ---------------------------------------------------------------------------------------------------


def test_the_index_gives_records_and_only_they_are_read(host: Host, copy: Mirror) -> None:
    where = "url_host_registered_domain = 'site3.example' and fetch_status = 200"
    wanted = [row for row in copy.rows if row["url_host_registered_domain"] == "site3.example"]
    sources = found(Reach(host.url(""), index=where))
    assert sum(len(s.picks) for s in sources) == len(wanted) == 20
    assert [s.name for s in sources] == sorted({row["warc_filename"] for row in wanted})
    assert sum(s.size for s in sources) == sum(row["warc_record_length"] for row in wanted)
    host.asked.clear()
    pages = []
    for source in sources:
        records = list(scan(source, OPTIONS))
        assert [(r.offset, r.length) for r in records] == list(source.picks)
        pages += [page for _, page in read(source, records, OPTIONS)]
    assert sorted(p.url for p in pages) == sorted(row["url"] for row in wanted)  # type: ignore[union-attr]
    assert sum(host.sent().values()) == 2 * sum(s.size for s in sources)


def test_only_the_row_groups_that_may_hold_it_are_read(copy: Mirror) -> None:
    narrow, wide = "url_surtkey like 'example,site3)/4/1%'", "url_surtkey like '%site3%'"
    sent = {}
    for where in (narrow, wide):
        with serving() as host:
            host.put(copy.root)
            assert found(Reach(host.url(""), index=where))
            sent[where] = sum(count for path, count in host.sent().items() if path.endswith(".parquet"))
            assert not any("crawldiagnostics" in path for path in host.sent())
    assert sent[narrow] < sent[wide]


def test_the_sample_holds_for_the_index_too(host: Host, copy: Mirror) -> None:
    reach = Reach(host.url(""), 0.5, 3, "url like 'http%'")
    assert {s.name for s in found(reach)} == {s.name for s in found(Reach(host.url(""), 0.5, 3))}


def test_a_condition_that_finds_too_much_holds_no_more_than_the_bound(
    host: Host, copy: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crawl_index, "MOST_ROWS", 7)
    table = crawl_index._rows(host.url(next(p for p in host.files if "=warc/part" in p)), parse("url like '%'"), None)
    assert table.num_rows == 8
    with pytest.raises(OptionError, match="more than 7 records"):
        found(Reach(host.url(""), index="url like '%'"))


def test_only_the_columns_asked_for_are_read(tmp_path: Path) -> None:
    """Of an index file with a large column that nobody asks for."""
    rows = 5000
    table = pa.table({"url": [f"http://a.example/{n}" for n in range(rows)], "warc_filename": ["x"] * rows,
                      "warc_record_offset": range(rows), "warc_record_length": [1] * rows,
                      "junk": [os.urandom(2000) for _ in range(rows)]})  # fmt: skip
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=500)
    data = (tmp_path / "x.parquet").read_bytes()
    with serving(files={"x.parquet": data}) as server:
        found_rows = crawl_index._rows(server.url("x.parquet"), parse("url = 'http://a.example/777'"), None)
        assert found_rows["warc_record_offset"].to_pylist() == [777]
        assert sum(server.sent().values()) < len(data) // 20


@pytest.mark.parametrize(
    "place", [(None, 1, 1), ("x", None, 1), ("x", 1, None), ("", 1, 1), ("x", -1, 1), ("x", 1, 0), (7, 1, 1)]
)
def test_a_row_of_the_index_that_names_no_place_is_told(
    copy: Mirror, monkeypatch: pytest.MonkeyPatch, place: tuple[object, ...]
) -> None:
    rows = pa.table({column: [value] for column, value in zip(crawl_index.PLACE, place)})
    monkeypatch.setattr(crawl_index, "_rows", lambda *asked: rows)
    with pytest.raises(InputError, match="a row of archive"):
        found(Reach(str(copy.root), index="url = 'x'"))


def test_a_list_of_many_members_is_unpacked_by_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies behind a member is copied as it ends: 150,000 members took 6 to 23 seconds."""
    given, real = 0, zlib.decompressobj

    class Counted:
        def __init__(self, bits: int) -> None:
            self.inner = real(bits)

        def decompress(self, data: bytes, most: int) -> bytes:
            nonlocal given
            given += len(data)
            return self.inner.decompress(data, most)

        def __getattr__(self, name: str) -> object:
            return getattr(self.inner, name)

    monkeypatch.setattr(zlib, "decompressobj", Counted)
    members = 3_000
    assert lists._unpacked("x.paths.gz", gzip.compress(b"a.warc\n") * members) == b"a.warc\n" * members
    assert given <= members * lists.STEP


def test_conditions_that_can_not_hold(host: Host) -> None:
    base = host.url("")
    with pytest.raises(UnknownName, match="url_host_registered_domain"):
        found(Reach(base, index="url_host_registred_domain = 'a.example'"))
    with pytest.raises(OptionError, match="--cc-index"):
        found(Reach(base, index="url = "))
    with pytest.raises(OptionError, match="int16"):
        found(Reach(base, index="fetch_status = 'ok'"))
    with pytest.raises(InputError, match="no record"):
        found(Reach(base, index="url = 'nowhere'"))


def test_a_pick_where_no_record_begins_is_counted(host: Host, copy: Mirror) -> None:
    path = copy.archives[2]
    source = Input(path, host.url(path), "warc", 0, "id", ((7, 100), (10**7, 50)))
    assert [r.rule for r in scan(source, OPTIONS)] == ["unreadable", "unreadable"]
    row = next(r for r in copy.rows if r["warc_filename"] == path)
    short = ((row["warc_record_offset"], row["warc_record_length"] - 40),)
    [record] = scan(Input(path, host.url(path), "warc", 0, "id", short), OPTIONS)
    assert record.rule == "truncated"


# --- lists ----------------------------------------------------------------------------------------------------------


def test_a_list_at_its_host(host: Host, copy: Mirror) -> None:
    sources = found(Reach(), host.url(LIST))
    assert [s.path for s in sources] == [host.url(name) for name in copy.archives]
    host.files["lists/some.txt"] = b"# two\n../a/x.warc.gz\n\n/b/y.arc.gz\nz.warc\nhttps://h.example/w.warc.gz?id=1\n"
    sources = found(Reach(), host.url("lists/some.txt"))
    assert [s.path for s in sources] == [
        host.url("a/x.warc.gz"),
        host.url("b/y.arc.gz"),
        host.url("lists/z.warc"),
        "https://h.example/w.warc.gz?id=1",
    ]
    assert [s.format for s in sources] == ["warc", "arc", "warc", "warc"]


def test_a_list_from_elsewhere_names_no_file_of_ours(host: Host, tmp_path: Path) -> None:
    secret = tmp_path / "secret.warc.gz"
    secret.write_bytes(b"")
    host.files["list.txt"] = f"{secret}\n".encode()
    assert found(Reach(), host.url("list.txt"))[0].path == host.url(str(secret).lstrip("/"))
    for entry in (f"file://{secret}", "local:///x.warc.gz", "memory://x.warc.gz"):
        host.files["list.txt"] = entry.encode()
        with pytest.raises(InputError):
            found(Reach(), host.url("list.txt"))


@pytest.mark.parametrize("entry", ["http://127.0.0.1/x.warc.gz", "http://169.254.169.254/a", "https://[::1]/x.warc.gz",
                                   "http://localhost:8080/x.warc.gz", "http://10.0.0.1/x.warc.gz",
                                   "http://2130706433/x.warc.gz", "http://0x7f000001/x", "http://127.1/x"])  # fmt: skip
def test_a_list_from_elsewhere_names_no_host_of_our_network(entry: str) -> None:
    with pytest.raises(InputError, match="its network"):
        resolve(entry, "https://lists.example/a.paths", "")
    assert resolve(entry, "http://192.168.1.7/a.paths", "") == entry  # a list of that network may
    assert resolve(entry, "mine.paths", "") == entry
    assert resolve("https://data.example/x.warc.gz", "https://lists.example/a.paths", "")


def test_a_list_of_common_crawl_that_was_fetched(copy: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [s.path for s in found(Reach("http://nowhere.example"), str(copy.root / LIST))] == [
        str(copy.root / name) for name in copy.archives
    ]
    (tmp_path / "warc.paths.gz").write_bytes(gzip.compress("\n".join(copy.archives).encode()))
    monkeypatch.chdir(tmp_path)
    sources = found(Reach("http://mirror.example/cc/"), "warc.paths.gz")
    assert [s.path for s in sources] == [f"http://mirror.example/cc/{name}" for name in copy.archives]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("htps://h.example/x.warc.gz", "did you mean https://"),
        ("https:///x.warc.gz", "without a host"),
        ("https://[bad/x.warc.gz", "no URL"),
        ("https://h.example:99999/x.warc.gz", "no URL"),
        ("https://me:secret@h.example/x.warc.gz", "password"),
    ],
)
def test_urls_that_can_not_be_inputs(url: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        found(Reach(), url)
    assert "secret" not in str(caught.value)


def test_what_a_url_leads_to(host: Host) -> None:
    host.files |= {"page": b"<!DOCTYPE html><p>hello", "x.bin": b"\0\1\2", "empty.warc.gz": b""}
    for path, said in (
        ("page", "web page"),
        ("x.bin", "no archive"),
        ("gone.warc.gz", "404"),
        ("empty.warc.gz", "empty"),
    ):
        with pytest.raises(InputError, match=said):
            found(Reach(), host.url(path))
    host.busy = 1000
    [source] = found(Reach(), host.url("later.warc.gz"))
    assert source.path == host.url("later.warc.gz")
    with pytest.raises(DataError):
        found(Reach(), host.url("later"))

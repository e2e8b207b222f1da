"""The samples as a whole: the same bytes every time, small, and archives that are whole."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from tests.samples.conftest import GOOD_ARCHIVES, MEGABYTE, SAMPLES, header, make, members, read_all


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_same_bytes_every_time(made: Path, tmp_path: Path) -> None:
    assert digests(made) == digests(make(tmp_path))


def test_the_archives_take_less_than_three_megabytes(made: Path) -> None:
    sizes = [path.stat().st_size for path in made.rglob("*") if path.is_file()]
    assert len(sizes) == 18
    assert sum(sizes) < 3 * MEGABYTE


def test_what_is_committed_takes_less_than_a_megabyte_and_a_half() -> None:
    files = [path for name in ("pages", "photos") for path in (SAMPLES / name).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 1.5 * MEGABYTE


def test_no_time_and_no_name_in_the_gzip_headers(made: Path) -> None:
    for path in made.glob("crawl/*.gz"):
        assert path.read_bytes()[:10] == b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"


@pytest.mark.parametrize("name", GOOD_ARCHIVES)
def test_warcio_reads_it_whole(made: Path, name: str) -> None:
    path = made / "crawl" / name
    rows = read_all(path)
    assert len(rows) == len(members(path.read_bytes())), "each record is a gzip member of its own"
    assert all(passed is not False for _, _, passed in rows)
    if name.endswith(".warc.gz"):
        assert rows[0][0] == "warcinfo"
        # warcio checks no digest of a revisit, whose payload is elsewhere
        assert {kind for kind, _, passed in rows if passed is not True} <= {"revisit"}


def test_kinds_of_records(made: Path) -> None:
    kinds = [Counter(kind for kind, _, _ in read_all(made / "crawl" / name)) for name in GOOD_ARCHIVES]
    assert [kind["warcinfo"] for kind in kinds[:2]] == [1, 1]
    assert [kind["request"] for kind in kinds[:2]] == [1, 2]
    assert [kind["metadata"] for kind in kinds[:2]] == [1, 0]
    assert [kind["revisit"] for kind in kinds[:2]] == [0, 1]


def test_one_record_stands_in_both_archives(made: Path) -> None:
    first, second = (set(members((made / "crawl" / name).read_bytes())) for name in GOOD_ARCHIVES[:2])
    [both] = first & second
    assert header(both, "WARC-Target-URI") == "https://www.mauerwerk-heute.example/artikel/ziegel-lesen.html"


def test_record_ids_are_of_one_record_each(made: Path) -> None:
    records = {record for name in GOOD_ARCHIVES[:2] for record in members((made / "crawl" / name).read_bytes())}
    ids = [header(record, "WARC-Record-ID") for record in records]
    assert None not in ids
    assert len(ids) == len(set(ids))


def test_one_url_was_crawled_twice_and_grew(made: Path) -> None:
    sizes = {}
    for name in GOOD_ARCHIVES[:2]:
        for record in members((made / "crawl" / name).read_bytes()):
            if header(record, "WARC-Target-URI") == "https://kahvedefteri.example/yazi/fincan":
                sizes[header(record, "WARC-Date")] = len(record)
    [(_, older), (_, newer)] = sorted(sizes.items())
    assert newer > older

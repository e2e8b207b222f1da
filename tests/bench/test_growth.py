"""The benchmark of growth: pages that come again are as long and new, and what is drawn is what was measured."""

from __future__ import annotations

import gzip
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from tests.conftest import REPOSITORY

BENCH = REPOSITORY / "pipelines" / "bench"
HEAD = (
    b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Payload-Digest: sha1:A\r\n"
    b"WARC-Target-URI: https://e.org/a\r\nContent-Length: %d\r\n"
)
BODY = b"<title>One</title><p class='a long name of a class'>The cat sat on the mat and looked at the dog.</p>"
BLOCK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + BODY


@pytest.fixture
def growth() -> Iterator[ModuleType]:
    sys.path.insert(0, str(BENCH))
    import growth

    yield growth
    sys.path.remove(str(BENCH))


def test_a_page_that_comes_again_has_other_words_order_and_another_name(growth: ModuleType) -> None:
    head = HEAD % len(BLOCK)
    assert growth.again(head, BLOCK, 0, 7) == (head, BLOCK)
    found = [growth.again(head, BLOCK, copy, 7) for copy in (1, 2)]
    for copy, (name, block) in enumerate(found, 1):
        assert len(block) == len(BLOCK)
        assert sorted(re.findall(rb"\w+", block)) == sorted(re.findall(rb"\w+", BLOCK))
        assert block.startswith(BLOCK[: BLOCK.index(b"The cat")])
        assert b"WARC-Target-URI: https://e.org/a?copy=%d\r\n" % copy in name
        assert b"Digest" not in name
    assert len({block for _, block in found} | {BLOCK}) == 3
    assert len({re.search(rb"Record-ID: (\S+)", name)[1] for name, _ in found}) == 2  # type: ignore[index]
    assert growth.again(head, BLOCK, 1, 7) == found[0]


def test_an_archive_holds_each_chosen_page_so_many_times(growth: ModuleType, tmp_path: Path) -> None:
    whole = HEAD % len(BLOCK) + b"\r\n" + BLOCK + b"\r\n\r\n"
    (tmp_path / "in.warc.gz").write_bytes(gzip.compress(whole) * 6)
    growth.write([tmp_path / "in.warc.gz"], tmp_path / "out.warc.gz", 4, 3)
    records = list(growth.archives.records(tmp_path / "out.warc.gz"))
    assert len(records) == 12
    assert sum(b"?copy=2" in head for head, _ in records) == 4


def test_what_is_drawn_is_what_was_measured(growth: ModuleType) -> None:
    names = growth.parts({"extract": 2.0, "dedup.url": 0.5, "minhash": 0.5, "sources": 1.0, "language.page": 1.0})
    assert names == {"extraction": 2.0, "language": 1.0, "text": 0.0, "duplicates": 1.0, "rest": 1.0}
    points = [growth.Point(100 * n, 5.0 * n, {k: v * n for k, v in names.items()}, 300, 310) for n in (1, 2, 4, 8)]
    drawn = ElementTree.fromstring(growth.svg(points))
    space = "{http://www.w3.org/2000/svg}"
    areas = [element.attrib["points"].split() for element in drawn.iter(f"{space}polygon")]
    assert len(areas) == 5
    tops = [[float(place.split(",")[1]) for place in area[:4]] for area in areas]
    assert tops[-1][-1] == 35  # the whole of the largest is the top of the plot, 220 its foot
    assert [220 - y for y in tops[0]] == pytest.approx([185 * 2 * n / 40 for n in (1, 2, 4, 8)], abs=0.1)
    assert len(list(drawn.iter(f"{space}circle"))) == 4
    assert {"100", "800", "pages", "extraction"} <= {element.text for element in drawn.iter(f"{space}text")}

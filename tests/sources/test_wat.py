"""WAT files: pictures where they stood and what the page said of itself, without a byte of either."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelics_like import extract
from obelics_like.document import Image, Page
from obelics_like.sources.archive import read, scan
from obelics_like.sources.bodies import BadBody
from obelics_like.sources.inputs import Input
from obelics_like.sources.records import document_id
from obelics_like.sources.wat import told
from tests.sources.archives import OPTIONS, Builder

LINKS = [
    {"path": "A@/href", "url": "/elsewhere", "text": "Elsewhere"},
    {"path": "IMG@/src", "url": "pictures/a.jpg", "alt": 'A "cat" & <b>dog</b>'},
    {"path": "IMG@/srcset", "url": "b.jpg 1x, b2.jpg 2x", "alt": "B"},
    {"path": "SCRIPT@/src", "url": "x.js"},
    {"path": "IMG@/src"},
    {"path": "IMG@/src", "url": "https://c.example/c.png"},
]
HEAD = {"Title": "Zwölf <Katzen>", "Base": "http://a.example/base/", "Metas": [{"name": "description", "content": "x"}]}


def wat(page: Any, status: str = "200") -> bytes:
    metadata = {"Response-Message": {"Status": status, "Version": "HTTP/1.1"}, "HTML-Metadata": page}
    return json.dumps(
        {
            "Container": {"Filename": "x.warc.gz"},
            "Envelope": {"Payload-Metadata": {"HTTP-Response-Metadata": metadata}, "Format": "WARC"},
        }
    ).encode()


def archive(path: Path, *payloads: bytes) -> Input:
    build = Builder().add(type="warcinfo", mime="application/warc-fields", body=b"a: b")
    for number, payload in enumerate(payloads):
        about = {"WARC-Refers-To": f"<urn:uuid:{number}>"}
        build.add(f"http://a.example/{number}", payload, type="metadata", mime="application/json", warc=about)
    return build.write(path)


def test_a_page_of_a_wat_has_its_pictures_in_order(tmp_path: Path) -> None:
    source = archive(tmp_path / "x.warc.gz", wat({"Head": HEAD, "Links": LINKS}))
    info, record = scan(source, OPTIONS)
    assert (info.rule, record.kind, record.type, record.status) == ("not_a_page", "page", "wat", 200)
    assert document_id(record.record_id, record.url, None) == document_id("urn:uuid:0", "", None), "as its page has it"
    [(_, page)] = read(source, [record], OPTIONS)
    assert isinstance(page, Page)
    document = extract(page.html, page.url, content_type=page.content_type)
    found = [(node.url, node.alt) for node in document.nodes if isinstance(node, Image)]
    assert found == [
        ("http://a.example/base/pictures/a.jpg", 'A "cat" & <b>dog</b>'),
        ("http://a.example/base/b2.jpg", "B"),
        ("https://c.example/c.png", ""),
    ]
    assert document.facts["title"] == "Zwölf <Katzen>"


def test_other_records_of_a_wat_are_no_pages(tmp_path: Path) -> None:
    request = json.dumps({"Envelope": {"Payload-Metadata": {"HTTP-Request-Metadata": {}}}}).encode()
    moved = wat({"Head": {}, "Links": []}, "301")
    records = list(scan(archive(tmp_path / "x.warc.gz", request, moved, b"{}"), OPTIONS))
    assert [r.rule for r in records] == ["not_a_page", "not_a_page", "redirect", "not_a_page"]


def test_a_wat_record_that_is_broken_costs_itself(tmp_path: Path) -> None:
    sound = wat({"Head": HEAD, "Links": LINKS})
    source = archive(tmp_path / "x.warc.gz", sound[:-9], sound, sound.replace(b'"Envelope"', b'"Envelop"'))
    records = [r for r in scan(source, OPTIONS) if r.kind == "page"]
    found = [f for _, f in read(source, records, OPTIONS)]
    assert [isinstance(f, Page) for f in found] == [False, True, False]
    assert all(f.startswith("unreadable: its JSON tells of no page") for f in found if isinstance(f, str))


@pytest.mark.parametrize("page", [None, [], 7, "x", {"Head": 1, "Links": 2}, {"Head": {"Metas": [1]}, "Links": [None]}])
def test_odd_json_is_a_page_of_nothing(page: Any) -> None:
    assert b"<img" not in told(wat(page))


JSONS = st.recursive(
    st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(JSONS)
def test_no_json_raises_anything_else(value: Any) -> None:
    told(wat(value))
    with pytest.raises(BadBody):
        told(json.dumps(value).encode())


def test_half_a_surrogate_pair_costs_one_character() -> None:
    page = {
        "Head": {"Title": "A dog \ud83d"},
        "Links": [{"path": "IMG@/src", "url": "http://a.example/\udc36.png", "alt": "x"}],
    }
    document = extract(told(wat(page)), "http://a.example/")
    assert document.facts["title"] == "A dog ?"
    assert [(image.url, image.alt) for image in document.nodes if isinstance(image, Image)] == [
        ("http://a.example/?.png", "x")
    ]


@pytest.mark.parametrize("deep", ["[", '{"a":'])
def test_json_that_is_nested_deep_is_unreadable(deep: str) -> None:
    with pytest.raises(BadBody, match="its JSON tells of no page"):
        told(deep.encode() * 1_000_000)

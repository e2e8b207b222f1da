"""A page is cut out of its archive again: same nodes, same positions; and not at all if the archive has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from obelics_like.document import Document, Drop, Text
from obelics_like.extraction.nodes import Nodes
from obelics_like.report.explain import explain
from obelics_like.report.page import render
from obelics_like.report.reread import reread
from obelics_like.report.summary import summarise
from obelics_like.sources.archive import Archive, document_id, read, scan
from obelics_like.sources.inputs import Input, expand
from obelics_like.stage import Context
from obelics_like.store.folder import Output
from tests import fakes
from tests.report import making


def _archive(path: Path) -> Input:
    with open(path, "wb") as file:
        for n, body in enumerate(
            (
                f"<h1>Lighthouse</h1><p>{fakes.ENGLISH}</p>",
                f"<h1>Die Mühle</h1><p>{fakes.GERMAN}</p><p>{fakes.GERMAN} Ja.</p>",
            )
        ):
            http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + fakes.html(body)
            head = (
                f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{n}>\r\n"
                f"WARC-Date: 2024-05-01T00:00:0{n}Z\r\nWARC-Target-URI: https://e.example/{n}\r\n"
                f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
            )
            file.write(head.encode() + http + b"\r\n\r\n")
    return expand([str(path)])[0]


def _documents(source: Input) -> list[Document]:
    records = [r for r in scan(source, Archive(id="sources")) if r.kind == "page"]
    out = []
    for _, page in read(source, records, Archive(id="sources")):
        assert not isinstance(page, str)
        identity = document_id(page.origin.record_id, page.url, page.origin.date)
        out.append(Document(identity, page.url, page.origin, page=page))
    stage = Nodes(id="extract")
    stage.process(out, stage.open(Context()))
    return out


def _run(tmp_path: Path) -> tuple[Output, list[Document]]:
    source = _archive(tmp_path / "crawl.warc")
    kept, gone = _documents(source)
    gone.drop = Drop("dedup.url", "same_url", kept.id)
    short = next(n for n in gone.texts() if n.text.endswith("Ja."))
    short.drop = Drop("text.node_rules", "too_few_words", 1, 4)
    row: dict[str, Any] = {"name": source.name, "path": source.path, "format": source.format, "size": source.size}
    inputs = [row | {"sha256": None, "records": 2, "pages": 2, "images": 0, "unread": 0, "failed": None}]
    return making.make(tmp_path / "out", [kept], [gone], inputs=inputs), [kept, gone]


def test_the_nodes_are_those_of_the_run(tmp_path: Path) -> None:
    output, documents = _run(tmp_path)
    for one in documents:
        again = reread(output, {"id": one.id, "url": one.url, "input": one.origin.input, "offset": one.origin.offset})
        assert again is not None
        assert [(n.pos, n.text) for n in again.nodes if isinstance(n, Text)] == [
            (n.pos, n.text) for n in one.nodes if isinstance(n, Text)
        ]


def test_explain_shows_the_texts_of_what_was_dropped(tmp_path: Path) -> None:
    output, (kept, gone) = _run(tmp_path)
    (one,) = explain(output, kept.id)["found"]
    dropped = [n for n in one["nodes"] if n["fate"] == "dropped"]
    assert "Imprint and contact" in {n["text"] for n in dropped}
    assert one["reread"]
    (one,) = explain(output, gone.id)["found"]
    assert {n["text"]: n["fate"] for n in one["nodes"]}[fakes.GERMAN] == "page_dropped"
    assert next(n for n in one["nodes"] if n["text"].endswith("Ja."))["rule"] == "too_few_words"


def test_the_page_shows_dropped_texts_out_of_the_archive(tmp_path: Path) -> None:
    output, _ = _run(tmp_path)
    assert fakes.GERMAN in render(output, summarise(output))


@pytest.mark.parametrize("harm", ["gone", "other", "empty"])
def test_what_lies_there_no_more_is_not_guessed(tmp_path: Path, harm: str) -> None:
    output, (_, gone) = _run(tmp_path)
    path = tmp_path / "crawl.warc"
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes().replace(b"urn:uuid:1", b"urn:uuid:7") if harm == "other" else b"")
    place = {"id": gone.id, "url": gone.url, "input": gone.origin.input, "offset": gone.origin.offset}
    assert reread(output, place) is None
    assert not explain(output, gone.id)["found"][0]["reread"]

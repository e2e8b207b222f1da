"""Revisits held against the records they repeat: by id, by URL and date, by digest, over inputs; and dates of pages."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from obelics_like.dedup.keepers import describe
from obelics_like.document import Document, Origin
from obelics_like.launch import build
from obelics_like.sources.archive import scan
from obelics_like.sources.records import Record
from obelics_like.sources.revisits import EMPTY, Resolved, resolve
from obelics_like.store.folder import Output
from obelics_like.tasks.scanning import _index
from tests.sources.archives import JPEG, OPTIONS, Builder, page

URL = "http://a.example/page"
FIRST = "2024-05-06T07:08:09Z"
LATER = "2024-06-01T00:00:00Z"
BODY = page(1)
STAGES = ('sources.archive"\nid = "sources', "extract.nodes", "dedup.url")


def sha1(body: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(body).digest()).decode()


def resolved(folder: Path, *builders: Builder) -> Resolved:
    """What comes of the archives, scanned and indexed as a run does it."""
    indexes = []
    for number, build_one in enumerate(builders):
        records = list(scan(build_one.write(folder / f"{number}.warc.gz"), OPTIONS))
        others = [r for r in records if r.kind == "image" or r.location or r.rule == "revisit"]
        indexes.append((_index([r for r in records if r.kind == "page"]), _index(others)))
    return resolve(indexes)


def revisit(
    build_one: Builder, url: str = URL, mime: str | None = "text/html", status: str = "200 OK", **fields: str
) -> Builder:
    """A revisit record without the digest of its empty payload, which warcio would give it."""
    warc = {name.replace("_", "-"): value for name, value in {"WARC_Date": LATER, **fields}.items()}
    if "WARC_Payload_Digest" not in fields:
        warc["WARC-Payload-Digest"] = EMPTY[-1]
    return build_one.add(url, b"", type="revisit", mime=mime, status=status, warc=warc)


def original() -> Builder:
    return Builder().add("http://a.example/before", page(7)).add(URL, BODY, warc={"WARC-Record-ID": "<urn:uuid:one>"})


KINDS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "record id": ({"WARC_Refers_To": "<urn:uuid:one>"}, {"WARC_Refers_To": "<urn:uuid:two>"}),
    "URL and date": ({"WARC_Refers_To_Date": FIRST}, {"WARC_Refers_To_Date": "2023-01-01T00:00:00Z"}),
    "digest": ({"WARC_Payload_Digest": sha1(BODY)}, {"WARC_Payload_Digest": sha1(b"other")}),
}
"""What a revisit may say of its original: rightly, and of one that is nowhere."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("same_file", [True, False])
def test_a_revisit_is_resolved_or_missing(tmp_path: Path, kind: str, same_file: bool) -> None:
    there, nowhere = KINDS[kind]
    for fields, missing, met in ((there, 0, [(1, LATER)]), (nowhere, 1, [])):
        builders = [original()] if same_file else [original(), Builder()]
        revisit(builders[-1], **fields)
        found = resolved(tmp_path, *builders)
        assert found.missing == missing
        assert list(zip(*found.met_again.to_pydict().values())) == met


def test_the_order_of_the_inputs_does_not_matter(tmp_path: Path) -> None:
    found = resolved(tmp_path, revisit(Builder(), **KINDS["digest"][0]), original())
    assert (found.missing, found.met_again.to_pydict()) == (0, {"ordinal": [1], "date": [LATER]})


@pytest.mark.parametrize("kind", KINDS)
def test_under_another_url_it_is_resolved_but_says_nothing_of_the_original(tmp_path: Path, kind: str) -> None:
    fields = {"WARC_Refers_To_Target_URI": URL, **KINDS[kind][0]}
    found = resolved(tmp_path, revisit(original(), "http://b.example/copy", **fields))
    assert (found.missing, found.met_again.num_rows) == (0, 0)


def test_only_a_url_names_any_capture_of_it(tmp_path: Path) -> None:
    """A 304 without digest and date: it stands for a capture of its URL, but nobody knows of which."""
    found = resolved(tmp_path, revisit(original(), mime=None, status="304 Not Modified"))
    assert (found.missing, found.met_again.num_rows) == (0, 0)
    found = resolved(tmp_path, revisit(original(), "http://a.example/gone", mime=None, status="304 Not Modified"))
    assert found.missing == 1


def test_another_digest_is_another_page(tmp_path: Path) -> None:
    found = resolved(tmp_path, revisit(original(), WARC_Payload_Digest=sha1(b"newer")))
    assert (found.missing, found.met_again.num_rows) == (1, 0)


def test_the_digest_of_nothing_names_no_page(tmp_path: Path) -> None:
    """An empty page is no original of every revisit whose crawler hashed the revisit's own empty payload."""
    for digest in EMPTY:
        build_one = Builder().add("http://a.example/empty", b"")
        found = resolved(tmp_path, revisit(build_one, WARC_Payload_Digest=digest))
        assert (found.missing, found.met_again.num_rows) == (1, 0), digest


@pytest.mark.parametrize(
    ("mime", "status", "missing"),
    [
        ("text/html; charset=utf-8", "200 OK", 1),
        ("image/jpeg", "200 OK", 1),
        (None, "304 Not Modified", 1),
        ("text/css", "200 OK", 0),
        ("application/pdf", "200 OK", 0),
        ("text/html", "301 Moved", 0),
    ],
)
def test_what_would_be_neither_page_nor_picture_is_not_missed(
    tmp_path: Path, mime: str | None, status: str, missing: int
) -> None:
    found = resolved(tmp_path, revisit(Builder(), mime=mime, status=status, WARC_Payload_Digest=sha1(b"x")))
    assert found.missing == missing


def test_a_picture_is_an_original_too(tmp_path: Path) -> None:
    build_one = Builder().add("http://a.example/x.jpg", JPEG, mime="image/jpeg")
    found = resolved(
        tmp_path, revisit(build_one, "http://b.example/y.jpg", "image/jpeg", WARC_Payload_Digest=sha1(JPEG))
    )
    assert (found.missing, found.met_again.num_rows) == (0, 0)


def test_the_last_of_many_revisits_counts_and_none_that_is_older(tmp_path: Path) -> None:
    build_one = original()
    for date in (LATER, "2024-09-01T00:00:00Z", "2024-07-01T00:00:00Z", "2020-01-01T00:00:00Z"):
        revisit(build_one, WARC_Payload_Digest=sha1(BODY), WARC_Date=date)
    found = resolved(tmp_path, build_one)
    assert found.met_again.to_pydict() == {"ordinal": [1], "date": ["2024-09-01T00:00:00Z"]}
    older = revisit(original(), WARC_Payload_Digest=sha1(BODY), WARC_Date="2020-01-01T00:00:00Z")
    assert resolved(tmp_path, older).met_again.num_rows == 0


def test_no_revisit_no_work(tmp_path: Path) -> None:
    assert resolved(tmp_path).missing == 0
    assert resolved(tmp_path, original()).met_again.schema == pa.schema(
        [("ordinal", pa.int64()), ("date", pa.string())]
    )


@pytest.mark.parametrize("same", ["digest", "URL"])
def test_many_revisits_of_many_copies_are_not_their_product(same: str) -> None:
    """Ten thousand of each with one digest, or with one URL: each row is looked at once."""
    many = range(10_000)
    urls = ["http://a.example/"] * len(many) if same == "URL" else [f"http://a.example/{n}" for n in many]
    digests = ["sha1:A"] * len(many) if same == "digest" else [f"sha1:{n}" for n in many]
    pages = [Record(n, 1, "page", "response", urls[n], digest=digests[n], date=FIRST) for n in many]
    again = [
        Record(n, 1, "other", "revisit", urls[-1 - n], digest=digests[n], date=LATER, rule="revisit") for n in many
    ]
    indexes = [(_index(pages), _index(again))]
    began = time.process_time()
    found = resolve(indexes)
    assert time.process_time() - began < 3
    assert (found.missing, found.met_again.num_rows) == (0, len(many))


def test_the_newest_is_the_page_that_was_met_last() -> None:
    def of(date: str | None, again: str | None) -> int:
        facts = {"met_again": again} if again else {}
        document = Document("a", URL, Origin("x", 0, date=date), facts=facts)
        return int(describe([document], "newest")["first"][0].as_py())

    assert of(FIRST, LATER) == of(LATER, None) < of("2024-05-20T00:00:00Z", None) < of(FIRST, None)


def test_a_run_tells_resolved_from_unresolved_and_keeps_the_page_met_last(tmp_path: Path) -> None:
    """The page changed and changed back: a revisit is all that tells that the first text is the newest."""
    words = b"".join(b"<p>Paragraph %d of a page that is long enough to be read by the people of the town.</p>" % n
                     for n in range(12))  # fmt: skip
    first, second = (
        b"<html><body><article><h1>%s</h1>" % t + words + b"</article></body></html>" for t in (b"A", b"B")
    )
    build_one = Builder().add(URL, first).add(URL, second, warc={"WARC-Date": "2024-05-20T00:00:00Z"})
    revisit(build_one, WARC_Payload_Digest=sha1(first))
    revisit(build_one, "http://b.example/lost", WARC_Payload_Digest=sha1(b"lost"))
    build_one.write(tmp_path / "x.warc.gz")
    out = tmp_path / "out"
    recipe = tmp_path / "r.toml"
    recipe.write_text('[recipe]\nname = "r"\n' + "".join(f'[[stage]]\nuse = "{use}"\n' for use in STAGES))
    build([tmp_path / "x.warc.gz"], out, recipe=recipe, engine="inline")
    output = Output(out)
    assert output.ledger.breaches() == []
    rules = Counter({rule: n for (_, rule, kind, _), n in output.ledger.drops.items() if kind == "record"})
    assert rules == {"revisit": 1, "revisit_unresolved": 1}
    [row] = list(output.rows(["crawl_date", "facts"]))
    assert row["crawl_date"] == FIRST
    assert json.loads(row["facts"])["met_again"] == LATER

"""What a record says of its payload, held against the payload; kinds of records that are counted by name."""

from __future__ import annotations

import base64
import gzip
import hashlib
from pathlib import Path

import pytest

from obelics_like.document import Origin, Page, Place
from obelics_like.errors import UnknownName
from obelics_like.sources.archive import Archive, read, read_bytes, scan
from obelics_like.sources.digests import matches
from obelics_like.sources.inputs import Input
from obelics_like.sources.join import ImageIndex, write_index
from tests.sources.archives import JPEG, OPTIONS, Builder, page

BODY = page(1)
SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def read_one(source: Input, options: Archive = OPTIONS) -> Page | str:
    [record] = scan(source, options)
    [(_, found)] = read(source, [record], options)
    return found


OTHER = base64.b32encode(hashlib.sha1(b"other").digest()).decode()


def lying(build: Builder, body: bytes) -> Builder:
    """The builder, its first record's payload digest now another one."""
    digest = b"WARC-Payload-Digest: sha1:"
    return build.rewrite(0, digest + base64.b32encode(hashlib.sha1(body).digest()), digest + OTHER.encode())


def notations(algorithm: str, data: bytes) -> list[str]:
    raw = hashlib.new(algorithm, data).digest()
    return [
        raw.hex(),
        raw.hex().upper(),
        base64.b32encode(raw).decode(),
        base64.b32encode(raw).decode().rstrip("=").lower(),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
    ]


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
def test_digests_in_every_notation(algorithm: str) -> None:
    for name in (algorithm, algorithm.upper(), algorithm.replace("sha", "sha-")):
        for data in (BODY, b"", b"other"):
            assert all(matches(f"{name}:{n}", data, {}) is True for n in notations(algorithm, data))
        assert not any(matches(f"{name}:{n}", BODY, {}) for n in notations(algorithm, b"others"))


@pytest.mark.parametrize("declared", ["", "sha1", "sha1:", "crc32:00", "sha1:xyz", "sha1:" + "!" * 32, "md5:caf\u00e9"])
def test_what_is_no_digest_says_nothing(declared: str) -> None:
    assert matches(declared, BODY, {}) is None


def test_a_digest_taken_before_or_after_decoding() -> None:
    sent = gzip.compress(BODY)
    chunked = b"%x\r\n" % len(sent) + sent + b"\r\n0\r\n\r\n"
    http = {"transfer-encoding": "chunked", "content-encoding": "gzip"}
    for data in (chunked, sent, BODY):
        assert matches("sha1:" + hashlib.sha1(data).hexdigest(), chunked, http) is True
    assert matches("sha1:" + hashlib.sha1(b"x").hexdigest(), chunked, http) is False


def test_a_lying_digest_is_marked_dropped_or_ignored(tmp_path: Path) -> None:
    source = lying(Builder().add(body=BODY), BODY).write(tmp_path / "x.warc.gz")
    found = read_one(source)
    assert isinstance(found, Page)
    assert found.facts == {"payload_digest": "mismatch"}
    assert isinstance(read_one(source, Archive(id="sources", digests="ignore")), Page)
    said = read_one(source, Archive(id="sources", digests="drop"))
    assert isinstance(said, str)
    assert said.startswith("digest_mismatch: ")
    assert OTHER in said


def test_a_true_digest_says_nothing(tmp_path: Path) -> None:
    found = read_one(Builder().add(body=BODY).write(tmp_path / "x.warc.gz"), Archive(id="sources", digests="drop"))
    assert isinstance(found, Page)
    assert found.facts == {}
    assert "WARC-Payload-Digest" in found.origin.warc_headers


def test_the_sample_whose_digest_lies() -> None:
    path = SAMPLES / "broken" / "lying-digest.warc.gz"
    if not path.exists():
        pytest.skip("samples/broken is made by samples/make.py")
    source = Input(str(path), str(path), "warc", path.stat().st_size)
    records = [r for r in scan(source, OPTIONS) if r.kind == "page"]
    facts = [f.facts for _, f in read(source, records, OPTIONS) if isinstance(f, Page)]
    assert facts == [{}, {}, {"payload_digest": "mismatch"}, {}, {}, {}]


def test_a_picture_whose_digest_lies(tmp_path: Path) -> None:
    source = lying(Builder().add("http://a.example/x", JPEG, mime="image/jpeg"), JPEG).write(tmp_path / "x.warc.gz")
    place = Place("record", source.path, 0, source.size, "http://a.example/x")
    assert read_bytes(place, OPTIONS) == JPEG
    with pytest.raises(OSError, match="is not what sha1"):
        read_bytes(place, Archive(id="sources", digests="drop"))


def test_a_page_that_its_crawler_cut(tmp_path: Path) -> None:
    build = Builder().add(body=BODY, warc={"WARC-Truncated": "length"}, http=[("Content-Length", "99000")])
    source = build.write(tmp_path / "x.warc.gz")
    found = read_one(source)
    assert isinstance(found, Page)
    assert found.facts == {"cut_by": "length", "missing_bytes": 99000 - len(BODY)}
    assert str(read_one(source, Archive(id="sources", cut_pages="drop"))).startswith("cut_page: ")


def test_missing_bytes_are_told_of_bare_bodies_only(tmp_path: Path) -> None:
    for extra in ("Transfer-Encoding", "Content-Encoding"):
        http = [("Content-Length", "99000"), (extra, "identity")]
        found = read_one(Builder().add(body=BODY, http=http).write(tmp_path / "x.warc.gz"))
        assert isinstance(found, Page)
        assert found.facts == {}


@pytest.mark.parametrize("option", ["digests", "cut_pages", "reader"])
def test_a_choice_that_does_not_exist(option: str) -> None:
    with pytest.raises(UnknownName, match=option):
        Archive(id="sources", **{option: "no-such"}).check()


@pytest.mark.parametrize(
    ("made", "kind", "rule"),
    [
        ({"mime": "application/pdf", "body": b"%PDF-1.7 ..."}, "other", "pdf"),
        ({"mime": None, "body": b"%PDF-1.7 ..."}, "other", "pdf"),
        ({"type": "resource", "mime": "application/pdf", "body": b"%PDF-"}, "other", "pdf"),
        ({"type": "conversion", "mime": "text/plain", "body": b"words"}, "other", "extracted_text"),
        ({"type": "conversion", "mime": "text/html", "body": BODY}, "page", None),
        ({"type": "conversion", "mime": "image/jpeg", "body": JPEG}, "image", None),
        ({"type": "conversion", "mime": "application/json", "body": b"{}"}, "other", "not_a_page"),
    ],
)
def test_kinds_that_have_a_name(tmp_path: Path, made: dict[str, object], kind: str, rule: str | None) -> None:
    source = Builder().add("http://a.example/x", **{"body": b"x", **made}).write(tmp_path / "x.warc.gz")  # type: ignore[arg-type]
    [record] = scan(source, OPTIONS)
    assert (record.kind, record.rule) == (kind, rule)
    if kind == "page":
        assert isinstance(read_one(source), Page)


REVISITS: dict[str, dict[str, str]] = {
    "another URL": {"WARC-Refers-To-Target-URI": "http://a.example/first.jpg"},
    "only a digest": {"WARC-Payload-Digest": "sha1:" + base64.b32encode(hashlib.sha1(JPEG).digest()).decode()},
}


@pytest.mark.parametrize("case", REVISITS)
def test_a_picture_that_is_a_revisit_is_found_where_it_was_stored(tmp_path: Path, case: str) -> None:
    build = Builder().add("http://a.example/other.jpg", JPEG + b"x", mime="image/jpeg")
    build.add("http://a.example/first.jpg", JPEG, mime="image/jpeg")
    build.add("http://b.example/again.jpg", b"", type="revisit", mime="image/jpeg", warc=REVISITS[case])
    build.add("http://b.example/none.jpg", b"", type="revisit", warc={"WARC-Payload-Digest": "sha1:AAAA"})
    source = build.write(tmp_path / "x.warc.gz")
    records = list(scan(source, OPTIONS))
    assert [r.rule for r in records] == [None, None, "revisit", "revisit"]
    write_index([(source.name, source.path, r) for r in records], tmp_path / "index")
    index = ImageIndex(tmp_path / "index")
    [blob] = index.find("https://b.example/again.jpg", Origin(source.name, 0))
    assert blob.place.url == "http://a.example/first.jpg"
    assert read_bytes(blob.place, OPTIONS) == JPEG
    assert index.find("http://b.example/none.jpg", Origin(source.name, 0)) == []


def test_a_revisit_of_a_redirect_leads_on(tmp_path: Path) -> None:
    build = Builder().add("http://a.example/x", b"", type="revisit", status="302 Found", http=[("Location", "/y")])
    build.add("http://a.example/z", b"", type="revisit", warc={"WARC-Refers-To-Target-URI": "http://a.example/z"})
    assert [r.location for r in scan(build.write(tmp_path / "x.warc.gz"), OPTIONS)] == ["http://a.example/y", None]

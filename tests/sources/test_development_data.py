"""The development data beside warcio and FastWARC themselves: ours never sees less without a reason listed here."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator as FastWARC
from warcio.archiveiterator import ArchiveIterator as Warcio
from warcio.exceptions import ArchiveLoadFailed

from obelics_like.document import Page
from obelics_like.sources.archive import Archive, read, scan
from obelics_like.sources.inputs import expand, survey
from tests.conftest import data_folder

LOWER: dict[str, str] = {
    "clipped.warc.gz": "its only record, a page, is cut by the file's end: both hand it out as whole",
}
Counts = tuple[int, int, int]
HTML = ("text/html", "application/xhtml+xml")


def kind(type: str | None, status: int | None, mime: str | None) -> str:
    """Page, image or other, as records.py has it, from what a library says of a record."""
    mime = (mime or "").split(";")[0].strip().lower()
    if type not in ("response", "resource") or (status is not None and 300 <= status < 400):
        return "other"
    if mime in HTML:
        return "page"
    return "image" if mime.startswith("image/") and status in (None, 200) else "other"


def counted(kinds: list[str]) -> Counts:
    return len(kinds), kinds.count("page"), kinds.count("image")


def by_warcio(path: str) -> Counts:
    kinds = []
    try:
        with open(path, "rb") as file:
            for record in Warcio(file):
                http = record.http_headers
                status = int(http.get_statuscode()) if http and http.get_statuscode().isdigit() else None
                mime = http.get_header("Content-Type") if http else record.content_type
                kinds.append(kind(record.rec_type, status, mime))
                record.raw_stream.read()
    except (ArchiveLoadFailed, AttributeError):  # where it stops; what it gave before counts
        pass
    return counted(kinds)


def by_fastwarc(path: str) -> Counts:
    kinds = []
    records = iter(FastWARC(path))
    while True:
        try:
            record = next(records)
            record.reader.read()
        except (StopIteration, OSError):
            break
        except BaseException as error:  # a panic of the Rust side is no Exception
            if type(error).__name__ != "PanicException":
                raise
            break
        http = record.http_headers
        mime = record.http_content_type if http is not None else record.headers.get("Content-Type")
        status = http.status_code if http is not None else None
        kinds.append(kind((record.headers.get("WARC-Type") or "").lower(), status, mime))
    return counted(kinds)


def archives() -> list[Path]:
    return [p for p in sorted((data_folder() / "warc").rglob("*")) if p.is_file() and p.suffix != ".wacz"]


def ours(path: Path, reader: str) -> Counts:
    """What our scan finds; every page of it must be readable."""
    options = Archive(id="sources", reader=reader)
    [source] = expand([str(path)])
    records = list(scan(source, options))
    assert len({r.offset for r in records}) == len(records)
    pages = [r for r in records if r.kind == "page"]
    found = [f for _, f in read(source, pages, options)]
    unread = [f for f in found if isinstance(f, str)]
    assert len(found) == len(pages)
    assert not unread, (path.name, unread)
    assert all(f.url and f.origin.input == source.name for f in found if isinstance(f, Page))
    return len(records), len(pages), sum(r.kind == "image" for r in records)


@pytest.mark.gate
def test_the_libraries_were_really_asked() -> None:
    path = str(data_folder() / "warc/archivesunleashed+aut/example.warc.gz")
    assert by_warcio(path) == by_fastwarc(path) == (822, 134, 55)


@pytest.mark.gate
@pytest.mark.parametrize("reader", ["fastwarc", "warcio"])
def test_no_record_is_lost(reader: str) -> None:
    """Prints records, pages and pictures of every archive beside those of the libraries (pytest -s shows it)."""
    short = []
    print(f"\n{'records pages pictures':<62}{'ours':>17}{'warcio':>17}{'FastWARC':>17}")
    for path in archives():
        mine, peers = ours(path, reader), [by_warcio(str(path)), by_fastwarc(str(path))]
        print(f"{path.name:<62}" + "".join("{:>8}{:>5}{:>4}".format(*counts) for counts in (mine, *peers)))
        if any(count < max(others) for count, others in zip(mine, zip(*peers, strict=True), strict=True)):
            short.append(path.name)
    assert short == sorted(LOWER)


@pytest.mark.gate
def test_a_wacz_is_read_as_the_archive_inside(tmp_path: Path) -> None:
    path = next((data_folder() / "warc").rglob("*.wacz"))
    [source] = expand([str(path)])
    with zipfile.ZipFile(path) as outer:
        inner = outer.extract(source.path.partition("!")[2], tmp_path)
    kinds = [r.rule or r.kind for r in scan(source, Archive(id="sources"))]
    assert kinds == [r.rule or r.kind for r in scan(*expand([inner]), Archive(id="sources"))]
    assert len(kinds) == by_warcio(inner)[0] == by_fastwarc(inner)[0]
    assert kinds.count("page") > 0


@pytest.mark.gate
def test_digests_of_the_development_data() -> None:
    """The payload digests of all pages are right but in the two archives that are cut."""
    wrong, checked = set(), 0
    for path in [*archives(), *(data_folder() / "pages").glob("*.warc.gz")]:
        [source] = expand([str(path)])
        pages = [r for r in scan(source, Archive(id="sources")) if r.kind == "page"]
        for _, page in read(source, pages, Archive(id="sources")):
            checked += isinstance(page, Page) and page.origin.digest is not None
            if isinstance(page, Page) and "payload_digest" in page.facts:
                wrong.add(path.name)
    assert checked > 1500
    assert wrong <= {"clipped.warc.gz", "example-trunc.warc"}


@pytest.mark.gate
def test_the_readers_agree() -> None:
    for path in archives():
        [source] = expand([str(path)])
        fast = list(scan(source, Archive(id="sources", reader="fastwarc")))
        slow = list(scan(source, Archive(id="sources", reader="warcio")))
        assert fast == slow, path.name


@pytest.mark.gate
def test_the_whole_folder_is_expanded() -> None:
    found, ignored = survey([str(data_folder() / "warc")])
    assert len(found) == 39
    assert ignored == []


@pytest.mark.gate
@pytest.mark.parametrize("name", ["hplt-cc", "hplt-wide", "llm-webkit", "newspaper4k", "readability", "fundus"])
def test_pages_files_are_read_whole(name: str) -> None:
    folder = data_folder() / "pages"
    listed = len((folder / f"{name}.pages.tsv").read_text().splitlines()) - 1
    [source] = expand([str(folder / f"{name}.warc.gz")])
    options = Archive(id="sources")
    records = [r for r in scan(source, options) if r.kind == "page"]
    assert len(records) == listed
    assert all(isinstance(f, Page) for _, f in read(source, records, options))

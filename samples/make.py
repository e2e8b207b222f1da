"""Writes the sample archives: crawl/ from pages/ and photos/, and broken/ with one disease in each file.

Run as `python samples/make.py [--out DIR]`. Needs only the standard library, and writes the same bytes every time
(on one machine: another zlib may compress otherwise, with the same records inside). Fetches nothing.
"""

from __future__ import annotations

import argparse
import datetime
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import records
from breakage import BROKEN
from pictures import content_type, picture

HERE = Path(__file__).resolve().parent
PAGES = HERE / "pages"
WARCS = {"crawl-1": "2024-05-03T07:59:00Z", "crawl-2": "2024-05-17T18:59:00Z"}
ARC = "legacy"
Entry = dict[str, Any]


def entries() -> list[Entry]:
    """The [[page]] tables of pages/pages.toml, in order."""
    with (PAGES / "pages.toml").open("rb") as file:
        return list(tomllib.load(file)["page"])


def wire_url(url: str, base: str = "") -> str:
    """`url` made absolute and percent-encoded: wire_url("/é", "http://a.example/b") is "http://a.example/%C3%A9"."""
    return quote(urljoin(base, url), safe="%/:?#[]@!$&'()*+,;=~-._")


def page_block(entry: Entry) -> bytes:
    """The HTTP answer that holds the page, in the charset and coding that its entry names."""
    body = (PAGES / entry["file"]).read_bytes()
    if "charset" in entry:
        body = body.decode("utf-8").encode(entry["charset"])
    headers = {"Location": entry["location"]} if "location" in entry else {}
    if entry.get("coding") == "gzip":
        body, headers["Content-Encoding"] = records.gzip_member(body), "gzip"
    elif entry.get("coding") == "chunked":
        body, headers["Transfer-Encoding"] = records.chunked(body), "chunked"
    return records.http_response(
        body, entry.get("content_type", "text/html; charset=utf-8"), entry.get("status", 200), headers
    )


def picture_block(source: str) -> tuple[str, bytes]:
    """MIME type and HTTP answer of a picture, or of the redirect that stands for one."""
    if source.startswith("redirect:"):
        location = {"Location": source.removeprefix("redirect:")}
        return "text/html", records.http_response(b"", "text/html", 302, location)
    mime = content_type(source)
    return mime, records.http_response(picture(source), mime)


def page_records(entry: Entry) -> Iterator[tuple[str, bytes]]:
    """(archive, record) of a page and of what stands beside it: request, metadata, repetition, revisit."""
    url, date, archive = wire_url(entry["url"]), entry["date"], entry["archive"]
    block = page_block(entry)
    identity = records.record_id("response", url, date)
    if entry.get("request"):
        head = f"GET {url} HTTP/1.1\r\nUser-Agent: sample\r\n\r\n".encode()
        fields = {"WARC-Target-URI": url, "WARC-Concurrent-To": identity}
        yield archive, records.warc_record("request", head, "application/http; msgtype=request", date, fields)
    response = records.response(url, date, block)
    yield archive, response
    if entry.get("metadata"):
        fields = {"WARC-Target-URI": url, "WARC-Concurrent-To": identity}
        notes = b"fetchTimeMs: 312\r\ncharset-detected: UTF-8\r\n"
        yield archive, records.warc_record("metadata", notes, "application/warc-fields", date, fields)
    if "repeat_in" in entry:
        yield entry["repeat_in"], response
    if "revisit_in" in entry:
        yield entry["revisit_in"], revisit(entry, url, block)


def revisit(entry: Entry, url: str, block: bytes) -> bytes:
    """A record that says: fetched again two weeks later, and the payload was the same."""
    head, _, payload = block.partition(b"\r\n\r\n")
    fields = {
        "WARC-Target-URI": url,
        "WARC-Profile": "http://netpreserve.org/warc/1.0/revisit/identical-payload-digest",
        "WARC-Refers-To": records.record_id("response", url, entry["date"]),
        "WARC-Refers-To-Target-URI": url,
        "WARC-Refers-To-Date": entry["date"],
        "WARC-Payload-Digest": records.sha1(payload),
    }
    mime = "application/http; msgtype=response"
    return records.warc_record("revisit", head + b"\r\n\r\n", mime, WARCS[entry["revisit_in"]], fields)


def pictures_of(entry: Entry) -> Iterator[tuple[str, str, str, bytes]]:
    """(URL, date, MIME type, HTTP answer) of each picture of a page, a second apart."""
    first = datetime.datetime.fromisoformat(entry["date"])
    for number, (url, source) in enumerate(entry.get("pictures", {}).items(), start=1):
        date = (first + datetime.timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
        yield wire_url(url, wire_url(entry["url"])), date, *picture_block(source)


def write_warcs(folder: Path) -> list[Path]:
    """Write crawl-1.warc.gz and crawl-2.warc.gz; a URL of a picture is stored once in an archive."""
    plain = {name: [records.warcinfo(f"{name}.warc.gz", date, "sample pages")] for name, date in WARCS.items()}
    stored: set[tuple[str, str]] = set()
    for entry in entries():
        if entry["archive"] == ARC:
            continue
        for archive, record in page_records(entry):
            plain[archive].append(record)
        album = str(entry.get("pictures_in", entry["archive"]))
        for url, date, _, block in pictures_of(entry):
            if (album, url) not in stored:
                stored.add((album, url))
                plain[album].append(records.response(url, date, block))
    members = {name: b"".join(map(records.gzip_member, list_)) for name, list_ in plain.items()}
    return [write(folder / f"{name}.warc.gz", data) for name, data in members.items()]


def write_arc(folder: Path) -> Path:
    """Write legacy.arc.gz, whose records know no digests, no ids and no requests."""
    plain = [records.arc_header(f"{ARC}.arc.gz", "20031018120000")]
    for entry in entries():
        if entry["archive"] != ARC:
            continue
        plain.append(records.arc_record(wire_url(entry["url"]), digits(entry["date"]), "text/html", page_block(entry)))
        plain += [records.arc_record(url, digits(date), mime, block) for url, date, mime, block in pictures_of(entry)]
    return write(folder / f"{ARC}.arc.gz", b"".join(map(records.gzip_member, plain)))


def digits(date: str) -> str:
    """The date as ARC writes it: digits("2003-10-18T12:00:00Z") is "20031018120000"."""
    return "".join(letter for letter in date if letter.isdigit())


def write(path: Path, data: bytes) -> Path:
    """Write `data` under a temporary name and rename it, so that an interrupted run leaves no half archive."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    temporary.write_bytes(data)
    temporary.replace(path)
    return path


def main(arguments: list[str] | None = None) -> int:
    """Write all archives below --out (default: this folder) and name them with their sizes."""
    parser = argparse.ArgumentParser(description="Write the sample archives.")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write crawl/ and broken/ into")
    out = parser.parse_args(arguments).out
    paths = [*write_warcs(out / "crawl"), write_arc(out / "crawl")]
    paths += [write(out / "broken" / f"{name}.warc.gz", disease()) for name, disease in BROKEN.items()]
    for path in paths:
        sys.stdout.write(f"{path.stat().st_size:>9,}  {path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

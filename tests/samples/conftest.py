"""What the tests of the samples share: the archives, made once, and readers that take nothing from make.py."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zlib
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from tests.conftest import REPOSITORY

SAMPLES = REPOSITORY / "samples"
GOOD_ARCHIVES = ["crawl-1.warc.gz", "crawl-2.warc.gz", "legacy.arc.gz"]
MEGABYTE = 1_048_576
# the records of an unbroken archive of the six notes: warcinfo, then page and picture in turn
NOTE_RECORDS = 13


def make(out: Path) -> Path:
    """Run make.py as a user would, into `out`."""
    subprocess.run([sys.executable, str(SAMPLES / "make.py"), "--out", str(out)], check=True, capture_output=True)
    return out


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("samples"))


@pytest.fixture(scope="module")
def entries() -> list[dict[str, Any]]:
    with (SAMPLES / "pages" / "pages.toml").open("rb") as file:
        return list(tomllib.load(file)["page"])


@pytest.fixture(scope="module")
def good(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [entry for entry in entries if "language" in entry]


def members(data: bytes) -> list[bytes]:
    """The gzip members of `data` up to the first that is damaged; whatever follows is left out."""
    found = []
    while data:
        inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            plain = inflate.decompress(data)
        except zlib.error:
            return found
        if not inflate.eof:
            return found
        found.append(plain)
        data = inflate.unused_data
    return found


def header(record: bytes, name: str) -> str | None:
    for line in record.partition(b"\r\n\r\n")[0].decode().split("\r\n"):
        if line.lower().startswith(name.lower() + ":"):
            return line.partition(":")[2].strip()
    return None


def read_all(path: Path) -> list[tuple[str, str | None, bool | None]]:
    """(type, URL, digests right) of every record that warcio gives, in order."""
    rows = []
    with path.open("rb") as file:
        for record in ArchiveIterator(file, check_digests=True):
            record.raw_stream.read()
            rows.append(
                (record.rec_type, record.rec_headers.get_header("WARC-Target-URI"), record.digest_checker.passed)
            )
    return rows

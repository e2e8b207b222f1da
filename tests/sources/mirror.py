"""A small copy of Common Crawl's layout, made from samples: archives, their list, the index and its list."""

from __future__ import annotations

import gzip
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from obelics_like.sources.archive import scan
from obelics_like.sources.inputs import expand
from tests.conftest import REPOSITORY
from tests.sources.archives import OPTIONS, Builder, page

CRAWL = "CC-MAIN-2024-22"
SAMPLES = REPOSITORY / "samples" / "crawl"
TABLE = f"cc-index/table/cc-main/warc/crawl={CRAWL}"
SCHEMA = pa.schema(
    [
        ("url_surtkey", pa.string()), ("url", pa.string()), ("url_host_name", pa.string()),
        ("url_host_registered_domain", pa.string()), ("fetch_time", pa.timestamp("ms")), ("fetch_status", pa.int16()),
        ("content_mime_type", pa.string()), ("content_languages", pa.string()), ("warc_filename", pa.string()),
        ("warc_record_offset", pa.int32()), ("warc_record_length", pa.int32()), ("warc_segment", pa.string()),
    ]
)  # fmt: skip


@dataclass
class Mirror:
    """The folder, the archives' paths in it as the list has them, and the rows of the index."""

    root: Path
    archives: list[str]
    rows: list[dict[str, Any]]


def mirror(root: Path) -> Mirror:
    """Write the layout under `root`: two archives of the samples and four of small pages, an index of three files."""
    if not SAMPLES.is_dir():
        subprocess.run([sys.executable, str(REPOSITORY / "samples" / "make.py")], check=True, stdout=subprocess.DEVNULL)
    names = []
    for number in range(6):
        name = f"crawl-data/{CRAWL}/segments/171505{number % 2}/warc/CC-MAIN-20240518-{number:05d}.warc.gz"
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if number < 2:
            path.write_bytes((SAMPLES / f"crawl-{number + 1}.warc.gz").read_bytes())
        else:
            build = Builder()
            for i in range(25):
                build.add(f"http://site{i % 5}.example/{number}/{i}", page(100 * number + i))
            path.write_bytes(build.bytes())
        names.append(name)
    rows = [row for name in names for row in _rows(root, name)]
    rows.sort(key=lambda row: row["url_surtkey"])
    half = len(rows) // 2
    tables = {f"{TABLE}/subset=warc/part-{n:05d}-x.c000.gz.parquet": part for n, part in
              enumerate((rows[:half], rows[half:]))}  # fmt: skip
    tables[f"{TABLE}/subset=crawldiagnostics/part-00000-x.c000.gz.parquet"] = rows[:5]
    for path, part in tables.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(part, SCHEMA), root / path, row_group_size=16, compression="gzip")
    for list_name, paths in {"warc.paths.gz": names, "cc-index-table.paths.gz": sorted(tables)}.items():
        (root / f"crawl-data/{CRAWL}/{list_name}").write_bytes(gzip.compress("\n".join([*paths, ""]).encode()))
    return Mirror(root, names, rows)


def _rows(root: Path, name: str) -> list[dict[str, Any]]:
    [source] = expand([str(root / name)])
    rows = []
    for record in scan(source, OPTIONS):
        if record.kind not in ("page", "image"):
            continue
        host = urlsplit(record.url).hostname or ""
        surt = ",".join(reversed(host.split("."))) + ")" + urlsplit(record.url).path
        rows.append(
            {
                "url_surtkey": surt, "url": record.url, "url_host_name": host,
                "url_host_registered_domain": ".".join(host.split(".")[-2:]),
                "fetch_time": datetime(2024, 5, 18), "fetch_status": record.status, "content_mime_type": record.mime,
                "content_languages": None, "warc_filename": name, "warc_record_offset": record.offset,
                "warc_record_length": record.length, "warc_segment": name.split("/")[3],
            }
        )  # fmt: skip
    return rows

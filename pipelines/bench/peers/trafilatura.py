"""Runs trafilatura over an archive: FastWARC reads, `extract` takes the main text; nothing is filtered or written.

usage: python -P trafilatura.py MODE ARCHIVE SCRATCH RESULT   (MODE: default or fast)
(-P keeps this file, which bears the name of the library, from being imported in its stead.)
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecordType
from trafilatura import extract


def main(mode: str, archive: str, scratch: str, result: str) -> None:
    """Extract every page of the archive and count."""
    pages = kept = characters = 0
    for record in ArchiveIterator(archive, record_types=WarcRecordType.response):
        pages += 1
        text = extract(record.reader.read(), fast=mode == "fast")
        if text:
            kept += 1
            characters += len(text)
    Path(result).write_text(json.dumps({"pages": pages, "kept": kept, "characters": characters}))


if __name__ == "__main__":
    main(*sys.argv[1:])

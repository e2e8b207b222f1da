"""Runs resiliparse over an archive: FastWARC reads, its detector decodes, `main_content` takes the main text.

Nothing is filtered or written.
usage: python -P resiliparse.py MODE ARCHIVE SCRATCH RESULT   (MODE: main)
(-P keeps this file, which bears the name of the library, from being imported in its stead.)
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecordType
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import bytes_to_str, detect_encoding


def main(mode: str, archive: str, scratch: str, result: str) -> None:
    """Extract every page of the archive and count."""
    pages = kept = characters = 0
    for record in ArchiveIterator(archive, record_types=WarcRecordType.response):
        pages += 1
        html = record.reader.read()
        text = extract_plain_text(bytes_to_str(html, detect_encoding(html)), main_content=mode == "main")
        if text:
            kept += 1
            characters += len(text)
    Path(result).write_text(json.dumps({"pages": pages, "kept": kept, "characters": characters}))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The benchmark of reading: the archive it makes, and a run of it on the samples."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY

BENCH = REPOSITORY / "pipelines" / "bench"


def test_a_run_on_the_samples(tmp_path: Path) -> None:
    crawl = REPOSITORY / "samples" / "crawl"
    if not crawl.is_dir():
        subprocess.run([sys.executable, str(REPOSITORY / "samples" / "make.py")], check=True, capture_output=True)
    (tmp_path / "pages").symlink_to(crawl)
    command = [sys.executable, str(BENCH / "read.py"), "--data", str(tmp_path), "--pages", "5", "--repeat", "1"]
    done = subprocess.run([*command, "--json", str(tmp_path / "out.json")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "out.json").read_text())
    assert record["pages"] == 5
    seen = {name: (runs[0]["records"], runs[0]["pages"]) for name, runs in record["rows"].items()}
    readers = ("FastWARC on isal", "FastWARC", "FastWARC on isal, sha1", "warcio", "ours: scan")
    assert {name: counts for name, counts in seen.items() if "read" not in name} == dict.fromkeys(readers, (15, 5))
    assert {counts for name, counts in seen.items() if "read" in name} == {(5, 5)}
    assert all(name in done.stdout for name in record["rows"])


def test_wrong_use_is_told() -> None:
    done = subprocess.run([sys.executable, str(BENCH / "read.py"), "--pages", "0"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "--pages: got 0" in done.stderr

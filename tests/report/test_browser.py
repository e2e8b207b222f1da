"""The report as a browser shows it: every example is there, nothing is asked of anybody, and no script runs."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image

from obelics_like.report.page import write_report
from obelics_like.report.summary import summarise
from tests.report.making import full

pytestmark = pytest.mark.browser

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
    "--disable-features=NetworkTimeServiceQuerying", "--host-resolver-rules=MAP * ~NOTFOUND",
]  # fmt: skip


def _chromium(tmp_path: Path, *arguments: str) -> str:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    profile = tmp_path / "profile"
    command = [program, *FLAGS, f"--user-data-dir={profile}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout


@pytest.fixture
def page(tmp_path: Path) -> Path:
    output = full(tmp_path / "out")
    return write_report(output, summarise(output))


def test_the_page_is_drawn_and_holds_the_documents(page: Path, tmp_path: Path) -> None:
    shot = tmp_path / "shot.png"
    _chromium(tmp_path, f"--screenshot={shot}", "--window-size=1280,3000", page.as_uri())
    with Image.open(shot) as image:
        assert image.size == (1280, 3000)
        assert len(image.convert("RGB").resize((128, 300)).getcolors(maxcolors=1 << 20) or []) > 100
    dom = _chromium(tmp_path, "--dump-dom", page.as_uri())
    assert "<script>alert" not in dom
    assert dom.count("<img") >= 1


def _hosts(tmp_path: Path, page: Path) -> set[str]:
    """The hosts that a page asked for while it was shown; the browser's own housekeeping is none of it, nor the same
    each time."""
    log = tmp_path / f"{page.stem}-net.json"
    _chromium(tmp_path, f"--log-net-log={log}", "--dump-dom", page.as_uri())
    text = log.read_text(encoding="utf-8").rstrip().rstrip(",")
    events = json.loads(text if text.endswith("}") else text + "]}")["events"]
    told = [e["params"] for e in events if isinstance(e.get("params"), dict)]
    started = [params for params in told if "initiator" in params and "url" in params]
    urls = {params["url"] for params in started if params["initiator"] != "not an origin"}  # that is the browser itself
    return {urlsplit(url).hostname or "" for url in urls if not url.startswith("file:")}


def test_the_page_asks_for_nothing_but_itself(page: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary.html"
    canary.write_text("<img src='http://canary.example/x.png'><link rel=stylesheet href='https://style.example/x.css'>")
    assert _hosts(tmp_path, canary) == {"canary.example", "style.example"}, "the log would show it"
    assert _hosts(tmp_path, page) == set()

"""The benchmark of extraction: its measures on known pages, and a run of it on the samples without peers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from obelics_like.extraction import extract
from pipelines.bench import quality
from tests.conftest import REPOSITORY

BENCH = REPOSITORY / "pipelines" / "bench"
TRUTH = {"uri": "https://a.org/1", "with": ["the ferry left"], "without": ["Menu"], "text": "word " * 40, "images": []}


def bench(*given: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(BENCH / "extract.py"), *map(str, given)], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the development data has it, with the samples' pages."""
    made = REPOSITORY / "samples" / "crawl"
    if not made.is_dir():
        subprocess.run([sys.executable, str(REPOSITORY / "samples" / "make.py")], check=True, capture_output=True)
    folder = tmp_path_factory.mktemp("data")
    (folder / "pages").mkdir()
    for path in made.glob("*.warc.gz"):
        (folder / "pages" / path.name).symlink_to(path)
    return folder


def test_a_run_on_the_samples_finds_what_extract_finds(crawl: Path, tmp_path: Path) -> None:
    done = bench("--data", crawl, "--pages", 6, "--peers", "none", "--repeat", 2, "--json", tmp_path / "out.json")
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "out.json").read_text())
    ours, with_dropped = record["rows"]
    assert with_dropped["runs"][0]["characters"] == ours["runs"][0]["characters"] > 0
    assert record["pages"] == 6
    assert [run["pages"] for run in ours["runs"]] == [6, 6]
    assert ours["ours_over_it"] == 1
    assert ours["pages_per_cpu_second"] == max(6 / run["cpu"] for run in ours["runs"])
    assert ours["quality"] == {}  # nothing is known of these pages
    assert ours["name"] in done.stdout


def test_what_is_counted_is_what_was_extracted(crawl: Path, tmp_path: Path) -> None:
    archive = next((crawl / "pages").glob("*.warc.gz"))
    command = [sys.executable, BENCH / "extractors.py", "ours", archive, tmp_path / "nodes", tmp_path / "result"]
    subprocess.run(list(map(str, command)), check=True, cwd=REPOSITORY, env={"PYTHONPATH": str(REPOSITORY)})
    lines = [json.loads(line) for line in (tmp_path / "nodes").read_text().splitlines()]
    result = json.loads((tmp_path / "result").read_text())
    sys.path.insert(0, str(BENCH))
    try:
        from extractors import pages
    finally:
        sys.path.remove(str(BENCH))
    for line, (url, html, mime) in zip(lines, pages(archive), strict=True):
        document = extract(html, url, mime)
        assert line["uri"] == url
        assert line["text"] == "\n".join(node.text for node in document.texts())
        assert line["pictures"] == [image.url for image in document.images()]
    assert result["pages"] == len(lines) > 0
    assert result["failed"] == 0
    assert result["characters"] == sum(len(line["text"]) for line in lines)
    assert result["cpu"] > 0
    assert result["slowest"] > 0


def test_a_peer_without_its_code_is_left_out_and_told(crawl: Path) -> None:
    done = bench("--data", crawl, "--pages", 2, "--peers", "obelics", "--repeat", 1)
    assert done.returncode == 0, done.stderr
    assert "left out: OBELICS" in done.stdout


@pytest.mark.parametrize(
    ("given", "word"),
    [(["--peers", "trafilatuura"], "trafilatuura"), (["--repeat", "0"], "--repeat"), (["--obelics", "/"], "--obelics")],
)
def test_wrong_use_is_told_before_anything_runs(given: list[str], word: str) -> None:
    done = bench(*given)
    assert done.returncode == 2
    assert word in done.stderr


def test_quality_of_known_texts_and_pictures() -> None:
    assert quality.snippets("x The\nMenu", TRUTH) == {"missed": 1, "wrong": 1}
    assert quality.snippets("at six the  ferry\nleft", TRUTH) == {"found": 1, "left out": 1}
    assert quality.body("word " * 40, TRUTH) == 1
    assert quality.body("word " * 20, TRUTH) == pytest.approx(2 / 3)
    assert quality.body("word", TRUTH | {"text": "too short"}) is None
    one = {
        "images": [
            {"url": "https://a.org/red-kite-over-the-fields-1024x768.jpg"},
            {"url": "https://a.org/p/12345678.jpg"},
        ]
    }
    urls = [
        "https://cdn.a.org/red-kite-over-the-fields-300x200.jpg",
        "https://a.org/logo-of-us.png",
        "https://a.org/logo-of-us.png",
    ]
    assert quality.pictures(urls, one) == {"found": 1, "missed": 1, "wrong": 1}


def test_a_score_has_what_the_truth_allows(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    for name in ("trafilatura", "fundus"):
        lines = [json.dumps(TRUTH | {"uri": f"https://a.org/{n}"}) for n in range(8)]
        (tmp_path / "pages" / f"{name}.truth.jsonl").write_text("\n".join(lines))
    found = {f"https://a.org/{n}": ("the ferry left " + "word " * 40, ["https://a.org/a.jpg"]) for n in range(8)}
    figures = quality.score(found, tmp_path)
    assert figures["all"] == figures["odd"]
    assert figures["all"]["snippets_f1"] == 1
    assert 0.9 < figures["all"]["body_f1"] < 1
    assert "picture_recall" not in figures["all"]

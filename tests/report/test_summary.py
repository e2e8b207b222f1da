"""The summary counts what the run counted, and says so on any terminal."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from obelics_like.report.measures import Measures, mean, median
from obelics_like.report.summary import summarise
from obelics_like.report.terminal import print_summary
from obelics_like.report.wording import headline
from tests.report import making


@pytest.fixture
def summary(tmp_path: Path) -> dict[str, Any]:
    return summarise(making.full(tmp_path / "out"))


def _lost(summary: dict[str, Any], kind: str) -> int:
    return sum(row["count"] for row in summary["dropped"] if row["kind"] == kind)


def test_in_is_kept_and_dropped(summary: dict[str, Any]) -> None:
    came, kept = summary["in"], summary["kept"]
    assert came == {"records": 13, "pages": 10, "images": 24, "texts": 21, "image_records": 0}
    assert kept == {"documents": 6, "images": 17, "texts": 12, "unresolved": 6}
    assert came["pages"] == kept["documents"] + _lost(summary, "page")
    assert came["images"] == kept["images"] + _lost(summary, "image")
    assert came["texts"] == kept["texts"] + _lost(summary, "text")
    assert came["records"] == came["pages"] + came["image_records"] + _lost(summary, "record")
    assert summary["breaches"] == []
    assert json.loads(json.dumps(summary)) == summary


def test_reasons_come_in_the_order_of_the_recipe(summary: dict[str, Any]) -> None:
    rows = [(r["stage"], r["rule"], r["kind"], r["count"]) for r in summary["dropped"]]
    assert rows == [
        ("sources", "not_a_page", "record", 3),
        ("text.page_gate", "bad_status", "page", 1),
        ("extract", "boilerplate", "text", 6),
        ("text.node_rules", "too_few_words", "page", 1),
        ("text.node_rules", "page_dropped", "text", 1),
        ("dedup.url", "same_url", "page", 1),
        ("dedup.url", "page_dropped", "image", 1),
        ("dedup.url", "page_dropped", "text", 1),
        ("images.rules", "too_small", "image", 5),
        ("images.unsafe", "unsafe", "page", 1),
        ("images.unsafe", "page_dropped", "image", 1),
        ("images.unsafe", "page_dropped", "text", 1),
    ]
    alive = [row["pages_alive"] for row in summary["funnel"]]
    assert alive == [10, 9, 9, 9, 8, 7, 7, 6, 6, 6]
    assert summary["funnel"][-1]["images_alive"] == summary["kept"]["images"]
    assert summary["rules"]["dedup.url"] == {"same_url": "another page of the same URL stays"}


def test_what_stages_had_to_say_of_their_decisions_is_there(summary: dict[str, Any]) -> None:
    (note,) = summary["run"]["notes"]
    assert note[0] == "1 minhash: decide"
    assert note[1].startswith("3 bands held more ")


def test_languages_and_tokens_add_up(summary: dict[str, Any]) -> None:
    assert set(summary["languages"]) == {"en", "ar", "he", "ja", "hi", "und"}
    for key in ("documents", "images", "unresolved", "texts"):
        assert sum(row[key] for row in summary["languages"].values()) == summary["kept"][key]
    tokens = summary["tokens"]["o200k_base"]
    assert tokens["total"] == sum(tokens["by_language"].values()) == 2 * summary["words"]
    assert {c: r["tokens"]["o200k_base"] for c, r in summary["languages"].items()} == tokens["by_language"]


def test_spreads_and_similarities(summary: dict[str, Any]) -> None:
    assert summary["means"]["images_per_document"] == {"mean": 2.833, "median": 3.0}
    similarity = summary["similarity"]
    assert (similarity["scorers"], similarity["with_sentence"]) == ({"label-bridge": 10}, 10)
    assert similarity["mean"] == pytest.approx((0.5 + 0.375) / 2)
    assert sum(b["count"] for b in similarity["histogram"]) == 10
    assert next(b for b in similarity["histogram"] if b["count"])["from"] == 0.35
    formats = {p["format"]: p["pictures"] for p in summary["pictures"]["distinct"]}
    assert formats == {"jpeg": 6, "png": 5}
    assert {h["host"] for h in summary["hosts"]["top"]} == {
        f"{c}.example" for c in ("en", "ar", "he", "ja", "hi", "evil")
    }


def test_an_empty_corpus_has_a_summary_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary = summarise(making.make(tmp_path / "out", [], making.dropped_documents()))
    assert summary["kept"]["documents"] == 0
    assert summary["languages"] == summary["tokens"] == {}
    assert summary["means"]["images_per_document"] == {"mean": None, "median": None}
    print_summary(summary)
    assert capsys.readouterr().out.startswith("0 documents in 0 languages with 0 images (0 unresolved) and 0 words")


def test_plain_text_is_aligned_and_cannot_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = summarise(making.full(tmp_path / "out", failures=[f"bad input {making.STEER}"]))
    print_summary(summary)
    out = capsys.readouterr().out
    assert out.splitlines()[0] == headline(summary)
    assert out.splitlines()[0].startswith("6 documents in 6 languages with 17 images (6 unresolved) and ")
    assert "\x1b" not in out
    assert "\u202e" not in out
    at = out.splitlines().index("Funnel")
    table = out.splitlines()[at + 1 : at + 15]
    ends = {line.index("pages") + 5 for line in table[:1]}
    assert all(line[max(ends) - 1 : max(ends)].isdigit() for line in table if " 10.0 " in line and "same_url" in line)
    assert "failure: bad input" in out


def test_a_terminal_gets_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = summarise(making.full(tmp_path / "out", failures=[f"bad {making.STEER} [bold]x[/bold] [/]"]))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    print_summary(summary)
    out = capsys.readouterr().out
    assert "Funnel" in out
    assert "[bold]x[/bold] [/]" in out
    assert "Arabic" in out


def test_median_and_mean_of_counts() -> None:
    assert median(Counter({3: 1})) == 3
    assert median(Counter({1: 1, 2: 1, 9: 1})) == 2
    assert median(Counter({1: 2, 4: 2})) == 2.5
    assert mean(Counter({1: 1, 2: 3})) == 1.75


def test_hosts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("obelics_like.report.measures.HOSTS", 10)
    found = Measures()
    found._hosts(["https://often.example/"] * 5 + [f"https://h{n}.example/" for n in range(20)])
    assert len(found.hosts) == 5
    assert found.hosts["often.example"] == 5
    assert len(found.hosts) + found.hosts_forgotten == 21

"""The report's page: self-contained, safe whatever the web put into it, and showing real documents."""

from __future__ import annotations

import base64
import io
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image as Pillow

from obelics_like.document import Image, Text
from obelics_like.report import album, sampling
from obelics_like.report.page import write_report
from obelics_like.report.summary import summarise
from obelics_like.report.view import pieces
from obelics_like.store.folder import Output
from tests.report import making

VOID = {"meta", "img", "br", "hr", "input", "link"}


class Reader(HTMLParser):
    """Collects the elements, and holds open ones against closed ones."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _read(output: Output) -> tuple[str, Reader]:
    html = write_report(output, summarise(output)).read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    return html, reader


@pytest.mark.parametrize("keep", ["none", "reasons", "sample:0.5", "all"])
def test_nothing_of_the_web_becomes_part_of_the_page(tmp_path: Path, keep: str) -> None:
    html, reader = _read(making.full(tmp_path / "out", keep_dropped=keep))
    tags = {tag for tag, _ in reader.elements}
    assert not tags & {"script", "link", "iframe", "object", "embed", "form", "base", "video", "audio"}
    for tag, attributes in reader.elements:
        assert not [name for name in attributes if name.startswith("on")]
        if tag == "img":
            assert (attributes["src"] or "").startswith("data:image/jpeg;base64,")
        if "href" in attributes:
            assert (attributes["href"] or "").startswith("#")
        assert "srcset" not in attributes
    assert not re.search(r"url\(|@import", html)
    assert "default-src 'none'" in html
    text = "".join(reader.text)
    assert "<script>alert(1)</script>" in text
    assert "{{ 7 * 7 }}" in text
    assert "3 bands held more" in text


def test_pictures_stand_at_their_place_as_thumbnails(tmp_path: Path) -> None:
    html, reader = _read(making.full(tmp_path / "out"))
    pictures = [dict(a) for tag, a in reader.elements if tag == "img"]
    assert len(pictures) == 10
    for one in pictures:
        data = base64.b64decode((one["src"] or "").partition(",")[2])
        with Pillow.open(io.BytesIO(data)) as picture:
            assert picture.format == "JPEG"
            assert max(picture.size) <= 320
    article = html[html.index("Title en") : html.index("Title ja")]
    order = ["The lighthouse stands", "data:image/jpeg", "Its lamp is lit", "https://en.example/gone.jpg"]
    assert sorted(order, key=article.index) == order
    assert (
        'The lighthouse stands on a rock.</mark><span class="match" dir="ltr" lang="en">picture 1 · 0.5 label-bridge'
        in html
    )
    assert "Dropped from this page: 1 text by" in " ".join(html.split())


def test_languages_and_directions_are_declared(tmp_path: Path) -> None:
    _, reader = _read(making.full(tmp_path / "out"))
    blocks = [a for tag, a in reader.elements if tag == "p" and (a.get("class") or "").startswith("b-")]
    assert {a["lang"] for a in blocks} >= {"en", "ar", "he", "ja", "hi"}
    assert all(a["dir"] == "auto" for a in blocks)
    assert {a["dir"] for tag, a in reader.elements if tag == "figure"} == {"ltr", "rtl"}


def test_dropped_pages_tell_their_reason_and_keep_unsafe_pictures_out(tmp_path: Path) -> None:
    html, reader = _read(making.full(tmp_path / "out", keep_dropped="all"))
    text = " ".join("".join(reader.text).split())
    assert "text.page_gate · bad_status" in text
    assert "measured 404 against 200" in text
    assert "The lighthouse again." in text
    assert html.count("<article") == 10
    assert sum(tag == "img" for tag, _ in reader.elements) == 10  # those of the kept documents only


def test_without_content_and_archive_the_reason_is_shown_alone(tmp_path: Path) -> None:
    _, reader = _read(making.full(tmp_path / "out"))
    text = " ".join("".join(reader.text).split())
    assert "The lighthouse again." not in text
    assert "its archive is not where it was" in text


def test_an_empty_corpus_has_a_page(tmp_path: Path) -> None:
    _, reader = _read(making.make(tmp_path / "out"))
    assert "No document was kept." in "".join(reader.text)


def test_the_page_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = making.Pictures()
    many = []
    for n in range(30):
        nodes: list[Text | Image] = [Text(0, "<&>" * 100_000)]
        noise = Pillow.effect_noise((700, 700), 200)
        out = io.BytesIO()
        noise.convert("RGB").save(out, "JPEG")
        nodes += [
            Image(p, "https://e.example/" + "x" * 5000, blob=pictures.blob("", data=out.getvalue()))
            for p in range(1, 40)
        ]
        many.append(making.document(n, f"https://e.example/{n}", "en", nodes))
    monkeypatch.setattr(album, "BUDGET", 300_000)
    output = making.make(tmp_path / "out", many, [], pictures)
    assert len(_read(output)[0]) < 2_000_000


def test_the_choice_of_documents_is_stable_and_spread(tmp_path: Path) -> None:
    kept = [
        making.document(n, f"https://e.example/{n}", "en" if n < 190 else f"q{n}", [Text(0, "x")]) for n in range(200)
    ]
    first = making.make(tmp_path / "a", kept)
    second = making.make(tmp_path / "b", kept[::-1])
    chosen = [[row["id"] for row in sampling.kept_examples(o)] for o in (first, second)]
    assert chosen[0] == chosen[1]
    codes = [row["language"] for row in sampling.kept_examples(first)]
    assert len(codes) == 12
    assert len(set(codes)) == 11


def test_pieces_are_the_text_again() -> None:
    text = "One. Two. Three."
    for marks in (
        [],
        [(0, 4, "a")],
        [(5, 9, "a"), (10, 16, "b"), (5, 9, "c")],
        [(0, 99, "z")],
        [(3, 8, "a"), (5, 9, "b")],
    ):
        cut = pieces(text, marks)
        assert "".join(piece for piece, _ in cut) == text


@pytest.mark.browser
def test_a_browser_shows_it_and_asks_for_nothing(tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    path = write_report(output := making.full(tmp_path / "out"), summarise(output))
    flags = ["headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-sync", "dump-dom"]
    flags += ["disable-background-networking", "disable-component-update", f"user-data-dir={tmp_path / 'browser'}"]
    done = subprocess.run(
        [chromium, *(f"--{flag}" for flag in flags), path.as_uri()],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert "The lighthouse stands on a rock." in done.stdout
    assert "alert(1)" in done.stdout
    assert "<script" not in done.stdout

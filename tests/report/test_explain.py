"""`explain` tells a page's fate and each node's, for kept pages, dropped pages and records that were no page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from obelics_like.document import Document, Drop, Image, Text
from obelics_like.errors import InputError
from obelics_like.report.explain import explain, explanation_lines
from tests.report import making

LOGO = "https://cdn.example/logo.png"


def test_a_kept_page_node_by_node(tmp_path: Path) -> None:
    output = making.full(tmp_path / "out")
    found = explain(output, "https://ar.example/story/2")
    (one,) = found["found"]
    assert one["fate"] == "kept"
    assert [(n["pos"], n["fate"], n["kind"]) for n in one["nodes"]] == [
        (0, "dropped", "text"),
        (1, "kept", "text"),
        (2, "kept", "image"),
        (3, "kept", "text"),
        (4, "dropped", "image"),
        (5, "kept", "image"),
        (6, "kept", "image"),
    ]
    small = one["nodes"][4]
    assert (small["stage"], small["rule"], small["value"], small["limit"]) == ("images.rules", "too_small", "16", "100")
    assert one["nodes"][2]["similarity"] == 0.5
    assert one["nodes"][2]["sentence_text"] == "الفنار قائم على صخرة."
    assert one["nodes"][5]["source"] is None
    assert "can't be shown" in found["notes"][0]
    lines = explanation_lines(found)
    assert any("DROPPED" in line and "too_small, 16 against 100" in line for line in lines)
    assert any("0.5 (label-bridge)" in line for line in lines)
    assert any("unresolved" in line for line in lines)
    assert json.loads(json.dumps(found)) == found


def test_all_records_of_a_url_are_told(tmp_path: Path) -> None:
    output = making.full(tmp_path / "out", keep_dropped="all")
    found = explain(output, "https://en.example/story/1")
    assert [one["fate"] for one in found["found"]] == ["kept", "dropped"]
    gone = found["found"][1]
    assert (gone["stage"], gone["rule"]) == ("dedup.url", "same_url")
    assert gone["see"] == [{"id": f"{1:032x}", "url": "https://en.example/story/1"}]
    assert [(n["fate"], n["kind"]) for n in gone["nodes"]] == [("page_dropped", "text"), ("page_dropped", "image")]
    assert "another page of the same URL stays" in "\n".join(explanation_lines(found))


def test_by_id_and_before_parsing(tmp_path: Path) -> None:
    (one,) = explain(making.full(tmp_path / "out"), f"{11:032x}")["found"]
    assert (one["fate"], one["rule"], one["value"], one["limit"]) == ("dropped", "bad_status", "404", "200")
    assert one["nodes"] == []


def test_a_record_that_was_no_page(tmp_path: Path) -> None:
    found = explain(making.full(tmp_path / "out"), "https://en.example/cut")
    assert found["found"] == []
    assert "NO PAGE: truncated: cut" in "\n".join(explanation_lines(found))


def test_nothing_can_steer_the_terminal(tmp_path: Path) -> None:
    output = making.full(tmp_path / "out", keep_dropped="all")
    for page in (f"{6:032x}", f"{13:032x}"):
        text = "\n".join(explanation_lines(explain(output, page)))
        assert "alert(1)" in text
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_an_unknown_page_is_an_error_with_near_ones(tmp_path: Path) -> None:
    output = making.full(tmp_path / "out")
    with pytest.raises(InputError, match=r"did you mean https://ja\.example/story/4") as caught:
        explain(output, "http://www.ja.example/story/4/")
    assert caught.value.got
    assert caught.value.valid
    with pytest.raises(InputError):
        explain(making.make(tmp_path / "empty"), "https://nothing.example/")


def test_a_part_of_a_url_leads_to_the_pages_that_hold_it(tmp_path: Path) -> None:
    output = making.full(tmp_path / "out")
    for asked in ("ja.example/story", "JA.example%2Fstory"):
        with pytest.raises(InputError, match=r"did you mean https://ja\.example/story/4\?$"):
            explain(output, asked)
    for asked in ("/s", "", "[a-z", "%zz", "\udcff"):
        with pytest.raises(InputError, match=r"look for it in the corpus"):
            explain(output, asked)


@pytest.mark.parametrize("picture", ["https://ja.example/a.jpg", "https://ja.example/icon.png"])
def test_the_url_of_a_picture_leads_to_its_page(tmp_path: Path, picture: str) -> None:
    """Whether it was kept or a rule dropped it."""
    with pytest.raises(InputError, match=r"it is a picture of https://ja\.example/story/4: explain that page"):
        explain(making.full(tmp_path / "out"), picture)


def test_of_a_picture_on_many_pages_three_are_told(tmp_path: Path) -> None:
    """Kept or dropped by a rule, and on one page more than once."""

    def page(n: int, drops: int) -> Document:
        logos = [Image(at, LOGO, drop=Drop("images.rules", "too_small", 16, 100)) for at in range(drops)]
        return making.document(n, f"https://p{n}.example/", "en", [Text(9, "A word."), *(logos or [Image(8, LOGO)])])

    for drops in ([4, 1, 1, 1, 1], [0, 0, 9, 1, 1], [0, 0, 0, 0, 9]):
        output = making.make(tmp_path / f"out{drops}", [page(n, many) for n, many in enumerate(drops, 1)])
        with pytest.raises(InputError, match=r"p1.example/ and of .*p2.example/ and of .*p3.example/: explain that"):
            explain(output, LOGO)


def test_without_reasons_it_says_how_to_keep_them(tmp_path: Path) -> None:
    output = making.full(tmp_path / "out", keep_dropped="none")
    found = explain(output, "https://ar.example/story/2")
    assert {n["fate"] for n in found["found"][0]["nodes"]} == {"kept"}
    assert "--keep-dropped reasons" in "\n".join(explanation_lines(found))
    with pytest.raises(InputError, match="--keep-dropped reasons"):
        explain(output, "https://bad.example/")

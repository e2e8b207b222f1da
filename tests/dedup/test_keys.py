"""URLs and texts that must and must not share a key."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from obelics_like.dedup.keys import IGNORED, canonical_url, exact_text_key, url_key

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "cases" / "dedup" / "urls.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("case", CASES, ids=[c["url"] for c in CASES])
def test_canonical_url(case: dict[str, str]) -> None:
    assert canonical_url(case["url"]) == case["key"]
    assert canonical_url(case["key"]) == case["key"]


@pytest.mark.parametrize(
    ("what", "one", "two"),
    [
        ("query_order", "http://e.org/?a=1&b=2", "http://e.org/?b=2&a=1"),
        ("www", "http://www.e.org/a", "https://E.org/a"),
        ("slash", "http://e.org/a/", "http://e.org/a"),
    ],
)
def test_what_counts_unless_told_otherwise(what: str, one: str, two: str) -> None:
    assert canonical_url(one) != canonical_url(two)
    assert canonical_url(one, {what}) == canonical_url(two, {what})
    assert all(canonical_url(one, {other}) != canonical_url(two, {other}) for other in {*IGNORED} - {what})


def test_what_is_ignored_is_no_more_than_that() -> None:
    assert canonical_url("http://www./", IGNORED) == "http://www/"
    assert canonical_url("http://e.org//", IGNORED) == canonical_url("http://www.e.org", IGNORED) == "http://e.org/"
    assert canonical_url("http://wwwe.org/a", IGNORED) == "http://wwwe.org/a"
    assert canonical_url("http://www.com/", IGNORED) == "http://www.com/"
    assert canonical_url("http://www.www.com/", IGNORED) == "http://www.com/"


_PIECES = st.sampled_from(
    [
        "http://",
        "HTTPS://",
        "ftp:",
        "e.org",
        "É.org",
        "www.",
        ":80",
        ":443",
        ":0080",
        ":8080",
        "user@",
        "/",
        "//",
        "/../",
        "/.",
        "%2e",
        "%2F",
        "%41",
        "%",
        "%%34%31",
        "%zz",
        "?",
        "&",
        "=",
        "utm_source=x",
        "%75tm_a=1",
        "fbclid",
        "#",
        "#!",
        "[::1]",
        "[",
        "]",
        "\\",
        " ",
        "\t",
        "猫",
        "\ud800",
        "a",
        "B",
        ";",
        "+",
        "~",
        "'",
        '"',
        "\x00",
        ".",
        "..",
        "。",
        "／",
    ]
)


@example("http://ftp::80")
@example("http://a.b.:443./")
@given(st.lists(_PIECES, max_size=12).map("".join) | st.text().map("http://e.org/".__add__) | st.text())
def test_canonical_url_of_itself_is_itself(url: str) -> None:
    for ignore in ((), IGNORED):
        once = canonical_url(url, ignore)
        assert canonical_url(once, ignore) == once
    assert len(url_key(url)) == 16


@given(st.text(alphabet="abcXYZ019-._~/?&=%+é猫 ", max_size=30))
def test_fragment_scheme_and_host_case_never_matter(rest: str) -> None:
    assert canonical_url(f"http://e.org/{rest}") == canonical_url(f"HTTPS://E.ORG:443/{rest}#part")


def test_texts_that_are_one_text() -> None:
    key = exact_text_key(["Two cats sat.", "On a mat."])
    assert key is not None
    assert len(key) == 16
    assert key == exact_text_key(["two  CATS\nsat. on\u00a0a mat."])
    assert key != exact_text_key(["On a mat.", "Two cats sat."])
    assert key != exact_text_key(["Two cats sat.", "On a mat"])


@pytest.mark.parametrize("texts", [[], [""], [" \n", "\t"]])
def test_no_text_has_no_key(texts: list[str]) -> None:
    assert exact_text_key(texts) is None


def test_many_zeros_for_a_port_cost_nothing() -> None:
    url, started = "http://a.example:" + "0" * 500_000 + "x/", time.process_time()
    assert canonical_url(url) == url
    assert time.process_time() - started < 1  # 25 minutes where they gave way to the digits behind them

"""Bytes to text: which evidence wins, and that nothing raises."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelics_like.extraction.charset import codec_of, decode

GERMAN = "Die Fähre verließ den Hafen früh; über vierzig Gäste waren an Bord, und Äpfel für die Inseln. " * 3
RUSSIAN = "Паром вышел из гавани в шесть утра, на борту было сорок человек и груз яблок для островов. " * 3
JAPANESE = "船は朝六時に港を出た。乗客は四十人で、島のためのりんごを積んでいた。霧が晴れるとは誰も思わなかった。" * 3
CHINESE = "渡轮早上六点离开港口，船上有四十人，还有运往岛上的苹果。没有人预料到雾会持续这么久。" * 3


@pytest.mark.parametrize(
    ("html", "content_type", "text", "charset"),
    [
        (b"\xef\xbb\xbf" + GERMAN.encode(), "text/html; charset=iso-8859-1", GERMAN, "utf-8"),
        (b"\xff\xfe" + GERMAN.encode("utf-16-le"), None, GERMAN, "utf-16-le"),
        (b"\xfe\xff" + GERMAN.encode("utf-16-be"), None, GERMAN, "utf-16-be"),
        (GERMAN.encode(), "text/html; charset=iso-8859-1", GERMAN, "utf-8"),
        (GERMAN.encode("latin-1"), "text/html; charset=ISO-8859-1", GERMAN, "windows-1252"),
        ("€uro".encode("cp1252"), "text/html; charset=latin1", "€uro", "windows-1252"),
        (b"<meta charset=windows-1251>" + RUSSIAN.encode("cp1251"), None, None, "windows-1251"),
        (b'<meta http-equiv=x content="text/html; charset=koi8-r">' + RUSSIAN.encode("koi8-r"), *[None] * 2, "koi8-r"),
        (b"<meta charset='gb2312'>" + CHINESE.encode("gb18030"), None, None, "gb18030"),
        (b"<meta charset=x-sjis>" + JAPANESE.encode("cp932"), "text/html", None, "shift_jis"),
        (b'<?xml version="1.0" encoding="euc-jp"?>' + JAPANESE.encode("euc-jp"), None, None, "euc-jp"),
        (RUSSIAN.encode("cp1251"), None, RUSSIAN, "windows-1251"),
        (JAPANESE.encode("cp932"), None, JAPANESE, "shift_jis"),
        (JAPANESE.encode("euc-jp"), None, JAPANESE, "euc-jp"),
        (GERMAN.encode() + b"\xff", None, GERMAN + "\ufffd", "utf-8"),
        (b"<meta charset=utf-16>" + GERMAN.encode("latin-1"), None, None, "windows-1252"),
        (b"", None, "", "utf-8"),
    ],
)  # fmt: skip
def test_decode(html: bytes, content_type: str | None, text: str | None, charset: str) -> None:
    got, name = decode(html, content_type)
    assert name == charset
    if text is not None:
        assert got == text
    else:
        assert "\ufffd" not in got


def test_a_long_header_of_blanks_is_read_in_one_pass() -> None:
    started = time.process_time()
    assert decode(b"\xe9" * 9, "text/html; charset=" + " " * 1_000_000 + ";")[1] == "windows-1252"
    assert time.process_time() - started < 1  # 3 hours where both runs of blanks gave way to one another


def test_a_declared_charset_that_does_not_fit_is_not_believed() -> None:
    text, charset = decode(RUSSIAN.encode("cp1251"), "text/html; charset=shift_jis")
    assert (text, charset) == (RUSSIAN, "windows-1251")


def test_http_wins_over_meta() -> None:
    html = b"<meta charset=windows-1251>" + "Größe".encode("latin-1")
    assert decode(html, "text/html; charset=iso-8859-1")[1] == "windows-1252"


@pytest.mark.parametrize("label", ["base64", "rot13", "zip", "utf-7", "unicode_escape", "", "\0", "x" * 5000])
def test_labels_that_are_no_charset(label: str) -> None:
    assert codec_of(label) is None


@given(st.binary(max_size=400), st.none() | st.text(max_size=40).map(lambda name: f"text/html; charset={name}"))
def test_never_raises(html: bytes, content_type: str | None) -> None:
    text, charset = decode(html, content_type)
    assert isinstance(text, str)
    assert charset

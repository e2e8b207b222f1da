"""Which URLs a fetch may name, and how they are sent."""

from __future__ import annotations

import pytest

from obelics_like.images.target import Refused, parse


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("file:///etc/passwd", "not_http"),
        ("ftp://host.example/a.png", "not_http"),
        ("gopher://host.example/", "not_http"),
        ("data:image/png;base64,AAAA", "not_http"),
        ("javascript:alert(1)", "not_http"),
        ("//host.example/a.png", "not_http"),
        ("/etc/passwd", "not_http"),
        ("", "not_http"),
        ("http://user@host.example/", "user_info"),
        ("http://user:secret@host.example/", "user_info"),
        ("http://good.example@127.0.0.1/", "user_info"),
        ("http://good.example\\@127.0.0.1/", "user_info"),
        ("http://good.example\\.evil.example/", "bad_url"),
        ("http://", "bad_url"),
        ("http://host.example:99999/", "bad_url"),
        ("http://host.example:x/", "bad_url"),
        ("http://ho st.example/", "bad_url"),
        ("http://[::1/", "bad_url"),
        ("http://[fe80::1%25eth0]:x/", "bad_url"),
        ("http://host..example/", "bad_url"),
        ("http://%31%32%37.0.0.1/", "bad_url"),
        ("http://" + "a" * 9000 + "/", "bad_url"),
        ("http://host.example:22/", "bad_port"),
        ("http://host.example:25/", "bad_port"),
        ("http://host.example:6379/", "bad_port"),
        ("http://host.example:11211/", "bad_port"),
    ],
)
def test_refused(url: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(url)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("HTTPS://Host.Example:443/a.png#x", "https://host.example/a.png"),
        ("http://host.example", "http://host.example/"),
        ("http://host.example:8080/a?b=c d", "http://host.example:8080/a?b=c%20d"),
        ("http://host.example./a%20b/ü.png", "http://host.example/a%20b/%C3%BC.png"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://[2606:4700:0::1]/", "http://[2606:4700::1]/"),
        ("http://a_b.example/x,w_100/y", "http://a_b.example/x,w_100/y"),
    ],
)
def test_how_a_url_is_sent(url: str, sent: str) -> None:
    assert parse(url).url == sent


def test_no_line_break_reaches_the_request() -> None:
    target = parse("http://host.example/a\r\nX-Evil: 1\r\n\r\n?b\r\nc")
    assert "\r" not in target.path + target.authority
    assert "\n" not in target.path + target.authority


def test_redirects_are_relative_and_never_lose_encryption() -> None:
    https = parse("https://host.example/a/b.png")
    assert https.redirected("../c.png").url == "https://host.example/c.png"
    assert parse("http://host.example/").redirected("https://host.example/").scheme == "https"
    with pytest.raises(Refused, match="downgrade"):
        https.redirected("http://host.example/c.png")
    with pytest.raises(Refused, match="not_http"):
        https.redirected("file:///etc/passwd")

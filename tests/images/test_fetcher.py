"""The attacks that the fetcher must survive, each from a loopback server."""

from __future__ import annotations

import gzip
import shutil
import ssl
import subprocess
import time
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.images.fetching import PICTURE, WITHIN, get
from tests.images.server import PNG, Server, dripping, endless, redirect, reply, silent


def test_a_picture_is_fetched(make: Any) -> None:
    found, server = get(make(), PICTURE)
    assert (found.data, found.reason) == (PNG, None)
    assert server.paths() == ["/robots.txt", "/a"]
    head = server.asked[1][2]
    assert "User-Agent: obelics-like/0 (+t@example.org)\r\n" in head
    assert f"Host: pictures.test:{server.port}\r\n" in head
    assert "cookie" not in head.lower()
    assert "authorization" not in head.lower()


def test_without_the_test_option_loopback_is_refused_untouched(make: Any) -> None:
    found, server = get(make(allowed=frozenset()), PICTURE)
    assert (found.data, found.reason) == (None, "not_global")
    assert server.asked == []


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"])
def test_a_name_that_resolves_to_a_private_address(make: Any, address: str) -> None:
    assert make(lambda *_: [address]).fetch("http://inside.test/a").reason == "not_global"


def test_an_address_in_the_url(make: Any) -> None:
    from obelics_like.images.address import system_resolver

    for host in ("10.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "169.254.169.254", "2852039166", "0x0a000001"):
        reason = make(system_resolver).fetch(f"http://{host}/latest/meta-data/").reason
        assert reason in ("not_global", "no_address"), host


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://inside.test/", "not_global"),
        ("//inside.test/x", "not_global"),
        ("file:///etc/passwd", "not_http"),
        ("ftp://pictures.test/a", "not_http"),
        ("gopher://pictures.test/a", "not_http"),
        ("http://u:p@pictures.test/a", "user_info"),
        ("http://pictures.test:25/a", "bad_port"),
        ("http://[::1", "bad_url"),
    ],
)
def test_a_redirect_is_checked_like_a_first_hop(make: Any, location: str, reason: str) -> None:
    def resolver(host: str, port: int) -> list[str]:
        return ["10.0.0.1"] if host == "inside.test" else ["127.0.0.1"]

    found, server = get(make(resolver), redirect(location))
    assert found.reason == reason
    assert server.paths() == ["/robots.txt", "/a"]


def test_redirects_are_followed_to_the_picture(make: Any) -> None:
    found, server = get(make(), redirect("/b"), **{"/b": redirect("c", "308 Permanent"), "/c": PICTURE})
    assert found.data == PNG
    assert found.url == server.url("/c")


def test_a_redirect_loop_ends(make: Any) -> None:
    found, server = get(make(), redirect("/a"))
    assert found.reason == "too_many_redirects"
    assert server.paths().count("/a") == 6


def test_a_redirect_to_nowhere(make: Any) -> None:
    assert get(make(), reply(status="302 Found"))[0].reason == "bad_response"


def test_rebinding_finds_no_second_look_up(make: Any) -> None:
    """The first answer is checked and used; an answer that changes afterwards is never asked for."""
    answers = iter([["127.0.0.1"]] + [["10.0.0.1"]] * 9)
    found, _ = get(make(lambda *_: next(answers)), PICTURE)
    assert found.data == PNG
    assert next(answers) == ["10.0.0.1"]  # robots.txt and picture took one look-up
    assert len(list(answers)) == 8


def test_a_slow_drip_is_cut_at_the_deadline(make: Any) -> None:
    found, _ = get(make(), dripping(PICTURE + b"x" * 10_000), seconds=0.5)
    assert found.reason == "timeout"


def test_a_slow_drip_of_the_body_is_cut_at_the_deadline(make: Any) -> None:
    def drip(connection: Any) -> None:
        connection.sendall(reply(length=10_000))
        dripping(b"x" * 10_000)(connection)

    assert get(make(), drip, seconds=0.5)[0].reason == "timeout"


def test_the_deadline_spans_redirects(make: Any) -> None:
    def slow(connection: Any) -> None:
        time.sleep(0.3)
        connection.sendall(redirect("/a"))

    assert get(make(), slow, seconds=0.5)[0].reason == "timeout"


def test_silence(make: Any) -> None:
    assert get(make(), silent, seconds=0.3)[0].reason == "timeout"


def test_an_endless_stream_is_cut_at_the_byte_cap(make: Any) -> None:
    assert get(make(), endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 10_000))[0].reason == "too_large"


def test_an_endless_chunked_stream(make: Any) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert get(make(), endless(head, b"400\r\n" + b"x" * 1024 + b"\r\n"))[0].reason == "too_large"


def test_endless_headers(make: Any) -> None:
    assert get(make(), endless(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"))[0].reason == "bad_response"


def test_one_endless_header(make: Any) -> None:
    assert get(make(), endless(b"HTTP/1.1 200 OK\r\nX: ", b"y" * 1000))[0].reason == "bad_response"


def test_an_endless_status_line(make: Any) -> None:
    assert get(make(), endless(b"HTTP/1.1 200 ", b"K" * 1000))[0].reason == "bad_response"


def test_endless_interim_answers(make: Any) -> None:
    found, _ = get(make(), endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), seconds=0.5)
    assert found.reason == "timeout"


def test_endless_trailers(make: Any) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
    assert get(make(), endless(head, b"X: y\r\n"), seconds=0.5)[0].reason == "timeout"


def test_a_gzip_bomb_costs_its_limit_and_not_its_size(make: Any) -> None:
    bomb = gzip.compress(b"\0" * 90_000_000)
    assert len(bomb) < 100_000
    tracemalloc.start()  # the peak of the process would not do: to make the bomb took more than the bomb would
    assert get(make(), reply(bomb, Content_Encoding="gzip"))[0].reason == "too_large"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


def test_stacked_encodings_are_refused(make: Any) -> None:
    body = gzip.compress(gzip.compress(PNG))
    assert get(make(), reply(body, Content_Encoding="gzip, gzip"))[0].reason == "bad_encoding"
    assert get(make(), reply(PNG, Content_Encoding="br"))[0].reason == "bad_encoding"


@pytest.mark.parametrize(
    ("name", "pack"), [("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_an_encoding_that_nobody_asked_for(make: Any, name: str, pack: Any) -> None:
    assert get(make(), reply(pack(PNG), Content_Encoding=name))[0].data == PNG
    assert get(make(), reply(pack(PNG)[:-9], Content_Encoding=name))[0].reason == "truncated"
    assert get(make(), reply(PNG, Content_Encoding=name))[0].reason == "bad_encoding"


def test_a_content_length_that_lies(make: Any) -> None:
    assert get(make(), reply(PNG, length=len(PNG) + 50))[0].reason == "truncated"
    assert get(make(), reply(PNG, length=10**9))[0].reason == "too_large"
    assert get(make(), reply(PNG, length=10**30))[0].reason == "too_large"
    assert get(make(), reply(PNG, length=-1))[0].data == PNG  # says nothing: read to the end
    assert get(make(), reply(PNG, length=10))[0].data == PNG[:10]  # too short: for the decoder to see


def test_a_chunked_body_cut_short(make: Any) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert get(make(), head + b"40\r\nabc")[0].reason == "truncated"
    assert get(make(), head + b"zz\r\nabc")[0].reason in ("truncated", "bad_response")


def test_garbage_for_an_answer(make: Any) -> None:
    for garbage in (b"SSH-2.0-OpenSSH_9\r\n", b"\0" * 500, b"HTTP/9.9 abc\r\n\r\n", b"+OK\r\n"):
        assert get(make(), garbage)[0].reason == "bad_response"
    assert get(make(), lambda connection: None)[0].reason in ("bad_response", "unreachable")


@pytest.mark.parametrize("status", ["401 X", "403 X", "404 X", "410 X", "500 X", "204 X", "206 X", "304 X"])
def test_a_status_is_the_reason(make: Any, status: str) -> None:
    assert get(make(), reply(PNG, status))[0].reason == f"http_{status[:3]}"


def test_an_empty_body(make: Any) -> None:
    assert get(make(), reply())[0].reason == "empty"


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "TEXT/plain", "application/json"])
def test_a_page_in_place_of_a_picture(make: Any, kind: str) -> None:
    assert get(make(), reply(b"<html>", Content_Type=kind))[0].reason == "not_an_image"


def test_a_dead_address_does_not_hide_a_live_one(make: Any) -> None:
    """Both were checked: 127.0.0.9 has no listener there."""
    fetcher = make(lambda *_: ["127.0.0.9", "127.0.0.1"], allowed=frozenset(("127.0.0.9", "127.0.0.1")))
    assert get(fetcher, PICTURE)[0].data == PNG


def test_proxies_of_the_environment_are_not_asked(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert get(make(), PICTURE)[0].data == PNG


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for pictures.test, made for this session."""
    if not (openssl := shutil.which("openssl")):
        pytest.skip("needs the command openssl to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    made = [
        openssl,
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    made += ["-keyout", str(key), "-out", str(cert), "-subj", "/CN=pictures.test"]
    subprocess.run([*made, "-addext", "subjectAltName=DNS:pictures.test"], check=True, capture_output=True, timeout=300)
    return cert, key


@pytest.fixture
def served(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def trusting(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate[0]))


def test_https_with_a_known_certificate(make: Any, certificate: tuple[Path, Path], served: ssl.SSLContext) -> None:
    with Server({"/a": PICTURE}, served) as server:
        assert make(tls=trusting(certificate)).fetch(server.url("/a")).data == PNG


def test_https_with_an_unknown_certificate(make: Any, served: ssl.SSLContext) -> None:
    with Server({"/a": PICTURE, "/robots.txt": reply()}, served) as server:
        assert make().fetch(server.url("/a")).reason == "robots_unreachable"
    assert server.asked == []


def test_https_with_another_hosts_certificate(
    make: Any, certificate: tuple[Path, Path], served: ssl.SSLContext
) -> None:
    with Server({"/a": PICTURE}, served) as server:
        assert make(tls=trusting(certificate)).fetch(server.url("/a", "other.test")).data is None
    assert server.asked == []


def test_no_redirect_from_https_to_http(make: Any, certificate: tuple[Path, Path], served: ssl.SSLContext) -> None:
    with Server({"/a": PICTURE}) as plain, Server({"/a": redirect(plain.url("/a"))}, served) as server:
        assert make(tls=trusting(certificate)).fetch(server.url("/a")).reason == "downgrade"
    assert plain.asked == []


def test_a_handshake_that_never_ends(make: Any) -> None:
    with Server({}) as server:
        url = server.url("/a").replace("http:", "https:")
        began = time.monotonic()
        assert make(seconds=0.3).fetch(url).reason == "robots_unreachable"
    assert time.monotonic() - began < WITHIN

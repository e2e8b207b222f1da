"""The fetcher's manners: permission asked and honoured, one request at a time, pauses kept."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import pytest

from obelics_like.images.fetcher import retry_after
from tests.images.fetching import PICTURE, WITHIN, get, hasten, nobody
from tests.images.server import PNG, Answer, Server, endless, redirect, reply, silent


@pytest.mark.parametrize("tag", ["noai", "noindex, nofollow", "obelics-like: noai"])
def test_x_robots_tag_is_honoured_before_the_body_is_read(make: Any, tag: str) -> None:
    answer = endless(reply(length=99_999, X_Robots_Tag=tag), b"x")
    assert get(make(), answer)[0].reason == "x_robots_tag"


def test_robots_disallow(make: Any) -> None:
    rules = {"/robots.txt": reply(b"User-agent: *\nDisallow: /a")}
    found, server = get(make(), PICTURE, **rules)
    assert found.reason == "robots"
    assert server.paths() == ["/robots.txt"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (reply(status="404 Not Found"), None),
        (reply(status="403 Forbidden"), None),
        (reply(status="410 Gone"), None),
        (reply(status="500 Oops"), "robots_unreachable"),
        (reply(status="503 Busy"), "robots_unreachable"),
        (reply(status="429 Busy"), "robots_unreachable"),
        (silent, "robots_unreachable"),
        (b"garbage", "robots_unreachable"),
        (redirect("/robots.txt"), "robots_unreachable"),
        (redirect("http://inside.test/robots.txt"), "not_global"),
        (reply(b""), None),
        (reply(b"User-agent: *\nDisallow:\n" + b"# long\n" * 90_000), None),
        (reply(b"User-agent: *\nDisallow: /a\n" + b"# long\n" * 90_000), "robots"),
    ],
)
def test_what_the_answer_for_robots_means(make: Any, answer: Answer, reason: str | None) -> None:
    def resolver(host: str, port: int) -> list[str]:
        return ["10.0.0.1"] if host == "inside.test" else ["127.0.0.1"]

    found, server = get(make(resolver, seconds=0.5 if answer is silent else 60.0), PICTURE, **{"/robots.txt": answer})
    assert found.reason == reason
    assert ("/a" in server.paths()) is (reason is None)


def test_robots_is_asked_once_a_host(make: Any) -> None:
    fetcher = make()
    with Server({"/a": PICTURE, "/b": PICTURE}) as server:
        for path in ("/a", "/b", "/a"):
            assert fetcher.fetch(server.url(path)).data == PNG
        assert fetcher.fetch(server.url("/a", "other.test")).data == PNG
    assert server.paths() == ["/robots.txt", "/a", "/b", "/a", "/robots.txt", "/a"]


def test_robots_of_the_redirects_host_is_asked_too(make: Any) -> None:
    with Server({"/robots.txt": reply(b"User-agent: *\nDisallow: /"), "/a": PICTURE}) as other:
        found, _ = get(make(), redirect(other.url("/a", "other.test")))
    assert found.reason == "robots"
    assert other.paths() == ["/robots.txt"]


def test_busy_is_waited_for_and_asked_again(make: Any) -> None:
    found, server = get(make(), [reply(status="429 Busy", Retry_After="1"), PICTURE])
    assert found.data == PNG
    times = [at for at, path, _ in server.asked if path == "/a"]
    assert times[1] - times[0] > 0.9


def test_busy_twice_is_given_up(make: Any) -> None:
    found, server = get(make(), reply(status="503 Busy", Retry_After="0"))
    assert found.reason == "http_503"
    assert server.paths().count("/a") == 2


def test_a_host_that_asks_for_an_hour_is_left_alone(make: Any) -> None:
    fetcher = make()
    with Server({"/a": reply(status="429 Busy", Retry_After="3600"), "/b": PICTURE}) as server:
        assert fetcher.fetch(server.url("/a")).reason == "http_429"
        assert fetcher.fetch(server.url("/b")).reason == "host_busy"
    assert server.paths() == ["/robots.txt", "/a"]


def test_a_dead_host_is_left_alone(make: Any) -> None:
    fetcher = make(max_host_failures=2)
    with Server({"/a": silent}) as server:
        hasten(fetcher, server, 0.3)
        reasons = [fetcher.fetch(server.url("/a")).reason for _ in range(4)]
    assert reasons == ["timeout", "timeout", "host_down", "host_down"]


def test_nobody_listens(make: Any) -> None:
    with nobody() as port:
        assert make().fetch(f"http://pictures.test:{port}/a").reason == "robots_unreachable"


def test_the_delay_lies_between_any_two_requests(make: Any) -> None:
    fetcher = make(delay=0.3)
    with Server({"/a": redirect("/b"), "/b": PICTURE}) as server:
        assert fetcher.fetch(server.url("/a")).data == PNG
    times = [at for at, _, _ in server.asked]
    assert all(later - earlier > 0.28 for earlier, later in pairwise(times))


def test_a_crawl_delay_is_honoured_within_bounds(make: Any) -> None:
    rules = {"/robots.txt": reply(b"User-agent: *\nCrawl-delay: 99999")}
    fetcher = make(max_wait=0.5)
    with Server({"/a": PICTURE, **rules}) as server:
        for _ in range(2):
            assert fetcher.fetch(server.url("/a")).data == PNG
    times = [at for at, path, _ in server.asked if path == "/a"]
    assert 0.45 < times[1] - times[0] < WITHIN


def test_one_request_at_a_time_to_a_host_even_for_two_fetchers(make: Any) -> None:
    from concurrent.futures import ThreadPoolExecutor

    busy, most = [], []

    def slow(connection: Any) -> None:
        busy.append(1)
        most.append(len(busy))
        time.sleep(0.1)
        busy.pop()
        connection.sendall(PICTURE)

    with Server({"/a": slow}) as server, ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: make().fetch(server.url("/a")), range(4)))
    assert [f.data for f in found] == [PNG] * 4
    assert most == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("0", 0), ("7", 7), ("-7", 0), ("", 0), ("soon", 0), ("9" * 40, 999999999), ("Thu, 01 Jan 1970 00:02:00 GMT", 20)],
)
def test_retry_after(value: str, seconds: float) -> None:
    assert retry_after(value, 100.0) == seconds

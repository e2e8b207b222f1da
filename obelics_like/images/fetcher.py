"""Fetching a URL safely and politely: redirects, permission, turns, Retry-After.

It keeps nothing on disk but the turns; the stage `images.fetch` decides what to fetch and stores it.
"""

from __future__ import annotations

import email.utils
import ssl
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Lock

from obelics_like.images import robots
from obelics_like.images.address import Resolver, resolve, system_resolver
from obelics_like.images.network import Deadline, Reply, exchange
from obelics_like.images.target import Refused, Target, parse
from obelics_like.images.turns import Hold, Turns

REDIRECTS = frozenset((301, 302, 303, 307, 308))
BUSY = frozenset((429, 503))
ACCEPT = "image/avif,image/webp,image/png,image/jpeg,image/*;q=0.8"
PIN_SECONDS = 600.0
ROBOTS_SECONDS = 24 * 3600.0
NO_PICTURES = ("text/", "application/json", "application/xhtml", "application/xml", "application/javascript")
HOST_FAULTS = frozenset(("timeout", "unreachable", "no_address", "tls"))


@dataclass(frozen=True, slots=True)
class Manners:
    """How to behave: see the options of `images.fetch`. Times are in seconds, sizes in bytes."""

    agent: str
    scratch: Path
    seconds: float = 30.0
    max_bytes: int = 20_000_000
    max_redirects: int = 5
    delay: float = 1.0
    max_wait: float = 30.0
    retries: int = 1
    max_host_failures: int = 5
    refused_tags: tuple[str, ...] = ()
    allowed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of the URL `key`: its bytes, or the reason why there are none; `url` is where redirects led."""

    key: str
    url: str
    data: bytes | None
    reason: str | None
    date: str


class _Later(Exception):
    """The server is busy; `seconds` is the pause that it asks for, 0 if it named none."""

    def __init__(self, status: int, seconds: float) -> None:
        super().__init__(status, seconds)
        self.status, self.seconds = status, seconds


@dataclass(slots=True)
class Fetcher:
    """Fetches one URL after another; may be shared by threads, each with hosts of its own.

    `resolver` and `tls` are there for tests; the defaults are the system's resolver and its trusted authorities.
    """

    manners: Manners
    resolver: Resolver = system_resolver
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    _turns: Turns = field(init=False)
    _pins: dict[tuple[str, int], tuple[float, list[str]]] = field(default_factory=dict, init=False)
    _robots: dict[str, tuple[float, robots.Robots | str]] = field(default_factory=dict, init=False)
    _failures: Counter[str] = field(default_factory=Counter, init=False)
    _closed: dict[str, float] = field(default_factory=dict, init=False)
    _locks: dict[str, Lock] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._turns = Turns(self.manners.scratch / "turns", self.manners.delay, self.manners.max_wait)

    def fetch(self, url: str) -> Fetched:
        """Fetch a picture; nothing that a server does raises."""
        date = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            target, data = self._with_retries(parse(url))
        except Refused as refused:
            return Fetched(url, url, None, refused.reason, date)
        return Fetched(url, target.url, data or None, None if data else "empty", date)

    def _with_retries(self, target: Target) -> tuple[Target, bytes]:
        retries = self.manners.retries
        while True:
            try:
                return self._follow(target, self.manners.max_bytes, ACCEPT, asks=True)
            except _Later as later:
                if later.seconds > self.manners.max_wait or not retries:
                    raise Refused(f"http_{later.status}") from None
                retries -= 1

    def _follow(self, target: Target, limit: int, accept: str, asks: bool) -> tuple[Target, bytes]:
        """Follow redirects to a body; `asks` says whether permission and content type count (robots.txt: no)."""
        deadline = Deadline(self.manners.seconds)
        for _ in range(self.manners.max_redirects + 1):
            delay = self._permission(target, deadline) if asks else None
            self._standing(target.host)
            addresses = self._addresses(target, deadline)
            with self._turns.take(target.host, delay) as hold:
                deadline.extend(hold.waited)
                read = partial(self._read, hold=hold, limit=limit, asks=asks)
                found = self._hop(target, addresses, accept, deadline, read)
            if isinstance(found, bytes):
                return target, found
            target = target.redirected(found)
        raise Refused("too_many_redirects")

    def _hop(
        self,
        target: Target,
        addresses: list[str],
        accept: str,
        deadline: Deadline,
        read: Callable[[Reply], bytes | str],
    ) -> bytes | str:
        """One request: its body, or where it redirects to; counts a host's faults and remembers a closed door."""
        try:
            with exchange(target, addresses, self.manners.agent, accept, self.tls, deadline) as reply:
                found = read(reply)
        except Refused as refused:
            self._count(target.host, refused.reason)
            raise
        except _Later as later:
            if later.seconds > self.manners.max_wait:
                self._closed[target.host] = time.monotonic() + later.seconds
            raise
        self._count(target.host, "")
        return found

    def _count(self, host: str, reason: str) -> None:
        """Count a host's faults in a row; any answer at all starts the count anew."""
        self._failures[host] = self._failures[host] + 1 if reason in HOST_FAULTS else 0

    def _read(self, reply: Reply, hold: Hold, limit: int, asks: bool) -> bytes | str:
        if reply.status in REDIRECTS:
            if not (location := reply.header("location")):
                raise Refused("bad_response")
            return location
        if reply.status in BUSY:
            seconds = retry_after(reply.header("retry-after"), time.time())
            hold.pause = max(hold.pause, seconds)
            raise _Later(reply.status, seconds)
        if reply.status != 200:
            raise Refused(f"http_{reply.status}")
        if asks:
            if robots.refused_tag(reply.headers("x-robots-tag"), self.manners.refused_tags):
                raise Refused("x_robots_tag")
            if reply.header("content-type").lower().startswith(NO_PICTURES):
                raise Refused("not_an_image")
        return reply.body(limit, cut=not asks)

    def _standing(self, host: str) -> None:
        """Raise Refused where the host is not to be asked again: it asked for a long pause, or is dead."""
        if self._closed.get(host, 0.0) > time.monotonic():
            raise Refused("host_busy")
        if self._failures[host] >= self.manners.max_host_failures:
            raise Refused("host_down")

    def _addresses(self, target: Target, deadline: Deadline) -> list[str]:
        """The host's checked addresses, pinned for a while: robots.txt and picture come from the same server."""
        expires, addresses = self._pins.get((target.host, target.port), (0.0, []))
        if expires < time.monotonic():
            try:
                addresses = resolve(target.host, target.port, self.resolver, deadline.left(), self.manners.allowed)
            except Refused as refused:
                self._count(target.host, refused.reason)
                raise
            self._pins[target.host, target.port] = (time.monotonic() + PIN_SECONDS, addresses)
        return addresses

    def _permission(self, target: Target, deadline: Deadline) -> float | None:
        """Ask robots.txt, once a day and server; returns its Crawl-delay.

        Raises Refused: robots, robots_unreachable, or why the server's address was refused.
        """
        server = target.at("").url
        began = time.monotonic()
        with self._locks.setdefault(server, Lock()):
            expires, rules = self._robots.get(server, (0.0, ""))
            if expires < time.monotonic():
                rules = self._fetch_robots(target)
                self._robots[server] = (time.monotonic() + ROBOTS_SECONDS, rules)
        deadline.extend(time.monotonic() - began)
        if isinstance(rules, str):
            raise Refused(rules)
        if not rules.allows(target.path):
            raise Refused("robots")
        return rules.delay

    def _fetch_robots(self, target: Target) -> robots.Robots | str:
        """The rules, or the reason for which there is no permission (RFC 9309, 2.3.1: 4xx permits, all else does not).

        429 is no permission here: a server that can't be asked now has not said yes.
        """
        try:
            _, data = self._follow(target.at("/robots.txt"), robots.MAX_BYTES, "text/plain,*/*;q=0.1", asks=False)
        except Refused as refused:
            if refused.reason.startswith("http_4"):
                return robots.Robots()
            return refused.reason if refused.reason in ("not_global", "no_address") else "robots_unreachable"
        except _Later:
            return "robots_unreachable"
        return robots.read_robots(data)


def retry_after(value: str, now: float) -> float:
    """The seconds that a Retry-After header asks for, from `now` (seconds since 1970); 0 where it says nothing.

    >>> retry_after("120", 0.0), retry_after("Thu, 01 Jan 1970 00:01:00 GMT", 0.0), retry_after("soon", 0.0)
    (120.0, 60.0, 0.0)
    """
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - now)
    except (TypeError, ValueError, OverflowError):
        return 0.0

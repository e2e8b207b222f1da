"""Reading a URL the way the fetcher will use it, and refusing those it must not touch.

It opens nothing and resolves nothing: the addresses behind a host are `address.py`'s.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from urllib.parse import quote, urljoin, urlsplit

MAX_URL = 8192
_HOST = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_PATH_SAFE = "/%:@!$&'()*+,;=~"
_QUERY_SAFE = _PATH_SAFE + "?[]|"
_DEFAULT_PORT = {"http": 80, "https": 443}
_OTHER_SERVICES = frozenset(
    (
        1719,
        1720,
        1723,
        2049,
        3659,
        4045,
        4190,
        5060,
        5061,
        6000,
        6379,
        6566,
        *range(6665, 6670),
        6679,
        6697,
        10080,
        11211,
    )
)
"""Ports above 1023 that speak something else, which a crafted request could reach (after the WHATWG's bad ports)."""


class Refused(Exception):
    """A fetch that was not made, or not finished; `reason` is one word for the record (`robots`, `http_404`)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart: `host` is lower-case ASCII (no brackets), `path` holds the query and is percent-encoded."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORT[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole URL, without fragment."""
        return f"{self.scheme}://{self.authority}{self.path}"

    def at(self, path: str) -> Target:
        """Another path of the same server."""
        return Target(self.scheme, self.host, self.port, path)

    def redirected(self, location: str) -> Target:
        """Where a redirect leads; Refused("downgrade") from https to http, and for all that `parse` refuses."""
        try:
            found = parse(urljoin(self.url, location))
        except ValueError:  # urljoin parses brackets
            raise Refused("bad_url") from None
        if self.scheme == "https" and found.scheme == "http":
            raise Refused("downgrade")
        return found


def parse(url: str) -> Target:
    """Take a URL apart; raises Refused with not_http, user_info, bad_port or bad_url.

    >>> parse("HTTP://Example.org:80/a b.png#top").url
    'http://example.org/a%20b.png'
    """
    if len(url) > MAX_URL:
        raise Refused("bad_url")
    try:
        parts = urlsplit(url.strip())
        port, host = parts.port, parts.hostname
    except ValueError:
        raise Refused("bad_url") from None
    if parts.scheme not in _DEFAULT_PORT:
        raise Refused("not_http")
    if "@" in parts.netloc:
        raise Refused("user_info")
    port = _DEFAULT_PORT[parts.scheme] if port is None else port
    if (port < 1024 and port not in _DEFAULT_PORT.values()) or port in _OTHER_SERVICES:
        raise Refused("bad_port")
    path = quote(parts.path or "/", safe=_PATH_SAFE)
    query = "?" + quote(parts.query, safe=_QUERY_SAFE) if parts.query else ""
    return Target(parts.scheme, _host(host or "", "[" in parts.netloc), port, path + query)


def _host(host: str, bracketed: bool) -> str:
    try:
        if bracketed:
            return str(IPv6Address(host))
        name = host.encode("idna").decode("ascii").lower().removesuffix(".")
    except ValueError:  # UnicodeError is one
        raise Refused("bad_url") from None
    if len(name) > 253 or not _HOST.fullmatch(name):
        raise Refused("bad_url")
    return name

"""A file behind http(s), read at positions by ranged requests; what a cut connection leaves is asked for again.

It fetches what a user named as an input. Pictures of web pages are another matter: `images.fetcher` fetches those.
"""

from __future__ import annotations

import re
import socket
import tempfile
import time
from functools import lru_cache
from ipaddress import ip_address
from typing import IO, Any
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

from obelics_like import __version__
from obelics_like.sources.remote import WEB, NotThere, Patience, Unreachable

CHUNK = 1 << 18
MOST_AHEAD = 1 << 25
"""Bytes of one request, at most, where reading goes on and on: the answer is streamed, so this bounds no memory."""
GAP = 1 << 16
"""Bytes that are sooner read and passed over than that a new connection is made."""
SECONDS = (10.0, 30.0)
"""Until a connection stands, and until the next bytes come."""
SLOWEST = 1000
"""Bytes a second that a host must give to be borne with for longer than PATIENCE_SECONDS."""
REDIRECTS = 5
SHORT = 1 << 16
"""Bytes of a redirect's own body that are read, so that its connection lives on."""
NO_RANGES = 1 << 33
"""Bytes of a file, at most, that is copied whole to a temporary file because its server knows no ranges: 8 GB."""

HEADERS = {"User-Agent": f"obelics-like/{__version__}", "Accept-Encoding": "identity"}
BUSY = (408, 425, 429, 500, 502, 503, 504)
GONE = (401, 403, 404, 410, 451)
RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)")


class Busy(Exception):
    """An answer that another attempt may better."""

    def __init__(self, fault: str, after: float | None = None) -> None:
        super().__init__(fault)
        self.after = after


class WebFile:
    """See `remote.RemoteFile`. One connection is kept and read on where the next bytes wanted are the next it gives."""

    def __init__(self, url: str) -> None:
        self.url, self.identity = url, ""
        self._size = -1
        self._answer: Any = None
        self._at = self._stop = 0
        """Where the open answer stands in the file, and where it ends."""
        self._ahead = 0
        self._copy: IO[bytes] | None = None

    @property
    def size(self) -> int:
        """Bytes of the file. Raises Unreachable."""
        if self._size < 0:
            patience = Patience(self.url)
            while self._size < 0:
                try:
                    self._ask(0, 1)
                except _transient() as fault:
                    self._drop()
                    patience.wait(fault, getattr(fault, "after", None))
        return self._size

    def pread(self, count: int, at: int, end: int) -> bytes:
        """See `remote.RemoteFile`."""
        patience = Patience(self.url)
        got, spent = bytearray(), 0.0
        while len(got) < count and (self._size < 0 or at + len(got) < self._size):
            began = time.monotonic()
            try:
                part = self._read(count - len(got), at + len(got), end)
            except _transient() as fault:
                self._drop()
                patience.wait(fault, getattr(fault, "after", None))
                continue
            got += part
            spent += time.monotonic() - began
            slow = self._copy is None and len(got) < min(count, SLOWEST * spent)
            if slow and spent > patience.limit:  # an endless drip is no progress
                raise Unreachable(f"{self.url}: {len(got)} bytes in {spent:.0f} s")
            patience.gained()
        return bytes(got)

    def close(self) -> None:
        """Give back the connection, and the copy if there is one."""
        self._drop()
        if self._copy is not None:
            self._copy.close()
            self._copy = None

    def _read(self, count: int, at: int, end: int) -> bytes:
        """Some of the bytes at `at`, at least one. Raises Busy where the answer ends before it should."""
        if self._answer is None or not self._at <= at < min(self._stop, self._at + GAP):
            went_on = at == self._stop and self._ahead > 0
            self._ahead = min(2 * self._ahead, MOST_AHEAD) if went_on else count
            self._ask(at, min(max(count, self._ahead), max(count, end - at)))
        if self._answer is None and self._copy is None:  # an empty file
            return b""
        if self._copy is not None:
            self._copy.seek(at)
            return self._copy.read(count)
        while self._at < at:
            self._take(at - self._at)
        return self._take(min(count, self._stop - at))

    def _take(self, count: int) -> bytes:
        data: bytes = self._answer.read1(min(count, CHUNK), decode_content=False)
        if not data:
            raise Busy(f"the connection was cut at byte {self._at}")
        self._at += len(data)
        if self._at >= self._stop:
            self._drop()
        return data

    def _ask(self, at: int, count: int) -> None:
        """Ask for a range; afterwards the answer stands at byte `at`, or there is a copy."""
        if self._copy is not None:
            return
        self._drop()
        headers = {**HEADERS, "Range": f"bytes={at}-{at + count - 1}"}
        answer = self._final(headers)
        try:
            self._judge(answer, at)
        except BaseException:
            answer.close()
            raise

    def _final(self, headers: dict[str, str]) -> Any:
        """The answer at the end of the redirects. Raises Unreachable where they lead astray."""
        url = self.url
        for _ in range(REDIRECTS + 1):
            answer = _pool(url).request("GET", url, headers=headers, preload_content=False, redirect=False)
            location = answer.get_redirect_location()
            if not location:
                return answer
            length = answer.headers.get("Content-Length", "")
            if length.isdecimal() and int(length) <= SHORT:
                answer.drain_conn()
                answer.release_conn()
            else:
                answer.close()
            if astray := _astray(url, location):
                raise Unreachable(f"{self.url}: led to {location}, which is {astray}")
            url = urljoin(url, location)
        raise Unreachable(f"{self.url}: more than {REDIRECTS} redirects")

    def _judge(self, answer: Any, at: int) -> None:
        status = answer.status
        if status in BUSY:
            raise Busy(f"HTTP status {status}", _after(answer.headers.get("Retry-After")))
        if status in GONE:
            raise NotThere(f"{self.url}: HTTP status {status}")
        said = RANGE.match(answer.headers.get("Content-Range", ""))
        if status == 416 and said and int(said[3]) == 0:
            self._known(answer, 0)
            answer.close()
        elif status == 206 and said and said[1] is not None:
            if int(said[1]) != at or int(said[2]) < at:
                raise Unreachable(f"{self.url}: asked for byte {at}, it gave bytes {said[1]} to {said[2]}")
            self._known(answer, int(said[3]))
            self._answer, self._at, self._stop = answer, at, min(int(said[2]) + 1, self._size)
        elif status == 200:
            self._take_whole(answer)
        else:
            raise Unreachable(f"{self.url}: HTTP status {status} to a ranged request; it may have changed")

    def _known(self, answer: Any, size: int) -> None:
        """Note size and identity. Raises Unreachable if they are others than before."""
        mark = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
        identity = f"{mark} {size}"
        if self.identity and identity != self.identity:
            raise Unreachable(f"{self.url}: it changed while it was read ({self.identity} is now {identity})")
        self.identity, self._size = identity, size

    def _take_whole(self, answer: Any) -> None:
        """The server gives the whole file, whatever range is asked for: copy it, for reading at positions."""
        declared = answer.headers.get("Content-Length", "0")
        if declared.isdecimal() and int(declared) > NO_RANGES:
            raise Unreachable(f"{self.url}: its server knows no ranges, and it is longer than {NO_RANGES} bytes")
        copy = tempfile.TemporaryFile()  # noqa: SIM115  # closed with this object
        began, patience = time.monotonic(), Patience(self.url)
        try:
            while data := answer.read1(CHUNK, decode_content=False):
                copy.write(data)
                if copy.tell() > NO_RANGES:
                    raise Unreachable(f"{self.url}: its server knows no ranges and gives more than {NO_RANGES} bytes")
                spent = time.monotonic() - began
                if spent > patience.limit and copy.tell() < SLOWEST * spent:
                    raise Unreachable(f"{self.url}: {copy.tell()} bytes in {spent:.0f} s")
            self._known(answer, copy.tell())
        except BaseException:
            copy.close()
            raise
        self._copy = copy

    def _drop(self) -> None:
        """Be done with the open answer; its connection lives on if it was read to its end."""
        answer, self._answer = self._answer, None
        if answer is not None and self._at >= self._stop:
            answer.release_conn()
        elif answer is not None:
            answer.close()


def _astray(url: str, location: str) -> str:
    """Why a redirect is not followed; empty if it is. An archive here may lead on here, but none elsewhere may."""
    try:
        parts = urlsplit(urljoin(url, location))
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "no URL"
    if parts.scheme.lower() not in WEB or not host:
        return "no web address"
    if urlsplit(url).scheme.lower() == "https" and parts.scheme.lower() == "http":
        return "not https"
    inwards = inside(host) and not inside(urlsplit(url).hostname or "")
    return "an address of this machine or its own network" if inwards else ""


@lru_cache(maxsize=1024)
def inside(host: str) -> bool:
    """Whether a host's name leads to an address that is not a public one; False where it can't be told."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return any(not ip_address(str(address[0]).partition("%")[0]).is_global for *_, address in found)


@lru_cache(maxsize=1)
def _transient() -> tuple[type[Exception], ...]:
    """What another attempt may better: whatever urllib3 says of a connection, and the system's own words."""
    from urllib3.exceptions import HTTPError

    return (HTTPError, Busy, ConnectionError, TimeoutError)


def _pool(url: str) -> Any:
    """The connections of this process, by way of the proxy that the environment names, if it names one."""
    parts = urlsplit(url)
    proxy = None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme.lower())
    return _connections(proxy)


@lru_cache(maxsize=2)
def _connections(proxy: str | None) -> Any:
    import urllib3

    settings: dict[str, Any] = {
        "timeout": urllib3.Timeout(*SECONDS),
        "retries": False,  # they are for Patience
        "maxsize": 16,
    }
    return urllib3.ProxyManager(proxy, **settings) if proxy else urllib3.PoolManager(**settings)


def _after(said: str | None) -> float | None:
    return float(said) if said and said.isdecimal() else None

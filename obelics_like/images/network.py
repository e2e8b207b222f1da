"""One HTTP request to an address that was checked, within a deadline and a byte limit.

It follows no redirect, asks no permission and waits for no turn: that is `fetcher.py`'s.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from obelics_like.images.target import Refused, Target

CHUNK = 64 * 1024


class Deadline:
    """The seconds that a fetch has in all, whatever it spends them on (names, handshake, headers, body)."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left, above zero; raises Refused("timeout")."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise Refused("timeout")
        return left

    def extend(self, seconds: float) -> None:
        """Give back time that was spent waiting politely."""
        self._end += seconds


class _Stream(io.RawIOBase):
    """A socket's bytes, with the deadline looked at before each receive: a slow drip gains no time by dripping."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock, self._deadline = sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._deadline.left())
        return self._sock.recv_into(buffer)

    def makefile(self, mode: str) -> io.BufferedReader:
        """What http.client asks of a socket."""
        return io.BufferedReader(self, CHUNK)


class Reply:
    """A server's answer: `status`, header values by name, and the body if one asks for it."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self._response = response
        self.status = response.status

    def header(self, name: str) -> str:
        """The first value of a header, empty if there is none."""
        return next(iter(self.headers(name)), "")

    def headers(self, name: str) -> list[str]:
        """All values of a header."""
        return [str(value).strip() for value in self._response.headers.get_all(name, [])]

    def body(self, limit: int, cut: bool = False) -> bytes:
        """The body, decoded; `limit` is in bytes and holds before and after decoding.

        Raises Refused: too_large (with `cut` the first `limit` bytes are returned instead), truncated (shorter than
        the server said), bad_encoding.
        """
        length = self.header("content-length")
        if length.isdigit() and int(length[:20]) > limit and not cut:
            raise Refused("too_large")
        decode = _decoder(self.headers("content-encoding"))
        raw, body = 0, bytearray()
        while chunk := self._response.read(CHUNK):
            raw += len(chunk)
            body += decode(chunk, limit + 1 - len(body))
            if raw > limit or len(body) > limit:
                if cut:
                    return bytes(body[:limit])
                raise Refused("too_large")
        if self._response.length or not decode.ended():
            raise Refused("truncated")
        return bytes(body)


class _Plain:
    def __call__(self, chunk: bytes, room: int) -> bytes:
        return chunk

    def ended(self) -> bool:
        return True


class _Inflate:
    """gzip or zlib, never giving more than there is room for: a bomb costs its limit, not its size."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=47)

    def __call__(self, chunk: bytes, room: int) -> bytes:
        try:
            return self._zlib.decompress(chunk, max(room, 1))
        except zlib.error:
            raise Refused("bad_encoding") from None

    def ended(self) -> bool:
        return self._zlib.eof


def _decoder(encodings: list[str]) -> _Plain | _Inflate:
    names = [name.strip().lower() for value in encodings for name in value.split(",")]
    names = [name for name in names if name not in ("", "identity")]
    if not names:
        return _Plain()
    if len(names) == 1 and names[0] in ("gzip", "x-gzip", "deflate"):
        return _Inflate()
    raise Refused("bad_encoding")  # we asked for identity; stacked encodings are how bombs are packed


@contextmanager
def exchange(
    target: Target, addresses: Sequence[str], agent: str, accept: str, tls: ssl.SSLContext, deadline: Deadline
) -> Iterator[Reply]:
    """GET the target from one of `addresses` (tried in order, never looked up again).

    Raises Refused, inside the block too: timeout, unreachable, tls, bad_response, truncated and what `body` raises.
    """
    sock = response = None
    try:
        sock = _connect(target, addresses, tls, deadline)
        sock.settimeout(deadline.left())
        sock.sendall(_request(target, agent, accept))
        response = http.client.HTTPResponse(_Stream(sock, deadline), method="GET")  # type: ignore[arg-type]
        response.begin()
        yield Reply(response)
    except TimeoutError:
        raise Refused("timeout") from None
    except ssl.SSLError:
        raise Refused("tls") from None
    except http.client.IncompleteRead:
        raise Refused("truncated") from None
    except (http.client.HTTPException, ValueError):
        raise Refused("bad_response") from None
    except OSError:
        raise Refused("unreachable") from None
    finally:
        if response is not None:
            response.close()
        if sock is not None:
            sock.close()


def _connect(target: Target, addresses: Sequence[str], tls: ssl.SSLContext, deadline: Deadline) -> socket.socket:
    failure: OSError = OSError("no address")
    for n, address in enumerate(addresses):
        share = deadline.left() / (len(addresses) - n)  # one dead address must not eat the time of the next
        try:
            sock = socket.create_connection((address, target.port), timeout=share)
        except OSError as error:
            failure = error
            continue
        if target.scheme != "https":
            return sock
        try:
            sock.settimeout(deadline.left())
            return tls.wrap_socket(sock, server_hostname=target.host)
        except BaseException:
            sock.close()
            raise
    raise failure


def _request(target: Target, agent: str, accept: str) -> bytes:
    lines = (
        f"GET {target.path} HTTP/1.1",
        f"Host: {target.authority}",
        f"User-Agent: {agent}",
        f"Accept: {accept}",
        "Accept-Encoding: identity",
        "Connection: close",
    )
    return "\r\n".join((*lines, "", "")).encode("ascii")

"""A loopback host of files that serves ranges, or does not, or fails in a way that a test asks for."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass
class Host:
    """Files by path, and what was asked of them: (path, first byte, bytes sent) a request.

    `ranges` False: every answer is the whole file. `cut`: the connection ends after so many bytes of an answer.
    `busy`: so many requests are answered 503 first. `lie`: bytes by which the length it tells is too long. `status`:
    a fixed answer by path, with `headers`. `said`: a Content-Range that is told in place of the true one. `whole`:
    a range's answer goes on to the file's end. `drip`: seconds between two bytes. `etag`: told with every file.
    `untold`: no length is told, the connection's end is the file's.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    cut: int | None = None
    busy: int = 0
    lie: int = 0
    status: dict[str, int] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    said: str = ""
    whole: bool = False
    drip: float = 0.0
    etag: str = '"one"'
    untold: bool = False
    asked: list[tuple[str, int, int]] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    port: int = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def sent(self) -> Counter[str]:
        """Bytes sent of each file."""
        out: Counter[str] = Counter()
        for path, _, count in self.asked:
            out[path] += count
        return out

    def put(self, folder: Path, under: str = "") -> None:
        """Serve the files of a folder."""
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            self.files[f"{under}{path.relative_to(folder).as_posix()}"] = path.read_bytes()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    host: Host
    timeout = 20

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        host, path = self.host, self.path.partition("?")[0].lstrip("/")
        host.agents.add(self.headers.get("User-Agent", ""))
        if host.busy > 0:
            host.busy -= 1
            host.asked.append((path, -503, 0))
            return self._short(503)
        if path in host.status or path not in host.files:
            host.asked.append((path, -host.status.get(path, 404), 0))
            return self._short(host.status.get(path, 404))
        data, said = host.files[path], self.headers.get("Range", "")
        if not said.startswith("bytes=") or not host.ranges:
            return self._send(path, 200, data, 0, len(data))
        first, _, last = said.removeprefix("bytes=").partition("-")
        start, stop = int(first), min(int(last or len(data)) + 1, len(data))
        stop = len(data) if host.whole else stop
        if start >= len(data) + host.lie:
            host.asked.append((path, -416, 0))
            return self._short(416, {"Content-Range": f"bytes */{len(data)}"})
        return self._send(path, 206, data, start, stop)

    def _short(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**self.host.headers, **(headers or {}), "Content-Length": "0"}.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, path: str, status: int, data: bytes, start: int, stop: int) -> None:
        host = self.host
        body = data[start:stop]
        told = len(body) + (host.lie if stop == len(data) else 0)
        self.send_response(status)
        if host.untold:
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(told))
        self.send_header("ETag", host.etag)
        if status == 206:
            true = f"bytes {start}-{start + told - 1}/{len(data) + host.lie}"
            self.send_header("Content-Range", host.said or true)
        self.end_headers()
        if host.cut is not None and len(body) > host.cut:
            body = body[: host.cut]
            self.close_connection = True
        host.asked.append((path, start, 0))
        number, sent = len(host.asked) - 1, 0
        try:
            while sent < len(body):
                part = body[sent : sent + (1 if host.drip else 65536)]
                host.asked[number] = (path, start, sent + len(part))  # before the other side can have it
                self.wfile.write(part)
                sent += len(part)
                time.sleep(host.drip)
        except OSError:  # the other side has had enough
            self.close_connection = True
            host.asked[number] = (path, start, sent)
        if host.lie:
            self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that the other side closed is nothing to tell of."""


@contextmanager
def serving(**options: Any) -> Iterator[Host]:
    """A host on a free port of the loopback, for as long as the block lasts."""
    host = Host(**options)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"host": host}))
    host.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def within(seconds: float) -> Any:
    """A block that must end in time."""

    @contextmanager
    def clock() -> Iterator[None]:
        began = time.monotonic()
        yield
        assert time.monotonic() - began < seconds

    return clock()

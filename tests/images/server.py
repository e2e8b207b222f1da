"""A loopback server that misbehaves as it is told: each path is answered by a function with the raw connection."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c6360000000020001"
    "48afa4710000000049454e44ae426082"
)
Answer = bytes | Callable[[socket.socket], None]


def reply(body: bytes = b"", status: str = "200 OK", length: int | None = None, **headers: str) -> bytes:
    """A whole HTTP answer; underscores in header names are hyphens."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return reply(status=status, Location=location)


def dripping(data: bytes, pause: float = 0.05) -> Callable[[socket.socket], None]:
    """Send one byte at a time: as many as take far longer than a test may wait, where it is about the deadline."""

    def send(connection: socket.socket) -> None:
        for n in range(len(data)):
            connection.sendall(data[n : n + 1])
            time.sleep(pause)

    return send


def endless(head: bytes, chunk: bytes) -> Callable[[socket.socket], None]:
    """Send a chunk again and again until the other side has had enough."""

    def send(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(chunk)

    return send


def silent(connection: socket.socket) -> None:
    """Say nothing until the other side closes."""
    connection.recv(1)


@dataclass
class Server:
    """Answers paths on a free loopback port; `asked` lists (monotonic time, path, request head) as they came."""

    answers: dict[str, Answer | list[Answer]]
    tls: ssl.SSLContext | None = None
    host: str = "pictures.test"
    asked: list[tuple[float, str, str]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept; close alone would not
        self._socket.close()

    def url(self, path: str, host: str | None = None) -> str:
        return f"{'https' if self.tls else 'http'}://{host or self.host}:{self.port}{path}"

    def paths(self) -> list[str]:
        return [path for _, path, _ in self.asked]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.settimeout(120)
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            head = b""
            while b"\r\n\r\n" not in head:
                if not (chunk := connection.recv(65536)):
                    return
                head += chunk
            path = head.split(b" ", 2)[1].decode()
            self.asked.append((time.monotonic(), path, head.decode("latin-1")))
            answer = self.answers.get(path, reply(status="404 Not Found"))
            if isinstance(answer, list):
                answer = answer.pop(0) if len(answer) > 1 else answer[0]
            if callable(answer):
                answer(connection)
            else:
                connection.sendall(answer)
        except OSError:
            pass
        finally:
            connection.close()

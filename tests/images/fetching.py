"""Helpers of the fetcher's tests: one fetch from one misbehaving server, bounded in time; and a port of nobody."""

from __future__ import annotations

import dataclasses
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from obelics_like.images.fetcher import Fetched, Fetcher
from tests.images.server import PNG, Answer, Server, reply

PICTURE = reply(PNG, Content_Type="image/png")


WITHIN = 60.0
"""Seconds that bound a fetch which would have no end: none of these tests holds a machine to its speed."""


def get(
    fetcher: Fetcher, answer: Answer | list[Answer], seconds: float | None = None, **others: Any
) -> tuple[Fetched, Server]:
    """Fetch /a from a server that gives this answer, and others by path; the picture may take `seconds`."""
    began = time.monotonic()
    with Server({"/a": answer, **others}) as server:
        if seconds is not None:
            hasten(fetcher, server, seconds)
        found = fetcher.fetch(server.url("/a"))
    assert time.monotonic() - began < WITHIN
    return found, server


def hasten(fetcher: Fetcher, server: Server, seconds: float) -> None:
    """Let the next pictures of a server take so long; its permission was had before, in whatever time that took."""
    assert fetcher.fetch(server.url("/permission")).reason == "http_404"
    fetcher.manners = dataclasses.replace(fetcher.manners, seconds=seconds)


@contextmanager
def nobody() -> Iterator[int]:
    """A port of the loopback that is taken, so that no other process can get it, and at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]

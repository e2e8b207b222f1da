"""Helpers of the fetcher's tests: one fetch from one misbehaving server, bounded in time."""

from __future__ import annotations

import time
from typing import Any

from obelics_like.images.fetcher import Fetched, Fetcher
from tests.images.server import PNG, Answer, Server, reply

PICTURE = reply(PNG, Content_Type="image/png")


def get(fetcher: Fetcher, answer: Answer | list[Answer], within: float = 10.0, **others: Any) -> tuple[Fetched, Server]:
    """Fetch /a from a server that gives this answer, and others by path; bounded in time."""
    began = time.monotonic()
    with Server({"/a": answer, **others}) as server:
        found = fetcher.fetch(server.url("/a"))
    assert time.monotonic() - began < within
    return found, server

"""Fixtures of the picture tests."""

from __future__ import annotations

import dataclasses
import ssl
from pathlib import Path
from typing import Any

import pytest

from obelics_like.images.fetcher import Fetcher, Manners

LOOPBACK = frozenset(("127.0.0.1",))


@pytest.fixture
def make(tmp_path: Path) -> Any:
    """A fetcher for whom every name is the loopback server, quick, and patient unless a test is about that."""

    def fetcher(resolver: Any = lambda *_: ["127.0.0.1"], tls: ssl.SSLContext | None = None, **manners: Any) -> Fetcher:
        base = Manners("obelics-like/0 (+t@example.org)", tmp_path, 60.0, 100_000, delay=0.0, max_wait=3.0)
        options = {"refused_tags": ("noai", "noindex"), "allowed": LOOPBACK} | manners
        return Fetcher(dataclasses.replace(base, **options), resolver, tls or ssl.create_default_context())

    return fetcher

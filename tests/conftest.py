"""Shared fixtures, and the one place that knows where the development data lie."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.sources.hosts import Host
    from tests.sources.mirror import Mirror

REPOSITORY = Path(__file__).resolve().parent.parent
settings.register_profile("same", deadline=None, derandomize=True)  # the same code passes each time, or falls each time
settings.register_profile("search", deadline=None, print_blob=True)  # new examples: pytest --hypothesis-profile=search
settings.load_profile("same")


def forget_stores() -> None:
    """Forget the connections to object stores that libraries keep, before one of another test's is taken for them."""
    import s3fs

    from obelics_like.sources import buckets

    s3fs.S3FileSystem.clear_instance_cache()
    buckets._system.cache_clear()


def data_folder() -> Path:
    """The folder of development data (OBELICS_LIKE_DATA, else ../shared/data); the test skips where it is missing."""
    folder = Path(os.environ.get("OBELICS_LIKE_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"development data not found at {folder}: set OBELICS_LIKE_DATA")
    return folder


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Mirror:
    """A small crawl in a folder."""
    from tests.sources.mirror import mirror

    return mirror(tmp_path_factory.mktemp("mirror"))


@pytest.fixture
def host(copy: Mirror) -> Iterator[Host]:
    """A server of that folder."""
    from tests.sources.hosts import serving

    with serving() as server:
        server.put(copy.root)
        yield server

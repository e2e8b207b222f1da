"""Shared fixtures, and the one place that knows where the development data lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parent.parent
settings.register_profile("behaviour", deadline=None)  # tests check behaviour, not speed
settings.load_profile("behaviour")


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

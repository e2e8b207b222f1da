"""Shared fixtures, and the one place that knows where the development data lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


def data_folder() -> Path:
    """The folder of development data (OBELICS_LIKE_DATA, else ../shared/data); the test skips where it is missing."""
    folder = Path(os.environ.get("OBELICS_LIKE_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"development data not found at {folder}: set OBELICS_LIKE_DATA")
    return folder

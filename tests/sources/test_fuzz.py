"""Any bytes can be read: nothing is raised, nothing hangs, and every byte of the file is some record's."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obelics_like.sources.archive import scan
from tests.sources.archives import put
from tests.sources.fuzz import NAMES, OPTIONS, SHAPES, SPICE, accounted, check, mutate

BOUNDED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("shape", NAMES)
def test_the_sound_archives_are_read_whole(tmp_path: Path, shape: str) -> None:
    found = check(SHAPES[shape], tmp_path)
    if shape == "album":
        assert found == {"image": 3, "page": 6}
        return
    rest = {"not_a_page": 1, "image": 1, "page": 7, "revisit": 1, "redirect": 1}
    assert found == Counter({"not_a_page": 1, "page": 4} if shape.startswith("arc") else rest)


@BOUNDED
@given(shape=st.sampled_from(NAMES), seed=st.integers(0, 1 << 32))
def test_damaged_archives(tmp_path: Path, shape: str, seed: int) -> None:
    check(mutate(SHAPES[shape], random.Random(seed)), tmp_path)


@BOUNDED
@given(parts=st.lists(st.sampled_from(SPICE) | st.binary(max_size=40), max_size=12))
def test_bytes_that_were_never_an_archive(tmp_path: Path, parts: list[bytes]) -> None:
    check(b"".join(parts), tmp_path)


@pytest.mark.parametrize("shape", ["gzip", "zstd", "lz4", "plain", "arc", "arc gzip", "dictionary"])
def test_the_account_notices_what_is_missing(tmp_path: Path, shape: str) -> None:
    """The check of the fuzzer itself: without any one of its records, a file is not accounted for."""
    records = list(scan(put(tmp_path / "x", SHAPES[shape]), OPTIONS))
    accounted(SHAPES[shape], records)
    for i in range(len(records)):
        with pytest.raises(AssertionError, match="nobody's"):
            accounted(SHAPES[shape], records[:i] + records[i + 1 :])

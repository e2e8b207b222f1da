"""A published file that is damaged or gone is told as such, and a fault of anything else is not."""

from __future__ import annotations

import errno
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from obelics_like.errors import DataError
from obelics_like.store.files import publishing
from obelics_like.store.tables import opened


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:500])


def _overwritten(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4:400] = bytes(396)
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [_cut, _overwritten, Path.unlink])
def test_a_table_that_is_damaged_or_gone_is_told_by_its_name(tmp_path: Path, damage: object) -> None:
    path = tmp_path / "part.parquet"
    pq.write_table(pa.table({"n": [str(n * n) for n in range(1000)]}), path, compression="zstd")
    with opened(path) as file:
        assert file.read().num_rows == 1000
    damage(path)  # type: ignore[operator]
    with pytest.raises(DataError, match=r"part\.parquet: got (no such file|damaged data)"), opened(path) as file:
        file.read()


def test_a_disk_that_is_full_while_a_table_is_read_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "part.parquet"
    pq.write_table(pa.table({"n": [1]}), path)
    with pytest.raises(OSError, match="full") as raised, opened(path):
        raise OSError(errno.ENOSPC, "full")
    assert not isinstance(raised.value, DataError)


def test_a_table_that_may_not_be_read_is_told_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not by the name of what an export was writing meanwhile."""

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Failed to open local file")

    monkeypatch.setattr(pq, "ParquetFile", refuse)
    with (
        pytest.raises(DataError, match=r"part\.parquet: got Permission denied; valid: a file that"),
        publishing(tmp_path / "out"),
        opened(tmp_path / "part.parquet"),
    ):
        pass


def test_too_little_memory_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "part.parquet"
    pq.write_table(pa.table({"n": [1]}), path)
    with pytest.raises(MemoryError), opened(path):
        raise pa.ArrowMemoryError("malloc of size 64 failed")

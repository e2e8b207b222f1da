"""Opens the Parquet files that a run published, and tells one that is damaged or gone as such; it knows no schema."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from obelics_like.errors import DataError


@contextmanager
def opened(path: Path) -> Iterator[pq.ParquetFile]:
    """A published file, open to be read.

    Raises DataError if it can't be opened, or is gone or damaged, also while it is read.
    """
    with reading(path):
        try:
            file = pq.ParquetFile(path)
        except FileNotFoundError:
            raise
        except OSError as error:
            if not error.errno:
                raise
            raise DataError(  # else a reader that writes would tell of what it writes
                str(path),
                got=os.strerror(error.errno),
                valid="a file that this user may read",
                do="make it readable, then run the same command again",
            ) from error
        with file:
            yield file


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Within it, what pyarrow raises about a published file that is gone or damaged is a DataError."""
    try:
        yield
    except MemoryError:  # pyarrow's own is an ArrowException too
        raise
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno and not isinstance(error, FileNotFoundError):
            raise  # a fault of the disk or of what the reader writes; those of the file itself have no number
        raise DataError(
            str(path),
            got="no such file" if isinstance(error, FileNotFoundError) else f"damaged data ({error})",
            valid="the file as the run published it",
            do="see what else is wrong with `obelics-like check DIR`, and run `obelics-like build` again as before",
        ) from error

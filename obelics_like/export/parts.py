"""What exports share: a folder that is filled whole or not at all, and the corpus cut into files; it knows no form."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from obelics_like.errors import DataError, UsageError
from obelics_like.store.folder import Output


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to fill beside `folder`; what it holds comes to lie in `folder` when the block ends well,
    and goes when it does not.

    Raises UsageError if `folder` holds anything, or can't be made; DataError if it can't be put in its place.
    """
    folder = Path(folder).absolute()
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(
                f"--out {folder}",
                got="a folder that holds other things" if folder.is_dir() else "a file",
                valid="a new or empty folder",
                do="choose another",
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        making = folder.with_name(f".{folder.name}.{os.getpid()}.part")
        making.mkdir()
    except OSError as error:
        raise UsageError(
            f"--out {folder}", got=error.strerror or str(error), valid="a folder that can be made", do="choose another"
        ) from error
    try:
        yield making
        if folder.exists():  # empty, but perhaps a mount point or somebody's working folder: it stays what it is
            for path in sorted(making.iterdir()):
                os.replace(path, folder / path.name)
        else:
            os.replace(making, folder)
    except OSError as error:
        raise DataError(
            str(folder), got=error.strerror or str(error), valid="a new or empty folder", do="run the export again"
        ) from error
    finally:
        shutil.rmtree(making, ignore_errors=True)


def groups(output: Output, rows: int) -> list[list[Path]]:
    """The corpus files in order, neighbours put together until they hold `rows` documents; at least one group."""
    out: list[list[Path]] = [[]]
    held = 0
    for line, path in zip(output.files("corpus"), output.paths("corpus")):
        if out[-1] and held + line.rows > rows:
            out.append([])
            held = 0
        out[-1].append(path)
        held += line.rows
    return out

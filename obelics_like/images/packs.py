"""Packs: kept pictures in plain tar files, each named by its digest, with a table that says where each one lies.

It decides neither which pictures are kept nor how large a pack grows.
"""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from obelics_like.errors import DataError, cannot_write

if TYPE_CHECKING:
    import pyarrow as pa

_EXTENSIONS = {"jpeg": "jpg", "tiff": "tif"}


@dataclass(frozen=True, slots=True)
class Packed:
    """Where a picture lies: `length` bytes of the file `pack` (a name, no path) from `offset` on."""

    sha256: str
    pack: str
    offset: int
    length: int
    format: str
    width: int | None = None
    height: int | None = None


def write_pack(
    items: Iterable[tuple[str, str, bytes] | tuple[str, str, bytes, int | None, int | None]], path: Path
) -> list[Packed]:
    """Write (sha256, format, bytes) or (..., width, height) in the order given; the file is there whole or not at all.

    A tar that any tool opens; equal items give equal bytes. A content that comes twice is stored once. Raises
    DataError where bytes are not what their digest says, and where the file can't be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    rows: dict[str, Packed] = {}
    try:
        with part.open("wb") as file, tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for digest, name, data, *size in items:
                if digest in rows:
                    continue
                if sha256(data).hexdigest() != digest:
                    raise DataError(
                        f"picture {digest}",
                        got="other bytes",
                        valid="bytes of that digest",
                        do="run the same command again: the picture is looked for anew",
                    )
                tar.addfile(_member(f"{digest}.{_EXTENSIONS.get(name, name)}", len(data)), io.BytesIO(data))
                offset = tar.offset - _padded(len(data))
                rows[digest] = Packed(digest, path.name, offset, len(data), name, *(size or (None, None)))
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        part.unlink(missing_ok=True)
    return list(rows.values())


def index(rows: Iterable[Packed]) -> pa.Table:
    """The index of one or more packs, sorted by digest."""
    import pyarrow as pa

    text, number = pa.string(), pa.int64()
    types = {"sha256": text, "pack": text, "offset": number, "length": number, "format": text}
    types |= {"width": pa.int32(), "height": pa.int32()}
    found = sorted((asdict(row) for row in rows), key=lambda row: (row["sha256"], row["pack"]))
    return pa.Table.from_pylist(found, schema=pa.schema(types))


def read_pack(path: Path | str, offset: int, length: int) -> bytes:
    """A picture's bytes; raises OSError if the pack is gone or too short."""
    with open(path, "rb") as file:
        file.seek(offset)
        data = file.read(length)
    if len(data) != length:
        raise OSError(f"{path}: {len(data)} bytes at {offset}, not {length}")
    return data


def _member(name: str, size: int) -> tarfile.TarInfo:
    """A header that says nothing of who wrote it, nor when."""
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    return member


def _padded(size: int) -> int:
    return -(-size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE

"""Random damage to one record of twelve: the others come out as they went in, and reading never raises."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from obelics_like.document import Page
from obelics_like.sources.archive import read, scan
from tests.sources.archives import FILEDESC, OPTIONS, Builder, arc, http, page, put

COUNT = 12
PARTS = {
    "members": Builder(True).pages(COUNT, 600).parts,
    "bare": Builder(False).pages(COUNT, 600).parts,
    "arc": [FILEDESC, *(arc(f"http://a.example/{i}", http(page(i, 600))) for i in range(COUNT))],
}
PARTS["arc members"] = [gzip.compress(part, mtime=0) for part in PARTS["arc"]]


def flip(raw: bytearray, at: int, count: int, chance: random.Random) -> None:
    for i in range(at, min(len(raw), at + count)):
        raw[i] = chance.randrange(256)


def cut(raw: bytearray, at: int, count: int, chance: random.Random) -> None:
    del raw[at : at + count]


def insert(raw: bytearray, at: int, count: int, chance: random.Random) -> None:
    raw[at:at] = chance.randbytes(count)


def zero(raw: bytearray, at: int, count: int, chance: random.Random) -> None:
    raw[at : at + count] = bytes(len(raw[at : at + count]))


@pytest.mark.parametrize("shape", PARTS)
@pytest.mark.parametrize("harm", [flip, cut, insert, zero])
def test_one_bad_record_costs_one_record(
    tmp_path: Path, shape: str, harm: Callable[[bytearray, int, int, random.Random], None]
) -> None:
    chance = random.Random(f"{shape} {harm.__name__}")
    for _ in range(40):
        parts = list(PARTS[shape])
        number = chance.randrange(len(parts))
        raw = bytearray(parts[number])
        at, count = chance.randrange(len(raw)), chance.choice([1, 2, 8, 100])
        harm(raw, at, count, chance)
        parts[number] = bytes(raw)
        source = put(tmp_path / "x", b"".join(parts))
        records = list(scan(source, OPTIONS))
        offsets = [r.offset for r in records]
        assert offsets == sorted(set(offsets))
        found = [f for _, f in read(source, [r for r in records if r.kind == "page"], OPTIONS)]
        assert all(isinstance(f, Page) for f in found), (number, at, count)
        bodies = {f.html.rstrip() for f in found if isinstance(f, Page)}
        sound = sum(page(i, 600) in bodies for i in range(COUNT))
        assert sound >= COUNT - 1, (number, at, count)

"""Cuts a recipe into segments and the pages into shards, and gives each piece of work the key it is stored under.

It starts nothing. A key is a digest of everything that a result depends on: the code, the inputs, the options of the
stage and of all stages before it. Change one option and only that stage and what follows it gets new keys; what is
published under an old key is used again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from obelics_like.errors import DataError
from obelics_like.sources.disk import split_path
from obelics_like.sources.inputs import Input
from obelics_like.sources.remote import is_remote
from obelics_like.stage import AnyStage, Context, DocumentStage, Stage, ThingStage

PAGES_A_SHARD = 250
"""Small enough that a lost attempt costs seconds, large enough that opening files does not count."""
MOST_PAGES_A_SHARD = 10_000
ENOUGH_SHARDS = 50_000
"""So many that more of them would only be more files: from here on shards grow, up to MOST_PAGES_A_SHARD pages. Each
task of a barrier looks into the row files of all shards (0.2 ms a file)."""
THOROUGH = "-thorough"
"""Ends the key of a scan that inflated every page."""
DOCUMENTS_A_PART = 2_000
"""Documents of one corpus file, at least, where there are so many."""


@dataclass(frozen=True)
class Segment:
    """Stages that one worker runs over a shard in one go, and the barrier after them (empty for the last segment).

    `folder` is the name of its folder of work, which carries its key.
    """

    number: int
    name: str
    stages: tuple[Stage, ...]
    barrier: tuple[DocumentStage, ...] | tuple[ThingStage, ...]
    folder: str


@dataclass(frozen=True)
class PageRange:
    """Rows `start` to `stop` of the page index of an input, whose first page has the ordinal `first`."""

    source: Input
    index: str
    start: int
    stop: int
    first: int

    @property
    def key(self) -> str:
        """The key of the input's scan."""
        return Path(self.index).name.removesuffix("-pages.arrow")


@dataclass(frozen=True)
class Shard:
    """A piece of the run: pages of one or more inputs, less those in `skip` (ordinals).

    `without` are the pages that killed every worker (ordinal, reason): they are accounted for, and never looked at.
    """

    number: int
    ranges: tuple[PageRange, ...]
    skip: frozenset[int] = frozenset()
    without: tuple[tuple[int, str], ...] = ()

    @property
    def name(self) -> str:
        """What its files are called."""
        return piece_name(self.number, (self,))


def digest(*parts: object) -> str:
    """A short digest of the parts' texts."""
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).hexdigest()


def piece_name(number: int, shards: Iterable[Shard]) -> str:
    """What the files of a piece of work are called, in digits.

    What was made without a page has a name of its own: it is never taken for the whole, and the next run tries that.
    """
    without = sorted(ordinal for shard in shards for ordinal, _ in shard.without)
    return f"{number:05d}" + (f"{int(digest(*without), 16):020d}" if without else "")


@cache
def code_version() -> str:
    """A digest of the package's own source: results of other code are not used again."""
    package = Path(__file__).resolve().parent
    whole = hashlib.blake2b(digest_size=8)
    for path in sorted(
        p for p in package.rglob("*") if p.is_file() and p.suffix not in (".pyc", ".so")
    ):  # word lists too
        if path.parts[len(package.parts)] not in ("_rooms", "report", "export", "engines", "cli"):
            whole.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    return whole.hexdigest()


def file_of(source: Input) -> Path:
    """The file on disk behind an input: itself, or the WACZ that it is a member of."""
    return Path(split_path(source.path)[0])


def input_key(source: Input, options: AnyStage, stop: int | None = None) -> str:
    """The key of an input's scan: its file as it is now, how it is read, and after how many pages that ends."""
    if is_remote(source.path):
        return digest(code_version(), source, options, stop)
    path = file_of(source)
    state = path.stat() if path.exists() else None
    when = (state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns) if state else ()  # ctime can't be set
    return digest(code_version(), source.name, source.path, source.format, source.size, source.picks, *when, options)


def scan_key(source: Input, options: AnyStage, limit: int | None) -> str:
    """The key of an input's scan in a run with this limit on pages; it is thorough under one: N pages are then N that
    can be inflated."""
    key = input_key(source, options, pages_wanted(source, limit))
    return key if limit is None else key + THOROUGH


def pages_wanted(source: Input, limit: int | None) -> int | None:
    """After how many pages the scan of an input ends; None for never."""
    return limit if is_remote(source.path) and not source.picks else None


def as_scanned(source: Input, key: str, options: AnyStage) -> None:
    """Raise DataError if an input is not what it was when it was scanned: what was read of it since may be wrong."""
    known = key.removesuffix(THOROUGH)
    if not is_remote(source.path) and input_key(source, options) != known:  # a remote one is asked at each reading
        raise DataError(
            f"input {source.path}",
            got="a file that changed or vanished while the run went on",
            valid="inputs that stay as they are",
            do="put it back, then run the same command again: it goes on where it stopped",
        )


def cut_recipe(stages: Sequence[AnyStage], context: Context, start: str) -> list[Segment]:
    """The active stages after `sources` as segments; `start` is the key of what the first one reads.

    Consecutive DocumentStages share one barrier, each seeing only what those before it left; a ThingStage has its own.
    The last segment never has a barrier.
    """
    pieces: list[tuple[list[Stage], list[Any]]] = [([], [])]
    for stage in stages:
        if not stage.active(context):
            continue
        local, barrier = pieces[-1]
        if isinstance(stage, Stage):
            if barrier:
                pieces.append(([stage], []))
            else:
                local.append(stage)
        elif barrier and not (isinstance(stage, DocumentStage) and isinstance(barrier[0], DocumentStage)):
            pieces.append(([], [stage]))
        else:
            barrier.append(stage)
    if pieces[-1][1]:
        pieces.append(([], []))
    segments, key = [], start
    for number, (local, barrier) in enumerate(pieces, 1):
        key = digest(key, sorted(context.images), context.scorer, *map(described, [*local, *barrier]))
        name = barrier[0].id if barrier else "corpus"
        segments.append(Segment(number, name, tuple(local), tuple(barrier), f"{number}-{name}-{key}"))
    return segments


def described(stage: AnyStage) -> str:
    """A stage with all its options, as a text that changes when any of them does."""
    return f"{type(stage).__module__}.{stage!r}"


def pages_a_shard(pages: int, least: int = PAGES_A_SHARD) -> int:
    """How many pages a shard has in a run over so many.

    >>> [pages_a_shard(n) for n in (1_000, 12_500_000, 100_000_000, 3_000_000_000)]
    [250, 250, 2000, 10000]
    """
    return min(MOST_PAGES_A_SHARD, max(least, pages // ENOUGH_SHARDS))


def cut_shards(
    inputs: Iterable[tuple[Input, str, int]], skip: frozenset[int], size: int = PAGES_A_SHARD
) -> list[Shard]:
    """The pages of (input, index file, number of pages), in order, as shards of `size` pages."""
    shards: list[Shard] = []
    ranges: list[PageRange] = []
    room, first = size, 0
    for source, index, pages in inputs:
        at = 0
        while at < pages:
            stop = min(pages, at + room)
            ranges.append(PageRange(source, index, at, stop, first))
            room -= stop - at
            at = stop
            if room == 0:
                shards.append(_shard(len(shards), ranges, skip))
                ranges, room = [], size
        first += pages
    if ranges:
        shards.append(_shard(len(shards), ranges, skip))
    return shards


def _shard(number: int, ranges: list[PageRange], skip: frozenset[int]) -> Shard:
    low, high = ranges[0].first + ranges[0].start, ranges[-1].first + ranges[-1].stop
    return Shard(number, tuple(ranges), frozenset(o for o in skip if low <= o < high))

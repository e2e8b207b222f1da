"""Records of a crawl found by its columnar index: Parquet files with a row a capture, read with a filter.

It reads the row groups that the filter leaves, and of them the columns that it needs; it opens no archive.
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from obelics_like.errors import InputError, OptionError
from obelics_like.sources.crawls import Reach, archives, crawl_name, listed
from obelics_like.sources.disk import open_file
from obelics_like.sources.lists import join
from obelics_like.sources.remote import Seekable
from obelics_like.sources.where import Condition, expression, parse

if TYPE_CHECKING:
    import pyarrow as pa

PLACE = ("warc_filename", "warc_record_offset", "warc_record_length")
SUBSET = "/subset=warc/"
"""The part of the index that holds what was fetched well; the others hold robots.txt, redirects and errors."""
MOST_ROWS = 1_000_000
"""Records that a condition may find: each is a request, and a place held in memory."""
AT_ONCE = 4
"""Index files read at the same time: reading one is mostly waiting."""


def find(given: str, reach: Reach) -> dict[str, tuple[tuple[int, int], ...]]:
    """Archives of a crawl (paths counted from the base, sorted) to (offset, length) of the records wanted, ascending.

    Raises OptionError for a condition that can't be understood or finds too much, InputError where nothing is found
    or the crawl has no index, Unreachable where the index can't be read.
    """
    condition = parse(reach.index or "")
    files = [entry for _, entry in listed(given, "cc-index-table.paths.gz", reach) if SUBSET in f"/{entry}"]
    wanted = archives(given, reach) if reach.sample is not None else None
    found: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
    rows = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for table in pool.map(lambda entry: _rows(join(reach.base, entry), condition, wanted), files):
            rows += table.num_rows
            for place in zip(*(table[column].to_pylist() for column in PLACE)):
                name, offset, length = _place(given, *place)
                found[name].add((offset, length))
            if rows > MOST_ROWS:
                pool.shutdown(wait=False, cancel_futures=True)
                raise OptionError(
                    "--cc-index",
                    got=f"a condition that more than {MOST_ROWS} records fulfil",
                    valid="one that picks records; whole archives are read faster as such",
                    do="narrow it, or take --sample without --cc-index",
                )
    if not found:
        got = f"no record of {crawl_name(given)} that fulfils {reach.index}"
        raise InputError(f"input {given}", got=got, valid="a condition that some record fulfils", do="widen it")
    return {name: tuple(sorted(found[name])) for name in sorted(found)}


def _place(given: str, name: object, offset: object, length: object) -> tuple[str, int, int]:
    """The place that a row names; raises InputError if it names none."""
    if isinstance(name, str) and name and isinstance(offset, int) and isinstance(length, int) and offset >= 0 < length:
        return name, offset, length
    raise InputError(
        f"the index of {given}",
        got=f"a row of archive {name!r}, offset {offset!r}, length {length!r}",
        valid="the name of an archive, and where in it the record lies",
        do="leave such rows out by the condition, or look whether the base is right",
    )


def _rows(path: str, condition: Condition, archives: list[str] | None) -> pa.Table:
    """The places of the records in one index file that fulfil the condition, in these archives (None: in any).

    No more than one beyond MOST_ROWS are held: an index file has ten million rows.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.dataset as ds

    with Seekable(open_file(path)) as file:
        try:
            fragment = ds.ParquetFileFormat().make_fragment(pa.PythonFile(file, mode="r"))
            chosen = expression(condition, fragment.physical_schema)
            if archives is not None:
                chosen &= pc.field(PLACE[0]).isin(archives)
            scanner = fragment.scanner(filter=chosen, columns=list(PLACE), use_threads=False, batch_readahead=1)
            return scanner.head(MOST_ROWS + 1)
        except pa.ArrowException as error:
            raise InputError(
                f"index file {path}", got=str(error), valid="Parquet with the columns of Common Crawl's index",
                do="look whether the base is right",
            ) from None  # fmt: skip

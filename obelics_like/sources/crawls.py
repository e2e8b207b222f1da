"""Common Crawl by name: `cc:CC-MAIN-2024-22` as the archives that the crawl's own list names, or a sample of them.

It reads that list and no archive.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from obelics_like.errors import InputError, OptionError
from obelics_like.sources.lists import entries, join
from obelics_like.sources.remote import NotThere

PREFIX = "cc:"
BASE = "https://data.commoncrawl.org/"
"""Where Common Crawl's files lie for everyone; `s3://commoncrawl/` is the same for who has an account there."""
FORM = re.compile(r"CC-MAIN-20\d\d-(?:0[1-9]|[1-4]\d|5[0-3])|CC-MAIN-(?:2008-2009|2009-2010|2012)")
KNOWN = {
    2020: "05 10 16 24 29 34 40 45 50", 2021: "04 10 17 21 25 31 39 43 49", 2022: "05 21 27 33 40 49",
    2023: "06 14 23 40 50", 2024: "10 18 22 26 30 33 38 42 46 51", 2025: "05 08 13 18 21 26 30 33 38 43 47 51",
}  # fmt: skip
"""Weeks of crawls, to say which one was meant; others are as good."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far inputs reach: from where a crawl is read (`base`, a URL or folder), and what of it is taken.

    `sample` is a share of the crawl's archives, chosen by `seed`; `index` an expression on its columnar index.
    `offline` forbids whatever is not on this machine.
    """

    base: str = BASE
    sample: float | None = None
    seed: int = 0
    index: str | None = None
    offline: bool = False

    def check(self, inputs: Sequence[str]) -> None:
        """Raise OptionError for a share that is none, and for options of a crawl where none is among the inputs."""
        if self.sample is not None and not 0 < self.sample <= 1:
            raise OptionError("--sample", got=self.sample, valid="a share above 0 and up to 1", do="for example 0.01")
        if any(i.startswith(PREFIX) for i in inputs):
            return
        for name, given in (("--sample", self.sample), ("--cc-index", self.index)):
            if given is not None:
                raise OptionError(
                    name,
                    got="it without a crawl among the inputs",
                    valid="an input such as cc:CC-MAIN-2024-22",
                    do=f"name a crawl, or leave {name} out",
                )


def crawl_name(given: str) -> str:
    """The crawl that an input `cc:...` names. Raises InputError where that is no name of a crawl.

    >>> crawl_name("cc:CC-MAIN-2024-22")
    'CC-MAIN-2024-22'
    """
    name = given.removeprefix(PREFIX)
    if FORM.fullmatch(name):
        return name
    raise _no_crawl(given, "no name of a crawl")


def archives(given: str, reach: Reach) -> list[str]:
    """The paths of a crawl's archives, counted from the base, in the order of the crawl's list; or a sample of them.

    Raises InputError if there is no such crawl, Unreachable if it can't be told.
    """
    return sampled([entry for _, entry in listed(given, "warc.paths.gz", reach)], reach)


def listed(given: str, list_name: str, reach: Reach) -> list[tuple[int, str]]:
    """The entries of one of a crawl's lists. Raises as `archives` does."""
    name = crawl_name(given)
    place = join(reach.base, f"crawl-data/{name}/{list_name}")
    try:
        return list(entries(place))
    except (NotThere, FileNotFoundError) as error:
        raise _no_crawl(given, f"a crawl without {list_name} at {reach.base} ({error})") from None


def sampled(paths: list[str], reach: Reach) -> list[str]:
    """The share of the paths that the seed chooses, in their order; a larger share holds all of a smaller one.

    >>> sampled(["a", "b", "c", "d"], Reach(sample=0.5)) == sampled(["a", "b", "c", "d"], Reach(sample=0.5))
    True
    """
    if reach.sample is None:
        return paths
    count = max(1, round(reach.sample * len(paths)))
    by_lot = sorted(paths, key=lambda p: hashlib.blake2b(f"{reach.seed}\n{p}".encode(), digest_size=16).digest())
    chosen = set(by_lot[:count])
    return [p for p in paths if p in chosen]


def _no_crawl(given: str, got: str) -> InputError:
    near = [PREFIX + name for name in _near(given.removeprefix(PREFIX))]
    return InputError(
        f"input {given}",
        got=got,
        valid="cc:CC-MAIN-YEAR-WEEK, as cc:CC-MAIN-2024-22",
        do=f"did you mean {' or '.join(near)}?" if near else "look the crawl's name up",
    )


def _near(name: str) -> list[str]:
    """The crawl of the year and week that a wrong name tells of, else those before and after it.

    >>> _near("2024/22"), _near("CC-MAIN-2024-23")
    (['CC-MAIN-2024-22'], ['CC-MAIN-2024-22', 'CC-MAIN-2024-26'])
    """
    said = re.search(r"(20\d\d)\D?([0-5]\d)(?!\d)", name)
    if said is None:
        return []
    moment = 52 * int(said[1]) + int(said[2])
    crawls = {
        52 * year + int(week): f"CC-MAIN-{year}-{week}" for year, weeks in KNOWN.items() for week in weeks.split()
    }
    if moment in crawls and crawls[moment] != name:
        return [crawls[moment]]
    return [crawls[m] for m in sorted(sorted(crawls, key=lambda m: abs(m - moment))[:2]) if crawls[m] != name]

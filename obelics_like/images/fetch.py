"""The stage `images.fetch`: gets pictures from the web that the archives do not hold, politely and safely.

A picture that can't be had is not dropped: its placement stays unresolved, with the reason as its fact `fetch`.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any, ClassVar

from obelics_like import __version__
from obelics_like.document import Blob, Image, Place
from obelics_like.errors import OptionError, cannot_write
from obelics_like.images.target import Refused, parse
from obelics_like.stage import Batch, Context, ThingStage

if TYPE_CHECKING:
    import pyarrow as pa

    from obelics_like.images.fetcher import Fetched, Fetcher

CHUNK = 1 << 20
OPEN_FILES = 256
"""Hosts whose bodies may wait in files of their own; a process may commonly hold 1,024."""
_CONTACT = re.compile(r"[^@\s()]+@[^@\s()]+\.[^@\s()]+|https?://[^\s()]+")


@dataclass(frozen=True)
class FetchImages(ThingStage):
    """Fetch each distinct URL of an unresolved placement once; runs only with `--images ...web` and not offline.

    One host is asked by one worker, one request at a time. Only http and https, only global addresses (each one
    looked up once and checked, on every redirect), robots.txt and X-Robots-Tag honoured.

    contact: an e-mail address or web page that tells site owners whom to ask; required. It is sent with each request.
    seconds: the time one fetch has in all, politeness not counted.
    max_bytes: the largest body, before and after content decoding.
    max_redirects: redirects followed.
    delay: seconds between two requests to one host; a longer Crawl-delay is honoured up to max_wait.
    max_wait: the longest pause in seconds; a host that asks for more (Retry-After) is left alone.
    retries: further attempts after 429 or 503.
    max_host_failures: timeouts or failed connections in a row after which a host is left alone.
    parallel: hosts asked at the same time by one worker.
    refused_tags: X-Robots-Tag directives that forbid the use.
    test_only_allow_addresses: private addresses to let through. FOR TESTS ONLY: it opens the machine's own network.
    """

    contact: str | None = None
    seconds: float = 30.0
    max_bytes: int = 20_000_000
    max_redirects: int = 5
    delay: float = 1.0
    max_wait: float = 30.0
    retries: int = 1
    max_host_failures: int = 5
    parallel: int = 8
    refused_tags: tuple[str, ...] = ("noai", "noimageai", "noindex", "noimageindex", "none", "noml")
    test_only_allow_addresses: tuple[str, ...] = ()

    facts: ClassVar[dict[str, str]] = {
        "fetch": "why a picture was not fetched: robots, x_robots_tag, not_global, timeout, too_large, http_404, ..."
    }

    def check(self) -> None:
        """Limits that make no sense, and a contact that is none."""
        for name in ("seconds", "max_bytes", "parallel", "max_host_failures"):
            self._demand(name, "more than 0", getattr(self, name) > 0)
        for name in ("max_redirects", "delay", "max_wait", "retries"):
            self._demand(name, "0 or more", getattr(self, name) >= 0)
        if self.contact is not None:
            self._demand("contact", "an e-mail address or an http(s) URL", bool(_CONTACT.fullmatch(self.contact)))

    def _demand(self, name: str, valid: str, holds: bool) -> None:
        if not holds:
            where = f"option {self.id or 'images.fetch'}.{name}"
            raise OptionError(where, got=repr(getattr(self, name)), valid=valid, do="correct the recipe or --set")

    def check_web(self) -> None:
        """Raise OptionError if the web may not be asked as the options stand; to be called before the first record."""
        if self.contact is None:
            name = self.id or "images.fetch"
            raise OptionError(
                f"option {name}.contact",
                got="nothing",
                valid="an e-mail address or a web page that site owners can turn to",
                do=f"add --set {name}.contact=you@example.org, or leave web out of --images",
            )
        self.check()

    def active(self, context: Context) -> bool:
        return "web" in context.images and not context.offline

    def open(self, context: Context) -> Opened:
        from obelics_like.images.fetcher import Fetcher, Manners

        self.check_web()
        if self.test_only_allow_addresses:
            warnings.warn(
                f"{self.id or 'images.fetch'}.test_only_allow_addresses lets fetches reach "
                f"{', '.join(self.test_only_allow_addresses)}: for tests only",
                stacklevel=2,
            )
        manners = Manners(
            agent=f"obelics-like/{__version__} (+{self.contact})",
            scratch=context.scratch,
            seconds=self.seconds,
            max_bytes=self.max_bytes,
            max_redirects=self.max_redirects,
            delay=self.delay,
            max_wait=self.max_wait,
            retries=self.retries,
            max_host_failures=self.max_host_failures,
            refused_tags=self.refused_tags,
            allowed=frozenset(self.test_only_allow_addresses),
        )
        return Opened(Fetcher(manners), context.scratch / "fetched")

    def collect(self, batch: Batch, opened: Opened) -> pa.Table:
        import pyarrow as pa

        hosts = {}
        for image in _unresolved(batch):
            key, host, _ = _thing(image)
            if key:
                hosts[key] = host
        return pa.table({"key": pa.array(hosts, pa.string()), "bucket": pa.array(hosts.values(), pa.string())})

    def decide(self, rows: pa.Table, opened: Opened) -> pa.Table:
        """Fetch all URLs, hosts side by side, each host's in order; the bytes go to one pack file."""
        import pyarrow as pa

        by_host: dict[str, list[str]] = {}
        for key in rows.column("key").to_pylist():
            by_host.setdefault(parse(key).host, []).append(key)
        results = _store(_fetch_hosts(opened, by_host, self.parallel), opened.folder)
        types = {"key": pa.string(), "path": pa.string(), "offset": pa.int64(), "length": pa.int64()}
        types |= {"url": pa.string(), "date": pa.string(), "reason": pa.string()}
        return pa.Table.from_pylist(sorted(results, key=lambda row: row["key"]), schema=pa.schema(types))

    def apply(self, batch: Batch, verdict: Callable[[list[str]], list[dict[str, Any]]], opened: Opened) -> Batch:
        images = list(_unresolved(batch))
        things = [_thing(image) for image in images]
        keys = sorted({key for key, _, _ in things if key})
        found = dict(zip(keys, verdict(keys), strict=True))
        for image, (key, _, refusal) in zip(images, things, strict=True):
            row = found.get(key, {"path": None, "reason": refusal})
            if row["path"] is None:
                image.facts["fetch"] = row["reason"]
            else:
                place = Place("pack", row["path"], row["offset"], row["length"], row["url"])
                image.blob = Blob(place, "web", row["date"])
        return batch


@dataclass(slots=True)
class Opened:
    """What a worker holds while it fetches: the fetcher, and the folder for the bytes."""

    fetcher: Fetcher
    folder: Path


def _unresolved(batch: Batch) -> Iterable[Image]:
    return (image for document in batch for image in document.images() if image.blob is None)


def _thing(image: Image) -> tuple[str, str, str]:
    """A placement's key (its URL as it will be sent) and host, or, both empty, why it can't be fetched."""
    try:
        target = parse(image.url)
    except Refused as refused:
        return "", "", refused.reason
    return target.url, target.host, ""


Haul = tuple[IO[bytes], list[tuple["Fetched", int]]]
"""One host's bodies in one file, and for each of its URLs the answer (without its data) and the body's length."""


def _fetch_hosts(opened: Opened, by_host: dict[str, list[str]], parallel: int) -> Iterator[Haul]:
    """Fetch hosts side by side and yield them in order, so that a pack's bytes follow from the answers alone."""
    hosts = sorted(by_host)
    opened.folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(max_workers=parallel) as pool:
        for at in range(0, len(hosts), OPEN_FILES):
            yield from pool.map(lambda host: _fetch_host(opened, by_host[host]), hosts[at : at + OPEN_FILES])


def _fetch_host(opened: Opened, urls: list[str]) -> Haul:
    file = TemporaryFile(dir=opened.folder)  # noqa: SIM115 - handed on, and closed where it is read
    answers = []
    for url in urls:
        answer = opened.fetcher.fetch(url)
        length = file.write(answer.data) if answer.data is not None else 0
        answers.append((replace(answer, data=None), length))
    file.seek(0)
    return file, answers


def _store(hauls: Iterable[Haul], folder: Path) -> list[dict[str, Any]]:
    """Write the bodies one after another to a file named by its own digest, whole or not at all; one row a URL."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{os.getpid()}-{os.urandom(8).hex()}.part"
    digest, at = sha256(), 0
    rows: list[dict[str, Any]] = []
    try:
        with part.open("xb") as pack:
            for file, answers in hauls:
                with file:
                    while chunk := file.read(CHUNK):
                        digest.update(chunk)
                        pack.write(chunk)
                for answer, length in answers:
                    rows.append(asdict(answer) | {"offset": at, "length": length})
                    at += length
            pack.flush()
            os.fsync(pack.fileno())
        path = folder / f"{digest.hexdigest()}.pack"
        if at:
            part.replace(path)
    except OSError as error:
        raise cannot_write(folder, error) from error
    finally:
        part.unlink(missing_ok=True)
    return [row | {"path": None if row["reason"] else str(path)} for row in rows]

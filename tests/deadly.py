"""Stages that go wrong on a page that holds a certain word."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa

from obelics_like.document import Document
from obelics_like.rows import Rows
from obelics_like.stage import Batch, DocumentStage, Stage, ThingStage


def _holds(document: Document, word: str) -> bool:
    return word != "" and any(word in text.text for text in document.texts())


@dataclass(frozen=True)
class Deadly(Stage):
    """Ends the process. word: what the page holds."""

    word: str = ""

    def process(self, batch: Batch, opened: Any) -> Batch:
        if any(_holds(d, self.word) for d in batch):
            os._exit(9)
        return batch


@dataclass(frozen=True)
class Segfault(Stage):
    """Reads where there is nothing to read, as native code with a fault does. word: what the page holds."""

    word: str = ""

    def process(self, batch: Batch, opened: Any) -> Batch:
        if any(_holds(d, self.word) for d in batch):
            ctypes.string_at(0)
        return batch


@dataclass(frozen=True)
class Hanging(Stage):
    """Never comes back. word: what the page holds."""

    word: str = ""

    def process(self, batch: Batch, opened: Any) -> Batch:
        if any(_holds(d, self.word) for d in batch):
            lock = threading.Lock()
            lock.acquire()
            lock.acquire()
        return batch


@dataclass(frozen=True)
class Hungry(Stage):
    """Takes memory until there is no more, then aborts, as native code does. word: what the page holds."""

    word: str = ""

    def process(self, batch: Batch, opened: Any) -> Batch:
        if any(_holds(d, self.word) for d in batch):
            held = []
            try:
                while True:
                    held.append(bytearray(64 << 20))
            except MemoryError:
                os.abort()
        return batch


@dataclass(frozen=True)
class Moody(Stage):
    """Ends the process at another page each time. folder: where it counts its attempts; times: how often it does."""

    folder: str = ""
    times: int = 3

    def open(self, context: Any) -> list[int]:
        return [0]

    def process(self, batch: Batch, opened: Any) -> Batch:
        opened[0] += 1
        before = len(list(Path(self.folder).iterdir()))
        if before < self.times and opened[0] > before:
            (Path(self.folder) / str(before)).touch()
            os._exit(9)
        return batch


@dataclass(frozen=True)
class Failing(Stage):
    """Raises. word: what the page holds."""

    word: str = ""

    def process(self, batch: Batch, opened: Any) -> Batch:
        if any(_holds(d, self.word) for d in batch):
            raise ValueError("this page")
        return batch


@dataclass(frozen=True)
class Vanishing(Stage):
    """Takes a node off the page, which no stage may. word: what the page holds."""

    word: str = ""

    def process(self, batch: Batch, opened: Any) -> Batch:
        for document in batch:
            if _holds(document, self.word):
                document.nodes.pop()
        return batch


@dataclass(frozen=True)
class Choosy(Stage):
    """Fails on a page that holds a dropped node, and drops the first node that is alive, as `first`."""

    rules: ClassVar[dict[str, str]] = {"first": "it is the first"}

    def process(self, batch: Batch, opened: Any) -> Batch:
        for document in batch:
            assert document.nodes == document.kept
            if document.nodes != document.kept:
                raise ValueError("a node that was dropped already")
            document.nodes[0].drop = self.drop("first")
        return batch


@dataclass(frozen=True)
class Unstorable(Stage):
    """Sets a fact that no file can hold. word: what the page holds."""

    word: str = ""

    def process(self, batch: Batch, opened: Any) -> Batch:
        for document in batch:
            if _holds(document, self.word):
                document.facts["title"] = "half a pair \ud800"
                document.url += "\udc00"
        return batch


@dataclass(frozen=True)
class FirstStays(DocumentStage):
    """Keeps the first page of all. word: no row is kept."""

    word: str = ""

    rules: ClassVar[dict[str, str]] = {"later": "not the first"}

    def collect(self, batch: Batch, opened: Any) -> pa.Table:
        return pa.table({"x": pa.array([0] * len(batch))})

    def decide(self, rows: Rows, opened: Any) -> Iterator[pa.Table]:
        docs = sorted(rows.whole()["doc"].to_pylist())[1:]
        none = pa.array([None] * len(docs), pa.string())
        yield pa.table(
            {"doc": pa.array(docs, pa.uint64()), "rule": ["later"] * len(docs), "value": none, "limit": none}
        )


@dataclass(frozen=True)
class FailingCollect(DocumentStage):
    """Raises where it collects. word: what the page holds."""

    word: str = ""

    def collect(self, batch: Batch, opened: Any) -> pa.Table:
        if any(_holds(d, self.word) for d in batch):
            raise ValueError("this page")
        return pa.table({"x": pa.array([0] * len(batch))})

    def decide(self, rows: Rows, opened: Any) -> Iterator[pa.Table]:
        yield pa.table({n: pa.array([], t) for n, t in _DROPS.items()})


_DROPS = {"doc": pa.uint64(), "rule": pa.string(), "value": pa.string(), "limit": pa.string()}


@dataclass(frozen=True)
class Things(ThingStage):
    """Looks at each placement's URL. word: the page that holds it fails in apply. deadly: the URL kills in decide."""

    word: str = ""
    deadly: str = "nothing"

    facts: ClassVar[dict[str, str]] = {"long": "length of the URL"}

    def collect(self, batch: Batch, opened: Any) -> pa.Table:
        urls = [image.url for document in batch for image in document.images()]
        return pa.table({"key": pa.array(urls, pa.string()), "bucket": pa.array([u[-5:] for u in urls], pa.string())})

    def decide(self, rows: pa.Table, opened: Any) -> pa.Table:
        keys = rows["key"].to_pylist()
        if any(self.deadly in key for key in keys):
            os._exit(9)
        return pa.table({"key": keys, "long": [len(k) for k in keys]})

    def apply(self, batch: Batch, verdict: Callable[[list[str]], list[dict[str, Any]]], opened: Any) -> Batch:
        for document in batch:
            images = list(document.images())
            for image, row in zip(images, verdict([i.url for i in images])):
                image.facts["long"] = row["long"]
            if _holds(document, self.word):
                raise ValueError("this page")
        return batch

"""What stages share that drop a text or picture for occurring too often in the corpus; what a thing is, they say.

It is no stage itself. Occurrences are added up shard by shard, and only those of things above the limit come back, so
that neither a thing that is everywhere nor the many that occur once cost memory.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from obelics_like.document import Document, Image, Text
from obelics_like.errors import OptionError
from obelics_like.stage import Batch, Context, ThingStage

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Thing:
    """A node, and what it is to be counted as: `kind` is for the reader, `key` names the thing within the kind."""

    node: Text | Image
    kind: str
    key: str


@dataclass(frozen=True)
class Repeats(ThingStage):
    """A node goes, wherever it stands, if the thing that it is occurs more than `max_occurrences` times.

    `share` of the pages (chosen by their id, so always the same ones) are counted; all are judged.
    """

    max_occurrences: int | None = None
    share: float = 1.0

    counted: ClassVar[bool] = True

    @abstractmethod
    def things(self, document: Document) -> Iterator[Thing]:
        """What is counted of a page: its kept nodes, each as often as it occurs, perhaps in several ways."""

    def check(self) -> None:
        where = f"option {self.id}"
        if self.max_occurrences is not None and self.max_occurrences < 1:
            raise OptionError(f"{where}.max_occurrences", got=self.max_occurrences, valid="1 or more", do="correct it")
        if not 0 < self.share <= 1:
            raise OptionError(f"{where}.share", got=self.share, valid="over 0, at most 1", do="correct it")

    def active(self, context: Context) -> bool:
        """Only where there is a limit."""
        return self.max_occurrences is not None

    def collect(self, batch: Batch, opened: Any) -> pa.Table:
        import pyarrow as pa

        counted = (document for document in batch if _place(document.id) < self.share)
        counts = Counter(_key(thing) for document in counted for thing in self.things(document))
        keys = sorted(counts)
        return pa.table(
            {
                "key": pa.array(keys, pa.string()),
                "bucket": pa.array([key[:3] for key in keys], pa.string()),
                "count": pa.array([counts[key] for key in keys], pa.int64()),
            }
        )

    def decide(self, rows: pa.Table, opened: Any) -> pa.Table:
        import pyarrow.compute as pc

        return rows.select(["key", "count"]).filter(pc.greater(rows["count"], self.max_occurrences))

    def apply(self, batch: Batch, verdict: Callable[[list[str]], list[dict[str, Any]]], opened: Any) -> Batch:
        (rule,) = self.rules
        things = [thing for document in batch for thing in self.things(document)]
        for thing, row in zip(things, verdict([_key(thing) for thing in things]), strict=True):
            if row and thing.node.drop is None:
                value = f"{row['count']} by {thing.kind}" if thing.kind else row["count"]
                thing.node.drop = self.drop(rule, value, self.max_occurrences)
        return batch


def _key(thing: Thing) -> str:
    text = f"{thing.kind}\0{thing.key}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _place(identity: str) -> float:
    """A number from 0 to 1 that an id always has; it is no part of the id, so that ids may be anything."""
    return int.from_bytes(hashlib.blake2b(identity.encode(), digest_size=7).digest()) / (1 << 56)

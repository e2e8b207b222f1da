"""Drops pages whose kept text is another page's, white space and case aside; near misses are `minhash`'s business."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from obelics_like.dedup import keepers
from obelics_like.dedup.keys import exact_text_key
from obelics_like.stage import Batch, DocumentStage

if TYPE_CHECKING:
    import pyarrow as pa

    from obelics_like.rows import Rows


@dataclass(frozen=True)
class SameText(DocumentStage):
    """One page for each text (`keys.exact_text_key`); the value of a drop is the id of the page that stays.

    Pages without any text are never copies of one another.

    keep: which one stays: "newest" (by crawl date), "oldest", "lowest_id" or "longest" (characters of kept text).
        Ties go to the lowest id, then to the page read first. What an earlier run kept stays before all others.
    index: a folder of what earlier runs kept (see `stage.DocumentStage`); absent, a run knows only itself.
    """

    keep: str = "newest"

    keyed: ClassVar[bool] = True
    rules: ClassVar[dict[str, str]] = {"same_text": "another page with the same text stays"}

    def check(self) -> None:
        keepers.check_choice(f"{self.id or 'dedup.text'}.keep", self.keep, keepers.KEEPS)

    def collect(self, batch: Batch, opened: Any) -> pa.Table:
        import pyarrow as pa

        keys = [exact_text_key(d.effective_texts()) for d in batch]
        return pa.table({"key": pa.array(keys, pa.binary(16)), **keepers.describe(batch, self.keep)})

    def decide(self, rows: Rows, opened: Any) -> Iterator[pa.Table]:
        return keepers.drop_repeats(rows, "same_text")

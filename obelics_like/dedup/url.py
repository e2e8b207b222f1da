"""Drops pages whose URL was crawled more than once, all but one; it does not look at what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from obelics_like.dedup import keepers
from obelics_like.dedup.keys import IGNORED, url_key
from obelics_like.stage import Batch, DocumentStage

if TYPE_CHECKING:
    import pyarrow as pa

    from obelics_like.rows import Rows


@dataclass(frozen=True)
class SameUrl(DocumentStage):
    """One page for each canonical URL (`keys.canonical_url`); the value of a drop is the id of the page that stays.

    keep: which one stays: "newest" (by crawl date), "oldest", "lowest_id" or "longest" (characters of kept text).
        Ties go to the lowest id, then to the page read first. What an earlier run kept stays before all others.
    ignore: what else makes no difference between URLs: any of "www" (at the host's beginning), "slash" (at the path's
        end), "query_order".
    index: a folder of what earlier runs kept (see `stage.DocumentStage`); absent, a run knows only itself.
    """

    keep: str = "newest"
    ignore: tuple[str, ...] = ()

    keyed: ClassVar[bool] = True
    rules: ClassVar[dict[str, str]] = {"same_url": "another page of the same canonical URL stays"}

    def check(self) -> None:
        keepers.check_choice(f"{self.id or 'dedup.url'}.keep", self.keep, keepers.KEEPS)
        for name in self.ignore:
            keepers.check_choice(f"{self.id or 'dedup.url'}.ignore", name, IGNORED)

    def fits(self) -> dict[str, Any]:
        return {"ignore": sorted(set(self.ignore))}

    def collect(self, batch: Batch, opened: Any) -> pa.Table:
        import pyarrow as pa

        keys = [url_key(d.url, self.ignore) for d in batch]
        return pa.table({"key": pa.array(keys, pa.binary(16)), **keepers.describe(batch, self.keep)})

    def decide(self, rows: Rows, opened: Any) -> Iterator[pa.Table]:
        return keepers.drop_repeats(rows, "same_url")

"""Drops pages whose pictures are exactly another page's; a single picture that repeats is no business of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from obelics_like.dedup import keepers
from obelics_like.document import Document
from obelics_like.stage import Batch, DocumentStage

if TYPE_CHECKING:
    import pyarrow as pa

    from obelics_like.rows import Rows

KINDS = ("url", "sha256")


@dataclass(frozen=True)
class SameImages(DocumentStage):
    """One page for each set of pictures (OBELICS, step 11); the value of a drop is the id of the page that stays.

    Order and repeats make no other set. Pages without pictures are never copies of one another.

    by: what names a picture: "url" (OBELICS) or "sha256" (its bytes; its URL where they were not found).
    keep: which one stays: "newest" (by crawl date), "oldest", "lowest_id" or "longest" (characters of kept text).
        Ties go to the lowest id, then to the page read first. What an earlier run kept stays before all others.
    index: a folder of what earlier runs kept (see `stage.DocumentStage`); absent, a run knows only itself.
    """

    by: str = "url"
    keep: str = "newest"

    keyed: ClassVar[bool] = True
    rules: ClassVar[dict[str, str]] = {"same_images": "another page with the same set of pictures stays"}

    def check(self) -> None:
        where = self.id or "dedup.images"
        keepers.check_choice(f"{where}.keep", self.keep, keepers.KEEPS)
        keepers.check_choice(f"{where}.by", self.by, KINDS)

    def fits(self) -> dict[str, Any]:
        return {"by": self.by}

    def collect(self, batch: Batch, opened: Any) -> pa.Table:
        import pyarrow as pa

        keys = [self._key(document) for document in batch]
        return pa.table({"key": pa.array(keys, pa.binary(16)), **keepers.describe(batch, self.keep)})

    def _key(self, document: Document) -> bytes | None:
        blobs = self.by == "sha256"
        names = {(i.blob.sha256 if blobs and i.blob is not None else None) or i.url for i in document.images()}
        whole = "\n".join(sorted(names)).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(whole, digest_size=16).digest() if names else None

    def decide(self, rows: Rows, opened: Any) -> Iterator[pa.Table]:
        return keepers.drop_repeats(rows, "same_images")

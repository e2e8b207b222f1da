"""Drops pages that are nearly another page, found by MinHash and banding and measured on their shingles.

Here is the stage; `shingles`, `sketches`, `bands`, `clusters` and `keepers` each do one step of it, and `neighbours`
takes the rows through them.
Broder, "On the resemblance and containment of documents" (1997); Indyk and Motwani (1998) for the banding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from obelics_like.dedup import bands as banded
from obelics_like.dedup import clusters, keepers
from obelics_like.dedup.neighbours import Piece, Verdicts, deciding
from obelics_like.dedup.ragged import Ragged
from obelics_like.dedup.ranks import Ranks
from obelics_like.dedup.shingles import KINDS, LONGEST, shingle_sets
from obelics_like.dedup.sketches import BACKENDS, Sketcher, sketcher
from obelics_like.document import Document
from obelics_like.errors import OptionError
from obelics_like.rows import Rows
from obelics_like.stage import Batch, Context, DocumentStage, Plan, Step

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_AT_ONCE = 100_000  # drops that are worded at once

VERIFY = ("exact", "estimate", "none")


@dataclass(frozen=True)
class NearDuplicates(DocumentStage):
    """One page for each cluster of near-duplicates: pages whose shingle sets have a Jaccard of `threshold` or more.

    The value of a drop reads "0.931 with ID": the Jaccard to the page that stays. Clusters chain (a near b near c):
    a page that is near no staying page but near another one of the cluster reads "0.912 with ID, kept ID2".
    Pages without a token are never duplicates; a page shorter than the n-gram has one shingle, its whole text.
    A page's row is 8 bytes a band, 4 bytes a distinct shingle (verify = "exact") or permutation, and some 70 bytes, on
    the disk; what deciding takes of memory is bounded (OBELICS_LIKE_DECIDE_MB), whatever the number of pages.

    backend: the library that makes the signatures, "rensa" or "datasketch"; with verify = "exact" both find the same.
    permutations: length of the signature.
    threshold: the Jaccard from which on two pages are duplicates, over 0 and at most 1.
    bands, rows: the banding; what is left out is chosen: the most rows a band whose chance to miss a pair at the
        threshold is at most 0.5 % (256 permutations at 0.8: 32 bands of 8 rows, 0.28 %).
    shingle: "auto" (words, and characters in scripts without spaces), "word" (between white space) or "character".
    ngram: how many of them make a shingle; several sizes are put in one set.
    per_language: compare only pages of the same language.
    keep: which page of a cluster stays: "newest" (by crawl date), "oldest", "lowest_id" or "longest" (characters of
        kept text); ties go to the lowest id, then to the page read first.
    verify: how candidates are measured: "exact" (on all shingles), "estimate" (on the signatures: standard
        deviation 0.025 at 0.8 with 256 permutations, and no shingles in the rows) or "none" (a shared band is enough).
    chain: whether clusters chain; if not, a page goes only if it is near one that stays.
    seed: of the permutations, 0 to 2**32 - 1.
    index: a folder of what earlier runs kept (see `stage.DocumentStage`); absent, a run knows only itself.
    max_band: in a group of more pages than this that share a band, the rest is compared with its first page only.
    """

    backend: str = "rensa"
    permutations: int = 256
    threshold: float = 0.8
    bands: int | None = None
    rows: int | None = None
    shingle: str = "auto"
    ngram: tuple[int, ...] = (5,)
    per_language: bool = True
    keep: str = "newest"
    verify: str = "exact"
    chain: bool = True
    seed: int = 1
    max_band: int = 32

    rules: ClassVar[dict[str, str]] = {"near_duplicate": "a page with nearly the same text stays"}

    def check(self) -> None:
        where = self.id or "dedup.minhash"
        choices = {"backend": BACKENDS, "shingle": KINDS, "verify": VERIFY, "keep": keepers.KEEPS}
        for name, known in choices.items():
            keepers.check_choice(f"{where}.{name}", getattr(self, name), known)
        if not 0 < self.threshold <= 1:
            raise OptionError(f"{where}.threshold", got=self.threshold, valid="over 0, at most 1", do="correct it")
        for name, least, most in (("permutations", 1, 65536), ("seed", 0, 2**32 - 1), ("max_band", 1, 2**20)):
            if not least <= getattr(self, name) <= most:
                raise OptionError(
                    f"{where}.{name}", got=getattr(self, name), valid=f"{least} to {most}", do="correct it"
                )
        if not self.ngram or not all(1 <= n <= LONGEST for n in self.ngram):
            raise OptionError(
                f"{where}.ngram", got=list(self.ngram), valid=f"one or more sizes from 1 to {LONGEST}", do="correct it"
            )
        self._check_banding(where)

    def _check_banding(self, where: str) -> None:
        given = [n for n in (self.bands, self.rows) if n is not None]
        if any(n < 1 for n in given):
            raise OptionError(
                f"{where}.bands, .rows", got=given, valid="1 or more", do="correct them or leave them out"
            )
        least = (self.bands or 1) * (self.rows or 1)
        if least > self.permutations:
            raise OptionError(
                f"{where}.bands, .rows",
                got=f"{self.bands or 1} bands x {self.rows or 1} rows = {least}",
                valid=f"at most the {self.permutations} permutations",
                do="lower them, raise permutations, or leave both out",
            )

    def remembers(self) -> tuple[str, ...]:
        return ("id", "first", "size", "fingerprint", "bands", "shingles" if self.verify == "exact" else "signature")

    def fits(self) -> dict[str, Any]:
        names = ("backend", "permutations", "shingle", "ngram", "per_language", "seed")
        banding = banded.banding(self.permutations, self.threshold, self.bands, self.rows)
        return {**{n: getattr(self, n) for n in names}, "banding": banding, "exact": self.verify == "exact"}

    def open(self, context: Context) -> Sketcher:
        return sketcher(self.backend, self.permutations, self.seed)

    def collect(self, batch: Batch, opened: Sketcher) -> pa.Table:
        import numpy as np
        import pyarrow as pa
        from xxhash import xxh3_64_intdigest

        sets = shingle_sets(batch, self.shingle, self.ngram)
        salt = np.array([self._salt(document) for document in batch], np.uint64)
        prints = [xxh3_64_intdigest(sets.row(i).astype("<u4").tobytes()) for i in range(len(batch))]
        signatures = opened(sets)
        count, width = banded.banding(self.permutations, self.threshold, self.bands, self.rows)
        keys = banded.band_keys(signatures, count, width, salt)
        columns = {
            **keepers.describe(batch, self.keep),
            "size": pa.array(sets.lengths.astype(np.uint32)),
            "fingerprint": pa.array(np.array(prints, np.uint64) ^ salt),
            "bands": pa.FixedSizeListArray.from_arrays(pa.array(keys.reshape(-1)), count),
        }
        if self.verify == "exact":
            columns["shingles"] = pa.LargeListArray.from_arrays(pa.array(sets.offsets), pa.array(sets.flat))
        else:
            flat = pa.array(signatures.reshape(-1), pa.uint32())
            columns["signature"] = pa.FixedSizeListArray.from_arrays(flat, self.permutations)
        return pa.table(columns)

    def _salt(self, document: Document) -> int:
        """The hash of the page's language, where languages are kept apart."""
        from xxhash import xxh3_64_intdigest

        code = document.language.code if document.language else ""
        return xxh3_64_intdigest(code.encode()) if self.per_language else 0

    def decide(self, rows: Rows, opened: Sketcher) -> Iterator[pa.Table]:
        """All steps in one process, one after the other."""
        with rows.workspace() as folder:
            plan = self.plan(rows.memory)
            steps = next(plan)
            while not steps[0].last:
                steps = plan.send([self.take_step(step, rows, folder)[0] for step in steps])
            for step in steps:
                yield from self.last_step(step, rows, folder)
            try:
                plan.send([{} for _ in steps])
            except StopIteration as end:
                for note in end.value:
                    rows.note(note)

    def plan(self, memory: int) -> Plan:
        count, _ = banded.banding(self.permutations, self.threshold, self.bands, self.rows)
        return deciding(memory, count, self.max_band, self.chain)

    def take_step(self, step: Step, rows: Rows, folder: Path) -> tuple[dict[str, Any], list[Path]]:
        piece = self.piece(rows, folder)
        return piece.do(step), piece.files(step)

    def last_step(self, step: Step, rows: Rows, folder: Path) -> Iterator[pa.Table]:
        piece = self.piece(rows, folder)
        found, ranks = piece.judge(step), piece.ranks(step)
        for at in range(0, len(found.rank), _AT_ONCE):
            yield self._told(rows, ranks, found, slice(at, at + _AT_ONCE))

    def piece(self, rows: Rows, folder: Path) -> Piece:
        """What does the steps, with their files in `folder`."""
        return Piece(rows, folder, partial(self._measured, rows))

    def _told(self, rows: Rows, ranks: Ranks, found: Verdicts, part: slice) -> pa.Table:
        import numpy as np

        goes, by, stays = found.rank[part], found.by[part], found.keeper[part]
        named = np.unique(np.concatenate((by, stays)))
        ids = rows.take(ranks.docs[named], ["id"])["id"].to_pylist()
        name = dict(zip(named.tolist(), ids, strict=True))
        values = [
            f"{near:.3f} with {name[other]}" + ("" if other == keeper else f", kept {name[keeper]}")
            for near, other, keeper in zip(found.near[part], by.tolist(), stays.tolist(), strict=True)
        ]
        return keepers.verdict(ranks.docs[goes], "near_duplicate", values, f"{self.threshold:g}")

    def _measured(self, rows: Rows, ranks: Ranks, left: np.ndarray, right: np.ndarray) -> clusters.Links:
        """The candidate pairs with their Jaccard, without those below the threshold (unless verify is "none")."""
        import numpy as np

        if self.verify == "exact":  # the smaller set over the larger one bounds the Jaccard
            sizes = ranks.sizes[left].astype(np.int64), ranks.sizes[right].astype(np.int64)
            possible = np.minimum(*sizes) / np.maximum(*sizes) >= self.threshold
            left, right = left[possible], right[possible]
        if not len(left):
            return clusters.Links(left, right, np.zeros(0))
        named, local = np.unique(np.concatenate((left, right)), return_inverse=True)
        pair = local[: len(left)], local[len(left) :]
        column = "shingles" if self.verify == "exact" else "signature"
        taken = rows.take(ranks.docs[named], [column])[column].chunk(0)
        if self.verify == "exact":
            start = taken.offsets.to_numpy()
            near = clusters.jaccard(Ragged(taken.flatten().to_numpy(), start - start[0]), *pair)
        else:
            near = clusters.estimate(np.asarray(taken.flatten()).reshape(-1, self.permutations), *pair)
        links = clusters.Links(left, right, near)
        return links if self.verify == "none" else links.where(near >= self.threshold)

"""Drops pages that are nearly another page, found by MinHash and banding and measured on their shingles.

Here is the stage; `shingles`, `sketches`, `bands`, `clusters` and `keepers` each do one step of it.
Broder, "On the resemblance and containment of documents" (1997); Indyk and Motwani (1998) for the banding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from obelics_like.dedup import bands as banded
from obelics_like.dedup import clusters, keepers
from obelics_like.dedup.ragged import Ragged, distinct
from obelics_like.dedup.shingles import KINDS, LONGEST, shingle_sets
from obelics_like.dedup.sketches import BACKENDS, Sketcher, sketcher
from obelics_like.errors import OptionError
from obelics_like.stage import Batch, Context, DocumentStage

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

VERIFY = ("exact", "estimate", "none")


@dataclass(frozen=True)
class NearDuplicates(DocumentStage):
    """One page for each cluster of near-duplicates: pages whose shingle sets have a Jaccard of `threshold` or more.

    The value of a drop reads "0.931 with ID": the Jaccard to the page that stays. Clusters chain (a near b near c):
    a page that is near no staying page but near another one of the cluster reads "0.912 with ID, kept ID2".
    Pages without a token are never duplicates; a page shorter than the n-gram has one shingle, its whole text.
    In memory, `decide` needs the rows (4 bytes a permutation, with verify = "exact" 4 bytes a distinct shingle, and
    some 80 bytes), 500 bytes a page, and the shingles of the candidate pages once more.

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

    def open(self, context: Context) -> Sketcher:
        return sketcher(self.backend, self.permutations, self.seed)

    def collect(self, batch: Batch, opened: Sketcher) -> pa.Table:
        import numpy as np
        import pyarrow as pa
        from xxhash import xxh3_64_intdigest

        sets = shingle_sets(batch, self.shingle, self.ngram)
        prints = [xxh3_64_intdigest(sets.row(i).astype("<u4").tobytes()) for i in range(len(batch))]
        flat = pa.array(opened(sets).reshape(-1), pa.uint32())
        columns = {
            **keepers.describe(batch),
            "language": pa.array([d.language.code if d.language else "" for d in batch], pa.string()),
            "size": pa.array(sets.lengths.astype(np.uint32)),
            "fingerprint": pa.array(prints, pa.uint64()),
            "signature": pa.FixedSizeListArray.from_arrays(flat, self.permutations),
        }
        if self.verify == "exact":
            columns["shingles"] = pa.LargeListArray.from_arrays(pa.array(sets.offsets), pa.array(sets.flat))
        return pa.table(columns)

    def decide(self, rows: pa.Table, opened: Sketcher) -> pa.Table:
        order = keepers.best_first(rows, self.keep)
        links = self.links(rows, order)
        keeper = (clusters.components if self.chain else clusters.stars)(len(order), links)
        rank, by, near = clusters.witnesses(keeper, links)
        ids = rows["id"].combine_chunks()
        others = ids.take(order[by]).to_pylist()
        kept = ids.take(order[keeper[rank]]).to_pylist()
        values = [
            f"{j:.3f} with {other}" + ("" if direct else f", kept {stays}")
            for j, other, stays, direct in zip(near, others, kept, by == keeper[rank], strict=True)
        ]
        return keepers.verdict(rows, order[rank], "near_duplicate", values, f"{self.threshold:g}")

    def links(self, rows: pa.Table, order: np.ndarray) -> clusters.Links:
        """All pairs found near enough. Equal sets are joined to one of them first, so that no band gets hot by them."""
        import numpy as np

        salt = _salt(rows, self.per_language)
        ranks = np.flatnonzero(rows["size"].to_numpy()[order] > 0)
        prints = (rows["fingerprint"].to_numpy() ^ salt)[order[ranks]]
        left, right = banded.pairs(prints, 1)
        equal = clusters.Links(ranks[left], ranks[right], np.ones(len(left)))
        found = self._candidates(rows, order, np.delete(ranks, right), salt)
        near = self._measured(rows, order, *found)
        return clusters.Links(*(np.concatenate(both) for both in zip(_columns(equal), _columns(near), strict=True)))

    def _candidates(
        self, rows: pa.Table, order: np.ndarray, ranks: np.ndarray, salt: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The distinct pairs among `ranks` that share a band."""
        import numpy as np

        count, width = banded.banding(self.permutations, self.threshold, self.bands, self.rows)
        signatures = [_matrix(chunk, self.permutations) for chunk in rows["signature"].chunks]
        found = np.zeros(0, np.int64)
        for band in range(count):
            keys = banded.band_keys(signatures, len(order), band, width, salt)[order[ranks]]
            left, right = banded.pairs(keys, self.max_band)
            found = distinct(np.concatenate((found, left * len(ranks) + right)))
        return ranks[found // max(1, len(ranks))], ranks[found % max(1, len(ranks))]

    def _measured(self, rows: pa.Table, order: np.ndarray, left: np.ndarray, right: np.ndarray) -> clusters.Links:
        """The candidate pairs with their Jaccard, without those below the threshold (unless verify is "none")."""
        import numpy as np

        if self.verify == "exact":  # the smaller set over the larger one bounds the Jaccard
            sizes = rows["size"].to_numpy()[order].astype(np.int64)
            bound = np.minimum(sizes[left], sizes[right]) / np.maximum(sizes[left], sizes[right])
            possible = bound >= self.threshold
            left, right = left[possible], right[possible]
        ranks, local = np.unique(np.concatenate((left, right)), return_inverse=True)
        pair = local[: len(left)], local[len(left) :]
        column = "shingles" if self.verify == "exact" else "signature"
        taken = rows[column].take(order[ranks]).combine_chunks()
        if self.verify == "exact":
            start = taken.offsets.to_numpy()
            near = clusters.jaccard(Ragged(taken.flatten().to_numpy(), start - start[0]), *pair)
        else:
            near = clusters.estimate(_matrix(taken, self.permutations), *pair)
        links = clusters.Links(left, right, near)
        return links if self.verify == "none" else links.where(near >= self.threshold)


def _columns(links: clusters.Links) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return links.left, links.right, links.jaccard


def _matrix(signatures: pa.FixedSizeListArray, permutations: int) -> np.ndarray:
    import numpy as np

    return np.asarray(signatures.flatten()).reshape(-1, permutations)


def _salt(rows: pa.Table, per_language: bool) -> np.ndarray:
    """A 64-bit number a row: the hash of its language, or 0."""
    import numpy as np
    from xxhash import xxh3_64_intdigest

    if not per_language:
        return np.zeros(rows.num_rows, np.uint64)
    languages = rows["language"].combine_chunks().dictionary_encode()
    hashes = np.array([xxh3_64_intdigest(code.encode()) for code in languages.dictionary.to_pylist()], np.uint64)
    salt: np.ndarray = hashes[languages.indices.to_numpy()]
    return salt

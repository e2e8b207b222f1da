"""Drops pages most of whose paragraphs were read before, on earlier pages or above on the same, by a Bloom filter.

It drops no single paragraph: `text.repeated` does, for those that are equal. Bloom, "Space/time trade-offs in hash
coding with allowable errors" (1970).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from obelics_like.dedup import keepers
from obelics_like.dedup.runs import mapped
from obelics_like.dedup.shingles import KINDS, LONGEST, ngram_hashes
from obelics_like.document import Document
from obelics_like.errors import OptionError
from obelics_like.stage import Batch, Context, DocumentStage

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from obelics_like.rows import Rows


@dataclass(frozen=True)
class SeenParagraphs(DocumentStage):
    """Go through the pages in the order they were read in, and drop those that bring little new (MINT-1T, Dolma, DCLM).

    A text is a paragraph. It counts as seen if more than max_contained of its n-grams are in the filter; else they are
    put in. A page goes if more than max_seen of its paragraphs were seen; the value of its drop is that share. What a
    page brought that goes stays in the filter. By chance, an n-gram counts as seen false_positive_rate of the time at
    the end of the run and less before; a paragraph of many n-grams almost never.

    max_seen: the share of seen paragraphs above which a page goes (MINT-1T: 0.8); absent, the stage is off.
    max_contained: the share of a paragraph's n-grams above which it counts as seen (DCLM's tool: 0.8).
    ngram: tokens of an n-gram (MINT-1T: 13); a shorter paragraph is one n-gram.
    shingle: what a token is, as in `dedup.minhash`: "auto", "word" or "character".
    false_positive_rate: of the filter (MINT-1T: 0.01): 9.6 bits an n-gram at 0.01, 14.4 at 0.001; a filter larger than
        half of the memory for decisions is a file, and slower.
    index: not for this stage.
    """

    max_seen: float | None = None
    max_contained: float = 0.8
    ngram: int = 13
    shingle: str = "auto"
    false_positive_rate: float = 0.01

    rules: ClassVar[dict[str, str]] = {
        "seen_paragraphs": "more than max_seen of the page's paragraphs were read before"
    }

    def check(self) -> None:
        where = self.id or "dedup.paragraphs"
        keepers.check_choice(f"{where}.shingle", self.shingle, KINDS)
        for name, least, most in (("max_seen", 0, 1), ("max_contained", 0, 1), ("ngram", 1, LONGEST)):
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                raise OptionError(f"{where}.{name}", got=value, valid=f"{least} to {most}", do="correct it")
        if not 1e-9 <= self.false_positive_rate <= 0.5:
            got = self.false_positive_rate
            raise OptionError(f"{where}.false_positive_rate", got=got, valid="1e-9 to 0.5", do="correct it")
        if self.index is not None:
            raise OptionError(f"{where}.index", got=self.index, valid="nothing: this stage has none", do="leave it out")

    def active(self, context: Context) -> bool:
        """Only where there is a limit."""
        return self.max_seen is not None

    def collect(self, batch: Batch, opened: Any) -> pa.Table:
        """A row a page: `ngrams` (64-bit hashes, those of a paragraph once), and `ends` of its paragraphs in them."""
        import numpy as np
        import pyarrow as pa

        single = [Document("", "", d.origin, [text]) for d in batch for text in d.texts()]
        sets = ngram_hashes(single, self.shingle, self.ngram)
        texts = np.cumsum([0, *(sum(1 for _ in d.texts()) for d in batch)])
        ends = [sets.offsets[a + 1 : b + 1] - sets.offsets[a] for a, b in pairwise(texts)]
        return pa.table(
            {
                "ends": pa.array(ends, pa.list_(pa.int64())),
                "ngrams": pa.LargeListArray.from_arrays(pa.array(sets.offsets[texts]), pa.array(sets.flat)),
            }
        )

    def decide(self, rows: Rows, opened: Any) -> Iterator[pa.Table]:
        import numpy as np

        total = sum(len(part["ngrams"].combine_chunks().flatten()) for part in rows.parts(["ngrams"]))
        with rows.workspace() as folder:
            bloom = Bloom(total, self.false_positive_rate, folder, rows.memory // 2)
            for part in rows.parts(["ends", "ngrams"]):
                docs = part["doc"].to_numpy()
                order = np.argsort(docs)
                found = {int(docs[at]): self._share(part, int(at), bloom) for at in order}
                gone = {doc: share for doc, share in found.items() if share > (self.max_seen or 0)}
                values = [f"{share:.3f}" for share in gone.values()]
                yield keepers.verdict(np.array([*gone], np.uint64), "seen_paragraphs", values, f"{self.max_seen:g}")

    def _share(self, part: pa.Table, at: int, bloom: Bloom) -> float:
        """The share of a page's paragraphs that were seen; the others are put in. One without a token is none."""
        ends = part["ends"][at].values.to_numpy()
        ngrams = part["ngrams"][at].values.to_numpy() if len(ends) else None
        seen = paragraphs = start = 0
        for end in ends.tolist():
            if ngrams is not None and end > start:
                paragraphs += 1
                if bloom.share(ngrams[start:end]) > self.max_contained:
                    seen += 1
                else:
                    bloom.add(ngrams[start:end])
            start = end
        return seen / max(1, paragraphs)


class Bloom:
    """A set of 64-bit hashes that forgets none and takes some for its own: `rate` of strangers, when `count` are in."""

    def __init__(self, count: int, rate: float, folder: Path, memory: int) -> None:
        import numpy as np

        bits = max(64, math.ceil(-count * math.log(rate) / math.log(2) ** 2))
        self._bits = np.uint64(bits)
        self._hashes = np.arange(max(1, round(bits / max(1, count) * math.log(2))), dtype=np.uint64)
        size = bits // 8 + 1
        self._map: np.ndarray = np.zeros(size, np.uint8) if size <= memory else mapped(folder / "bloom", np.uint8, size)

    def share(self, hashes: np.ndarray) -> float:
        """The share of the hashes that are in."""
        byte, bit = self._places(hashes)
        return float(((self._map[byte] & bit) > 0).all(axis=1).mean())

    def add(self, hashes: np.ndarray) -> None:
        """Put the hashes in."""
        import numpy as np

        np.bitwise_or.at(self._map, *self._places(hashes))

    def _places(self, hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The bytes and bits of each hash: two halves of it make all places (Kirsch and Mitzenmacher 2006)."""
        import numpy as np

        step = ((hashes >> np.uint64(32)) | np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        place = (hashes[:, None] + self._hashes * step[:, None]) % self._bits
        return place >> np.uint64(3), np.left_shift(1, place & np.uint64(7)).astype(np.uint8)

"""Chooses the documents that the report shows: the same ones every time, spread over languages and over rules.

It knows only the columns it chooses by; what is shown of a document is not its business.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterable
from hashlib import blake2b
from itertools import chain, zip_longest
from typing import Any

import pyarrow.compute as pc

from obelics_like.report.lookup import Spot, batches, rows_at
from obelics_like.store.folder import Output

SHOWN = 12


class Spread:
    """Holds, for each key, the `most` items of lowest rank that it was shown."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._heaps: dict[Hashable, list[tuple[tuple[int, int], Spot]]] = {}
        self.seen: dict[Hashable, int] = {}

    def add(self, key: Hashable, rank: tuple[int, int], spot: Spot) -> None:
        """Show it an item; the lower the rank, the sooner it is chosen."""
        self.seen[key] = self.seen.get(key, 0) + 1
        heap = self._heaps.setdefault(key, [])
        item = ((-rank[0], -rank[1]), spot)
        if len(heap) < self.most:
            heapq.heappush(heap, item)
        elif item[0] > heap[0][0]:
            heapq.heapreplace(heap, item)

    def chosen(self, keys: Iterable[Hashable], count: int) -> list[Spot]:
        """`count` items: the first of each key, in the order of the keys, then the second of each, and so on."""
        columns = [[spot for _, spot in sorted(self._heaps[key], reverse=True)] for key in keys]
        rows = chain.from_iterable(zip_longest(*columns))
        return [spot for spot in rows if spot is not None][:count]


def kept_examples(output: Output, count: int = SHOWN) -> list[dict[str, Any]]:
    """Rows of the corpus, spread over languages; those of a handy size with several pictures come first."""
    spread = Spread(count)
    columns = ["id", "language", "image_info.list.element.pack", "text_info.list.element.pos"]
    for path, group, first, batch in batches(output.paths("corpus"), columns):
        rows = batch.to_pylist()
        for n, row in enumerate(rows):
            bytes_had = sum(i["pack"] is not None for i in row["image_info"])
            whole = 2 <= bytes_had <= 6 and 5 <= len(row["text_info"]) <= 40
            handsome = 0 if whole else 1 if bytes_had else 2
            spread.add(row["language"] or "und", (handsome, _order(row["id"])), Spot(path, group, first + n))
    languages = sorted(spread.seen, key=lambda code: (-spread.seen[code], str(code)))
    return list(rows_at(spread.chosen(languages, count)))


def dropped_examples(output: Output, order: list[str], count: int = SHOWN) -> list[dict[str, Any]]:
    """Rows of dropped pages, spread over the rules; those whose content was kept come first within a rule."""
    spread = Spread(count)
    sampled = str(output.run["keep_dropped"]).startswith("sample:")
    columns = ["id", "stage", "rule", "texts", *(["content"] if sampled else [])]
    for path, group, first, batch in batches(output.paths("dropped", "pages-"), columns):
        had = pc.is_valid(batch.column("content")).to_pylist() if sampled else [False] * batch.num_rows
        rows = batch.select(["id", "stage", "rule", "texts"]).to_pylist()
        for n, (row, content) in enumerate(zip(rows, had)):
            dull = 0 if content else 1 if row["texts"] else 2
            spread.add((row["stage"], row["rule"]), (dull, _order(row["id"])), Spot(path, group, first + n))
    rules = sorted(spread.seen, key=lambda key: (-spread.seen[key], str(key)))
    found = list(rows_at(spread.chosen(rules, count)))
    places = {stage: n for n, stage in enumerate(order)}
    return sorted(found, key=lambda row: (places.get(row["stage"], len(places)), row["rule"]))


def _order(identity: str) -> int:
    """A place in an order that has nothing to do with the order of the crawl."""
    return int.from_bytes(blake2b(identity.encode(), digest_size=8).digest())

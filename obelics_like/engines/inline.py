"""Runs everything in this process, one item after the other: for debugging, and as the reference for other engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from obelics_like.engines import ONE_PROCESSOR, Needs


class InlineEngine:
    """See `engines.Engine`; a crash of native code ends the run, since there is no worker to lose."""

    workers = 1

    def map(
        self, task: Callable[[Any], Any], items: Sequence[Any], needs: Needs = ONE_PROCESSOR
    ) -> Iterator[tuple[Any, Any]]:
        """Yield (item, result) in order."""
        for item in items:
            yield item, task(item)

    def close(self) -> None:
        """Nothing to close."""

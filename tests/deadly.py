"""Stages that go wrong on a page that holds a certain word."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from obelics_like.document import Document
from obelics_like.stage import Batch, Stage


def _holds(document: Document, word: str) -> bool:
    return any(word in text.text for text in document.texts())


@dataclass(frozen=True)
class Deadly(Stage):
    """Ends the process. word: what the page holds."""

    word: str = ""

    def process(self, batch: Batch, opened: Any) -> Batch:
        if any(_holds(d, self.word) for d in batch):
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

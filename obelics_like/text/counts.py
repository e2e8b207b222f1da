"""Counts what is kept: words, characters, bytes and tokens, text by text, so that pages add up; it drops nothing."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Any, ClassVar

from obelics_like import words
from obelics_like.document import effective
from obelics_like.stage import Batch, Context, Stage


@dataclass(frozen=True)
class Counts(Stage):
    """Counts the texts that are kept; put it last.

    A page's numbers are the sums over its texts; what joins them (blank lines, images) is the exporter's affair.
    Words are those of `words.of`: every character of a script without spaces is one.

    tokenizers: names of tokenizers (`obelics_like/models/tokenizer.py`); a count means little without its name, since
      the same Hindi text has 5 times the tokens of o200k_base under an English vocabulary (measured)
    """

    tokenizers: tuple[str, ...] = ("o200k_base",)

    facts: ClassVar[dict[str, str]] = {
        "words": "on a text and a document: words of the kept text",
        "characters": "on a text and a document: characters (code points) of the kept text",
        "bytes": "on a text and a document: UTF-8 bytes of the kept text",
        "tokens": "on a text and a document: tokenizer to tokens of the kept text",
    }

    def open(self, context: Context) -> dict[str, Any]:
        return {name: context.model(f"tokenizer:{name}") for name in self.tokenizers}

    def process(self, batch: Batch, opened: dict[str, Any]) -> Batch:
        pages = [list(document.texts()) for document in batch]
        nodes = list(chain.from_iterable(pages))
        texts = effective(nodes)  # of all pages: words are counted by one call
        numbers, lengths = words.count(texts), list(map(len, texts))
        sizes = [len(text) if text.isascii() else len(text.encode("utf-8", "replace")) for text in texts]
        tokens = {name: list(map(tokenizer.count, texts)) for name, tokenizer in opened.items()}
        said: list[dict[str, int]] = [{} for _ in nodes]
        for name, counts in tokens.items():
            for own, count in zip(said, counts):
                own[name] = count
        for node, number, length, size, own in zip(nodes, numbers, lengths, sizes, said):
            facts = node.facts
            facts["words"], facts["characters"], facts["bytes"], facts["tokens"] = number, length, size, own
        end = 0
        for document, page in zip(batch, pages):
            start, end = end, end + len(page)
            document.facts.update(
                words=sum(numbers[start:end]),
                characters=sum(lengths[start:end]),
                bytes=sum(sizes[start:end]),
                tokens={name: sum(counts[start:end]) for name, counts in tokens.items()},
            )
        return batch

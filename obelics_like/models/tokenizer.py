"""Counts tokens with vocabularies that come inside a package, so that nothing is fetched; it hands out no token ids."""

from __future__ import annotations

from typing import Any

from obelics_like.errors import MissingPiece, UnknownName

NAMES = ("cl100k_base", "o200k_base", "voyage3_base")


class Tokenizer:
    """A tokenizer that counts. `name` is its name in reports."""

    __slots__ = ("_encoder", "name")

    def __init__(self, name: str, encoder: Any) -> None:
        self.name, self._encoder = name, encoder

    def count(self, text: str) -> int:
        """The number of tokens of a text; markers such as <|endoftext|> in it are counted as ordinary text.

        >>> load("o200k_base").count("hello world")
        2
        """
        try:
            return int(self._encoder.count(text))
        except UnicodeEncodeError:  # half a surrogate pair: no tokenizer has it
            return int(self._encoder.count(text.encode("utf-8", "replace").decode("utf-8")))


def load(name: str) -> Tokenizer:
    """The tokenizer called `name`, loaded.

    Raises UnknownName for one that bpe-openai does not carry, and MissingPiece where bpe-openai can't be imported.
    """
    if name not in NAMES:
        raise UnknownName("tokenizer", name, NAMES, do="choose one of these")
    try:  # its public Encoding can't count: it would build the list of ids each time
        from bpe_openai._bindings import tokenizer_for_encoding
    except ImportError as error:
        raise MissingPiece(
            f"tokenizer {name}",
            got=str(error),
            valid="bpe-openai 0.1",
            do="pip install 'bpe-openai>=0.1.4,<0.2', or count without it: --set text.counts.tokenizers=[]",
        ) from error
    return Tokenizer(name, tokenizer_for_encoding(name))

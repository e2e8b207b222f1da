"""Counts tokens with vocabularies that come inside a package, so that nothing is fetched; it hands out no token ids."""

from __future__ import annotations

import sys
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
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
    try:
        encoder = _bindings().tokenizer_for_encoding(name)
    except (ImportError, AttributeError) as error:
        raise MissingPiece(
            f"tokenizer {name}",
            got=str(error),
            valid="bpe-openai 0.1",
            do="pip install 'bpe-openai>=0.1.4,<0.2', or count without it: --set text.counts.tokenizers=[]",
        ) from error
    return Tokenizer(name, encoder)


def _bindings() -> Any:
    """The compiled part of bpe-openai, without what stands around it.

    Its public Encoding can't count: it would build the list of ids each time. And importing the package reads each of
    its vocabularies a second time in Python: 0.4 s and 60 MB.
    """
    name = "bpe_openai._bindings"
    if name not in sys.modules:
        package = find_spec("bpe_openai")
        folders = (package.submodule_search_locations if package else None) or []
        files = [Path(folder, "_bindings" + end) for folder in folders for end in EXTENSION_SUFFIXES]
        spec = next((spec_from_file_location(name, file) for file in files if file.is_file()), None)
        if spec is None or spec.loader is None:
            raise ImportError("no compiled module of bpe-openai found")
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules[name] = module  # it can't be loaded twice
    return sys.modules[name]

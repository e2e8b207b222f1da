"""Counts are those of the public encoder of bpe-openai."""

from __future__ import annotations

import subprocess
import sys

import bpe_openai
import pytest

from obelics_like.errors import UnknownName
from obelics_like.models import tokenizer

TEXTS = [
    "",
    "hello world",
    "Grüße aus Köln!",
    "नमस्ते दुनिया",
    "สวัสดีชาวโลก",
    "你好，世界",
    "a\n\n  b\t",
    "<|endoftext|>",
    "👨‍👩‍👧",
    "x" * 5000,
]


@pytest.mark.parametrize("name", tokenizer.NAMES)
def test_counts_equal_the_length_of_the_encoding(name: str) -> None:
    ours, theirs = tokenizer.load(name), bpe_openai.get_encoding(name)
    assert ours.name == name
    assert [ours.count(text) for text in TEXTS] == [len(theirs.encode_ordinary(text)) for text in TEXTS]


def test_half_a_surrogate_pair_is_counted_as_one_stray_character() -> None:
    counter = tokenizer.load("o200k_base")
    assert counter.count("a\ud800b") == counter.count("a?b")


def test_more_than_the_public_encoder_takes() -> None:
    assert tokenizer.load("o200k_base").count("word " * 300_000) >= 300_000


def test_an_unknown_name_is_told_with_the_near_ones() -> None:
    with pytest.raises(UnknownName, match="did you mean"):
        tokenizer.load("o200k")


def test_only_the_compiled_part_of_the_library_is_loaded() -> None:
    code = "import sys; from obelics_like.models.tokenizer import load; print(load('o200k_base').count('a b'))"
    said = subprocess.run([sys.executable, "-c", code + "; print('bpe_openai' in sys.modules); import bpe_openai"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert said.stdout.split() == ["2", "False"]

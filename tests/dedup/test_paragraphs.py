"""Pages that bring little new, and the filter by which that is known."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from obelics_like.dedup.paragraphs import Bloom, SeenParagraphs
from obelics_like.dedup.shingles import ngram_hashes
from obelics_like.document import Document
from obelics_like.errors import OptionError
from obelics_like.stage import Context
from tests.dedup.harness import page, rows_of, run
from tests.dedup.planted import sentence

STAGE = SeenParagraphs(0.8, id="x")


def paragraphs(seed: int, count: int = 10) -> list[str]:
    rng = random.Random(seed)
    return [" ".join(sentence(rng, "en") for _ in range(4)) for _ in range(count)]


def test_a_page_of_seen_paragraphs_goes_and_one_of_mostly_seen_ones_stays() -> None:
    a, b = paragraphs(1), paragraphs(2)
    pages = [
        page("a", *a),
        page("b", *b),
        page("c", *a[:5], *b[:4], "Something new that nobody has read before."),
        page("d", *a[:8], *paragraphs(3)[:2]),
        page("e", *a[:5], *b[5:]),
        page("f"),
        page("g", "...", *a[:1]),
    ]
    expected = {
        2: ("seen_paragraphs", "0.900", "0.8"),
        4: ("seen_paragraphs", "1.000", "0.8"),
        6: ("seen_paragraphs", "1.000", "0.8"),
    }
    assert run(STAGE, pages) == expected
    assert run(STAGE, pages, shard=1) == expected
    assert run(STAGE, pages, shuffle=3, memory=1) == expected
    assert run(SeenParagraphs(0.8, false_positive_rate=1e-6, id="x"), pages) == expected


def test_repeats_on_the_page_itself_count_and_near_ones_too() -> None:
    a = paragraphs(1, 1)[0]
    words = a.split()
    near = " ".join([*words[:-1], "other"])
    assert run(SeenParagraphs(0.6, id="x"), [page("a", a, a.upper(), near)]) == {0: ("seen_paragraphs", "0.667", "0.6")}
    changed = " ".join("other" if n % 10 == 5 else word for n, word in enumerate(words))
    assert run(SeenParagraphs(0.1, id="x"), [page("a", a, changed)]) == {}
    assert run(SeenParagraphs(0.1, ngram=1, id="x"), [page("a", a, changed)]) == {
        0: ("seen_paragraphs", "0.500", "0.1")
    }


@pytest.mark.parametrize("rate", [0.2, 0.01, 0.0001])
@pytest.mark.parametrize("memory", [10**9, 10])
def test_the_filter_forgets_nothing_and_errs_at_its_rate(tmp_path: Path, rate: float, memory: int) -> None:
    rng = np.random.default_rng(1)
    bloom = Bloom(50_000, rate, tmp_path, memory)
    known = rng.integers(0, 2**64, 50_000, np.uint64)
    assert bloom.share(known) == 0
    for at in range(0, 50_000, 50):
        bloom.add(known[at : at + 50])
    assert bloom.share(known) == 1
    assert bloom.share(rng.integers(0, 2**64, 300_000, np.uint64)) == pytest.approx(rate, rel=0.1, abs=0.0001)


def test_hashes_do_not_depend_on_the_batch() -> None:
    pages = [page(str(n), *paragraphs(n, 3)) for n in range(20)] + [page("none"), page("short", "one two")]
    whole = rows_of(STAGE, pages)
    assert whole.equals(rows_of(STAGE, pages, shard=1).combine_chunks())
    single: list[Document] = [page("a", "One two three four"), page("b", "one two three"), page("c")]
    sets = ngram_hashes(single, "auto", 3)
    assert sets.lengths.tolist() == [2, 1, 0]
    assert sets.row(1)[0] in sets.row(0)


def test_options() -> None:
    assert not SeenParagraphs(id="x").active(Context())
    for stage in (
        SeenParagraphs(1.5, id="x"),
        SeenParagraphs(0.8, ngram=0, id="x"),
        SeenParagraphs(0.8, false_positive_rate=0.9, id="x"),
        SeenParagraphs(0.8, index="seen", id="x"),
    ):
        with pytest.raises(OptionError, match=r"x\."):
            stage.check()

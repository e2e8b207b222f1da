"""Near-duplicates: planted ones are found, the right page stays, and neither order, batch nor backend matters."""

from __future__ import annotations

import random
import re
import time
import tracemalloc

import numpy as np
import pytest
from datasketch import MinHash

from obelics_like.dedup.clusters import estimate
from obelics_like.dedup.minhash import NearDuplicates
from obelics_like.dedup.pairs import links, near_pairs
from obelics_like.dedup.ragged import Ragged
from obelics_like.dedup.shingles import shingle_sets
from obelics_like.dedup.sketches import BACKENDS, sketcher
from obelics_like.document import Document
from obelics_like.errors import OptionError
from obelics_like.rows import Rows, tables
from obelics_like.stage import Context
from tests.dedup.harness import decided, page, rows_of, run
from tests.dedup.planted import corpus, duplicate_pairs, sentence

STAGE = NearDuplicates(id="minhash")


def long_text(seed: int = 0, count: int = 30) -> list[str]:
    rng = random.Random(seed)
    return [sentence(rng, "en") for _ in range(count)]


def chain() -> list[Document]:
    """Three cuts of 400 from 480 words: b is near a and near c (0.82 each), a is not near c (0.66)."""
    words = [f"w{i}" for i in range(480)]
    return [page(name, " ".join(words[at : at + 400])) for name, at in (("a", 0), ("b", 40), ("c", 80))]


@pytest.mark.parametrize("language", ["en", "zh", "th"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_planted_duplicates_are_found_and_nothing_else(language: str, backend: str) -> None:
    texts = corpus(language, 240, seed=3)
    truth = duplicate_pairs(texts, 0.8)
    assert len(truth) > 30
    found = near_pairs(texts, NearDuplicates(backend, id="minhash"))
    assert len(truth & found.keys()) / len(truth) >= 0.99
    assert len(truth & found.keys()) / len(found) >= 0.99


@pytest.mark.parametrize("verify", ["exact", "estimate", "none"])
def test_rows_and_shards_in_any_order_give_the_same_verdict(verify: str) -> None:
    texts = corpus("en", 100, seed=4) + corpus("en", 20, seed=4)
    pages = [page(f"{i * 7919 % 997}", t, date=f"2024-01-{1 + len(t) % 9:02d}") for i, t in enumerate(texts)]
    stage = NearDuplicates(id="minhash", verify=verify)
    first = run(stage, pages)
    assert len(first) > 20
    assert run(stage, pages, shard=7) == first
    assert run(stage, pages, shard=1, shuffle=1) == first
    assert run(stage, pages, shard=50, shuffle=2) == first
    moved = random.Random(3).sample(range(len(pages)), len(pages))
    assert {moved[doc]: drop for doc, drop in run(stage, [pages[i] for i in moved]).items()} == first


@pytest.mark.parametrize("backend", BACKENDS)
def test_signatures_do_not_depend_on_the_batch(backend: str) -> None:
    pages = [page(str(i), text) for i, text in enumerate(corpus("en", 40, seed=5))] + [
        page("empty"),
        page("short", "a"),
    ]
    stage = NearDuplicates(backend, 128, verify="estimate", id="minhash")
    whole = rows_of(stage, pages)
    assert whole.equals(rows_of(stage, pages, shard=1).combine_chunks())
    assert whole.schema.field("signature").type.list_size == 128


PINNED = {
    "rensa": ([1888478259, 1498261183, 901494920, 147377067], 1695637990224),
    "datasketch": ([637444450, 544290631, 552668252, 1769075662], 199983510085),
}


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_signature_is_the_same_on_every_machine(backend: str) -> None:
    """The long ones take other paths through rensa's vector code than the short one."""
    short, whole = PINNED[backend]
    sets = shingle_sets([page("a", "one two three four five six seven")], "auto", (5,))
    assert sketcher(backend, 4, 1)(sets).tolist() == [short]
    texts = [page("a", " ".join(map(str, range(n)))) for n in (9, 50, 400, 5000)]
    signatures = sketcher(backend, 256, 1)(shingle_sets(texts, "auto", (5,)))
    assert int(signatures.astype(np.uint64).sum()) == whole


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("size", [20, 300, 3000])
def test_estimates_are_unbiased_and_within_the_binomial_error(backend: str, size: int) -> None:
    rng, sketch = np.random.default_rng(size), sketcher(backend, 256, 1)
    for level in (0.5, 0.8, 0.95):
        shared = round(2 * size * level / (1 + level))
        total = 2 * size - shared
        errors = []
        for _ in range(60):
            drawn = rng.permutation(np.unique(rng.integers(0, 2**32, total + 99, dtype=np.uint32)))[:total]
            sets = Ragged(np.concatenate((drawn[:size], drawn[total - size :])), np.array([0, size, 2 * size]))
            errors.append(estimate(sketch(sets), np.array([0]), np.array([1]))[0] - shared / total)
        deviation = (shared / total * (1 - shared / total) / 256) ** 0.5
        assert abs(np.mean(errors)) < 4 * deviation / 60**0.5
        assert np.sqrt(np.mean(np.square(errors))) < 1.3 * deviation


@pytest.mark.parametrize("backend", BACKENDS)
def test_estimates_are_those_of_datasketch_within_its_error(backend: str) -> None:
    """Its own MinHash of the same shingles: equal where it is the backend, else as far as two estimates differ."""
    texts = corpus("en", 120, seed=6)
    sets = shingle_sets([page("a", text) for text in texts], "auto", (5,))
    theirs = [MinHash(num_perm=256, seed=1, hashfunc=int, scheme="affine32") for _ in texts]
    for row, sketch in enumerate(theirs):
        sketch.update_batch(sets.row(row).tolist())
    pairs = np.array(sorted(near_pairs(texts, NearDuplicates(threshold=0.5, id="minhash"))))
    ours = estimate(sketcher(backend, 256, 1)(sets), *pairs.T)
    apart = ours - [theirs[i].jaccard(theirs[j]) for i, j in pairs]
    assert len(pairs) > 40
    if backend == "datasketch":
        assert not apart.any()
    else:
        error = (2 * ours * (1 - ours) / 256) ** 0.5 + 1e-9
        assert np.sqrt(np.mean((apart / error) ** 2)) < 1.25


def test_both_backends_drop_the_same() -> None:
    pages = [page(f"{i:04d}", text) for i, text in enumerate(corpus("en", 300, seed=6))]
    drops = [run(NearDuplicates(backend, id="minhash"), pages) for backend in BACKENDS]
    assert drops[0] == drops[1] != {}


@pytest.mark.parametrize(("keep", "stays"), [("newest", 1), ("oldest", 2), ("lowest_id", 3), ("longest", 0)])
def test_who_stays(keep: str, stays: int) -> None:
    text = long_text()
    pages = [
        page("d", *text, "Longest of all these texts.", date=None),
        page("c", *text, "Short.", date="2024-03-01T00:00:00Z"),
        page("b", *text, date="2023-03-01T00:00:00Z"),
        page("a", *text[:-1], date="2023-06-01T00:00:00Z"),
    ]
    drops = run(NearDuplicates(keep=keep, id="minhash"), pages)
    assert sorted(drops) == [i for i in range(4) if i != stays]
    assert all(value.endswith(f"with {pages[stays].id}") for _, value, _ in drops.values())


def test_the_value_names_the_jaccard_and_the_page_that_stays() -> None:
    words = [f"w{i}" for i in range(104)]  # 100 shingles
    near = [*words[:-10], *(f"x{i}" for i in range(10))]  # 90 of them, and 10 others
    drops = run(STAGE, [page("b", " ".join(near)), page("a", " ".join(words)), page("c", " ".join(words).upper())])
    assert drops == {
        0: ("near_duplicate", f"{90 / 110:.3f} with a", "0.8"),
        2: ("near_duplicate", "1.000 with a", "0.8"),
    }


def test_equal_ids_leave_the_page_read_first() -> None:
    pages = [page("same", *long_text()) for _ in range(3)]
    assert [sorted(run(STAGE, pages, shuffle=seed)) for seed in range(3)] == [[1, 2]] * 3


def test_clusters_chain_and_say_so() -> None:
    drops = run(STAGE, chain())
    assert drops.keys() == {1, 2}
    assert drops[1][1].endswith("with a")
    assert drops[2][1].endswith("with b, kept a")
    assert run(NearDuplicates(chain=False, id="minhash"), chain()) == {1: drops[1]}


def test_languages_are_kept_apart() -> None:
    pages = [page(str(i), *long_text(), language=code) for i, code in enumerate(["en", "de", "en", None, None])]
    assert sorted(run(STAGE, pages)) == [2, 4]
    assert sorted(run(NearDuplicates(per_language=False, id="minhash"), pages)) == [1, 2, 3, 4]


def test_short_and_empty_pages() -> None:
    texts = [
        "",
        "Two words",
        "two words!",
        "two other words",
        "...",
        "",
        "Five words are one shingle",
        "猫です",
        "猫です。",
    ]
    assert sorted(run(STAGE, [page(str(i), text) for i, text in enumerate(texts)])) == [2, 8]


def test_auto_shingles_serve_scripts_without_spaces_and_words_do_not() -> None:
    rng = random.Random(1)
    text = [sentence(rng, "zh") for _ in range(40)]
    changed = [*text[:10], sentence(rng, "zh"), *text[11:]]
    pages = [page("a", "".join(text), language="zh"), page("b", "".join(changed), language="zh")]
    assert sorted(run(STAGE, pages)) == [1]
    assert sorted(run(NearDuplicates(shingle="character", ngram=(4, 5), id="minhash"), pages)) == [1]
    assert run(NearDuplicates(shingle="word", id="minhash"), pages) == {}


@pytest.mark.parametrize("verify", ["exact", "estimate", "none"])
def test_a_hot_band_of_equal_pages_costs_no_pairs(verify: str) -> None:
    text = long_text()
    pages = [page(f"{i:05d}", *text) for i in range(5000)]
    stage = NearDuplicates(permutations=64, id="minhash", verify=verify)
    rows = rows_of(stage, pages)
    decided(stage, [rows.slice(0, 10)])
    tracemalloc.start()
    start = time.process_time()
    verdict = decided(stage, [rows])
    seconds, (_, peak) = time.process_time() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert verdict.num_rows == 4999
    assert peak < 20e6  # all pairs would be 200 MB for one of their numbers alone
    assert seconds < 5


def test_a_hot_band_of_unequal_pages_is_cut() -> None:
    """3,000 pages share all but one word of their text: each is near each, 4.5 million pairs."""
    words = [f"w{i}" for i in range(100)]
    pages = [page(f"{i:05d}", " ".join([*words, f"x{i}"])) for i in range(3000)]
    stage = NearDuplicates(permutations=64, max_band=8, id="minhash")
    rows = rows_of(stage, pages)
    assert decided(stage, [rows]).num_rows == 2999
    read = Rows(tables([rows]))
    ends, _ = links(stage, read)
    assert 2999 <= len(ends) < 3000 * 10
    list(stage.decide(read, stage.open(Context())))
    assert re.search(r"^\d+ bands held more than 8 pages \(the largest 2,\d{3}\)", read.notes[0])


def test_no_pages() -> None:
    assert run(STAGE, []) == {}
    assert run(STAGE, [page("a")]) == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "gaoya"}, r"minhash\.backend: got 'gaoya'; valid: rensa \| datasketch; choose"),
        ({"backend": "rnsa"}, r"minhash\.backend: got 'rnsa'; .*did you mean rensa\?"),
        ({"shingle": "byte"}, r"minhash\.shingle: got 'byte'; valid: auto \| word \| character"),
        ({"verify": "maybe"}, r"minhash\.verify: got 'maybe'"),
        ({"keep": "first"}, r"minhash\.keep: got 'first'"),
        ({"threshold": 0.0}, r"minhash\.threshold: got 0.0; valid: over 0, at most 1"),
        ({"threshold": 1.1}, r"minhash\.threshold: got 1.1"),
        ({"threshold": float("nan")}, r"minhash\.threshold: got nan"),
        ({"permutations": 0}, r"minhash\.permutations: got 0; valid: 1 to"),
        ({"seed": -1}, r"minhash\.seed: got -1"),
        ({"max_band": 0}, r"minhash\.max_band: got 0"),
        ({"ngram": ()}, r"minhash\.ngram: got \[\]; valid: one or more sizes"),
        ({"ngram": (0, 5)}, r"minhash\.ngram: got \[0, 5\]"),
        ({"bands": 0}, r"got \[0\]; valid: 1 or more"),
        ({"bands": 300}, r"got 300 bands x 1 rows = 300; valid: at most the 256 permutations"),
        ({"bands": 32, "rows": 9}, r"got 32 bands x 9 rows = 288; valid: at most the 256 permutations; lower them"),
    ],
)
def test_options_that_can_not_be(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        NearDuplicates(id="minhash", **options).check()  # type: ignore[arg-type]


def test_options_that_can() -> None:
    for options in ({"bands": 32, "rows": 8}, {"bands": 256}, {"permutations": 16}, {"threshold": 1.0}, {"rows": 3}):
        NearDuplicates(id="minhash", **options).check()  # type: ignore[arg-type]

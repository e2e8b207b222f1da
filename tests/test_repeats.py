"""Texts and pictures that occur too often: counted over shards, in their scope, on a share of the pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from obelics_like import exchange
from obelics_like.document import Blob, Document, Drop, Image, Language, Origin, Place, Text
from obelics_like.errors import OptionError
from obelics_like.images.repeated import RepeatedImages
from obelics_like.repeats import Repeats
from obelics_like.stage import Context
from obelics_like.text.repeated import RepeatedTexts


def page(name: str, *texts: str, url: str = "", language: str = "en") -> Document:
    nodes: list[Text | Image] = [Text(i, text) for i, text in enumerate(texts)]
    return Document(
        name, url or f"https://e.org/{name}", Origin("in", 0), nodes, language=Language(language, 1.0, "test")
    )


def shown(name: str, *urls: str, sha: str | None = None, phash: str | None = None, language: str = "en") -> Document:
    document = page(name, language=language)
    blob = None if sha is None else Blob(Place("record", "a", 0), "warc", sha256=sha, phash=phash)
    document.nodes = [Image(i, url, blob=blob) for i, url in enumerate(urls)]
    return document


def run(stage: Repeats, pages: list[Document], folder: Path, shard: int = 2, task: int = 1) -> None:
    """As the run does it: rows of each shard, ranges of buckets, verdict files, and all pages in one batch."""
    stage.check()
    paths, weights = [], {}
    for at in range(0, len(pages), shard):
        table = exchange.thing_rows([stage.collect([p], None) for p in pages[at : at + shard]], stage.counted)
        paths.append(folder / f"rows-{at}.arrow")
        exchange.write_table(table, paths[-1])
        for bucket, weight in exchange.bucket_weights(table).items():
            weights[bucket] = weights.get(bucket, 0) + weight
    verdicts = []
    for number, (first, last) in enumerate(exchange.cut_buckets(weights, task)):
        rows = exchange.range_rows(paths, first, last, stage.counted)
        assert rows is not None
        verdict = exchange.thing_verdict(rows, stage.decide(rows, None), stage.id, stage.counted)
        verdicts.append(folder / f"verdict-{number}.arrow")
        exchange.write_table(verdict, verdicts[-1])
    stage.apply(pages, exchange.Verdict(verdicts, stage.id, stage.counted), None)


def dropped(pages: list[Document]) -> list[list[int]]:
    return [[node.pos for node in p.nodes if node.drop] for p in pages]


def texts() -> list[Document]:
    return [
        page("a", "Menu", "One", "Menu", url="https://e.org/1"),
        page("b", "Menu", "Two", url="https://E.org/2"),
        page("c", "Menu", "Two", url="https://f.org/"),
        page("d", "menu ", "Two", url="https://f.org:8080/", language="de"),
    ]


@pytest.mark.parametrize("shard", [1, 2, 4])
@pytest.mark.parametrize("task", [1, 100])
def test_texts_of_a_host(tmp_path: Path, shard: int, task: int) -> None:
    pages = texts()
    run(RepeatedTexts(max_occurrences=2, id="x"), pages, tmp_path, shard, task)
    assert dropped(pages) == [[0, 2], [0], [], []]
    assert pages[0].nodes[2].drop == Drop("x", "repeated_text", 3, 2)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"over": "corpus", "max_occurrences": 3}, [[0, 2], [0], [0], []]),
        ({"over": "corpus", "max_occurrences": 2}, [[0, 2], [0, 1], [0, 1], [1]]),
        ({"over": "corpus", "max_occurrences": 4, "fold": True}, [[0, 2], [0], [0], [0]]),
        ({"over": "language", "max_occurrences": 2}, [[0, 2], [0], [0], []]),
        ({"over": "host", "max_occurrences": 1}, [[0, 2], [0], [], []]),
    ],
)
def test_scopes(tmp_path: Path, options: dict[str, object], expected: list[list[int]]) -> None:
    pages = texts()
    run(RepeatedTexts(**options, id="x"), pages, tmp_path)  # type: ignore[arg-type]
    assert dropped(pages) == expected


def test_what_is_dropped_already_is_neither_counted_nor_touched(tmp_path: Path) -> None:
    pages, gone = texts(), Drop("y", "other")
    pages[0].nodes[0].drop = gone
    run(RepeatedTexts(max_occurrences=2, id="x"), pages, tmp_path)
    assert dropped(pages) == [[0], [], [], []]
    assert pages[0].nodes[0].drop is gone


def test_a_share_of_the_pages_is_counted_and_all_are_judged(tmp_path: Path) -> None:
    pages = [page(f"{n:032x}", "Skip to content", f"text {n}", url=f"https://h{n}.org/") for n in range(1000)]
    stage = RepeatedTexts(over="corpus", max_occurrences=5, share=0.02, id="x")
    run(stage, pages, tmp_path, shard=100)
    assert dropped(pages) == [[0]] * 1000
    (value,) = {p.nodes[0].drop.value for p in pages if p.nodes[0].drop}
    assert isinstance(value, int)
    assert 8 <= value <= 35


def pictures() -> list[Document]:
    return [
        shown("a", "u1", "u2", sha="s1", phash="p1"),
        shown("b", "u1", sha="s1", phash="p1"),
        shown("c", "u3", sha="s2", phash="p1", language="de"),
        shown("d", "u1", language="de"),
    ]


@pytest.mark.parametrize(
    ("options", "expected", "value"),
    [
        ({"by": ("url",)}, [[0], [0], [], [0]], "3 by url"),
        ({"by": ("sha256",)}, [[0, 1], [0], [], []], "3 by sha256"),
        ({"by": ("phash",)}, [[0, 1], [0], [0], []], "4 by phash"),
        ({"by": ("phash",), "per_language": True}, [[0, 1], [0], [], []], "3 by phash"),
        ({"by": ("url", "sha256")}, [[0, 1], [0], [], [0]], "3 by url"),
    ],
)
def test_pictures(tmp_path: Path, options: dict[str, object], expected: list[list[int]], value: str) -> None:
    pages = pictures()
    run(RepeatedImages(max_occurrences=2, **options, id="x"), pages, tmp_path)  # type: ignore[arg-type]
    assert dropped(pages) == expected
    assert pages[0].nodes[0].drop == Drop("x", "repeated_in_corpus", value, 2)


def test_without_a_limit_it_is_off() -> None:
    assert not RepeatedTexts(id="x").active(Context())
    assert RepeatedImages(max_occurrences=1, id="x").active(Context())


@pytest.mark.parametrize(
    "stage",
    [
        RepeatedTexts(max_occurrences=0, id="x"),
        RepeatedTexts(share=0.0, id="x"),
        RepeatedTexts(over="site", id="x"),
        RepeatedImages(by=("dhash",), id="x"),
    ],
)
def test_options_that_make_no_sense(stage: Repeats) -> None:
    with pytest.raises(OptionError, match=r"option x\."):
        stage.check()

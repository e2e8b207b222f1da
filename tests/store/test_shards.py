"""What goes into a shard or into the corpus comes out of it again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from obelics_like.check import row_faults
from obelics_like.document import Aside, Blob, Document, Drop, Edit, Fallen, Image, Language, Origin, Page, Place, Text
from obelics_like.errors import DataError
from obelics_like.store.corpus import SCHEMA, read_rows, to_document, to_table, write_corpus
from obelics_like.store.dropped import Reasons
from obelics_like.store.files import publishing
from obelics_like.store.shards import read_documents, write_documents


def document(n: int = 0) -> Document:
    origin = Origin(
        "a.warc.gz",
        123,
        456,
        n,
        "<urn:uuid:1>",
        "2024-05-01T00:00:00Z",
        200,
        "text/html",
        "utf-8",
        "sha1:X",
        {"WARC-Type": "response"},
        {"Content-Type": "text/html"},
    )
    blob = Blob(
        Place("pack", "pack-1.tar", 512, 9, "https://e.org/p.jpg"),
        "warc",
        "2024-05-01T00:00:01Z",
        "a" * 64,
        "jpeg",
        640,
        480,
        9,
        "f" * 16,
    )
    nodes: list[Text | Image] = [
        Text(0, "Menu", "li", drop=Drop("extract", "boilerplate")),
        Text(
            1,
            "Call 555 now. 猫です。",
            "p",
            [Edit(5, 8, "<PHONE>", "pii", "phone")],
            Language("en", 0.9, "m"),
            {"tokens": {"o": 9}},
        ),
        Image(
            2,
            "https://e.org/p.jpg",
            "a cat",
            "t",
            "c",
            320,
            240,
            blob,
            {"nsfw": 0.25, "frames": 1},
            [0.5, 0.25],
            "s",
            0,
        ),
        Image(3, "https://e.org/gone.jpg"),
        Text(4, "", "p", drop=Drop("text.node_rules", "too_few_words", 0, 4)),
    ]
    facts = {"title": "T", "words": 4, "characters": 20, "tokens": {"o": 9}, "lead_image": "https://e.org/l.jpg"}
    return Document(
        f"{n:032x}", "https://e.org/", origin, nodes, [(1, 0, 17), (1, 18, 22)], Language("en", 0.5, "m"), facts
    )


def row(of: Document) -> dict[str, Any]:
    told: dict[str, Any] = to_table([of]).to_pylist(maps_as_pydicts="lossy")[0]
    return told


def test_a_shard_gives_back_equal_documents(tmp_path: Path) -> None:
    documents = [document(n) for n in range(5)]
    with publishing(tmp_path / "s.jsonl.zst") as file:
        assert write_documents(documents, file) == 5
    assert list(read_documents(tmp_path / "s.jsonl.zst")) == documents


def test_pages_and_split_words_are_never_stored(tmp_path: Path) -> None:
    one = document()
    one.page = Page(one.url, b"<p>secret bytes</p>", None, one.origin)
    with publishing(tmp_path / "s") as file:
        write_documents([one], file)
    assert next(read_documents(tmp_path / "s")).page is None


def test_a_damaged_shard_is_an_error_of_ours(tmp_path: Path) -> None:
    with publishing(tmp_path / "s") as file:
        write_documents([document()], file)
    whole = (tmp_path / "s").read_bytes()
    (tmp_path / "s").write_bytes(whole[:40] + b"\0" * 30 + whole[70:])
    with pytest.raises(DataError):
        list(read_documents(tmp_path / "s"))


def test_the_corpus_holds_what_was_kept_and_reads_back(tmp_path: Path) -> None:
    with publishing(tmp_path / "c.parquet") as file:
        assert write_corpus([document(), document(1)], file, rows_a_group=1) == 2
    assert pq.read_schema(tmp_path / "c.parquet") == SCHEMA
    rows = list(read_rows(tmp_path / "c.parquet"))
    assert rows[0]["texts"] == ["Call <PHONE> now. 猫です。", None, None]
    assert rows[0]["images"] == [None, "https://e.org/p.jpg", "https://e.org/gone.jpg"]
    assert row_faults(rows[0]) == []
    back = to_document(rows[0])
    assert [n.pos for n in back.nodes] == [1, 2, 3]
    assert back.sentences == [(1, 0, 17), (1, 18, 22)]
    assert back.sentence_texts() == ["Call <PHONE> now.", "猫です。"]
    picture = back.nodes[1]
    assert isinstance(picture, Image)
    assert picture == document().nodes[2]
    assert back.origin == replace(document().origin, ordinal=0)
    assert back.facts == document().facts
    assert row(back)["image_info"] == row(document())["image_info"]


def test_rows_do_not_depend_on_their_batch() -> None:
    bare = replace(document(1), nodes=[], sentences=[], language=None, facts={})
    texts = replace(document(2), nodes=document().nodes[:2])
    unresolved = replace(document(3), nodes=[Text(0, "a"), Image(3, "https://e.org/gone.jpg")], sentences=[(0, 0, 1)])
    batch = [document(), bare, texts, unresolved, document()]
    assert to_table(batch).to_pylist() == [told for one in batch for told in to_table([one]).to_pylist()]


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda r: r["texts"].append("x"), "3 images"),
        (lambda r: r["images"].__setitem__(0, "u"), "both"),
        (lambda r: r["sentences"][0].__setitem__("end", 99), "outside"),
        (lambda r: r["image_info"][0].__setitem__("sentence", 7), "sentence 7"),
        (lambda r: r["image_info"][0]["similarity"].append(1.0), "3 similarities"),
        (lambda r: r["image_info"][1].__setitem__("pos", 0), "rise"),
        (lambda r: r["text_info"].clear(), "text_info"),
    ],
)
def test_each_fault_of_a_row_is_told(harm: object, said: str) -> None:
    told = row(document())
    harm(told)  # type: ignore[operator]
    assert said in " / ".join(row_faults(told))


def test_reasons_are_kept_as_asked(tmp_path: Path) -> None:
    lost = document()
    lost.drop = Drop("dedup.url", "same_url", "0" * 32)
    counts = {}
    for keep in ("none", "reasons", "sample:0", "sample:1", "all"):
        reasons = Reasons(keep)
        reasons.add(document(1))
        reasons.add(lost)
        published = reasons.write(tmp_path / keep.replace(":", "-"), "00000")
        counts[keep] = [line.rows for line in published]
        for line in published:
            if line.name.startswith("pages"):
                row = pq.read_table(tmp_path / keep.replace(":", "-") / line.name).to_pylist()[0]
                assert (row["rule"], row["images"], row["texts"]) == ("same_url", 2, 1)
                assert (row["content"] is not None) == (keep in ("all", "sample:1"))
    assert counts == {"none": [], "reasons": [1, 4], "sample:0": [1, 4], "sample:1": [1, 4], "all": [1, 4]}


def test_nodes_that_lie_aside_have_the_same_rows(tmp_path: Path) -> None:
    boilerplate, odd = Drop("extract", "boilerplate"), Drop("extract", "tracking_pixel", 1)
    dropped: list[Text | Image] = [
        Text(0, "Menu", drop=boilerplate),
        Image(1, "https://e.org/\ud800.gif", drop=odd),
        Image(2, "https://e.org/b.gif", drop=boilerplate),
        Text(3, "Home", drop=boilerplate),
        Text(5, "no", drop=Drop("text.node_rules", "too_few_words", 1, 4)),
    ]
    files = []
    for laid in (False, True):
        reasons = Reasons("reasons")
        for n in range(2):
            one = document(n)
            one.nodes = [*dropped[:4], Text(4, "kept"), dropped[4]]
            if laid:
                fallen = [Fallen(boilerplate, [0, 3], [2], ["https://e.org/b.gif"])]
                fallen.append(Fallen(odd, images=[1], urls=["https://e.org/\ud800.gif"]))
                one.nodes, one.aside = one.nodes[4:], Aside(fallen=fallen, count=4)
            reasons.add_nodes(one)
        (published,) = reasons.write(tmp_path, str(laid))
        files.append(pq.read_table(tmp_path / published.name).to_pylist())
    assert files[0] == files[1]
    assert [(r["pos"], r["kind"], r["url"], r["rule"], r["value"]) for r in files[0][:6]] == [
        (0, "text", None, "boilerplate", None),
        (1, "image", "https://e.org/?.gif", "tracking_pixel", "1"),
        (2, "image", "https://e.org/b.gif", "boilerplate", None),
        (3, "text", None, "boilerplate", None),
        (5, "text", None, "too_few_words", "1"),
        (0, "text", None, "boilerplate", None),
    ]

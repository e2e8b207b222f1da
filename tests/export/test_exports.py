"""Exports read back as a trainer would read them."""

from __future__ import annotations

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from obelics_like.document import Image, Text
from obelics_like.errors import DataError, UsageError
from obelics_like.export import mmc4, obelics
from obelics_like.export.mmc4 import Mmc4, clashes
from obelics_like.export.obelics import Obelics
from obelics_like.store.files import publish_json
from obelics_like.store.folder import Output
from tests.report import making


def _obelics(folder: Path) -> list[dict[str, Any]]:
    rows = []
    for path in sorted(folder.glob("train-*.parquet")):
        assert pq.read_schema(path).names == ["images", "texts", "metadata", "general_metadata"]
        rows += pq.read_table(path).to_pylist()
    return rows


def _mmc4(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for p in sorted(folder.glob("docs_shard_*_v2.jsonl")) for line in p.open(encoding="utf-8")]


def test_obelics_holds_every_document(tmp_path: Path) -> None:
    output = making.full(tmp_path / "out")
    paths = Obelics().write(output, tmp_path / "to")
    assert [p.name for p in paths] == ["train-00000-of-00001.parquet", "README.md"]
    assert all(p.is_file() for p in paths)
    rows = _obelics(tmp_path / "to")
    assert len(rows) == 6
    for row, document in zip(rows, output.documents()):
        metadata = json.loads(row["metadata"])
        assert len(row["images"]) == len(row["texts"]) == len(metadata)
        assert all((t is None) != (i is None) for t, i in zip(row["texts"], row["images"]))
        assert [i for i in row["images"] if i] == [i.url for i in document.images()]
        assert "\n\n".join(t for t in row["texts"] if t) == "\n\n".join(t.effective for t in document.texts())
        assert [m is not None for m in metadata] == [i is not None for i in row["images"]]
        general = json.loads(row["general_metadata"])
        assert general["url"] == document.url
        assert (general["warc_filename"], general["warc_record_offset"]) == ("crawl.warc.gz", document.origin.offset)
        assert general["warc_record_length"] == 900
    first = json.loads(rows[0]["metadata"])
    assert first[1] == {
        "document_url": "https://en.example/story/1", "unformatted_src": "https://en.example/a.jpg",
        "src": "https://en.example/a.jpg", "alt_text": "alt en", "rendered_width": 320, "rendered_height": 210,
        "original_width": 640, "original_height": 420, "format": "jpeg",
        "sha256": next(iter(output.documents())).nodes[1].blob.sha256,  # type: ignore[union-attr]
    }  # fmt: skip
    assert "format" not in first[3]  # unresolved


def test_neighbouring_texts_are_one_with_its_paragraphs(tmp_path: Path) -> None:
    nodes: list[Text | Image] = [
        Text(0, "Head", "h1"),
        Text(1, "One.", "li"),
        Text(2, "Two.", "li"),
        Image(3, "https://e.example/i"),
        Text(4, "End.", "p"),
    ]
    Obelics().write(
        making.make(tmp_path / "out", [making.document(1, "https://e.example/", "en", nodes)]), tmp_path / "to"
    )
    (row,) = _obelics(tmp_path / "to")
    assert row["texts"] == ["Head\n\nOne.\nTwo.", None, "End."]
    assert row["images"] == [None, "https://e.example/i", None]


def test_mmc4_holds_what_has_similarities(tmp_path: Path) -> None:
    output = making.full(tmp_path / "out")
    paths = Mmc4().write(output, tmp_path / "to")
    assert [p.name for p in paths] == ["docs_shard_0_v2.jsonl", "images_shard_0.tar", "export.json", "README.md"]
    rows = _mmc4(tmp_path / "to")
    assert [r["language"] for r in rows] == ["en", "ar", "he", "ja", "hi"]
    with tarfile.open(tmp_path / "to" / "images_shard_0.tar") as tar:
        pictures = {m.name: tar.extractfile(m).read() for m in tar.getmembers()}  # type: ignore[union-attr]
    named = set()
    for row in rows:
        matrix = row["similarity_matrix"]
        assert len(matrix) == len(row["image_info"]) == 2
        assert all(len(line) == len(row["text_list"]) == 2 for line in matrix)
        assert row["could_have_url_duplicate"] == 0
        for info, line in zip(row["image_info"], matrix):
            at = info["matched_text_index"]
            assert 0 <= at < len(row["text_list"])
            assert info["matched_sim"] == line[at] == max(line)
            assert info["face_detections"] is None
            named.add(info["image_name"])
            digest = hashlib.sha256(pictures[info["image_name"]]).hexdigest()
            assert info["image_name"].partition(".")[0] == digest[:12]
    assert named == set(pictures)
    assert {n.rpartition(".")[2] for n in named} == {"jpg", "png"}
    counts = json.loads((tmp_path / "to" / "export.json").read_text())
    assert counts["documents"] == {"in": 6, "written": 5, "left_out": {"no_image_with_similarity": 1}}
    assert counts["images"] == {"in": 17, "written": 10, "left_out": {"no_similarity": 1, "unresolved": 6}}
    for kind in counts.values():
        assert kind["in"] == kind["written"] + sum(kind["left_out"].values())


def test_large_corpora_are_cut_into_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = making.full(tmp_path / "out")  # two corpus files: four documents and two
    monkeypatch.setattr(obelics, "ROWS_A_FILE", 4)
    monkeypatch.setattr(mmc4, "ROWS_A_SHARD", 4)
    names = [p.name for p in Obelics().write(output, tmp_path / "o")]
    assert names[:2] == ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"]
    assert len(_obelics(tmp_path / "o")) == 6
    Mmc4().write(output, tmp_path / "m")
    assert [len(p.read_text().splitlines()) for p in sorted((tmp_path / "m").glob("*.jsonl"))] == [4, 1]


def test_names_do_not_clash(tmp_path: Path) -> None:
    output = making.full(tmp_path / "out")
    path = output.folder / "images" / "index.parquet"
    table = pq.read_table(path)
    one = "a" * 12 + "0" * 52
    digests = [one, "a" * 12 + "01" + "f" * 50, "a" * 12 + "1" * 52, "b" * 64]
    columns = {n: (digests if n == "sha256" else [table[n][0].as_py()] * 4) for n in table.schema.names}
    pq.write_table(table.from_pydict(columns, schema=table.schema), path)
    lengths = clashes(output)
    assert set(lengths) == set(digests[:3])
    names = {d[: lengths.get(d, 12)] for d in digests}
    assert len(names) == 4
    assert "b" * 12 in names


@pytest.mark.parametrize("form", [Obelics, Mmc4])
def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path, form: Any) -> None:
    output = making.full(tmp_path / "out")
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / "mine.txt").write_text("x")
    with pytest.raises(UsageError):
        form().write(output, tmp_path / "to")
    with pytest.raises(UsageError):
        form().write(output, tmp_path / "to" / "mine.txt")
    assert [p.name for p in (tmp_path / "to").iterdir()] == ["mine.txt"]
    (tmp_path / "to" / "mine.txt").unlink()
    form().write(output, tmp_path / "to")  # an empty one will do


@pytest.mark.parametrize("form", [Obelics, Mmc4])
def test_an_empty_corpus_exports(tmp_path: Path, form: Any) -> None:
    paths = form().write(making.make(tmp_path / "out"), tmp_path / "to")
    assert all(p.is_file() for p in paths)
    assert _obelics(tmp_path / "to") == _mmc4(tmp_path / "to") == []
    assert 'size_categories: ["n<1K"]' in (tmp_path / "to" / "README.md").read_text()


def test_a_failed_export_leaves_nothing(tmp_path: Path) -> None:
    output = making.full(tmp_path / "out")
    pack = output.folder / "images" / "pack-1.tar"
    data = bytearray(pack.read_bytes())
    data[600:700] = bytes(100)
    pack.write_bytes(bytes(data))
    with pytest.raises(DataError, match="sha256"):
        Mmc4().write(output, tmp_path / "to")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_the_card_tells_recipe_funnel_and_deviations(tmp_path: Path) -> None:
    output = making.full(tmp_path / "out")
    Obelics().write(output, tmp_path / "to")
    text = (tmp_path / "to" / "README.md").read_text(encoding="utf-8")
    assert text.startswith("---\n")
    front = dict(line.split(": ", 1) for line in text.split("---\n")[1].splitlines())
    values = {key: json.loads(value) for key, value in front.items()}
    assert values["license"] == "unknown"
    assert values["language"] == ["ar", "en", "he", "hi", "ja"]
    assert values["configs"][0]["data_files"] == [{"split": "train", "path": "train-*.parquet"}]
    assert "| dedup.url | same_url |  | 1 |  |  |" in text
    assert "a \\| b" in text
    assert "<script>" not in text.replace("&lt;script>", "")
    assert "f" * 64 in text


def test_without_url_dedup_duplicates_are_possible(tmp_path: Path) -> None:
    output = making.full(tmp_path / "out")
    run = output.run | {"stages": [s for s in output.run["stages"] if s["id"] != "dedup.url"]}
    publish_json(output.folder / "run.json", run)
    Mmc4().write(Output(output.folder), tmp_path / "to")
    assert {row["could_have_url_duplicate"] for row in _mmc4(tmp_path / "to")} == {1}

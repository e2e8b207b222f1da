"""The folder that a run leaves behind, seen through its manifest; it writes nothing.

DIR/run.json         what was run on what, with which recipe, models and versions, and the ledger
DIR/manifest.json    the published files: {"corpus": [...], "images": [...], "dropped": [...]}
DIR/corpus/          part-00000.parquet ...        (store/corpus.py)
DIR/images/          pack-*.tar, index.parquet     (the kept pictures, each once)
DIR/dropped/         pages-*.parquet, nodes-*.parquet (store/dropped.py; absent for --keep-dropped none)
DIR/report/          index.html, report.json
DIR/work/            what the next run with other options can use again; may be removed
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, NoReturn

from obelics_like.document import Blob, Document
from obelics_like.errors import DataError, InputError
from obelics_like.ledger import Ledger
from obelics_like.store.corpus import read_rows, to_document
from obelics_like.store.files import Published, from_lines, read_json
from obelics_like.store.tables import opened

SECTIONS = ("corpus", "images", "dropped")


class Output:
    """A finished run's folder. Raises InputError if the folder holds none."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if not (self.folder / "manifest.json").is_file():
            raise InputError(
                str(folder),
                got="no manifest.json"
                if self.folder.is_dir()
                else "a file"
                if self.folder.exists()
                else "no such folder",
                valid="the --out folder of a finished `obelics-like build`",
                do="run `obelics-like build INPUT... --out DIR` first, or again if it was stopped",
            )
        self.manifest: dict[str, Any] = read_json(self.folder / "manifest.json")
        self.run: dict[str, Any] = read_json(self.folder / "run.json")
        lacking = [key for key in ("tool", "recipe", "inputs", "ledger") if key not in self.run]
        if lacking:
            self._is_none_of_ours("run.json", f"no {' and no '.join(lacking)}")
        try:
            for section in SECTIONS:
                self.files(section)
        except (AttributeError, TypeError):
            self._is_none_of_ours("manifest.json", "no lists of files")

    def _is_none_of_ours(self, name: str, got: str) -> NoReturn:
        raise DataError(
            str(self.folder / name),
            got=got,
            valid="what this version of obelics-like writes",
            do="run `obelics-like build` again with the same arguments",
        )

    @property
    def ledger(self) -> Ledger:
        """What the run counted."""
        return Ledger.from_value(self.run["ledger"])

    def files(self, section: str) -> list[Published]:
        """The published files of a section: "corpus", "images" or "dropped"."""
        return from_lines(self.manifest.get(section, []))

    def paths(self, section: str, prefix: str = "") -> list[Path]:
        """Where the files of a section lie, those with the given prefix, in order."""
        return [self.folder / section / f.name for f in self.files(section) if f.name.startswith(prefix)]

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
        """The rows of the corpus, in order; all columns, or those named.

        Raises DataError if another run has begun to replace the corpus: a file that is open stays what it was, but the
        next one would be of another corpus.
        """
        for path in self.paths("corpus"):
            rows = read_rows(path, columns)
            try:
                first = list(islice(rows, 1))
            except (OSError, DataError):
                self._still_there()
                raise
            self._still_there()  # a run takes the manifest away before it touches a file, and this one is open now
            yield from chain(first, rows)

    def _still_there(self) -> None:
        now = self.folder / "manifest.json"
        if not now.is_file() or read_json(now) != self.manifest:
            raise DataError(
                str(self.folder),
                got="a corpus that another run replaces, or has replaced, since it was opened",
                valid="a corpus that stays while it is read",
                do="open it again once that run is done",
            )

    def documents(self) -> Iterator[Document]:
        """The documents of the corpus, in order."""
        return (to_document(row) for row in self.rows())

    def dropped(self, kind: str) -> Iterator[dict[str, Any]]:
        """The rows of dropped "pages" or "nodes"; nothing if the run kept no reasons."""
        for path in self.paths("dropped", f"{kind}-"):
            with opened(path) as file:
                for batch in file.iter_batches(batch_size=1024):
                    yield from batch.to_pylist()

    def picture(self, blob: Blob) -> bytes:
        """The bytes of a kept picture out of its pack. Raises OSError if the pack is gone."""
        with open(self.folder / "images" / blob.place.path, "rb") as file:
            file.seek(blob.place.offset)
            return file.read(blob.place.length or 0)


def read_corpus(folder: str | Path) -> Iterator[Document]:
    """The documents of a corpus that `build` wrote, in order; each holds its kept nodes only.

    Raises InputError if the folder holds no finished corpus.
    """
    return Output(folder).documents()

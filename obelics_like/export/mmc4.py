"""The corpus in the form of MMC4: JSON lines with sentences, images assigned to them, and the similarity matrix.

Only images with a similarity have a place in this form, and only documents with such an image; what that leaves out is
counted in export.json. The images lie beside the documents in tar files, under the names the documents use.
"""

from __future__ import annotations

import hashlib
import io
import math
import tarfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import orjson

from obelics_like.document import Document, Image
from obelics_like.errors import DataError
from obelics_like.export.card import card
from obelics_like.export.parts import groups, whole_folder
from obelics_like.store.corpus import read_rows, to_document
from obelics_like.store.files import publish_json, publishing
from obelics_like.store.folder import Output
from obelics_like.store.tables import opened

ROWS_A_SHARD = 5_000
NAME_DIGITS = 12
_ENDINGS = {"jpeg": "jpg", "tiff": "tif"}

FORM = "The form is that of MMC4."
FIELDS = """- `url`; `text_list`: the page's sentences, in order.
- `image_info`: for each image `image_name` (its name in `images_shard_N.tar`: the first 12 hex digits of its sha256, \
more where two would be equal), `raw_url`, `matched_text_index` (the sentence it was assigned to), `matched_sim`, \
`face_detections` (always null: none were made).
- `similarity_matrix`: a row for each image, a column for each sentence.
- `could_have_url_duplicate`: 1 if the run took no duplicate URLs out.
- ours: `scorer`, whose similarities these are, and `language`.

`docs_shard_N_v2.jsonl` are plain JSON lines; `images_shard_N.tar` holds the images of that shard as they were \
captured, not resized. `export.json` counts what this form has no place for: images without a similarity (unresolved \
ones, languages that the scorer does not serve) and documents without any other."""


class Mmc4:
    """The export `mmc4` (arXiv 2304.06939; the schema is that of its dataset card, version 1.1)."""

    def write(self, output: Output, folder: Path) -> list[Path]:
        """Write docs_shard_N_v2.jsonl, images_shard_N.tar, export.json and README.md into a new or empty folder.

        Gives their paths. Raises UsageError if the folder holds anything, DataError if it can't be written or a
        picture in a pack is not what the corpus says.
        """
        folder = Path(folder)
        counts: Counter[str] = Counter()
        names: list[str] = []
        maker = _Maker(output, counts)
        with whole_folder(folder) as making:
            for number, paths in enumerate(groups(output, ROWS_A_SHARD)):
                shard = [f"docs_shard_{number}_v2.jsonl", f"images_shard_{number}.tar"]
                with publishing(making / shard[0]) as docs, publishing(making / shard[1]) as images:
                    maker.shard(paths, docs, images)
                names += shard
            publish_json(making / "export.json", account(counts))
            with publishing(making / "README.md") as file:
                text = card(output, counts["written"], "docs_shard_*_v2.jsonl", FORM, FIELDS)
                file.write(text.encode())
        return [folder / name for name in [*names, "export.json", "README.md"]]


def account(counts: Counter[str]) -> dict[str, Any]:
    """What came in, what was written, what was left out and why; for documents and for images."""
    return {
        kind: {
            "in": counts[f"{prefix}in"],
            "written": counts[f"{prefix}written"],
            "left_out": {
                key.removeprefix(f"{prefix}out:"): count
                for key, count in sorted(counts.items())
                if key.startswith(f"{prefix}out:")
            },
        }
        for kind, prefix in (("documents", ""), ("images", "image "))
    }


class _Maker:
    """Turns documents into lines and their images into members of a tar."""

    def __init__(self, output: Output, counts: Counter[str]) -> None:
        self.output, self.counts = output, counts
        self.lengths = clashes(output)
        once = any(s["active"] and s["use"].startswith("dedup.url") for s in output.run["stages"])
        self.duplicates = 0 if once else 1

    def shard(self, paths: Sequence[Path], docs: IO[bytes], images: IO[bytes]) -> None:
        """Write the documents of some corpus files, and each of their images once."""
        done: set[str] = set()
        with tarfile.open(fileobj=images, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for path in paths:
                for row in read_rows(path):
                    document = to_document(row)
                    chosen = self._choose(document)
                    if not chosen:
                        continue
                    for image in chosen:
                        self._pack(image, tar, done)
                    docs.write(orjson.dumps(self._line(document, chosen), option=orjson.OPT_APPEND_NEWLINE))

    def _choose(self, document: Document) -> list[Image]:
        """The images that have a place in this form; counts those that have none."""
        self.counts["in"] += 1
        chosen = []
        for image in document.images():
            self.counts["image in"] += 1
            if why := _why_not(image, document):
                self.counts[f"image out:{why}"] += 1
            else:
                self.counts["image written"] += 1
                chosen.append(image)
        self.counts["written" if chosen else "out:no_image_with_similarity"] += 1
        return chosen

    def _line(self, document: Document, images: list[Image]) -> dict[str, Any]:
        info = []
        for image in images:
            assert image.similarity is not None
            assert image.sentence is not None
            info.append(
                {
                    "image_name": self.name(image),
                    "raw_url": image.url,
                    "matched_text_index": image.sentence,
                    "matched_sim": image.similarity[image.sentence],
                    "face_detections": None,
                }
            )
        return {
            "url": document.url,
            "text_list": document.sentence_texts(),
            "image_info": info,
            "similarity_matrix": [image.similarity for image in images],
            "could_have_url_duplicate": self.duplicates,
            "scorer": images[0].scorer,
            "language": document.language.code if document.language else None,
        }

    def name(self, image: Image) -> str:
        """The image's name, the same in every document and different from every other image's."""
        assert image.blob is not None
        assert image.blob.sha256 is not None
        digest, form = image.blob.sha256, image.blob.format or "bin"
        return f"{digest[: self.lengths.get(digest, NAME_DIGITS)]}.{_ENDINGS.get(form, form)}"

    def _pack(self, image: Image, tar: tarfile.TarFile, done: set[str]) -> None:
        assert image.blob is not None
        digest = image.blob.sha256 or ""
        if digest in done:
            return
        done.add(digest)
        try:
            data = self.output.picture(image.blob)
        except OSError as error:
            raise _damaged(image, str(error)) from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise _damaged(image, "other bytes than its sha256 says")
        member = tarfile.TarInfo(self.name(image))
        member.size, member.mode = len(data), 0o644
        tar.addfile(member, io.BytesIO(data))


def _why_not(image: Image, document: Document) -> str | None:
    """Why an image has no place in this form, or None if it has one."""
    if image.blob is None or image.blob.sha256 is None or not image.blob.place.path:
        return "unresolved"
    if image.similarity is None or not document.sentences:
        return "no_similarity"
    if not all(map(math.isfinite, image.similarity)):
        return "similarity_not_a_number"
    return None if image.sentence is not None else "not_assigned"


def clashes(output: Output) -> dict[str, int]:
    """For the pictures whose first 12 digits another one has too: how many digits tell them apart.

    The index of the packs is sorted by digest, so that only neighbours can clash.
    """
    lengths: dict[str, int] = {}
    last = ""
    for path in output.paths("images", "index"):
        with opened(path) as file:
            for batch in file.iter_batches(columns=["sha256"]):
                for digest in batch.column(0).to_pylist():
                    same = _common(last, digest)
                    if last != digest and same >= NAME_DIGITS:
                        lengths[last] = max(lengths.get(last, 0), same + 1)
                        lengths[digest] = max(lengths.get(digest, 0), same + 1)
                    last = digest
    return lengths


def _common(one: str, other: str) -> int:
    """How many characters two digests begin with alike."""
    for n, (a, b) in enumerate(zip(one, other)):
        if a != b:
            return n
    return min(len(one), len(other))


def _damaged(image: Image, got: str) -> DataError:
    assert image.blob is not None
    return DataError(
        f"images/{image.blob.place.path} at {image.blob.place.offset}",
        got=got,
        valid=f"the picture with sha256 {image.blob.sha256}",
        do="run `obelics-like check DIR`, and build again if the pack is damaged",
    )

"""Runs datatrove's usual chain over an archive, one task in this process: read, extract, language, Gopher, write.

With MODE `minhash` its four MinHash stages follow, on what its filters left; with `dedup` they alone run, on a file of
texts (a line {"text": ...}), and tell which texts they put into a cluster. All options are its defaults, but for the
language model, which is read from the file that LID_MODEL names instead of being downloaded.
usage: python -P datatrove.py MODE ARCHIVE SCRATCH RESULT   (MODE: filters, minhash or dedup)
(-P keeps this file, which bears the name of the library, from being imported in its stead.)
"""

from __future__ import annotations

import gzip
import json
import os
import struct
import sys
from pathlib import Path
from typing import Any

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.extractors import Trafilatura
from datatrove.pipeline.filters import GopherQualityFilter, GopherRepetitionFilter, LanguageFilter
from datatrove.pipeline.readers import JsonlReader, WarcReader
from datatrove.pipeline.writers import JsonlWriter
from datatrove.utils.lid import FT176LID


class LocalModel(FT176LID):
    """The same identifier with its model read from a file."""

    @property
    def model(self) -> Any:
        """The fastText model, loaded once."""
        if self._model is None:
            from fasttext.FastText import _FastText

            self._model = _FastText(os.environ["LID_MODEL"])
        return self._model


def run(scratch: Path, name: str, *steps: Any, tasks: int = 1) -> Any:
    """Run steps as one executor; gives its statistics."""
    return LocalPipelineExecutor(list(steps), tasks=tasks, workers=1, logging_dir=str(scratch / "logs" / name)).run()


def filters(archive: Path, scratch: Path) -> Any:
    """Read, extract, identify and filter; writes `scratch`/filtered."""
    language = LanguageFilter()
    language.model = LocalModel(language.languages)
    return run(
        scratch,
        "filters",
        WarcReader(str(archive.parent), glob_pattern=archive.name),
        Trafilatura(),
        language,
        GopherRepetitionFilter(),
        GopherQualityFilter(),
        JsonlWriter(str(scratch / "filtered")),
    )


def minhash(scratch: Path) -> None:
    """The four stages of its near-duplicate removal, on `scratch`/filtered."""
    at = {name: str(scratch / name) for name in ("filtered", "signatures", "buckets", "clusters", "unique")}
    run(scratch, "signatures", JsonlReader(at["filtered"]), MinhashDedupSignature(at["signatures"]))
    run(scratch, "buckets", MinhashDedupBuckets(at["signatures"], at["buckets"]), tasks=14)
    run(scratch, "clusters", MinhashDedupCluster(at["buckets"], at["clusters"], save_cluster_id=True))
    run(scratch, "unique", JsonlReader(at["filtered"]), MinhashDedupFilter(at["clusters"]), JsonlWriter(at["unique"]))


def texts(path: Path, scratch: Path) -> int:
    """Its MinHash on a file of texts; gives how many it dropped."""
    (scratch / "filtered").mkdir(parents=True)
    lines = [json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()]
    with open(scratch / "filtered" / "00000.jsonl", "w", encoding="utf-8") as out:
        out.writelines(json.dumps({"text": text, "id": str(n)}) + "\n" for n, text in enumerate(lines))
    minhash(scratch)
    kept = 0
    for path in (scratch / "unique").glob("*.gz"):
        with gzip.open(path) as file:
            kept += sum(1 for _ in file)
    return len(lines) - kept


def clusters(scratch: Path) -> list[tuple[int, int]]:
    """(text, cluster) of each text of `scratch`/filtered that is in a cluster, by the file that stage 3 has written."""
    return list(struct.iter_unpack("<2I", (scratch / "clusters" / "000000.clusters").read_bytes()))


def counted(stats: Any) -> dict[str, int]:
    """Pages read, pages lost to the extractor's time limit, and documents kept, from the executor's statistics."""
    steps = [{key: int(value.total) for key, value in step.stats.items()} for step in stats.stats]
    return {"pages": steps[1]["total"], "timeouts": steps[1].get("timeout", 0), "kept": steps[-1].get("total", 0)}


def main(mode: str, archive: str, scratch: str, result: str) -> None:
    """Run the chain and write what it counted."""
    if mode == "dedup":
        dropped = texts(Path(archive), Path(scratch))
        Path(result).write_text(json.dumps({"dropped": dropped, "clusters": clusters(Path(scratch))}))
        return
    counts = counted(filters(Path(archive), Path(scratch)))
    if mode == "minhash" and counts["kept"]:
        minhash(Path(scratch))
    Path(result).write_text(json.dumps(counts))


if __name__ == "__main__":
    main(*sys.argv[1:])

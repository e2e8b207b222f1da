"""How fast pictures and sentences are embedded and assigned, by one scorer in one process.

    python pipelines/bench/align.py --photos FOLDER [--scorer label-bridge] [--limit 200] [--json]

All times are processor time. FOLDER holds pictures, and may hold a `docs.jsonl` with lists of `sentences`; without it
sentences are made up. Set OMP_NUM_THREADS=1 for figures of one core.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

WORDS = ("ship", "a", "river", "three", "red", "boats", "and", "people", "near", "houses", "under", "dark", "trees")


def sentences_of(folder: Path, limit: int) -> tuple[list[str], list[str]]:
    """Distinct sentences with their languages: those of docs.jsonl, else made up in English."""
    found: dict[str, str] = {}
    if (folder / "docs.jsonl").is_file():
        with (folder / "docs.jsonl").open(encoding="utf-8") as lines:
            for document in map(json.loads, lines):
                found |= dict.fromkeys(document["sentences"], document["lang"])
    dice = random.Random(1)
    while len(found) < limit:
        found[" ".join(dice.choices(WORDS, k=dice.randint(4, 30)))] = "en"
    return list(found)[:limit], list(found.values())[:limit]


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What the work gives, and its seconds of processor time, which a busy machine alters least."""
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


def open_or_none(path: Path, box: int | None) -> Any:
    """The picture, or None if it can't be decoded."""
    from obelics_like.pixels import PixelError, open_rgb

    try:
        return open_rgb(path.read_bytes(), box=box)
    except PixelError:
        return None


def measure(spec: str, photos: Path, limit: int) -> dict[str, Any]:
    """Processor seconds to load, and rates of decoding, embedding and assigning per processor second."""
    import numpy as np

    from obelics_like.align.assign import assign_images
    from obelics_like.models.scorers import load

    scorer, made = timed(lambda: load(spec))
    _, loaded = timed(scorer.prepare)
    files = sorted(path for path in photos.rglob("*") if path.is_file() and path.suffix != ".jsonl")[:limit]
    opened, decoded = timed(lambda: [image for path in files if (image := open_or_none(path, scorer.box)) is not None])
    texts, languages = sentences_of(photos, limit)
    images, image_seconds = timed(lambda: scorer.embed_images(opened))
    sentences, sentence_seconds = timed(lambda: scorer.embed_sentences(texts, languages))
    similarity = images @ sentences.T
    tables = [similarity[i % len(images) :][:10, j : j + 40] for i in range(0, 1000, 5) for j in (0, 40, 80)]
    assign_images(tables[0])  # scipy is imported by the first call
    _, assigned = timed(lambda: [assign_images(table) for table in tables])
    return {
        "scorer": scorer.name,
        "load_s": round(made + loaded, 2),
        "images": len(opened),
        "decode_ms_per_image": round(1000 * decoded / len(opened), 2),
        "embed_ms_per_image": round(1000 * image_seconds / len(opened), 2),
        "images_per_s": round(len(opened) / (decoded + image_seconds), 1),
        "sentences": len(texts),
        "characters_per_sentence": round(float(np.mean([len(text) for text in texts])), 1),
        "sentences_per_s": round(len(texts) / sentence_seconds, 1),
        "tables_10x40_per_s": round(len(tables) / assigned),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--scorer", default="label-bridge")
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure(arguments.scorer, arguments.photos, arguments.limit)
    if arguments.json:
        print(json.dumps(figures))
    else:
        print("\n".join(f"{name:26}{value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()

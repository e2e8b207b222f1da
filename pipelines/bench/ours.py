"""Runs this project's main job over an archive as the benchmark asks: read to Parquet, no pixels, one worker.

usage: ours.py MODE ARCHIVE SCRATCH RESULT   (MODE: the name of a recipe)
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import obelics_like


def main(mode: str, archive: str, scratch: str, result: str) -> None:
    """Build, and write what was counted."""
    run = obelics_like.build(
        archive, Path(scratch) / "out", recipe=mode, images="none", workers=1, keep_dropped="none", offline=True
    )
    kept = sum(count for kind, _, count in run["ledger"]["kept"] if kind == "document")
    counts = {"pages": run["ledger"]["came"]["page"], "kept": kept}
    Path(result).write_text(json.dumps(counts | {"exit_code": run["exit_code"], "stages": run["stage_seconds"]}))


if __name__ == "__main__":
    main(*sys.argv[1:])

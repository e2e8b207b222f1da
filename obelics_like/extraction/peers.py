"""What other libraries take for the main content, told in our blocks, so that nodes are numbered the same.

They see the page's text only; the pictures are chosen by our rules round what they keep.
"""

from __future__ import annotations

from collections.abc import Callable

from obelics_like.errors import MissingPiece
from obelics_like.extraction.walk import Walked

LONG = 25
"""Characters without white space from which a block may be found inside a line and need not be one."""
WORK = 500_000_000
"""Blocks times characters above which only whole lines are compared, so that no page costs seconds."""

Extractor = Callable[[str, str], str]


def load(name: str) -> Extractor:
    """The extractor of a library, (html, url) to text with one block a line; raises MissingPiece."""
    try:
        return _trafilatura() if name == "trafilatura" else _resiliparse()
    except ImportError as error:
        where = f"extract.main = {name!r}"
        raise MissingPiece(
            where, got=str(error), valid=f"the package {name}", do=f"pip install {name}, or use main = 'ours'"
        ) from error


def _trafilatura() -> Extractor:
    import trafilatura

    return lambda html, url: trafilatura.extract(html, url=url, include_comments=False) or ""


def _resiliparse() -> Extractor:
    from resiliparse.extract.html2text import extract_plain_text

    return lambda html, url: extract_plain_text(html, main_content=True) or ""


def matching(walked: Walked, text: str) -> list[bool]:
    """For each item of the walk whether it is a block whose words stand in `text`, white space aside."""
    lines = {"".join(line.split()) for line in text.split("\n")}
    whole = "".join(text.split())
    searched = len(walked.texts) * len(whole) <= WORK
    found = [False] * len(walked.texts)
    for at in walked.blocks:
        bare = "".join(walked.texts[at].split())
        found[at] = bare in lines or (searched and len(bare) >= LONG and bare in whole)
    return found

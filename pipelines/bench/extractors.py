"""Runs one extractor over the pages of an archive, bytes to nodes, their time measured; it judges nothing.

Every extractor is called as its own examples do it, in the environment of its peer, and gives a list of texts and
pictures in its order. What it found goes to NODES, a line a page; what it took, to RESULT.
usage: python extractors.py NAME ARCHIVE NODES RESULT [watch]
(NAME: one of MAKERS; OBELICS_SOURCE: a checkout of its code; watch: look where the time goes.)
"""

from __future__ import annotations

import importlib
import itertools
import json
import os
import re
import signal
import sys
import time
import types
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import archives

Found = tuple[list[str], list[str]]
"""The texts and the URLs of the pictures of a page."""
Extractor = Callable[[bytes, str, str | None], Found]
"""(body, URL, content type of the answer) to what is found."""

WARM = 5
"""Pages extracted before the clock starts: what is loaded at the first page is no page's own."""
CHUNK = 100
"""Pages that are read before they are extracted and timed together: reading is no part of it."""
TICK = 0.001
"""Seconds of processor time between two looks at where it goes."""


def ours(dropped: bool = False) -> Extractor:
    """`obelics_like.extract`, without what it drops as in a run, or with it."""
    from obelics_like.extraction import extract

    def run(html: bytes, url: str, mime: str | None) -> Found:
        document = extract(html, url, mime, dropped=dropped)
        return [node.text for node in document.texts()], [image.url for image in document.images()]

    return run


def resiliparse() -> Extractor:
    """Its main content, which has no pictures."""
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding

    return lambda html, url, mime: (
        [extract_plain_text(bytes_to_str(html, detect_encoding(html)), main_content=True)],
        [],
    )


def trafilatura(fast: bool = False, pictures: bool = False) -> Extractor:
    """Its main text; with pictures as XML, where they stand as `graphic`."""
    from lxml import etree
    from trafilatura import extract

    if not pictures:
        return lambda html, url, mime: ([extract(html, url=url, fast=fast, include_comments=False) or ""], [])

    def run(html: bytes, url: str, mime: str | None) -> Found:
        said = extract(html, url=url, include_comments=False, include_images=True, output_format="xml")
        if not said:
            return [], []
        main = etree.fromstring(said.encode(), etree.XMLParser(recover=True, huge_tree=True)).find("main")
        if main is None:
            return [], []
        sources = [element.get("src") for element in main.iter("graphic")]
        return ["\n".join(main.itertext())], [urljoin(url, source.strip()) for source in sources if source]

    return run


def datatrove() -> Extractor:
    """Its extractor in this process, without the child that guards it (that costs it a few ms a page)."""
    from datatrove.pipeline.extractors import Trafilatura

    extract = Trafilatura().extract
    return lambda html, url, mime: ([extract(decoded(html)) or ""], [])


def obelics() -> Extractor:
    """Its simplifier of the DOM and its extraction of nodes, with the options of its published run."""
    _import_obelics(Path(os.environ["OBELICS_SOURCE"]) / "obelics")
    simplify = sys.modules["obelics.processors.dom_tree_simplificator"].DOMTreeSimplificator(
        css_rules=["[class~='footer']", "[class~='site-info']"],
        css_rules_replace_with_text={"[class~='more-link']": "\n\nEND_OF_DOCUMENT_TOKEN_TO_BE_REPLACED\n\n"},
    )
    flatten = sys.modules["obelics.processors.pre_extraction_simplificator"].PreExtractionSimplificator()

    def run(html: bytes, url: str, mime: str | None) -> Found:
        nodes = flatten(simplify(decoded(html), type_return="selectolax_tree"), page_url=url)
        texts = [node.text for node in nodes if node.tag == "-text"]
        return texts, [node.media_info["src"] for node in nodes if node.tag == "img"]

    return run


def _import_obelics(package: Path) -> None:
    """Import the two modules without the rest of the package, whose `__init__` asks for much that they do not need.

    An inline flag in the middle of a regular expression, an error since Python 3.11, goes to its beginning.
    """
    for name in ("obelics", "obelics.processors", "obelics.utils"):
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__path__ = [str(package.parent / name.replace(".", "/"))]
    for name in ("simplification_utils", "tags_attributes", "utils"):
        module = importlib.import_module(f"obelics.utils.{name}")
        vars(sys.modules["obelics.utils"]).update({k: v for k, v in vars(module).items() if k[0] != "_"})
    for name in ("dom_tree_simplificator", "pre_extraction_simplificator"):
        module = types.ModuleType(f"obelics.processors.{name}")
        source = (package / "processors" / f"{name}.py").read_text()
        exec(compile(re.sub(r'r"(\S+)\(\?s\)', r'r"(?s)\1', source), name, "exec"), vars(module))
        sys.modules[module.__name__] = module


def decoded(html: bytes) -> str:
    """For those who want a string: UTF-8, else the charset that the page declares, else windows-1252."""
    declared = re.search(rb"charset=[\"']?\s*([\w-]+)", html[:4096], re.I)
    for name in ("utf-8", declared[1].decode() if declared else "", "windows-1252"):
        try:
            return html.decode(name or "ascii")
        except (UnicodeDecodeError, LookupError):
            continue
    return html.decode("windows-1252", "replace")


MAKERS: dict[str, Callable[[], Extractor]] = {
    "ours": ours,
    "ours with dropped": lambda: ours(dropped=True),
    "resiliparse": resiliparse,
    "trafilatura": trafilatura,
    "trafilatura fast": lambda: trafilatura(fast=True),
    "trafilatura pictures": lambda: trafilatura(pictures=True),
    "datatrove": datatrove,
    "OBELICS": obelics,
}


def pages(archive: Path) -> Iterator[tuple[str, bytes, str | None]]:
    """URL, body and content type of the pages of an archive, bodies as they are stored."""
    for head, block in archives.pages([archive]):
        url = re.search(rb"(?im)^warc-target-uri: *<?([^\s>]+)", head)
        answer, _, body = block.partition(b"\r\n\r\n")
        mime = re.search(rb"(?im)^content-type: *([^\r\n]+)", answer)
        yield url[1].decode("utf-8", "replace") if url else "", body, mime[1].decode("latin-1") if mime else None


def chunks(archive: Path) -> Iterator[list[tuple[str, bytes, str | None]]]:
    """The pages, CHUNK at a time."""
    held = pages(archive)
    while chunk := list(itertools.islice(held, CHUNK)):
        yield chunk


def measure(name: str, archive: Path, nodes: Path, watched: bool) -> dict[str, Any]:
    """Extract all pages, write what was found, and say what it took; a page that raises is counted as failed.

    `cpu` is processor time of all pages; `slowest` is the page that took longest by the clock. Both are seconds.
    `parts` is where the time goes, if that is watched; watching makes the other figures worse.
    """
    extract = MAKERS[name]()
    for page in itertools.islice(pages(archive), WARM):
        _tried(extract, page, [])
    watch = Watch() if watched else None
    count, cpu, taken = Counter[str](), 0.0, list[float]()
    with nodes.open("w", encoding="utf-8") as out:
        for chunk in chunks(archive):
            if watch:
                watch.on = True
            start = time.process_time()
            results = [_tried(extract, page, taken) for page in chunk]
            cpu += time.process_time() - start
            if watch:
                watch.on = False
            for (url, _, _), found in zip(chunk, results):
                texts, pictures = found or ([], [])
                line = {"uri": url, "text": "\n".join(texts), "pictures": pictures}
                count.update(failed=not found, kept=any(texts), characters=len(line["text"]), pictures=len(pictures))
                out.write(json.dumps(line) + "\n")
    parts = watch.shares() if watch else {}
    return {"pages": len(taken), "cpu": cpu, "slowest": max(taken, default=0.0), "parts": parts, **count}


def _tried(extract: Extractor, page: tuple[str, bytes, str | None], taken: list[float]) -> Found | None:
    url, html, mime = page
    start = time.perf_counter()
    try:
        return extract(html, url, mime)
    except Exception:
        return None
    finally:
        taken.append(time.perf_counter() - start)


class Watch:
    """Looks every TICK where the processor is: which function of the package is at work while a page is extracted.

    What native code takes falls to the function that called it. The clock runs on between pages, so that no part of a
    page is looked at more often than another.
    """

    def __init__(self) -> None:
        self.looks = Counter[str]()
        self.on = False
        signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, TICK, TICK)

    def shares(self) -> dict[str, float]:
        """The share of each function in what was seen, the largest first; ends the looking."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        whole = self.looks.total() or 1
        return {name: round(looks / whole, 4) for name, looks in self.looks.most_common()}

    def _look(self, number: int, frame: Any) -> None:
        while frame and "obelics_like" not in frame.f_code.co_filename:
            frame = frame.f_back
        if self.on and frame:
            self.looks[f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_name}"] += 1


if __name__ == "__main__":
    tool, archive, nodes, result, *watched = sys.argv[1:]
    Path(result).write_text(json.dumps(measure(tool, Path(archive), Path(nodes), bool(watched))))

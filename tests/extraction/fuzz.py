"""Pages with random damage, and what must hold of any bytes at all when they are extracted; a long run by hand.

python -m tests.extraction.fuzz SECONDS [SEED]      # prints what it tried and found, and ends at the first failure
python -m tests.extraction.fuzz --atheris CORPUS    # led by coverage, with libFuzzer's options behind; needs atheris
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from obelics_like.document import Document, Image, Origin, Page, Text
from obelics_like.extraction.nodes import MAINS, Nodes
from obelics_like.extraction.pictures import LONG_URL
from obelics_like.extraction.placements import DATA_URL_SHOWN
from obelics_like.extraction.texts import listed
from obelics_like.stage import Context
from tests.pace import least

CASES = Path(__file__).resolve().parent.parent / "cases" / "extraction"
URL = "https://example.org/news/story.html"
SLOW = 2.0
"""Seconds of processor time after which extracting a page counts as a hang."""
MOST = 400_000
"""Bytes that a page grows to."""
SHAPES = {path.stem: path.read_bytes() for path in sorted(CASES.glob("*.html"))}
NAMES = list(SHAPES)
CHARSETS = ["utf-8", "latin1", "shift_jis", "gb18030", "utf-16", "big5", "koi8-r", "x-nothing", ""]
OPENING = listed(
    "div p a b font i table tr td li ul select option pre textarea script style svg math image template noscript "
    "picture source object video iframe figure figcaption title head body html frameset plaintext xmp ruby rt br hr "
    "button form input base meta link"
)
CLOSING = listed(
    "div p a b font table td li select pre script style svg template noscript picture object figure title head body "
    "html xmp"
)
SPICE = [
    *(f"<{tag}>".encode() for tag in OPENING),
    *(f"</{tag}>".encode() for tag in CLOSING),
    b"<!--", b"-->", b"<!", b"<?", b"]]>", b"<![CDATA[", b"</", b"<", b">", b"&", b"&#0;", b"&#x110000;", b"&nbsp;",
    b"&amp", b"'", b'"', b"=", b"\0", b"\x01", b"\xff", b"\xef\xbb\xbf", b"\xc2\xad", b"\xe2\x80\x8b", b"\xed\xa0\x80",
    b"\xf3\xa0\x81\x81", b"e\xcc\x81\xcc\x96", b"\r", b"\n", b"\t", b" ",
    b"<img src=/a.jpg>", b"<img srcset='/a.jpg 1w, /b.jpg 2w' data-src=/c.jpg>", b"<img src=data:image/gif;base64,R0>",
    b"<img src='/blank.gif'>", b"srcset='", b"a.jpg 1x,", b"style='", b"background:", b"url(", b"width:",
    b"display:none;", b"<div style='background:url(/a.jpg)'>", b"<div data-bg=/a.jpg>", b"<div class='",
    b"teaser related share caption ", b"<source srcset=/a.jpg media='(min-width:800px)'>",
    b"<template shadowrootmode=open>", b"<base href='//x/'>",
    b"<meta name=robots content=noai>", b"<meta charset=", b"rel=license", b"creativecommons.org/licenses/by/4.0",
    b"<script type=application/ld+json>", b'{"@graph":[', b'{"image":', b'"articleBody":"', b"datePublished",
    b'self.__next_f.push([1,"', b"<a href=/b.jpg>", b"href='", b"//", b"/../", b"http://[", b"%7B", b"%", b"\\",
    b"The ferry left the harbour at six in the morning, with forty people on board. ", "漢字かな交じり文。".encode(),
    b"2024-05-01 ", b"a" * 60, b"1234567890",
]  # fmt: skip
STAGES = {main: Nodes(id="extract", main=main) for main in MAINS if main not in ("trafilatura", "resiliparse")}
OPENED = {main: stage.open(Context()) for main, stage in STAGES.items()}


def mutate(html: bytes, chance: random.Random) -> bytes:
    """The page with one to six changes: bytes changed, pieces taken out, doubled, put in, and repeated many times."""
    data = bytearray(html)
    for _ in range(chance.choice((1, 1, 2, 3, 6))):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(8)
        if kind == 0 and data:
            data[at - 1] = chance.randrange(256)
        elif kind == 1:
            del data[at : at + chance.choice((1, 5, 50, 500))]
        elif kind == 2:
            data[at:at] = chance.choice(SPICE)
        elif kind == 3:
            data[at:at] = b"".join(chance.choices(SPICE, k=chance.randrange(1, 12)))
        elif kind == 4:
            other = SHAPES[chance.choice(NAMES)]
            start = chance.randrange(len(other))
            data[at:at] = other[start : start + chance.choice((10, 100, 1000))]
        elif kind == 5:
            data[at:] = b""
        else:  # what is quadratic shows only when it is many
            piece = b"".join(chance.choices(SPICE, k=chance.choice((1, 1, 2, 3))))
            if chance.random() < 0.2:
                piece = bytes(data[at : at + chance.choice((5, 50, 300))])
            data[at:at] = piece * min(chance.choice((50, 1_000, 30_000)), MOST // (len(piece) or 1))
    return bytes(data[:MOST])


def check(html: bytes, main: str = "ours", mime: str | None = None) -> Counter[str]:
    """Extract a page and hold the result to what must be true of any; gives what became of it."""
    found: list[Document] = []
    taken = least(lambda: found.append(extracted(html, main, mime)), SLOW)
    assert taken < SLOW, f"{taken:.1f} s"
    document = found[-1]
    sound(document)
    if document.drop:
        return Counter([document.drop.rule])
    return Counter(page=1, texts=len(list(document.texts())), pictures=len(list(document.images())))


def extracted(html: bytes, main: str, mime: str | None) -> Document:
    """The page's document."""
    origin = Origin("", 0)
    document = Document("x", URL, origin, page=Page(URL, html, mime, origin))
    STAGES[main].process([document], OPENED[main])
    return document


def sound(document: Document) -> None:
    """A page is kept with nodes or lost by a name; nodes are numbered, say something, and can be stored."""
    rules = Nodes.rules
    assert document.drop.rule in rules if document.drop else document.nodes, "lost without a name"
    assert not document.drop or document.drop.rule != "unparsable", f"the parser refused it: {document.drop}"
    assert [node.pos for node in document.nodes] == list(range(len(document.nodes)))
    assert set(document.facts) <= set(Nodes.facts)
    said = [json.dumps(document.facts, ensure_ascii=False)]
    for node in document.nodes:
        assert node.drop is None or node.drop.rule in rules
        if isinstance(node, Text):
            assert node.text.strip()
            said += [node.text, node.block]
        else:
            assert isinstance(node, Image)
            urls = [node.url, *node.facts.get("alternatives", [])]
            assert all(url.startswith(("http://", "https://", "data:")) for url in urls)
            assert all(len(url) <= 3 * LONG_URL for url in urls if url[:5] != "data:")
            assert node.url[:5] != "data:" or len(node.url) <= DATA_URL_SHOWN or node.drop is None
            said += [*urls, node.alt, node.title, node.caption]
    "".join(said).encode()  # half a surrogate pair can't be stored


def main(seconds: float, seed: int) -> None:
    """Try random pages for so long, and say what became of them; the page at which it ends, or crashes, is kept."""
    chance, began, tried, slowest, size = random.Random(seed), time.monotonic(), 0, 0.0, 0
    found: Counter[str] = Counter()
    kept = Path(tempfile.gettempdir()) / f"fuzz-page-{seed}.html"
    while time.monotonic() - began < seconds:
        shape, by = chance.choice(NAMES), chance.choice([*STAGES, "ours", "ours"])
        html = mutate(SHAPES[shape], chance)
        mime = f"text/html; charset={chance.choice(CHARSETS)}" if chance.random() < 0.3 else None
        kept.write_bytes(html)
        start = time.process_time()
        try:
            found += check(html, by, mime)
        except BaseException:
            print(f"{shape}, main={by}, {mime}: kept as {kept}")
            raise
        slowest = max(slowest, time.process_time() - start)
        tried += 1
        size += len(html)
    kept.unlink()
    print(f"{tried} pages, {size / 1e6:.0f} MB, slowest {slowest:.2f} s; {dict(found.most_common())}")


def led_by_coverage(arguments: list[str]) -> None:
    """Hand the search to atheris: the first byte chooses who decides, the rest is the page."""
    import atheris

    atheris.instrument_all()
    choices = list(STAGES)
    atheris.Setup([sys.argv[0], *arguments], lambda data: check(data[1:], choices[(data or b"\0")[0] % len(choices)]))
    atheris.Fuzz()


if __name__ == "__main__":
    if sys.argv[1] == "--atheris":
        led_by_coverage(sys.argv[2:])
    else:
        main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)

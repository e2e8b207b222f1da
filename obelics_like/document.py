"""What a web page becomes: a Document whose nodes keep their DOM order and their number for ever.

Plain slotted dataclasses of plain values, so that they pickle, go to JSON and into Arrow as they are.
This module decides nothing, reads nothing and imports nothing of the project: read it first.

A stage never deletes a node or a page. It sets `drop` on it, once, and the run does the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any


@dataclass(frozen=True, slots=True)
class Drop:
    """Why a page or a node is not part of the corpus.

    `stage` is the stage's id in the recipe, `rule` names what is wrong (`too_few_words`), `value` is what was
    measured and `limit` what it was held against.
    """

    stage: str
    rule: str
    value: float | int | str | None = None
    limit: float | int | str | None = None


@dataclass(frozen=True, slots=True)
class Language:
    """A language decision: BCP-47 `code` ("und" if unknown), `score` in 0..1, and the model that said so."""

    code: str
    score: float
    model: str


@dataclass(slots=True)
class Origin:
    """Where a page was read, so that it can be cut out of its archive again.

    `offset` and `length` are bytes in the file `input` as it lies on disk (compressed, if it is); a length of None
    means that the reader could not tell. `ordinal` numbers the page records of one run in the order of its inputs.
    `date` is the crawl date, RFC 3339 in UTC. `charset` is the one the bytes were decoded with.
    """

    input: str
    offset: int
    length: int | None = None
    ordinal: int = 0
    record_id: str | None = None
    date: str | None = None
    status: int | None = None
    mime: str | None = None
    charset: str | None = None
    digest: str | None = None
    warc_headers: dict[str, str] = field(default_factory=dict)
    http_headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was read, not yet parsed: what `read_pages` yields. `html` is the decoded HTTP body.

    `facts` are what reading found out; they become the document's first facts.
    """

    url: str
    html: bytes
    content_type: str | None
    origin: Origin
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the bytes of a picture lie.

    `kind` says how to read them: "record" (an image record of the archive `path` at `offset`), "pack" (`length`
    bytes of the file `path` from `offset` on), "page" (they stand in the page whose record this is) or "file" (in the
    page that is the file `path`). `url` is the URL under which the bytes were found; of the last two, the name that
    `inline.named` gives.
    """

    kind: str
    path: str
    offset: int
    length: int | None = None
    url: str = ""


@dataclass(slots=True)
class Blob:
    """The bytes behind a picture, by reference; pixels never travel inside a Document.

    `source` is "warc" (found in the input archives), "page" (in the page itself) or "web" (fetched). `date` is when
    those bytes were captured. The fields from `sha256` (hex) on are None until the picture was read; `width` and
    `height` are pixels, `size` is bytes, `phash` is a 64-bit perceptual hash in hex. `parent` names the sha256 of the
    original, if this is a re-encoded or blurred copy.
    """

    place: Place
    source: str
    date: str | None = None
    sha256: str | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None
    size: int | None = None
    phash: str | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """A replacement of `text[start:end]` that a rule asked for; the text as it was read stays untouched."""

    start: int
    end: int
    replacement: str
    stage: str
    rule: str


@dataclass(slots=True)
class Text:
    """A block of text at position `pos` of the page. `block` is the tag it stood in: p, h1, li, td, pre, ...

    `words` is what `words.of` split, kept so that it is done once; it is never stored.
    """

    pos: int
    text: str
    block: str = "p"
    edits: list[Edit] = field(default_factory=list)
    language: Language | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    drop: Drop | None = None
    words: list[str] | None = field(default=None, repr=False, compare=False)

    @property
    def effective(self) -> str:
        """The text with its edits applied: what the corpus holds and what sentence spans count in.

        >>> Text(0, "Call 555 now", edits=[Edit(5, 8, "<PHONE>", "pii", "phone")]).effective
        'Call <PHONE> now'
        """
        if not self.edits:
            return self.text
        pieces, at = [], 0
        for edit in sorted(self.edits, key=lambda e: (e.start, e.end)):
            if edit.start < at:  # overlaps an earlier edit, which wins
                continue
            pieces += [self.text[at : edit.start], edit.replacement]
            at = edit.end
        return "".join([*pieces, self.text[at:]])


def effective(nodes: Iterable[Text]) -> list[str]:
    """The effective texts of these nodes, in half the time where nearly none has edits.

    >>> effective([Text(0, "Tea"), Text(1, "Call 555 now", edits=[Edit(5, 8, "<PHONE>", "pii", "phone")])])
    ['Tea', 'Call <PHONE> now']
    """
    return [node.effective if node.edits else node.text for node in nodes]


@dataclass(slots=True)
class Image:
    """A picture's placement on the page. `blob` None is an unresolved placement: kept as its URL.

    `url` is absolute. `width` and `height` are the size the page shows it at, in CSS pixels, None where not stated.
    `similarity` holds one score for each of the document's `sentences`, given by the scorer named in `scorer`;
    `sentence` is the index of the sentence the picture was assigned to.
    """

    pos: int
    url: str
    alt: str = ""
    title: str = ""
    caption: str = ""
    width: int | None = None
    height: int | None = None
    blob: Blob | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    similarity: list[float] | None = None
    scorer: str | None = None
    sentence: int | None = None
    drop: Drop | None = None


@dataclass(slots=True)
class Fallen:
    """Nodes that share one Drop: the positions of the texts, those of the pictures, and the pictures' URLs."""

    drop: Drop
    texts: list[int] = field(default_factory=list)
    images: list[int] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Aside:
    """Nodes that were dropped as they were made, nine in ten of a page: no objects, but what has to be told of them.

    `count` is their number. `nodes` are the nodes themselves, in DOM order, where they are `wanted`.
    """

    wanted: bool = False
    fallen: list[Fallen] = field(default_factory=list)
    count: int = 0
    nodes: list[Text | Image] = field(default_factory=list)


@dataclass(slots=True)
class Document:
    """A page in reading order.

    `id` is stable across recipes and runs: made from the WARC record id, else from URL and date. `nodes` is in DOM
    order; a node keeps its `pos` for ever, also where the nodes dropped before it do not travel on. `sentences` are
    spans (pos, start, end) in characters of the effective text of the Text at `pos`. A document or node with `drop`
    set is not part of the output. `page` holds the bytes until they are parsed; it is never stored.

    `aside` is for nodes that are dropped as they are made: who gives a document an empty one finds them there, and not
    in `nodes` as everybody else. It is never stored either.
    """

    id: str
    url: str
    origin: Origin
    nodes: list[Text | Image] = field(default_factory=list)
    sentences: list[tuple[int, int, int]] = field(default_factory=list)
    language: Language | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    drop: Drop | None = None
    page: Page | None = field(default=None, repr=False, compare=False)
    aside: Aside | None = field(default=None, repr=False, compare=False)

    def put_back(self) -> None:
        """Put the nodes that lie aside, and were wanted, back where they stood."""
        if self.aside is not None and self.aside.nodes:
            self.nodes = sorted([*self.nodes, *self.aside.nodes], key=attrgetter("pos"))
        self.aside = None

    @property
    def kept(self) -> list[Text | Image]:
        """The nodes that no rule dropped, in DOM order."""
        return [n for n in self.nodes if n.drop is None]

    def texts(self) -> Iterator[Text]:
        """The texts that no rule has dropped when this is asked, in DOM order."""
        # a list takes half the time of a generator, and most stages go over the texts of a page
        return iter([n for n in self.nodes if n.drop is None and isinstance(n, Text)])

    def effective_texts(self) -> list[str]:
        """The effective texts of the texts that no rule dropped, in DOM order."""
        return effective(self.texts())

    def images(self) -> Iterator[Image]:
        """The pictures that no rule has dropped when this is asked, in DOM order."""
        return iter([n for n in self.nodes if n.drop is None and isinstance(n, Image)])

    def sentence_texts(self) -> list[str]:
        """The sentences as strings, in order."""
        whole = {pos: "" for pos, _, _ in self.sentences}
        for node in self.texts():
            if node.pos in whole:
                whole[node.pos] = node.effective
        return [whole[pos][start:end] for pos, start, end in self.sentences]

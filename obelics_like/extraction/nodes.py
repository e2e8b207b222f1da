"""The stage `extract.nodes`: the bytes of a page become its nodes, texts and pictures in DOM order.

Boilerplate is marked and never absent, so that the numbers of the nodes do not depend on what is taken for the main
content. It does not look at languages, lengths or pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from obelics_like.document import Document, Drop, Image, Page, Text
from obelics_like.errors import OptionError
from obelics_like.extraction import main_content, main_pictures, peers, simplified
from obelics_like.extraction.budget import beginnings, most_attributes
from obelics_like.extraction.captions import captions
from obelics_like.extraction.charset import decode
from obelics_like.extraction.hydration import article_markup
from obelics_like.extraction.placements import Placement, place
from obelics_like.extraction.scan import OverBudget, hold_to_budget, rows
from obelics_like.extraction.walk import Block, Walked
from obelics_like.stage import Batch, Context, Stage

MAINS = ("ours", "trafilatura", "resiliparse", "tags", "all")


@dataclass(slots=True)
class Opened:
    """The parser, the peer if one decides, and the meanings of names that pages share."""

    parse: Callable[[bytes | str], Any]
    peer: peers.Extractor | None
    memory: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Nodes(Stage):
    """Parses a page and emits its nodes.

    main: what decides on the main content. `ours`; `trafilatura` or `resiliparse`, which choose among our blocks;
      `tags`, the choice by tags of OBELICS (paper, A.1.2); `all`, nothing is boilerplate.
    captions: whether captions are texts of the main content too; each picture has its caption either way. Only for
      `ours`: the other choices are what they are.
    max_bytes: pages of more bytes are dropped unparsed.
    max_nodes: pages of more elements are dropped.
    max_depth: pages nested deeper are dropped.
    max_attributes: pages with an element of more attributes are dropped unparsed.
    min_data_uri, max_data_uri: bytes of a picture that stands in the page itself (a `data:` URI); a smaller one is
      taken for a stand-in, a larger one is dropped unread.
    """

    main: str = "ours"
    captions: bool = False
    max_bytes: int = 8_000_000
    max_nodes: int = 200_000
    max_depth: int = 1_000
    max_attributes: int = 2_000
    min_data_uri: int = 1_000
    max_data_uri: int = 2_000_000

    rules: ClassVar[dict[str, str]] = {
        "boilerplate": "a text or picture that is not part of the main content",
        "caption": "a caption: its words stand with its picture, and not in the text",
        "data_uri": "a stand-in, or a drawing, whose bytes stand in the page itself",
        "data_uri_too_large": "a picture in the page itself of more bytes than max_data_uri",
        "placeholder": "a picture of which only the stand-in of a lazy loader is named",
        "tracking_pixel": "a picture of one or two pixels, or of a known counter",
        "no_content": "a page without any text or picture",
        "unparsable": "a page that the parser refused",
        "too_many_bytes": "a page of more bytes than the budget",
        "too_many_elements": "a page of more elements than the budget",
        "too_deep": "a page nested deeper than the budget",
        "too_many_attributes": "a page with an element of more attributes than the budget",
    }
    facts: ClassVar[dict[str, str]] = {
        "title": "the page's title",
        "description": "the page's description of itself",
        "canonical_url": "the URL the page declares as its own",
        "html_lang": "the language the page declares, as written",
        "lead_image": "URL of the picture that stands for the page (og:image, JSON-LD); no node for it",
        "license": "URL of the licence the page names",
        "published": "the date of publication, as written",
        "robots": "the page's robots meta tag, lower case",
        "tdm_reservation": "the page's TDM reservation, as written",
        "hreflang": "URLs of the page in other languages, by language tag",
        "alternatives": "other URLs of the same picture (smaller candidates, link target), best first",
        "kind": "what shows the picture, where it is no img: poster, background, svg, object, input",
    }

    def check(self) -> None:
        if self.main not in MAINS:
            raise OptionError(f"{self.id or 'extract'}.main", got=repr(self.main), valid=", ".join(MAINS))
        for name in ("max_bytes", "max_nodes", "max_depth", "max_attributes", "min_data_uri", "max_data_uri"):
            if getattr(self, name) < 1:
                raise OptionError(f"{self.id or 'extract'}.{name}", got=getattr(self, name), valid="1 or more")

    def open(self, context: Context) -> Opened:
        from selectolax.lexbor import LexborHTMLParser

        peer = peers.load(self.main) if self.main in ("trafilatura", "resiliparse") else None
        return Opened(LexborHTMLParser, peer)

    def process(self, batch: Batch, opened: Opened) -> Batch:
        for document in batch:
            if document.drop is None and document.page is not None:
                document.drop = self._extract(document, document.page, opened)
        return batch

    def _extract(self, document: Document, page: Page, opened: Opened) -> Drop | None:
        """Fill in the document's nodes and facts; the drop of a page that has none or costs too much."""
        html = page.html
        if len(html) > self.max_bytes:
            return self.drop("too_many_bytes", len(html), self.max_bytes)
        if (count := most_attributes(html, self.max_attributes)) > self.max_attributes:
            return self.drop("too_many_attributes", count, self.max_attributes)
        text, document.origin.charset = decode(html, page.content_type)
        # bytes that are UTF-8 already need not be encoded again
        plain = document.origin.charset == "utf-8" and html[:3] != b"\xef\xbb\xbf"
        utf8 = html if plain else text.encode("utf-8", "replace")
        try:
            walked = self._walked(utf8, opened)
        except OverBudget as over:
            return self.drop(*over.args)
        except Exception as error:
            return self.drop("unparsable", str(error)[:200])
        placements = place(walked, walked.head.base_url(page.url), self.min_data_uri, self.max_data_uri)
        document.facts.update(walked.head.facts(page.url, html))
        main = opened.peer and peers.matching(walked, opened.peer(text, page.url))
        drops = self._judge(walked, placements, page.url, document.facts.get("lead_image", ""), main)
        document.nodes = self._nodes(walked, placements, drops)
        return None if document.nodes else self.drop("no_content", 0, 1)

    def _walked(self, utf8: bytes, opened: Opened) -> Walked:
        """The walk over a page, or over the markup in its script data if it holds no text; raises OverBudget."""
        walked = self._walk(utf8, opened)
        if any(isinstance(item, Block) for item in walked.items):
            return walked
        markup = article_markup(utf8)
        if not markup or most_attributes(markup, self.max_attributes) > self.max_attributes:
            return walked
        shown = self._walk(markup, opened)
        shown.head = walked.head
        return shown

    def _walk(self, utf8: bytes, opened: Opened) -> Walked:
        for length in beginnings(utf8):
            hold_to_budget(_parsed(utf8[:length], opened), self.max_nodes, self.max_depth)
        return Walked(rows(_parsed(utf8, opened), self.max_nodes, self.max_depth), opened.memory)

    def _judge(
        self, walked: Walked, placements: list[Placement], url: str, lead: str, main: list[bool] | None
    ) -> list[Drop | None]:
        """For each item of the walk its drop, if it is not main content; `main` is what a peer has chosen."""
        boilerplate, caption = self.drop("boilerplate"), self.drop("caption")
        if self.main == "all":
            return [None] * len(walked.items)
        if self.main == "tags":
            return [None if kept else boilerplate for kept in simplified.keep(walked)]
        judged = main_content.judge(walked)
        if main is not None:
            judged.main = main
        drops = [None if kept else boilerplate for kept in judged.main]
        if main is None:
            for at, is_caption in enumerate(judged.captions):
                if is_caption:
                    drops[at] = None if self.captions else caption
        for one, picked in zip(placements, main_pictures.choose(walked, placements, judged, url, lead)):
            drops[one.item] = None if picked else boilerplate
        return drops

    def _nodes(self, walked: Walked, placements: list[Placement], drops: list[Drop | None]) -> list[Text | Image]:
        nodes: list[Text | Image] = []
        placed = {one.item: one for one in placements}
        captioned = captions(walked) if placements else {}
        for at, item in enumerate(walked.items):
            if isinstance(item, Block):
                nodes.append(Text(len(nodes), item.text, item.kind, drop=drops[at]))
            elif one := placed.get(at):
                limit = self.max_data_uri if one.fault == "data_uri_too_large" else None
                drop = self.drop(one.fault, one.measured, limit) if one.fault else drops[at]
                nodes.append(_image(len(nodes), one, captioned.get(at, ""), drop))
        return nodes


def _parsed(html: bytes, opened: Opened) -> str:
    """The page as the parser writes it out: well-formed."""
    root = opened.parse(html).root
    if root is None:
        raise ValueError("no root element")
    return root.html or ""


def _image(pos: int, one: Placement, caption: str, drop: Drop | None) -> Image:
    picture = one.picture
    facts: dict[str, Any] = {}
    if one.alternatives:
        facts["alternatives"] = one.alternatives
    if picture.how != "img":
        facts["kind"] = picture.how
    size = picture.width, picture.height
    return Image(pos, one.url, picture.alt, picture.title, caption, *size, facts=facts, drop=drop)

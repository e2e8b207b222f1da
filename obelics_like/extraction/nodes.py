"""The stage `extract.nodes`: the bytes of a page become its nodes, texts and pictures in DOM order.

Boilerplate is marked and never absent, so that the numbers of the nodes do not depend on what is taken for the main
content. It does not look at languages, lengths or pixels.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from obelics_like.document import Aside, Document, Drop, Fallen, Image, Page, Text
from obelics_like.errors import OptionError
from obelics_like.extraction import main_content, main_pictures, naming, peers, shadow, simplified
from obelics_like.extraction.budget import Tags, attributes_for, beginnings, cloned, depth_for, is_utf8, names, tags
from obelics_like.extraction.captions import captions
from obelics_like.extraction.charset import decode
from obelics_like.extraction.hydration import article_markup
from obelics_like.extraction.placements import Placement, hold_joined, place
from obelics_like.extraction.scan import OverBudget, Walker
from obelics_like.extraction.texts import tidy
from obelics_like.extraction.walk import Walked
from obelics_like.stage import Batch, Context, Stage

_LIMITS = (
    *("max_bytes", "max_nodes", "max_pictures", "max_depth", "max_attributes", "max_all_attributes"),
    *("max_names", "max_copied_bytes"),
    *("min_data_uri", "max_data_uri"),
)
MAINS = ("ours", "trafilatura", "resiliparse", "tags", "all")


@dataclass(slots=True)
class Opened:
    """What walks pages, and the peer if one decides."""

    walker: Walker
    peer: peers.Extractor | None


@dataclass(frozen=True)
class Nodes(Stage):
    """Parses a page and emits its nodes.

    main: what decides on the main content. `ours`; `trafilatura` or `resiliparse`, which choose among our blocks;
      `tags`, the choice by tags of OBELICS (paper, A.1.2); `all`, nothing is boilerplate.
    captions: whether captions are texts of the main content too; each picture has its caption either way. Only for
      `ours`: the other choices are what they are.
    srcset_width: of a srcset, the narrowest candidate of at least so many pixels is the picture's URL, and the others
      its alternatives; not given, the widest is.
    max_bytes: pages of more bytes are dropped unparsed.
    max_nodes: pages of more elements are dropped.
    max_pictures: pages that show more pictures are dropped: of 1,747 real ones none had more than 796.
    max_depth: pages nested deeper are dropped; and where more tags than half of max_nodes may end something, those that
      are deeper than this in proportion.
    max_attributes: pages with an element of more attributes are dropped unparsed.
    max_all_attributes: pages whose elements have more together, too, and where one has more than 1,200, those that have
      more than this in proportion: of 1,747 real ones none had more than 18,453.
    max_names: pages whose elements and attributes have more different names are dropped unparsed: real ones have 400.
    max_copied_bytes: pages of whose tags the parser may copy more bytes are dropped unparsed: each paragraph takes up
      again what formatting, and which link, was left open before it.
    min_data_uri, max_data_uri: bytes of a picture that stands in the page itself (a `data:` URI); a smaller one is
      taken for a stand-in, a larger one is dropped unread.
    """

    main: str = "ours"
    captions: bool = False
    srcset_width: int | None = None
    max_bytes: int = 8_000_000
    max_nodes: int = 200_000
    max_pictures: int = 20_000
    max_depth: int = 1_000
    max_attributes: int = 2_000
    max_all_attributes: int = 500_000
    max_names: int = 20_000
    max_copied_bytes: int = 300_000_000
    min_data_uri: int = 1_000
    max_data_uri: int = 2_000_000

    rules: ClassVar[dict[str, str]] = {
        "boilerplate": "a text or picture that is not part of the main content",
        "caption": "a caption: its words stand with its picture, and not in the text",
        "data_uri": "a stand-in, or a drawing, whose bytes stand in the page itself",
        "data_uri_too_large": "a picture in the page itself of more bytes than max_data_uri",
        "formula": "a formula that is set as a picture: what its alternative text says stands in the text",
        "placeholder": "a picture of which only the stand-in of a lazy loader is named",
        "tracking_pixel": "a picture of one or two pixels, or of a known counter",
        "no_content": "a page without any text or picture",
        "unparsable": "a page that the parser refused",
        "too_many_bytes": "a page of more bytes than the budget",
        "too_many_elements": "a page of more elements than the budget",
        "too_many_pictures": "a page of more pictures than the budget, or whose addresses are too many or too long",
        "too_deep": "a page nested deeper than the budget",
        "too_many_attributes": "a page with an element of more attributes than the budget, or of more in all",
        "too_many_names": "a page of more different names of elements and attributes than the budget",
        "too_much_copied": "a page whose attributes may be copied to more bytes than the budget",
    }
    facts: ClassVar[dict[str, str]] = {
        "title": "the page's title",
        "description": "the page's description of itself",
        "canonical_url": "the URL the page declares as its own",
        "html_lang": "the language the page declares, as written",
        "lead_image": "URL of the picture that stands for the page (og:image, JSON-LD); no node for it",
        "license": "the licence the page names: its URL, or the words that stand for one",
        "published": "the date of publication, as written",
        "robots": "directives of the page's robots meta tags, lower case",
        "robots_named": "directives of its meta tags to single crawlers, by the crawler's name",
        "robots_header": "the X-Robots-Tag of the HTTP answer, as written",
        "tdm_reservation": "the TDM reservation of the page, else of the HTTP answer, as written",
        "tdm_policy": "URL of the policy that goes with it",
        "content_usage": "the Content-Usage of the HTTP answer, as written",
        "hreflang": "URLs of the page in other languages, by language tag",
        "alternatives": "other URLs of the same picture (smaller candidates, link target), best first",
        "kind": "what shows the picture, where it is no img: poster, background, svg, object, input",
    }

    def check(self) -> None:
        if self.main not in MAINS:
            raise OptionError(
                f"{self.id or 'extract'}.main", got=repr(self.main), valid=", ".join(MAINS), do="name one of them"
            )
        for name in _LIMITS:
            if getattr(self, name) < 1:
                raise OptionError(
                    f"{self.id or 'extract'}.{name}", got=getattr(self, name), valid="1 or more", do="correct it"
                )
        if self.srcset_width is not None and self.srcset_width < 1:
            raise OptionError(
                f"{self.id or 'extract'}.srcset_width", got=self.srcset_width, valid="1 or more", do="correct it"
            )

    def open(self, context: Context) -> Opened:
        peer = peers.load(self.main) if self.main in ("trafilatura", "resiliparse") else None
        return Opened(Walker(None if self.srcset_width else naming.tables()), peer)

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
        known = tags(html, self.max_attributes)
        if known.attributes > self.max_attributes:
            return self.drop("too_many_attributes", known.attributes, self.max_attributes)
        utf8, document.origin.charset = _as_utf8(html, page.content_type)
        try:
            known = known if utf8 is html else tags(utf8, len(utf8))  # counted to the end
            shown = shadow.opened(utf8) if known.templates else utf8
            walked = self._walked(shown, known, opened)
            url = walked.head.address(page.url)
            base = walked.head.base_url(url)
            hold_joined(walked, base)
        except OverBudget as over:
            return self.drop(*over.args)
        except Exception as error:
            return self.drop("unparsable", str(error)[:200])
        placements = place(walked, base, self.min_data_uri, self.max_data_uri)
        document.facts.update(walked.head.facts(url, html, page.origin.http_headers))
        main = opened.peer and peers.matching(walked, opened.peer(utf8.decode("utf-8", "replace"), page.url))
        drops, told = self._judge(walked, placements, url, document.facts.get("lead_image", ""), main)
        made = self._items(walked, placements, drops, told)
        if document.aside is None:
            document.nodes = made.nodes(range(len(made.at)))
        else:
            document.nodes, document.aside = made.parted(document.aside.wanted)
        return None if made.at else self.drop("no_content", 0, 1)

    def _walked(self, utf8: bytes, known: Tags, opened: Opened) -> Walked:
        """The walk over a page, or over the markup in its script data if it holds no text; raises OverBudget."""
        walked = self._walk(utf8, known, opened)
        if any(walked.kinds):
            return walked
        markup = article_markup(utf8)
        if not markup or (known := tags(markup, self.max_attributes)).attributes > self.max_attributes:
            return walked
        shown = self._walk(markup, known, opened)
        shown.head = walked.head
        return shown

    def _walk(self, utf8: bytes, known: Tags, opened: Opened) -> Walked:
        if known.all_attributes > (most := attributes_for(known.attributes, self.max_all_attributes)):
            raise OverBudget("too_many_attributes", known.all_attributes, most)
        if (named := names(utf8, known, self.max_names)) > self.max_names:
            raise OverBudget("too_many_names", named, self.max_names)
        if (copied := cloned(known, self.max_nodes)) > self.max_copied_bytes:
            raise OverBudget("too_much_copied", copied, self.max_copied_bytes)
        limits = self.max_nodes, self.max_depth
        ends = [(length, depth_for(min(number, known.closing), *limits)) for length, number in beginnings(utf8, known)]
        rows = opened.walker.rows(utf8, *limits, self.max_pictures, ends, known.templates > 0)
        return Walked(rows, self.srcset_width)

    def _judge(
        self, walked: Walked, placements: list[Placement], url: str, lead: str, main: list[bool] | None
    ) -> tuple[list[Drop | None], frozenset[int]]:
        """For each item of the walk its drop, if it is not main content, and the items that are captions; `main` is
        what a peer has chosen."""
        boilerplate, caption = self.drop("boilerplate"), self.drop("caption")
        if self.main == "all":
            return [None] * len(walked.texts), frozenset()
        if self.main == "tags":
            return [None if kept else boilerplate for kept in simplified.keep(walked)], frozenset()
        judged = main_content.judge(walked)
        if main is not None:
            judged.main = main
        drops = [None if kept else boilerplate for kept in judged.main]
        told = frozenset(judged.captions if main is None else ())
        for at in told:
            drops[at] = None if self.captions else caption
        for one, picked in zip(placements, main_pictures.choose(walked, placements, judged, url, lead)):
            drops[one.item] = None if picked else boilerplate
        return drops, told

    def _items(
        self, walked: Walked, placements: list[Placement], drops: list[Drop | None], told: frozenset[int]
    ) -> _Items:
        for one in placements:
            if one.fault:
                limit = self.max_data_uri if one.fault == "data_uri_too_large" else None
                drops[one.item] = self.drop(one.fault, one.measured, limit)
        placed = {one.item: one for one in placements}
        at: Sequence[int] = range(len(drops))
        if len(placed) < len(walked.pictures):  # a picture without a usable URL is no node
            missing = walked.pictures.keys() - placed.keys()
            at = [item for item in at if item not in missing]
        return _Items(at, walked, drops, placed, told)


@dataclass(slots=True)
class _Items:
    """What the nodes of a page are made of: by their `pos` the item of the walk (`at`), by the item all else."""

    at: Sequence[int]
    walked: Walked
    drops: list[Drop | None]
    placed: dict[int, Placement]
    told: frozenset[int]
    captioned: dict[int, str] | None = None

    def nodes(self, positions: Iterable[int]) -> list[Text | Image]:
        """The nodes of some positions."""
        items, kinds, texts, drops = self.at, self.walked.kinds, self.walked.texts, self.drops
        made: list[Text | Image] = []
        for pos in positions:
            at = items[pos]
            if kind := kinds[at]:
                made.append(Text(pos, texts[at], kind, [], None, {}, drops[at]))
            else:
                if self.captioned is None:  # a third of all pages keep no picture
                    self.captioned = captions(self.walked, self.told)
                made.append(_image(pos, self.placed[at], self.captioned.get(at, ""), drops[at]))
        return made

    def parted(self, wanted: bool) -> tuple[list[Text | Image], Aside]:
        """The nodes that are kept, and the others aside."""
        whole = len(self.at) == len(self.drops)  # then each item is a node
        kinds = self.walked.kinds
        kinds = kinds if whole else [kinds[at] for at in self.at]
        drops = self.drops if whole else [self.drops[at] for at in self.at]
        kept: list[int] = []
        fallen: dict[int, Fallen] = {}
        last: Drop | None = None
        for pos, drop, kind in zip(range(len(kinds)), drops, kinds):
            if drop is None:
                kept.append(pos)
                continue
            if drop is not last:
                group = fallen.get(id(drop)) or fallen.setdefault(id(drop), Fallen(drop))
                last, texts = drop, group.texts
            if kind:
                texts.append(pos)
            else:
                group.images.append(pos)
                group.urls.append(self.placed[self.at[pos]].url)
        nodes = self.nodes(pos for pos, drop in enumerate(drops) if drop is not None) if wanted else []
        return self.nodes(kept), Aside(wanted, list(fallen.values()), len(self.at) - len(kept), nodes)


def _as_utf8(html: bytes, content_type: str | None) -> tuple[bytes, str]:
    """The page in UTF-8, and the name of its charset; bytes that are UTF-8 already are neither decoded nor encoded."""
    if html[:3] != codecs.BOM_UTF8 and is_utf8(html):
        return html, "utf-8"
    text, charset = decode(html, content_type)
    return text.encode("utf-8", "replace"), charset


def _image(pos: int, one: Placement, caption: str, drop: Drop | None) -> Image:
    picture = one.picture
    facts: dict[str, Any] = {}
    if one.alternatives:
        facts["alternatives"] = one.alternatives
    if picture.how != "img":
        facts["kind"] = picture.how
    alt, title = tidy(picture.alt) if picture.alt else "", tidy(picture.title) if picture.title else ""
    return Image(pos, one.url, alt, title, caption, picture.width, picture.height, facts=facts, drop=drop)

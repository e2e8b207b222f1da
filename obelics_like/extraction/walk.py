"""One pass over the parsed page: blocks of text and pictures in DOM order, and the containers they stand in.

It sees everything and judges nothing: what is boilerplate is decided by `main_content` and `main_pictures`. The pass
itself is `native/walk.c`; here its rows become objects, and names and addresses get their meaning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from obelics_like.extraction import names, scan
from obelics_like.extraction.head import Head
from obelics_like.extraction.pictures import background, choose, link_to_picture, shown_size
from obelics_like.extraction.texts import tidy_code, without_invisible

Attributes = Mapping[str, str]

MANY_NAMES = 100_000
"""Names whose meaning is remembered from page to page; then all are forgotten, as the next sites have other ones."""

_SOURCES = ("srcset", "data-srcset", "data-lazy-srcset", "src", "data-src")
_JOINTS = {scan.GLUED: "", scan.SPACED: " ", scan.BROKEN: "\n"}
_TAG = re.compile("<[^>]*>")


class Block:
    """A run of text: `kind` is its tag, `container` the index of its element, `group` the paragraph it is a part of.

    `links` counts the characters that stand in links; `flags` are those of `scan`, or -1 where they are not known.
    """

    __slots__ = ("container", "flags", "group", "kind", "links", "text")

    def __init__(self, text: str, kind: str, container: int, group: int, links: int, flags: int = -1) -> None:
        self.text, self.kind, self.container, self.group = text, kind, container, group
        self.links, self.flags = links, flags


class Picture:
    """A picture as its element names it: `urls` as written, best first; `how` says what kind of element it was.

    `link` is the href of the link round it; `group` the paragraph it splits; `fallback` marks one that stands in
    `<noscript>` or inside another picture's element, in its stead. The first `sure` of the URLs are no stand-ins.
    """

    __slots__ = (
        "alt",
        "container",
        "fallback",
        "group",
        "height",
        "how",
        "link",
        "names",
        "sure",
        "title",
        "urls",
        "width",
    )

    def __init__(
        self, how: str, urls: list[str], attributes: Attributes, container: int, group: int, sure: int = 0
    ) -> None:
        self.how, self.urls, self.container, self.group, self.sure = how, urls, container, group, sure
        self.alt = " ".join(alt.split()) if (alt := attributes.get("alt")) else ""
        self.title = " ".join(title.split()) if (title := attributes.get("title")) else ""
        self.names = attributes.get("class", "")
        self.width, self.height = shown_size(attributes)
        self.link: str | None = None
        self.fallback = False


class Walked:
    """What the walk found: `items` in DOM order, the containers as parallel lists, and the page's head.

    `pictures` are the places of the pictures among the items.

    Container 0 is the page; `parents[c] < c`. `bits` are those of `names`, of the container itself. `tags` holds ""
    for an element of no known name.
    """

    __slots__ = ("bits", "head", "items", "names", "parents", "pictures", "tags")

    def __init__(self, rows: scan.Rows, memory: dict[str, int]) -> None:
        self.parents = rows.parents
        self.tags = [scan.NAMES[number] for number in rows.tags]
        self.names = [rows.words[number] for number in rows.names]
        known = [_meaning(name, memory) if name else 0 for name in rows.telling]
        self.bits = [scan.BITS[tag] | known[name] for tag, name in zip(rows.tags, rows.names)]
        self.head = Head()
        self._mark(rows, known)
        self._read_head(rows)
        self.items: list[Block | Picture] = []
        self.pictures: list[int] = []
        self._collect(rows)

    def _mark(self, rows: scan.Rows, known: list[int]) -> None:
        """What attributes beside class and id say of a container."""
        for container, start, end in rows.marks:
            tag, attributes = self.tags[container], rows.attributes(start, end)
            bits = names.BY_TAG.get(tag, 0)
            if tag == "html":
                self.head.language = attributes.get("lang") or attributes.get("xml:lang") or ""
            elif tag != "body":
                meant = known[rows.names[container]]
                if tag == "blockquote":  # a quoted post is named for the network it comes from
                    meant &= ~names.SHARE
                bits |= meant | _more_bits(attributes)
            self.bits[container] = bits

    def _read_head(self, rows: scan.Rows) -> None:
        head = self.head
        for number, start, end in rows.metas:
            tag = scan.NAMES[number]
            if tag == "title":
                head.title = head.title or scan.unescaped(_TAG.sub("", rows.until(b"</title>", start).decode()))
            elif tag == "script":
                head.scripts.append(rows.until(b"</script>", start))
            elif head.wants(tag, rows.html[start:end]):
                head.read(tag, rows.attributes(start, end))

    def _collect(self, rows: scan.Rows) -> None:
        """The rows as items; a text that only a picture without an address has split is one again."""
        items, text, names_of = self.items, rows.text, scan.NAMES
        add = items.append
        for how, start, end, kind, container, group, links, flags, joint, _ in rows.items:
            if how:
                if picture := self._picture(rows, how, start, end, kind, container, group, links, flags, joint):
                    add(picture)
                continue
            words = text[start:end]
            if flags & (scan.ODD | scan.CODE):
                words = tidy_code(words) if flags & scan.CODE else without_invisible(words)
                flags = -1
                if not words:
                    continue
            if joint and items and isinstance(before := items[-1], Block) and before.group == group:
                before.text += _JOINTS[joint] + words
                before.links = min(before.links + links, len(before.text))
                before.flags = -1
                continue
            add(Block(words, names_of[kind], container, group, links if links < len(words) else len(words), flags))

    def _picture(
        self,
        rows: scan.Rows,
        how: int,
        start: int,
        end: int,
        fallback: int,
        container: int,
        group: int,
        link: int,
        link_end: int,
        sources: int,
    ) -> Picture | None:
        attributes = rows.attributes(start, end)
        kind, sure = scan.SHOWN[how], 0
        if kind == "img" or kind == "input":
            urls, sure = choose(attributes, _in_sources(rows, sources) if sources else ())
        else:
            urls = _addresses(kind, attributes)
        if not urls:
            return None
        shown = Picture(kind, urls, {} if kind == "background" else attributes, container, group, sure)
        shown.fallback = bool(fallback)
        if link_end:
            shown.link = rows.href(link, link_end).strip() or None
            if shown.link and link_to_picture(shown.link):
                urls.append(shown.link)
        self.pictures.append(len(self.items))
        return shown


def _in_sources(rows: scan.Rows, sources: int) -> list[str]:
    return [value for one in rows.sources(sources) for name in _SOURCES if (value := one.get(name))]


def _addresses(how: str, attributes: Attributes) -> list[str]:
    if how == "background":
        one = background(attributes.get("style", ""))
    elif how == "poster":
        one = attributes.get("poster") or attributes.get("data-poster")
    elif how == "svg":
        one = attributes.get("href") or attributes.get("xlink:href")
    else:
        one = attributes.get("data") or attributes.get("src")
    return [one.strip()] if one and one.strip() else []


def _meaning(name: str, memory: dict[str, int]) -> int:
    """The bits that the words of a container's `class` and `id` stand for together.

    Sites share most single words, and few of their combinations, so only those are remembered.
    """
    known, get = 0, memory.get
    for word in name.split(" ")[: names.MANY]:
        bits = get(word)
        known |= _learn(word, memory) if bits is None else bits
    return known


def _learn(word: str, memory: dict[str, int]) -> int:
    """The meaning of one word, remembered; what is numbered means the same at any number, and is remembered once."""
    if len(memory) >= MANY_NAMES:
        memory.clear()
    word = scan.unescaped(word)
    end = word.rstrip("0123456789")
    if len(word) - len(end) > 2 and len(word) <= names.LONG:
        word = end + "000"
    bits = memory.get(word)
    if bits is None:
        bits = memory[word] = names.meaning_of_one(word) if word else 0
    return bits


def _more_bits(attributes: Attributes) -> int:
    bits = 0
    if role := attributes.get("role"):
        bits |= names.BY_ROLE.get(role.lower(), 0)
    if attributes.get("itemprop") == "articleBody":
        bits |= names.CONTENT
    style = attributes.get("style")
    if "hidden" in attributes or (style and "none" in style and "display:none" in style.replace(" ", "").lower()):
        bits |= names.HIDDEN
    return bits

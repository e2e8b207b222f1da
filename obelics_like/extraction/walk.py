"""One pass over the parsed page: blocks of text and pictures in DOM order, and the containers they stand in.

It sees everything and judges nothing: what is boilerplate is decided by `main_content` and `main_pictures`. The pass
itself is `native/walk.c`; here its rows become objects, and names and addresses get their meaning.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping, Sequence
from itertools import compress

from obelics_like.extraction import names, scan
from obelics_like.extraction.head import Head
from obelics_like.extraction.measures import flags_of
from obelics_like.extraction.pictures import background, choose, link_to_picture, only, size_of
from obelics_like.extraction.srcset import of_source
from obelics_like.extraction.texts import composed, listed, tidy_code, without_invisible

Attributes = Mapping[str, str]

_SAID = listed("alt title class width height style")
_NOTHING_SAID = ["" for _ in _SAID]
_JOINTS = {scan.GLUED: "", scan.SPACED: " ", scan.BROKEN: "\n"}


class Picture:
    """A picture as its element names it: `urls` as written, best first; `how` says what kind of element it was.

    `link` is the href of the link round it; `fallback` marks one that stands in `<noscript>` or inside another
    picture's element, in its stead. The first `sure` of the URLs are no stand-ins.
    """

    __slots__ = ("alt", "container", "fallback", "height", "how", "link", "names", "sure", "title", "urls", "width")

    def __init__(self, how: str, urls: list[str], said: Sequence[str], container: int, sure: int = 0) -> None:
        """`said`: the values of alt, title, class, width, height and style."""
        self.how, self.urls, self.container, self.sure = how, urls, container, sure
        alt, title, self.names, width, height, style = said
        self.alt = " ".join(alt.split()) if alt else ""
        self.title = " ".join(title.split()) if title else ""
        self.width, self.height = size_of(width, height, style)
        self.link: str | None = None
        self.fallback = False


class Walked:
    """What the walk found: the items in DOM order, texts and pictures, and the containers, both as parallel lists; and
    the page's head.

    Of each item: its text and the text's tag in `texts` and `kinds`, both "" for a picture; its container; the
    characters that stand in `links`. `pictures` are the pictures by their item, `blocks` the items that are texts.
    `rows` are the numbers of all items as `scan` has them, made to fit the texts; what is left out is GONE there.
    `tree` are those of the containers.

    Container 0 is the page; `parents[c] < c`, and all that is within c is from c to before `ends[c]`. `bits` are those
    of `names`, of the container itself, `named` the containers that have any. `numbers` are those of the `names`, 0 for
    none, and `lines` the names by number, from 1. The tag of an unknown element is "". `width` is the width
    in pixels that a srcset is asked for, None for the widest.
    """

    __slots__ = (
        *("blocks", "containers", "kinds", "links", "pictures", "rows", "texts"),
        *("bits", "ends", "head", "lines", "named", "names", "numbers", "parents", "tags", "tree"),
    )

    def __init__(self, rows: scan.Rows, width: int | None = None) -> None:
        self.parents, self.ends, self.bits, self.named = rows.parents, rows.ends, rows.bits, rows.named
        self.tags = list(map(scan.NAMES.__getitem__, rows.tags))
        self.names = list(map(rows.words.__getitem__, rows.names))
        self.numbers, self.lines = rows.names, rows.lines
        self.texts, self.kinds, self.containers, self.links = rows.texts, rows.kinds, rows.containers, rows.links
        self.rows, self.tree = rows.items, rows.tree
        self.head = Head()
        self._mark(rows)
        self._read_head(rows)
        self.pictures = {row[0]: picture for row in rows.pictures if (picture := _picture(rows, row, width))}
        gone = {row[0] for row in rows.pictures if row[0] not in self.pictures}
        self._look_at(rows, gone)
        if gone:
            self._leave_out(gone)
        self.blocks = list(compress(range(len(self.kinds)), self.kinds))

    def _mark(self, rows: scan.Rows) -> None:
        """What attributes beside class and id say of a container."""
        for container, start, end in rows.marks:
            tag, attributes = self.tags[container], rows.attributes(start, end)
            bits = names.BY_TAG.get(tag, 0)
            if tag == "html":
                self.head.language = attributes.get("lang") or attributes.get("xml:lang") or ""
            elif tag != "body":
                meant = rows.known[rows.names[container]]
                if tag == "blockquote":  # a quoted post is named for the network it comes from
                    meant &= ~names.SHARE
                bits |= meant | _more_bits(attributes)
            if bits and not self.bits[container]:
                insort(self.named, container)
            self.bits[container] = bits

    def _read_head(self, rows: scan.Rows) -> None:
        head = self.head
        for number, start, end in rows.metas:
            tag = scan.NAMES[number]
            if tag == "title":
                head.title = head.title or rows.told[start:end]
            elif tag == "script":
                head.scripts.append(rows.told[start:end])
            else:
                head.read(tag, rows.attributes(start, end))

    def _look_at(self, rows: scan.Rows, gone: set[int]) -> None:
        """Tidy the texts that are odd or code, and join again those that only a picture without an address has split;
        what is left without words is `gone`."""
        texts, links, items, changed = self.texts, self.links, self.rows, set[int]()
        for at in rows.special:
            row = at * scan.ITEM
            flags, joint = items[row + scan.FLAGS], items[row + scan.JOINT]
            if flags & (scan.MARKED | scan.ODD | scan.CODE):
                texts[at] = _as_read(texts[at], flags)
                changed.add(at)
                if not texts[at]:
                    gone.add(at)
                    continue
            if joint:
                before = at - 1
                while before in gone:
                    before -= 1
                group = items[row + scan.GROUP]
                if before >= 0 and self.kinds[before] and items[before * scan.ITEM + scan.GROUP] == group:
                    already = min(links[before], len(texts[before]))
                    texts[before] += _JOINTS[joint] + texts[at]
                    links[before] = min(already + links[at], len(texts[before]))
                    changed.add(before)
                    gone.add(at)
        for at in changed:
            row = at * scan.ITEM
            items[row + scan.FLAGS], items[row + scan.LINKS] = flags_of(texts[at]), links[at]
            items[row + scan.SIZE] = len(texts[at])
        for at in gone:
            items[at * scan.ITEM + scan.KIND] = scan.GONE

    def _leave_out(self, gone: set[int]) -> None:
        left = [at for at in range(len(self.texts)) if at not in gone]
        for name in ("texts", "kinds", "containers", "links"):
            whole = getattr(self, name)
            setattr(self, name, [whole[at] for at in left])
        self.pictures = {new: self.pictures[old] for new, old in enumerate(left) if old in self.pictures}


def _as_read(text: str, flags: int) -> str:
    """A text that these flags call odd, as it is read."""
    if flags & scan.MARKED:
        text = composed(text)
    if flags & scan.CODE:
        return tidy_code(text)
    return without_invisible(text) if flags & scan.ODD else text


def _picture(rows: scan.Rows, row: tuple[int, ...], width: int | None) -> Picture | None:
    """The picture of a row, None if it has no address; `width` is what a srcset is asked for."""
    at, how, start, end, fallback, link, link_end, sources, only_src = row
    kind = scan.SHOWN[how]
    if only_src:  # most pictures: that it is, a stand-in or not
        src, *said = rows.values(start, end)
        urls, sure = only(src), 0
    else:
        attributes = rows.attributes(start, end)
        if fallback and "placeholder" in attributes:  # AMP's: it stands in the element of the picture it waits for
            return None
        said = [attributes.get(name, "") for name in _SAID] if kind != "background" else _NOTHING_SAID
        named = [pair for one in rows.sources(sources) for pair in of_source(one)] if sources else []
        urls, sure = _addresses(kind, attributes, named, width)
    if not urls:
        return None
    shown = Picture(kind, urls, said, rows.containers[at], sure)
    shown.fallback = bool(fallback)
    if link_end:
        shown.link = rows.link(link, link_end) or None
        if shown.link and link_to_picture(shown.link):
            urls.append(shown.link)
    return shown


def _addresses(
    how: str, attributes: Attributes, sources: list[tuple[str, float]], width: int | None
) -> tuple[list[str], int]:
    """The addresses as `choose` gives them."""
    if how == "img" or how == "input":
        return choose(attributes, sources, width)
    if how == "background":
        one = background(attributes)
    elif how == "poster":
        one = attributes.get("poster") or attributes.get("data-poster")
    elif how == "svg":
        one = attributes.get("href") or attributes.get("xlink:href")
    else:
        one = attributes.get("data") or attributes.get("src")
    return ([one.strip()] if one and one.strip() else []), 0


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

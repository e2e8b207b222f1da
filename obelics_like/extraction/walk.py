"""One pass over the parsed page: blocks of text and pictures in DOM order, and the containers they stand in.

It sees everything and judges nothing: what is boilerplate is decided by `main_content` and `main_pictures`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from obelics_like.extraction import names
from obelics_like.extraction.head import Head
from obelics_like.extraction.pictures import background, choose, link_to_picture, shown_size
from obelics_like.extraction.texts import BREAK, listed, tidy, tidy_code

Attributes = Mapping[str, str | None]

INLINE = frozenset(
    listed(
        "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd mark q s samp small span "
        "strike strong sub sup time tt u var wbr nobr ruby rb rtc output slot picture noscript amp-img "
        "amp-anim map area math mi mn mo mrow msup msub mfrac mtext shadow blink"
    )
)
"""Elements whose text runs on in the line, and that get no container of their own."""
SILENT = frozenset(
    listed(
        "head script style iframe object embed applet video audio canvas svg select datalist optgroup option "
        "textarea rt rp noembed noframes template title frameset progress meter annotation annotation-xml"
    )
)
"""Elements whose text is never text of the page; pictures within are still seen."""
VOID = frozenset(listed("br hr img input meta link base source wbr area col param track embed"))
KINDS = {
    tag: tag
    for tag in listed("h1 h2 h3 h4 h5 h6 li td th pre blockquote figcaption dt dd caption summary address legend")
} | {"xmp": "pre", "listing": "pre", "plaintext": "pre", "p": "p", "address": "p"}
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
KEEPING = frozenset(listed("li blockquote figcaption dd dt pre h1 h2 h3 h4 h5 h6 caption"))
"""Kinds that a paragraph inside keeps: a `p` in an `li` is part of the item."""

PLAIN = INLINE - {"a", "picture", "noscript", "amp-img", "amp-anim"}
MANY_NAMES = 100_000
"""Class names whose meaning is remembered from page to page."""

SILENCED, LINKED, CODE, FALLBACK = 1, 2, 4, 8


class OverBudget(Exception):
    """The page is over a structural budget: (rule, measured, limit)."""


class Block:
    """A run of text: `kind` is its tag, `container` the index of its element, `group` the paragraph it is a part of.

    `links` counts the characters that stand in links.
    """

    __slots__ = ("container", "group", "kind", "links", "text")

    def __init__(self, text: str, kind: str, container: int, group: int, links: int) -> None:
        self.text, self.kind, self.container, self.group, self.links = text, kind, container, group, links


class Picture:
    """A picture as its element names it: `urls` as written, best first; `how` says what kind of element it was.

    `link` is the href of the link round it; `group` the paragraph it splits; `fallback` marks one that stands in
    `<noscript>` or inside another picture's element, in its stead.
    """

    __slots__ = ("alt", "container", "fallback", "group", "height", "how", "link", "names", "title", "urls", "width")

    def __init__(self, how: str, urls: list[str], attributes: Attributes, container: int, group: int) -> None:
        self.how, self.urls, self.container, self.group = how, urls, container, group
        self.alt = " ".join((attributes.get("alt") or "").split())
        self.title = " ".join((attributes.get("title") or "").split())
        self.names = attributes.get("class") or ""
        self.width, self.height = shown_size(attributes)
        self.link: str | None = None
        self.fallback = False


class Walked:
    """What the walk found: `items` in DOM order, the containers as parallel lists, and the page's head.

    Container 0 is the page; `parents[c] < c`. `bits` are those of `names`, of the container itself.
    """

    def __init__(self) -> None:
        self.items: list[Block | Picture] = []
        self.parents: list[int] = [0]
        self.tags: list[str] = [""]
        self.names: list[str] = [""]
        self.bits: list[int] = [0]
        self.head = Head()


State = tuple[bool, int, int, str, Any, "list[str] | None"]
"""What holds inside an element: whether it is a block, its container, the modes, the kind of text, the link and the
sources of the `<picture>` round it. A plain tuple: it is made for each of a page's hundreds of blocks."""


class Walker:
    """Walks one page; a new one is needed for each. The memory of names is shared, and bounded.

    A state is made only where an element changes it, so that the many plain inline elements cost a push and a pop.
    """

    def __init__(self, memory: dict[str, int], max_nodes: int, max_depth: int) -> None:
        self.page = Walked()
        self.memory, self.max_nodes, self.max_depth = memory, max_nodes, max_depth
        self.pieces: list[str] = []
        self.links = self.group = 0

    def walk(self, root: Any) -> Walked:
        """All of the tree under `root`, in one linear pass; raises OverBudget."""
        nodes = root.traverse(include_text=True)
        next(nodes)
        outside: State = (True, 0, 0, "p", None, None)
        ids, states, count = [root.mem_id], [outside], 1
        state = self._enter(root, "html", outside)
        mode, pieces, enter = state[2], self.pieces, self._enter
        for node in nodes:
            tag = node.tag
            if tag == "-comment":
                continue
            above = node.parent.mem_id
            while ids[-1] != above:
                ids.pop()
                inner, state = state, states.pop()
                if inner is not state:
                    self._leave(inner, state)
                    mode = state[2]
            if tag == "-text":
                if not mode & SILENCED:
                    text = node.text_content
                    if mode & CODE:
                        pieces.append(text)
                    elif not text.isspace():
                        pieces.append(text)
                        if mode & LINKED:
                            self.links += len(text)
                    elif pieces and pieces[-1] != BREAK:
                        pieces.append(" ")
                continue
            count += 1
            if tag in SPECIAL:
                SPECIAL[tag](self, node, tag, state)
            if tag in VOID:
                continue
            states.append(state)
            ids.append(node.mem_id)
            if tag not in PLAIN:
                state = enter(node, tag, state)
                mode = state[2]
            if count > self.max_nodes:
                raise OverBudget("too_many_elements", count, self.max_nodes)
            if len(ids) > self.max_depth:
                raise OverBudget("too_deep", len(ids), self.max_depth)
        while len(states) > 1:
            inner, state = state, states.pop()
            self._leave(inner, state)
        return self.page

    def _enter(self, node: Any, tag: str, state: State) -> State:
        """The state inside an element that is not plain."""
        _, container, mode, outer, link, sources = state
        if tag in INLINE:
            if tag == "a":
                mode, link = mode | LINKED, node
            elif tag == "picture":
                sources = []
            else:
                mode |= FALLBACK | (SILENCED if tag == "noscript" else 0)
            return False, container, mode, outer, link, sources
        if tag in SILENT:
            mode |= SILENCED | self._silent(node, tag, state)
            return False, container, mode, outer, link, sources
        if mode & CODE:
            if self.pieces and not self.pieces[-1].endswith("\n"):
                self.pieces.append("\n")
            return state
        if self.pieces:
            self._flush(state)
        self.group += 1
        kind = KINDS.get(tag, "div")
        if kind == "pre":
            mode |= CODE
        elif outer in KEEPING and kind in ("p", "div"):
            kind = outer
        inner = (True, self._contain(node, tag, container), mode, kind, link, sources)
        if self.background:
            self._emit("background", [self.background], {}, inner)
        return inner

    def _leave(self, inner: State, state: State) -> None:
        if inner[0]:
            if self.pieces:
                self._flush(inner)
            self.group += 1
        elif inner[5] and state[5] is None:  # a <picture> without an <img>
            self._emit("img", choose({}, inner[5]), {}, inner)

    def _contain(self, node: Any, tag: str, parent: int) -> int:
        page, attributes = self.page, node.attributes
        name, bits = "", names.BY_TAG.get(tag, 0)
        self.background: str | None = None
        if attributes:
            name, identity = attributes.get("class") or "", attributes.get("id")
            if identity and tag not in HEADINGS:  # the id of a heading is its words, for links to it
                name = f"{name} {identity}"
            if tag == "html":
                page.head.language = attributes.get("lang") or attributes.get("xml:lang") or ""
            elif tag != "body":
                known = self.memory.get(name)
                if known is None:
                    known = self._learn(name)
                if tag == "blockquote":  # a quoted post is named for the network it comes from
                    known &= ~names.SHARE
                bits |= known
                if len(attributes) > 1 or not name:
                    bits |= _more_bits(attributes)
            if (style := attributes.get("style")) and "url(" in style:
                self.background = background(style)
        page.parents.append(parent)
        page.tags.append(tag)
        page.names.append(name)
        page.bits.append(bits)
        return len(page.tags) - 1

    def _learn(self, name: str) -> int:
        known = names.meaning(name)
        if len(self.memory) < MANY_NAMES:
            self.memory[name] = known
        return known

    def _flush(self, state: State) -> None:
        """End the run of text that stands in `state`."""
        whole = "".join(self.pieces)
        self.pieces.clear()
        text = tidy_code(whole) if state[2] & CODE else tidy(whole)
        if text:
            links = min(self.links, len(text))
            self.page.items.append(Block(text, state[3], state[1], self.group, links))
        self.links = 0

    def _emit(self, how: str, urls: list[str], attributes: Attributes, state: State) -> None:
        if not urls:
            return
        if self.pieces:
            self._flush(state)
        picture = Picture(how, urls, attributes, state[1], self.group)
        picture.fallback = bool(state[2] & FALLBACK)
        if state[4] is not None:
            picture.link = (state[4].attributes.get("href") or "").strip() or None
            if picture.link and link_to_picture(picture.link):
                urls.append(picture.link)
        self.page.items.append(picture)

    def _break(self, node: Any, tag: str, state: State) -> None:
        if state[2] & (CODE | SILENCED):
            self.pieces += ["\n"] if state[2] & CODE else []
        elif self.pieces and self.pieces[-1] == BREAK:  # an empty line: a new paragraph
            self._flush(state)
            self.group += 1
        elif self.pieces:
            self.pieces.append(BREAK)

    def _rule(self, node: Any, tag: str, state: State) -> None:
        if self.pieces:
            self._flush(state)
        self.group += 1

    def _image(self, node: Any, tag: str, state: State) -> None:
        attributes = node.attributes
        self._emit("img", choose(attributes, state[5] or ()), attributes, state)
        if state[5]:
            state[5].clear()

    def _source(self, node: Any, tag: str, state: State) -> None:
        sources = state[5]
        if sources is None:
            return
        attributes = node.attributes
        if not (attributes.get("type") or "").startswith(("video", "audio")):
            for name in ("srcset", "data-srcset", "data-lazy-srcset", "src", "data-src"):
                if value := attributes.get(name):
                    sources.append(value)

    def _input(self, node: Any, tag: str, state: State) -> None:
        attributes = node.attributes
        if (attributes.get("type") or "").lower() == "image":
            self._emit("input", choose(attributes), attributes, state)

    def _svg_image(self, node: Any, tag: str, state: State) -> None:
        attributes = node.attributes
        if url := (attributes.get("href") or attributes.get("xlink:href") or "").strip():
            self._emit("svg", [url], attributes, state)

    def _head(self, node: Any, tag: str, state: State) -> None:
        self.page.head.read(tag, node.attributes)

    def _title(self, node: Any, tag: str, state: State) -> None:
        if not self.page.head.title:
            self.page.head.title = node.text() or ""

    def _silent(self, node: Any, tag: str, state: State) -> int:
        """Read what a silent element names; the mode bits that hold inside it."""
        if tag == "script":
            if (node.attributes.get("type") or "").strip().lower() == "application/ld+json":
                self.page.head.scripts.append(node.text())
            return 0
        if tag == "video":
            attributes = node.attributes
            if url := (attributes.get("poster") or attributes.get("data-poster") or "").strip():
                self._emit("poster", [url], attributes, state)
            return FALLBACK
        if tag in ("object", "embed"):
            attributes = node.attributes
            url = (attributes.get("data") or attributes.get("src") or "").strip()
            if url and ((attributes.get("type") or "").startswith("image/") or link_to_picture(url)):
                self._emit("object", [url], attributes, state)
                return FALLBACK
        return 0


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


SPECIAL: dict[str, Callable[[Walker, Any, str, State], None]] = {
    "br": Walker._break,
    "hr": Walker._rule,
    "img": Walker._image,
    "amp-img": Walker._image,
    "amp-anim": Walker._image,
    "source": Walker._source,
    "input": Walker._input,
    "image": Walker._svg_image,
    "meta": Walker._head,
    "link": Walker._head,
    "base": Walker._head,
    "title": Walker._title,
}
"""Elements that are read as they are met, before what is inside them."""

"""One pass over the parsed page: blocks of text and pictures in DOM order, and the containers they stand in.

It sees everything and judges nothing: what is boilerplate is decided by `main_content` and `main_pictures`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from obelics_like.extraction import names
from obelics_like.extraction.head import Head
from obelics_like.extraction.pictures import background, choose, link_to_picture, shown_size
from obelics_like.extraction.tags import HEADINGS, KEEPING, KINDS, PLAIN, SILENT, VOID
from obelics_like.extraction.texts import BREAK, tidy, tidy_code

Attributes = Mapping[str, str | None]

MANY_NAMES = 100_000
"""Names whose meaning is remembered from page to page; then all are forgotten, as the next sites have other ones."""

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

    def __init__(self, items: list[Block | Picture], containers: list[tuple[int, str, str, int]], head: Head) -> None:
        self.items, self.head = items, head
        parents, tags, names, bits = zip(*containers)
        self.parents: list[int] = list(parents)
        self.tags: list[str] = list(tags)
        self.names: list[str] = list(names)
        self.bits: list[int] = list(bits)


State = tuple[bool, int, int, str, Any, "list[str] | None"]
"""What holds inside an element: whether it is a block, its container, the modes, the kind of text, the link and the
sources of the `<picture>` round it. A plain tuple: it is made for each of a page's hundreds of blocks."""


class Walker:
    """Walks one page; a new one is needed for each. The memory of names is shared, and bounded.

    A state is made only where an element changes it, so that the many plain inline elements cost a push and a pop.
    `containers` holds (parent, tag, names, bits) of each.
    """

    def __init__(self, memory: dict[str, int], max_nodes: int, max_depth: int) -> None:
        self.items: list[Block | Picture] = []
        self.containers: list[tuple[int, str, str, int]] = [(0, "", "", 0)]
        self.head = Head()
        self.memory, self.max_nodes, self.max_depth = memory, max_nodes, max_depth
        self.pieces: list[str] = []
        self.links = self.group = 0

    def walk(self, root: Any) -> Walked:
        """All of the tree under `root`, in one linear pass; raises OverBudget."""
        nodes = root.traverse(include_text=True)
        next(nodes)
        state = self._block(root, "html", (True, 0, 0, "p", None, None))
        mode, inside, count, pieces = state[2], root.mem_id, 1, self.pieces
        stack: list[tuple[int, State]] = []  # of each open element, what was `inside` and `state` round it
        few = min(self.max_nodes, self.max_depth)  # of no more elements than this, no budget is exceeded
        entering, block = ENTER.get, Walker._block
        for node in nodes:
            tag = node.tag
            if tag == "-text":
                text = node.text_content
                blank = text.isspace()
                if blank and not (pieces or mode):
                    continue  # between blocks, where it says nothing: a third of a page's nodes
            elif tag == "-comment":
                continue
            above = node.parent.mem_id
            while inside != above:
                inner = state
                inside, state = stack.pop()
                if inner is not state:
                    mode = state[2]
                    self._leave(inner, state)
            if tag == "-text":
                if (pieces or mode or not blank) and not mode & SILENCED:
                    self._text(text, mode)
                continue
            count += 1
            enter = entering(tag, block)
            if enter is None:
                stack.append((inside, state))
            elif within := enter(self, node, tag, state):
                stack.append((inside, state))
                state = within
                mode = state[2]
            elif node.child is None:
                continue
            else:  # an empty element of HTML that is none in an svg, and holds others there
                stack.append((inside, state))
            inside = node.mem_id
            if count > few:
                self._check(count, len(stack) + 1)
        while stack:
            inner = state
            _, state = stack.pop()
            self._leave(inner, state)
        return Walked(self.items, self.containers, self.head)

    def _check(self, count: int, depth: int) -> None:
        if count > self.max_nodes:
            raise OverBudget("too_many_elements", count, self.max_nodes)
        if depth > self.max_depth:
            raise OverBudget("too_deep", depth, self.max_depth)

    def _text(self, text: str, mode: int) -> None:
        """Take up a text that is not silenced."""
        pieces = self.pieces
        if mode & CODE:
            pieces.append(text)
        elif not text.isspace():
            pieces.append(text)
            if mode & LINKED:
                self.links += len(text)
        elif pieces and pieces[-1] != BREAK:
            pieces.append(" ")

    def _leave(self, inner: State, state: State) -> None:
        if inner[0]:
            if self.pieces:
                self._flush(inner)
            self.group += 1
        elif inner[5] and state[5] is None:  # a <picture> without an <img>
            self._emit("img", choose({}, inner[5]), {}, inner)

    def _block(self, node: Any, tag: str, state: State) -> State:
        """Enter a block, which gets a container of its own."""
        _, above, mode, outer, link, sources = state
        if mode and mode & CODE:
            if self.pieces and not self.pieces[-1].endswith("\n"):
                self.pieces.append("\n")
            return state
        if self.pieces:
            self._flush(state)
        self.group += 1
        kind = KINDS.get(tag, "div")
        if kind == "pre":
            mode |= CODE
        elif outer in KEEPING and (kind == "div" or kind == "p"):
            kind = outer
        containers = self.containers
        inner = (True, len(containers), mode, kind, link, sources)
        if attributes := node.attributes:
            self._describe(above, tag, attributes, inner)
        else:
            containers.append((above, tag, "", names.BY_TAG.get(tag, 0)))
        return inner

    def _describe(self, above: int, tag: str, attributes: Attributes, inner: State) -> None:
        """Note a container with its names and bits; a background in its style is a picture in it."""
        name, more = "", len(attributes)
        if "class" in attributes:
            name, more = attributes["class"] or "", more - 1
        if "id" in attributes:
            more -= 1
            if (identity := attributes["id"]) and tag not in HEADINGS:  # a heading's id is its words, for links to it
                name = f"{name} {identity}"
        bits = names.BY_TAG.get(tag, 0)
        if tag == "html":
            self.head.language = attributes.get("lang") or attributes.get("xml:lang") or ""
        elif tag != "body":
            known = self.memory.get(name)
            if known is None:
                known = self._learn(name)
            if tag == "blockquote":  # a quoted post is named for the network it comes from
                known &= ~names.SHARE
            bits |= known
            if more:
                bits |= _more_bits(attributes)
        self.containers.append((above, tag, name, bits))
        style = attributes.get("style") if more else None
        if style and "url(" in style and (picture := background(style)):
            self._emit("background", [picture], {}, inner)

    def _learn(self, name: str) -> int:
        """The meaning of a `class` and an `id`; sites share most single names, and few of their combinations."""
        memory, known = self.memory, 0
        if len(memory) >= MANY_NAMES:
            memory.clear()
        for word in name.split()[: names.MANY]:
            end = word.rstrip("0123456789")
            if len(word) - len(end) > 2 and len(word) <= names.LONG:  # what is numbered means the same at any number
                word = end + "000"
            bits = memory.get(word)
            if bits is None:
                bits = memory[word] = names.meaning_of_one(word)
            known |= bits
        memory[name] = known
        return known

    def _flush(self, state: State) -> None:
        """End the run of text that stands in `state`."""
        whole = "".join(self.pieces)
        self.pieces.clear()
        _, container, mode, kind, _, _ = state
        text = tidy_code(whole) if mode & CODE else tidy(whole)
        links, self.links = self.links, 0
        if text:
            if links > len(text):
                links = len(text)
            self.items.append(Block(text, kind, container, self.group, links))

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
        self.items.append(picture)

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

    def _head(self, node: Any, tag: str, state: State) -> None:
        self.head.read(tag, node.attributes)

    def _silent(self, node: Any, tag: str, state: State) -> State:
        return False, state[1], state[2] | SILENCED, state[3], state[4], state[5]

    def _instead(self, node: Any, tag: str, state: State) -> State:
        """Enter an element whose pictures stand in for its own."""
        return False, state[1], state[2] | FALLBACK, state[3], state[4], state[5]

    def _link(self, node: Any, tag: str, state: State) -> State:
        return False, state[1], state[2] | LINKED, state[3], node, state[5]

    def _picture(self, node: Any, tag: str, state: State) -> State:
        return False, state[1], state[2], state[3], state[4], []

    def _noscript(self, node: Any, tag: str, state: State) -> State:
        return self._silent(node, tag, self._instead(node, tag, state))

    def _amp_image(self, node: Any, tag: str, state: State) -> State:
        self._image(node, tag, state)
        return self._instead(node, tag, state)

    def _svg_image(self, node: Any, tag: str, state: State) -> State:
        attributes = node.attributes
        if url := (attributes.get("href") or attributes.get("xlink:href") or "").strip():
            self._emit("svg", [url], attributes, state)
        return self._block(node, tag, state)

    def _title(self, node: Any, tag: str, state: State) -> State:
        if not self.head.title:
            self.head.title = node.text() or ""
        return self._silent(node, tag, state)

    def _script(self, node: Any, tag: str, state: State) -> State:
        if (node.attributes.get("type") or "").strip().lower() == "application/ld+json":
            self.head.scripts.append(node.text())
        return self._silent(node, tag, state)

    def _video(self, node: Any, tag: str, state: State) -> State:
        attributes = node.attributes
        if url := (attributes.get("poster") or attributes.get("data-poster") or "").strip():
            self._emit("poster", [url], attributes, state)
        return self._noscript(node, tag, state)

    def _object(self, node: Any, tag: str, state: State) -> State:
        attributes = node.attributes
        url = (attributes.get("data") or attributes.get("src") or "").strip()
        if url and ((attributes.get("type") or "").startswith("image/") or link_to_picture(url)):
            self._emit("object", [url], attributes, state)
            return self._noscript(node, tag, state)
        return self._silent(node, tag, state)

    def _nothing(self, node: Any, tag: str, state: State) -> None:
        """Pass by an element that is empty and says nothing."""


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


Enter = Callable[[Walker, Any, str, State], "State | None"]

ENTER: dict[str, Enter | None] = {
    **dict.fromkeys(PLAIN, None),
    **dict.fromkeys(SILENT, Walker._silent),
    **dict.fromkeys(VOID, Walker._nothing),
    "a": Walker._link,
    "amp-anim": Walker._amp_image,
    "amp-img": Walker._amp_image,
    "base": Walker._head,
    "br": Walker._break,
    "hr": Walker._rule,
    "image": Walker._svg_image,
    "img": Walker._image,
    "input": Walker._input,
    "link": Walker._head,
    "meta": Walker._head,
    "noscript": Walker._noscript,
    "object": Walker._object,
    "picture": Walker._picture,
    "script": Walker._script,
    "source": Walker._source,
    "title": Walker._title,
    "video": Walker._video,
}
"""How an element is entered: None leaves the state as it is. An element that is not named here is a block; one whose
method returns nothing is empty."""

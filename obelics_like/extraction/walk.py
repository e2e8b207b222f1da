"""One pass over the parsed page: blocks of text and pictures in DOM order, and the containers they stand in.

It sees everything and judges nothing: what is boilerplate is decided by `main_content` and `main_pictures`. The pass
itself is `native/walk.c`; here its rows become objects, and names and addresses get their meaning.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress
from typing import Any

from obelics_like.extraction import scan
from obelics_like.extraction.elements import Picture, pictures
from obelics_like.extraction.formulas import formulas, kind_in
from obelics_like.extraction.head import Head
from obelics_like.extraction.measures import flags_of
from obelics_like.extraction.texts import composed, tidy_code, without_invisible_each

Attributes = Mapping[str, str]

_JOINTS = {scan.GLUED: "", scan.SPACED: " ", scan.BROKEN: "\n"}


class Looked(Sequence[str]):
    """Strings of a table by number, looked up where they are asked for: those of few containers are. What asks often
    does so by `numbers`."""

    __slots__ = ("numbers", "table")

    def __init__(self, table: Sequence[str], numbers: Sequence[int]) -> None:
        self.table, self.numbers = table, numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, at: Any) -> Any:
        return self.table[self.numbers[at]]


class Named(Sequence[str]):
    """The names of containers, of which few pages are asked: the table of them is made when they are."""

    __slots__ = ("lines", "table", "tree")

    def __init__(self, lines: bytes, tree: Sequence[int]) -> None:
        self.lines, self.tree = lines, tree
        self.table: list[str] = []

    def __len__(self) -> int:
        return len(self.tree) // scan.CONTAINER_ROW

    def __getitem__(self, at: Any) -> Any:
        if not self.table:
            self.table = ["", *self.lines.decode("utf-8", "replace").split("\n")]
        return self.table[self.number(at)]

    def number(self, at: int) -> int:
        """The number of a container's name, 0 for none."""
        return self.tree[at * scan.CONTAINER_ROW + scan.NAME]


class Walked:
    """What the walk found: the items in DOM order, texts and pictures, and the containers, both as parallel lists; and
    the page's head.

    Of each item: its text and the text's tag in `texts` and `kinds`, both "" for a picture; its container; the
    characters that stand in `links`. `pictures` are the pictures by their item, `looked` what a look at their addresses
    tells, but for those that are right as they are or joined to the page's. `rows` are the numbers of all items as
    `scan` has them, made to fit the texts; what is left out is GONE there. `tree` are those of the containers.

    Container 0 is the page; `parents[c] < c`, and all that is within c is from c to before `ends[c]`. `bits` are those
    of `names`, of the container itself; `framed` the containers that have any of `names.FRAMING`. `lines` are the names
    by number, from 1 to `named`. The tag of an unknown element is "". `width` is the width in pixels that a srcset is
    asked for, None for the widest.
    """

    __slots__ = (
        *("containers", "kinds", "links", "looked", "pictures", "rows", "texts"),
        *("bits", "ends", "framed", "head", "lines", "named", "names", "parents", "tags", "tree"),
    )

    def __init__(self, rows: scan.Rows, width: int | None = None) -> None:
        self.parents, self.ends, self.bits, self.framed = rows.parents, rows.ends, rows.bits, rows.framed
        self.tags, self.names = Looked(scan.NAMES, rows.tags), Named(rows.lines, rows.tree)
        self.lines, self.named = rows.lines, len(rows.known) - 1
        self.texts, self.kinds, self.containers, self.links = rows.texts, rows.kinds, rows.containers, rows.links
        self.rows, self.tree = rows.items, rows.tree
        self.head = Head(rows.told)
        self._read_head(rows)
        self.pictures, doubtful, self.looked = pictures(rows, width)
        gone = {row[0] for row in rows.pictures if row[0] not in self.pictures}
        told = formulas(doubtful, self.looked)
        self._look_at(rows, gone, told)
        if told:
            self._set_apart(gone, told)
        elif gone:
            self._leave_out(gone)

    @property
    def blocks(self) -> list[int]:
        """The items that are texts."""
        return list(compress(range(len(self.kinds)), self.kinds))

    def _read_head(self, rows: scan.Rows) -> None:
        head = self.head
        for number, start, end in rows.metas:
            tag = scan.NAMES[number]
            if tag == "meta":
                head.hear(*rows.values(start, end))
            elif tag == "title":
                head.title = head.title or rows.told[start:end]
            elif tag == "script":
                head.places.append((start, end))
            elif tag == "html":
                language, other = rows.values(start, end)
                head.language = language or other
            else:
                head.follow(tag, *rows.values(start, end))

    def _look_at(self, rows: scan.Rows, gone: set[int], formulas: dict[int, Picture]) -> None:
        """Tidy the texts that are odd or code, and join again those that only formulas and pictures without an address
        have split; what is left without words, or is told by the text before it, is `gone`."""
        texts, links, items = self.texts, self.links, self.rows
        changed: set[int] = set()
        joined: dict[int, int] = {}
        pieces: dict[int, list[str]] = {}  # of each text that goes on; it is put together once, as they may be many
        sizes: dict[int, int] = {}
        special = sorted({*rows.special, *self._told(formulas, gone)}) if formulas else rows.special
        read = self._as_read(special)
        for at in special:
            row = at * scan.ITEM
            joint = items[row + scan.JOINT]
            text, code = read.get(at), items[row + scan.FLAGS] & scan.CODE
            if text is not None and (
                text != texts[at] or code or at in formulas
            ):  # else the flags are right as they are
                texts[at] = text
                changed.add(at)
                if not text:
                    gone.add(at)
                    continue
            if joint and (gone or formulas):  # else the picture before it stands, and parts it from what comes before
                before, passed = at - 1, False
                while before in gone and before not in joined:
                    joint = max(joint, items[before * scan.ITEM + scan.JOINT])
                    passed = passed or before in formulas
                    before -= 1
                before = joined.get(before, before)
                group = items[row + scan.GROUP]
                if before >= 0 and self.kinds[before] and items[before * scan.ITEM + scan.GROUP] == group:
                    told = pieces.setdefault(before, [texts[before]])
                    if passed and joint == scan.GLUED and told[-1][-1:].isalnum() and texts[at][:1].isalnum():
                        joint = scan.SPACED  # a formula of which nothing is said parts words
                    size = sizes.get(before, len(texts[before]))
                    sizes[before] = size + len(_JOINTS[joint]) + len(texts[at])
                    links[before] = min(min(links[before], size) + links[at], sizes[before])
                    told += (_JOINTS[joint], texts[at])
                    joined[at] = before
                    gone.add(at)
        for at, told in pieces.items():
            texts[at] = "".join(told)
        for at in changed.union(pieces):
            row = at * scan.ITEM
            items[row + scan.FLAGS], items[row + scan.LINKS] = flags_of(texts[at]), links[at]
            items[row + scan.SIZE] = len(texts[at])
        for at in gone:
            items[at * scan.ITEM + scan.KIND] = scan.GONE

    def _as_read(self, special: Iterable[int]) -> dict[int, str]:
        """Those of the texts that are odd, as they are read."""
        read: dict[int, str] = {}
        odd: list[int] = []
        for at in special:
            flags = self.rows[at * scan.ITEM + scan.FLAGS]
            if flags & (scan.MARKED | scan.ODD | scan.CODE):
                text = composed(self.texts[at]) if flags & scan.MARKED else self.texts[at]
                read[at] = tidy_code(text) if flags & scan.CODE else text
                if flags & scan.ODD and not flags & scan.CODE:
                    odd.append(at)
        if odd:
            read.update(zip(odd, without_invisible_each([read[at] for at in odd])))
        return read

    def _told(self, formulas: dict[int, Picture], gone: set[int]) -> Iterator[int]:
        """Make texts of the formulas of which something is said; the others, and those that a `<math>` before them has
        told, are `gone` from the text. Gives the former."""
        known: dict[int, str] = {}
        for at, picture in formulas.items():
            row, said = at * scan.ITEM, " ".join(picture.alt.split())
            if not said or picture.fallback or self.rows[row + scan.FLAGS] & scan.IS_TOLD:
                gone.add(at)
                continue
            kind = kind_in(self.containers[at], self.tags, self.parents, known)
            self.texts[at], self.kinds[at], self.links[at] = said, kind, len(said) if picture.link else 0
            self.rows[row + scan.KIND], self.rows[row + scan.FLAGS] = scan.NAMES.index(kind), scan.ODD | scan.MARKED
            yield at

    def _set_apart(self, gone: set[int], formulas: dict[int, Picture]) -> None:
        """The same as `_leave_out`, and the picture of each formula is an item behind the text that tells it."""
        left: list[int] = []
        apart: dict[int, Picture] = {}
        for at in range(len(self.texts)):
            if at not in gone:
                if at in self.pictures and at not in formulas:
                    apart[len(left)] = self.pictures[at]
                left.append(at)
            if at in formulas:
                apart[len(left)] = formulas[at]
                left.append(at)
        self._pick(left)
        items = [self.rows[at * scan.ITEM : (at + 1) * scan.ITEM] for at in left]
        for at in apart:
            self.texts[at] = self.kinds[at] = ""
            self.links[at] = 0
            items[at] = array("i", [0, *items[at][scan.CONTAINER : scan.LINKS], 0, 0, 0, 0])
        self.rows, self.pictures = array("i", [number for row in items for number in row]), apart

    def _leave_out(self, gone: set[int]) -> None:
        left = [at for at in range(len(self.texts)) if at not in gone]
        self._pick(left)
        self.pictures = {new: self.pictures[old] for new, old in enumerate(left) if old in self.pictures}

    def _pick(self, left: list[int]) -> None:
        for name in ("texts", "kinds", "containers", "links"):
            whole = getattr(self, name)
            setattr(self, name, [whole[at] for at in left])

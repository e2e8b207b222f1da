"""Small boxes amid the text of an article that are no part of it: they ask the reader to do something.

It reads structure: a short text that ends in a button, in a form or in a line that is one link, in a box of its own
inside the main container. Subscriptions, newsletters, apps and content that waits for consent look like that in any
language; their words are not read.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, compress
from typing import NamedTuple

from obelics_like.extraction import names
from obelics_like.extraction.furniture import mark_all
from obelics_like.extraction.paragraphs import Paragraphs, Totals
from obelics_like.extraction.tags import HEADINGS
from obelics_like.extraction.walk import Walked

BOX = 750
"""Characters under which a box may be one that asks for something."""
BUTTON = 80
"""Characters under which a line that is one link may be a button."""
ASKING = 20
"""Characters that a box holds beside its button, at least."""
QUOTE = 60
"""Characters from which a quote is one; a shorter one stands in for a post of elsewhere."""
MANY = 40
"""Paragraphs of a box from which they are not looked at one by one."""
BOXES_SHARE = 0.2
"""Share of the main container's prose from which its boxes are its content: posts with a link to more of each."""

_ROWS = frozenset(("li", "td", "th", "dd", "dt", "pre", "blockquote"))
_LISTED = HEADINGS | (_ROWS - {"blockquote"})
_FRAMES = frozenset(("div", "section", "aside", ""))
_ASKS = names.PRESS | names.FORM


def mark_calls(walked: Walked, found: Paragraphs, totals: Totals, furniture: array[int], root: int) -> list[int]:
    """Add the bit FORM to the furniture of the boxes in the main container that ask for something; gives the paragraphs
    of it that are in no furniture then."""
    plain, asking = found.within(walked, furniture, root, _ASKS)
    links, sizes, kinds = found.links, found.sizes, found.kinds
    linked = [at for at in plain if links[at] >= 0.9 and sizes[at] < BUTTON and kinds[at] not in _LISTED]
    if not linked and not asking:
        return plain
    page = _Page(walked, found, totals, furniture, root)
    buttons = page.buttons(linked, asking)
    boxes = {box for at, button, own in buttons if (box := page.box(button, own)) and page.asks(at, button, box)}
    if not boxes or sum(map(totals.score, boxes)) >= BOXES_SHARE * totals.score(root):
        return plain
    mark_all(walked, furniture, boxes, names.FORM)
    return [at for at in plain if not furniture[found.containers[at]]]


class _Sums(NamedTuple):
    """The paragraphs that ask and those that are texts of a box, in order; and of the latter, how many before each are
    `rows`, have a kind that counts, and are `headings`."""

    asking: list[int]
    texts: list[int]
    rows: list[int]
    kinds: list[int]
    headings: list[int]


@dataclass
class _Page:
    """What is known of the page, and what was found out about its containers on the way."""

    walked: Walked
    found: Paragraphs
    totals: Totals
    furniture: array[int]
    root: int
    nearest: dict[int, int] = field(default_factory=dict)
    pressed: dict[int, int] = field(default_factory=dict)
    told: dict[int, tuple[int, int, int]] = field(default_factory=dict)

    def buttons(self, linked: list[int], asking: list[int]) -> Iterator[tuple[int, int, int]]:
        """Each button or form among the paragraphs of the root, those that are one link and those in what asks for
        something: as its first paragraph, its container, and the characters of it that are not in links."""
        containers = self.found.containers
        pressed: set[int] = set()
        for at in asking:
            button = self.whole_button(containers[at])
            if button not in pressed:
                pressed.add(button)
                yield at, button, self.said(button)
        for at in linked:
            yield at, containers[at], 0

    def whole_button(self, container: int) -> int:
        """The button or form that a container is part of."""
        climbed, parents, furniture = [], self.walked.parents, self.furniture
        while container not in self.pressed and furniture[parents[container]] & _ASKS:
            climbed.append(container)
            container = parents[container]
        container = self.pressed.get(container, container)
        self.pressed.update(dict.fromkeys(climbed, container))
        return container

    def said(self, container: int) -> int:
        """The characters in a container that are not in links."""
        totals, end = self.totals, self.walked.ends[container]
        sizes, linked = totals.sizes, totals.linked
        said: int = sizes[end] - sizes[container] - linked[end] + linked[container]
        return said

    def box(self, button: int, own: int) -> int:
        """The smallest container round a button that says more than it; 0 if that is the root, no box, or large."""
        at, parents = button, self.walked.parents
        if own < ASKING // 2:
            at = self.nearest_saying(button)
        else:
            while at > self.root and self.said(at) - own < ASKING:
                at = parents[at]
        if at <= self.root or self.walked.tags[at] not in _FRAMES or self.totals.size(at) - own >= BOX:
            return 0
        return at

    def nearest_saying(self, at: int) -> int:
        """The nearest container that is `at` or holds it and says something; the root at most."""
        climbed, root, nearest, said, parents = [], self.root, self.nearest, self.said, self.walked.parents
        while at > root and at not in nearest and said(at) < ASKING:
            climbed.append(at)
            at = parents[at]
        at = nearest.get(at, at)
        nearest.update(dict.fromkeys(climbed, at))
        return at

    def asks(self, at: int, button: int, box: int) -> bool:
        """Whether a box says something before its button, which begins at the paragraph `at`, and nothing behind it.

        What waits for consent may say more behind the button, if that is the only one: with several it is an accordion.
        """
        if box not in self.told:
            self.told[box] = self._told(box)
        first, last, asking = self.told[box]
        if not first <= at:
            return False
        return last < at or (asking == 1 and self.furniture[button] & _ASKS > 0)

    def _told(self, box: int) -> tuple[int, int, int]:
        """Of a box the first and the last text that is no link, and how many buttons it has.

        A box that holds a list, a table or code, or no more than headings, has no first text.
        """
        containers, end, begins = self.found.containers, self.walked.ends[box], self.found.measures.begins
        if begins[end] - begins[box] <= MANY:  # nearly always
            sizes = self.found.sizes
            inside = [at for at in range(begins[box], begins[end]) if sizes[at] and box <= containers[at] < end]
            return self._told_of(inside)
        sized = self.sized
        start = stop = bisect_left(sized, begins[box])
        while stop < len(sized) and box <= containers[sized[stop]] < end and stop - start <= MANY:
            stop += 1
        if stop - start > MANY:
            stop = bisect_left(range(len(sized)), True, stop, key=lambda one: not box <= containers[sized[one]] < end)
            return self._told_of_many(start, stop)
        return self._told_of(sized[start:stop])

    def _told_of(self, inside: list[int]) -> tuple[int, int, int]:
        """The same of the box of these paragraphs."""
        containers = self.found.containers
        asking = {self.whole_button(containers[one]) for one in inside if self.furniture[containers[one]] & _ASKS}
        texts = [one for one in inside if self.is_text(one)]
        kinds = {self.found.kinds[one] for one in texts if self.counts(one)}
        if not texts or kinds & _ROWS or (kinds and kinds <= HEADINGS):
            return len(containers), 0, 0
        return texts[0], texts[-1], len(asking)

    def is_text(self, at: int) -> bool:
        """Whether a paragraph is a text of its box: neither furniture nor a link."""
        return not self.furniture[self.found.containers[at]] and self.found.links[at] < 0.9

    def counts(self, at: int) -> bool:
        """Whether the kind of a text is one of those of its box."""
        return self.found.kinds[at] != "blockquote" or self.found.sizes[at] >= QUOTE

    def _told_of_many(self, start: int, stop: int) -> tuple[int, int, int]:
        """The same of the box of these paragraphs, without a look at each, as boxes may hold one another."""
        containers, sums = self.found.containers, self.sums
        begin, end = bisect_left(sums.texts, start), bisect_left(sums.texts, stop)
        rows = sums.rows[end] - sums.rows[begin]
        kinds, headings = sums.kinds[end] - sums.kinds[begin], sums.headings[end] - sums.headings[begin]
        if begin == end or rows or (kinds and kinds == headings):
            return len(containers), 0, 0
        asking = sums.asking[bisect_left(sums.asking, start) : bisect_left(sums.asking, stop)]
        buttons = {self.whole_button(containers[self.sized[one]]) for one in (asking[:1] + asking[-1:])}
        return self.sized[sums.texts[begin]], self.sized[sums.texts[end - 1]], len(buttons)

    @cached_property
    def sized(self) -> list[int]:
        """The paragraphs: a small box may hold very many pictures."""
        sizes = self.found.sizes
        return list(compress(range(len(sizes)), sizes))

    @cached_property
    def sums(self) -> _Sums:
        """Of the paragraphs by their number."""
        kinds, containers, furniture = self.found.kinds, self.found.containers, self.furniture
        texts = [number for number, at in enumerate(self.sized) if self.is_text(at)]
        told = [kinds[at] if self.counts(at) else "" for at in map(self.sized.__getitem__, texts)]
        return _Sums(
            [number for number, at in enumerate(self.sized) if furniture[containers[at]] & _ASKS],
            texts,
            *([0, *accumulate(map(fits, told))] for fits in (_ROWS.__contains__, bool, HEADINGS.__contains__)),
        )

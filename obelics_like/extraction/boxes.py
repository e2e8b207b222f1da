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
from itertools import compress

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
    page = _Page(walked, found, totals, furniture, root)
    buttons = page.buttons(plain, asking)
    boxes = {box for at, button, own in buttons if (box := page.box(button, own)) and page.asks(at, button, box)}
    if not boxes or sum(map(totals.score, boxes)) >= BOXES_SHARE * totals.score(root):
        return plain
    mark_all(walked, furniture, boxes, names.FORM)
    return [at for at in plain if not furniture[found.containers[at]]]


@dataclass(slots=True)
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
    sized: list[int] = field(default_factory=list)
    """The paragraphs, once a box is looked into: a small one may hold very many pictures."""

    def buttons(self, plain: list[int], asking: list[int]) -> Iterator[tuple[int, int, int]]:
        """Each button or form among the paragraphs of the root, in no furniture and in what asks for something: as its
        first paragraph, its container, and the characters of it that are not in links."""
        containers, links = self.found.containers, self.found.links
        pressed: set[int] = set()
        for at in asking:
            button = self.whole_button(containers[at])
            if button not in pressed:
                pressed.add(button)
                yield at, button, self.said(button)
        sizes, kinds = self.found.sizes, self.found.kinds
        for at in plain:
            if links[at] >= 0.9 and sizes[at] < BUTTON and kinds[at] not in _LISTED:
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
        return self.totals.size(container) - self.totals.links(container)

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
        climbed = []
        while at > self.root and at not in self.nearest and self.said(at) < ASKING:
            climbed.append(at)
            at = self.walked.parents[at]
        at = self.nearest.get(at, at)
        self.nearest.update(dict.fromkeys(climbed, at))
        return at

    def asks(self, at: int, button: int, box: int) -> bool:
        """Whether a box says something before its button, which begins at the paragraph `at`, and nothing behind it.

        What waits for consent may say more behind the button, if that is the only one: with several it is an accordion.
        """
        if box not in self.told:
            self.told[box] = self._told(at, box)
        first, last, asking = self.told[box]
        if not first <= at:
            return False
        return last < at or (asking == 1 and self.furniture[button] & _ASKS > 0)

    def _told(self, at: int, box: int) -> tuple[int, int, int]:
        """Of the box round a paragraph the first and the last text that is no link, and how many buttons it has.

        A box that holds a list, a table or code, or no more than headings, has no first text.
        """
        found, containers, end = self.found, self.found.containers, self.walked.ends[box]
        sized = self.sized = self.sized or list(compress(range(len(found.sizes)), found.sizes))
        start = stop = bisect_left(sized, at)
        while start and box <= containers[sized[start - 1]] < end:
            start -= 1
        while stop < len(sized) and box <= containers[sized[stop]] < end:
            stop += 1
        inside = sized[start:stop]
        asking = {self.whole_button(containers[one]) for one in inside if self.furniture[containers[one]] & _ASKS}
        texts = [one for one in inside if not self.furniture[containers[one]] and found.links[one] < 0.9]
        kinds = {found.kinds[one] for one in texts if found.kinds[one] != "blockquote" or found.sizes[one] >= QUOTE}
        if not texts or kinds & _ROWS or (kinds and kinds <= HEADINGS):
            return len(containers), 0, 0
        return texts[0], texts[-1], len(asking)

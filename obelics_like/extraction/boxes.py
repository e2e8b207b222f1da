"""Small boxes amid the text of an article that are no part of it: they ask the reader to do something.

It reads structure: a short text that ends in a button, in a form or in a line that is one link, in a box of its own
inside the main container. Subscriptions, newsletters, apps and content that waits for consent look like that in any
language; their words are not read.
"""

from __future__ import annotations

from obelics_like.extraction import names
from obelics_like.extraction.paragraphs import Paragraphs, Totals
from obelics_like.extraction.tags import HEADINGS
from obelics_like.extraction.walk import Walked

BOX = 750
"""Characters under which a box may be one that asks for something."""
BUTTON = 80
"""Characters under which a line that is one link may be a button."""
ASKING = 20
"""Characters that a box holds beside its button, at least."""
BOXES_SHARE = 0.2
"""Share of the main container's prose from which its boxes are its content: posts with a link to more of each."""

_ROWS = frozenset(("li", "td", "th", "dd", "dt", "pre"))
_LISTED = HEADINGS | _ROWS
_FRAMES = frozenset(("div", "section", "aside", ""))
_ASKS = names.PRESS | names.FORM


def mark_calls(walked: Walked, found: Paragraphs, totals: Totals, furniture: list[int], root: int) -> None:
    """Add the bit FORM to the furniture of the boxes in the main container that ask for something."""
    boxes = {
        box
        for at, container in enumerate(found.containers)
        if root <= container < walked.ends[root] and (box := _box(walked, found, totals, furniture, root, at))
    }
    if sum(map(totals.score, boxes)) >= BOXES_SHARE * totals.score(root):
        return
    for box in boxes:
        for inner in range(box, walked.ends[box]):
            furniture[inner] |= names.FORM


def _box(walked: Walked, found: Paragraphs, totals: Totals, furniture: list[int], root: int, at: int) -> int:
    """The box that the paragraph `at` closes as its button, 0 if it is none."""
    parents, ends = walked.parents, walked.ends
    button = found.containers[at]
    pressed = furniture[button] & _ASKS
    if pressed:
        while furniture[parents[button]] & _ASKS:
            button = parents[button]
    elif furniture[button] or found.links[at] < 0.9 or found.sizes[at] >= BUTTON or found.kinds[at] in _LISTED:
        return 0
    own = totals.size(button) - totals.links(button) if pressed else found.sizes[at] - found.linked[at]
    box = button
    while box > root and totals.size(box) - totals.links(box) - own < ASKING:
        box = parents[box]
    if box <= root or walked.tags[box] not in _FRAMES or totals.size(box) - own >= BOX:
        return 0
    return box if _asks(found, furniture, at, (button, ends[button]), (box, ends[box])) else 0


def _asks(found: Paragraphs, furniture: list[int], at: int, button: tuple[int, int], box: tuple[int, int]) -> bool:
    """Whether the box says something before its button, the paragraph `at`, and nothing behind it.

    What waits for consent may say more behind the button, if that is the only one: with several it is an accordion.
    """
    containers, first, last = found.containers, at, at
    while first and containers[first - 1] >= box[0]:
        first -= 1
    while last + 1 < len(containers) and containers[last + 1] < box[1]:
        last += 1
    texts = [
        one for one in range(first, last + 1) if one != at and not furniture[containers[one]] and found.links[one] < 0.9
    ]
    kinds = {found.kinds[one] for one in texts}
    if not texts or texts[0] > at or kinds & _ROWS or kinds <= HEADINGS:
        return False
    if texts[-1] < at:
        return True
    return furniture[button[0]] & _ASKS > 0 and not any(
        furniture[containers[one]] & _ASKS and not button[0] <= containers[one] < button[1]
        for one in range(first, last + 1)
    )

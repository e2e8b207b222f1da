"""Pictures of formulas: part of a line of text, in which they are told by the words that stand in their stead.

It knows one picture at a time; how it is put into its paragraph is said in `walk`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from obelics_like.extraction.addresses import MAY_SET, SETTING
from obelics_like.extraction.elements import Picture
from obelics_like.extraction.pictures import LONG_URL
from obelics_like.extraction.tags import KEEPING, KINDS

_CLASS = re.compile(r"(?:^|[\s_-])(?:mwe-math|latex|mathtex|tex2jax)(?=[\s_-]|$)|(?:^|\s)(?:math|tex)(?=\s|$)")
_TEX = re.compile(
    r"\\(?:displaystyle|textstyle|begin\{|(?:[dt]?frac|sqrt|sum|prod|int|lim|left|right|math(?:bb|bf|cal|rm|sf)|overline|"
    r"cdot|times|infty|leq?|geq?|alpha|beta|gamma|delta|lambda|mu|pi|sigma|theta|omega)(?![A-Za-z]))"
)
_PROSE = re.compile(r"(?:(?:^|\s)[^\W\d_]{2,}){3}(?=\s|[,.:]|$)")
"""What an alternative text holds that is TeX; and three words in a row, as in what is said of a diagram."""


def formulas(pictures: Mapping[int, Picture], looked: Mapping[str, int]) -> dict[int, Picture]:
    """Mark the pictures of formulas, and give them by their item; `looked` is what `addresses.look` tells."""
    found: dict[int, Picture] = {}
    for at, picture in pictures.items():
        url, classes = picture.urls[0], picture.names.lower()
        may_be = looked[url] & MAY_SET or "\\" in picture.alt or "tex" in classes or "math" in classes
        if may_be and picture.how == "img" and is_formula(url, classes, picture.alt):
            picture.formula = True
            found[at] = picture
    return found


def is_formula(url: str, classes: str, alt: str) -> bool:
    """Whether a picture is that of a formula, by its address, its classes, written small, or its alternative text.

    >>> is_formula("/w/latex.php?latex=x", "", ""), is_formula("a.png", "tex", "x"), is_formula("a.png", "text", "x")
    (True, True, False)
    >>> is_formula("a.png", "", r"\\sum_i a_i"), is_formula("a.png", "", r"\\frac{1}{x} and all its tangents")
    (True, False)
    """
    url = url[:LONG_URL].lower()
    if _CLASS.search(classes) or any(part in url for part in SETTING):
        return True
    return "\\" in alt and _TEX.search(alt) is not None and _PROSE.search(alt) is None


def kind_in(container: int, tags: Sequence[str], parents: Sequence[int], known: dict[int, str]) -> str:
    """The kind of a text that stands in a container, as the walk names it; to `known`, those of others, it is added.

    >>> kind_in(3, ["", "li", "div", "p"], [0, 0, 1, 2], {})
    'li'
    """
    climbed, at = [], container
    while at and at not in known and KINDS.get(tags[at], "div") in ("div", "p"):
        climbed.append(at)
        at = parents[at]
    kind = known.setdefault(at, KINDS.get(tags[at], "div"))
    for one in climbed:
        known[one] = kind if kind in KEEPING else KINDS.get(tags[one], "div")
    return known[container]

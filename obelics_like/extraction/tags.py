"""What the elements of HTML mean to a reader of text: which run on in the line, which are silent, which are blocks.

Tables only; `walk` goes by them.
"""

from __future__ import annotations

from obelics_like.extraction.texts import listed

INLINE = frozenset(
    listed(
        "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd mark q s samp small span "
        "strike strong sub sup time tt u var wbr nobr ruby rb output slot picture noscript amp-img "
        "amp-anim map area shadow blink "
        "math mi mn mo ms mrow mtext mspace msup msub msubsup mmultiscripts mprescripts none mfrac msqrt mroot mover "
        "munder munderover mtable mtr mlabeledtr mtd mstyle mpadded mphantom menclose mfenced merror maction semantics "
        "mjx-container mjx-assistive-mml"
    )
)
"""Elements whose text runs on in the line, and that get no container of their own."""
SILENT = frozenset(
    listed(
        "head script style iframe object embed applet video audio canvas svg select datalist optgroup option "
        "textarea rt rp rtc noembed noframes template title frameset progress meter annotation annotation-xml mjx-math"
    )
)
"""Elements whose text is never text of the page; pictures within are still seen."""
VOID = frozenset(listed("br hr img input meta link base source wbr area col param track embed"))
KINDS = {
    tag: tag
    for tag in listed("h1 h2 h3 h4 h5 h6 li td th pre blockquote figcaption dt dd caption summary address legend")
} | {"xmp": "pre", "listing": "pre", "plaintext": "pre", "p": "p", "address": "p"}
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
TITLES = frozenset(("h1", "h2"))
PLAIN_TEXT = frozenset(("p", "div", "figcaption"))
"""Kinds that are plain paragraphs, as captions are."""
KEEPING = frozenset(listed("li blockquote figcaption dd dt pre h1 h2 h3 h4 h5 h6 caption"))
"""Kinds that a paragraph inside keeps: a `p` in an `li` is part of the item."""

PLAIN = (INLINE - {"a", "picture", "noscript", "amp-img", "amp-anim"}) - VOID

BLOCKS = frozenset(
    listed(
        "html body div section article main aside header footer nav menu form fieldset figure figcaption p h1 h2 h3 h4 "
        "h5 h6 hgroup ul ol li dl dt dd table caption colgroup tbody thead tfoot tr td th pre xmp listing plaintext "
        "blockquote address details summary legend label button dialog center marquee search h amp-ad"
    )
)
"""Blocks that are known by name; so is any element that is named nowhere here, without its name being kept."""

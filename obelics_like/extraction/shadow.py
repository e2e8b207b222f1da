"""Shadow trees that a page declares are what its elements show: `<template shadowrootmode>` is opened before parsing.

Any other template is a mould and shows nothing; the parser keeps both out of the page's tree.
"""

from __future__ import annotations

import re

from obelics_like.native.find import find

ELEMENT = b"shadow-tree"
"""What such a template is called then: an element that no one knows, hence a block."""

_TEMPLATE = re.compile(rb"<template(?=(?:\s[^<>]{0,300})?\sshadowrootmode\s*=)", re.I)


def opened(html: bytes) -> bytes:
    """The page with its shadow trees as elements; their end tags stay, which close nothing and are passed over.

    >>> opened(b"<x-photo><template shadowrootmode=open><img src=a.jpg></template></x-photo>")
    b'<x-photo><shadow-tree shadowrootmode=open><img src=a.jpg></template></x-photo>'
    """
    return _TEMPLATE.sub(b"<" + ELEMENT, html) if find(html, b"shadowrootmode") >= 0 else html

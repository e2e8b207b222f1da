"""The parser: lexbor as selectolax brings it, called at the addresses it exports where that can be done.

Only exported functions are used and no layout of its structures is known, so it may change from release to release.
"""

from __future__ import annotations

import ctypes
import functools

_CALLED = (
    *("lxb_html_document_create", "lxb_html_document_destroy", "lxb_html_document_dom_opt_set_noi"),
    *("lxb_html_document_parse_chunk_begin", "lxb_html_document_parse_chunk", "lxb_html_document_parse_chunk_end"),
    *("lxb_html_document_parse", "lxb_dom_document_root"),
    *("lxb_dom_node_first_child_noi", "lxb_dom_node_next_noi", "lxb_dom_node_parent_noi"),
    *("lxb_dom_node_type_noi", "lxb_dom_node_tag_id_noi"),
    *("lxb_dom_element_qualified_name", "lxb_dom_element_first_attribute_noi", "lxb_dom_element_next_attribute_noi"),
    *("lxb_dom_attr_qualified_name", "lxb_dom_attr_value_noi", "lxb_dom_node_text_content"),
    "lxb_html_serialize_tree_cb",
)
"""The functions in the order of `Lexbor` in walk.h."""


@functools.cache
def functions() -> ctypes.Array[ctypes.c_void_p] | None:
    """The addresses of lexbor's functions, or None where a library does not show them."""
    from selectolax import lexbor

    try:
        library = ctypes.CDLL(lexbor.__file__)
        found = [ctypes.cast(getattr(library, name), ctypes.c_void_p) for name in _CALLED]
    except (OSError, AttributeError):
        return None
    return (ctypes.c_void_p * len(found))(*found)


def written(html: bytes) -> bytes:
    """The page as the parser writes it out, well-formed; raises ValueError where it can't be parsed."""
    from selectolax.lexbor import LexborHTMLParser

    root = LexborHTMLParser(html).root
    if root is None:
        raise ValueError("no root element")
    return (root.html or "").encode("utf-8", "replace")

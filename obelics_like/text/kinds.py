"""Counts the kinds of characters of all texts of a page in one pass of C; what the kinds are, `measures` says.

A text alone takes 3 to 20 us in pure Python, by its script; one of a page of 40 texts takes 1 us here (measured).
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from obelics_like.native import kernel
from obelics_like.native.characters import Classes, Texts
from obelics_like.text import measures
from obelics_like.text.measures import Characters

_FIELDS = len(Characters._fields)
_SPACES = Characters._fields.index("spaces")


class Columns:
    """Measures of the texts of a page: a column holds one value a text, under the name it has in `Characters`.

    `rows` is a table of the fields of `Characters`, one row a text.
    """

    def __init__(self, fields: Any, most_common: Any) -> None:
        self.rows: np.ndarray = fields  # as numbers of Python they took 0.01 ms a page, and one text in five is asked
        column = dict(zip(Characters._fields, np.ascontiguousarray(fields.T)))
        visible, letters = column["total"] - column["spaces"], column["letters"]
        self._columns = {
            **column,
            "visible": visible,
            "digit_share": _share(column["digits"], visible),
            "non_alphabetic_share": _share(visible - letters - column["marks"], visible),
            "capital_share": _share(column["capitals"], letters),
            "latin_share": _share(column["latin"], letters),
            "special_share": _share(column["special"], column["total"]),
        }
        if most_common is not None:
            self._columns["most_common_share"] = _share(most_common, visible)

    def __getitem__(self, name: str) -> Any:
        return self._columns[name]


class Kinds:
    """Counts characters by class; a class is all characters that add the same to every field of Characters.

    There are some 30 classes. Characters are looked up in Unicode's tables when they are first met: all of them would
    take seconds.
    """

    def __init__(self) -> None:
        self._pass = kernel().text_kinds
        self._pass.restype = ctypes.c_int64
        self._pass.argtypes = [
            *(ctypes.c_char_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p),
            *(ctypes.c_void_p, ctypes.c_int32, ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p),
        ]
        self._numbers: dict[Characters, int] = {}
        self._adds = (ctypes.c_int32 * (256 * _FIELDS))()
        self._classes = Classes(self._number)

    def columns(self, texts: Sequence[str], most_common: bool = False) -> Columns:
        """What `measures.characters` gives for each of the texts; `most_common_share` only if it is asked for.

        >>> Kinds().columns(["Ab 1", "я"])["letters"].tolist()
        [2, 1]
        """
        page = Texts(texts)
        fields = np.empty((page.count, _FIELDS), np.int32)
        most = np.empty(page.count, np.int32) if most_common else None
        given = [page.raw, len(page.raw), page.lengths, page.count, self._classes.table, self._adds, _FIELDS, _SPACES]
        given += [fields.ctypes.data, None if most is None else most.ctypes.data]
        self._classes.passed(page, lambda: self._pass(*given))
        return Columns(fields, most)

    def _number(self, character: str) -> int:
        adds = measures.characters(character)
        number = self._numbers.setdefault(adds, len(self._numbers) + 1)
        self._adds[number * _FIELDS : (number + 1) * _FIELDS] = list(adds)
        return number


def _share(part: Any, whole: Any) -> Any:
    return part / np.maximum(whole, 1)  # where the whole is 0, so is the part

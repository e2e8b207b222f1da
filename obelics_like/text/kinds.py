"""Counts the kinds of characters of all texts of a page in one pass of numpy; what the kinds are, `measures` says.

A text alone takes 3 to 20 us in pure Python, by its script; one of a page of 150 texts takes 2 us here (measured).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from obelics_like.text import measures
from obelics_like.text.measures import Characters

_UNKNOWN = 255  # there are some 30 classes
_WIDTH = 64


class Columns:
    """Measures of the texts of a page: a column holds one value a text, under the name it has in `Characters`.

    `rows` holds the fields of `Characters` for each text.
    """

    def __init__(self, fields: Any, most_common: Any) -> None:
        self.rows: list[list[int]] = fields.tolist()
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

    Characters are looked up in Unicode's tables when they are first met: all of them would take seconds.
    """

    def __init__(self) -> None:
        self._numbers = np.full(0x110000, _UNKNOWN, dtype=np.uint8)
        self._classes: dict[Characters, int] = {}
        self._adds = np.zeros((_WIDTH, len(Characters._fields)), dtype=np.float64)

    def columns(self, texts: Sequence[str], most_common: bool = False) -> Columns:
        """What `measures.characters` gives for each of the texts; `most_common_share` only if it is asked for.

        >>> Kinds().columns(["Ab 1", "я"])["letters"].tolist()
        [2, 1]
        """
        codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
        classes = self._classify(codes)
        owners = np.repeat(np.arange(len(texts)), lengths)
        counts = np.bincount(owners * _WIDTH + classes, minlength=len(texts) * _WIDTH).reshape(len(texts), _WIDTH)
        # floats of 53 bits add up exactly, and unlike integers they are multiplied by a fast routine
        fields = (counts.astype(np.float64) @ self._adds).astype(np.int64)
        most = self._most_common(codes, classes, owners, len(texts)) if most_common else None
        return Columns(fields, most)

    def _classify(self, codes: Any) -> Any:
        found = self._numbers[codes]
        unknown = found == _UNKNOWN
        if unknown.any():
            for code in np.unique(codes[unknown]).tolist():
                adds = measures.characters(chr(code))
                number = self._classes.setdefault(adds, len(self._classes))
                self._adds[number] = adds
                self._numbers[code] = number
            found = self._numbers[codes]
        return found

    def _most_common(self, codes: Any, classes: Any, owners: Any, texts: int) -> Any:
        """How often the most frequent visible character of each text occurs."""
        visible = np.flatnonzero(self._adds[:, Characters._fields.index("spaces")][classes] == 0)
        # 11 bits of text and 21 of character sort twice as fast as 64-bit integers do
        kind = np.uint32 if texts < 1 << 11 else np.uint64
        keys = (owners[visible].astype(kind) << kind(21)) | codes[visible].astype(kind)
        keys.sort()
        starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))[: keys.size])
        most = np.zeros(texts, dtype=np.int64)
        np.maximum.at(most, (keys[starts] >> kind(21)).astype(np.int64), np.diff(np.append(starts, keys.size)))
        return most


def _share(part: Any, whole: Any) -> Any:
    return part / np.maximum(whole, 1)  # where the whole is 0, so is the part

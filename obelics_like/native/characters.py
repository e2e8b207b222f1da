"""Texts as `text.c` reads them, and a table of what each character is, which Python fills in as they are met.

So Python and C agree on Unicode for ever, and nothing is looked up that no page holds; what a number means is the
caller's.
"""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Callable, Sequence

SIZE = 0x110000
"""How many characters Unicode has room for."""
ALIKE = (range(0x4E00, 0x9FA6), range(0xAC00, 0xD7A4))
"""Han and Hangul: letters that are alike to every table but for their numbers, and that pages bring new ones of for
ever. One is asked about and stands for all."""
_UNKNOWN, _NO_MEMORY = -1, -2


class Texts:
    """Texts joined as UTF-8 `raw`, with the length of each in characters, as an array of C."""

    __slots__ = ("_array", "count", "joined", "lengths", "raw")

    def __init__(self, texts: Sequence[str]) -> None:
        self.joined = "".join(texts)
        self.raw = self.joined.encode("utf-8", "surrogatepass")
        self.count = len(texts)
        self._array = array("i", map(len, texts))
        self.lengths = self._array.buffer_info()[0]


class Classes:
    """A number from 1 to 255 for each character: what `number` gives for it when it is first met."""

    def __init__(self, number: Callable[[str], int]) -> None:
        self._number = number
        self.table = (ctypes.c_uint8 * SIZE)()

    def passed(self, texts: Texts, over: Callable[[], int]) -> int:
        """What `over`, a call of C with the table over these texts, gives, once it knows each of their characters."""
        said = over()
        if said == _UNKNOWN:
            table = self.table
            for character in set(texts.joined):
                if not table[ord(character)]:
                    self._learn(ord(character), self._number(character))
            said = over()
        if said == _NO_MEMORY:
            raise MemoryError
        return said

    def _learn(self, code: int, number: int) -> None:
        self.table[code] = number
        for alike in ALIKE:
            if code in alike:
                ctypes.memset(ctypes.addressof(self.table) + alike.start, number, len(alike))

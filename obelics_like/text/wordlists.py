"""Word lists by language and how much of a text stands on one; it decides nothing.

The lists and whose they are: `lists/README.md`. A language without a list has none, and the rule that wants it is off.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from obelics_like import words
from obelics_like.errors import InputError

if TYPE_CHECKING:
    import numpy as np

_TOP = 48  # bits below the first 16 of a hash
_UNSPACED = re.compile(f"[{words.UNSPACED}]")
_SPEECH = {"nb": "no", "nn": "no", "fil": "tl", "tl": "fil", "iw": "he", "in": "id"}
# A Thai, Lao, Khmer or Burmese entry must not be followed by a vowel sign or tone mark: that makes it another word.
_NO_MARK = "(?![\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u17b6-\u17d3])"


class WordList:
    """A list of lower-case words and phrases, ready to be searched.

    Where words are separated, whole words are compared, and runs of words for a phrase. An entry in a script without
    spaces is searched as a part of the text; without `singles`, one of a single character is left out, since it is
    also a part of harmless words. An entry of digits and signs only is left out everywhere.
    """

    def __init__(self, entries: Iterable[str], singles: bool = True) -> None:
        tokens: set[str] = set()
        phrases: dict[str, set[tuple[str, ...]]] = {}
        parts: dict[str, int] = {}
        for entry in entries:
            entry = entry.strip().lower()
            split = words.split(entry)
            if not any(any(c.isalpha() for c in word) for word in split):
                continue
            if _UNSPACED.search(entry):
                if singles or len(split) > 1:
                    parts[entry] = len(split)
            elif len(split) == 1:
                tokens.add(split[0])
            else:
                phrases.setdefault(split[0], set()).add(tuple(split))
        self.tokens = frozenset(tokens)
        self.phrases = {first: sorted(some, key=len, reverse=True) for first, some in phrases.items()}
        self._starts = self.tokens | self.phrases.keys()
        self.parts = parts
        longest = sorted(parts, key=lambda entry: (-len(entry), entry))
        self._part = re.compile(f"(?:{'|'.join(map(re.escape, longest))}){_NO_MARK}") if parts else None

    def __len__(self) -> int:
        return len(self.tokens) + sum(map(len, self.phrases.values())) + len(self.parts)

    def covered(self, lowered: Sequence[str], text: str) -> int:
        """How many of the words of a text stand on the list; `lowered` are its words, `text` is all of it, lower-case.

        >>> WordList(["spam", "hot dog", "垃圾邮件"]).covered(["hot", "dog", "or", "spam"], "hot dog or spam")
        3
        """
        inside = sum(self.parts[part] for part in self._parts(text))
        if self.phrases and not self.phrases.keys().isdisjoint(lowered):
            return inside + sum(len(run) for run in self._runs(lowered))
        return inside + sum(map(self.tokens.__contains__, lowered))

    def most(self, hashes: np.ndarray | None, text: str, least: int = 1) -> tuple[int, int] | None:
        """No more distinct entries occur than the first number, and no more words stand on the list than the second.

        By `words.hashes` and the text in lower case; None where these can't tell. It saves making the words, since
        nearly no page holds as many as a rule asks for; where there can't be `least` entries, it looks no further.
        """
        if hashes is None or self._screen is None:
            return None
        entries, tops = self._screen
        words_met = [word for word in hashes[tops[hashes >> _TOP]].tolist() if word in entries]
        parts = self._parts(text)
        if not words_met and not parts:  # as on most pages
            return 0, 0
        met = Counter(words_met)
        distinct, covered = len(set(parts)), sum(self.parts[part] for part in parts)
        near = [(times, *entry) for word, times in met.items() for entry in entries[word]]
        if distinct + len(near) < least:
            return distinct + len(near), covered + sum(times * size for times, _, size in near)
        row = hashes.tobytes()
        for times, pieces, size in near:
            found = min(times, row.count(pieces))
            distinct += found > 0
            covered += found * size
        return distinct, covered

    @cached_property
    def _screen(self) -> tuple[dict[int, list[tuple[bytes, int]]], np.ndarray] | None:
        """The hashes of an entry's pieces, as bytes, and its words, by the hash of its longest piece; and which first
        16 bits such a hash may have.

        The longest, since "how" begins a phrase and stands on every page.
        """
        import numpy as np

        entries: dict[int, list[tuple[bytes, int]]] = {}
        listed = [(token,) for token in self.tokens] + [phrase for some in self.phrases.values() for phrase in some]
        hashes = words.hashes([" ".join(entry) for entry in listed])  # a call for each would take most of the time
        if hashes is None:
            return None
        end = 0
        for entry in listed:
            pieces = words.cut(" ".join(entry)).split()
            start, end = end, end + len(pieces)
            at = pieces.index(max(pieces, key=len))
            entries.setdefault(int(hashes[start + at]), []).append((hashes[start:end].tobytes(), len(entry)))
        tops = np.zeros(1 << 16, np.bool_)
        tops[[word >> _TOP for word in entries]] = True
        return entries, tops

    def found(self, lowered: Sequence[str], text: str) -> set[str]:
        """The distinct entries that occur; the same arguments as `covered`."""
        return {" ".join(run) for run in self._runs(lowered)} | set(self._parts(text))

    def _parts(self, text: str) -> list[str]:
        return self._part.findall(text) if self._part is not None and not text.isascii() else []

    def _runs(self, lowered: Sequence[str]) -> list[tuple[str, ...]]:
        """The entries of words that occur, from the first word on, the longest of those that begin with a word."""
        if self._starts.isdisjoint(lowered):  # as on most pages
            return []
        runs, free = [], 0
        for at in [i for i, word in enumerate(lowered) if word in self._starts]:
            if at < free:  # inside the entry before
                continue
            word = lowered[at]
            run = next((p for p in self.phrases.get(word, ()) if tuple(lowered[at : at + len(p)]) == p), None)
            if run is None and word in self.tokens:
                run = (word,)
            if run is not None:
                runs.append(run)
                free = at + len(run)
        return runs


@cache
def _entries(kind: str) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = json.loads(
        resources.files("obelics_like.text").joinpath("lists", f"{kind}.json").read_bytes()
    )
    return lists


def languages(kind: str) -> list[str]:
    """The BCP-47 codes that the list `kind` ("flagged", "stop", "spam") exists for, sorted."""
    return sorted(_entries(kind))


@cache
def by_language(kind: str, code: str) -> WordList | None:
    """The list `kind` for a BCP-47 code, else for its primary subtag; None if there is none. Kept once loaded.

    >>> by_language("stop", "pt-BR") is not None, by_language("stop", "zxx") is None
    (True, True)
    """
    lists = _entries(kind)
    primary = code.replace("_", "-").split("-")[0].lower()
    for name in (code, primary, _SPEECH.get(primary, "")):
        if name in lists:
            return WordList(lists[name], singles=kind != "flagged")
    return None


def from_file(path: str) -> WordList:
    """The list in a UTF-8 file of one entry a line. Raises InputError if it can't be read or holds nothing."""
    try:
        found = WordList(Path(path).read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"word list {path}", got=str(error), valid="a UTF-8 file of one word a line", do="correct the path"
        ) from error
    if not len(found):
        raise InputError(
            f"word list {path}", got="no word", valid="one word a line", do="fill the file or leave it out"
        )
    return found

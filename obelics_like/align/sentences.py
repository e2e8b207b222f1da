"""The sentences of a page, as spans into its texts: what pictures are held against.

It splits and nothing more: it drops no text, changes none, and knows nothing of pictures.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import ClassVar

from obelics_like.errors import OptionError
from obelics_like.stage import Batch, Context, Stage

Segment = Callable[[str, str], list[str]]
Span = tuple[int, int]

_SURROGATE = re.compile("[\ud800-\udfff]")
_BREAK = re.compile(r"\s+")
_LETTER = re.compile(r"[^\W_]")  # what str.isalnum says yes to
# full stops that sentencex 1.0.32 passes over: Khmer's khan and bariyoosan, Tibetan's shad; not the khan in ។ល។ (etc.)
_STOPS = "\u17d4\u17d5\u0f0d\u0f0e"
_PASSED_OVER = re.compile(f"[{_STOPS}]\\s+")
_MARK = re.compile(r"[!?'`]|[^\w\s\x00-\x7f’–…]")
WORK, PART = 2_000_000, 600
"""Marks times characters of a text from which it is given to the splitter in parts of so many characters at most, whose
time is that product: 40,000 ideographs with as many full stops take a second, a novel without a blank half a minute. No
text of 1,747 pages had more than 1,010,520."""


def spans(text: str, language: str, segment: Segment, max_characters: int | None, min_characters: int) -> list[Span]:
    """The sentences of one text as (start, end) in characters: in order, apart, stripped, each with a letter or digit.

    Together they hold every letter and digit of the text. `segment(language, text)` gives the pieces in order.

    >>> spans("One. Two words", "en", lambda language, text: ["One. ", "Two words"], None, 1)
    [(0, 4), (5, 14)]
    """
    try:
        cuts = _cuts(text, language, segment)
    except UnicodeEncodeError:  # half a surrogate pair
        cuts = _cuts(_SURROGATE.sub("\ufffd", text), language, segment)
    if not text.isascii() and any(map(text.__contains__, _STOPS)) and _PASSED_OVER.search(text):
        cuts = sorted({*cuts, *(stop.end() for stop in _PASSED_OVER.finditer(text))})
    pieces, at = [], 0
    for end in cuts:
        start, stop, at = at, end, end
        while start < stop and text[start].isspace():
            start += 1
        while start < stop and text[stop - 1].isspace():
            stop -= 1
        if start < stop:
            pieces.append((start, stop))
    found = _join(pieces, text, min_characters)
    if max_characters is None:
        return found
    return [part for piece in found for part in _split(text, piece, max_characters)]


def _cuts(text: str, language: str, segment: Segment) -> list[int]:
    """Where the pieces of a text end; of a long one with many marks they are found in parts.

    Each part begins with the piece in which the one before it ends; a piece as long as a part goes on in the next one.
    """
    if len(text) <= PART or len(text) * len(_MARK.findall(text)) <= WORK:
        pieces = segment(language, text)
        return [len(text)] if pieces == [text] else _ends(text, pieces)
    ends, at, goes_on = list[int](), 0, False
    while at < len(text):
        part = text[at : at + PART]
        found = [piece for piece in segment(language, part) if piece]
        if "".join(found) != part:
            found = [part]
        elif len(found) > 1 and at + PART < len(text):
            found.pop()
        if goes_on:
            ends.pop()
        ends += islice(accumulate(map(len, found), initial=at), 1, None)
        at, goes_on = ends[-1], len(found[-1]) == PART
    return ends


def _ends(text: str, pieces: list[str]) -> list[int]:
    """Where the pieces end in the text; what a splitter left out between two pieces goes to the later one."""
    if "".join(pieces) == text:  # nearly always
        return list(accumulate(map(len, pieces)))
    ends, at = [], 0
    for piece in pieces:
        found = text.find(piece, at) if piece else -1
        if found >= 0:
            at = found + len(piece)
            ends.append(at)
    return ends if at == len(text) else [*ends, len(text)]


def _join(pieces: list[Span], text: str, min_characters: int) -> list[Span]:
    """Pieces that are too short, or marks only, joined to the one before them, at the start to the one after."""
    if len(pieces) == 1:
        return pieces if _has_letter(text, *pieces[0]) else []
    joined: list[Span] = []
    small = told = False  # whether the last piece is still waiting for company; whether it has a letter
    for start, end in pieces:
        lettered = _has_letter(text, start, end)
        if joined and (small or not lettered or end - start < min_characters):
            joined[-1] = (joined[-1][0], end)
            told = told or lettered
            small = small and (end - joined[-1][0] < min_characters or not told)
        else:
            joined.append((start, end))
            told = lettered
            small = not lettered or end - start < min_characters
    # a piece without a letter is left only where there is nothing that it could be joined to
    return joined if not small else [piece for piece in joined if _has_letter(text, *piece)]


def _has_letter(text: str, start: int, end: int) -> bool:
    # the first character nearly always
    return (start < end and text[start].isalnum()) or _LETTER.search(text, start, end) is not None


def _split(text: str, piece: Span, max_characters: int) -> list[Span]:
    """A runaway sentence in parts of at most `max_characters`, cut at whitespace; without any it stays whole."""
    start, end = piece
    parts: list[Span] = []
    while end - start > max_characters:
        cut = None
        for gap in _BREAK.finditer(text, start, end):
            if cut is not None and gap.start() - start > max_characters:
                break
            cut = gap
        if cut is None:
            break
        parts.append((start, cut.start()))
        start = cut.end()
    return [part for part in [*parts, (start, end)] if _has_letter(text, *part)]


@dataclass(frozen=True)
class Sentences(Stage):
    """Split every kept text into sentences and set `Document.sentences`, in DOM order.

    max_characters: a longer sentence is a table or a list in disguise: it is split at whitespace into parts of at
        most this length. None leaves it whole.
    min_characters: a shorter piece ("Yes.", a bare number) is joined to the sentence before it in the same text, at
        the start to the one after it. A heading, caption or list item is a text of its own and stays, however short.

    The splitter is sentencex; it is told the text's own language, else the document's, else English. A text without
    a single letter or digit has no sentence.
    """

    max_characters: int | None = None
    min_characters: int = 1

    rules: ClassVar[dict[str, str]] = {}
    facts: ClassVar[dict[str, str]] = {}

    def check(self) -> None:
        for name, value in (("max_characters", self.max_characters), ("min_characters", self.min_characters)):
            if value is not None and value < 1:
                raise OptionError(f"stage {self.id}, option {name}", got=value, valid="1 or more", do="raise it")
        if self.max_characters is not None and self.max_characters < self.min_characters:
            raise OptionError(
                f"stage {self.id}",
                got=f"max_characters {self.max_characters} under min_characters {self.min_characters}",
                valid="max_characters >= min_characters",
                do="change one of them",
            )

    def open(self, context: Context) -> Segment:
        from sentencex import segment

        found: Segment = segment
        return found

    def process(self, batch: Batch, opened: Segment) -> Batch:
        for document in batch:
            document.sentences = []
            for text in document.texts():
                language = text.language or document.language
                code = language.code if language is not None else "en"
                whole = text.effective if text.edits else text.text
                found = spans(whole, code, opened, self.max_characters, self.min_characters)
                document.sentences += [(text.pos, start, end) for start, end in found]
        return batch

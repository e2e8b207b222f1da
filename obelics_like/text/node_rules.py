"""Drops single texts of a page: too short, too repetitive, boilerplate, not language; it never looks at the page."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from obelics_like.document import Document, Text, effective
from obelics_like.stage import Batch, Context, Stage
from obelics_like.text import measures
from obelics_like.text.limits import (
    SHARED_RULES,
    SHARED_SHARES,
    Limit,
    at_least,
    at_most,
    at_most_share,
    check_limits,
    containing,
    first_broken,
    list_chooser,
    screened,
    shared_limits,
)
from obelics_like.text.measured import ListChooser, Lists, Measured, record_lacking

if TYPE_CHECKING:
    import numpy as np

    from obelics_like.text.kinds import Columns, Kinds


@dataclass(frozen=True)
class NodeRules(Stage):
    """Drops the texts that fail a rule; the first that fails, in the order of the options below, is the reason.

    A rule whose option is left out is off; a text without a letter or digit is always dropped (`empty`). Words are
    those of `words.of`; shares are in 0..1 and defined in `text/measures.py`. Word lists follow the document's
    language (a text's own guess is too weak to choose by): without a list, the rule is off and the document's fact
    `lists_lacking` says so.

    Length (OBELICS, table 3; bytes: mOSCAR A.4):
      min_bytes_latin, min_bytes_other: UTF-8 bytes of a text whose letters are Latin by more than half, of any other
      min_characters, max_characters, min_words, max_words: both ends allowed
      end_of_sentence: whether a text must end in a mark that ends a sentence (C4)
    Content:
      banned_texts: texts that are boilerplate if they are the whole text, case and outer signs aside
      banned_phrases: phrases that no text may hold, case aside
      phrase_within: ... of those of at most this many characters; longer ones may
      no_curly_braces: whether a text with { or } goes (mOSCAR A.4)
      max_comparison_signs: how often each of < > ≤ ≥ may stand (mOSCAR A.4)
      max_dates: dates written in numbers (mOSCAR A.4)
    Characters, as shares:
      max_digits, max_non_alphabetic, max_capitals, max_common_character (mOSCAR A.4); max_special_characters (OBELICS)
      shares_from: visible characters from which max_non_alphabetic and max_common_character hold: of the five of
        “No.” three are no letters, and every third of "Developer" is an e
    Words, as shares (OBELICS, table 3):
      min_punctuation: marks among marks and words; only texts of `punctuation_from` marks and words or more
      max_flagged_words, max_spam_words, min_stop_words: of the lists in `text/lists`
      min_common_words: of the list in the file `common_words`, one word a line
      max_character_repetition, max_word_repetition: over runs of `character_ngram` characters, `word_ngram` words
    Page:
      no_repeats: whether a text goes that an earlier kept one of the page equals but for case (mOSCAR, dedup in a page)
      spare_repeats: blocks (td, dt, ...) that no_repeats leaves alone: a table's cells repeat by nature
      spare_blocks: blocks (h1, figcaption, ...) that the rules of length and end_of_sentence, min_punctuation and
        min_stop_words, comparison signs, dates, and mOSCAR's shares of characters leave alone: "FAQ" and "Rome, 2024"
        are short by nature, and a share of few characters tells nothing
      one_text: blocks (li, td, ...) that are parts of something: texts of such blocks that follow each other are
        measured as one by the rules of length and by mOSCAR's shares, and go or stay together (mOSCAR's own text node
        is the list); "250 g flour" has too many digits for a sentence, the list of ingredients has not
    """

    min_bytes_latin: int | None = None
    min_bytes_other: int | None = None
    min_characters: int | None = None
    max_characters: int | None = None
    min_words: int | None = None
    max_words: int | None = None
    end_of_sentence: bool = False
    banned_texts: tuple[str, ...] = ()
    banned_phrases: tuple[str, ...] = ()
    phrase_within: int | None = None
    no_curly_braces: bool = False
    max_comparison_signs: int | None = None
    max_dates: int | None = None
    max_digits: float | None = None
    max_non_alphabetic: float | None = None
    max_capitals: float | None = None
    max_common_character: float | None = None
    shares_from: int = 0
    max_special_characters: float | None = None
    min_punctuation: float | None = None
    punctuation_from: int = 0
    max_flagged_words: float | None = None
    max_spam_words: float | None = None
    min_stop_words: float | None = None
    min_common_words: float | None = None
    common_words: str | None = None
    max_character_repetition: float | None = None
    character_ngram: int = 10
    max_word_repetition: float | None = None
    word_ngram: int = 5
    no_repeats: bool = False
    spare_repeats: tuple[str, ...] = ()
    spare_blocks: tuple[str, ...] = ()
    one_text: tuple[str, ...] = ()

    rules: ClassVar[dict[str, str]] = {
        "empty": "no letter and no digit",
        "too_few_bytes": "too few bytes for its script",
        "too_few_characters": "too few characters",
        "too_many_characters": "too many characters",
        "too_few_words": "too few words",
        "too_many_words": "too many words",
        "no_end_of_sentence": "does not end like a sentence",
        "banned_text": "boilerplate, word for word",
        "banned_phrase": "holds a phrase of boilerplate or filler",
        "curly_brace": "holds a curly brace: code or a template",
        "comparison_signs": "holds a comparison sign too often: code or mark-up",
        "too_many_dates": "too many dates: a list of posts",
        "too_many_digits": "too large a share of digits",
        "too_few_letters": "too large a share of characters that are no letters",
        "too_many_capitals": "too large a share of capitals",
        "one_character": "one character makes too much of it",
        **SHARED_RULES,
        "repeated_text": "the page said so before",
    }
    facts: ClassVar[dict[str, str]] = {
        "lists_lacking": "on a document: word lists (flagged, spam, stop) that a rule wanted and its language has not"
    }

    def check(self) -> None:
        shares = ("max_digits", "max_non_alphabetic", "max_capitals", "max_common_character", *SHARED_SHARES)
        counts = (
            "min_bytes_latin",
            "min_bytes_other",
            "max_comparison_signs",
            "max_dates",
            "phrase_within",
            "shares_from",
            "punctuation_from",
        )
        check_limits(self, shares, counts, (("min_characters", "max_characters"), ("min_words", "max_words")))

    def open(self, context: Context) -> _Opened:
        from obelics_like.text.kinds import Kinds  # numpy

        limits = [*self._length(), *self._content(), *self._characters(), *shared_limits(self)]
        return _Opened(limits, frozenset(self.spare_blocks), list_chooser(self), Kinds())

    def process(self, batch: Batch, opened: _Opened) -> Batch:
        pages = []
        for document in batch:
            lists, lacking = opened.chooser(document)
            record_lacking(document, lacking)
            nodes = list(document.texts())
            if nodes:
                pages.append(_Page(nodes, self._runs(document) if self.one_text else [], lists))
        # all at once: what numpy does for a page takes it as long as what it does for fifty
        texts = [text for page in pages for text in page.texts + page.wholes]
        if texts:
            columns = opened.kinds.columns(texts, self.max_common_character is not None)
            sayings, doubts = (columns["letters"] + columns["digits"]).tolist(), opened.doubts(columns)
            at = 0
            for page in pages:
                end = at + len(page.texts) + len(page.wholes)
                self._mark(page, sayings[at:end], doubts[at:end], columns.rows[at:end], opened)
                at = end
        return batch

    def _runs(self, document: Document) -> list[list[int]]:
        """The texts to be measured as one, as indices into the page's living texts.

        A text of another block ends a run, also one that this stage dropped: else a second pass would see other runs.
        """
        runs: list[list[int]] = [[]]
        index = 0
        for node in document.nodes:
            drop = node.drop
            if not isinstance(node, Text) or (drop is not None and drop.stage != self.id):
                continue
            if node.block not in self.one_text:
                if runs[-1]:
                    runs.append([])
            elif drop is None:
                runs[-1].append(index)
            index += drop is None
        return [run for run in runs if len(run) > 1]

    def _mark(self, page: _Page, sayings: list[int], doubts: list[int], rows: np.ndarray, opened: _Opened) -> None:
        """Mark the texts of a page; the lists have an entry for each of its texts, then for each of its wholes."""
        texts, lists = page.texts, page.lists
        lowered = [text.lower() for text in texts]
        left = ~opened.cleared(lowered)
        doubts = [doubt & left for doubt in doubts]
        whole_of = {}
        for number, run in enumerate(page.runs, len(texts)):
            whole = Measured(page.wholes[number - len(texts)], (), lists, rows[number])
            for i in run:
                whole_of[i] = whole
                doubts[i] = opened.merged(doubts[i], doubts[number])
        seen: set[str] = set()
        repeats = self.no_repeats and len(set(lowered)) < len(lowered)
        for i, node in enumerate(page.nodes):
            if not (doubts[i] or repeats) and sayings[i]:  # three in four
                continue
            if not sayings[i]:
                node.drop = self.drop("empty", 0, 1)
                continue
            if doubts[i]:
                limits = opened.limits_of(doubts[i], node.block)
                measured = Measured(texts[i], (node,), lists, rows[i])
                broken = first_broken(limits, measured, whole_of.get(i))
                if broken is not None:
                    node.drop = self.drop(*broken)
                    continue
            if repeats and node.block not in self.spare_repeats:
                if lowered[i] in seen:
                    node.drop = self.drop("repeated_text")
                seen.add(lowered[i])

    def _length(self) -> list[Limit]:
        limits = [
            *_bytes("too_few_bytes", True, self.min_bytes_latin),
            *_bytes("too_few_bytes", False, self.min_bytes_other),
            *at_least("too_few_characters", lambda m: len(m.text), self.min_characters, True),
            *at_most("too_many_characters", lambda m: len(m.text), self.max_characters, True),
            *at_least("too_few_words", lambda m: len(m.words), self.min_words, True),
            *at_most("too_many_words", lambda m: len(m.words), self.max_words, True),
            *at_least("no_end_of_sentence", _ends_sentence, 1 if self.end_of_sentence else None, True),
        ]
        return [limit._replace(together=True) for limit in limits]

    def _content(self) -> list[Limit]:
        braces, signs, dates = 0 if self.no_curly_braces else None, self.max_comparison_signs, self.max_dates
        return [
            *_banned_texts(self.banned_texts),
            *_banned_phrases(self.banned_phrases, self.phrase_within),
            *screened(
                at_most("curly_brace", lambda m: measures.curly_braces(m.text), braces),
                page=lambda texts: measures.curly_braces("".join(texts)) > 0,
            ),
            *screened(
                at_most("comparison_signs", lambda m: measures.comparison_signs(m.text), signs, shape=True),
                page=lambda texts: measures.comparison_signs("".join(texts)) > (signs or 0),
            ),
            *screened(
                at_most("too_many_dates", lambda m: measures.dates(m.text), dates, shape=True),
                texts=lambda columns: columns["digits"] >= measures.DATE_DIGITS * ((dates or 0) + 1),
            ),
        ]

    def _characters(self) -> list[Limit]:
        common, least = self.max_common_character, self.shares_from
        most_common = at_most(
            "one_character",
            lambda m: measures.most_common_share(m.text) if m.characters.visible >= least else None,
            common,
            shape=True,
        )
        limits = [
            *at_most_share("too_many_digits", "digit_share", self.max_digits, shape=True),
            *_share_from("too_few_letters", "non_alphabetic_share", self.max_non_alphabetic, least),
            *at_most_share("too_many_capitals", "capital_share", self.max_capitals, shape=True),
            *screened(
                most_common,
                texts=lambda columns: (columns["most_common_share"] > common) & (columns["visible"] >= least),
            ),
        ]
        return [limit._replace(together=True) for limit in limits]


class _Page:
    """The living texts of a page, and those that are measured as one: as indices into them, and joined."""

    def __init__(self, nodes: list[Text], runs: list[list[int]], lists: Lists) -> None:
        self.nodes, self.runs, self.lists = nodes, runs, lists
        self.texts = effective(nodes)
        self.wholes = ["\n".join([self.texts[i] for i in run]) for run in runs]


class _Opened:
    """The rules made ready. A text's doubts are the rules it must be held to, as the bits of an integer."""

    def __init__(self, limits: list[Limit], spare: frozenset[str], chooser: ListChooser, kinds: Kinds) -> None:
        self.limits, self.spare, self.chooser, self.kinds = limits, spare, chooser, kinds
        self._chosen: dict[tuple[int, bool], list[Limit]] = {}
        self._pages = [(bit, limit.page) for bit, limit in enumerate(limits) if limit.page is not None]
        self._together = sum(1 << bit for bit, limit in enumerate(limits) if limit.together)

    def doubts(self, columns: Columns) -> list[int]:
        """The rules that no screen of texts clears, for each text."""
        always, some = 0, columns["total"].astype("int64") * 0
        for bit, limit in enumerate(self.limits):
            if limit.texts is None:
                always |= 1 << bit
            else:
                some |= limit.texts(columns).astype(some.dtype) << bit
        doubts: list[int] = (some | always).tolist()
        return doubts

    def cleared(self, lowered: list[str]) -> int:
        """The rules that no text of a page can fail; `lowered` are the texts in lower case."""
        return sum(1 << bit for bit, page in self._pages if not page(lowered))

    def merged(self, own: int, whole: int) -> int:
        """The doubts of a text that is measured as part of a whole, from its own and those of the whole."""
        return (own & ~self._together) | (whole & self._together)

    def limits_of(self, doubts: int, block: str) -> list[Limit]:
        """The rules of these bits, in order, without those that the block is spared."""
        key = doubts, block in self.spare
        if key not in self._chosen:
            wanted = [limit for bit, limit in enumerate(self.limits) if doubts >> bit & 1]
            self._chosen[key] = [limit for limit in wanted if not (limit.shape and key[1])]
        return self._chosen[key]


def _share_from(rule: str, name: str, limit: float | None, least: int) -> list[Limit]:
    """The rule against more than `limit` of the share `name`, for texts of at least so many visible characters."""

    def share(m: Measured) -> float | None:
        value: float = getattr(m.characters, name)
        return value if m.characters.visible >= least else None

    rules = at_most(rule, share, limit, shape=True)
    return screened(rules, texts=lambda columns: (columns[name] > limit) & (columns["visible"] >= least))


_OUTER = " \t\r\n\u00a0.:;,!?()[]<>«»|/\\-–—•·…"


def _bytes(rule: str, latin: bool, least: int | None) -> list[Limit]:
    """The rule against fewer than `least` bytes, for texts whose letters are Latin by more than half, or are not."""

    def size(m: Measured) -> int | None:
        characters = m.characters
        return characters.bytes if (characters.latin_share > 0.5) == latin else None

    def short(columns: Columns) -> Any:
        return (columns["bytes"] < least) & ((columns["latin_share"] > 0.5) == latin)

    return screened(at_least(rule, size, least, shape=True), texts=short)


def _banned_texts(banned: tuple[str, ...]) -> list[Limit]:
    texts = frozenset(text.lower() for text in banned)
    longest = max(map(len, texts), default=0) + 20  # with the signs around it

    def found(m: Measured) -> str | None:
        bare = m.lower.strip(_OUTER) if len(m.text) <= longest else ""
        return bare if bare in texts else None

    def possible(lowered: Sequence[str]) -> bool:
        short = [text for text in lowered if len(text) <= 2 * longest]
        # few pages hold such a text at all, and to look for each in all is less than to look at each alone
        return any(map("\n".join(short).__contains__, texts)) and any(text.strip(_OUTER) in texts for text in short)

    rules = at_most("banned_text", found, "" if texts else None)
    return screened(rules, page=possible, texts=lambda columns: columns["total"] <= longest)


def _banned_phrases(banned: tuple[str, ...], within: int | None) -> list[Limit]:
    phrase = containing(banned)

    def found(m: Measured) -> str | None:
        return phrase(m.lower) if within is None or len(m.text) <= within else None

    rules = at_most("banned_phrase", found, "" if banned else None)
    most = within if within is not None else sys.maxsize

    def possible(lowered: Sequence[str]) -> bool:
        # most of a page is longer texts; what is longer in lower case held an İ, which leaves a dot of its own
        short = [text for text in lowered if len(text) <= most or (len(text) <= 2 * most and "\u0307" in text)]
        return phrase("\n".join(short)) is not None

    return screened(rules, page=possible)


def _ends_sentence(m: Measured) -> int:
    return int(measures.ends_sentence(m.text))

"""Drops whole pages by what is left of their text; it looks at no picture and at no single text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from obelics_like.document import Document, effective
from obelics_like.errors import OptionError
from obelics_like.stage import Batch, Context, Stage
from obelics_like.text import measures
from obelics_like.text.limits import (
    SHARED_RULES,
    SHARED_SHARES,
    Limit,
    at_least,
    at_most,
    check_limits,
    containing,
    first_broken,
    list_chooser,
    possible,
    shared_limits,
)
from obelics_like.text.measured import ListChooser, Measured, record_lacking


@dataclass(frozen=True)
class PageRules(Stage):
    """Drops the pages that fail a rule; the first that fails, in the order of the options below, is the reason.

    What is measured is the texts that are kept, joined by blank lines (OBELICS). A page with no text left is always
    dropped (`no_text`); every other rule whose option is left out is off. Word lists follow the page's language.

    Length:
      min_texts, min_characters: mOSCAR's two limits; a page is too short if it misses `too_short_if` = "either"
        of them or "both": the paper's wording allows both readings
      min_bytes: UTF-8 bytes (mOSCAR, last step)
      min_words, max_words: both ends allowed (OBELICS, table 3)
      min_sentences: marks that end a sentence (C4)
    Content:
      banned_phrases: phrases that no page may hold, case aside (C4: "lorem ipsum")
      no_curly_braces: whether a page with { or } goes (C4)
      max_distinct_flagged_words: how many different entries of the list of flagged words may occur (mOSCAR, C4)
    Shares, as in `NodeRules` (OBELICS, table 3): max_special_characters, min_punctuation, punctuation_from,
      max_flagged_words, max_spam_words, min_stop_words, min_common_words with common_words,
      max_character_repetition with character_ngram, max_word_repetition with word_ngram
      flagged_from: different entries of the list of flagged words from which max_flagged_words holds: a short page
        that says one such word twice has a large share of them, and may well be news of a murder
    """

    min_texts: int | None = None
    min_characters: int | None = None
    too_short_if: str = "either"
    min_bytes: int | None = None
    min_words: int | None = None
    max_words: int | None = None
    min_sentences: int | None = None
    banned_phrases: tuple[str, ...] = ()
    no_curly_braces: bool = False
    max_distinct_flagged_words: int | None = None
    max_special_characters: float | None = None
    min_punctuation: float | None = None
    punctuation_from: int = 0
    max_flagged_words: float | None = None
    flagged_from: int = 0
    max_spam_words: float | None = None
    min_stop_words: float | None = None
    min_common_words: float | None = None
    common_words: str | None = None
    max_character_repetition: float | None = None
    character_ngram: int = 10
    max_word_repetition: float | None = None
    word_ngram: int = 5

    rules: ClassVar[dict[str, str]] = {
        "no_text": "no text is left",
        "too_few_texts": "too few texts are left",
        "too_few_characters": "too few characters are left",
        "too_few_bytes": "too few bytes of text are left",
        "too_few_words": "too few words are left",
        "too_many_words": "too many words",
        "too_few_sentences": "too few sentences are left",
        "banned_phrase": "holds filler text",
        "curly_brace": "holds a curly brace: code or a template",
        "flagged_words": "holds too many different obscene words",
        **SHARED_RULES,
    }
    facts: ClassVar[dict[str, str]] = {
        "lists_lacking": "on a document: word lists (flagged, spam, stop) that a rule wanted and its language has not"
    }

    def check(self) -> None:
        if self.too_short_if not in ("either", "both"):
            raise OptionError(
                f"{self.id or 'PageRules'}.too_short_if",
                got=repr(self.too_short_if),
                valid='"either", "both"',
                do="choose one of the two",
            )
        counts = (
            "min_texts",
            "min_characters",
            "min_bytes",
            "min_sentences",
            "max_distinct_flagged_words",
            "flagged_from",
            "punctuation_from",
        )
        check_limits(self, SHARED_SHARES, counts, [("min_words", "max_words")])

    def open(self, context: Context) -> tuple[list[Limit], ListChooser]:
        shares = [_flagged_from(limit, self.flagged_from) for limit in shared_limits(self)]
        limits = [*self._length(), *self._content(), *shares]
        return limits, list_chooser(self, *(() if self.max_distinct_flagged_words is None else ("flagged",)))

    def process(self, batch: Batch, opened: tuple[list[Limit], ListChooser]) -> Batch:
        limits, chooser = opened
        for document in batch:
            self._mark(document, limits, chooser)
        return batch

    def _mark(self, document: Document, limits: list[Limit], chooser: ListChooser) -> None:
        nodes = list(document.texts())
        if not nodes:
            document.drop = self.drop("no_text", 0, 1)
            return
        lists, lacking = chooser(document)
        record_lacking(document, lacking)
        measured = Measured("\n\n".join(effective(nodes)), nodes, lists)
        broken = first_broken(limits, measured)
        if broken is not None:
            document.drop = self.drop(*broken)

    def _length(self) -> list[Limit]:
        texts, characters = self.min_texts, self.min_characters
        if self.too_short_if == "both" and texts is not None and characters is not None:
            # too short only where both limits are missed; the drop tells the characters

            def short(m: Measured) -> int | None:
                return len(m.text) if len(m.nodes) < texts else None

            pair = at_least("too_few_characters", short, characters)
        else:
            pair = [
                *at_least("too_few_texts", lambda m: len(m.nodes), texts),
                *at_least("too_few_characters", lambda m: len(m.text), characters),
            ]
        return [
            *pair,
            *at_least("too_few_bytes", partial(_bytes, self.min_bytes or 0), self.min_bytes),
            *at_least("too_few_words", lambda m: len(m.words), self.min_words),
            *at_most("too_many_words", lambda m: len(m.words), self.max_words),
            *at_least("too_few_sentences", lambda m: measures.sentences(m.text), self.min_sentences),
        ]

    def _content(self) -> list[Limit]:
        phrase, could = containing(self.banned_phrases), possible(self.banned_phrases)

        def flagged(m: Measured) -> int | None:
            found = m.lists.flagged
            return None if found is None else len(found.found(m.lowered, m.lower))

        return [
            *at_most(
                "banned_phrase",
                lambda m: phrase(m.lower) if could(m.text) else None,
                "" if self.banned_phrases else None,
            ),
            *at_most("curly_brace", lambda m: measures.curly_braces(m.text), 0 if self.no_curly_braces else None),
            *at_most("flagged_words", flagged, self.max_distinct_flagged_words),
        ]


def _bytes(least: int, m: Measured) -> int:
    """The UTF-8 bytes of a text; where it has `least` characters, and so as many bytes, its characters will do."""
    return len(m.text) if len(m.text) >= least else len(m.text.encode("utf-8", "surrogatepass"))


def _flagged_from(limit: Limit, least: int) -> Limit:
    """The rule against flagged words, off for a page with fewer than `least` different ones; others as they are."""
    if limit.rule != "too_many_flagged_words" or not least:
        return limit

    def share(m: Measured) -> float | None:
        found = m.lists.flagged
        if found is None or m.few(found, least, limit.limit):
            return None
        return m.share(found)

    return limit._replace(measure=share)

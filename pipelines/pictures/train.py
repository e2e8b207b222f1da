"""Makes `obelics_like/extraction/picture_weights.toml`: the weights by which a page's main pictures are told.

`python -m pipelines.pictures.train DATA` reads the development pages under DATA whose sha256(uri) is even, and prints
how well pages of sites that it was not trained on are told (ten folds, by site). With `--write` it writes the weights.
It is no part of the package: nothing of the pages is in what it writes but the numbers.

Truths: `fundus`, what parsers written by hand take for the article's pictures; `readability` and `llm-webkit`, the
pictures in the articles that they expect; `labels.tsv`, pictures of 473 other pages, judged for this by their address,
caption, link and surroundings (digests of page and picture, and 1 or 0), and of 104 odd pages, by which nothing is
chosen: with `--odd` it prints how good the weights are there.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np

from obelics_like.document import Image
from obelics_like.extraction import extract, main_pictures, picture_score
from obelics_like.extraction.placements import Placement

HERE = Path(__file__).resolve().parent
WEIGHTS = Path(picture_score.__file__).with_name("picture_weights.toml")
SETS = {
    "fundus": 1.5,
    "readability": 0.6,
    "llm-webkit": 0.6,
    "trafilatura": 1.0,
    "newspaper4k": 1.0,
    "hplt-cc": 1.0,
    "hplt-wide": 1.0,
}
"""The folder's sets of pages, and how much a page of each weighs: less where the truth is another tool's."""
PENALTY = 20.0
"""Of the squares of the weights, on features of unit variance; from 5 to 80 the average precision moves by 0.001."""
PRECISION = 0.92
"""Asked on even pages of sites not trained on: somewhat more than the goal on the odd pages, 0.90."""
SIZES = re.compile(
    r"(?:[-_.@](?:\d{2,4}x\d{2,4}|\d{1,4}x|x\d{2,4}|\d{2,4}[wh]|[wh]\d{2,4}|\d{3,4}|[1-5]x|scaled))+$", re.I
)


@dataclass
class Example:
    """A picture: its page, the site and the set that the page is of, what is known of it, and whether it is main.

    `known_as` are the names by which it was found in the truth.
    """

    page: int
    site: str
    group: str
    values: list[float]
    main: bool
    known_as: set[str]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_even(uri: str) -> bool:
    return int(hashlib.sha256(uri.encode()).hexdigest(), 16) % 2 == 0


def pages_of(path: Path) -> Iterator[tuple[str, bytes]]:
    """The target URI and the body of each response of a WARC file."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    with gzip.open(path) as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True):
            yield record.headers["WARC-Target-URI"].strip("<>"), record.reader.read()


def names_of(url: str) -> set[str]:
    """By which two URLs of a picture may be known: host and path, and the file name without a size."""
    parts = urlsplit(unquote(url))
    stem = SIZES.sub("", re.sub(r"\.\w{3,4}$", "", parts.path.rpartition("/")[2])).lower()
    found = {f"{parts.netloc}{parts.path}?{parts.query}"}
    if "." in parts.path.rpartition("/")[2]:
        found.add(parts.netloc + parts.path)
    return found | ({stem} if len(stem) >= 10 else set())


def true_names(group: str, truth: dict[str, Any], uri: str) -> set[str] | None:
    """The names of the pictures that a page's truth holds, None if it says nothing of pictures."""
    if group == "fundus":
        urls = [url for image in truth["images"] for url in (image["url"], *(image.get("all_urls") or ())) if url]
    elif group == "readability":
        nodes, _ = read(uri, truth["expected_html"].encode())
        urls = [url for node in nodes if isinstance(node, Image) for url in urls_of(node)]
    elif group == "llm-webkit":
        urls = re.findall(r'"(?:url|image_path)": "([^"]+)"', json.dumps(truth["content_list"], ensure_ascii=False))
    else:
        return None
    return set[str]().union(*map(names_of, urls)) if urls else None


def urls_of(image: Image) -> list[str]:
    return [image.url, *image.facts.get("alternatives", ())]


Seen = tuple[Placement, list[float], bool]
"""A placement that no rule turns away, what is known of it, and whether it opens the page."""


def read(uri: str, html: bytes) -> tuple[list[Any], list[Seen]]:
    """The nodes of a page, and what is seen of its pictures."""
    caught: list[tuple[Any, ...]] = []
    choose = main_pictures.choose

    def watch(*arguments: Any) -> list[bool]:
        caught.append(arguments)
        return [False] * len(arguments[1])

    main_pictures.choose = watch  # type: ignore[assignment]  # what a page looks like inside has no other door
    try:
        nodes = extract(html, uri).nodes
    finally:
        main_pictures.choose = choose
    found = []
    for arguments in caught:
        for _, one, target, view in main_pictures.candidates(*arguments):
            found.append((one, picture_score.features(view, one, target), one.item < view.first))
    return nodes, found


def examples(data: Path, even: bool = True) -> list[Example]:
    """The pictures of the even pages, or of the odd ones, of which it is known whether they are main."""
    labels = dict(line.rsplit("\t", 1) for line in (HERE / "labels.tsv").read_text().splitlines() if line[0] != "#")
    found: list[Example] = []
    page = 0
    for group in SETS:
        path = data / "pages" / f"{group}.truth.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        truths = {truth["uri"]: truth for truth in map(json.loads, lines)}
        for uri, html in pages_of(data / "pages" / f"{group}.warc.gz"):
            if is_even(uri) != even:
                continue
            wanted = true_names(group, truths[uri], uri) if uri in truths else None
            page += 1
            for one, values, opening in read(uri, html)[1]:
                if wanted is None:
                    label = labels.get(f"{digest(uri)}\t{digest(one.url)}")
                    hits, main = set[str](), label == "1"
                else:
                    hits = wanted & set[str]().union(*map(names_of, (one.url, *one.alternatives)))
                    label, main = "truth", bool(hits)
                    if group in ("readability", "llm-webkit") and opening and not main:
                        continue  # these articles begin with a paragraph: nothing is said of what stands before it
                if label is not None:
                    found.append(Example(page, site_of(uri), group, [float(v) for v in values], main, hits))
    return found


def site_of(uri: str) -> str:
    """The site of a page; each page of the made-up hosts is one of its own."""
    host = urlsplit(uri).netloc
    return uri if host.endswith(".example") else ".".join(host.split(".")[-2:])


def weights_of(found: list[Example]) -> np.ndarray[Any, Any]:
    """How much each example weighs: as much as its set, and less the more of its page there are."""
    count = Counter(one.page for one in found)
    weights = np.array([SETS[one.group] / math.sqrt(count[one.page]) for one in found])
    return weights / weights.mean()


def fit(found: list[Example]) -> tuple[np.ndarray[Any, Any], float]:
    """The weights and the bias of the logistic regression with the least penalised loss."""
    from scipy.optimize import minimize

    values = np.array([one.values for one in found])
    signs = np.array([1.0 if one.main else -1.0 for one in found])
    weights = weights_of(found)
    centre, spread = values.mean(0), values.std(0) + 1e-9
    scaled = (values - centre) / spread

    def loss(inner: np.ndarray[Any, Any]) -> tuple[float, np.ndarray[Any, Any]]:
        margins = signs * (scaled @ inner[:-1] + inner[-1])
        pull = -signs * weights / (1 + np.exp(margins))
        gradient = np.append(scaled.T @ pull + PENALTY * inner[:-1], pull.sum())
        return float(weights @ np.logaddexp(0, -margins) + PENALTY / 2 * inner[:-1] @ inner[:-1]), gradient

    inner = minimize(loss, np.zeros(values.shape[1] + 1), jac=True, method="L-BFGS-B").x
    return inner[:-1] / spread, float(inner[-1] - inner[:-1] @ (centre / spread))


def score(found: list[Example], weights: np.ndarray[Any, Any], bias: float) -> np.ndarray[Any, Any]:
    return 1 / (1 + np.exp(-(np.array([one.values for one in found]) @ weights + bias)))


def without_copies(found: list[Example]) -> list[Example]:
    """Of the places where a page shows the same true picture, the likeliest is true and the others say nothing."""
    likely = score(found, *fit(found))
    best: dict[tuple[int, str], int] = {}
    for at, one in enumerate(found):
        for name in one.known_as:
            if (one.page, name) not in best or likely[at] > likely[best[one.page, name]]:
                best[one.page, name] = at
    chosen = set(best.values())
    return [one for at, one in enumerate(found) if not one.known_as or at in chosen]


def by_site(found: list[Example], folds: int = 10) -> np.ndarray[Any, Any]:
    """The score of each example by weights made without its site."""
    scores = np.zeros(len(found))
    fold = [int(digest(one.site), 16) % folds for one in found]
    for number in range(folds):
        inside = [at for at, other in enumerate(fold) if other == number]
        if inside:
            scores[inside] = score([found[at] for at in inside], *fit([o for o, f in zip(found, fold) if f != number]))
    return scores


def report(found: list[Example], scores: np.ndarray[Any, Any]) -> None:
    groups = defaultdict(list)
    for one, value in zip(found, scores):
        groups[one.group].append((value, one.main))
    for group, pairs in groups.items():
        line, true = [], sum(main for _, main in pairs)
        for limit in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
            kept = [main for value, main in pairs if value >= limit]
            line.append(f"{limit}: {sum(kept) / max(1, true):.3f}/{sum(kept) / max(1, len(kept)):.3f}")
        print(f"{group:12} {true:4} of {len(pairs):4} | recall/precision at " + "  ".join(line))


def chosen(found: list[Example], scores: np.ndarray[Any, Any]) -> tuple[float, float, float]:
    """The lowest threshold, in steps of 0.05, from which the precision on sites not trained on is `PRECISION`; with the
    recall and the precision there, pages and sets weighing as in training."""
    main, weights = np.array([one.main for one in found]), weights_of(found)
    for step in range(1, 20):
        kept = scores >= step / 20
        recall, precision = weights @ (kept & main) / (weights @ main), weights @ (kept & main) / (weights @ kept)
        if precision >= PRECISION:
            break
    return step / 20, float(recall), float(precision)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--write", action="store_true")
    arguments.add_argument("--odd", action="store_true", help="tell how good the weights are on odd pages too")
    given = arguments.parse_args()
    found = without_copies(examples(given.data))
    print("even pages, by weights made without their sites")
    scores = by_site(found)
    report(found, scores)
    threshold, recall, precision = chosen(found, scores)
    print(f"threshold {threshold}: recall {recall:.3f} at precision {precision:.3f}")
    weights, bias = fit(found)
    if given.odd:
        print("odd pages, by the weights as they are written")
        others = without_copies(examples(given.data, even=False))
        report(others, score(others, weights, bias))
    lines = [f"{name} = {weight:.3f}" for name, weight in zip(picture_score.FEATURES, weights)]
    print("\n".join(lines))
    if given.write:
        pages = len({one.page for one in found})
        head = [
            "# Made by pipelines/pictures/train.py; what each feature is, picture_score.FEATURES says.",
            f"# {len(found)} pictures, {sum(one.main for one in found)} of them main, of {pages} pages",
            f"threshold = {threshold}",
            f"bias = {bias:.3f}",
            "\n[weights]",
        ]
        WEIGHTS.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

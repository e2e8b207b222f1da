"""What is known of a picture, what the rules turn away, and what the score adds up to: small pages made by hand."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

import pytest

from obelics_like.extraction import extract, main_pictures, picture_score
from obelics_like.extraction.addresses import Words
from obelics_like.extraction.picture_score import FEATURES

URL = "https://example.org/news/story.html"
FIRST = "The ferry left the harbour at six in the morning, with forty people on board. Nobody had expected the fog."
LAST = "By noon the wind had turned, and the captain decided to wait behind the headland. It was a long afternoon."


def page(among: str = "", before: str = "", behind: str = "", head: str = "") -> bytes:
    return (
        f"<html><head><title>The ferry</title>{head}</head><body>{before}<article><p>{FIRST}</p>{among}<p>{LAST}</p>"
        f"<p>{FIRST} Then it sailed.</p></article>{behind}</body></html>"
    ).encode()


def seen(monkeypatch: pytest.MonkeyPatch, html: bytes) -> tuple[list[dict[str, float]], list[float]]:
    """The features of each picture that no rule turns away, and the score of every picture."""
    caught: list[tuple[Any, ...]] = []
    choose = main_pictures.choose

    def watch(*arguments: Any) -> list[bool]:
        caught.append(arguments)
        return choose(*arguments)

    monkeypatch.setattr(main_pictures, "choose", watch)
    extract(html, URL)
    ((*arguments,),) = caught
    known = [
        dict(zip(FEATURES, picture_score.features(view, one, target), strict=True))
        for _, one, target, view in main_pictures.candidates(*arguments)
    ]
    return known, main_pictures.scores(*arguments)


def known_of(monkeypatch: pytest.MonkeyPatch, html: bytes) -> dict[str, float]:
    ((only,), _) = seen(monkeypatch, html)
    return only


IMG = '<img src="/media/ferry.jpg" width="640" height="400">'


@pytest.mark.parametrize(
    ("name", "html", "other"),
    [
        ("opening", page(before=f"<div>{IMG}</div>"), page(IMG)),
        ("large_opening", page(before=f"<div>{IMG}</div>"), page(before='<div><img src="/media/ferry.jpg"></div>')),
        (
            "lead_opening",
            page(before=f"<div>{IMG}</div>", head='<meta property="og:image" content="/media/ferry.jpg">'),
            page(before=f"<div>{IMG}</div>"),
        ),
        ("follows_main", page(IMG), page(before=f"<div>{IMG}</div>")),
        ("in_paragraph", page(f"<p>{IMG}</p>"), page(f"<div>{IMG}</div>")),
        ("deep", page("<div>" * 7 + IMG + "</div>" * 7), page(f"<div>{IMG}</div>")),
        ("figure", page(f"<figure>{IMG}</figure>"), page(IMG)),
        ("caption", page(f"<figure>{IMG}<figcaption>The old ferry</figcaption></figure>"), page(IMG)),
        ("bare", page('<img src="/media/ferry.jpg">'), page(IMG)),
        ("large", page(IMG), page(IMG.replace("640", "320").replace("400", "200"))),
        ("small", page(IMG.replace("640", "160").replace("400", "100")), page(IMG)),
        ("square", page(IMG.replace("640", "400")), page(IMG)),
        ("small_square", page(IMG.replace("640", "100").replace("400", "100")), page(IMG.replace("640", "400"))),
        ("thumbnail", page(IMG.replace("ferry.jpg", "ferry-150x100.jpg")), page(IMG)),
        ("thumbnail", page(IMG.replace(".jpg", ".jpg?w=96")), page(IMG.replace(".jpg", ".jpg?w=960"))),
        ("gif", page(IMG.replace(".jpg", ".gif")), page(IMG)),
        ("other_page", page(f'<a href="/news/x">{IMG}</a>'), page(f'<a href="/news/story.html#top">{IMG}</a>')),
        ("other_site", page(f'<a href="https://shop.example.net/x">{IMG}</a>'), page(IMG)),
        (
            "other_site_outside",
            page(before=f'<div><a href="https://shop.example.net/x">{IMG}</a></div>'),
            page(f'<a href="https://shop.example.net/x">{IMG}</a>'),
        ),
        (
            "product",
            page(f'<a href="https://shop.example.net/x">{IMG[:-1]} alt="A model of the ferry"></a>'),
            page(f'<a href="https://shop.example.net/x">{IMG}</a>'),
        ),
        ("own_link", page(f'<a href="/wiki/File:Ferry.jpg">{IMG}</a>'), page(f'<a href="/wiki/Ferry">{IMG}</a>')),
        ("picture_link", page(f'<a href="/media/ferry-large.jpg">{IMG}</a>'), page(f'<a href="/news/x">{IMG}</a>')),
        ("next_in_links", page(f'{IMG}<p><a href="/x">The whale that followed the ferry</a></p>'), page(IMG)),
        ("like_links", page(f'<p><a href="/news/other.html">{IMG}</a></p>'), page(f"<p>{IMG}</p>")),
        ("named_gallery", page(f'<div class="photo-gallery">{IMG}</div>'), page(f'<div class="photo">{IMG}</div>')),
        ("named_promotion", page(f'<div class="promo">{IMG}</div>'), page(f'<div class="letter">{IMG}</div>')),
        ("named_person", page(f'<div class="contributor">{IMG}</div>'), page(f'<div class="post-text">{IMG}</div>')),
        ("named_video", page(f'<div class="video-box">{IMG}</div>'), page(f'<div class="box">{IMG}</div>')),
        ("site_file", page(IMG.replace("/media/", "/wp-content/themes/sea/")), page(IMG)),
        ("furniture", page(f'<aside>{IMG}</aside>'), page(f"<div>{IMG}</div>")),
        ("own_article", page(f"<article>{IMG}</article>"), page(IMG)),
    ],
)  # fmt: skip
def test_a_feature_tells_two_pictures_apart(
    monkeypatch: pytest.MonkeyPatch, name: str, html: bytes, other: bytes
) -> None:
    assert known_of(monkeypatch, html)[name] > 0
    monkeypatch.undo()
    assert known_of(monkeypatch, other)[name] == 0


def test_features_that_are_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    early = known_of(monkeypatch, page(IMG))
    monkeypatch.undo()
    late = known_of(monkeypatch, page(behind=f"<div>Share this</div><div>{IMG}</div>"))
    assert 0 < early["position"] < late["position"] == 1
    assert early["after_gap"] == 0 < late["after_gap"]


def test_a_picture_that_stands_twice_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    known, _ = seen(monkeypatch, page(f"<div>{IMG}</div><p>It was so a year before.</p><div>{IMG}</div>"))
    assert [each["repeated"] for each in known] == [1, 1]


@pytest.mark.parametrize(
    "html",
    [
        page('<img src="/img/pin.png" width="24" height="24">'),
        page('<img src="/img/letter.svg">'),
        page('<img src="/img/site-logo.png" width="640">'),
        page('<img src="/img/plus.gif">'),
        page('<img src="/img/envelope.png">'),
        page('<img src="/img/getty-images.png" width="640">'),
        page('<img src="/img/badge_gold_en.png">'),
        page(f'<div class="post-author">{IMG}</div>'),
        page('<img class="byline__face" src="/media/ann.jpg" width="200">'),
        page('<img class="wp-smiley" src="/img/4f.png">'),
        page('<img src="https://ads.example.net/x.jpg" width="640">'),
        page('<img src="https://example.net/www/delivery/avw.php?zoneid=3">'),
        page('<p>It was <img src="https://latex.codecogs.com/png.latex?x%5E2"> then.</p>'),
        page('<input type="image" src="/img/search.jpg" width="640">'),
        page(before=f"<nav>{IMG}</nav>"),
        page(behind=f"<footer>{IMG}</footer>"),
        page(behind=f'<div class="comments">{IMG}</div>'),
        page(behind=f"<aside>{IMG}</aside>"),
        page(behind=f'<div><a href="/news/whale.html">{IMG}</a></div>'),
        page(behind="<p>Menu</p>" * 40 + f"<div>{IMG}</div>"),
        page(before=f"<div>{IMG}</div>" + "<p>Menu</p>" * 50),
    ],
)
def test_what_the_rules_turn_away(monkeypatch: pytest.MonkeyPatch, html: bytes) -> None:
    known, scores = seen(monkeypatch, html)
    assert (known, scores) == ([], [0.0])


def test_a_gallery_in_a_carousel_is_no_teaser(monkeypatch: pytest.MonkeyPatch) -> None:
    slides = "".join(
        f'<div class="slide"><img src="/media/{n}.jpg" width="800"></div>' for n in ("deck", "bridge", "bow")
    )
    known, _ = seen(monkeypatch, page(behind=f'<div class="carousel">{slides}</div>'))
    assert len(known) == 3


@pytest.mark.parametrize(
    "html",
    [
        page('<img src="/media/comments-of-the-crew.png">'),
        page('<img src="/media/getty-images-4711.jpg">'),
        page(f'<p class="authorised">{IMG}</p>'),
        page('<img src="/author/ferry.jpg">'),
        page(IMG).replace(b"<article>", b'<article class="post author-ann">'),
    ],
)
def test_what_only_looks_like_an_icon_or_a_portrait(monkeypatch: pytest.MonkeyPatch, html: bytes) -> None:
    known, _ = seen(monkeypatch, html)
    assert len(known) == 1


def test_the_head_names_the_lead_picture_wherever_it_stands() -> None:
    lead = '<meta property="og:image" content="https://example.org/media/ferry.jpg">'
    html = page(before=f'<div><a href="/news/x">{IMG}</a></div>' + "<p>Menu</p>" * 50, head=lead)
    assert [image.drop for image in extract(html, URL).images()] == [None]


def test_a_lower_threshold_keeps_more(monkeypatch: pytest.MonkeyPatch) -> None:
    html = page(
        f'{IMG}<img src="/img/plus.gif"><div class="promo"><a href="/subscribe"><img src="/media/clip.gif"></a></div>'
    )
    choose = main_pictures.choose
    kept = {}
    for threshold in (0.0, 0.5, 1.1):
        monkeypatch.setattr(main_pictures, "choose", lambda *given, t=threshold: choose(*given, threshold=t))
        kept[threshold] = len(list(extract(html, URL).images()))
    assert kept == {0.0: 2, 0.5: 1, 1.1: 0}


def test_no_main_text_no_main_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    assert seen(monkeypatch, f"<body>{IMG}</body>".encode()) == ([], [0.0])


def test_each_feature_has_a_weight_and_each_weight_a_feature() -> None:
    trained = picture_score.model()
    assert len(trained.weights) == len(FEATURES)
    assert 0 < trained.threshold < 1


def test_what_speaks_against_a_picture_weighs_against_it() -> None:
    weights = dict(zip(FEATURES, picture_score.model().weights, strict=True))
    for name in (
        "other_page",
        "repeated",
        "named_promotion",
        "named_person",
        "next_in_links",
        "thumbnail",
        "furniture",
    ):
        assert weights[name] < 0, name
    for name in ("caption", "figure", "large_opening", "lead_opening", "in_paragraph", "follows_main"):
        assert weights[name] > 0, name


def test_a_long_link_is_looked_at_once_for_all_its_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    looked, found = [0], Words.found

    def count(words: Words, strings: Sequence[str]) -> array[int]:
        looked.append(sum(map(len, strings)))
        return found(words, strings)

    monkeypatch.setattr(Words, "found", count)
    links = [f"/{'a' * 8_000}/gallery/x", "/b"]
    many = "".join(f'<a href="{link}">{IMG * 200}</a>' for link in links)
    known, _ = seen(monkeypatch, page(many))
    assert max(looked) < 8_000 + 400 * 200
    assert [one["own_link"] for one in known] == [True] * 200 + [False] * 200
    assert [one["other_page"] for one in known] == [False] * 200 + [True] * 200


def test_training_finds_what_tells_pictures_apart() -> None:
    train = pytest.importorskip("pipelines.pictures.train")
    found = [
        train.Example(n, f"site{n % 7}.org", "fundus", [float(n % 2), float(n % 3)], n % 2 == 1, set())
        for n in range(60)
    ]
    weights, bias = train.fit(found)
    assert weights[0] > 0 > bias
    assert abs(weights[1]) < weights[0] / 10
    scores = train.by_site(found)
    assert all((score > 0.5) == one.main for one, score in zip(found, scores, strict=True))


def test_the_threshold_is_the_lowest_that_is_precise_enough() -> None:
    train = pytest.importorskip("pipelines.pictures.train")
    found = [train.Example(n, f"site{n}.org", "fundus", [], n >= 20, set()) for n in range(100)]
    scores = train.np.array([0.42] * 20 + [0.38] * 10 + [0.9] * 70)
    threshold, recall, precision = train.chosen(found, scores)
    assert (threshold, round(recall, 3), precision) == (0.45, 0.875, 1.0)


def test_of_the_copies_of_one_picture_the_likeliest_is_the_example() -> None:
    train = pytest.importorskip("pipelines.pictures.train")
    found = [train.Example(n, f"site{n}.org", "fundus", [float(n % 2)], n % 2 == 1, set()) for n in range(20)]
    copies = [train.Example(99, "a.org", "fundus", [value], True, {"ferry"}) for value in (0.0, 1.0)]
    assert train.without_copies(found + copies)[20:] == copies[1:]

"""What a URL alone may cost a picture, and what it must not."""

from __future__ import annotations

import pytest

from obelics_like.document import Drop, Image
from obelics_like.errors import OptionError
from obelics_like.images.url_rules import UrlRules, extension, tokens
from tests.images.things import document, drops, kept_urls

OBELICS = ("logo", "button", "icon", "plugin", "widget", "porn", "xxx", "sex")
INNOCENT = [
    "https://a.example/silicon-valley.jpg",
    "https://a.example/lexicon/essex/sussex.png",
    "https://www.visitessex.example/beach.jpg",
    "https://a.example/es/catalogo/psicologo.jpg",
    "https://a.example/pt/log%C3%B3tipos.jpg",
    "https://a.example/apologos/1.jpg",
    "https://icons.example/photo.jpg",
    "https://a.example/photo.jpg?source=widget",
]
GUILTY = [
    "https://a.example/logo.png",
    "https://a.example/img/site-logo@2x.png",
    "https://a.example/img/siteLogo.png",
    "https://a.example/LOGO.PNG",
    "https://a.example/icons/a.png",
    "https://a.example/wp-content/plugins/x/a.png",
    "https://a.example/btn/button3.gif",
    "https://a.example/%6Cogo.png",
]


def run(stage: UrlRules, *images: Image | str, url: str = "https://page.example/a") -> list[str | None]:
    page = document(*images, url=url)
    stage.process([page], stage.open(None))  # type: ignore[arg-type]
    return drops(page)


@pytest.mark.parametrize("url", INNOCENT)
def test_words_inside_other_words_survive_as_tokens(url: str) -> None:
    assert run(UrlRules(banned_words=OBELICS), url) == [None]


@pytest.mark.parametrize("url", GUILTY)
def test_words_of_the_path_fall(url: str) -> None:
    assert run(UrlRules(banned_words=OBELICS), url) == ["banned_url"]


@pytest.mark.parametrize("url", [*INNOCENT[:4], *INNOCENT[6:], GUILTY[0], GUILTY[1]])
def test_substrings_fall_anywhere_as_in_obelics(url: str) -> None:
    assert run(UrlRules(banned_words=(*OBELICS, "Logo"), match="substring"), url) == ["banned_url"]


def test_substrings_mind_the_case_as_in_obelics() -> None:
    assert run(UrlRules(banned_words=OBELICS, match="substring"), "https://a.example/LOGO.PNG") == [None]


def test_the_word_found_is_the_value() -> None:
    page = document("https://a.example/img/Logo.png")
    UrlRules(banned_words=OBELICS, id="u").process([page], None)
    assert page.nodes[1].drop == Drop("u", "banned_url", "logo", None)


def test_names_are_looked_for_in_the_file_name_only() -> None:
    stage = UrlRules(banned_names=("twitter", "facebook", "rss"))
    urls = ["https://a.example/share_twitter.png", "https://a.example/RSS.gif", "https://a.example/rss/photo.jpg"]
    assert run(stage, *urls, "https://a.example/carrsson.jpg") == ["banned_url", "banned_url", None, None]


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://a.example/b.JPG", "jpg"),
        ("https://a.example/b.jpeg?x=1.png#y.gif", "jpeg"),
        ("https://a.example/media/AbC.jpg:large", "jpg"),
        ("https://a.example/b.jpg!thumb", "jpg"),
        ("https://a.example/image.php", "php"),
        ("https://a.example/b.mp4", "mp4"),
        ("https://a.example/photo", None),
        ("https://a.example/dir.d/photo", None),
        ("https://a.example/v1.2", None),
        ("https://a.example/", None),
        ("https://a.example", None),
        ("https://a.example/a.verylongname", None),
        ("http://[broken/a.jpg", None),
    ],
)
def test_extensions(url: str, found: str | None) -> None:
    assert extension(url) == found


def test_only_some_extensions() -> None:
    urls = ["https://a.example/a.PNG", "https://a.example/a.gif", "https://a.example/a"]
    assert run(UrlRules(extensions=("png", ".jpg")), *urls) == [None, "banned_extension", None]
    strict = UrlRules(extensions=("png",), allow_no_extension=False)
    assert run(strict, *urls) == [None, "banned_extension", "banned_extension"]
    assert run(UrlRules(), *urls) == [None, None, None]


def test_schemes() -> None:
    urls = [
        "http://a.example/a",
        "HTTPS://a.example/a",
        "ftp://a.example/a",
        "data:image/gif;base64,R0",
        "file:///a.png",
        "",
    ]
    fallen = [None, None, "not_http", "not_http", "not_http", "not_http"]
    assert run(UrlRules(), *urls) == fallen
    fallen[4] = None
    assert run(UrlRules(), *urls, url="file:///home/x/page.html") == fallen


def test_a_picture_in_the_page_itself_passes_where_it_may() -> None:
    urls = [f"data:image/png;sha256,{'0' * 64}", "data:image/png;sha256,0", "data:image/gif;base64,R0"]
    assert run(UrlRules(), *urls) == ["not_http"] * 3
    assert run(UrlRules(allow_data=True, banned_words=("image",)), *urls) == [None, "not_http", "not_http"]


def test_the_first_of_a_repeated_url_stays() -> None:
    a, b = "https://a.example/a.jpg", "https://a.example/b.jpg"
    assert run(UrlRules(repeats=True), a, b, a, a + "#x") == [None, None, "repeated_url", "repeated_url"]
    assert run(UrlRules(), a, a) == [None, None]


def test_a_fallen_picture_is_nobodys_first_and_stays_as_it_fell() -> None:
    first = Image(0, "https://a.example/a.jpg", drop=Drop("earlier", "x"))
    page = document(first, "https://a.example/a.jpg")
    UrlRules(repeats=True).process([page], None)
    assert first.drop == Drop("earlier", "x")
    assert kept_urls(page) == ["https://a.example/a.jpg"]


def test_repeats_are_counted_page_by_page() -> None:
    pages = [document("https://a.example/a.jpg") for _ in range(2)]
    UrlRules(repeats=True).process(pages, None)
    assert [drops(page) for page in pages] == [[None], [None]]


def test_tokens_are_words_of_any_script() -> None:
    assert tokens("/фото/siteLogo/logótipo_ロゴ-12.jpg") == {"фото", "site", "logo", "logótipo", "ロゴ", "jpg"}


def test_a_match_that_does_not_exist() -> None:
    with pytest.raises(OptionError, match="token, substring"):
        UrlRules(match="glob").check()

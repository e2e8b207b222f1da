"""Teaser cards, lists of posts, and the further articles of an endless page."""

from __future__ import annotations

from tests.extraction.test_main_content import WORDS, kept, prose


def card(number: int) -> str:
    return (
        f"<div class='x{number}'><h3><a href='/{number}'>Story {number} of the harbour</a></h3>"
        f"<p>In story {number} the harbour master tells how she rang the bell.</p></div>"
    )


def test_cards_behind_an_article_are_furniture() -> None:
    texts = kept(f"<main><div>{prose(12)}</div><div>{card(1)}{card(2)}{card(3)}</div></main>")
    assert len(texts) == 12
    assert not any("harbour master" in text for text in texts)


def test_one_card_inside_an_article_is_furniture() -> None:
    assert not any(
        "Story" in text or "story" in text for text in kept(f"<main>{prose(6)}{card(1)}{prose(6, 'barge')}</main>")
    )


def test_a_page_of_cards_is_a_list_of_posts_with_their_headings() -> None:
    texts = kept(f"<main>{''.join(map(card, range(6)))}</main>")
    assert texts[:2] == ["Story 0 of the harbour", "In story 0 the harbour master tells how she rang the bell."]
    assert len(texts) == 12


def test_a_short_post_among_long_ones_of_the_same_name_is_kept_with_its_heading() -> None:
    def posts(name: str) -> list[str]:
        long = "".join(
            f"<div class=post><h2><a href='/{of}'>The {of} in spring</a></h2><div>{prose(9, of)}</div></div>"
            for of in ("barge", "tug")
        )
        return kept(f"<main><h1>ships</h1>{card(1).replace('x1', name)}{long}</main>", "ships")

    assert posts("post")[:3] == [
        "ships",
        "Story 1 of the harbour",
        "In story 1 the harbour master tells how she rang the bell.",
    ]
    assert "Story 1 of the harbour" not in posts("x1")


def test_the_linked_headline_of_a_post_is_no_card() -> None:
    post = f"<div><h2><a href='/fog'>The long fog of March</a></h2><p>{WORDS}.</p></div>"
    comments = f"<div class='notes'>{prose(9)}</div>"
    assert kept(f"<main>{post}{comments}</main>", "The long fog of March")[:2] == ["The long fog of March", f"{WORDS}."]


ENDLESS = (
    "<main><article><h1>The long fog</h1>{0}</article><div class='next'><article><h1>{1}</h1>{2}</article></div></main>"
)


def test_the_next_article_of_an_endless_page_is_another_page() -> None:
    page = ENDLESS.format(prose(5), "Apples cost more", prose(20, "barge"))
    texts = kept(page, "The long fog - Example")
    assert texts[0] == "The long fog"
    assert len(texts) == 6


def test_articles_stay_where_the_title_names_none_of_them() -> None:
    page = ENDLESS.format(prose(9), "Apples cost more", prose(9, "barge"))
    assert len(kept(page, "Example")) == 20


def test_sections_with_headlines_are_one_article() -> None:
    page = (
        f"<article><section><h1>The long fog</h1>{prose(5)}</section>"
        f"<section><h1>What came then</h1>{prose(5, 'barge')}</section></article>"
    )
    assert len(kept(page, "The long fog - Example")) == 12


def test_a_headline_behind_prose_is_a_heading_of_it() -> None:
    page = (
        f"<article><h1>The long fog</h1><p>{WORDS}.</p><p>{WORDS[7:]}, and she laughed.</p></article>"
        f"<div class='article'>{prose(5)}<h1>How it ended</h1>{prose(5, 'barge')}</div>"
    )
    assert len(kept(page, "The long fog - Example")) > 10

"""The words of a page: the same with and without pictures, of a known kind, whole in every script."""

from __future__ import annotations

import re
import sys
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obelics_like import build
from obelics_like.document import Document, Text
from obelics_like.extraction.texts import _JOINS, composed, tidy, without_invisible, without_invisible_each
from obelics_like.store.folder import Output
from tests.conftest import REPOSITORY
from tests.extraction.test_cases import run

URL = "https://example.org/news/story.html"
PAGES = sorted((REPOSITORY / "samples" / "pages").rglob("*.html"))
PICTURE = re.compile(rb"<(?:amp-)?img\b(?:\"[^\"]*\"|'[^']*'|[^>\"'])*>", re.I)


def letters(document: Document, kept: bool) -> str:
    """All letters of the texts in their order: where a picture splits a paragraph, there are two of them."""
    texts = (node for node in document.nodes if isinstance(node, Text) and not (kept and node.drop))
    return "".join("".join(node.text.split()) for node in texts)


@pytest.mark.parametrize("main", ["ours", "tags", "all"])
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_real_pages_say_the_same_without_their_pictures(path: Path, main: str) -> None:
    html = path.read_bytes()
    with_them, without = (run(page, URL, main=main) for page in (html, PICTURE.sub(b"", html)))
    for kept in (False, True):
        assert letters(with_them, kept) == letters(without, kept)


WORDS = st.lists(st.sampled_from(["ferry", "fog", "harbour", "apples", "children", "bell", "captain"]), min_size=1)
SENTENCES = st.lists(WORDS, min_size=1, max_size=40).map(lambda all: " ".join(f"{' '.join(w).title()}." for w in all))
PIECES = st.tuples(st.sampled_from(["p", "div", "li", "blockquote", "h2", "td", "figcaption", "pre"]), SENTENCES)
PICTURES = st.sampled_from(
    [
        "<img src='/ferry-in-fog.jpg' width=640 height=480>",
        "<img src='data:image/gif;base64,R0' data-src='/harbour.jpg'>",
        "<img src='/pixel.gif' width=1 height=1>",
        "<img srcset='/a.jpg 300w, /b.jpg 900w' alt='Words in an alt'>",
        "<amp-img src='/bell.jpg' width=400 height=300>",
    ]
)
PLACED = st.lists(st.tuples(st.integers(0, 5), PIECES, PICTURES, st.floats(0, 1)), min_size=1, max_size=12)


@settings(max_examples=120)
@given(PLACED, st.sampled_from(["ours", "tags", "all"]))
def test_generated_pages_say_the_same_without_their_pictures(
    placed: list[tuple[int, tuple[str, str], str, float]], main: str
) -> None:
    pages = []
    for shown in (True, False):
        html = "<article><h1>Fog</h1>"
        for where, (tag, words, picture, share) in ((a, (*b, c, d)) for a, b, c, d in placed):
            at = words.rfind(" ", 0, int(len(words) * share) + 1) + 1  # between two words, or before them all
            picture = picture if shown else ""
            inside = words[:at] + picture + words[at:] if where % 2 else words
            html += f"<{tag}>{inside}</{tag}>" + ("" if where % 2 else picture)
        pages.append(run(html.encode(), URL, main=main))
    for kept in (False, True):
        assert letters(pages[0], kept) == letters(pages[1], kept)


def test_a_corpus_says_the_same_with_and_without_pictures(tmp_path: Path) -> None:
    recipe = tmp_path / "texts.toml"
    stages = {"sources": "sources.archive", "extract": "extract.nodes", "archive": "images.archive"}
    told = "".join(f'[[stage]]\nid = "{name}"\nuse = "{use}"\n\n' for name, use in stages.items())
    recipe.write_text(f'[recipe]\nname = "texts"\npaper = "none"\n\n{told}')
    said = []
    for images in ("none", "warc"):
        out = tmp_path / images
        build(crawl(), out, recipe=recipe, images=images, engine="inline", workers=1)
        found = {document.id: [node.text for node in document.texts()] for document in Output(out).documents()}
        said.append(found)
    assert said[0] == said[1]
    assert sum(map(len, said[0].values())) > 50


def crawl() -> Path:
    return REPOSITORY / "samples" / "crawl" / "crawl-1.warc.gz"


def test_a_block_keeps_its_kind() -> None:
    html = (
        "<h2>Head</h2><p>Para</p><ul><li>Item<p>more</ul><table><caption>Cap</caption><tr><th>Cell<td>cell</table>"
        "<pre>code</pre><blockquote><p>Quote</blockquote><figure><img src=/x.jpg><figcaption>Said</figcaption></figure>"
        "<dl><dt>Term<dd>is</dl><details><summary>Sum</summary>open</details><address>Road</address><div>Div</div>"
    )
    nodes = [(node.text, node.block) for node in run(html.encode(), URL, main="all").texts()]
    assert nodes == [
        ("Head", "h2"), ("Para", "p"), ("Item", "li"), ("more", "li"), ("Cap", "caption"), ("Cell", "th"),
        ("cell", "td"), ("code", "pre"), ("Quote", "blockquote"), ("Said", "figcaption"), ("Term", "dt"), ("is", "dd"),
        ("Sum", "summary"), ("open", "div"), ("Road", "p"), ("Div", "div"),
    ]  # fmt: skip


def test_every_letter_that_unicode_has_in_one_is_one() -> None:
    count = 0
    for code in range(sys.maxunicode + 1):
        letter = chr(code)
        if 0xAC00 < code <= 0xD7A3 and code % 97:  # a part of the 11,172 syllables of Hangul
            continue
        apart = unicodedata.normalize("NFD", letter) if unicodedata.decomposition(letter) or code >= 0xAC00 else letter
        if apart != letter and unicodedata.normalize("NFC", apart) == letter:
            assert composed(f"x{apart}y") == f"x{letter}y", hex(code)
            count += 1
        elif apart != letter:  # a singleton, or one that NFC takes apart
            assert composed(f"x{letter}y") == f"x{letter}y", hex(code)
    assert count > 900


@settings(max_examples=300)
@given(st.text())
def test_joined_letters_are_the_same_text(text: str) -> None:
    joined = composed(text)
    assert unicodedata.normalize("NFC", joined) == unicodedata.normalize("NFC", text)
    assert len(joined) <= len(text)
    assert composed(joined) == joined
    plain = tidy(text.replace("\x01", ""))
    assert tidy(plain) == plain


HIDDEN = st.text(
    "aA .\n\u00ad\u200b\u200d\u200e\U0001f3f4\U000e0041\U000e007f\U000e0001\ufffc\u0e01\x03\x7f\u0301\xa0\u2003\u061c"
)


@settings(max_examples=500)
@given(st.lists(HIDDEN))
def test_texts_lose_together_what_each_of_them_loses(texts: list[str]) -> None:
    assert without_invisible_each(texts) == [without_invisible(text) for text in texts] or not texts


def test_a_letter_of_a_million_marks_costs_no_time() -> None:
    start = time.process_time()
    composed("e" + "\u0301\u0316" * 500_000)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("html", "want"),
    [
        (
            "<x-a><template shadowrootmode=open><p>shown</p></template><p>light</p></x-a><p>next",
            ["shown", "light", "next"],
        ),
        ("<x-a><TEMPLATE id=t shadowrootmode='closed'>shown</TEMPLATE></x-a>", ["shown"]),
        ("<template><p>a mould</p></template><p>next", ["next"]),
        ("<template id=t title='shadowrootmode'><p>a mould</p></template><p>next", ["next"]),
        ("<template><x-a><template shadowrootmode=open>a mould</template></x-a></template><p>next", ["next"]),
    ],
)
def test_a_shadow_tree_is_shown_and_a_mould_is_not(html: str, want: list[str]) -> None:
    assert [node.text for node in run(html.encode(), URL, main="all").texts()] == want


def test_an_alternative_text_is_tidied_too() -> None:
    html = "<p>x<img src=/ferry.jpg alt='  Fa\u0308h&shy;re\n im Nebel' title='&#xE0041;&#xfeff;Morgens'>"
    (image,) = run(html.encode(), URL, main="all").images()
    assert (image.alt, image.title) == ("Fähre im Nebel", "Morgens")


def test_every_mark_that_joins_a_letter_is_noted_in_a_page() -> None:
    marks = [chr(c) for c in range(0x300, sys.maxunicode) if _JOINS.match(chr(c))]
    texts = [f"mark {number} \u0928{mark} e{mark} \u03b1{mark} {mark}" for number, mark in enumerate(marks)]
    document = run("".join(f"<p>{text}</p>" for text in texts).encode(), URL, main="all")
    assert [node.text for node in document.nodes if isinstance(node, Text)] == [composed(text) for text in texts]
    assert len(texts) > 100

"""The walk over lexbor's nodes and the one over what it writes out tell the same; what only one of them sees."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence

import pytest

from obelics_like.extraction import head, lexbor, scan
from obelics_like.extraction.rights import _BOT, is_robot
from tests.extraction.test_cases import FILES, read

LIMITS = 200_000, 1_000
ODD = (
    "<p>a&amp;b &lt;c&gt; &nbsp;d &#1; e&shy;f\u200bg</p><p>one<!-- x -->two<br>three <br><br>four</p>",
    "<a href='/x?a=1&amp;b=2'><picture><source srcset='a.jpg 2x, b.jpg'><source type=video/mp4 src=c>"
    "<img src='d.jpg' alt='&quot;&lt;&nbsp;&gt;'></picture></a><picture><source srcset=e.jpg></picture>",
    "<pre>\n a\n<div>b</div>c<br>d</pre><xmp><b>&amp;</b></xmp><blockquote class='a123 tweet&amp;b'>x</blockquote>",
    "<svg><title>s</title><image xlink:href='f.png'/><g><link>x</link></g></svg><template><p>no</p></template><p>yes",
    "<title>t &amp; <b></title><script type='application/ld+json'>{\"a\": \"</b>&amp;\"}</script><base href='/b'>",
    "<video poster=g.jpg><img src=h.jpg></video><object data=i.png>x</object><noscript><img src=j.jpg></noscript>",
    "<div style='background:url(k.png);display:none' hidden role=navigation><section><h1 id=l>m</h1></section></div>",
    "<table><tr>n<td>o<tbody><b><p>q</b>r<table>s</table>",
    "<p>a<plaintext>b <b>c &amp;amp; d</plaintext> e",
    "<table><plaintext>a<b>",
    "<math><xmp>a <mi>b &amp;lt; <mo>+</mo></mi> c &amp;amp; d</xmp>e<mi>f</mi></math>g",
    "<math><plaintext>a <mi>b &amp;lt;</mi> c &amp;amp; d\n</plaintext>e</math><p>f",
    "<math><xmp>a<xmp>b</xmp>c</xmp><mtext><xmp><b>&amp;</xmp>d</mtext>&amp;e</math>f",
    "<math><plaintext><mi><plaintext>a<b></plaintext>c",
    "<math><style>a<mi>b</mi><style>c</style>d</style>e<script>f<script>g</script>h</script>i</math>j",
    "<svg><style><image href=a.png></style><image href=b.png></svg>c<svg><desc><xmp><b></xmp></desc></svg>d",
    "<math><annotation-xml encoding=text/html><xmp><b></xmp></annotation-xml>",
    "",
)


def _told(
    walker: scan.Walker, html: bytes, beginnings: Sequence[tuple[int, int]] = (), templates: bool = False
) -> dict[str, object]:
    rows = walker.rows(html, *LIMITS, beginnings=beginnings, templates=templates)
    return {name: getattr(rows, name) for name in rows.__slots__}


@pytest.fixture(scope="module")
def walkers() -> tuple[scan.Walker, scan.Walker]:
    nodes, markup = scan.Walker(), scan.Walker()
    markup.dom = None
    return nodes, markup


def test_lexbor_is_called_where_it_lies(walkers: tuple[scan.Walker, scan.Walker]) -> None:
    assert walkers[0].dom is not None


@pytest.mark.parametrize("html", ODD)
def test_both_ways_tell_the_same_of_odd_markup(walkers: tuple[scan.Walker, scan.Walker], html: str) -> None:
    nodes, markup = (_told(walker, html.encode()) for walker in walkers)
    assert nodes == markup


@pytest.mark.parametrize(
    ("text", "tag", "taken_for"),
    [
        ("<math><xmp>a &lt;mi>b&lt;/mi>", "<math><xmp>a <mi>b</mi>", "tag"),
        ("<math><plaintext>a &lt;mi>b&lt;/mi>", "<math><plaintext>a <mi>b</mi>", "tag"),
        ("<p><i></i></p><plaintext><i>a</i>", "<p><i></p><plaintext>a", "text"),
    ],
)
def test_what_is_written_alike_is_told_apart_by_nodes_alone(
    walkers: tuple[scan.Walker, scan.Walker], text: str, tag: str, taken_for: str
) -> None:
    assert lexbor.written(text.encode()) == lexbor.written(tag.encode())
    of_nodes, of_markup = ([walker.rows(page.encode(), *LIMITS).texts for page in (text, tag)] for walker in walkers)
    assert of_nodes[0] != of_nodes[1]
    assert of_markup == [of_nodes[taken_for == "tag"]] * 2


def test_both_ways_tell_the_same_of_each_case(walkers: tuple[scan.Walker, scan.Walker]) -> None:
    for file in FILES:
        nodes, markup = (_told(walker, read(file)[0]) for walker in walkers)
        assert nodes == markup


def test_pages_are_read_where_lexbor_shows_no_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexbor, "_CALLED", ("lxb_no_such_function",))
    lexbor.functions.cache_clear()
    try:
        walker = scan.Walker()
        assert walker.dom is None
        assert walker.rows(b"<p>fog", *LIMITS).texts == ["fog"]
    finally:
        lexbor.functions.cache_clear()


def test_plain_text_is_read_as_it_stands(walkers: tuple[scan.Walker, scan.Walker]) -> None:
    assert walkers[0].rows(b"<plaintext>a <b>c", *LIMITS).texts == ["a <b>c"]


def test_containers_end_behind_what_is_in_them(walkers: tuple[scan.Walker, scan.Walker]) -> None:
    rows = walkers[0].rows(b"<div><p>a<p>b</div><ul><li>c</ul>", *LIMITS)
    for at in range(1, len(rows.parents)):
        inside = [c for c in range(1, len(rows.parents)) if _is_in(rows.parents, c, at)]
        assert inside == list(range(at, rows.ends[at]))


def _is_in(parents: list[int], container: int, other: int) -> bool:
    while container > other:
        container = parents[container]
    return container == other


def test_the_depth_of_templates_is_held_to_the_budget(walkers: tuple[scan.Walker, scan.Walker]) -> None:
    html = b"<template>" + b"<div>" * 2_000
    with pytest.raises(scan.OverBudget):
        walkers[0].rows(html, *LIMITS, beginnings=[(len(html), 1_000)], templates=True)


def test_a_page_is_the_same_when_it_is_parsed_piece_by_piece(walkers: tuple[scan.Walker, scan.Walker]) -> None:
    for html in [*(odd.encode() for odd in ODD), *(read(file)[0] for file in FILES)]:
        ends = [(place.start(), 1_000) for place in re.finditer(rb"<(?=/?[a-z])", html)]
        for templates in (False, True):
            assert _told(walkers[0], html, ends, templates) == _told(walkers[0], html)


def test_a_beginning_is_held_to_the_budgets_of_elements_and_depth(walkers: tuple[scan.Walker, scan.Walker]) -> None:
    deep, many = b"<div>" * 70 + b"</div>" * 70, b"<br>" * 70
    for html, rule in [(deep, "too_deep"), (many, "too_many_elements")]:
        for walker in walkers:
            walker.rows(html, 80, 80, beginnings=[(len(html) // 4, 80)])
            for ends in ([(len(html) // 2, 50)], [(10, 50), (len(html) // 2, 50)]):
                with pytest.raises(scan.OverBudget) as over:
                    walker.rows(html, 80 if rule == "too_deep" else 35, 50, beginnings=ends)
                assert over.value.args[0] == rule


def test_a_page_of_many_pictures_is_over_its_budget(walkers: tuple[scan.Walker, scan.Walker]) -> None:
    for walker in walkers:
        assert len(walker.rows(b"<img src=a.jpg>" * 9, *LIMITS, max_pictures=9).pictures) == 9
        with pytest.raises(scan.OverBudget) as over:
            walker.rows(b"<img src=a.jpg>" * 10, *LIMITS, max_pictures=9)
        assert over.value.args == ("too_many_pictures", 10, 9)


def test_a_link_is_told_once_for_all_its_pictures(walkers: tuple[scan.Walker, scan.Walker]) -> None:
    html = b"<a href='/%s'>%s</a><a href='/b'><img src=b.jpg></a>" % (b"x" * 8_000, b"<img src=a.jpg>" * 500)
    for walker in walkers:
        rows = walker.rows(html, *LIMITS)
        assert len(rows.told) < 50_000
        assert [rows.link(*row[5:7]) for row in rows.pictures[-2:]] == ["/" + "x" * 8_000, "/b"]


def test_a_void_element_is_no_level(walkers: tuple[scan.Walker, scan.Walker]) -> None:
    html = b"<div>" * 8 + b"<br><img src=a.jpg>"  # html, body and eight more
    for walker in walkers:
        assert len(walker.rows(html, 100, 10).pictures) == 1
        with pytest.raises(scan.OverBudget):
            walker.rows(html + b"<b>", 100, 10)


def test_a_picture_tells_its_values_in_order_and_what_else_may_hold_an_address(
    walkers: tuple[scan.Walker, scan.Walker],
) -> None:
    html = b"<img style='width:9px' id=x src='a.jpg' title=t width=8 alt='b &amp; c'><img src=d.jpg id=y "
    html += b"data-src=e.jpg loading=lazy srcset='f.jpg 2x'><picture><source srcset=g.jpg></picture>"
    for walker in walkers:
        rows = walker.rows(html, *LIMITS)
        plain, lazy, empty = rows.pictures
        assert rows.values(*plain[2:4]) == ["a.jpg", "b & c", "t", "", "8", "", "width:9px"]
        assert rows.values(*lazy[2:4]) == ["d.jpg", *[""] * 6, "data-src", "e.jpg", "srcset", "f.jpg 2x"]
        assert rows.values(*empty[2:4]) == [""] * 7, "a picture without an img"


def test_only_links_that_state_a_fact_are_told_of(walkers: tuple[scan.Walker, scan.Walker]) -> None:
    html = (
        b"<link rel='x LICENSE' href=/a><link rel=stylesheet href=/license.css><link hreflang=de rel=alternate href=/c>"
    )
    for walker in walkers:
        rows = walker.rows(html, *LIMITS)
        assert [rows.values(*place)[0] for _, *place in rows.metas] == ["/a", "/c"]


CRAWLERS = ["googlebot", "GPTBot", "baiduspider", "x.crawler", "slurp", "teoma", "google-extended", "anthropic-ai"]


@pytest.mark.parametrize(
    "said", ["name={} content=x", "content=x property=' {}\n' name=y", "itemprop={} content=x name"]
)
def test_only_meta_tags_that_are_asked_for_or_speak_to_crawlers_are_told_of(
    walkers: tuple[scan.Walker, scan.Walker], said: str
) -> None:
    told = [*sorted(head.ASKED), *CRAWLERS, "DATE", "chatgpt-user", "d\u00e4te", "&amp;"]
    passed = ["viewport", "generator", "og:type", "dat", "og:image:width", "", "x" * 100]
    for walker in walkers:
        for names, count in ((told, len(told)), (passed, 0)):
            html = "".join(f"<meta {said.format(name)}>" for name in names)
            assert len(walker.rows(html.encode(), *LIMITS).metas) == count
        assert not walker.rows(b"<meta name=date><meta name=robots content=''><meta content=x>", *LIMITS).metas


def test_all_names_of_meta_tags_that_facts_are_made_of_are_asked_for() -> None:
    named = re.findall(r'meta\.get\("([^"]+)"', inspect.getsource(head))
    assert len(named) > 10
    assert head.ASKED.issuperset(named)


def test_all_names_of_crawlers_are_told_of(walkers: tuple[scan.Walker, scan.Walker]) -> None:
    named = [word for word in re.findall("[a-z][a-z-]+", _BOT.pattern) if is_robot(word, "noindex")]
    assert len(named) > 6
    html = "".join(f"<meta name={word} content=noindex>" for word in (*named, *CRAWLERS))
    for walker in walkers:
        assert len(walker.rows(html.encode(), *LIMITS).metas) == len(named) + len(CRAWLERS)

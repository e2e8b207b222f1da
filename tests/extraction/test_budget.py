"""What a page may cost is told before it is parsed, and never as less than the parser finds."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from obelics_like.extraction import scan
from obelics_like.extraction.budget import FEW_FORMATTED, FEW_TAGS, GROWTH, MANY_NAMED, beginnings, cloned, names, tags
from obelics_like.extraction.texts import listed

MANY = b" ".join(b"a%d" % number for number in range(3_000))


@pytest.mark.parametrize(
    "html",
    [
        b"<a " + MANY + b">x</a>",
        b"<a x='<' " + MANY + b">x</a>",
        b'<a x="<p y=" ' + MANY + b">x</a>",
        b"<a " + b" ".join(b"<b%d" % number for number in range(3_000)) + b">x</a>",
        b'<!-- <a x=" --><a ' + MANY + b">x</a>",
        b"<script>if (a<b) x='</script><a " + MANY + b">x</a>",
        b"<a " + b"".join(b'a%d=">"' % number for number in range(3_000)) + b">x</a>",
        b"<a/" + b"/".join(b"a%d" % number for number in range(3_000)),
    ],
    ids=["plain", "behind <", "behind a quote", "names of <", "behind a comment", "behind a script", "quoted >", "cut"],
)
def test_an_element_of_many_attributes_is_found_wherever_it_hides(html: bytes) -> None:
    assert 2_000 < tags(html, 2_000).attributes <= 2_002
    assert 3_000 <= tags(html, 10_000).attributes <= 3_010


PIECES = st.sampled_from(
    [
        "<a",
        "<p ",
        "<!--",
        "-->",
        "<script>",
        "</script>",
        ">",
        "/",
        "=",
        '"',
        "'",
        " ",
        "\n",
        "x",
        "y1",
        "=z",
        "<",
        "</p",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=40))
def test_it_is_never_less_than_the_parser_finds(pieces: list[str]) -> None:
    html = "".join(pieces)
    root = LexborHTMLParser(html).root
    most = max((len(node.attributes) for node in root.traverse()), default=0) if root else 0
    assert tags(html.encode(), 1_000).attributes >= most


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=40))
@example(["<a", ">", "<a", "=z", ">"])
def test_no_more_attributes_and_names_are_found_than_was_told(pieces: list[str]) -> None:
    html = "".join(pieces)
    root = LexborHTMLParser(html).root
    nodes = list(root.traverse()) if root else []
    known = tags(html.encode(), 1_000)
    # an `<a>` that is left open is taken up again: `cloned` bounds that
    assert known.all_attributes >= sum(len(node.attributes) for node in nodes if node.tag != "a")
    found = {name for node in nodes for name in (node.tag, *node.attributes)} - {"html", "head", "body"}
    many = known._replace(number=MANY_NAMED + 1)  # they are counted in long pages only
    assert names(html.encode(), many, 1_000) >= len(found - {"-text", "-comment", "-undef"})


def test_names_are_told_apart_and_counted_to_what_is_enough() -> None:
    html = b"<p a B=1 c='d'></p><P b><x-y/e><x-y></x-y>"
    many = tags(html, 100)._replace(number=MANY_NAMED + 1)
    assert names(html, many, 100) == len(["a", "b", "c", "e"]) + len(("p", "x-y"))
    assert names(html, many, 3) == 4
    assert names(html, tags(html, 100), 100) == 0


def test_names_of_document_types_are_counted_where_there_are_many() -> None:
    html = (
        b"<!doctype html><!DOCTYPE\nhtml><!doctypea/1 x><!doctype a/2><!doctype><!doc b><!-- <!doctype c> --><!doctype"
    )
    many = tags(html, 100)._replace(number=MANY_NAMED + 1)
    assert names(html, many, 100) == len(["html", "a/1", "a/2", ">", "c"])
    long = b"".join(b"<!doctype a%d>" % i for i in range(MANY_NAMED + 1))
    assert names(long, tags(long, 100), 100) == 101
    few = long[: long.index(b"a49999")]
    assert tags(long, 100).declarations == MANY_NAMED + 1
    assert names(few, tags(few, 100), 100) == 0


def test_end_tags_have_attributes_too() -> None:
    assert tags(b"<p></p " + MANY + b">", 2_000).attributes > 2_000
    assert tags(b"<p></p a b><b></b ></i\n>", 100).all_attributes >= 2


FORMATTING = listed("a nobr b i font code")
BLOCKS = listed("p div table tr td button marquee svg desc select li template caption img br")
MARKS = st.sampled_from(
    [
        *(f"<{name} class={'x' * long}{kind}>" for name in FORMATTING for long in (3, 200) for kind in (0, 1)),
        *(f"<{name}>" for name in BLOCKS),
        *(f"</{name}>" for name in (*FORMATTING, *BLOCKS)),
        "x",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(MARKS, max_size=30), st.lists(MARKS, max_size=6), st.sampled_from([1, 20, 100]))
@example([], [f"<a class={'x' * 200}0>", f"<nobr class={'x' * 200}0>", "<button>"], 20)  # one of each is taken up again
def test_no_more_formatting_is_copied_than_was_told(pieces: list[str], again: list[str], times: int) -> None:
    html = "".join(pieces + again * times)
    root = LexborHTMLParser(html).root
    open_ones = [node for node in root.traverse() if node.tag in FORMATTING] if root else []
    found = sum(len(name) + len(value or "") + 1 for node in open_ones for name, value in node.attributes.items())
    assert found <= len(html) + cloned(tags(html.encode(), 10_000), 200_000)


def test_names_that_only_begin_like_formatting_are_none() -> None:
    known = tags(b"<script>if(a<b&&c)x()</script><article><br><bold><I x><font>", 100)
    assert (known.formatting, known.longest_link) == (2, 0)
    assert tags(b"<img a><imgs a><br/></p>", 100).closing == 2


@pytest.mark.parametrize(
    ("html", "count"), [("<Template><p><template a=b></template", 2), ("<temp><late></template>", 0)]
)
def test_templates_are_counted(html: str, count: int) -> None:
    assert tags(html.encode(), 100).templates == count


@pytest.mark.parametrize("option", ["<option selected>x", "<option disabled>x"])
def test_many_options_cost_no_more_than_other_elements(option: str) -> None:
    started = process_time()
    scan.Walker().rows(b"<select>" + option.encode() * 30_000, 200_000, 1_000)
    assert process_time() - started < 1  # 4.6 and 15 seconds where each chose among those before it


@pytest.mark.parametrize("html", [b"<p>" * 50_000, b"<p><b></b>" * 900, b"<b>" * 40_000], ids=["deep", "bold", "fonts"])
def test_the_first_beginning_is_one_that_needs_no_trying_and_each_is_little_longer(html: bytes) -> None:
    known = tags(html, 100)
    counts = [tags(html[:length], 100).number for length, _ in beginnings(html, known)]
    first = counts[0]
    assert first == 1_000 or max(first / FEW_TAGS, first * known.formatting / FEW_FORMATTED) <= 1
    assert all(longer <= GROWTH * shorter for shorter, longer in zip(counts, [*counts[1:], known.number]))
    assert first == FEW_TAGS or known.formatting > 0

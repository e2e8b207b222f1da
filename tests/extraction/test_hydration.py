"""Articles that stand in a page's script data only."""

from __future__ import annotations

import json
import time

import pytest

from obelics_like.document import Image, Text
from obelics_like.extraction import extract
from obelics_like.extraction.hydration import article_markup

URL = "https://example.org/news/story.html"
MARKUP = "<h2>Fog</h2><p>The ferry left the harbour at six in the morning, with forty people on board — and apples.</p>"


def pushed(*rows: str) -> str:
    """The rows as a stream cut into pieces at odd places, as a server sends them."""
    stream = "".join(rows)
    pieces = [stream[at : at + 37] for at in range(0, len(stream), 37)]
    return "".join(f"<script>self.__next_f.push([1,{json.dumps(piece)}])</script>" for piece in pieces)


def row(number: int, text: str) -> str:
    return f"{number:x}:T{len(text.encode()):x},{text}"


@pytest.mark.parametrize(
    "data",
    [
        pushed('1:I[13578,[],""]\n', row(36, MARKUP), '9:{"a":"b"}\n'),
        pushed(row(35, "no markup, and 4:T9,looks like a row"), row(36, MARKUP)),
        f"<script id=__NEXT_DATA__ type='application/json'>{json.dumps({'props': [{'html': MARKUP}]})}</script>",
    ],
)
def test_markup_in_script_data_is_the_page_where_there_is_no_other_text(data: str) -> None:
    document = extract(f"<title>Fog</title><div id=root></div>{data}".encode(), URL)
    assert [node.text for node in document.kept if isinstance(node, Text)] == [
        "Fog",
        "The ferry left the harbour at six in the morning, with forty people on board — and apples.",
    ]
    assert document.facts["title"] == "Fog"


def test_pictures_of_the_markup_keep_their_place() -> None:
    html = pushed(row(36, f"{MARKUP}<img src='/ferry.jpg'>{MARKUP.replace('six', 'two')}"))
    kept = extract(html.encode(), URL).kept
    assert [type(node) for node in kept] == [Text, Text, Image, Text]


def test_the_body_that_json_ld_states_is_the_last_resort() -> None:
    stated = {"@type": "NewsArticle", "articleBody": "The ferry left <late>.\nAnd the fog held until the bell rang."}
    html = f"<script type='application/ld+json'>{json.dumps(stated)}</script>"
    assert [node.text for node in extract(html.encode(), URL).texts()] == [
        "The ferry left <late>.",
        "And the fog held until the bell rang.",
    ]


def test_script_data_says_nothing_where_the_page_has_text() -> None:
    html = f"<p>The ferry left the harbour late, said the captain.</p>{pushed(row(36, MARKUP))}"
    assert [node.text for node in extract(html.encode(), URL).nodes if isinstance(node, Text)] == [
        "The ferry left the harbour late, said the captain."
    ]


@pytest.mark.parametrize(
    "html",
    [
        b'self.__next_f.push([1,"' + b'\\"' * 500_000,
        b"<script type=application/json>" * 40_000,
        b'self.__next_f.push([1,"' * 40_000,
        b'self.__next_f.push([1,"' + b"1:T1," * 200_000 + b'"])',
        b'self.__next_f.push([1,"1:Tfffffff,"])' * 40_000,
        b"<script type=application/json>" + b"[" * 1_000_000 + b"</script>",
        b"<script type=application/json>{</script>" * 40_000,
        b'<script type=application/json>"\\ud800<p>"</script>',
    ],
)
def test_hostile_data_costs_little_and_raises_nothing(html: bytes) -> None:
    start = time.process_time()
    article_markup(html)
    assert time.process_time() - start < 2

"""Boxes amid the text that ask for something, and those that only look like it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obelics_like.document import Text
from obelics_like.extraction import boxes, extract

ASK = "<p>Der Brief am Morgen bringt Ihnen jeden Tag, was in der Nacht geschehen ist.</p>"
CONSENT = "<p>Hier steht ein fremder Inhalt.</p>%s<p>Ich bin damit einverstanden, dass er gezeigt wird.</p>"


def kept(box: str) -> str:
    text = "".join(
        f"<p>On day {n} the ferry left the harbour at six, with {n} people on board, and apples.</p>" for n in range(20)
    )
    page = f"<html><body><article>{text}{box}{text.replace('ferry', 'barge')}</article></body></html>"
    return "\n".join(
        node.text for node in extract(page.encode(), "https://example.org/a.html").kept if isinstance(node, Text)
    )


def test_a_text_with_a_button_is_no_text() -> None:
    assert "Brief am Morgen" not in kept(f"<div>{ASK}<a href='/abo'>Jetzt lesen</a></div>")
    assert "Brief am Morgen" not in kept(f"<div>{ASK}<button>Jetzt lesen</button></div>")
    assert "Brief am Morgen" not in kept(f"<div><h3>Newsletter</h3>{ASK}<form>E-Mail <input></form></div>")
    assert "Brief am Morgen" in kept(f"<div>{ASK}</div>")


def test_what_waits_for_consent_is_no_text() -> None:
    assert "fremder Inhalt" not in kept(f"<div>{CONSENT % '<label>Zeigen</label>'}</div>")


def test_an_accordion_is_text() -> None:
    item = "<h3><button>Question %d?</button></h3><p>The answer to that is written down here, number %d.</p>"
    text = kept(f"<div><h2>Questions</h2>{''.join(item % (n, n) for n in range(4))}</div>")
    assert "written down here, number 2." in text


def test_a_list_a_table_and_a_quote_with_a_link_are_text() -> None:
    link = "<p><a href='/x'>Print</a></p>"
    assert "four eggs" in kept(f"<div><p>You need this:</p><ul><li>four eggs from the island</li></ul>{link}</div>")
    assert "12 knots" in kept(f"<div><table><tr><td>Her speed was 12 knots at best</td></tr></table>{link}</div>")
    assert "sang on deck" in kept(f"<blockquote><p>We sang on deck until noon.</p>{link}</blockquote>")


def test_a_page_of_boxes_is_text() -> None:
    boxes = "".join(
        f"<div><p>On day {n} the tug came home early, and nobody on the pier knew why.</p><a href='/{n}'>More</a></div>"
        for n in range(20)
    )
    assert "On day 7 the tug" in kept(boxes)


def test_a_heading_beside_a_button_is_text() -> None:
    assert "The second day" in kept("<div><h2>The second day</h2><button>Copy</button></div>")


def test_a_stand_in_for_a_post_of_elsewhere_is_no_text() -> None:
    post = "<blockquote><div><div>View this post over there</div><a href='/p'>By A. Body</a></div></blockquote>"
    assert "View this post" not in kept(post)
    quote = post.replace(
        "View this post over there", "We sang on deck until noon, and then we slept until the sun was gone."
    )
    assert "sang on deck" in kept(quote)


def test_a_page_of_nothing_but_buttons_is_judged_in_time() -> None:
    deep = "<div>" * 300 + "<div><a href='/x'>More</a></div><button>x</button>" * 3000 + "</div>" * 300
    start = time.process_time()
    kept(f"<div>{deep}</div>")
    assert time.process_time() - start < 2


PIECES = st.sampled_from(
    [
        "<div>",
        "</div>",
        ASK,
        "<p>word",
        "<p><a href=/x>More</a>",
        "<button>Go</button>",
        "<form><label>Name</label>",
        "</form>",
        "<h3>Newsletter</h3>",
        "<li>four eggs",
        "<blockquote><p>We sang on deck until noon, and none of us was tired.</p></blockquote>",
        "<blockquote>short</blockquote>",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=40))
def test_a_box_of_many_paragraphs_is_judged_as_one_of_few(pieces: list[str]) -> None:
    few = kept("".join(pieces))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(boxes, "MANY", 0)
        assert kept("".join(pieces)) == few

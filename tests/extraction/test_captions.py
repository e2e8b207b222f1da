"""Which picture a text belongs to, told from where it stands."""

from __future__ import annotations

from obelics_like.extraction.captions import captions
from obelics_like.extraction.scan import Walker
from obelics_like.extraction.walk import Walked


def _walked(html: str) -> Walked:
    return Walked(Walker().rows(html.encode(), 1_000, 100))


def test_text_in_what_is_named_a_picture_is_a_caption_only_where_it_is_judged_to_be_one() -> None:
    walked = _walked("<div class=photo><img src=/ferry.jpg><div>The ferry at noon</div></div>")
    [text] = walked.blocks
    assert captions(walked) == {}
    assert captions(walked, frozenset((text,))) == {0: "The ferry at noon"}


def test_what_is_named_a_caption_needs_no_judgement() -> None:
    walked = _walked("<div class=photo><img src=/ferry.jpg><div class=caption>The ferry at noon</div></div>")
    assert captions(walked) == {0: "The ferry at noon"}

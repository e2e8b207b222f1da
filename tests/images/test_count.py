"""How many pictures a page must and may have."""

from __future__ import annotations

import pytest

from obelics_like.document import Drop
from obelics_like.errors import OptionError
from obelics_like.images.count import CountImages
from tests.images.things import document, drops, placed


@pytest.mark.parametrize(
    ("count", "rule"), [(0, "no_images"), (1, None), (2, None), (3, "too_many_images"), (9, "too_many_images")]
)
def test_limits(count: int, rule: str | None) -> None:
    page = document(*["https://a.example/x"] * count)
    CountImages(min_images=1, max_images=2, id="images.count").process([page], None)
    assert (page.drop.rule if page.drop else None) == rule
    assert page.drop is None or page.drop.value == count


def test_no_limit_no_drop() -> None:
    pages = [document(), document(*["https://a.example/x"] * 500)]
    CountImages().process(pages, None)
    assert [page.drop for page in pages] == [None, None]


def test_fallen_pictures_do_not_count() -> None:
    page = document("https://a.example/x")
    page.nodes[1].drop = Drop("x", "y")
    CountImages(min_images=1).process([page], None)
    assert page.drop == Drop("", "no_images", 0, 1)


def test_unresolved_placements_count_unless_pixels_are_required() -> None:
    def page() -> list:  # type: ignore[type-arg]
        return [document("https://a.example/x", placed("a")), document("https://a.example/x")]

    lenient, strict = page(), page()
    CountImages(min_images=1).process(lenient, None)
    CountImages(min_images=1, require_pixels=True).process(strict, None)
    assert [p.drop for p in lenient] == [None, None]
    assert [drops(p) for p in strict] == [["not_fetched", None], ["not_fetched"]]
    assert [p.drop.rule if p.drop else None for p in strict] == [None, "no_images"]


def test_why_it_was_not_fetched_is_told() -> None:
    page = document("https://a.example/x")
    page.nodes[1].facts["fetch"] = "robots"
    CountImages(require_pixels=True, id="c").process([page], None)
    assert page.nodes[1].drop == Drop("c", "not_fetched", "robots", None)


def test_limits_that_contradict() -> None:
    with pytest.raises(OptionError, match="at most max_images"):
        CountImages(min_images=3, max_images=2).check()

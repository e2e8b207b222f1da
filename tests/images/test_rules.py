"""Formats, sizes, shapes and repeats, on both sides of each limit."""

from __future__ import annotations

from typing import Any

import pytest

from obelics_like.document import Blob, Drop, Image, Place
from obelics_like.errors import OptionError
from obelics_like.images.rules import ImageRules
from tests.images.things import document, drops


def picture(
    width: int | None = 400, height: int | None = 300, shown: tuple[Any, Any] = (None, None), **more: Any
) -> Image:
    """A picture that was read; `more` overrides its blob's fields, facts and url."""
    facts, url = more.pop("facts", {}), more.pop("url", "https://a.example/a.jpg")
    fields = {"sha256": "0" * 64, "format": "jpeg", "size": 9_000, "phash": "0" * 16} | more
    blob = Blob(Place("record", "a", 0), "warc", width=width, height=height, **fields)
    return Image(0, url, width=shown[0], height=shown[1], blob=blob, facts=facts)


def run(stage: ImageRules, *images: Image | str) -> list[str | None]:
    page = document(*images)
    stage.check()
    stage.process([page], None)
    return drops(page)


@pytest.mark.parametrize(
    ("options", "image", "rule"),
    [
        ({"formats": ("jpeg", "png")}, picture(format="png"), None),
        ({"formats": ("jpeg", "png")}, picture(format="gif"), "bad_format"),
        ({"formats": ("jpeg",)}, picture(format=None), None),  # not known, not judged
        ({"min_side": 150}, picture(150, 150), None),
        ({"min_side": 150}, picture(149, 900), "too_small"),
        ({"min_side": 150}, picture(900, 149), "too_small"),
        ({"max_side": 500}, picture(500, 500), None),
        ({"max_side": 500}, picture(501, 20), "too_large"),
        ({"max_side": 500}, picture(20, 501), "too_large"),
        ({"max_aspect": 2.0}, picture(400, 200), None),
        ({"max_aspect": 2.0}, picture(200, 400), None),  # a portrait is a picture too
        ({"max_aspect": 2.0}, picture(401, 200), "bad_aspect"),
        ({"max_aspect": 2.0}, picture(200, 401), "bad_aspect"),
        ({"max_aspect": 3.0}, picture(100, 300), None),
        ({"max_aspect": 1.0}, picture(100, 100), None),
        ({"min_bytes": 9_000, "max_bytes": 9_000}, picture(), None),
        ({"min_bytes": 9_001}, picture(), "too_few_bytes"),
        ({"max_bytes": 8_999}, picture(), "too_many_bytes"),
        ({"drop_single_colour": True}, picture(facts={"single_colour": True}), "single_colour"),
        ({"drop_single_colour": True}, picture(facts={"single_colour": False}), None),
        ({}, picture(1, 9_999, facts={"single_colour": True}), None),
    ],
)
def test_limits(options: dict[str, Any], image: Image, rule: str | None) -> None:
    assert run(ImageRules(**options), image) == [rule]


@pytest.mark.parametrize(
    ("shown", "rule"),
    [
        ((None, None), None),
        ((150, 150), None),
        ((149, None), "shown_too_small"),
        ((None, 149), "shown_too_small"),
        ((0, 0), "shown_too_small"),
        ((600, None), "shown_too_large"),
        ((500, 200), None),
    ],
)
def test_the_shown_size_counts_only_where_asked(shown: tuple[int | None, int | None], rule: str | None) -> None:
    limits = {"min_side": 150, "max_side": 500, "max_aspect": 9.0}
    unresolved = Image(0, "https://a.example/b", width=shown[0], height=shown[1])
    assert run(ImageRules(check_shown_size=True, **limits), picture(shown=shown), unresolved) == [rule, rule]
    unresolved = Image(0, "https://a.example/b", width=shown[0], height=shown[1])
    assert run(ImageRules(**limits), picture(shown=shown), unresolved) == [None, None]


def test_the_shown_shape_counts_only_without_pixels() -> None:
    stage = ImageRules(check_shown_size=True, max_aspect=2.0)
    unresolved = Image(0, "https://a.example/b", width=500, height=100)
    assert run(stage, picture(shown=(500, 100)), unresolved) == [None, "bad_aspect"]


def test_unresolved_placements_are_not_judged_by_pixels() -> None:
    strict = ImageRules(("jpeg",), 150, 500, 2.0, 5000, drop_single_colour=True, repeats=("sha256", "phash"))
    assert run(strict, "https://a.example/a", "https://a.example/b") == [None, None]


def test_repeats_by_url() -> None:
    stage = ImageRules(repeats=("url",))
    assert run(stage, "https://a.example/a", "https://a.example/b", "https://a.example/a") == [
        None,
        None,
        "repeated_image",
    ]


def test_repeats_by_bytes() -> None:
    images = [picture(sha256=name * 64, url=f"https://a.example/{n}") for n, name in enumerate("aba")]
    assert run(ImageRules(repeats=("sha256",)), *images) == [None, None, "repeated_image"]
    assert images[2].drop == Drop("", "repeated_image", "sha256 of 1")


@pytest.mark.parametrize(("distance", "rule"), [(4, None), (5, "repeated_image"), (6, "repeated_image")])
def test_repeats_by_looks(distance: int, rule: str | None) -> None:
    images = [picture(phash="0" * 16), picture(phash="000000000000001f")]
    assert run(ImageRules(repeats=("phash",), phash_distance=distance), *images) == [None, rule]


def test_without_repeats_all_stay() -> None:
    assert run(ImageRules(), picture(), picture()) == [None, None]


def test_a_picture_that_fell_is_nobodys_first() -> None:
    stage = ImageRules(min_side=150, repeats=("url", "sha256", "phash"))
    assert run(stage, picture(10, 10), picture(), picture()) == ["too_small", None, "repeated_image"]


def test_looks_are_compared_with_what_is_kept_and_do_not_chain() -> None:
    images = [picture(phash=f"{bits:016x}") for bits in (0b0, 0b111, 0b111111)]
    assert run(ImageRules(repeats=("phash",), phash_distance=3), *images) == [None, "repeated_image", None]


def test_an_earlier_drop_stays() -> None:
    image = picture(1, 1)
    image.drop = Drop("x", "y")
    run(ImageRules(min_side=150, repeats=("url",)), image)
    assert image.drop == Drop("x", "y")


def test_what_was_measured_is_told() -> None:
    image = picture(300, 100)
    run(ImageRules(max_aspect=2.0, id="images.rules"), image)
    assert image.drop == Drop("images.rules", "bad_aspect", 3.0, 2.0)


@pytest.mark.parametrize(
    "options",
    [
        {"min_side": 9, "max_side": 8},
        {"min_bytes": 9, "max_bytes": 8},
        {"max_aspect": 0.5},
        {"repeats": ("name",)},
        {"formats": ("jpg", "png")},
        {"min_side": -1},
        {"phash_distance": 65},
    ],
)
def test_options_that_contradict_or_do_not_exist(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        ImageRules(**options).check()

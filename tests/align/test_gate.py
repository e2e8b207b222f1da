"""The gate: MMC4's and mmc4-core's limits, and their silence under another scorer."""

from __future__ import annotations

import pytest

from obelics_like.align.gate import Gate
from obelics_like.document import Document, Drop, Image, Origin, Text
from obelics_like.errors import OptionError, StageError
from obelics_like.stage import Context


def document(*images: tuple[list[float] | None, int | None], sentences: int = 2) -> Document:
    nodes: list[Text | Image] = [
        Image(i, f"http://a/{i}.jpg", similarity=row, scorer="s", sentence=sentence)
        for i, (row, sentence) in enumerate(images)
    ]
    return Document("d", "http://a/", Origin("a", 0), nodes, sentences=[(9, i, i + 1) for i in range(sentences)])


def test_a_picture_needs_one_sentence_that_reaches_the_limit() -> None:
    page = document(([0.1, 0.15], None), ([0.149, -0.2], None), (None, None), ([float("nan")] * 2, None))
    Gate(id="align.gate", min_similarity=0.15).process([page], None)
    assert [node.drop for node in page.nodes] == [
        None,
        Drop("align.gate", "unrelated_to_text", 0.149, 0.15),
        None,  # not scored, so not judged
        None,
    ]
    assert page.drop is None


def test_a_first_drop_stays() -> None:
    page, first = document(([0.0, 0.0], 0)), Drop("images.rules", "too_small", 9, 150)
    page.nodes[0].drop = first
    Gate(min_similarity=0.5).process([page], None)
    assert page.nodes[0].drop is first


@pytest.mark.parametrize(("fitting", "of", "kept"), [(3, 4, True), (2, 4, False), (0, 1, False), (1, 1, True)])
def test_three_quarters_of_the_assigned_pictures_must_fit(fitting: int, of: int, kept: bool) -> None:
    page = document(*[([0.0, 0.26 if i < fitting else 0.25], 1) for i in range(of)], ([0.0, 0.0], None))
    Gate(id="g", min_share=0.75, share_above=0.25).process([page], None)
    assert page.drop == (None if kept else Drop("g", "weakly_aligned", fitting / of, 0.75))


def test_a_share_needs_the_assignment_before_it() -> None:
    with pytest.raises(StageError, match=r"align\.assign"):
        Gate(id="g", min_share=0.75, share_above=0.25).process([document(([0.5, 0.5], None))], None)


def test_a_page_without_scored_pictures_is_not_called_weak() -> None:
    page = document((None, None), ([float("nan")] * 2, None))
    Gate(id="g", min_share=0.75, share_above=0.25).process([page], None)
    assert page.drop is None


@pytest.mark.parametrize(
    ("sentences", "images", "rule"),
    [
        (3, 2, "too_few_sentences"),
        (41, 2, "too_many_sentences"),
        (4, 1, "too_few_images"),
        (4, 16, "too_many_images"),
        (4, 2, None),
        (40, 15, None),
    ],
)
def test_mmc4_cores_counts(sentences: int, images: int, rule: str | None) -> None:
    page = document(*[([0.0] * sentences, 0)] * images, sentences=sentences)
    gate = Gate(id="g", min_sentences=4, max_sentences=40, min_images=2, max_images=15)
    gate.process([page], None)
    assert (page.drop and page.drop.rule) == rule


def test_pictures_dropped_here_do_not_count() -> None:
    page = document(([0.9, 0.9], 0), ([0.1, 0.1], 1))
    Gate(id="g", min_similarity=0.15, min_images=2).process([page], None)
    assert page.drop == Drop("g", "too_few_images", 1, 2)


def test_no_option_no_drop() -> None:
    page = document(([-1.0, -1.0], 0), sentences=0)
    Gate().process([page], None)
    assert page.drop is None
    assert page.nodes[0].drop is None


@pytest.mark.parametrize(
    ("made_for", "scorer", "applies"),
    [
        (None, None, True),
        (None, "label-bridge", True),
        ("label-bridge", "label-bridge", True),
        ("label-bridge", None, False),
        ("label-bridge", "none", False),
        ("open_clip:ViT-L-14/openai", "label-bridge", False),
        ("open_clip:ViT-L-14/openai", "open_clip:ViT-L-14/openai", True),
        ("open_clip:ViT-L-14/openai", "open_clip:ViT-L-14/laion2b_s32b_b82k", False),
        ("open_clip:ViT-L-14", "open_clip:ViT-L-14//models/l14.pt", True),
        ("open_clip:ViT-L-14", "open_clip:ViT-L-14-336/openai", False),
    ],
)
def test_limits_hold_for_their_scorer_alone(made_for: str | None, scorer: str | None, applies: bool) -> None:
    gate = Gate(made_for=made_for, min_similarity=0.15)
    assert gate.applies(scorer) is applies
    assert gate.active(Context(images=frozenset({"warc"}), scorer=scorer)) is applies
    assert not gate.active(Context(images=frozenset(), scorer=scorer))


@pytest.mark.parametrize(
    "gate",
    [
        Gate(min_similarity=15),
        Gate(min_share=0.75),
        Gate(share_above=0.25),
        Gate(min_share=75, share_above=0.25),
        Gate(min_images=3, max_images=2),
        Gate(min_sentences=3, max_sentences=2),
    ],
)
def test_options_that_contradict(gate: Gate) -> None:
    with pytest.raises(OptionError) as caught:
        gate.check()
    assert caught.value.do

"""What C tells of the surroundings of pictures is what the same rules tell in Python."""

from __future__ import annotations

import random
from bisect import bisect_left
from itertools import compress

import pytest

from obelics_like.extraction import main_content, main_pictures, names, scan, speaking
from obelics_like.extraction.main_content import Judgement
from obelics_like.extraction.surroundings import (
    AFTER,
    BEFORE,
    BESIDE,
    CAPTIONED,
    FAR,
    FRAMED,
    HAS_CAPTION,
    IN_ARTICLE,
    IN_FIGURE,
    LONG,
    NAMES,
    NO_GAP,
    NUMBER,
    OWN,
    REACH,
    ROUND,
    SHAPE,
    WAY,
    Near,
    near,
)
from obelics_like.extraction.walk import Walked
from tests.extraction.fuzz import mutate
from tests.extraction.test_cases import FILES, read
from tests.extraction.test_measures import LIMITS, PROSE, WALKER

NEVER = names.NAV | names.FORM
PIECES = (
    "<p>", "</p>", "<div>", "<div class='c-swiper'>", "<div class='sign-up'>", "<div class='über-author'>", "</div>",
    "<div class=article>", "<article>", "</article>", "<figure>", "</figure>", "<figcaption>", "</figcaption>", "<nav>",
    "</nav>", "<aside class=related>", "</aside>", "<section class='wp-caption video'>", "</section>", "<li>", "</li>",
    f"<div class='{'x' * 298} ad'>", "<div><div><div>", "</div></div></div>", "<img src=/a.jpg>", "<img src=/b.jpg>",
    "<img class=tex src=/c.png alt='x^2'>", "<img>", "Short", "<a href=/b>Link</a>", PROSE, PROSE * 2, "<h2>Title</h2>",
)  # fmt: skip


def reached(walked: Walked, main: list[int], first: int) -> tuple[int, int]:
    blocks = walked.blocks
    start, end = bisect_left(blocks, first) - BEFORE - 1, bisect_left(blocks, main[-1]) + AFTER + 1
    return blocks[start] if start >= 0 else -1, blocks[end] if end < len(blocks) else len(walked.kinds)


def up(walked: Walked, container: int, steps: int) -> list[int]:
    """A container and those above it, so many in all; the page itself is its own parent."""
    way = [container]
    while len(way) < steps:
        way.append(walked.parents[way[-1]])
    return way


def apart(walked: Walked, one: int, other: int) -> tuple[int, int]:
    """The steps from one container to another over what holds both, and that, or where FAR steps lead."""
    steps = 0
    while one != other and steps < FAR:
        one, other = (walked.parents[one], other) if one > other else (one, walked.parents[other])
        steps += 1
    return steps, one


def spoken(walked: Walked, containers: list[int]) -> int:
    said = 0
    for container in containers:
        said |= speaking.heard(walked.names[container][:LONG])
    return said


def is_captioned(walked: Walked, at: int, block: int) -> bool:
    way = up(walked, walked.containers[block], CAPTIONED)
    return abs(block - at) <= BESIDE and any(walked.bits[container] & names.CAPTION for container in way)


def row(walked: Walked, main: list[int], at: int, number: int) -> list[int]:
    """What is told of a picture, as `Near` says."""
    blocks, container, bits = walked.blocks, walked.containers[at], walked.bits
    place, rank = bisect_left(blocks, at), bisect_left(main, at)
    before, after = blocks[place - 1] if place else -1, blocks[place] if place < len(blocks) else -1
    gap = min(place - 1 - bisect_left(blocks, main[rank - 1]), NO_GAP) if rank else NO_GAP
    steps, holder = min(
        (apart(walked, container, walked.containers[block]) for block in main[max(0, rank - 1) : rank + 1]),
        key=lambda found: found[0],
    )
    way = up(walked, container, len(walked.ends))
    below = way[: way.index(holder)]
    framed = [one for one in way[:FRAMED] if one]
    flags = IN_ARTICLE * any(bits[one] & names.ARTICLE for one in below)
    flags |= IN_FIGURE * any(bits[one] & names.FIGURE for one in [*below, *framed])
    flags |= HAS_CAPTION * any(is_captioned(walked, at, block) for block in (before, after) if block >= 0)
    said = [spoken(walked, below[:WAY]), spoken(walked, way[:1]), spoken(walked, up(walked, container, WAY))]
    tags = [scan.NAMES.index(walked.tags[one]) for one in up(walked, container, 2)]
    numbers = [walked.names.number(one) for one in up(walked, container, WAY)]
    told = [rank, before, after, gap, steps, flags, *said, number, min(len(below), WAY), container, holder]
    return [*told, *tags, *numbers]


def holds(html: bytes, judged: Judgement | None = None) -> int:
    """Hold what is told of a page's pictures to the same in Python; how many rows there are."""
    walked = Walked(WALKER.rows(html, *LIMITS))
    judged = judged or main_content.judge(walked)
    items = list(walked.pictures)
    found = near(walked, judged, items, NEVER, main_pictures._words())
    main = list(compress(range(len(judged.main)), judged.main))
    if not main:
        assert found == Near(0, -1, -1, [])
        return 0
    first = next((at for at in main if walked.containers[at] >= judged.root), main[0])
    start, end = reached(walked, main, first)
    expected = [
        row(walked, main, at, number)
        for number, at in enumerate(items)
        if start < at < end and not judged.furniture[walked.containers[at]] & NEVER
    ]
    assert found[:3] == (len(main), first, main[-1])
    for told in found.rows:
        heard = told[6], told[OWN], told[ROUND]
        assert all(bits & speaking.MAYBE == 0 for bits in heard)
    plain = [[*one[:6], *(bits & speaking.SPOKEN for bits in (one[6], one[OWN], one[ROUND])), *one[NUMBER:]]
             for one in found.rows]  # fmt: skip
    assert plain == expected
    assert all(len(one) == NAMES + WAY and one[REACH] <= WAY and one[SHAPE] >= 0 for one in found.rows)
    return len(expected)


def test_surroundings_of_pages_are_told_as_in_python() -> None:
    assert sum(holds(read(path)[0]) for path in FILES) > 100, "pictures near the main content are met"


def test_surroundings_of_pages_made_by_chance_are_told_as_in_python() -> None:
    chance = random.Random(13)
    met = sum(holds("".join(chance.choices(PIECES, k=chance.randrange(90))).encode()) for _ in range(1500))
    assert met > 1500, "pictures near the main content are met"


def test_surroundings_of_broken_pages_are_told_as_in_python() -> None:
    chance, met = random.Random(17), 0
    for _ in range(150):
        html, *_ = read(chance.choice(FILES))
        try:
            met += holds(mutate(html, chance)[:200_000].decode("utf-8", "replace").encode())
        except scan.OverBudget:
            continue
    assert met > 100, "pictures near the main content are met"


@pytest.mark.parametrize("before", [BEFORE, BEFORE + 1])
@pytest.mark.parametrize("behind", [AFTER, AFTER + 1])
def test_pictures_are_near_within_so_many_blocks(before: int, behind: int) -> None:
    prose = "".join(f"<p>{number} {PROSE}</p>" for number in range(9))
    page = f"<div><img src=/a.jpg>{'<p>Line</p>' * before}</div><article>{prose}</article>"
    page += f"<div>{'<p>Line</p>' * behind}<img src=/b.jpg></div>"
    assert holds(page.encode()) == (before == BEFORE) + (behind == AFTER)

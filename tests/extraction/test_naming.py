"""Pictures that C has named must be placed as those that are all named by the rules in Python."""

from __future__ import annotations

import html
import random
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obelics_like.extraction import naming, pictures, scan
from obelics_like.extraction.addresses import Words
from obelics_like.extraction.elements import RANKS
from obelics_like.extraction.placements import NEAR, Placement, place
from obelics_like.extraction.walk import Walked
from tests.extraction.test_cases import FILES, read

LIMITS = 200_000, 1_000
BASES = (
    "https://a.example/b/c.html?x=/y/z", "https://a.example/b/../c/d;p?q", "file:///home/a/b.html",
    "https://pixel.a.example/pixel/b c/d", "https://a.example",
)  # fmt: skip
WORDS = (*pictures.STANDINS, "photo", "kite", "count", "pixel", "wiki", "latex", "latex.php", "tracking", "müll", "İſ")
ENDINGS = (*pictures.ENDINGS, ".jfif", ".JPG", ".php", "", ".jpg?x=1", ".png#x", ".gif?v=/a.jpg", ".webp:large")
SIZES = ("", "-300x200", "_2", "100", "x50", "50px", "10x20px", "-", ".", "-1x1", "@2x", "[1]", "{w}", " 1", "%7Bw")
BEFORE = (
    *(
        "https://c.example/",
        "https://www.facebook.com/tr/",
        "/",
        "//d.example/",
        "",
        "../",
        "./e/",
        "/./",
        "?",
        "#",
        "{",
    ),
    *("data:image/gif;base64,", "DATA:,", "data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/'>ü", "http:", "a b/"),
    *("https://c.example/wiki/", "https://c.example//f/", "javascript:", "\x0b/", "https://e.example/math/render/svg/"),
)
SIDES = (
    "",
    "",
    "",
    "640",
    "1",
    "0",
    "640px",
    " 20 PX",
    "100%",
    "auto",
    "1.5",
    "12.",
    "0012",
    "1234567",
    "٣",
    "-1",
    "2em",
)
STYLES = (
    *(
        "",
        "",
        "",
        "color:red",
        "width:20px",
        "display: none",
        "max-width:100%;height:1PX",
        "border:none",
        "WIDTH : 7.5px",
    ),
)
ATTRIBUTES = (*RANKS, "data-foo", "data-alt", "placeholder", "loading", "data-x.y")
SAID = (
    "",
    "a kite",
    " \xa0ü ",
    "x\u2003",
    "a\\frac{1}{2}",
    "\\sum_i a_i",
    "&quot;<b>",
    "latex",
    "Math tex",
    "mwe-math",
)
MEDIA = (
    *(
        "",
        "",
        "(min-width: 800px)",
        "(MIN-WIDTH:40em) and (max-width:9px)",
        "(min-width:)",
        "(min-width:1.5rem)",
        "print",
    ),
    *(
        "(min-width:123456px) or (min-width:3px)",
        "(min-width:12.px)",
        "(min-width 3px)",
        "ümin-width:3px",
        "min-width:0px",
    ),
)
DESCRIPTORS = (
    *(
        "",
        " 320w",
        " 640w",
        " 2x",
        " 1x",
        " 1.5x",
        " 0w",
        " 320w 200h",
        " 1e3w",
        " nanw",
        " -2x",
        " 5.w",
        " .5x",
        " w",
        ",",
    ),
    *(" (a, b) 2x", " 320w,", "\t9w ", " 1234567890123456w", " 2y", " x5"),
)


def _address(chance: random.Random) -> str:
    return chance.choice(BEFORE) + chance.choice(WORDS) + chance.choice(SIZES) + chance.choice(ENDINGS)


def _set(chance: random.Random) -> str:
    among = [_address(chance) + chance.choice(DESCRIPTORS) for _ in range(chance.choice((1, 1, 2, 3, 5)))]
    return chance.choice((", ", ",", " , ", ",\n  ")).join(among) + chance.choice(("", "", ",", " "))


def _value(chance: random.Random) -> str:
    written = chance.choice((_address, _address, _set))(chance)
    return chance.choice(("", " ", "\n")) + written + chance.choice(("", " ")) if chance.random() < 0.2 else written


def _tag(name: str, attributes: dict[str, str]) -> str:
    return f"<{name} " + " ".join(f'{name}="{html.escape(value)}"' for name, value in attributes.items()) + ">"


def _image(chance: random.Random) -> str:
    made = {"alt": chance.choice(SAID), "title": chance.choice(SAID), "class": chance.choice(SAID)}
    made |= {"width": chance.choice(SIDES), "height": chance.choice(SIDES), "style": chance.choice(STYLES)}
    if chance.random() < 0.9:
        made["src"] = _value(chance)
    for _ in range(chance.choice((0, 0, 1, 2, 4))):
        made[chance.choice(ATTRIBUTES)] = _value(chance) if chance.random() < 0.9 else chance.choice(("", " ", "true"))
    tag = _tag(chance.choice(("img", "img", "img", 'input type="image"')), made)
    if chance.random() < 0.2:
        sources = [
            {"media": chance.choice(MEDIA), chance.choice(("srcset", "data-srcset", "src")): _set(chance)}
            for _ in range(chance.choice((1, 2, 3)))
        ]
        tag = f"<picture>{''.join(_tag('source', one) for one in sources)}{tag}</picture>"
    if chance.random() < 0.3:
        tag = _tag("a", {"href": _value(chance)}) + tag + "</a>"
    return f"<noscript>{tag}</noscript>" if chance.random() < 0.2 else tag


def _page(chance: random.Random, many: int) -> bytes:
    odd = (
        "<div style='background:url(k.png)'>x</div>",
        "<video poster=g.jpg></video>",
        "<p>text",
        "<object data=i.png>",
    )
    pieces = [_image(chance) if chance.random() < 0.95 else chance.choice(odd) for _ in range(many)]
    return "".join(pieces).encode("utf-8", "surrogatepass")


def _told(one: Placement) -> tuple[Any, ...]:
    picture = one.picture
    said = (picture.alt, picture.title, picture.names, picture.width, picture.height, picture.link, picture.formula)
    where = (one.item, picture.how, picture.container, bool(picture.fallback))
    return (one.url, one.alternatives, one.fault, one.measured, *where, *said)


@pytest.fixture(scope="module")
def walkers() -> list[tuple[scan.Walker, scan.Walker]]:
    """What names pictures in C and what names none, over nodes and over markup."""
    both = [(scan.Walker(naming.tables()), scan.Walker()) for _ in range(2)]
    for walker in both[1]:
        walker.dom = None
    return both


def _same(walkers: list[tuple[scan.Walker, scan.Walker]], page: bytes, bases: tuple[str, ...] = BASES) -> None:
    for pair in walkers:
        for base in bases:
            quick, ruled = (Walked(walker.rows(page, *LIMITS)) for walker in pair)
            assert list(quick.pictures) == list(ruled.pictures)
            assert (quick.texts, quick.kinds) == (ruled.texts, ruled.kinds)
            assert [_told(one) for one in place(quick, base, 20)] == [_told(one) for one in place(ruled, base, 20)]


def test_pictures_of_the_cases_are_named_by_c_as_by_the_rules(walkers: list[tuple[scan.Walker, scan.Walker]]) -> None:
    for file in FILES:
        page, options, _ = read(file)
        _same(walkers, page, (options["url"],))


@pytest.mark.parametrize("seed", range(12))
def test_many_pictures_are_named_by_c_as_by_the_rules(
    walkers: list[tuple[scan.Walker, scan.Walker]], seed: int
) -> None:
    _same(walkers, _page(random.Random(seed), 400))


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 12), st.sampled_from(BASES))
def test_any_pictures_are_named_by_c_as_by_the_rules(chance: random.Random, many: int, base: str) -> None:
    pair = scan.Walker(naming.tables()), scan.Walker()
    _same([pair], _page(chance, many), (base,))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(("src", "alt", "class", "style", "width", "srcset", "data-src", "data-srcset", "data-x")),
            st.text("a/.,:?#%{[& \n\x0b1902wxpJGjgé\u2003\\-_", max_size=24),
        ),
        max_size=5,
    )
)
def test_attributes_of_any_characters_are_read_by_c_as_by_the_rules(many: list[dict[str, str]]) -> None:
    pair = scan.Walker(naming.tables()), scan.Walker()
    _same([pair], "".join(_tag("img", one) for one in many).encode(), BASES[:1])


def test_stand_ins_are_told_in_c_as_by_the_rule(walkers: list[tuple[scan.Walker, scan.Walker]]) -> None:
    names = (before + word + size for before, word, size in product(("", "my-", "my", "x/", "1"), WORDS, SIZES))
    urls = [f"{name}{ending}" for name in names for ending in (".gif", ".JPEG", ".png?a=/b.gif", ".php")]
    urls += [
        "b" * many + end for many in range(48, 62) for end in ("blank.gif", "-blank.gif", "/blank.gif", "_1px.png")
    ]
    page = "".join(_tag("img", {"src": url, "data-src": "real.jpg"}) for url in urls).encode()
    _same(walkers[:1], page, BASES[:1])
    shown = {row[0]: row[8] for row in walkers[0][0].rows(page, *LIMITS).shown()}
    assert sum(map(bool, shown.values())) > 500, "what has a form is no stand-in alone"


@pytest.mark.parametrize(
    "written",
    [
        "src=a.jpg", "src='https://c.example/a.jpg' alt='ü' width=20 height=30px", "src=a.jpg style='width:3px'",
        "src=data:, data-src=b.jpg", "srcset='a.jpg 320w, b.jpg 2x, c.jpg'", "srcset='a.jpg 1w,b.jpg 2w' src=c.jpg",
        "src=blank.gif data-original=/d.jpg data-large=e.jpg", "src='/w/latex.php?x'",
    ],
)  # fmt: skip
def test_what_is_written_in_a_usual_way_is_named_by_c(
    walkers: list[tuple[scan.Walker, scan.Walker]], written: str
) -> None:
    for before in (
        "",
        "<a href='d.html'>",
        "<a href='d.jpg'>",
        "<picture><source srcset='e.jpg 2x' media='(min-width:9px)'>",
    ):
        rows = walkers[0][0].rows(f"{before}<img {written}>".encode(), *LIMITS)
        assert (len([*rows.shown()]), len(rows.pictures)) == (1, 0)


@pytest.mark.parametrize(
    "written",
    ["src=ü.jpg", "src='#a'", "alt=x", "src=a.jpg data-src='b.jpg c'", "srcset='a.jpg 1e3w'", "data-x='b.jpg\t'"],
)
def test_what_is_written_oddly_is_left_to_the_rules(
    walkers: list[tuple[scan.Walker, scan.Walker]], written: str
) -> None:
    rows = walkers[0][0].rows(f"<img {written}>".encode(), *LIMITS)
    assert not [*rows.shown()]


def test_a_link_is_said_once_for_all_its_pictures(walkers: list[tuple[scan.Walker, scan.Walker]]) -> None:
    for link in ("x" * 9_000, "x" * 8_000 + ".jpg"):
        page = f"<a href=' /{link} '>{'<img src=a.jpg>' * 500}</a><a href='/b'><img src=b.jpg></a>".encode()
        for quick, _ in walkers:
            rows = quick.rows(page, *LIMITS)
            assert sum(map(len, rows.said[:-1])) < 20_000
            assert [rows.said[row[7]] for row in [*rows.shown()][-2:]] == [
                f" /{link} "[: pictures.LONG_URL + 1].strip(),
                "/b",
            ]
        _same(walkers, page)
    linked = place(Walked(walkers[0][0].rows(page, *LIMITS)), BASES[0])[:-1]
    assert len({id(one.alternatives[-1]) for one in linked}) == 1, "what it leads to is held once"


def test_limits_of_what_c_reads_are_met(walkers: list[tuple[scan.Walker, scan.Walker]]) -> None:
    long = ["a" * (pictures.LONG_URL - 4 + more) + ".jpg" for more in (-1, 0, 1)]
    page = [_tag("img", {name: url, "alt": "x"}) for url in long for name in ("src", "data-src", "data-y", "srcset")]
    page += [_tag("img", {"src": "data:image/gif;base64," + "A" * many}) for many in (3, 8_170, 9_000)]
    page += [
        _tag("img", {"src": "/a.jpg", "srcset": ", ".join(f"{at}.jpg {at}w" for at in range(many))})
        for many in (63, 66)
    ]
    page += [_tag("img", {"srcset": "a 1w, b 2w", "data-srcset": ", ".join(f"{at}.jpg {at}w" for at in range(64)),
                          "lazy-srcset": ", ".join(f"c{at}.jpg {at}w" for at in range(64))})]  # fmt: skip
    page += ["<picture>" + "<source srcset='a.jpg 2x'>" * many + "<img src=b.jpg></picture>" for many in (31, 33)]
    late = ["a.jpg" + " b" * many + " 5w, b.jpg 2w" for many in (496, 498, 499, 500)]
    page += [_tag("img", {"srcset": written, "src": "c.jpg"}) for written in late]
    _same(walkers, "".join(page).encode())


def test_a_fallback_is_found_wherever_it_stands_near() -> None:
    chance = random.Random(2)
    names = (
        "red-kite-300x200.jpg",
        "/big/red-kite.jpg?x=1",
        "blue-kite.jpg",
        "blank.gif",
        "data:,",
        "b/Blue-Kite-2x.png",
    )
    pair = scan.Walker(naming.tables()), scan.Walker()
    for _ in range(300):
        tags = (_tag("img", {"src": chance.choice(names)}) for _ in range(chance.randint(2, 3 * NEAR)))
        page = "".join(f"<noscript>{tag}</noscript>" if chance.random() < 0.3 else tag for tag in tags)
        _same([pair], page.encode(), BASES[:1])


def test_a_search_goes_on_where_the_last_one_has_left() -> None:
    """The words that are looked for in C, address by address, must be those that are found in each of them alone."""
    chance = random.Random(7)
    urls = [
        "https://a.example/" + "".join(chance.choices(("pixel", "/", "b", "count", "x" * 90), k=6)) for _ in range(900)
    ]
    rows = scan.Walker(naming.tables()).rows("".join(_tag("img", {"src": url}) for url in urls).encode(), *LIMITS)
    suspect = [row[4] & scan.SUSPECT for row in rows.shown()]
    assert suspect == [bits != 0 for bits in Words({1: ("pixel", "beacon", "count")}).found(urls)]

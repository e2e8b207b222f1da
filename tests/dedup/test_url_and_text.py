"""Which of several pages with one URL, or one text, stays."""

from __future__ import annotations

import itertools

import pytest

from obelics_like.dedup.images import SameImages
from obelics_like.dedup.text import SameText
from obelics_like.dedup.url import SameUrl
from obelics_like.document import Blob, Document, Drop, Edit, Image, Place
from obelics_like.errors import OptionError
from tests.dedup.harness import page, run

URL, TEXT = SameUrl(id="dedup.url"), SameText(id="dedup.text")


def dated() -> list[Document]:
    """Four copies of one page, with one picture."""
    pages = [
        page("c", "Cats sat", url="http://e.org/a", date="2024-05-01T00:00:00Z"),
        page("b", "cats  sat", url="https://e.org/a#x", date="2024-05-01T00:00:00.5Z"),
        page("d", "Cats", "sat", url="http://e.org/a?utm_source=y", date=None),
        page("a", "CATS SAT", url="http://E.org/a", date="2023-01-01T00:00:00Z"),
    ]
    for document in pages:
        document.nodes.append(Image(9, "https://e.org/1.jpg"))
    return pages


def by_pictures(keep: str, id: str) -> SameImages:
    return SameImages("url", keep, id=id)


@pytest.mark.parametrize("kind", [SameUrl, SameText, by_pictures])
@pytest.mark.parametrize(("keep", "stays"), [("newest", "b"), ("oldest", "a"), ("lowest_id", "a"), ("longest", "b")])
def test_who_stays(kind: type, keep: str, stays: str) -> None:
    pages = dated()
    stage = kind(keep, id="x")
    (rule,) = stage.rules
    expected = {i: (rule, stays, None) for i, p in enumerate(pages) if p.id != stays}
    for order in itertools.permutations(range(4)):
        moved = run(stage, [pages[i] for i in order])
        assert {order[doc]: drop for doc, drop in moved.items()} == expected


@pytest.mark.parametrize("stage", [URL, TEXT])
def test_equal_ids_leave_the_page_read_first(stage: SameUrl) -> None:
    pages = [page("same", "Cats sat", url="http://e.org/a") for _ in range(3)]
    for seed in range(5):
        assert sorted(run(stage, pages, shard=2, shuffle=seed)) == [1, 2]


def test_what_a_recipe_ignores_in_urls() -> None:
    urls = ["http://www.e.org/a/?x=1&y=2", "http://e.org/a/?x=1&y=2", "http://e.org/a?y=2&x=1", "http://e.org/b"]
    pages = [page(str(n), url=url) for n, url in enumerate(urls)]
    assert run(URL, pages) == {}
    assert sorted(run(SameUrl(ignore=("www",), id="x"), pages)) == [1]
    assert sorted(run(SameUrl(ignore=("www", "slash", "query_order"), id="x"), pages)) == [1, 2]
    with pytest.raises(OptionError, match=r"x\.ignore: got 'ww'; valid: www \| slash \| query_order; did you mean www"):
        SameUrl(ignore=("ww",), id="x").check()


def test_unlike_pages_stay() -> None:
    pages = [page(str(i), f"text {i}", url=f"http://e.org/{i}") for i in range(20)]
    assert run(URL, pages, shard=3) == {}
    assert run(TEXT, pages, shard=3) == {}


@pytest.mark.parametrize("stage", [URL, TEXT])
def test_no_pages(stage: SameUrl) -> None:
    assert run(stage, []) == {}


def test_pages_without_text_are_no_copies() -> None:
    assert run(TEXT, [page("a"), page("b", " \n"), page("c", "")]) == {}


def test_only_kept_and_edited_text_counts() -> None:
    one, two = page("a", "Cats sat", "Follow us"), page("b", "Dogs sat")
    one.nodes[1].drop = Drop("text.node_rules", "call_to_action")
    assert run(TEXT, [one, two]) == {}
    two.nodes[0].edits.append(Edit(0, 4, "Cats", "pii", "name"))
    assert run(TEXT, [one, two]) == {1: ("same_text", "a", None)}


def test_twenty_thousand_rows_in_any_order() -> None:
    pages = [page(f"{i:05d}", url=f"http://e.org/{i % 5000}") for i in range(20_000)]
    drops = run(SameUrl("lowest_id", id="x"), pages, shard=777, shuffle=1)
    assert drops == {i: ("same_url", f"{i % 5000:05d}", None) for i in range(5000, 20_000)}


@pytest.mark.parametrize("kind", [SameUrl, SameText])
def test_unknown_keep(kind: type) -> None:
    with pytest.raises(OptionError, match=r"x\.keep: got 'latest'; valid: newest \| oldest \| lowest_id \| longest"):
        kind("latest", id="x").check()


def shown(name: str, *urls: str, sha: str | None = None, date: str = "2024-05-01T00:00:00Z") -> Document:
    document = page(name, "text", date=date)
    blob = None if sha is None else Blob(Place("record", "a", 0), "warc", sha256=sha)
    document.nodes += [Image(i, url, blob=blob) for i, url in enumerate(urls, 1)]
    return document


def test_pages_with_the_same_pictures() -> None:
    pages = [
        shown("a", "u1", "u2"),
        shown("b", "u2", "u1", "u1", date="2024-06-01T00:00:00Z"),
        shown("c", "u1"),
        shown("d"),
        shown("e"),
        shown("f", "u3", sha="s"),
        shown("g", "u4", sha="s"),
    ]
    assert run(SameImages(id="x"), pages, shard=2) == {0: ("same_images", "b", None)}
    assert run(SameImages("sha256", "lowest_id", id="x"), pages) == {
        1: ("same_images", "a", None),
        6: ("same_images", "f", None),
    }
    pages[1].nodes[1].drop = Drop("images.rules", "too_small")
    assert run(SameImages(id="x"), pages) == {2: ("same_images", "b", None)}
    pages[1].nodes[2].drop = pages[1].nodes[3].drop = Drop("images.rules", "too_small")
    assert run(SameImages(id="x"), pages) == {}
    with pytest.raises(OptionError, match=r"x\.by: got 'phash'"):
        SameImages("phash", id="x").check()

"""What a page says about itself becomes page facts: where each is found, what comes first, and what is not one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from obelics_like import build
from obelics_like.document import Document, Image, Origin, Page
from obelics_like.extraction import extract
from obelics_like.extraction.nodes import Nodes
from obelics_like.extraction.rights import HEADERS, is_robot, licence, of_answer
from obelics_like.stage import Context
from obelics_like.store.folder import Output
from tests.sources.archives import Builder

URL = "https://example.org/news/story.html"
PROSE = "<p>The ferry left the harbour at six in the morning, with forty people on board and a cargo of apples.</p>"


def facts(head: str, body: str = "", **headers: str) -> dict[str, Any]:
    html = f"<html><head>{head}</head><body>{PROSE}{body}</body></html>".encode()
    origin = Origin("", 0, http_headers={name.replace("_", "-"): value for name, value in headers.items()})
    document = Document("x", URL, origin, page=Page(URL, html, None, origin))
    stage = Nodes(id="extract")
    stage.process([document], stage.open(Context()))
    assert set(document.facts) <= set(Nodes.facts)
    return document.facts


@pytest.mark.parametrize("url", ["file:///saved/story.html", ""])
@pytest.mark.parametrize(
    ("head", "want"),
    [
        ("<link rel=canonical href='https://a.org/news/'>", ["https://a.org/news/a.jpg"]),
        ("<meta property=og:url content='https://a.org/news/'>", ["https://a.org/news/a.jpg"]),
        ("<link rel=canonical href='/news/'><meta property=og:url content='https://a.org/'>", ["https://a.org/a.jpg"]),
        ("<link rel=canonical href='https://a.org/news/'><base href='/old/'>", ["https://a.org/old/a.jpg"]),
        ("<base href='https://a.org/old/'>", ["https://a.org/old/a.jpg"]),
        ("<link rel=canonical href='/news/'>", []),
        ("", []),
    ],
)
def test_pictures_of_a_saved_page_are_where_it_says_that_it_was(head: str, want: list[str], url: str) -> None:
    assert pictures(head, url) == want


def test_pictures_of_a_page_from_the_web_are_where_it_was_read() -> None:
    assert pictures("<link rel=canonical href='https://a.org/x/'>", URL) == ["https://example.org/news/a.jpg"]


def pictures(head: str, url: str) -> list[str]:
    document = extract(f"<head>{head}</head><body>{PROSE}<img src=a.jpg>{PROSE}</body>".encode(), url)
    return [node.url for node in document.nodes if isinstance(node, Image)]


@pytest.mark.parametrize(
    ("head", "want"),
    [
        ("<title>A</title><meta property=og:title content=B>", "A"),
        ("<meta property=og:title content=B>", "B"),
        ("<title> </title><svg><title>An icon</title></svg>", None),
        ("<title>Tea &amp;amp; toast</title>", "Tea &amp; toast"),
    ],
)
def test_title(head: str, want: str | None) -> None:
    assert facts(head).get("title") == want


@pytest.mark.parametrize(
    ("head", "name", "want"),
    [
        ("<link rel=canonical href='?id=1'>", "canonical_url", "https://example.org/news/story.html?id=1"),
        ("<base href='https://b.org/x/'><link rel=canonical href=y>", "canonical_url", "https://b.org/x/y"),
        ("<link rel='Canonical' href=' /y '>", "canonical_url", "https://example.org/y"),
        ("<link rel=canonical href='javascript:void(0)'>", "canonical_url", None),
        ("<meta http-equiv=Content-Language content=fr>", "html_lang", "fr"),
        (
            "<link rel=alternate hreflang=x-default href=/><link rel=alternate hreflang=pt-BR href=/br>",
            "hreflang",
            {"x-default": "https://example.org/", "pt-BR": "https://example.org/br"},
        ),
        ("<link rel=alternate type=application/rss+xml href=/feed>", "hreflang", None),
    ],
)
def test_addresses_and_languages(head: str, name: str, want: Any) -> None:
    assert facts(head).get(name) == want


PUBLISHED = "<meta property=article:published_time content='2024-05-01T10:00Z'>"
SCRIPT = '<script type="application/ld+json">{%s}</script>'


@pytest.mark.parametrize(
    ("head", "body", "want"),
    [
        (f"{PUBLISHED}<meta name=date content=2020>", "", "2024-05-01T10:00Z"),
        ("<meta name=DC.date.issued content='2024-05-01'>", "", "2024-05-01"),
        ("<meta name=parsely-pub-date content='2024-05-01'>", "", "2024-05-01"),
        ("<meta name=citation_publication_date content='2024/05'>", "", "2024/05"),
        ("<meta itemprop=datePublished content='2024-05-01'>", "", "2024-05-01"),
        (SCRIPT % '"@type": "Article", "datePublished": "2024-05-01T08:00+02:00"', "", "2024-05-01T08:00+02:00"),
        ("", "<time itemprop=datePublished datetime='2024-05-01'>1 May</time>", "2024-05-01"),
        ("", "<span itemprop='datePublished' content='2024-05-01'>1 May</span>", "2024-05-01"),
        ("<meta property=article:modified_time content=2024-05-01>", "<time datetime=2024-05-01>1 May</time>", None),
        ("", "<script>var x = {datePublished: 'never'}</script>", None),
    ],
)  # fmt: skip
def test_date_of_publication(head: str, body: str, want: str | None) -> None:
    assert facts(head, body).get("published") == want


BY = "https://creativecommons.org/licenses/by/4.0"


@pytest.mark.parametrize(
    ("head", "body", "want"),
    [
        ("<link rel=license href='/terms'>", "", "https://example.org/terms"),
        ("<link rel='license' href='/terms'>", f"<a href='{BY}/'>CC</a>", "https://example.org/terms"),
        ("", f"<a rel='license noopener' href='{BY}/'>CC</a>", f"{BY}/"),
        ("", f"<a href='{BY}/' rel='nofollow license'>CC</a>", f"{BY}/"),
        ("", f"<a class=x\nhref={BY}/\nrel=license>CC</a>", f"{BY}/"),
        ("", "<a href='/licenses' rel=nofollow>Licenses</a>", None),
        ("", "<p>rel=license is how a licence is marked.</p>", None),
        ("", f"<a href='{BY}/deed.de'>CC</a>", BY),
        ("", "<img src='//i.creativecommons.org/l/by-nc-sa/4.0/88x31.png'>", "https://creativecommons.org/licenses/by-nc-sa/4.0"),
        ("", "<img src='https://licensebuttons.net/p/zero/1.0/88x31.png'>", "https://creativecommons.org/publicdomain/zero/1.0"),
        ("", '<script>{"license": "https:\\/\\/creativecommons.org\\/licenses\\/by\\/4.0\\/"}</script>', BY),
        ("<meta name=dcterms.license content='https://data.gov.example/ogl'>", "", "https://data.gov.example/ogl"),
        ("<meta name=license content='All rights reserved'>", "", "All rights reserved"),
        ("", "<a href='https://creativecommons.org/about'>About CC</a>", None),
    ],
)  # fmt: skip
def test_licence(head: str, body: str, want: str | None) -> None:
    assert facts(head, body).get("license") == want


def test_robots_of_all_tags_hold_together() -> None:
    found = facts(
        "<meta name=robots content='index, follow'><meta name=ROBOTS content='NoAI,\n noimageai'>"
        "<meta name=googlebot content=nosnippet><meta name='GPTBot' content='noml'>"
        "<meta name=google-extended content=noindex><meta name=chatbot content='Ask me'>"
    )
    assert found["robots"] == "index, follow, noai, noimageai"
    assert found["robots_named"] == {"googlebot": "nosnippet", "gptbot": "noml", "google-extended": "noindex"}


def test_an_opt_out_behind_a_long_list_is_not_cut_off() -> None:
    long = "<meta name=robots content='index, follow, max-image-preview:large, max-snippet:-1, max-video-preview:-1'>"
    assert facts(long * 4 + "<meta name=robots content=noai>")["robots"].endswith(", noai")


def test_the_answer_is_heard_too() -> None:
    told = {"X_Robots_Tag": "GPTBot: noindex, noai", "TDM_Reservation": "1", "tdm_policy": "/tdm.json"}
    found = facts("", Content_Usage="train-ai=n", **told)
    assert found["robots_header"] == "GPTBot: noindex, noai"
    assert found["tdm_reservation"] == "1"
    assert found["tdm_policy"] == "https://example.org/tdm.json"
    assert found["content_usage"] == "train-ai=n"
    assert "robots" not in found


def test_what_the_answer_said_reaches_the_corpus(tmp_path: Path) -> None:
    html = f"<html><head><meta name=robots content=noarchive></head><body>{PROSE * 3}</body></html>".encode()
    said = [("Content-Type", "text/html"), ("X-Robots-Tag", "noai"), ("X-Robots-Tag", "noimageai"), ("X-Odd", "1")]
    (tmp_path / "a.warc.gz").write_bytes(Builder().add(URL, html, http=said).bytes())
    recipe = tmp_path / "small.toml"
    stages = {"sources": "sources.archive", "extract": "extract.nodes"}
    told = "".join(f'[[stage]]\nid = "{name}"\nuse = "{use}"\n\n' for name, use in stages.items())
    recipe.write_text(f'[recipe]\nname = "small"\npaper = "none"\n\n{told}')
    build(tmp_path / "a.warc.gz", tmp_path / "out", recipe=recipe, images="none", engine="inline", workers=1)
    (document,) = Output(tmp_path / "out").documents()
    assert document.facts["robots"] == "noarchive"
    assert document.facts["robots_header"] == "noai, noimageai"
    assert document.origin.http_headers["X-Odd"] == "1"
    assert document.origin.warc_headers["WARC-Type"] == "response"


def test_what_the_page_reserves_goes_before_what_its_server_does() -> None:
    found = facts(
        "<meta name=tdm-reservation content=0><meta name=tdm-policy content='https://p.org/a'>", TDM_Reservation="1"
    )
    assert (found["tdm_reservation"], found["tdm_policy"]) == ("0", "https://p.org/a")


def test_other_fields_of_the_answer_are_no_facts() -> None:
    assert of_answer({"Server": "x", "X-Robots-Tag": " ", "tdm-policy": "/x"}) == {"tdm-policy": "/x"}
    assert all(name == name.lower() for name in HEADERS)


@pytest.mark.parametrize(
    "name", ["googlebot", "googlebot-news", "gptbot", "baiduspider", "slurp", "google-extended", "anthropic-ai",
             "applebot-extended", "fast-webcrawler", "chatgpt-user", "googlebot-image"]
)  # fmt: skip
def test_what_is_a_robot(name: str) -> None:
    assert is_robot(name, "index, nofollow")
    assert facts(f"<meta content='noai' name=' {name.title()} '>")["robots_named"] == {name: "noai"}


@pytest.mark.parametrize("name", ["viewport", "robots-nothing", "bot-verification", "google-site-verification"])
def test_what_is_no_robot(name: str) -> None:
    assert not is_robot(name, "noindex")


@pytest.mark.parametrize(
    "html",
    [b"rel=license" * 200_000, b"<a rel='" * 200_000 + b"license", b"<a license " * 200_000, b"rel= license" * 100_000],
)
def test_a_licence_is_looked_for_in_linear_time(html: bytes) -> None:
    start = time.process_time()
    assert licence(html) == ""
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("head", "body", "want"),
    [
        ("<meta property=og:image content=/a.jpg><meta itemprop=image content=/b.jpg>", "", "/a.jpg"),
        ("<meta itemprop=image content=/b.jpg>", "", "/b.jpg"),
        ("<link rel=image_src href=/c.jpg>", "", "/c.jpg"),
        (
            SCRIPT % '"@graph": [{"@type": "WebSite"}, {"@type": "NewsArticle", "image": {"url": "/d.jpg"}}]',
            "",
            "/d.jpg",
        ),
        (SCRIPT % '"image": ["/e.jpg", "/f.jpg"]', "", "/e.jpg"),
        ("<link rel=preload as=image href=/g.jpg>", "", None),
        ("", "<div itemprop=image itemscope><meta itemprop=thumbnailUrl content=/h.jpg></div>", "/h.jpg"),
    ],
)
def test_the_lead_picture_is_a_fact_and_no_node(head: str, body: str, want: str | None) -> None:
    html = f"<html><head>{head}</head><body>{PROSE}{body}</body></html>".encode()
    document = extract(html, URL)
    assert document.facts.get("lead_image") == (want and f"https://example.org{want}")
    assert [node.pos for node in document.nodes] == [0]


def test_extract_needs_no_answer() -> None:
    assert "robots_header" not in extract(PROSE.encode(), URL).facts

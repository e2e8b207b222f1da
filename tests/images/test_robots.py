"""What robots.txt and X-Robots-Tag permit."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from obelics_like.images.robots import read_robots, refused_tag

TAGS = ("noai", "noimageai", "noindex", "noimageindex", "none")


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow: /\nAllow: /img/", "/img/a.png", True),
        ("User-agent: *\nAllow: /img/\nDisallow: /img/private", "/img/private/a", False),
        ("User-agent: *\nDisallow: /a\nAllow: /a", "/a", True),
        ("User-agent: *\nDisallow: /*.png$", "/x/a.png", False),
        ("User-agent: *\nDisallow: /*.png$", "/x/a.png?v=1", True),
        ("User-agent: *\nDisallow: /*?size=", "/a.png?size=1", False),
        ("User-agent: *\nDisallow: /a*b*c$", "/a-b-b-c", False),
        ("User-agent: *\nDisallow: /a*b*c$", "/a-b-c-", True),
        ("User-agent: *\nDisallow: /ab*b$", "/ab", True),
        ("User-agent: *\nDisallow: /$", "/", False),
        ("User-agent: *\nDisallow: /$", "/a", True),
        ("User-agent: other\nDisallow: /", "/a", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: Obelics-Like/1.0\nAllow: /", "/a", True),
        ("User-agent: *\nAllow: /\n\nUser-agent: obelics-like\nDisallow: /a", "/a", False),
        ("User-agent: other\nUser-agent: obelics-like\nDisallow: /a", "/a", False),
        (
            "User-agent: obelics-like\nDisallow: /a\nUser-agent: x\nUser-agent: obelics-like\nDisallow: /b",
            "/b",
            False,
        ),
        ("User-agent: *\nSitemap: http://x/\nDisallow: /a", "/a", False),
        ("user-AGENT : *\nDISALLOW : /a # comment", "/a", False),
        ("User-agent: *\nDisallow: /caf%C3%A9", "/café", False),
        ("User-agent: *\nDisallow: /café", "/caf%c3%a9", False),
        ("User-agent: *\nDisallow: /a%2Fb", "/a/b", True),
        ("User-agent: *\nDisallow: /%7Ejo", "/~jo/a", False),
        ("Disallow: /", "/a", True),
        ("<html>not found</html>", "/a", True),
    ],
)
def test_rules(rules: str, path: str, allowed: bool) -> None:
    assert read_robots(rules.encode()).allows(path) is allowed
    assert read_robots(b"\xef\xbb\xbf" + rules.replace("\n", "\r\n").encode()).allows(path) is allowed


def test_crawl_delay() -> None:
    assert read_robots(b"User-agent: *\nCrawl-delay: 2.5\nDisallow: /a").delay == 2.5
    assert read_robots(b"User-agent: *\nCrawl-delay: soon").delay is None


def test_a_pattern_made_to_backtrack_takes_no_time() -> None:
    rules = read_robots(b"User-agent: *\nDisallow: /" + b"*a" * 20_000 + b"b$")
    began = time.process_time()
    assert rules.allows("/" + "a" * 8000)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("values", "tag"),
    [
        ([], None),
        (["all"], None),
        (["noai"], "noai"),
        (["NoIndex, nofollow"], "noindex"),
        (["nofollow", "noimageai"], "noimageai"),
        (["otherbot: noai"], None),
        (["otherbot: nofollow, noai"], None),
        (["obelics-like: noimageindex"], "noimageindex"),
        (["otherbot: noindex", "none"], "none"),
        (["max-image-preview: large, noai"], "noai"),
        (["unavailable_after: 25 Jun 2030 15:00:00 GMT, noindex"], "noindex"),
    ],
)
def test_x_robots_tag(values: list[str], tag: str | None) -> None:
    assert refused_tag(values, TAGS) == tag


def test_the_product_is_the_one_in_the_agent() -> None:
    from obelics_like.images.fetch import FetchImages
    from obelics_like.images.robots import PRODUCT
    from obelics_like.stage import Context

    opened = FetchImages(contact="you@example.org").open(Context(scratch=Path("unused")))
    assert opened.fetcher.manners.agent.startswith(f"{PRODUCT}/")
    assert "you@example.org" in opened.fetcher.manners.agent

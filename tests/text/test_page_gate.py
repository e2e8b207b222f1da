"""Pages are turned away by status, type, size and address, and let in where nothing is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from obelics_like.document import Document, Drop, Origin
from obelics_like.errors import InputError, OptionError
from obelics_like.stage import Context
from obelics_like.text.page_gate import PageGate
from tests.text.helpers import fetched, run

URL = "https://Shop.Example.org/a/Adult-Toys?x=1"


@pytest.mark.parametrize(
    ("options", "origin", "html", "expected"),
    [
        ({"statuses": (200,)}, {"status": 200}, b"", None),
        ({"statuses": (200, 203)}, {"status": 404}, b"", Drop("g", "bad_status", 404, "200 203")),
        ({"statuses": (200,)}, {"status": None}, b"", None),
        ({"mimes": ("text/html",)}, {"mime": "Text/HTML; charset=utf-8"}, b"", None),
        ({"mimes": ("text/HTML; charset=utf-8",)}, {"mime": "text/html"}, b"", None),
        ({"mimes": ("text/html",)}, {"mime": None}, b"", None),
        ({"mimes": ("text/html",)}, {"mime": "text/plain"}, b"", Drop("g", "bad_type", "text/plain", "text/html")),
        ({"min_bytes": 3, "max_bytes": 3}, {}, b"abc", None),
        ({"min_bytes": 4}, {}, b"abc", Drop("g", "too_small", 3, 4)),
        ({"max_bytes": 2}, {}, b"abc", Drop("g", "too_large", 3, 2)),
        ({"banned_hosts": ("example.org",)}, {}, b"", Drop("g", "banned_url", URL, "example.org")),
        ({"banned_hosts": ("SHOP.example.org",)}, {}, b"", Drop("g", "banned_url", URL, "shop.example.org")),
        ({"banned_hosts": ("ample.org", "op.example.org", "b.shop.example.org")}, {}, b"", None),
        ({"banned_words": ("adult",)}, {}, b"", Drop("g", "banned_url", URL, "adult")),
        ({"banned_words": ("adults",)}, {}, b"", None),
        ({"statuses": (200,), "min_bytes": 4}, {"status": 500}, b"abc", Drop("g", "bad_status", 500, "200")),
        ({}, {"status": 500, "mime": "image/png"}, b"", None),
    ],
)
def test_gate(options: dict, origin: dict, html: bytes, expected: Drop | None) -> None:
    document = fetched(URL, html, **origin)
    run(PageGate(id="g", **options), document)
    assert document.drop == expected


def test_hosts_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "hosts.txt"
    path.write_text("# a list\nbad.example  # why\n\n", encoding="utf-8")
    bad, good = fetched("http://www.bad.example:8080/", b""), fetched("http://notbad.example/", b"")
    run(PageGate(id="g", banned_hosts_file=str(path)), bad, good)
    assert bad.drop == Drop("g", "banned_url", "http://www.bad.example:8080/", "bad.example")
    assert good.drop is None
    with pytest.raises(InputError, match="correct the path"):
        PageGate(id="g", banned_hosts_file=str(tmp_path / "no.txt")).open(Context())


def test_a_broken_address_is_no_reason() -> None:
    document = fetched("http://[broken/", b"")
    run(PageGate(id="g", banned_hosts=("broken",)), document)
    assert document.drop is None


def test_a_page_without_its_bytes_has_no_size() -> None:
    document = Document("i", URL, Origin("x", 0))
    run(PageGate(id="g", min_bytes=10), document)
    assert document.drop is None


def test_sizes_that_contradict() -> None:
    with pytest.raises(OptionError, match="min_bytes: got 5; valid: at most max_bytes = 4"):
        PageGate(id="g", min_bytes=5, max_bytes=4).check()


def test_what_is_no_media_type_is_told() -> None:
    PageGate(id="g", mimes=("text/html", "application/xhtml+xml")).check()
    with pytest.raises(OptionError, match=r"g\.mimes: got 'html'; valid: TYPE/SUBTYPE"):
        PageGate(id="g", mimes=("text/html", "html")).check()

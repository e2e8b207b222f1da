"""Makes the keys under which two pages count as the same: a canonical URL, a hash of the normalised text.

It compares nothing and groups nothing; `keepers` does.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from obelics_like.native.characters import folded

TRACKING = re.compile(
    "(?:utm_.*|_ga|_gl|_hsenc|_hsmi|_openstat|dclid|ef_id|epik|fb_action_ids|fb_action_types|fb_source|fbclid"
    "|gad_source|gbraid|gclid|gclsrc|igsh|igshid|li_fat_id|mc_cid|mc_eid|mkt_tok|ml_subscriber|ml_subscriber_hash"
    "|msclkid|oly_anon_id|oly_enc_id|rb_clickid|s_kwcid|srsltid|ttclid|twclid|vero_conv|vero_id|wbraid|wickedid"
    "|yclid|ysclid)(?:=.*)?",
    re.IGNORECASE | re.DOTALL,
)
"""A piece of a query that names a click or a campaign and never the page."""

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~]")
_PATH = frozenset(b"/:@!$&'()*+,;=")
_QUERY = _PATH | frozenset(b"?")
_PORT = re.compile(r"^(.*?)(?::0*+(\d*+))?$", re.DOTALL)


IGNORED = ("www", "slash", "query_order")
"""What two URLs may differ in besides, where a recipe says so."""


def canonical_url(url: str, ignore: Collection[str] = ()) -> str:
    """The URL under which copies of a page are counted as one; always the same for its own result.

    http and https count as one scheme; host in lower case and ASCII, without the dot at its end; no default port, no
    fragment, no tracking parameter, no empty query; dot segments resolved; percent-encoding as in RFC 3986 section
    6.2.2 (unreserved characters plain, all else encoded in upper case). `www.`, a slash at the
    path's end and the order of the query stay, unless `ignore` (of IGNORED) names them. What is no http URL, or can't
    be parsed, is only stripped of white space.

    >>> canonical_url("HTTPS://Example.com.:443/a/../%7Ebob?b=2&utm_source=x&a=1#top")
    'http://example.com/~bob?b=2&a=1'
    """
    stripped = url.strip()
    try:
        parts = urlsplit(stripped.partition("#")[0].rstrip())
    except ValueError:
        return stripped
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return stripped
    user, at, hostport = parts.netloc.rpartition("@")
    match = _PORT.match(hostport)
    host, port = match.groups() if match else (hostport, None)
    if ":" in host and host[0] != "[":  # no port can be told from it
        return stripped
    name = _host(host)
    while "www" in ignore and name.startswith("www.") and "." in name[4:]:  # www.com is a host of its own
        name = name[4:]
    netloc = user + at + name + (f":{port}" if port and port not in ("80", "443") else "")
    pieces = [_escaped(piece, _QUERY - {ord("&")}) for piece in parts.query.split("&") if piece]
    pieces = [piece for piece in pieces if not TRACKING.fullmatch(piece)]
    query = "&".join(sorted(pieces) if "query_order" in ignore else pieces)
    path = _path(parts.path)
    if "slash" in ignore:
        path = path.rstrip("/") or "/"
    return f"http://{netloc}{path}{'?' if query else ''}{query}"


def _host(host: str) -> str:
    host = host.lower()
    if not host.isascii():
        with contextlib.suppress(UnicodeError):  # a name that can't be registered is its own key
            host = host.encode("idna").decode("ascii").lower()
    return host.rstrip(".") or host


def _path(path: str) -> str:
    """Percent-encoding first, so that an encoded dot counts as a dot (RFC 3986 section 5.2.4 for the segments)."""
    kept: list[str] = []
    segments = _escaped(path, _PATH).split("/")
    for segment in segments[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", "..") and kept:
        kept.append("")
    return "/" + "/".join(kept)


def _escaped(text: str, plain: frozenset[int]) -> str:
    def one(match: re.Match[bytes]) -> bytes:
        if match[1] is not None:
            byte = int(match[1], 16)
            return bytes((byte,)) if byte in _UNRESERVED else b"%%%02X" % byte
        byte = match[0][0]
        return match[0] if byte in plain else b"%%%02X" % byte

    return _ESCAPE.sub(one, text.encode("utf-8", "surrogatepass")).decode("ascii")


def url_key(url: str, ignore: Collection[str] = ()) -> bytes:
    """16 bytes that stand for the canonical URL."""
    return _digest(canonical_url(url, ignore))


def exact_text_key(texts: Iterable[str]) -> bytes | None:
    """16 bytes that stand for a page's text, white space and case aside; None where there is no text.

    Where the text is cut into nodes makes no difference.

    >>> exact_text_key(["Two  cats", "sat."]) == exact_text_key(["two cats\\nSAT."])
    True
    """
    text = folded(" ".join(texts))
    return hashlib.blake2b(text, digest_size=16).digest() if text else None


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()

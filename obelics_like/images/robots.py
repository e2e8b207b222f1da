"""robots.txt and the X-Robots-Tag header: what a server permits us (RFC 9309).

It fetches nothing; what a server that can't be asked means is the fetcher's decision.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote

PRODUCT = "obelics-like"
MAX_BYTES = 512 * 1024
"""What is read of a robots.txt; RFC 9309 section 2.5 demands at least 500 KiB."""

_TOKEN = re.compile(r"\*|[A-Za-z_-]+")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ASCII = "".join(map(chr, range(0x21, 0x7F)))
_TAGS_WITH_VALUE = frozenset(("unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"))


@dataclass(slots=True)
class Robots:
    """One group's rules: (pattern, allowed) pairs, and the delay in seconds that it asks for."""

    rules: list[tuple[str, bool]] = field(default_factory=list)
    delay: float | None = None

    def allows(self, path: str) -> bool:
        """Whether the path (with its query) may be fetched: the longest matching pattern decides, a tie allows.

        >>> read_robots(b"User-agent: *\\nDisallow: /private\\nAllow: /private/logo$").allows("/private/logo")
        True
        """
        path = _normal(path)
        found = [(len(pattern), allowed) for pattern, allowed in self.rules if _matches(pattern, path)]
        return max(found, default=(0, True))[1]


def read_robots(data: bytes, product: str = PRODUCT) -> Robots:
    """The rules of robots.txt that hold for `product`: its own groups merged, else those of `*` (RFC 9309, 2.2)."""
    groups: dict[str, Robots] = {}
    agents: list[str] = []
    in_rules = False
    for line in data[:MAX_BYTES].decode("utf-8-sig", "replace").splitlines():
        name, colon, value = line.partition("#")[0].partition(":")
        name, value = name.strip().lower(), value.strip()
        if not colon:
            continue
        if name == "user-agent":
            agents = [*([] if in_rules else agents), _token(value)]
            in_rules = False
            for agent in agents:
                groups.setdefault(agent, Robots())
        elif name in ("allow", "disallow", "crawl-delay"):
            in_rules = in_rules or name != "crawl-delay"
            for agent in agents:
                _add(groups[agent], name, value)
    return groups.get(product.lower()) or groups.get("*") or Robots()


def _token(value: str) -> str:
    found = _TOKEN.match(value)
    return found.group().lower() if found else ""


def _add(group: Robots, name: str, value: str) -> None:
    if name == "crawl-delay":
        if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", value):
            group.delay = float(value)
    elif value:
        group.rules.append((_normal(value), name == "allow"))


def _normal(path: str) -> str:
    """One spelling for each path: unreserved characters plain, all others percent-encoded in capitals."""

    def plain(escape: re.Match[str]) -> str:
        char = chr(int(escape.group(1), 16))
        return char if char in _UNRESERVED else escape.group().upper()

    return _ESCAPE.sub(plain, quote(path, safe=_ASCII))


def _matches(pattern: str, path: str) -> bool:
    """Match with * and a closing $, in linear time: no regular expression is made from a stranger's file."""
    anchored = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    if not rest:
        return not anchored or at == len(path)
    last = rest.pop()
    for piece in rest:
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return path.endswith(last) and len(path) - len(last) >= at if anchored else path.find(last, at) >= 0


def refused_tag(values: Iterable[str], refused: Iterable[str], product: str = PRODUCT) -> str | None:
    """The first directive among the X-Robots-Tag header values that is in `refused` and meant for us, or None.

    >>> refused_tag(["otherbot: noai", "max-snippet: 5, noimageai"], ["noai", "noimageai"])
    'noimageai'
    """
    wanted = {tag.lower() for tag in refused}
    for value in values:
        ours = True
        for part in value.lower().split(","):
            name, colon, tag = part.partition(":")
            if colon and name.strip() not in _TAGS_WITH_VALUE:
                ours = name.strip() in (product.lower(), "*")
                part = tag
            if ours and part.strip() in wanted:
                return part.strip()
    return None

"""What a record says of its own payload, held against the bytes that are there: its digest, and how long it should be.

It drops nothing. A digest that can't be checked (an algorithm or a notation that is not known) is neither right nor
wrong.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from obelics_like.sources.bodies import BadBody, dechunk, decode
from obelics_like.sources.heads import Head

ALGORITHMS = {"md5": "md5", "sha1": "sha1", "sha-1": "sha1", "sha256": "sha256", "sha-256": "sha256"}
ALGORITHMS |= {"sha512": "sha512", "sha-512": "sha512"}
SIZES = {"md5": 16, "sha1": 20, "sha256": 32, "sha512": 64}
IN_BASE32 = re.compile("[A-Z2-7]+")
BASE32 = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHIJKLMNOPQRSTUV")
"""The digits of base 32 to those that `int` knows, which reads them in a tenth of the time of `base64`."""

MAX_DECODED = 1 << 26
"""Bytes up to which a payload is decoded to see whether its digest was taken after decoding."""


def payload_facts(raw: bytes, head: Head, digests: bool) -> dict[str, Any]:
    """The facts of a payload (as stored, without its HTTP head) that is not what its record says; empty if all is well.

    With `digests`, `payload_digest` is "mismatch" where WARC-Payload-Digest is not that of the payload. `cut_by` is
    the reason that WARC-Truncated gives. `missing_bytes` is what the payload is short of its HTTP Content-Length.
    """
    facts: dict[str, Any] = {}
    if digests and matches(head.low.get("warc-payload-digest", ""), raw, head.low_http) is False:
        facts["payload_digest"] = "mismatch"
    if cut := head.low.get("warc-truncated", "").strip():
        facts["cut_by"] = cut[:40]
    if missing := _missing(raw, head.low_http):
        facts["missing_bytes"] = missing
    return facts


def matches(declared: str, raw: bytes, http: Mapping[str, str]) -> bool | None:
    """Whether a digest, as `sha1:BASE32`, is that of the payload; None if it can't be checked.

    The WARC standard (1.1, 5.9) means the payload without its transfer coding, crawlers often take it with; some undo
    the content coding too. Any of the three is right.

    >>> matches("sha1:VLMMDH2MMKFLVAEAEOJQUKWKTNFPHZMF", b"hello, hello", {}), matches("crc32:0", b"", {})
    (False, None)
    """
    found = {_matches(one, raw, http) for one in declared.split(",")}  # a repeated header's values come so
    return False if False in found else True if True in found else None


def _matches(declared: str, raw: bytes, http: Mapping[str, str]) -> bool | None:
    name, _, value = declared.strip().partition(":")
    algorithm = ALGORITHMS.get(name.lower())
    wanted = _digest(value, SIZES[algorithm]) if algorithm else None
    if algorithm is None or wanted is None:
        return None
    if hashlib.new(algorithm, raw, usedforsecurity=False).digest() == wanted:
        return True
    others = {dechunk(raw)} if "chunked" in http.get("transfer-encoding", "").lower() else set()
    if http.get("content-encoding"):
        with suppress(BadBody):
            others.add(decode(raw, http, MAX_DECODED))
    return any(hashlib.new(algorithm, other, usedforsecurity=False).digest() == wanted for other in others)


def _digest(value: str, size: int) -> bytes | None:
    """The digest's bytes, written in base 16, 32 (padded or not) or 64; None if it is none of these."""
    value = value.strip()
    try:
        bare = value.rstrip("=")
        if len(bare) == 2 * size:
            return bytes.fromhex(bare)
        if len(bare) == (size * 8 + 4) // 5:
            number = bare.upper()
            if not IN_BASE32.fullmatch(number):
                return None
            return (int(number.translate(BASE32), 32) >> 5 * len(number) - 8 * size).to_bytes(size, "big")
        if len(bare) == (size * 8 + 5) // 6:
            return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_" if set("-_") & set(bare) else None)
    except (ValueError, binascii.Error):
        return None
    return None


def _missing(raw: bytes, http: Mapping[str, str]) -> int:
    """Bytes that a payload without any coding is short of its Content-Length."""
    length = http.get("content-length", "")
    if not length.isdecimal() or len(length) > 18 or "transfer-encoding" in http or "content-encoding" in http:
        return 0
    return max(0, int(length) - len(raw))

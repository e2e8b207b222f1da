"""What class names and addresses round a picture speak of: galleries, promotion, people, videos.

It knows words, not pages: what they are good for is said in `picture_score`.
"""

from __future__ import annotations

import re

from obelics_like.extraction.texts import listed

GALLERY, PROMOTION, PERSON, VIDEO, SPOKEN, MAYBE = 1, 2, 4, 8, 15, 16
"""What names speak of, as bits; and that they may speak of anything."""
TELLING = SPOKEN | MAYBE
"""Bits of words that tell of one of these, or may."""
_PARTS = {
    GALLERY: listed(
        "galer galler carousel carosel carrousel carrosel slide swiper slick splide flickity fotorama fotostrecke "
        "bilder diaporama photos lightbox masonry mosaic images"
    ),
    PROMOTION: listed(
        "newsletter signup sign-up banner promo paywall teaser related recommend readmore read-more outbrain taboola"
    ),
    PERSON: listed("author autor avatar byline"),
    VIDEO: listed("video player youtube vimeo kaltura brightcove"),
}
"""What speaks of it anywhere in a name, and below as a word of its own."""
_PEOPLE = listed("profile portrait headshot bio user writer reporter contributor columnist")
_WORDS = {
    PROMOTION: frozenset(listed("abo ad ads anzeige werbung shop cta app")),
    PERSON: frozenset((*_PEOPLE, *(f"{word}s" for word in _PEOPLE))),
}
_NO_WORDS: frozenset[str] = frozenset()
_SELLING = ("advert", "sponsor")
"""Words that begin so speak of promotion."""
_WORD = re.compile(r"\w+")
_APART = "".join(chr(at) if chr(at).isalnum() else " " for at in range(128))


def telling_words() -> dict[int, list[str]]:
    """The words to look for in texts, as `addresses.Words` takes them, by what they speak of."""
    known = {bit: [part for part in parts if part.isalpha()] for bit, parts in _PARTS.items()}
    for bit, words in _WORDS.items():
        known[bit] += [f" {word} " for word in words]
    known[MAYBE] = [part for parts in _PARTS.values() for part in parts if not part.isalpha()]
    known[MAYBE] += [f" {word}" for word in _SELLING]
    return known


def meant(text: str, words: int) -> int:
    """What a class name or URL speaks of, as bits, where `words` are those of the words in it.

    >>> from obelics_like.extraction.addresses import Words
    >>> texts = ["c-swiper", "post__author", "shadow", "sponsored-by"]
    >>> list(map(meant, texts, Words(telling_words()).found(texts))) == [GALLERY, PERSON, 0, PROMOTION]
    True
    """
    return heard(text) if words & MAYBE else words & SPOKEN


def heard(words: str) -> int:
    """What a class name or URL speaks of, as bits."""
    words = words.lower()
    spoken, found = 0, _words(words)
    for bit, parts in _PARTS.items():
        if any(part in words for part in parts) or not _WORDS.get(bit, _NO_WORDS).isdisjoint(found):
            spoken |= bit
    return spoken | PROMOTION if _sells(words, found) else spoken


def _words(text: str) -> list[str]:
    return text.translate(_APART).split() if text.isascii() else _WORD.findall(text.replace("_", " "))


def _sells(words: str, found: list[str]) -> bool:
    return any(part in words for part in _SELLING) and any(
        word.startswith(_SELLING) and word.isascii() and word.isalpha() for word in found
    )

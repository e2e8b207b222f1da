"""The stage `images.url_rules`: drops placements by what their URL alone says.

It reads no picture and asks no server.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import unquote, urldefrag, urlsplit

from obelics_like import inline
from obelics_like.document import Drop, Image
from obelics_like.errors import OptionError
from obelics_like.stage import Batch, Stage

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]+")
_EXTENSION = re.compile(r"\.(?=[0-9]*[A-Za-z])([0-9A-Za-z]{1,5})(?:[:!].*)?$")


@dataclass(frozen=True)
class UrlRules(Stage):
    """Drop placements whose URL names decoration, a foreign format, a scheme that is not the web's, or a repeat.

    banned_words: words that mark decoration (logo, button, icon); None: no such rule.
    match: "token" compares the words of the URL's path, without host and query and in any case, whole and with a
        plural s, so that silicon, Essex and catalogo survive; "substring" looks for them anywhere in the URL, case
        and all, as OBELICS does.
    banned_names: words looked for among the words of the file name, in any case (twitter, facebook, rss).
    extensions: the only extensions allowed (jpg, png), in any case; None: all.
    allow_no_extension: whether a URL without extension passes `extensions`, as those of most CDNs.
    repeats: drop all but the first placement of a URL on the page, fragments aside.
    allow_data: let pictures pass that stand in the page itself, whose URL is their name (data:image/png;sha256,...).
    """

    banned_words: tuple[str, ...] | None = None
    match: str = "token"
    banned_names: tuple[str, ...] | None = None
    extensions: tuple[str, ...] | None = None
    allow_no_extension: bool = True
    repeats: bool = False
    allow_data: bool = False

    rules: ClassVar[dict[str, str]] = {
        "not_http": "the URL's scheme is not http or https (nor file, on a page that is a file itself)",
        "banned_url": "the URL holds a word that marks decoration",
        "banned_extension": "the URL's extension is not among those allowed",
        "repeated_url": "the page showed this URL before; the value is the position of the first",
    }

    def check(self) -> None:
        """`match` must be one that exists."""
        if self.match not in ("token", "substring"):
            raise OptionError(
                f"option {self.id}.match", got=repr(self.match), valid="token, substring", do="correct the recipe"
            )

    def process(self, batch: Batch, opened: None) -> Batch:
        for document in batch:
            page_scheme = _scheme(document.url)
            first: dict[str, int] = {}
            for image in document.images():
                image.drop = self._verdict(image, page_scheme)
                if image.drop is None and self.repeats:
                    at = first.setdefault(urldefrag(image.url).url, image.pos)
                    if at != image.pos:
                        image.drop = self.drop("repeated_url", at)
        return batch

    def _verdict(self, image: Image, page_scheme: str) -> Drop | None:
        scheme = _scheme(image.url)
        if self.allow_data and inline.is_name(image.url):
            return None  # a digest says nothing
        if scheme not in ("http", "https") and not scheme == page_scheme == "file":
            return self.drop("not_http", scheme)
        if word := self._banned(image.url):
            return self.drop("banned_url", word)
        if self.extensions is not None:
            found = extension(image.url)
            allowed = [name.lower().removeprefix(".") for name in self.extensions]
            if found not in allowed and not (found is None and self.allow_no_extension):
                return self.drop("banned_extension", found, ", ".join(self.extensions))
        return None

    def _banned(self, url: str) -> str | None:
        """The first banned word that the URL holds."""
        words, names = self.banned_words or (), self.banned_names or ()
        if not _may_hold(url, words + names):
            return None
        whole = path(url)
        found = tokens(whole)
        if self.match == "substring":
            held = next((word for word in words if word in url), None)
        else:
            held = _first(words, found)
        if held or not _first(names, found):  # the words of the file's name are among those of the path
            return held
        return _first(names, tokens(whole.rpartition("/")[2]))


def path(url: str) -> str:
    """The URL's path, percent-decoded; empty if the URL is none."""
    try:
        return unquote(urlsplit(url).path)
    except ValueError:
        return ""


def file_name(url: str) -> str:
    """The last segment of the URL's path, percent-decoded."""
    return path(url).rpartition("/")[2]


def tokens(text: str) -> set[str]:
    """The words of a path, lower-case: runs of letters of any script, parted where camelCase turns.

    >>> sorted(tokens("/img/siteLogo_2x.png"))
    ['img', 'logo', 'png', 'site', 'x']
    """
    return {word.lower() for word in _WORD.findall(_CAMEL.sub(" ", text))}


def extension(url: str) -> str | None:
    """The file extension in lower case, None if the last path segment has none.

    >>> extension("https://a.example/b.c/photo.JPG:large?x=.png"), extension("https://a.example/v1.2")
    ('jpg', None)
    """
    found = _EXTENSION.search(file_name(url))
    return found.group(1).lower() if found else None


def _scheme(url: str) -> str:
    return url.partition(":")[0].lower()


def _may_hold(url: str, words: tuple[str, ...]) -> bool:
    """Whether one of the words may stand in the URL: few have any, and to take one apart takes 6 us.

    What is encoded, or left out by urlsplit, is not seen here: such a URL may hold all words.
    """
    return "%" in url or not url.isprintable() or any(map(url.lower().__contains__, _plain(words)))


@functools.lru_cache(maxsize=64)
def _plain(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words in lower case; where one is not ASCII, that no word is, which stands everywhere: the lower case of a
    letter may hang on its neighbours."""
    lowered = tuple(word.lower() for word in words)
    return lowered if all(map(str.isascii, lowered)) else ("",)


def _first(words: tuple[str, ...], found: set[str]) -> str | None:
    """The first of the words that is found, in any case and with a plural s or without."""
    forms = _forms(words)
    if forms.keys().isdisjoint(found):
        return None
    return words[min(at for form, at in forms.items() if form in found)]


@functools.lru_cache(maxsize=64)
def _forms(words: tuple[str, ...]) -> dict[str, int]:
    """The forms of the words in lower case, with the number of the first word that has it."""
    forms: dict[str, int] = {}
    for at, word in enumerate(words):
        forms.setdefault(word.lower(), at)
        forms.setdefault(word.lower() + "s", at)
    return forms

"""Numbers, names and text made fit to be shown on a terminal or a page; it knows no corpus."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_NAMES = """af:Afrikaans am:Amharic ar:Arabic az:Azerbaijani be:Belarusian bg:Bulgarian bn:Bengali bs:Bosnian
    ca:Catalan cs:Czech cy:Welsh da:Danish de:German el:Greek en:English eo:Esperanto es:Spanish et:Estonian eu:Basque
    fa:Persian fi:Finnish fr:French ga:Irish gl:Galician gu:Gujarati he:Hebrew hi:Hindi hr:Croatian hu:Hungarian
    hy:Armenian id:Indonesian is:Icelandic it:Italian ja:Japanese ka:Georgian kk:Kazakh km:Khmer kn:Kannada ko:Korean
    ky:Kyrgyz la:Latin lo:Lao lt:Lithuanian lv:Latvian mk:Macedonian ml:Malayalam mn:Mongolian mr:Marathi ms:Malay
    my:Burmese ne:Nepali nl:Dutch no:Norwegian nb:Norwegian nn:Nynorsk pa:Punjabi pl:Polish ps:Pashto pt:Portuguese
    ro:Romanian ru:Russian si:Sinhala sk:Slovak sl:Slovenian so:Somali sq:Albanian sr:Serbian sv:Swedish sw:Swahili
    ta:Tamil te:Telugu tg:Tajik th:Thai tl:Tagalog tr:Turkish uk:Ukrainian und:undetermined ur:Urdu uz:Uzbek
    vi:Vietnamese yi:Yiddish zh:Chinese zu:Zulu"""
LANGUAGES = dict(pair.split(":") for pair in _NAMES.split())
"""English names of the languages met most on the web, by BCP-47 code; any other is shown by its code."""


@dataclass(frozen=True)
class Table:
    """A table to be shown: the first `left` columns are words, the others numbers."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: int = 1


def language_name(code: str) -> str:
    """The English name of a language, or its code.

    >>> language_name("pt-BR"), language_name("qaa")
    ('Portuguese', 'qaa')
    """
    return LANGUAGES.get(code) or LANGUAGES.get(code.partition("-")[0], code)


def number(value: float | None, digits: int = 2) -> str:
    """A number with thousands set apart; "-" for None.

    >>> number(1234567), number(2.5), number(None)
    ('1,234,567', '2.5', '-')
    """
    if value is None:
        return "-"
    if float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".")


def percent(part: float, whole: float) -> str:
    """A share in percent; empty where there is no whole.

    >>> percent(1, 3), percent(1, 100_000), percent(0, 0)
    ('33.3 %', '<0.1 %', '')
    """
    if not whole:
        return ""
    share = 100 * part / whole
    return "<0.1 %" if 0 < share < 0.05 else f"{share:.1f} %"


def size(count: float) -> str:
    """A number of bytes in the unit that fits.

    >>> size(512), size(1_500_000)
    ('512 B', '1.5 MB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{number(count, 1)} {unit}"
        count /= 1000
    return f"{number(count, 1)} TB"


def duration(seconds: float) -> str:
    """Seconds as a person says them.

    >>> duration(4.2), duration(75), duration(7260)
    ('4.2 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{number(seconds, 1)} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def plural(count: int, word: str) -> str:
    """A count with its noun: "1 text", "2 texts"."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def clip(text: str, length: int) -> str:
    """The text, cut to `length` characters with a mark where it was cut."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def printable(text: str) -> str:
    """The text without what steers a terminal: control characters and changes of writing direction.

    >>> printable("a\\x1b[31mb\\u202ec\\n")
    'a�[31mb�c '
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(" " if c in "\n\r\t" else "�" if _steers(c) else c for c in text)


def _steers(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cs") or "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069"


def headline(summary: dict[str, object]) -> str:
    """The run in one sentence."""
    kept, came, tokens = summary["kept"], summary["in"], summary["tokens"]
    assert isinstance(kept, dict)
    assert isinstance(came, dict)
    assert isinstance(tokens, dict)
    languages = summary["languages"]
    assert isinstance(languages, dict)
    if tokens:
        name, counts = next(iter(tokens.items()))
        much = f"{number(counts['total'])} tokens ({name})"
    else:
        much = f"{number(summary['words'])} words"  # type: ignore[arg-type]
    return (
        f"{plural(kept['documents'], 'document')} in {plural(len(languages), 'language')} with "
        f"{plural(kept['images'], 'image')} ({number(kept['unresolved'])} unresolved) and {much} from "
        f"{plural(came['pages'], 'page')}"
    )

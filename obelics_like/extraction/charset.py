"""From the bytes of a page to its text, by the order of evidence that real pages deserve; never raises.

It does not parse HTML: the declared charset is looked for in the first bytes only, as browsers do.
"""

from __future__ import annotations

import codecs
import re

SLICE = 16_384
"""Bytes that a detector sees: it decides as well on 16 kB as on a whole page, at a sixth of the time."""
TOLERANCE = 10
"""Letters beyond ASCII that must be sound UTF-8 for each byte that is not, for a page to be UTF-8 with a flaw."""
HEAD = 4_096
"""Bytes in which a `<meta charset>` is looked for (HTML asks for 1,024; pages are less careful)."""

_META = re.compile(rb"<meta[^>]{0,300}?charset\s*+=\s*+[\"']?\s*+([\w.:-]+)", re.I)
_XML = re.compile(rb"^\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]+)", re.I)
_HEADER = re.compile(r"charset\s*+=\s*+[\"']?\s*+([\w.:-]+)", re.I)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_ALIASES = {
    **dict.fromkeys(("ascii", "us-ascii", "latin1", "latin-1", "l1", "iso-8859-1", "iso8859-1", "cp819"), "cp1252"),
    "iso_8859-1": "cp1252",
    **dict.fromkeys(("iso-8859-9", "iso8859-9", "latin5"), "cp1254"),
    **dict.fromkeys(("iso-8859-11", "tis-620", "tis620", "windows-874"), "cp874"),
    **dict.fromkeys(("gb2312", "gbk", "gb_2312", "gb_2312-80", "x-gbk", "chinese", "hz-gb-2312"), "gb18030"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis", "ms_kanji", "windows-31j"), "cp932"),
    **dict.fromkeys(("euc-kr", "euc_kr", "ks_c_5601-1987", "ksc5601", "korean", "windows-949", "uhc"), "cp949"),
    **dict.fromkeys(("big5", "big5-hkscs", "x-x-big5", "cn-big5"), "big5hkscs"),
    **dict.fromkeys(("iso-8859-8-i", "iso-8859-8-e", "logical"), "iso8859-8"),
    **dict.fromkeys(("x-mac-roman", "macintosh", "mac"), "mac_roman"),
    **dict.fromkeys(("x-mac-cyrillic", "x-mac-ukrainian"), "mac_cyrillic"),
    **dict.fromkeys(("utf8", "unicode-1-1-utf-8", "x-unicode20utf8"), "utf-8"),
    **dict.fromkeys(("utf-16", "utf16", "unicode", "ucs-2", "iso-10646-ucs-2"), "utf-16-le"),
    "koi8": "koi8-r",
    "cyrillic": "iso8859-5",
}  # fmt: skip
_UNFIT = frozenset({"idna", "punycode", "raw_unicode_escape", "unicode_escape", "undefined", "mbcs", "oem", "utf_7"})
_NAMES = {
    "cp874": "windows-874",
    "cp932": "shift_jis",
    "cp949": "euc-kr",
    "big5hkscs": "big5",
    "mac_roman": "macintosh",
}


def codec_of(label: str) -> str | None:
    """The Python codec for a charset label read as browsers read it (WHATWG Encoding, section 4.2), None if unknown.

    >>> codec_of("ISO-8859-1"), codec_of("gb2312"), codec_of("x-nonsense")
    ('cp1252', 'gb18030', None)
    """
    label = label.strip().lower()
    label = _ALIASES.get(label, label)
    try:
        info = codecs.lookup(label)
    except (LookupError, ValueError):
        return None
    return info.name if info._is_text_encoding and info.name.replace("-", "_") not in _UNFIT else None


def name_of(codec: str) -> str:
    """The WHATWG name of a Python codec.

    >>> name_of("cp1252"), name_of("utf-8"), name_of("cp932")
    ('windows-1252', 'utf-8', 'shift_jis')
    """
    if codec in _NAMES:
        return _NAMES[codec]
    if codec.startswith("cp125"):
        return "windows-" + codec[2:]
    return codec.replace("iso8859", "iso-8859").replace("_", "-")


def decode(html: bytes, content_type: str | None = None) -> tuple[str, str]:
    """The page as text and the WHATWG name of its charset; what can't be decoded becomes U+FFFD. Never raises.

    Order: byte order mark, strict UTF-8, UTF-8 with few flaws, the charset of the HTTP header, of `<meta>` or of the
    XML declaration, a detector on a slice, windows-1252. UTF-8 is tried before what is declared, for text of another
    charset is all but never valid UTF-8, while declarations are often wrong. A declared charset must fit the bytes to
    be believed: one bad byte in a hundred is forgiven, as pages are cut and mixed.

    >>> decode("Grüße".encode("latin-1"), "text/html; charset=ISO-8859-1")
    ('Grüße', 'windows-1252')
    """
    for mark, codec in _BOMS:
        if html.startswith(mark):
            return html[len(mark) :].decode(codec, "replace"), codec
    try:
        return html.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        first_bad = error.start
    text = html.decode("utf-8", "replace")
    if text.count("\ufffd") * TOLERANCE < len(text) - len(text.encode("ascii", "ignore")):
        return text, "utf-8"
    for codec in _candidates(html, content_type, first_bad):
        text = html.decode(codec, "replace")
        if text.count("\ufffd") <= len(text) // 100:
            return text, name_of(codec)
    return html.decode("cp1252", "replace"), "windows-1252"


def _candidates(html: bytes, content_type: str | None, first_bad: int) -> list[str]:
    head = html[:HEAD]
    found = _HEADER.search(content_type or "")
    matches = [match for pattern in (_META, _XML) if (match := pattern.search(head))]
    labels = ([found[1]] if found else []) + [match[1].decode("ascii", "replace") for match in matches]
    codecs_ = [codec for label in labels if (codec := codec_of(label))]
    # `<meta charset=utf-16>` read as bytes is a contradiction: HTML reads it as UTF-8
    codecs_ = ["utf-8" if codec.startswith("utf-16") and b"\0" not in head else codec for codec in codecs_]
    if guess := _detect(html, first_bad):
        codecs_.append(guess)
    return codecs_


def _detect(html: bytes, first_bad: int) -> str | None:
    """The detector's codec for the slice round the first byte that is not UTF-8, where the evidence is."""
    import cchardet  # native: kept out of the import of a recipe

    start = max(0, first_bad - SLICE // 4)
    label = cchardet.detect(html[start : start + SLICE]).get("encoding")
    codec = codec_of(label) if label else None
    if codec in (None, "utf-8", "ascii"):  # a single stray byte: still UTF-8 for the most part
        return "utf-8" if codec else None
    return codec

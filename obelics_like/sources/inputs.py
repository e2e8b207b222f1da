"""The inputs of a run: files, folders, globs and lists, expanded into what each file is.

What a file is shows in its first bytes rather than in its name. It reads no record.
"""

from __future__ import annotations

import glob
import os
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from obelics_like.errors import InputError
from obelics_like.sources.disk import INSIDE, Disk, packing
from obelics_like.sources.walk import arc_fields, begins_record, first_record, open_stream, settle

VALID = (
    ".warc, .arc (also .gz, .zst, .lz4), .wacz, .html files, a folder or glob of them, or a text file that lists paths"
)
ARCHIVE_NAMES = (".warc", ".arc")
HTML_NAMES = (".html", ".htm", ".xhtml")
LIST_NAMES = (".txt", ".list", ".lst", ".paths", "")
PACKED_NAMES = (".gz", ".zst", ".lz4", ".open")


@dataclass(frozen=True, slots=True)
class Input:
    """One file to read. `name` is its path as the user gave it (Origin.input), `path` is absolute.

    `format` is "warc", "arc" or "html"; `size` is bytes on disk. An archive inside a .wacz has a path of the form
    `x.wacz!archive/data.warc.gz`: open it through `sources.disk.Disk`.
    """

    name: str
    path: str
    format: str
    size: int


def expand(inputs: Sequence[str]) -> list[Input]:
    """The files that the inputs lead to, folders in sorted order, each once.

    Raises InputError for what is not there, for a named file that is nothing we read, and for a folder, glob or list
    that leads to nothing. A broken archive in a folder is kept: reading it says what is wrong.
    """
    return survey(inputs)[0]


def survey(inputs: Sequence[str]) -> tuple[list[Input], list[str]]:
    """As expand, and the paths of the files in folders that were passed over because they are nothing we read."""
    found: dict[str, Input] = {}
    ignored: dict[str, None] = {}
    if not inputs:
        raise InputError("inputs", got="none", valid=VALID, do="name at least one")
    for given in inputs:
        for item in _given(os.fspath(given), ignored):
            found.setdefault(os.path.realpath(item.path), item)
    return list(found.values()), list(ignored)


def _given(path: str, ignored: dict[str, None], in_list: str | None = None) -> Iterator[Input]:
    where = f"{in_list}: input {path}" if in_list else f"input {path}"
    if os.path.isdir(path):
        yield from _folder(path, where, ignored)
    elif os.path.exists(path):
        yield from _file(path, where, ignored, in_list)
    elif glob.has_magic(path):
        matches = sorted(m for m in glob.glob(path, recursive=True))
        if not matches:
            raise InputError(where, got="a pattern that no file matches", valid=VALID, do="correct the pattern")
        yield from _matched(matches, where, ignored)
    elif "://" in path:
        raise InputError(where, got="a URL", valid=VALID, do="download the file first, then name it")
    else:
        raise InputError(where, got="no such file or folder", valid=VALID, do=_nearest(path))


def _nearest(path: str) -> str:
    import difflib

    folder, name = os.path.split(path)
    try:
        near = difflib.get_close_matches(name, os.listdir(folder or "."), n=2, cutoff=0.7)
    except OSError:
        return f"there is no folder {folder} either; correct the path"
    return f"did you mean {' or '.join(os.path.join(folder, n) for n in near)}?" if near else "correct the path"


def _matched(matches: list[str], where: str, ignored: dict[str, None]) -> Iterator[Input]:
    """What a pattern matched: folders are entered, files that are nothing we read are passed over."""
    some = False
    for match in matches:
        for item in _folder_items(match, ignored) if os.path.isdir(match) else _member(match, ignored):
            some = True
            yield item
    if not some:
        raise InputError(where, got="nothing that can be read", valid=VALID, do="correct the pattern")


def _folder(path: str, where: str, ignored: dict[str, None]) -> Iterator[Input]:
    before, some = len(ignored), False
    for item in _folder_items(path, ignored):
        some = True
        yield item
    if not some:
        passed = len(ignored) - before
        got = f"a folder of {passed} files, none of which can be read" if passed else "an empty folder"
        raise InputError(where, got=got, valid=VALID, do="name the folder that holds the archives")


def _folder_items(path: str, ignored: dict[str, None]) -> Iterator[Input]:
    seen: set[str] = set()
    for folder, folders, files in os.walk(path, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:  # a link that leads back
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(f for f in files if not f.startswith(".")):
            yield from _member(os.path.join(folder, name), ignored)


def _member(path: str, ignored: dict[str, None]) -> Iterator[Input]:
    """A file met in a folder: an archive by its name is kept even if its content is not, so that nothing is lost."""
    try:
        kind, _ = _kind(path)
        size = os.path.getsize(path)
    except OSError:
        kind, size = "", 0
    named = _bare(path)[1] in ARCHIVE_NAMES
    if kind == "wacz":
        yield from _wacz(path)
    elif kind in ("warc", "arc", "html"):
        yield _input(path, kind, size)
    elif named and kind != "wet":
        yield _input(path, "arc" if ".arc" in path.lower() else "warc", size)
    elif kind == "empty" and _bare(path)[1] in HTML_NAMES:
        yield _input(path, "html", size)
    else:
        ignored[path] = None


def _file(path: str, where: str, ignored: dict[str, None], in_list: str | None) -> Iterator[Input]:
    """A file the user named: what it is, or an InputError that says what it is instead."""
    try:
        kind, what = _kind(path)
    except OSError as error:
        raise InputError(where, got=str(error), valid="a file that may be read", do="correct its permissions") from None
    if kind == "wacz":
        members = list(_wacz(path))
        if not members:
            raise InputError(where, got="a .wacz without a stored archive/*.warc.gz", valid=VALID, do="unpack it")
        yield from members
    elif kind in ("warc", "arc", "html"):
        yield _input(path, kind, os.path.getsize(path))
    elif kind == "text" and not in_list and _bare(path)[1] in LIST_NAMES:
        yield from _listed(path, ignored)
    elif kind == "wet":
        raise InputError(where, got=what, valid=VALID, do="name the .warc.gz it was made from: it holds no HTML")
    elif kind == "text" and _bare(path)[1] in ARCHIVE_NAMES:
        raise InputError(where, got=what, valid=VALID, do="rename it to .txt if it lists archives, else leave it out")
    else:
        raise InputError(where, got=what, valid=VALID, do="leave it out, or name the archive itself")


def _listed(path: str, ignored: dict[str, None]) -> Iterator[Input]:
    """The inputs that a list names, one a line; relative ones are looked for here first, then beside the list."""
    some = False
    beside = os.path.dirname(path)
    for number, line in enumerate(_text(path).splitlines(), 1):
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        here = os.path.exists(entry) or glob.glob(entry, recursive=True)
        there = os.path.join(beside, entry)
        some = True
        yield from _given(entry if here or not (os.path.exists(there) or glob.has_magic(there)) else there, ignored,
                          in_list=f"{path}, line {number}")  # fmt: skip
    if not some:
        raise InputError(f"input {path}", got="a list without a path", valid="one path a line", do="add paths to it")


def _text(path: str) -> str:
    import gzip

    with open(path, "rb") as file:
        raw = file.read()
    if packing(raw[:8]) == "gzip":
        raw = gzip.decompress(raw)
    return raw.decode("utf-8-sig", "surrogateescape")


def _input(path: str, kind: str, size: int) -> Input:
    return Input(os.path.normpath(path), os.path.abspath(path), kind, size)


def _wacz(path: str) -> Iterator[Input]:
    """The archives inside a WACZ that are stored as they are, which the format asks for."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = sorted(archive.infolist(), key=lambda i: i.filename)
    except (zipfile.BadZipFile, OSError):
        return
    for info in infos:
        name = info.filename
        if _bare(name)[1] in ARCHIVE_NAMES and info.compress_type == zipfile.ZIP_STORED:
            inside = f"{os.path.normpath(path)}{INSIDE}{name}"
            yield Input(inside, f"{os.path.abspath(path)}{INSIDE}{name}", _bare(name)[1][1:], info.file_size)


def _bare(path: str) -> tuple[str, str]:
    """The file's name without its packing, cut at its last dot: `a/x.warc.gz` gives ("x", ".warc")."""
    name = os.path.basename(path).lower()
    for packed in PACKED_NAMES:
        name = name.removesuffix(packed)
    return os.path.splitext(name)


def _kind(path: str) -> tuple[str, str]:
    """What the first bytes show: warc, arc, html, wacz, wet, text, empty or "" (unknown), and that in words."""
    disk = Disk(path)
    try:
        if disk.size == 0:
            return "empty", "an empty file"
        first = disk.read(0, 1 << 14)
        if first.startswith(b"PK\x03\x04") and path.lower().endswith(".wacz"):
            return "wacz", "a WACZ"
        kind = settle(disk)
        stream = open_stream(disk, 0, kind)
        inner = stream.peek(1 << 14)
        if kind in ("gzip", "zstd") and not begins_record(inner):  # its first record may be the broken one
            at = first_record(disk, kind)
            stream = open_stream(disk, at, kind) if at is not None else stream
            inner = stream.peek(1 << 14)
        if kind != "plain" and not inner:
            return "", f"{kind} data that can't be unpacked ({stream.damage or 'it holds nothing'})"
        if kind == "gzip" and len(inner) < 1 << 14 and stream.damage is None and stream.end < disk.size:
            inner += open_stream(disk, stream.end, kind).peek(1 << 13)
        return _content(path, inner, "" if kind == "plain" else f"{kind}-compressed ")
    finally:
        disk.close()


def _content(path: str, inner: bytes, how: str) -> tuple[str, str]:
    from obelics_like.sources.records import sniff

    start = inner.lstrip(b"\r\n")
    if start.startswith(b"WARC/"):
        low = inner.lower()
        if ".wet." in os.path.basename(path).lower() or b"warc-type: conversion" in low:
            return "wet", "a WET file (extracted text, no HTML and no pictures)"
        if ".wat." in os.path.basename(path).lower():
            return "wet", "a WAT file (metadata, no HTML and no pictures)"
        return "warc", "a WARC file"
    if start.startswith(b"filedesc://") or arc_fields(start) is not None:
        return "arc", "an ARC file"
    by_name = os.path.splitext(path)[1].lower() in HTML_NAMES
    if not how and (by_name or sniff(inner) == "text/html"):
        return "html", "an HTML file"
    if b"\0" not in inner and _is_text(inner):
        return "text", f"a {how}text file that begins {inner[:40].decode('utf-8', 'replace')!r}"
    return "", f"a {how}file that is no archive (it begins {inner[:8].hex(' ')})"


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(raw) - 4 and len(raw) > 4
    return True

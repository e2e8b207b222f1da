"""The inputs of a run: files, folders, globs, lists, URLs and crawls by name, expanded into what each file is.

What a file is shows in its first bytes rather than in its name; but what a list names elsewhere is taken by its name,
since a list may name a hundred thousand archives, of which a run with a limit reads one. It reads no record.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from obelics_like.errors import DataError, InputError, OptionError
from obelics_like.sources import crawls
from obelics_like.sources.crawls import Reach
from obelics_like.sources.disk import INSIDE, Disk, open_file, split_path
from obelics_like.sources.lists import entries, join, resolve
from obelics_like.sources.remote import WEB, NotThere, Unreachable, check_url, is_remote, scheme
from obelics_like.sources.walk import arc_fields, begins_record, first_record, open_stream, settle
from obelics_like.sources.zips import directory

VALID = (
    ".warc, .arc (also .gz, .zst, .lz4), .wacz, .html files, a folder or glob of them, a text file that lists paths, "
    "a URL of one of these, or cc:CC-MAIN-YEAR-WEEK"
)
ARCHIVE_NAMES = (".warc", ".arc")
HTML_NAMES = (".html", ".htm", ".xhtml")
LIST_NAMES = (".txt", ".list", ".lst", ".paths", "")
PACKED_NAMES = (".gz", ".zst", ".lz4", ".open")


@dataclass(frozen=True, slots=True)
class Input:
    """One file to read. `name` is its path as the user gave it (Origin.input), `path` is absolute, or a URL.

    `format` is "warc", "arc" or "html"; `size` is bytes, 0 for a remote file that nobody has asked yet. An archive
    inside a .wacz has a path of the form `x.wacz!archive/data.warc.gz`: open it through `sources.disk.Disk`.
    `identity` changes when a remote file does. With `picks`, (offset, length) of records in ascending order, these
    are all that is read of the file.
    """

    name: str
    path: str
    format: str
    size: int
    identity: str = ""
    picks: tuple[tuple[int, int], ...] = ()


def expand(inputs: Sequence[str]) -> list[Input]:
    """The files that the inputs lead to, folders in sorted order, each once.

    Raises InputError for what is not there, for a named file that is nothing we read, and for a folder, glob or list
    that leads to nothing. A broken archive in a folder is kept: reading it says what is wrong.
    """
    return survey(inputs)[0]


def survey(inputs: Sequence[str], reach: Reach | None = None) -> tuple[list[Input], list[str]]:
    """As expand, and the paths of the files in folders that were passed over because they are nothing we read.

    `reach` says what is taken of crawls, and whether anything may be read from elsewhere; raises OptionError if that
    is asked for and forbidden, DataError if a list, an index or a folder elsewhere can't be reached.
    """
    reach = reach or Reach()
    found: dict[tuple[str, object], Input] = {}
    ignored: dict[str, None] = {}
    if not inputs:
        raise InputError("inputs", got="none", valid=VALID, do="name at least one")
    given = [os.fspath(i) for i in inputs]
    reach.check(given)
    for one in given:
        for item in _given(one, ignored, reach):
            real = item.path if is_remote(item.path) else os.path.realpath(item.path)
            found.setdefault((real, item.picks), item)
    return list(found.values()), list(ignored)


def identified(inputs: Sequence[Input]) -> list[Input]:
    """The inputs, the remote ones with size and identity; one that can't be had is left as it was."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(_identified, inputs))


def _identified(source: Input) -> Input:
    outer, inner = split_path(source.path)
    if not is_remote(outer) or source.identity:
        return source
    with suppress(Unreachable):
        file = open_file(outer)
        try:
            size = file.size
            return replace(source, size=source.size if inner or source.picks else size, identity=file.identity)
        finally:
            file.close()
    return source


def _given(path: str, ignored: dict[str, None], reach: Reach, in_list: str | None = None) -> Iterator[Input]:
    where = f"{in_list}: input {path}" if in_list else f"input {path}"
    path = path.removeprefix("file://") if path.startswith("file:///") else path
    if is_remote(path) or (path.startswith(crawls.PREFIX) and not os.path.exists(path)):
        if reach.offline and (is_remote(path) or is_remote(reach.base)):
            raise OptionError("--offline", got=where, valid="files of this machine", do="leave one of them out")
        try:
            yield from (_remote if is_remote(path) else _crawl)(path, where, ignored, reach, in_list)
        except NotThere as error:
            raise InputError(where, got=str(error), valid=VALID, do="correct it") from None
        except Unreachable as error:
            raise DataError(
                where, got=str(error), valid="a host that answers", do="run the same command again later"
            ) from None
    elif os.path.isdir(path):
        yield from _folder(path, where, ignored)
    elif os.path.exists(path):
        yield from _file(path, where, ignored, reach, in_list)
    elif glob.has_magic(path):
        matches = sorted(m for m in glob.glob(path, recursive=True))
        if not matches:
            raise InputError(where, got="a pattern that no file matches", valid=VALID, do="correct the pattern")
        yield from _matched(matches, where, ignored)
    else:
        raise InputError(where, got="no such file or folder", valid=VALID, do=_nearest(path))


def _crawl(given: str, where: str, ignored: dict[str, None], reach: Reach, in_list: str | None) -> Iterator[Input]:
    """The archives of a crawl, or the records of it that the index gives; they never change, so none is asked for."""
    name = crawls.crawl_name(given)
    if reach.index is None:
        yield from (Input(a, join(reach.base, a), "warc", 0, name) for a in crawls.archives(given, reach))
        return
    from obelics_like.sources.crawl_index import find

    for archive, picks in find(given, reach).items():
        yield Input(archive, join(reach.base, archive), "warc", sum(length for _, length in picks), name, picks)


def _remote(url: str, where: str, ignored: dict[str, None], reach: Reach, in_list: str | None) -> Iterator[Input]:
    """What a URL leads to. An archive by its name is kept even if its host does not answer: reading it tells."""
    check_url(url, where)
    extension = _bare(url)[1]
    plain = extension in ARCHIVE_NAMES and ".wet." not in url.lower()
    if in_list and plain:
        yield Input(url, url, extension[1:], 0)
        return
    if scheme(url) not in WEB:
        from obelics_like.sources.buckets import members

        inside = members(url)
        if inside is not None:
            yield from _matched(inside, where, ignored)
            return
    try:
        yield from _file(url, where, ignored, reach, in_list)
    except NotThere:
        raise
    except Unreachable:
        if not plain:
            raise
        yield Input(url, url, extension[1:], 0)


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
        for item in _folder_items(match, ignored) if os.path.isdir(match) else _met(match, ignored):
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
        got = f"a folder of {passed} file{'s' * (passed > 1)} that can't be read" if passed else "an empty folder"
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


def _met(path: str, ignored: dict[str, None]) -> Iterator[Input]:
    """As _member; an archive elsewhere is taken by its name, unopened."""
    extension = _bare(path)[1]
    if is_remote(path) and extension in ARCHIVE_NAMES and ".wet." not in path.lower():
        yield Input(path, path, extension[1:], 0)
    else:
        yield from _member(path, ignored)


def _member(path: str, ignored: dict[str, None]) -> Iterator[Input]:
    """A file met in a folder: an archive by its name is kept even if its content is not, so that nothing is lost."""
    try:
        kind, _, size = _kind(path)
    except OSError:
        kind, size = "", 0
    named = _bare(path)[1] in ARCHIVE_NAMES
    members = list(_wacz(path, size)) if kind == "wacz" else []
    if members:
        yield from members
    elif kind in ("warc", "arc", "html"):
        yield _input(path, kind, size)
    elif named and kind != "wet":
        yield _input(path, "arc" if ".arc" in path.lower() else "warc", size)
    elif kind == "empty" and _bare(path)[1] in HTML_NAMES:
        yield _input(path, "html", size)
    else:
        ignored[path] = None


def _file(path: str, where: str, ignored: dict[str, None], reach: Reach, in_list: str | None) -> Iterator[Input]:
    """A file the user named: what it is, or an InputError that says what it is instead."""
    try:
        kind, what, size = _kind(path)
    except Unreachable:
        raise
    except OSError as error:
        raise InputError(where, got=str(error), valid="a file that may be read", do="correct its permissions") from None
    if kind == "wacz":
        members = list(_wacz(path, size))
        if not members:
            raise InputError(where, got="a .wacz without an archive/*.warc.gz", valid=VALID, do=_instead(path))
        yield from members
    elif kind == "html" and scheme(path) in WEB:
        raise InputError(where, got="a web page", valid=VALID, do="name an archive: pages are not crawled from the web")
    elif kind in ("warc", "arc", "html"):
        yield _input(path, kind, size)
    elif kind == "text" and not in_list and _bare(path)[1] in LIST_NAMES:
        for number, entry in entries(path):
            line = f"{path}, line {number}"
            yield from _given(resolve(entry, path, reach.base), ignored, reach, in_list=line)
    elif kind == "wet":
        raise InputError(where, got=what, valid=VALID, do="name the .warc.gz it was made from: it holds no HTML")
    elif kind == "text" and _bare(path)[1] in ARCHIVE_NAMES:
        raise InputError(where, got=what, valid=VALID, do="rename it to .txt if it lists archives, else leave it out")
    else:
        raise InputError(where, got=what, valid=VALID, do="leave it out, or name the archive itself")


def _input(path: str, kind: str, size: int) -> Input:
    if is_remote(path):
        return Input(path, path, kind, size)
    return Input(os.path.normpath(path), os.path.abspath(path), kind, size)


def _wacz(path: str, size: int) -> Iterator[Input]:
    """The archives inside a WACZ, in the order of their names; the index and the list of pages are not needed.

    One whose directory is lost (a download that broke off) is an archive as it is: what is stored in it is found
    as it is found behind damage.
    """
    try:
        infos = directory(open_file(path))
    except Unreachable:
        raise
    except OSError:
        yield _input(path, "warc", size)
        return
    for info in infos:
        name = info.filename
        if _bare(name)[1] in ARCHIVE_NAMES and ".wet." not in name.lower():
            whole = _input(path, _bare(name)[1][1:], info.file_size)
            yield replace(whole, name=f"{whole.name}{INSIDE}{name}", path=f"{whole.path}{INSIDE}{name}")


def _instead(path: str) -> str:
    """What to do with a WACZ that holds no archive."""
    inside = [info.filename for info in directory(open_file(path)) if info.filename.lower().endswith(".wacz")]
    return f"unpack it, and name {', '.join(inside[:3])}" if inside else "look what it holds: unzip -l"


def _bare(path: str) -> tuple[str, str]:
    """The file's name without its packing, cut at its last dot: `a/x.warc.gz` gives ("x", ".warc")."""
    name = os.path.basename(urlsplit(path).path if scheme(path) in WEB else path).lower()
    for packed in PACKED_NAMES:
        name = name.removesuffix(packed)
    return os.path.splitext(name)


def _kind(path: str) -> tuple[str, str, int]:
    """What the first bytes show: warc, arc, html, wacz, wet, text, empty or "" (unknown), that in words, its bytes."""
    disk = Disk(path)
    try:
        return *_seen(disk, path), disk.size
    finally:
        disk.close()


def _seen(disk: Disk, path: str) -> tuple[str, str]:
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


def _content(path: str, inner: bytes, how: str) -> tuple[str, str]:
    from obelics_like.sources.records import sniff

    start = inner.lstrip(b"\r\n")
    if start.startswith(b"WARC/"):
        low = inner.lower()
        extracted = b"warc-type: conversion" in low and b"content-type: text/plain" in low
        if ".wet." in os.path.basename(path).lower() or extracted:
            return "wet", "a WET file (extracted text, no HTML and no pictures)"
        return "warc", "a WARC file"
    if start.startswith(b"filedesc://") or arc_fields(start) is not None:
        return "arc", "an ARC file"
    by_name = os.path.splitext(path)[1].lower() in HTML_NAMES
    seen = sniff(inner)
    if not how and (by_name or seen == "text/html"):
        return "html", "an HTML file"
    text = b"\0" not in inner and _is_text(inner)
    if seen == "application/pdf" or (seen not in (None, "text/html") and not text):
        return "", f"a {how}file that is no archive (it is of the type {seen})"
    if text:
        return "text", f"a {how}text file that begins {inner[:40].decode('utf-8', 'replace')!r}"
    return "", f"a {how}file that is no archive (it begins {inner[:8].hex(' ')})"


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(raw) - 4 and len(raw) > 4
    return True

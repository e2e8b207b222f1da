"""Small archives made in the test, sound or with one fault, by warcio's writer and by surgery on its bytes."""

from __future__ import annotations

import gzip
import io
import itertools
import uuid
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import lz4.frame
import zstandard
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from obelics_like.sources.archive import Archive
from obelics_like.sources.inputs import Input

OPTIONS = Archive(id="sources")
IDS = itertools.count()
"""Of records, no two of which have the same in a run, and which are the same in every run."""
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8


def noise(seed: int, size: int = 3000) -> bytes:
    """Text that hardly compresses, so that a damaged byte hits this record and no other."""
    state, out = seed * 2654435761 + 1, []
    for _ in range(size // 8):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        out.append(f"{state >> 32:08x}")
    return "".join(out).encode()


def page(number: int, size: int = 3000) -> bytes:
    return b"<!DOCTYPE html><html><body><p>page %d " % number + noise(number, size) + b"</p></body></html>"


@dataclass
class Builder:
    """Records, each as the bytes of its own gzip member (or bare)."""

    packed: bool = True
    parts: list[bytes] = field(default_factory=list)

    def add(
        self,
        url: str = "http://a.example/",
        body: bytes = b"",
        *,
        type: str = "response",
        mime: str | None = "text/html",
        status: str = "200 OK",
        http: list[tuple[str, str]] | None = None,
        warc: dict[str, str] | None = None,
    ) -> Builder:
        sink = io.BytesIO()
        writer = WARCWriter(sink, gzip=self.packed)
        fields = ([("Content-Type", mime)] if mime else []) + (http or [])
        head = StatusAndHeaders(status, fields, protocol="HTTP/1.1") if type in ("response", "revisit") else None
        record = writer.create_warc_record(
            url, type, payload=io.BytesIO(body), http_headers=head, warc_content_type=None if head else (mime or ""),
            warc_headers_dict={"WARC-Date": "2024-05-06T07:08:09Z", "WARC-Record-ID": _new_id(), **(warc or {})},
        )  # fmt: skip
        writer.write_record(record)
        self.parts.append(sink.getvalue())
        return self

    def pages(self, count: int, size: int = 3000) -> Builder:
        for i in range(count):
            self.add(f"http://a.example/{i}", page(i, size))
        return self

    def bytes(self) -> bytes:
        return b"".join(self.parts)

    def bare(self, number: int) -> bytes:
        return gzip.decompress(self.parts[number]) if self.packed else self.parts[number]

    def rewrite(self, number: int, old: bytes, new: bytes) -> Builder:
        """Replace bytes of one record, its member packed anew so that only the record is wrong."""
        raw = self.bare(number)
        assert old in raw
        raw = raw.replace(old, new, 1)
        self.parts[number] = gz(raw) if self.packed else raw
        return self

    def damage(self, number: int, at: float = 0.5) -> Builder:
        """Flip bytes in the middle of one member's deflate data."""
        raw = bytearray(self.parts[number])
        middle = int(len(raw) * at)
        for i in range(middle, middle + 8):
            raw[i] ^= 0xFF
        self.parts[number] = bytes(raw)
        return self

    def write(self, path: Path) -> Input:
        return put(path, self.bytes())


def _new_id() -> str:
    return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, str(next(IDS)))}>"


def put(path: Path, data: bytes, format: str = "warc") -> Input:
    path.write_bytes(data)
    return Input(str(path), str(path), format, len(data))


def raw_deflate(data: bytes) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeeze.compress(data) + squeeze.flush()


def gz(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def zst(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


def lz(data: bytes) -> bytes:
    return lz4.frame.compress(data, content_checksum=True)


def plain(data: bytes) -> bytes:
    return data


PACKINGS = {"gzip": gz, "zstd": zst, "lz4": lz, "plain": plain}


def packed(kind: str, bare: list[bytes]) -> list[bytes]:
    """Each record packed by itself."""
    return [PACKINGS[kind](record) for record in bare]


def with_dictionary(bare: list[bytes], compressed: bool = False) -> bytes:
    """A .warc.zst as IIPC has it: a dictionary in a skippable frame, then a frame a record that needs it."""
    dictionary = zstandard.train_dictionary(2000, [r[i : i + 400] for r in bare for i in range(0, len(r), 400)])
    squeeze = zstandard.ZstdCompressor(dict_data=dictionary, write_checksum=True)
    raw = dictionary.as_bytes()
    raw = zst(raw) if compressed else raw
    return b"\x5d\x2a\x4d\x18" + len(raw).to_bytes(4, "little") + raw + b"".join(map(squeeze.compress, bare))


def arc(
    url: str, body: bytes, mime: str = "text/html", date: str = "20080430204825", length: str | None = None
) -> bytes:
    return f"{url} 1.2.3.4 {date} {mime} {length or len(body)}\n".encode() + body + b"\n"


FILEDESC = arc("filedesc://x.arc", b"1 1 Test\nURL IP-address Archive-date Content-type Archive-length\n", "text/plain")


def http(body: bytes, mime: str = "text/html", status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {mime}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

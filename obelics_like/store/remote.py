"""Publishes a finished corpus to an address of an object store (`s3://bucket/prefix`, through fsspec); it reads none.

One committer, and a claim (`store/claim.py`). `manifest.json` is taken away first and put last: readers go by it, so
there is never a corpus that is half the old one and half the new.
"""

from __future__ import annotations

import json
import os
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

from obelics_like.errors import UsageError
from obelics_like.store.claim import CLAIM, claim
from obelics_like.store.files import publish_json
from obelics_like.store.folder import SECTIONS, Output
from obelics_like.store.objects import Objects


@dataclass(frozen=True)
class Places:
    """Where a run builds (a folder of this machine), and the addresses that corpus and work go to, if any."""

    folder: Path
    out: str | None = None
    work: str | None = None


def places(out: str | Path, work: str | Path | None) -> Places:
    """What `--out` and `--work` mean. Raises UsageError.

    Where both are addresses, the folder is one for temporary files: all that is in it is in the store too.
    """
    for option, place in (("--out", out), ("--work", work)):
        if place is not None and not str(place):  # a shell's variable that is not set; it would be where we stand
            do = "name one; . is the folder you are in"
            raise UsageError(option, got="nothing", valid="a folder, or an address", do=do)
        try:
            str(place).encode()
        except UnicodeEncodeError:
            shown = os.fsencode(str(place)).decode("utf-8", "backslashreplace")
            valid = "a name that can be written down"
            raise UsageError(
                f"{option} {shown}", got="a name that is no UTF-8", valid=valid, do="choose another"
            ) from None
    if "://" not in str(out):
        if work is not None and "://" not in str(work):
            valid = "an address with a folder; a folder of this machine, or an address, with an address"
            raise UsageError(f"--out {out}", got=f"--work {work}", valid=valid, do="leave --work out")
        return Places(Path(out).resolve() if work else Path(out), None, str(work) if work else None)
    if work is None:
        valid = "--work DIR, a folder of this machine, or --work ADDRESS, with an address"
        raise UsageError(f"--out {out}", got="no --work", valid=valid, do="give --work DIR")
    if "://" not in str(work):
        return Places(Path(work), str(out))
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{out} {work}").hex
    return Places(Path(tempfile.gettempdir()) / f"obelics-like-{name}", str(out), str(work))


class Remote:
    """A prefix of an object store that one local folder publishes to. `home` is that folder.

    Raises MissingPiece if there is no library for the address, DataError if the store can't be reached, UsageError if
    another run holds the prefix or if it holds what no run of ours made.
    """

    def __init__(self, address: str, home: Path) -> None:
        self.home, self._objects = home, Objects(address, "--out")
        self.address = self._objects.address
        self._journal = home / f".obelics-like.published-{uuid.uuid5(uuid.NAMESPACE_URL, self.address).hex}.json"

    def claim(self) -> None:
        """Take the prefix for this folder, or take the claim up again that it holds already."""
        there = self._objects.sizes()
        if there and not {"manifest.json", CLAIM} & set(there):
            raise UsageError(
                f"--out {self.address}",
                got=f"a prefix that holds other things ({', '.join(sorted(there)[:3])})",
                valid="a new or empty prefix, or one that an earlier run published to",
                do="choose another",
            )
        if claim(self._objects, self.home, "--out"):  # what an earlier claim had put may have been replaced since
            self._journal.unlink(missing_ok=True)

    def publish(self) -> list[str]:
        """Put the finished corpus of the local folder there, and give up the claim; gives the names of its files.

        Goes on where it stopped: what was put under this claim is not put again.
        """
        output = Output(self.home)
        wanted = {f"{s}/{line.name}": line.sha256 for s in SECTIONS for line in output.files(s)}
        done: dict[str, str] = json.loads(self._journal.read_bytes()) if self._journal.is_file() else {}
        there = self._objects.sizes()
        if "manifest.json" in there:
            self._objects.remove("manifest.json")
        for name, sha256 in wanted.items():
            if done.get(name) != sha256 or there.get(name) != (self.home / name).stat().st_size:
                self._put(name)
                done[name] = sha256
                publish_json(self._journal, done)
        self._put("run.json")
        for name in sorted(set(there) - set(wanted)):
            if name.partition("/")[0] in SECTIONS:
                self._objects.remove(name)
        self._put("manifest.json")
        self._objects.remove(CLAIM)
        self._journal.unlink(missing_ok=True)
        return sorted(wanted)

    def _put(self, name: str) -> None:
        self._objects.put(self.home / name, name)

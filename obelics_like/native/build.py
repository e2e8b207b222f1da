"""Compiles the C of this folder into one library beside it: when a package is built, and in a checkout at first use.

It imports nothing of the package, since hatchling runs it as a file; it knows nothing of what the C does.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # not while a package is built
    BuildHookInterface = object  # type: ignore[assignment,misc,unused-ignore]

FOLDER = Path(__file__).resolve().parent
FLAGS = ("-O2", "-std=c11", "-Wall", "-Wextra", "-fPIC", "-shared", "-fvisibility=hidden")
COMPILERS = ("cc", "gcc", "clang")
WHEEL = "ziglang>=0.13"
"""A package that brings a C compiler, for machines that have none."""


def library(folder: Path = FOLDER) -> Path:
    """Where the library lies, or would, that these sources make: its name holds a digest of them and of the flags."""
    digest = hashlib.sha256(" ".join(FLAGS).encode())
    for path in sorted((*folder.glob("*.c"), *folder.glob("*.h"))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return folder / f"kernel-{digest.hexdigest()[:16]}-{sysconfig.get_platform()}.so"


def compiler() -> list[str] | None:
    """The command of a C compiler: `CC`, the machine's own, or the one of the package ziglang; None without any."""
    if os.environ.get("CC"):
        return os.environ["CC"].split()
    for name in COMPILERS:
        if path := shutil.which(name):
            return [path]
    try:
        import ziglang  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ImportError:
        return None
    return [sys.executable, "-m", "ziglang", "cc"]


def compiled(folder: Path = FOLDER) -> Path:
    """The library, compiled if it is not there, and then in place at once: other processes may be doing the same.

    Raises FileNotFoundError without a compiler, CalledProcessError (with the compiler's words) where it fails.
    """
    target = library(folder)
    if target.exists():
        return target
    command = compiler()
    if command is None:
        raise FileNotFoundError(f"no C compiler: none of {', '.join(COMPILERS)} found, and no package ziglang")
    handle, name = tempfile.mkstemp(dir=folder, prefix=".kernel-", suffix=".so")
    os.close(handle)
    try:
        sources = sorted(map(str, folder.glob("*.c")))
        subprocess.run([*command, *FLAGS, "-o", name, *sources], check=True, capture_output=True, text=True)
        os.chmod(name, 0o755)
        os.replace(name, target)
    finally:
        Path(name).unlink(missing_ok=True)
    return target


class Hook(BuildHookInterface):  # type: ignore[misc,type-arg,unused-ignore]
    """Adds the library to a wheel, which then is for one platform and any Python 3."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What building needs beyond hatchling: a compiler, on a machine without one."""
        return [] if compiler() else [WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; libraries of older sources go."""
        made = compiled()
        for old in FOLDER.glob("kernel-*.so"):
            if old != made:
                old.unlink(missing_ok=True)
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
        build_data["artifacts"].append(f"/obelics_like/native/{made.name}")

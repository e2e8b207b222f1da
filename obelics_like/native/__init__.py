"""The few loops that touch each character of a page, in C: loaded once, called with bytes, giving rows of numbers.

What the numbers mean is said by the modules that call it; nothing here judges.
"""

from __future__ import annotations

import ctypes
import functools
import subprocess

from obelics_like.errors import MissingPiece
from obelics_like.native import build


@functools.cache
def kernel() -> ctypes.CDLL:
    """The compiled library; in a checkout it is compiled when its sources have changed.

    Raises MissingPiece where it is not there and can't be made.
    """
    try:
        return ctypes.CDLL(str(build.compiled()))
    except (OSError, subprocess.CalledProcessError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        raise MissingPiece(
            "obelics_like/native",
            got=said[0] if said else repr(error),
            valid="the library that comes with the package, or a C compiler to make it with",
            do="install obelics-like again, or install a C compiler (a package gcc, or `pip install ziglang`)",
        ) from error

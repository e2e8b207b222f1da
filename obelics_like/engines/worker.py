"""The loop of one worker process: take an item from the pipe, do it, answer; it ends when the pipe does.

It answers ("ready", None) once, when it is up, and then ("ok", result) or ("error", exception) to each item.
"""

from __future__ import annotations

import ctypes
import gc
import os
import pickle
import resource
import signal
import sys
import traceback
from multiprocessing.connection import Connection
from typing import Any

_PARENT_DIED = 1
"""PR_SET_PDEATHSIG of prctl(2): Linux only, elsewhere a worker ends at the end of its item."""
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Options of glibc's mallopt(3)."""


def main() -> None:
    """Serve the pipe whose file descriptor is the first argument, for the driver whose process id is the second."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the driver ends its workers
    _die_with(int(sys.argv[2]))
    _first_to_go()
    _bounded(os.environ.get("OBELICS_LIKE_WORKER_MB", ""))
    # Pages are trees of small objects without cycles: the collector's default of every 700 finds nothing, often.
    # A batch of 64 pages holds some 50,000 of them, and to look through these took 0.1 ms a page.
    gc.set_threshold(200_000, 20, 50)
    _keep_heap()
    pipe = Connection(int(sys.argv[1]))
    try:
        pipe.send(("ready", None))
        while True:
            pipe.send_bytes(_answer(pipe.recv_bytes()))
    except (EOFError, OSError):  # the driver is gone
        return


def _answer(question: bytes) -> bytes:
    """Unpickle a task and its item, do it, pickle the answer; whatever fails is the answer."""
    try:
        task, item = pickle.loads(question)
        return pickle.dumps(("ok", task(item)))
    except BaseException as error:
        return pickle.dumps(("error", _portable(error)))


def _portable(error: BaseException) -> BaseException:
    """The error with its traceback as a note; as a RuntimeError if it can't be pickled or is no Exception."""
    trace = "".join(traceback.format_exception(error))
    try:
        pickle.loads(pickle.dumps(error))
        portable = error if isinstance(error, Exception) else RuntimeError(repr(error))
    except Exception:
        portable = RuntimeError(repr(error))
    portable.add_note(f"in a worker:\n{trace}")
    return portable


def _die_with(driver: int) -> None:
    """See to it that this process is killed when the driver dies, even in the midst of native code that hangs."""
    try:
        set_option: Any = ctypes.CDLL(None).prctl
    except (OSError, AttributeError):
        return
    set_option(_PARENT_DIED, signal.SIGKILL)
    if os.getppid() != driver:  # it died before we asked
        os._exit(1)


def _keep_heap() -> None:
    """Tell glibc not to give freed memory back page for page: each page of an archive would have to ask for it again.

    It took the kernel 0.05 ms a page; at most 64 MB lie idle.
    """
    try:
        set_option: Any = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return
    set_option(_MMAP_THRESHOLD, 16 << 20)
    set_option(_TRIM_THRESHOLD, 64 << 20)


def _first_to_go() -> None:
    """Tell the kernel to end this process before others where memory runs out: a worker can be replaced."""
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("500")
    except OSError:
        return


def _bounded(megabytes: str) -> None:
    """Hold this process to so much memory of its own (heap and anonymous maps; files that are mapped do not count)."""
    if megabytes:
        limit = int(megabytes) << 20
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


if __name__ == "__main__":
    main()

"""The loop of one worker process: take an item from the pipe, do it, answer; it ends when the pipe does."""

from __future__ import annotations

import gc
import pickle
import sys
import traceback
from multiprocessing.connection import Connection


def main() -> None:
    """Serve the pipe whose file descriptor is the only argument."""
    # Pages are trees of small objects without cycles: the collector's default of every 700 finds nothing, often.
    gc.set_threshold(50_000, 20, 50)
    pipe = Connection(int(sys.argv[1]))
    while True:
        try:
            task, item = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            answer = ("ok", task(item))
        except KeyboardInterrupt:
            return
        except BaseException as error:
            answer = ("error", _portable(error))
        pipe.send(answer)


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


if __name__ == "__main__":
    main()

"""Tells how far a run is, and lets it be stopped from outside; it starts nothing."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from obelics_like.cli.faults import Stopped

SAY_EVERY = 15
"""Seconds between two plain lines of a stage that goes on."""


@contextmanager
def stoppable() -> Iterator[None]:
    """Within it, a request to end (SIGTERM) unwinds as Ctrl-C does, so that the workers are ended too."""

    def stop(*_: object) -> None:
        raise Stopped

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not in the main thread: whoever runs us there ends us
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """What to tell: bars by stage on a terminal, else a plain line for each that is done or goes on for long."""
    if quiet:
        yield lambda phase, done, total: None
    elif not sys.stderr.isatty():
        yield _plain_lines()
    else:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        with Progress(*columns, console=Console(stderr=True)) as bars:
            tasks: dict[str, Any] = {}

            def tell(phase: str, done: int, total: int) -> None:
                if phase not in tasks:
                    tasks[phase] = bars.add_task(phase, total=total)
                bars.update(tasks[phase], completed=done, total=total)

            yield tell


def _plain_lines() -> Callable[[str, int, int], None]:
    said = time.monotonic()

    def tell(phase: str, done: int, total: int) -> None:
        nonlocal said
        if done == total or time.monotonic() - said > SAY_EVERY:
            said = time.monotonic()
            click.echo(f"{phase}: {done}/{total}", err=True)

    return tell

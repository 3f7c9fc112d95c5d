"""A line for whoever waits longer than two seconds; nothing for anybody else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console

PATIENCE = 2.0
"""Seconds that nobody minds."""


@contextmanager
def patience(
    console: Console | None = None, *, seconds: Callable[[], float] = monotonic
) -> Iterator[Callable[[int], None]]:
    """Whoever is told of progress says so on stderr, once it has taken longer than two seconds."""
    console = console or Console(stderr=True)
    begun = seconds()
    status = console.status("")

    def told(looked: int) -> None:
        if seconds() - begun < PATIENCE:
            return
        status.update(f"{looked:,} situations looked at")
        status.start()

    try:
        yield told
    finally:
        status.stop()

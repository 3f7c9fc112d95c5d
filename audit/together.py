"""A history and the stream it wrote, read while both grow, so that neither contradicts the other.

Every entry is stored by an activity that its history asked for before. So of a run that goes on the
stream is read first: the history may then be ahead of it, which replaying allows, and is never
behind. Of a run that has ended the stream is read again, because then it is whole.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from audit.ends import ending, is_closed
from audit.runs import CaseHistory
from cases.journal import Entry

_ATTEMPTS = 10
_PAUSE = 0.1
"""Seconds: between the last entry of a case and the end of its run there is one workflow task."""


class Together(NamedTuple):
    """What was read."""

    history: CaseHistory
    entries: Sequence[Entry]
    settled: bool
    """False where the stream stayed closed and the history open: the run's end is under way."""


async def read_together(
    history: Callable[[], Awaitable[CaseHistory]],
    entries: Callable[[], Awaitable[Sequence[Entry]]],
) -> Together:
    """The history with its stream; a run that is just ending is given a second to end."""
    for attempt in range(_ATTEMPTS):
        if attempt:
            await asyncio.sleep(_PAUSE)
        before = await entries()
        found = await history()
        if found.runs and ending(found.runs[-1]) is not None:
            return Together(found, await entries(), settled=True)
        if not is_closed(before):
            return Together(found, before, settled=True)
    return Together(found, before, settled=False)

"""Before something irreversible is done the transparency log has its intent (design §6).

A port with two answers: an installation whose gateways write the log waits for it; one without, a
simulation or a test, has nothing to wait for.
"""

import asyncio
from datetime import datetime
from typing import Protocol

from temporalio import activity

from cases.journal import Stream
from store import LogBehind, LogKey, Store

LOOKS = 50
_LOOK_AGAIN = 0.1
"""Seconds; with the looks a little longer than a checkpoint takes. Then the attempt ends, and with
it the worker's slot: other work goes on while the log cannot be written."""


class Intents(Protocol):
    """Says when an intent is where nobody can take it back."""

    async def logged(self, case: str, entry: int, *, at: datetime) -> str:
        """The proof that the log has the entry of the case stream; LogBehind while it has not."""
        ...


class Unlogged:
    """There is no log: an intent in the journal is all there is."""

    async def logged(self, case: str, entry: int, *, at: datetime) -> str:
        """Nothing is waited for, and nothing is proven."""
        del case, entry, at
        return ""


class LoggedIntents:
    """Waits until a gateway has proven the entry: by a checkpoint over it, or a spool's line."""

    def __init__(self, store: Store, *, looks: int = LOOKS) -> None:
        self._store = store
        self._looks = looks

    async def logged(self, case: str, entry: int, *, at: datetime) -> str:
        """The log's proof, or the spool's line."""
        key = await self._key(case, entry)
        await self._store.log.press(key, at=at)
        for _ in range(self._looks):
            found = await self._store.log.relieved(key)
            if found is not None:
                return found.decode()
            if activity.in_activity():
                activity.heartbeat()
            await asyncio.sleep(_LOOK_AGAIN)
        raise LogBehind

    async def _key(self, case: str, entry: int) -> LogKey:
        branch = await self._store.journal.branch_of(case, stream=Stream.CASE, sequence=entry)
        return LogKey(case, Stream.CASE, branch, entry)

"""The log's recorder, in the gateway beside the other dispatchers.

Here and not in the watch: the watch must need nothing but the store and a mail server, and hold no
key that signs; the gateway holds keys already, runs wherever cases come in, and has the pace,
heartbeat and health of a dispatcher to offer. Several gateways may run one each.
"""

import asyncio
from datetime import timedelta

import structlog

from audit.log.errors import LogDamagedError
from audit.log.note import NoteSigner
from audit.log.recorder import APART, Recorder
from gateway.doors import Doors
from gateway.pacing import keep_going

log = structlog.get_logger(__name__)

KIND = "log-recorder"
DAMAGED = "log-damaged"
_LOOK = timedelta(milliseconds=500)
"""Twice in the time between two checkpoints, so that hardly anything waits for longer than that."""


class LogDispatcher:
    """Takes what journal and doors recorded into the log, until it is stopped."""

    def __init__(self, doors: Doors, signer: NoteSigner, *, apart: timedelta = APART) -> None:
        self._doors = doors
        self._recorder = Recorder(doors.store, signer=signer, apart=apart)
        self._origin = signer.name
        self._damaged = False

    async def run(self) -> None:
        """The log grows, a checkpoint a second at most, until this is cancelled."""
        await keep_going(KIND, self._doors, due=asyncio.Event(), every=_LOOK, work=self.once)

    async def once(self) -> int:
        """What waited is in the log; a log that contradicts itself is alarmed and left alone."""
        doors = self._doors
        at = await doors.clock.now()
        try:
            written = await self._recorder.record(at=at)
        except LogDamagedError as error:
            if not self._damaged:
                log.warning("log damaged", reason=str(error))
                self._damaged = True
            await doors.store.health.alarm(
                kind=DAMAGED,
                key=self._origin,
                text=f"the transparency log is not what was signed: {error}",
                mend=error.mend,
                at=at,
            )
            return 0
        if self._damaged:
            self._damaged = False
            await doors.store.health.clear(kind=DAMAGED, key=self._origin, at=at)
        if written.size:
            log.debug("checkpoint", count=written.leaves)
        return 0

"""The log's recorder, in the gateway beside the other dispatchers.

Here and not in the watch: the watch must need nothing but the store and a mail server, and hold no
key that signs; the gateway holds keys already, runs wherever cases come in, and has the pace,
heartbeat and health of a dispatcher to offer. Several gateways may run one each.
"""

import asyncio
from datetime import datetime, timedelta

import structlog

from audit.log.errors import LogDamagedError, LogUnwritableError
from audit.log.note import NoteSigner
from audit.log.recorder import APART, PRESSED, Recorder
from gateway.doors import Doors
from gateway.log_waiting import PATIENCE, LogWaiting
from gateway.pacing import keep_going

log = structlog.get_logger(__name__)

KIND = "log-recorder"
DAMAGED = "log-damaged"
UNWRITABLE = "log-unwritable"
_LOOK = timedelta(milliseconds=500)
"""Twice in the time between two checkpoints, so that hardly anything waits for longer than that."""
_GLANCE = timedelta(milliseconds=100)
"""How often it is asked, for a while after something was let go, whether something waits again: an
action that follows a decision waits in another process, which cannot wake this one."""
_EVERY = _LOOK // _GLANCE
_GLANCES = 10 * _EVERY
_AGAIN = timedelta(milliseconds=30)
"""How soon it is looked again when what waits could not be let go yet."""


class LogDispatcher:
    """Takes what journal and doors recorded into the log, and lets go what waited for that."""

    def __init__(self, doors: Doors, signer: NoteSigner, *, apart: timedelta = APART) -> None:
        self._doors = doors
        self._recorder = Recorder(doors.store, signer=signer, apart=apart)
        self._waiting = LogWaiting(doors)
        self._origin = signer.name
        self._open: set[str] = set()
        self._remembered = False
        self._signed_at: datetime | None = None
        self._glances = 0

    async def run(self) -> None:
        """The log grows, faster while something waits for it, until this is cancelled."""
        await keep_going(
            KIND, self._doors, due=self._doors.log_due, every=self._pace, work=self.once
        )

    def _pace(self) -> timedelta:
        self._glances = max(0, self._glances - 1)
        return _GLANCE if self._glances else _LOOK

    async def once(self) -> int:
        """What waited is in the log, or the reason is alarmed and two people may go on without.

        Answers whether something still waits that takes no effect before the log has it.
        """
        doors = self._doors
        if not self._remembered:
            await self._waiting.remember()
            self._remembered = True
        pressing = await doors.store.log.pressing()
        if not pressing.number and self._glances % _EVERY:
            return 0
        at = await (self._in_company() if pressing.number else doors.clock.now())
        stopped = await self._record(at, pressed=bool(pressing.number))
        if not pressing.number:
            return 0
        released = await self._waiting.release()
        self._glances = _GLANCES if released else self._glances
        still = await doors.store.log.pressing()
        if not still.number:
            return 0
        late = still.since is not None and still.since < at - PATIENCE
        if stopped or late:
            if await self._waiting.spool():
                await self._waiting.release()
            return 0
        if not released:
            await asyncio.sleep(_AGAIN.total_seconds())
        return still.number

    async def _in_company(self) -> datetime:
        """The instant of the next checkpoint: what is decided until then shares it."""
        at = await self._doors.clock.now()
        if self._signed_at is None:
            return at
        fresh = PRESSED - (at - self._signed_at)
        if not timedelta(0) < fresh <= PRESSED:
            # A clock that was set back must not keep anybody waiting.
            return at
        await asyncio.sleep(fresh.total_seconds())
        return await self._doors.clock.now()

    async def _record(self, at: datetime, *, pressed: bool) -> bool:
        """Whether the log cannot be written."""
        try:
            written = await self._recorder.record(at=at, pressed=pressed)
        except LogDamagedError as error:
            await self._alarm(
                DAMAGED, f"the transparency log is not what was signed: {error}", error.mend, at
            )
            return True
        except LogUnwritableError as error:
            await self._alarm(
                UNWRITABLE, f"the transparency log cannot be written: {error}", error.mend, at
            )
            return True
        for kind in sorted(self._open):
            await self._doors.store.health.clear(kind=kind, key=self._origin, at=at)
        self._open.clear()
        if written.size:
            self._signed_at = at
            log.debug("checkpoint", count=written.leaves)
        return False

    async def _alarm(self, kind: str, text: str, mend: str, at: datetime) -> None:
        if kind not in self._open:
            log.warning("log cannot be written", kind=kind)
            self._open.add(kind)
        await self._doors.store.health.alarm(
            kind=kind, key=self._origin, text=text, mend=mend, at=at
        )

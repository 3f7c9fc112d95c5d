"""Stored acts are delivered until the workflow has answered each of them (I7)."""

import asyncio
from datetime import timedelta

import structlog

from cases.envelope import Act
from cases.receipts import ActReceipt, Outcome, Reason
from gateway.acting import ENDED, finish, too_late
from gateway.doors import Doors
from gateway.errors import CaseGoneError, EngineRefusedError, EngineUnavailableError
from gateway.faults import FaultPoint
from gateway.owed import meant_for
from gateway.pacing import keep_going, pause_after
from gateway.reopening import hand_over
from store import ClaimedAct

log = structlog.get_logger(__name__)

KIND = "act-dispatcher"
_AT_ONCE = 32
_PATIENCE = timedelta(seconds=8)
_STRANGE_AFTER = 8


class ActDispatcher:
    """Claims acts by lease; the store hands out a case's acts one after the other, in order."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Acts are delivered until this is cancelled."""
        doors = self._doors
        try:
            await keep_going(
                KIND,
                doors,
                due=doors.acts_due,
                every=doors.settings.dispatch_poll,
                work=self._begin,
            )
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def once(self) -> int:
        """What is due now has been tried once; how many acts that were."""
        claimed = await self._claim(_AT_ONCE)
        await asyncio.gather(*(self._dispatch(act) for act in claimed))
        return len(claimed)

    async def _begin(self) -> int:
        """What is due now is being tried: one case that answers slowly keeps no other waiting."""
        free = _AT_ONCE - len(self._running)
        claimed = await self._claim(free) if free > 0 else []
        for act in claimed:
            task = asyncio.create_task(self._dispatch(act))
            self._running.add(task)
            task.add_done_callback(self._ended)
        return len(claimed)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # The lease runs out and the act is tried again; nothing of it is lost.
            log.error("act not dispatched", error=type(error).__name__)
        # What came after it in its case may go now.
        self._doors.acts_due.set()

    async def _claim(self, limit: int) -> list[ClaimedAct]:
        doors = self._doors
        return await doors.store.acts.claim(
            owner=doors.id,
            at=await doors.clock.now(),
            lease=doors.settings.lease,
            limit=limit,
        )

    async def _dispatch(self, act: ClaimedAct) -> None:
        doors = self._doors
        doors.faults(FaultPoint.BEFORE_DELIVER)
        try:
            receipt = await hand_over(doors, act.envelope, act_id=act.id, within=_PATIENCE)
        except EngineUnavailableError as error:
            await self._again(act, str(error))
        except CaseGoneError as error:
            await self._gone(act, error)
        except EngineRefusedError as error:
            log.warning("act is a dead letter")
            await doors.store.acts.dead(act.id, reason=str(error), at=await doors.clock.now())
        else:
            doors.faults(FaultPoint.AFTER_DELIVER)
            await finish(doors, case=act.case, act_id=act.id, receipt=receipt)

    async def _gone(self, act: ClaimedAct, error: CaseGoneError) -> None:
        doors = self._doors
        if meant_for(act.envelope) != act.case:
            await self._nothing_owed(act, error)
            return
        row = await doors.store.cases.get(act.case)
        if row.status in ENDED:
            signed_at = Act.model_validate_json(act.envelope.payload).signed_at
            receipt = too_late(act.id, signed_at=signed_at, at=await doors.clock.now(act.case))
            await finish(doors, case=act.case, act_id=act.id, receipt=receipt, late=True)
            return
        # Not started yet, or its last entries are still being written: it will be clear soon.
        if act.attempts >= _STRANGE_AFTER:
            await self._alarm(act, "case-not-running", f"case {row.number} is open but not running")
        await self._again(act, str(error))

    async def _nothing_owed(self, act: ClaimedAct, error: CaseGoneError) -> None:
        # Settled for good, or about to be started: the row knows which.
        doors = self._doors
        said = Act.model_validate_json(act.envelope.payload)
        name = meant_for(act.envelope).rpartition("/")[2]
        owed = await doors.store.obligations.find(act.case, name)
        if owed is not None and owed.done_at is not None:
            at = await doors.clock.now(owed.workflow_id)
            # It may be the very act that settled it: collected before the rule would have expired.
            picture = await doors.store.obligations.picture(act.case, name)
            last = picture.settled_by if picture is not None else None
            mine = last is not None and (last.by, last.at) == (said.actor.person, said.signed_at)
            receipt = ActReceipt(
                act=act.id,
                outcome=Outcome.ACCEPTED if mine else Outcome.ALREADY_DECIDED,
                reason=Reason.NONE if mine else Reason.DECIDED,
                signed_at=said.signed_at,
                applied_at=at,
            )
            await finish(doors, case=act.case, act_id=act.id, receipt=receipt)
            return
        doors.obligations_due.set()
        if act.attempts >= _STRANGE_AFTER:
            await self._alarm(act, "obligation-not-running", f"what is owed ({name}) does not run")
        await self._again(act, str(error))

    async def _again(self, act: ClaimedAct, error: str) -> None:
        doors = self._doors
        at = await doors.clock.now()
        await doors.store.acts.failed(
            act.id, error=error, next_attempt_at=at + pause_after(act.attempts)
        )

    async def _alarm(self, act: ClaimedAct, kind: str, text: str) -> None:
        log.warning("act alarm", kind=kind)
        await self._doors.store.health.alarm(
            kind=kind,
            key=act.id,
            text=text,
            mend="escalate case explain says why, and which command mends it",
            at=await self._doors.clock.now(),
        )

"""Seals runs that have ended; one that somebody cut off is told of, and taken up (facts §2.3).

Outside the case on purpose: a workflow cannot hash its own last event. The journal says which runs
end, with their last entries; those that were cut off say nothing, so the engine is asked for them
now and then.
"""

import asyncio
from datetime import datetime, timedelta

import structlog

from audit.errors import HistoryMissingError
from audit.sealing import seal_of
from cases.ids import case_of, obligation_name
from cases.journal import Stream, obligation_stream
from gateway.doors import Doors
from gateway.engine_port import CutOff, KeepsRuns
from gateway.engine_runs import TERMINATED
from gateway.errors import EngineRefusedError, EngineUnavailableError
from gateway.pacing import keep_going
from store import EndedRun, UnknownCase
from store.cases import ENDED

log = structlog.get_logger(__name__)

KIND = "run-sealer"
CUT_OFF = "run-cut-off"
UNSEALED = "run-not-sealed"
_LOOK = timedelta(seconds=1)
_ASK = timedelta(minutes=5)
"""Between two questions for runs that were cut off: so long a terminated case stands still."""


class RunSealer:
    """Writes the seal of every run that has ended into the doors' stream."""

    def __init__(self, doors: Doors, engine: KeepsRuns) -> None:
        self._doors = doors
        self._engine = engine
        self._asked: datetime | None = None

    async def run(self) -> None:
        """Runs are sealed until this is cancelled."""
        await keep_going(KIND, self._doors, due=asyncio.Event(), every=_LOOK, work=self.once)

    async def once(self) -> int:
        """What waits has been tried once; how many runs have their seal now."""
        sealed = after = 0
        try:
            await self._look_for_the_cut_off()
            while ended := await self._doors.store.seals.waiting(after=after):
                for each in ended:
                    sealed += await self._seal(each)
                after = ended[-1].position
        except EngineUnavailableError:
            # The runs wait as long as it takes.
            pass
        return sealed

    async def _seal(self, ended: EndedRun) -> int:
        doors = self._doors
        if await doors.store.seals.has(ended.case, ended.run):
            # It closed, and went on as another run when its case was opened again.
            await doors.store.seals.drop(ended)
            return 0
        try:
            run = await self._engine.ended_run(ended.workflow_id, ended.run)
        except (HistoryMissingError, EngineRefusedError) as error:
            await doors.store.health.alarm(
                kind=UNSEALED,
                key=f"{ended.workflow_id}|{ended.run}",
                text=f"a run that has ended cannot be sealed: {type(error).__name__}",
                mend="Temporal has lost it, or another namespace is configured: `escalate doctor`",
                at=await doors.clock.now(),
            )
            return 0
        if run is None:
            # Its last entries are written a moment before it ends.
            return 0
        keys = await doors.store.vault.keys(ended.case)
        seal = seal_of(run, stream=ended.stream, salt=keys.salt)
        at = await doors.clock.now(ended.case)
        return await doors.store.seals.seal(ended, at=at, **seal.model_dump())

    async def _look_for_the_cut_off(self) -> None:
        at = await self._doors.clock.now()
        if self._asked is not None and at < self._asked + _ASK:
            return
        for found in await self._engine.cut_off():
            await self._note(found, at=at)
        self._asked = at

    async def _note(self, found: CutOff, *, at: datetime) -> None:
        """The run waits for its seal, once; unless it was a reset, a person hears of it.

        Temporal access ends no case (I4): one that was terminated goes on.
        """
        store = self._doors.store
        case = case_of(found.workflow)
        try:
            number = (await store.cases.get(case)).number
        except UnknownCase:
            # Another installation's, or a test's, in the same namespace.
            return
        if await store.seals.has(case, found.run):
            return
        name = obligation_name(found.workflow)
        stream = obligation_stream(name) if name else Stream.CASE.value
        if not await self._engine.was_reset(found.workflow, found.run):
            # Before the run waits for its seal: whoever is killed in between is asked again.
            goes_on = found.status == TERMINATED and await self._still_wanted(case, name)
            await self._tell(found, number=number, at=at, goes_on=goes_on)
            if goes_on and not await self._engine.taken_up(found.workflow, found.run):
                await self._tell(found, number=number, at=at, goes_on=False)
        await store.seals.ended(case, stream=stream, run=found.run, at=at)

    async def _tell(self, found: CutOff, *, number: str, at: datetime, goes_on: bool) -> None:
        log.warning("run cut off", status=found.status)
        await self._doors.store.health.alarm(
            kind=CUT_OFF,
            key=f"{found.workflow}|{found.run}",
            text=f"a run of case {number} was {found.status} in Temporal, and no act says so"
            + ("; it is taken up again from its last step" if goes_on else ""),
            mend=f"find out who did it, in Temporal's own audit; `escalate case explain {number}` "
            "shows where the case stands",
            at=at,
        )

    async def _still_wanted(self, case: str, obligation: str) -> bool:
        """Whether the case, or what it owes, has not ended by an act."""
        store = self._doors.store
        if not obligation:
            return (await store.cases.get(case)).status not in ENDED
        owed = await store.obligations.find(case, obligation)
        return owed is not None and owed.done_at is None

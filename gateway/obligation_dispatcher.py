"""What a closed case owes gets its workflow, once, also when it closed while nothing else ran."""

import base64

import structlog

from cases.file import EDITION
from cases.state import CasePicture
from gateway.doors import Doors
from gateway.errors import EngineRefusedError, EngineUnavailableError
from gateway.pacing import keep_going
from runbooks.plan import FollowUp, Severity
from store import ObligationRow, StoreError, StoreUnavailable
from workflows.messages import ObligationInput

log = structlog.get_logger(__name__)

KIND = "obligation-dispatcher"


class ObligationDispatcher:
    """Starts obligations out of their rows.

    No lease: a start finds the workflow that is there, so two gateways at once do no harm.
    """

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    async def run(self) -> None:
        """Obligations are started until this is cancelled."""
        doors = self._doors
        await keep_going(
            KIND,
            doors,
            due=doors.obligations_due,
            every=doors.settings.dispatch_poll,
            work=self.once,
        )

    async def once(self) -> int:
        """What was recorded and not started has been tried once; how many run now."""
        started = 0
        for row in await self._doors.store.obligations.unstarted():
            try:
                started += await self._start(row)
            except EngineUnavailableError:
                # Every other start would fail as well; the rows wait as long as it takes.
                break
        return started

    async def _start(self, row: ObligationRow) -> int:
        doors = self._doors
        try:
            request = await self._input(row)
            await doors.engine.start_obligation(request)
        except StoreUnavailable:
            raise
        except (StoreError, EngineRefusedError, LookupError) as error:
            log.warning("obligation not started", reason=type(error).__name__)
            await doors.store.health.alarm(
                kind="obligation-not-started",
                key=row.key,
                text=f"what {row.owner} owes ({row.name}) cannot be started: "
                f"{type(error).__name__}",
                mend="escalate doctor --live",
                at=await doors.clock.now(),
            )
            return 0
        await doors.store.obligations.started(row.key, at=await doors.clock.now(row.case))
        await doors.store.health.clear(
            kind="obligation-not-started", key=row.key, at=await doors.clock.now()
        )
        log.info("obligation started", obligation=row.name)
        return 1

    async def _input(self, row: ObligationRow) -> ObligationInput:
        doors = self._doors
        view = await doors.store.views.get(row.case)
        if view is None:
            raise LookupError(row.case)
        line = view.line
        state = CasePicture.of(view.state)
        keys = await doors.store.vault.keys(row.case)
        return ObligationInput(
            case=row.case,
            number=line.number,
            plan=await self._plan(row, digest=state.digest),
            severity=Severity(line.severity),
            due_at=row.due_at,
            conflicts=tuple(sorted(state.conflicts)),
            root_key=doors.signer.root_key,
            salt=base64.b64encode(keys.salt).decode(),
            continue_after=doors.settings.continue_after,
            edition=EDITION,
        )

    async def _plan(self, row: ObligationRow, *, digest: str) -> FollowUp:
        # The rules the case ran by, not today's: what it owes was agreed by then.
        shelved = await self._doors.shelf.by_digest(digest)
        plan = shelved.pathway.owed_plan(row.name)
        if plan is None:
            raise LookupError(row.name)
        return plan

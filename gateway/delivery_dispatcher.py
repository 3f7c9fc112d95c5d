"""Stored deliveries become running cases, or reach the case that runs already (design §3.4)."""

import asyncio
import base64
from dataclasses import replace

import structlog

from cases.answers import FIELD, taken_over
from cases.file import EDITION
from cases.report import Report, Source
from gateway.doors import Doors
from gateway.errors import (
    CaseGoneError,
    EngineRefusedError,
    EngineUnavailableError,
    NothingReleasedError,
)
from gateway.faults import FaultPoint
from gateway.intake import instance_of
from gateway.matters import facts_of
from gateway.news import news_of, record_end
from gateway.pacing import keep_going, pause_after
from gateway.reports import Arrival, is_find, read_arrival, report_of
from integrations.errors import UnreadableBodyError
from runbooks import Assessment, Severity, assess
from store import CaseRow, ClaimedDelivery, DeliveryState
from workflows.messages import (
    REPORT_SIGNAL,
    CaseInput,
    ReportReceived,
    RoutedBy,
)

log = structlog.get_logger(__name__)

KIND = "delivery-dispatcher"
_AT_ONCE = 8
_MOST_JOINED = 100_000
MOVE_TO, MOVED_FROM = "move-to", "moved-from"
"""What a case that moves says of itself in the delivery it leaves at our own door."""


class DeliveryDispatcher:
    """Claims deliveries by lease, so that several gateways share the work."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    async def run(self) -> None:
        """Deliveries are dispatched until this is cancelled."""
        doors = self._doors
        await keep_going(
            KIND,
            doors,
            due=doors.deliveries_due,
            every=doors.settings.dispatch_poll,
            work=self.once,
        )

    async def once(self) -> int:
        """What is due now has been tried once; how many deliveries that were."""
        doors = self._doors
        claimed = await doors.store.deliveries.claim(
            owner=doors.id,
            at=await doors.clock.now(),
            lease=doors.settings.lease,
            limit=_AT_ONCE,
        )
        await asyncio.gather(*(self._dispatch(delivery) for delivery in claimed))
        return len(claimed)

    async def _dispatch(self, delivery: ClaimedDelivery) -> None:
        deliveries = self._doors.store.deliveries
        at = await self._doors.clock.now()
        try:
            state = await self._forward(delivery)
            if state is not DeliveryState.PENDING:
                await deliveries.done(delivery.key, state=state, at=at)
        except (EngineUnavailableError, NothingReleasedError) as error:
            # Neither is the delivery's fault: it waits as long as it takes.
            await deliveries.failed(
                delivery.key, error=str(error), next_attempt_at=at + pause_after(delivery.attempts)
            )
            if isinstance(error, NothingReleasedError):
                await self._alarm(delivery, "nothing-released", str(error), error.mend)
        except (UnreadableBodyError, EngineRefusedError) as error:
            await self._bury(delivery, type(error).__name__)
        except (ValueError, KeyError, TypeError) as error:
            # A poisonous row: its text may be in the message, so only the kind of error is kept.
            if delivery.attempts >= self._doors.settings.most_attempts:
                await self._bury(delivery, type(error).__name__)
            else:
                await deliveries.failed(
                    delivery.key,
                    error=type(error).__name__,
                    next_attempt_at=at + pause_after(delivery.attempts),
                )

    async def _forward(self, delivery: ClaimedDelivery) -> DeliveryState:
        doors = self._doors
        row = await doors.store.cases.get(delivery.case)
        source = Source(delivery.source)
        # News of a ticket that the case opened itself come of another door than the case did.
        instance = row.instance if source.value == row.source else instance_of(doors, source)
        arrival = read_arrival(
            source,
            delivery.body,
            instance=instance,
            found=is_find(source, delivery.key),
            form=doors.settings.jira_fields,
        )
        if arrival is None:
            return DeliveryState.ATTACHED
        started = await doors.store.deliveries.list(
            state=DeliveryState.STARTED, case=delivery.case, limit=1
        )
        if started:
            return await self._tell(row, delivery, arrival)
        await self._start(row, delivery, arrival)
        return DeliveryState.STARTED

    async def _start(self, row: CaseRow, delivery: ClaimedDelivery, arrival: Arrival) -> None:
        doors = self._doors
        keys = await doors.store.vault.keys(row.id)
        report = report_of(
            arrival,
            delivery=delivery.key,
            body=delivery.body,
            received_at=delivery.received_at,
            salt=keys.salt,
            subject_ref=row.subject_ref,
            declared=doors.shelf.declared_fields(),
        )
        case = await self._input(row, report, arrival, salt=keys.salt)
        same = await self._same_subject(row, shadow=case.shadow)
        case = case.model_copy(update={"same_subject": tuple(other.number for other in same)})
        doors.faults(FaultPoint.BEFORE_START)
        await doors.engine.start(case)
        doors.faults(FaultPoint.AFTER_START)
        log.info("case started", number=row.number, runbook=case.pathway.runbook)
        for other in same:
            await self._offer(other, row, delivery)

    async def _input(
        self, row: CaseRow, report: Report, arrival: Arrival, *, salt: bytes
    ) -> CaseInput:
        doors = self._doors
        facts = facts_of(arrival)
        moved = facts.fields.get(MOVE_TO) if arrival.source is Source.LINKED else None
        found, shelved = await (
            doors.shelf.route(facts) if moved is None else doors.shelf.moved(moved)
        )
        pinned = await doors.store.cases.pin(
            row.id,
            runbook=shelved.pathway.runbook,
            version=shelved.pathway.version,
            digest=shelved.pathway.digest,
            shadow=shelved.shadow,
        )
        if pinned.digest is not None and pinned.digest != shelved.pathway.digest:
            # An earlier try pinned a version that has since given way to a newer one (I2).
            shelved = await doors.shelf.by_digest(pinned.digest)
        known = shelved.pathway.questions
        answers = {name: value for name, value in found.answers.items() if name in known}
        if moved is not None:
            said = {
                name.removeprefix(FIELD): value
                for name, value in facts.fields.items()
                if name.startswith(FIELD)
            }
            answers = taken_over(said, known) | answers
        assessed = assess(shelved.runbook, answers)
        if moved is not None:
            assessed = _at_least(assessed, facts.fields.get("severity", ""))
        return CaseInput(
            case=row.id,
            number=row.number,
            report=report,
            pathway=shelved.pathway,
            routed=RoutedBy(
                reason=found.reason,
                row=str(found.row) if found.row is not None else "",
                digest=doors.shelf.routing.digest,
            ),
            severity=assessed.severity,
            severity_row=str(assessed.row),
            severity_because=assessed.because,
            answers=answers,
            root_key=doors.signer.root_key,
            salt=base64.b64encode(salt).decode(),
            linked_from=facts.fields.get(MOVED_FROM, "") if moved is not None else "",
            continue_after=doors.settings.continue_after,
            shadow=pinned.shadow,
            edition=EDITION,
            leaf_first=doors.settings.leaf_first,
            urgent_queue=doors.settings.urgent_queue,
        )

    async def _same_subject(self, row: CaseRow, *, shadow: bool) -> list[CaseRow]:
        if row.subject_ref is None:
            return []
        return await self._doors.store.cases.same_subject(
            row.subject_ref, except_case=row.id, shadow=shadow
        )

    async def _offer(self, other: CaseRow, row: CaseRow, delivery: ClaimedDelivery) -> None:
        # The older case learns of the newer one; the newer knows the older by its input.
        message = ReportReceived(
            delivery=delivery.key,
            source=Source(delivery.source),
            at=delivery.received_at,
            case=row.id,
            number=row.number,
            why="same-subject",
        )
        try:
            await self._doors.engine.signal(other.id, name=REPORT_SIGNAL, message=message)
        except CaseGoneError:
            # It has closed in between: there is nobody left to tell.
            return

    async def _tell(
        self, row: CaseRow, delivery: ClaimedDelivery, arrival: Arrival
    ) -> DeliveryState:
        """The running case knows; a joined report whose case has ended gets one of its own.

        So does one that joined a shadow and would now open a live case: there it would be lost.
        """
        belongs = await self._doors.store.belonging.of(delivery.report or row.id)
        joined = belongs if belongs is not None and belongs.joined else None
        just_came = joined is not None and await self._just_came(row, delivery)
        if just_came and await self._is_live_now(row, arrival):
            return await self._split(delivery, because="the case is a shadow")
        arrival = await self._as_it_stands(row, arrival, delivery)
        name, message = news_of(delivery, arrival, joined, shadow=row.shadow)
        try:
            await self._doors.engine.signal(row.id, name=name, message=message)
        except CaseGoneError:
            if just_came:
                return await self._split(delivery, because="the case had ended")
            if row.shadow:
                await record_end(self._doors, row, delivery, arrival)
            elif arrival.opens:
                await self._alarm(
                    delivery,
                    "report-after-closing",
                    f"case {row.number} has closed and was reported again",
                    f"Look at case {row.number}; open a new case if it is a new matter.",
                )
        return DeliveryState.ATTACHED

    async def _as_it_stands(
        self, row: CaseRow, arrival: Arrival, delivery: ClaimedDelivery
    ) -> Arrival:
        """News that were overtaken on their way say what happened, and no status that is past."""
        if arrival.opens or arrival.ticket is None:
            return arrival
        newest = await self._doors.store.ticket_keeping.heard(
            row.id, word=arrival.status, at=arrival.at or delivery.received_at
        )
        return arrival if newest else replace(arrival, status="", priority="")

    async def _just_came(self, row: CaseRow, delivery: ClaimedDelivery) -> bool:
        """Whether the delivery brought a joined report, and is no further news of one.

        Of a live case any news counts: its report must not be forgotten with the case. What a
        shadow had of a report is today's process's, and so is what becomes of it.
        """
        if not row.shadow:
            return True
        known = await self._doors.store.deliveries.list(
            state=DeliveryState.ATTACHED, case=row.id, limit=_MOST_JOINED
        )
        return all(each.report != delivery.report for each in known)

    async def _is_live_now(self, row: CaseRow, arrival: Arrival) -> bool:
        """Whether the case is a shadow, and the report would open one that is not."""
        if not row.shadow:
            return False
        try:
            _, shelved = await self._doors.shelf.route(facts_of(arrival))
        except NothingReleasedError:
            return False
        return not shelved.shadow

    async def _split(self, delivery: ClaimedDelivery, *, because: str) -> DeliveryState:
        await self._doors.store.splitting.split(
            delivery.key, because=because, at=await self._doors.clock.now()
        )
        self._doors.deliveries_due.set()
        return DeliveryState.PENDING

    async def _bury(self, delivery: ClaimedDelivery, reason: str) -> None:
        log.warning("delivery is a dead letter", reason=reason)
        await self._doors.store.deliveries.dead(
            delivery.key, reason=reason, at=await self._doors.clock.now()
        )

    async def _alarm(self, delivery: ClaimedDelivery, kind: str, text: str, mend: str) -> None:
        log.warning("delivery alarm", kind=kind)
        await self._doors.store.health.alarm(
            kind=kind, key=delivery.key, text=text, mend=mend, at=await self._doors.clock.now()
        )


def _at_least(assessed: Assessment, severity: str) -> Assessment:
    """The assessment, never milder than the severity the case had before it moved."""
    if severity not in set(Severity) or assessed.severity.value <= severity:
        return assessed
    return assessed.model_copy(
        update={"severity": Severity(severity), "because": "the case it was moved from had it"}
    )

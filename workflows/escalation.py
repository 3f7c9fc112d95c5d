"""The workflow of a case."""

import base64
from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    import asyncio

    from cases.cancelling import CancelAnswer, CancelRequest, cancel_along
    from cases.desk import Desk
    from cases.file import CaseFile
    from cases.joining import JOINED, join
    from cases.journal import Journal, Kind
    from cases.merging import (
        BackAnswer,
        BackRequest,
        MergeAnswer,
        MergeRequest,
        give_back,
    )
    from cases.merging_away import give_away
    from cases.receipts import ActReceipt, Reason
    from cases.recording import Record
    from cases.records import Offered, SeverityRecord
    from cases.rounds import revoke
    from cases.shadow import told_by_ticket
    from cases.state import CaseState, picture
    from cases.ticket_news import ticket_changed
    from workflows import closing
    from workflows.course import CaseEndingError, ContinueError, Course, OtherRulesError
    from workflows.guard import walked
    from workflows.incoming import SIGNAL, Incoming, must_fit
    from workflows.messages import (
        ACT_SIGNAL,
        ACT_UPDATE,
        BACK_UPDATE,
        CANCEL_UPDATE,
        JOINED_SIGNAL,
        KEYS_SIGNAL,
        MERGE_UPDATE,
        PICTURE_QUERY,
        REPORT_SIGNAL,
        TICKET_SIGNAL,
        WORKFLOW,
        CaseInput,
        CaseOutcome,
        ReportJoined,
        ReportReceived,
        TicketUpdated,
    )
    from workflows.pathways import PATHWAYS
    from workflows.pathways.graph import walk_the_graph


@workflow.defn(name=WORKFLOW)
class EscalationWorkflow:
    """One case, from its first report to its last entry."""

    @workflow.init
    def __init__(self, request: CaseInput, state: CaseState | None = None) -> None:
        """Builds all state: handlers may run before the first line of `run`."""
        self._request = request
        self._state = state if state is not None else _new_state(request)
        self._file = CaseFile(
            state=self._state,
            pathway=self._state.pathway or request.pathway,
            record=Record(self._state, salt=base64.b64decode(request.salt)),
            new_nonce=lambda: workflow.uuid4().hex,
            edition=request.edition,
            leaf_first=request.leaf_first,
            urgent_queue=request.urgent_queue,
        )
        root = self._root = base64.b64decode(request.root_key)
        desk = Desk(self._file, root=root)
        self._course = Course(request, self._file, desk)
        self._incoming = Incoming(
            desk,
            self._course.pulse,
            root=root,
            takers={
                ACT_SIGNAL: self._act_submitted,
                REPORT_SIGNAL: self._report_received,
                JOINED_SIGNAL: self._report_joined,
                TICKET_SIGNAL: self._ticket_updated,
                KEYS_SIGNAL: self._keys_revoked,
            },
        )
        if state is None:
            self._course.open()
        elif state.closed and request.reopened is not None:
            desk.reopen(
                request.reopened.envelope,
                owed=request.reopened.owed,
                start=self._file.record.commit(request),
                at=workflow.now(),
            )

    @workflow.run
    async def run(self, request: CaseInput, state: CaseState | None = None) -> CaseOutcome:
        """Walks the pathway to its end; the answer names the head of the journal."""
        del request, state
        if self._state.closed:
            # Begun by no act that holds: the case has ended, and nothing of it is changed.
            return closing.outcome(self._state)
        walk = asyncio.create_task(self._walk())
        try:
            return await walked(walk, refuse=self._incoming.cancellation)
        except ContinueError:
            workflow.continue_as_new(args=[self._request, self._state])

    async def _walk(self) -> CaseOutcome:
        try:
            await self._walk_on()
        except CaseEndingError:
            return await closing.close(self._course)
        message = f"pathway {self._file.pathway.walk} ended without closing the case"
        raise RuntimeError(message)

    async def _walk_on(self) -> None:
        """The pathway has been walked to its end, under every version the case was moved to.

        Code knows the stages of its own version only; a case that was moved goes by the graph.
        """
        walk = PATHWAYS[self._file.pathway.walk]
        while True:
            try:
                return await walk(self._course)
            except OtherRulesError:
                walk = walk_the_graph

    @workflow.update(name=ACT_UPDATE, description="A signed act of a person")
    def act(self, raw: RawValue) -> ActReceipt:
        """The act is answered with a typed receipt; what is not authentic is refused, on record."""
        return self._incoming.act(raw)

    @act.validator
    def _fits(self, raw: RawValue) -> None:
        must_fit(raw)

    @workflow.update(name=MERGE_UPDATE, description="Another case asks this one to be part of it")
    def merge_away(self, raw: RawValue) -> MergeAnswer:
        """The case ends as a pointer to the other, or answers why not; both are on record."""
        request = self._incoming.message(raw, MergeRequest)
        if request is None:
            return MergeAnswer(accepted=False, reason=Reason.MALFORMED)
        return give_away(
            self._file,
            request,
            root=self._root,
            commitment=self._file.record.commit(request),
            at=workflow.now(),
        )

    @workflow.update(name=CANCEL_UPDATE, description="The case this one is part of is cancelled")
    def cancel_along(self, raw: RawValue) -> CancelAnswer:
        """The case ends with the one it is part of, or answers why not; both are on record."""
        request = self._incoming.message(raw, CancelRequest)
        if request is None:
            return CancelAnswer(accepted=False, reason=Reason.MALFORMED)
        return cancel_along(
            self._file,
            request,
            root=self._root,
            commitment=self._file.record.commit(request),
            at=workflow.now(),
        )

    @workflow.update(name=BACK_UPDATE, description="A case that was part of this one has left it")
    def take_back(self, raw: RawValue) -> BackAnswer:
        """What came with that case is withdrawn; on record."""
        request = self._incoming.message(raw, BackRequest)
        if request is None:
            return BackAnswer(became="nothing")
        return give_back(
            self._file,
            request,
            root=self._root,
            commitment=self._file.record.commit(request),
            at=workflow.now(),
        )

    @workflow.signal(dynamic=True)
    def sent(self, name: str, args: Sequence[RawValue]) -> None:
        """What automation sends in, by the signal's name; what fits none is refused (I4)."""
        self._incoming.signal(name, args)

    def _act_submitted(self, raw: RawValue) -> None:
        """The same as the update; the receipt stands in the journal only."""
        self._incoming.act(raw, door=SIGNAL)

    def _report_received(self, raw: RawValue) -> None:
        """The report is on record, once."""
        report = self._incoming.message(raw, ReportReceived)
        if report is None or any(
            known.delivery == report.delivery for known in self._state.offered
        ):
            return
        self._state.offered.append(
            Offered(
                delivery=report.delivery,
                source=report.source.value,
                case=report.case,
                number=report.number,
                at=report.at,
                why=report.why,
            )
        )
        self._file.note(
            Kind.REPORT_RECEIVED,
            workflow.now(),
            delivery=report.delivery,
            source=report.source.value,
            number=report.number or None,
            why=report.why,
            input=self._file.record.commit(report),
        )

    def _report_joined(self, raw: RawValue) -> None:
        """The report is part of this case, once, and why is on record."""
        report = self._incoming.message(raw, ReportJoined)
        if report is not None:
            join(
                self._file,
                Offered(
                    delivery=report.delivery,
                    source=report.source.value,
                    at=report.at,
                    why=JOINED,
                    because=report.because,
                ),
                matter=report.matter,
                commitment=self._file.record.commit(report),
                at=workflow.now(),
            )

    def _ticket_updated(self, raw: RawValue) -> None:
        """The change is on record: a hint to people, never a decision; a shadow ends with it."""
        change = self._incoming.message(raw, TicketUpdated)
        if change is None:
            return
        ticket_changed(
            self._file,
            what=change.what,
            ticket=change.ticket,
            into=change.into,
            said={
                "delivery": change.delivery,
                "status": change.status or None,
                "priority": change.priority or None,
                "to": change.into.id if change.into is not None else None,
                "input": self._file.record.commit(change),
            },
            at=workflow.now(),
        )
        if self._state.shadow:
            told_by_ticket(
                self._file,
                change.ticket,
                status=change.status,
                tags=change.tags,
                delivery=change.delivery,
                said=change.at,
                at=workflow.now(),
            )

    def _keys_revoked(self, raw: RawValue) -> None:
        """The keys are not trusted any more, if the root says so; their open rounds ask again."""
        revocation = self._incoming.revocation(raw)
        if revocation is not None:
            revoke(self._file, list(revocation.keys), at=workflow.now(), reason=revocation.reason)

    @workflow.query(name=PICTURE_QUERY, description="The case as it stands")
    def picture(self) -> dict[str, object]:
        """The case's picture, as doors see it."""
        return dict(picture(self._state))

    @workflow.update(dynamic=True)
    def other_update(self, name: str, args: Sequence[RawValue]) -> ActReceipt:
        """Anything else that is asked is refused, on record (I4)."""
        del args
        return self._incoming.update(name)


def _new_state(request: CaseInput) -> CaseState:
    return CaseState(
        case=request.case,
        number=request.number,
        report=request.report,
        runbook=request.pathway.runbook,
        version=request.pathway.version,
        digest=request.pathway.digest,
        opened_at=workflow.info().start_time,
        severity=SeverityRecord(
            current=request.severity,
            computed=request.severity,
            row=request.severity_row,
            because=request.severity_because,
        ),
        ticket=request.report.ticket,
        shadow=request.shadow,
        journal=Journal(case=request.case),
    )

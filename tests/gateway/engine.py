"""A case engine in this process: the real pure case logic behind the port, no Temporal."""

import base64
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cases import joining
from cases.desk import Desk
from cases.envelope import ActEnvelope
from cases.file import CaseFile, SplitOff
from cases.gate import RoundState
from cases.ids import obligation_id
from cases.journal import Journal, obligation_stream
from cases.obligations.desk import ObligationDesk
from cases.obligations.schedule import begin, next_step
from cases.obligations.state import ObligationFile, ObligationState
from cases.obligations.state import picture as owed_picture
from cases.permissions import waiting_on
from cases.receipts import ActReceipt
from cases.recording import Record
from cases.records import Offered, SeverityRecord
from cases.shadow import told_by_ticket
from cases.stages import ask_when_ready, close_case, enter, leave, open_case, record_closed
from cases.state import CaseState, picture
from cases.values import Inbound
from cases.ways_back import back_to
from gateway.errors import CaseGoneError, EngineUnavailableError
from integrations.ports.clock import Clock
from runbooks.plan import Next
from store import CaseBatch, CaseHeading, DoorRound, ObligationEntries, Store
from workflows.messages import CaseInput, ObligationInput, ReportJoined, TicketUpdated


@dataclass
class Case:
    """A case that runs here."""

    request: CaseInput
    file: CaseFile
    desk: Desk
    receipts: dict[str, ActReceipt] = field(default_factory=dict)


class InProcessEngine:
    """Runs cases; can be told to be down, and remembers what it was sent."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self.down = False
        self.judges = True
        """Whether the severity table answers at once; it keeps the severity as it is."""
        self.cases: dict[str, Case] = {}
        self.started: list[CaseInput] = []
        self.obligations: dict[str, tuple[ObligationFile, ObligationDesk]] = {}
        self.starts: list[ObligationInput] = []
        self.signals: list[tuple[str, str, Inbound]] = []
        self.delivered: list[str] = []
        self.waiting: set[tuple[str, str, str]] = set()
        """Steps that wait for their next try: workflow, run, activity."""
        self.hurried: list[tuple[str, str, str]] = []
        self._nonces = 0

    async def start(self, case: CaseInput) -> None:
        """The case runs."""
        self._must_be_up()
        self.started.append(case)
        if case.case in self.cases:
            return
        state = CaseState(
            case=case.case,
            number=case.number,
            report=case.report,
            runbook=case.pathway.runbook,
            version=case.pathway.version,
            digest=case.pathway.digest,
            opened_at=case.report.received_at,
            severity=SeverityRecord(
                current=case.severity, computed=case.severity, because=case.severity_because
            ),
            ticket=case.report.ticket,
            shadow=case.shadow,
            journal=Journal(case=case.case),
        )
        file = CaseFile(
            state=state,
            pathway=case.pathway,
            record=Record(state, salt=base64.b64decode(case.salt)),
            new_nonce=self._nonce,
        )
        running = Case(case, file, Desk(file, root=base64.b64decode(case.root_key)))
        self.cases[case.case] = running
        at = await self.clock.now(case.case)
        open_case(
            file,
            at=at,
            answers=case.answers,
            routed=case.routed.reason,
            row=case.routed.row,
            routing_digest=case.routed.digest,
            input_commitment=file.record.commit(case),
            same_subject=case.same_subject,
            linked_from=case.linked_from,
        )
        enter(file, case.pathway.stage(case.pathway.first), at=at)
        await self._settle(running)

    async def reopen(self, case: CaseInput, state: CaseState) -> None:
        """The closed case runs again, if the act it is begun with holds."""
        self._must_be_up()
        self.started.append(case)
        file = CaseFile(
            state=state,
            pathway=case.pathway,
            record=Record(state, salt=base64.b64decode(case.salt)),
            new_nonce=self._nonce,
        )
        running = Case(case, file, Desk(file, root=base64.b64decode(case.root_key)))
        at = await self.clock.now(case.case)
        assert case.reopened is not None
        running.desk.reopen(
            case.reopened.envelope,
            owed=case.reopened.owed,
            start=file.record.commit(case),
            at=at,
        )
        if not state.closed:
            self.cases[case.case] = running
            await self._settle(running)

    async def start_obligation(self, owed: ObligationInput) -> None:
        """The obligation runs, once."""
        self._must_be_up()
        self.starts.append(owed)
        key = obligation_id(owed.case, owed.plan.name)
        if key not in self.obligations:
            at = await self.clock.now(key)
            self.obligations[key] = _obligation(owed, at=at)
            await self._publish_owed(self.obligations[key][0], at=at)

    async def hurry(self, workflow: str, *, run: str, activity: str) -> bool:
        """A step that waits is tried now."""
        self._must_be_up()
        step = (workflow, run, activity)
        if step in self.waiting:
            self.hurried.append(step)
        return step in self.waiting

    async def deliver(
        self, envelope: ActEnvelope, *, case: str, act_id: str, within: timedelta
    ) -> ActReceipt:
        """The desk's answer; the same act id has the same answer."""
        self._must_be_up()
        self.delivered.append(act_id)
        if case in self.obligations:
            return await self._settle_owed(case, envelope)
        running = self.cases.get(case)
        if running is None or running.file.state.closed:
            raise CaseGoneError("no such running case")
        if act_id not in running.receipts:
            at = await self.clock.now(case)
            running.receipts[act_id] = running.desk.receive(envelope, at=at)
            await self._settle(running)
        return running.receipts[act_id]

    async def signal(self, case: str, *, name: str, message: Inbound) -> None:
        """Remembered."""
        self._must_be_up()
        if case not in self.cases or self.cases[case].file.state.closed:
            raise CaseGoneError("no such running case")
        self.signals.append((case, name, message))
        if isinstance(message, ReportJoined):
            running = self.cases[case]
            report = Offered(
                delivery=message.delivery,
                source=message.source.value,
                at=message.at,
                why=joining.JOINED,
                because=message.because,
            )
            commitment = running.file.record.commit(message)
            at = await self.clock.now(case)
            joining.join(running.file, report, matter=message.matter, commitment=commitment, at=at)
            await self._settle(running)

        elif isinstance(message, TicketUpdated) and self.cases[case].file.state.shadow:
            running = self.cases[case]
            told_by_ticket(
                running.file,
                message.ticket,
                status=message.status,
                tags=message.tags,
                delivery=message.delivery,
                said=message.at,
                at=await self.clock.now(case),
            )
            await self._settle(running)

    async def judge(self) -> None:
        """The severity table answers, and answers at once from now on."""
        self.judges = True
        for running in self.cases.values():
            await self._settle(running)

    async def trouble(self) -> str | None:
        """Down when the test says so."""
        return "told to be down" if self.down else None

    async def _settle_owed(self, key: str, envelope: ActEnvelope) -> ActReceipt:
        file, desk = self.obligations[key]
        if file.state.closed:
            raise CaseGoneError("no such running obligation")
        at = await self.clock.now(key)
        receipt = desk.receive(envelope, at=at)
        if file.state.settled_by is not None:
            desk.record_ended(at=at)
        await self._publish_owed(file, at=at)
        return receipt

    async def _publish_owed(self, file: ObligationFile, *, at: datetime) -> None:
        state = file.state
        coming = next_step(state) if state.settled_by is None else None
        await self.store.obligations.append(
            ObligationEntries(
                case=state.case,
                name=state.plan.name,
                original_run=state.plan.name,
                run=state.plan.name,
                entries=tuple(state.journal.pending),
                picture=owed_picture(state),
                next_at=coming.at if coming is not None else None,
                next_label=coming.label if coming is not None else "",
                at=at,
            )
        )
        state.journal.stored(state.journal.sequence)

    def _must_be_up(self) -> None:
        if self.down:
            raise EngineUnavailableError("told to be down")

    def _nonce(self) -> str:
        self._nonces += 1
        return f"nonce-{self._nonces}"

    async def _settle(self, running: Case) -> None:
        file, state = running.file, running.file.state
        at = await self.clock.now(state.case)
        if state.reassess and self.judges:
            state.reassess = False
            ask_when_ready(file, at=at)
        for wish in [each for each in file.wishes if isinstance(each, SplitOff)]:
            file.wishes.remove(wish)
            row = await self.store.splitting.split(wish.delivery, because="a person", at=at)
            joining.split_off(
                file, wish.delivery, case=row.id, number=row.number, commitment="", at=at
            )
        while not state.closed and state.pending_outcome is not None and state.stage is not None:
            outcome = state.pending_outcome
            step = leave(file, file.pathway.stage(state.stage), outcome, at=at)
            gate = back_to(outcome)
            if gate is not None:
                step = Next(then=gate)
            for effect in state.effects:
                if effect.state == "intended":
                    effect.state = "manual"
            if step.then is not None:
                enter(file, file.pathway.stage(step.then), at=at)
        if state.closing_act is not None and not state.closed:
            cancelled = state.closing_act.disposition == "cancelled"
            close_case(file, state.closing_act, at=at, cancelled=cancelled)
            record_closed(file, at=at)
        await self.publish(running)

    async def publish(self, running: Case) -> None:
        """What is new is in the store, as the workflow's append would put it there."""
        file, state = running.file, running.file.state
        at = await self.clock.now(state.case)
        entries = tuple(state.journal.pending)
        coming = state.next_instant(at)
        await self.store.append_case(
            CaseBatch(
                case=state.case,
                original_run="run",
                run="run",
                entries=entries,
                heading=CaseHeading(
                    number=state.number,
                    runbook=state.runbook,
                    version=state.version,
                    status=state.status,
                    stage=state.stage or "",
                    severity=state.severity.current.value,
                    waiting_on=tuple(
                        dict.fromkeys(item.role for item in waiting_on(state, file.pathway, at=at))
                    ),
                    due_at=state.due_at(at),
                    next_at=coming[0] if coming is not None else None,
                    breached=state.breached,
                    shadow=state.shadow,
                ),
                changes=picture(state),
                rounds=tuple(
                    DoorRound(
                        gate=round_.gate,
                        round=round_.number,
                        revision=round_.revision,
                        content_hash=round_.content_hash,
                        nonce=round_.nonce,
                        asked_at=round_.asked_at,
                        expires_at=round_.expires_at,
                        open=round_.state is RoundState.OPEN,
                    )
                    for round_ in state.rounds
                ),
                at=at,
            )
        )
        state.journal.stored(state.journal.sequence)


def _obligation(owed: ObligationInput, *, at: datetime) -> tuple[ObligationFile, ObligationDesk]:
    state = ObligationState(
        case=owed.case,
        number=owed.number,
        severity=owed.severity,
        plan=owed.plan,
        begun_at=at,
        planned_at=at,
        first_due=owed.due_at,
        due_at=owed.due_at,
        journal=Journal(case=owed.case, stream=obligation_stream(owed.plan.name)),
    )
    file = ObligationFile(state=state, record=Record(state, salt=base64.b64decode(owed.salt)))
    begin(file, at=at, input_commitment=file.record.commit(owed))
    return file, ObligationDesk(file, root=base64.b64decode(owed.root_key))

"""The workflow of what a case owes after closing: small, and patient for years."""

import asyncio
import base64
import functools
from collections.abc import Sequence
from datetime import datetime

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from cases.file import AUDIBLE
    from cases.journal import Journal, Kind, obligation_stream
    from cases.obligations.addressee import obligation_of
    from cases.obligations.desk import ObligationDesk
    from cases.obligations.schedule import begin, next_step, take_steps
    from cases.obligations.state import ObligationFile, ObligationState, shown
    from cases.receipts import ActReceipt
    from cases.recording import Record
    from workflows.asking import ask
    from workflows.course import ContinueError
    from workflows.effects import COLLECT_ACTS, CollectOrder
    from workflows.guard import walked
    from workflows.incoming import SIGNAL, Incoming, must_fit
    from workflows.messages import (
        ACT_SIGNAL,
        ACT_UPDATE,
        KEYS_SIGNAL,
        OBLIGATION,
        PICTURE_QUERY,
        ObligationInput,
        ObligationOutcome,
    )
    from workflows.owing import Owing
    from workflows.pulse import Pulse
    from workflows.timer import Timer


@workflow.defn(name=OBLIGATION)
class ObligationWorkflow:
    """One obligation, from the entry that closed its case to the act that settles it for good."""

    @workflow.init
    def __init__(self, request: ObligationInput, state: ObligationState | None = None) -> None:
        """Builds all state: handlers may run before the first line of `run`."""
        self._request = request
        self._state = state if state is not None else _new_state(request)
        self._file = ObligationFile(
            state=self._state, record=Record(self._state, salt=base64.b64decode(request.salt))
        )
        root = base64.b64decode(request.root_key)
        self._desk = ObligationDesk(self._file, root=root)
        self._pulse = Pulse(always=request.edition >= AUDIBLE)
        self._timer = Timer(self._pulse)
        self._owing = Owing(self._file, self._pulse)
        self._incoming = Incoming(
            self._desk,
            self._pulse,
            root=root,
            takers={ACT_SIGNAL: self._act_submitted, KEYS_SIGNAL: self._keys_revoked},
        )
        if state is None:
            commitment = self._file.record.commit(request)
            begin(self._file, at=workflow.now(), input_commitment=commitment)

    @workflow.run
    async def run(
        self, request: ObligationInput, state: ObligationState | None = None
    ) -> ObligationOutcome:
        """Waits for the instants of each turn, and for the person who settles it."""
        del request, state
        walk = asyncio.create_task(self._walk())
        try:
            return await walked(walk, refuse=self._incoming.cancellation)
        except ContinueError:
            workflow.continue_as_new(args=[self._request, self._state])

    async def _walk(self) -> ObligationOutcome:
        state = self._state
        while self._owed():
            await self._collect()
            take_steps(self._file, at=workflow.now())
            self._desk.count_refusals(at=workflow.now())
            self._go_on_if_long_enough()
            self._owing.send()
            # What was sent takes its first step now, so that the one timer is set once.
            await asyncio.sleep(0)
            coming = self._coming() if self._owed() else None
            self._timer.set(coming)
            await workflow.wait_condition(functools.partial(self._woken, coming))
        self._timer.stop()
        await self._settled()
        self._desk.record_ended(at=workflow.now())
        await self._settled()
        self._pulse.ending()
        return ObligationOutcome(
            case=state.case,
            obligation=state.plan.name,
            answer=state.answers[-1].answer,
            turns=state.turn,
            sequence=state.journal.sequence,
            head=state.journal.head,
        )

    @workflow.update(name=ACT_UPDATE, description="A signed act of a person")
    def act(self, raw: RawValue) -> ActReceipt:
        """The act is answered with a typed receipt; what is not authentic is refused, on record."""
        return self._incoming.act(raw)

    @act.validator
    def _fits(self, raw: RawValue) -> None:
        must_fit(raw)

    @workflow.signal(dynamic=True)
    def sent(self, name: str, args: Sequence[RawValue]) -> None:
        """What automation sends in, by the signal's name; what fits none is refused (I4)."""
        self._incoming.signal(name, args)

    @workflow.query(name=PICTURE_QUERY, description="The obligation as it stands")
    def picture(self) -> dict[str, object]:
        """The obligation's picture, as doors see it."""
        return dict(shown(self._state))

    @workflow.update(dynamic=True)
    def other_update(self, name: str, args: Sequence[RawValue]) -> ActReceipt:
        """Anything else that is asked is refused, on record (I4)."""
        del args
        return self._incoming.update(name)

    def _act_submitted(self, raw: RawValue) -> None:
        """The same as the update; the receipt stands in the journal only."""
        self._incoming.act(raw, door=SIGNAL)

    def _keys_revoked(self, raw: RawValue) -> None:
        """The keys are not trusted any more, if the root says so."""
        revocation = self._incoming.revocation(raw)
        if revocation is None:
            return
        known = self._state.revoked_keys
        fresh = [key for key in revocation.keys if key not in known]
        if fresh:
            known.extend(fresh)
            self._file.note(
                Kind.KEYS_REVOKED, workflow.now(), keys=fresh, reason=revocation.reason or None
            )

    def _owed(self) -> bool:
        return self._state.settled_by is None

    async def _collect(self) -> None:
        """Before a rule expires, acts signed in time that had not arrived have been taken (I18)."""
        state = self._state
        if not state.lapses or state.due_at > workflow.now():
            return
        order = CollectOrder(case=state.case, deadline=state.due_at, at=workflow.now())
        collected = await ask(COLLECT_ACTS, order, summary="acts signed in time", pulse=self._pulse)
        for envelope in collected.envelopes:
            if self._owed() and obligation_of(envelope) == state.plan.name:
                self._desk.receive(envelope, at=workflow.now())

    def _coming(self) -> tuple[datetime, str]:
        step = next_step(self._state)
        coming = [(step.at, f"{self._state.plan.name}: {step.label}")]
        counted = self._desk.counting_until
        if counted is not None:
            coming.append((counted, "count of refusals"))
        return min(coming)

    def _woken(self, coming: tuple[datetime, str] | None) -> bool:
        return (
            not self._owed()
            or self._timer.fired
            or self._owing.wanted
            or self._coming() != coming
            or (self._long_enough() and self._owing.idle)
        )

    async def _settled(self) -> None:
        """Everybody has been told, everything is durable, and nobody waits for an answer."""
        while not self._owing.idle:
            self._owing.send()
            await workflow.wait_condition(lambda: self._owing.wanted or self._owing.idle)
            await workflow.wait_condition(workflow.all_handlers_finished)

    def _long_enough(self) -> bool:
        info = workflow.info()
        limit = self._request.continue_after
        return (
            limit is not None and info.get_current_history_length() > limit
        ) or info.is_continue_as_new_suggested()

    def _go_on_if_long_enough(self) -> None:
        """Years go on in a new run, once nothing is under way that belongs to this one."""
        if self._long_enough() and self._owing.idle and workflow.all_handlers_finished():
            self._file.note(
                Kind.OBLIGATION_CONTINUED, workflow.now(), entries=self._state.journal.sequence
            )
            self._pulse.ending()
            raise ContinueError


def _new_state(request: ObligationInput) -> ObligationState:
    now = workflow.info().start_time
    return ObligationState(
        case=request.case,
        number=request.number,
        severity=request.severity,
        plan=request.plan,
        conflicts=request.conflicts,
        begun_at=now,
        planned_at=now,
        first_due=request.due_at,
        due_at=request.due_at,
        journal=Journal(case=request.case, stream=obligation_stream(request.plan.name)),
    )

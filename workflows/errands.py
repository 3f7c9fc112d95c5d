"""Errands: what a case has asked of the outside and not yet heard about.

They run beside the case, never in its way: while a mail server is down for an hour the clocks go
on and people decide. Every errand ends in a journal entry, whatever happened.
"""

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from cases import escalations
    from cases.at_door import heard, sent_anyway
    from cases.desk import Desk
    from cases.effects import settle
    from cases.file import (
        FETCHED,
        PROMPT,
        UNHURRIED,
        CaseFile,
        Do,
        GiveBack,
        Hush,
        Look,
        Note,
        SplitOff,
        TakeIn,
        Tell,
        TellKept,
        Wish,
    )
    from cases.journal import Kind
    from cases.notice import PAGES, NoticeEnd, NoticeOrder, NoticeResult, Purpose
    from cases.records import SHADOWED, EffectRecord
    from cases.shadow import NOT_CARRIED_OUT, not_told, not_written, would_look
    from cases.telling import received
    from workflows.asking import ask
    from workflows.assessing import assess
    from workflows.effects import (
        NOTIFY,
        PERFORM,
        SYNC_TICKET,
        EffectOrder,
        EffectResult,
        EffectState,
        TicketOrder,
    )
    from workflows.failures import failure_name, waited_for_log
    from workflows.lanes import lane, queue_of
    from workflows.looking_up import look_up
    from workflows.merging import merge_in, tell_back
    from workflows.notices import notice_for
    from workflows.ordering import attempt_key, facts_for, report_order
    from workflows.pulse import Pulse
    from workflows.recorder import Recorder
    from workflows.splitting import split_off
    from workflows.ticket_notes import COMPANY, TicketNotes

LATE = {
    EffectState.DONE: Kind.EFFECT_DONE,
    EffectState.MANUAL: Kind.EFFECT_MANUAL,
    EffectState.FAILED: Kind.EFFECT_FAILED,
}
"""What is recorded of an attempt that ended after a person had settled its effect."""


QUIET = timedelta(hours=4)
"""How long the outcome of a mail, or of a note on a ticket, waits for an entry that matters.

The history and the ledger of deliveries have it at once; alone it would cost the case a timer, an
activity and two workflow tasks: a third of all that a case did (measured over a simulated week).
"""

PAGED = timedelta(hours=1)
"""How long the outcome of a page at most waits for what the case does next.

Somebody was got up because something is due, so the case mostly does something soon: the outcome
goes with that, without a timer and an activity of its own. One that failed goes at once.
"""


class Errands:
    """Sends wishes out and records what came of them."""

    def __init__(self, file: CaseFile, desk: Desk, recorder: Recorder, pulse: Pulse) -> None:
        self._file = file
        self._desk = desk
        self._pulse = pulse
        self._recorder = recorder
        self._running: set[asyncio.Task[None]] = set()
        self._expected: list[datetime] = []
        self._ticket = TicketNotes(file)
        self._assessing = False
        self._telling: dict[str, tuple[asyncio.Task[None], NoticeOrder]] = {}
        self._hushed: dict[str, Hush] = {}

    @property
    def idle(self) -> bool:
        """Whether nothing is under way or waiting to be sent."""
        return not self._running and not self._ticket.waiting and not self._file.wishes

    @property
    def held(self) -> bool:
        """Whether notes are held back although the ticket could be written."""
        return self._ticket.waiting and not self._ticket.busy

    @property
    def wanted(self) -> bool:
        """Whether something waits to be sent that is not being held back."""
        return bool(self._file.wishes) or (self._file.state.reassess and not self._assessing)

    def next_at(self, at: datetime) -> datetime | None:
        """The next instant at which something that waits for company goes without it.

        An errand under way is expected to leave a quiet entry: the case's one timer is set for it
        beforehand, so that it need not be set anew when the entry comes.
        """
        self._expected = [instant for instant in self._expected if instant > at]
        coming = [*self._expected, self._recorder.due_at, self._ticket.due_at(at)]
        return min((instant for instant in coming if instant is not None), default=None)

    def send(self, *, everything: bool = False) -> None:
        """Every wish is under way; notes for the ticket wait for company, not for ever."""
        at = workflow.now()
        wishes, self._file.wishes = self._file.wishes, []
        for wish in wishes:
            self._grant(wish, at=at)
        if self.held and (everything or self._ticket.due(at)):
            self._ticket.busy = True
            self._start(self._sync_ticket())
        if self._file.state.reassess and not self._assessing:
            self._assessing = True
            self._start(self._assess())

    def _grant(self, wish: Wish, *, at: datetime) -> None:
        match wish:
            case Tell():
                self._start(self._tell(wish))
            case TellKept():
                self._start(self._send(wish.order))
            case Hush():
                self._hush(wish)
            case Do():
                self._start(self._do(wish.key))
            case SplitOff():
                self._start(split_off(self._file, wish, self._pulse))
            case Look():
                self._start(look_up(self._file, wish, pulse=self._pulse))
            case TakeIn():
                self._start(merge_in(self._file, wish, pulse=self._pulse))
            case GiveBack():
                self._start(tell_back(self._file, wish, pulse=self._pulse))
            case Note():
                self._ticket.add(wish, at=at)

    def _start(self, errand: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(errand)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def _hush(self, wish: Hush) -> None:
        """Those notices that are under way, or being tried again, stop and end so."""
        for key, (task, order) in list(self._telling.items()):
            if wish.meant(order):
                self._hushed[key] = wish
                self._pulse.command()
                task.cancel()

    def _expect(self, at: datetime) -> datetime:
        """When the quiet entry of an errand that begins now is to be stored, before `UNHURRIED`."""
        until = at + COMPANY
        if self._file.edition < UNHURRIED:
            self._expected.append(until)
        return until

    def _quiet(self, expected: datetime, *, soon: bool) -> datetime:
        """How long the outcome that is known now may wait for an entry that matters."""
        at = workflow.now()
        if self._file.edition < UNHURRIED:
            return expected if expected > at else at + COMPANY
        return at + (COMPANY if soon else QUIET)

    def _paged(self, expected: datetime) -> datetime:
        """How long the outcome of a page that is known now may wait."""
        if self._file.edition < PROMPT:
            return self._quiet(expected, soon=True)
        at = workflow.now()
        coming = self._file.state.next_instant(at)
        latest = at + PAGED
        return min(coming[0], latest) if coming is not None and coming[0] > at else latest

    async def _tell(self, wish: Tell) -> None:
        file = self._file
        state = file.state
        at = workflow.now()
        lease = next(
            (
                lease
                for lease in state.leases
                if (lease.stage, lease.role) == (wish.stage, wish.role) and lease.until > at
            ),
            None,
        )
        if lease is not None and _spared(file, wish):
            file.note(
                Kind.NOTICE_ENDED,
                at,
                purpose=wish.purpose.value,
                role=wish.role,
                end=NoticeEnd.SUPERSEDED.value,
                because=f"{lease.person} has it",
            )
            return
        order = notice_for(file, wish, at=at)
        if state.shadow:
            not_told(file, order, at=at)
            return
        file.note(
            Kind.NOTICE_ORDERED,
            at,
            key=order.key,
            purpose=order.purpose.value,
            role=order.role,
            person=order.person,
            round=order.round,
            step=order.step or None,
        )
        await self._send(order)

    async def _send(self, order: NoticeOrder) -> None:
        file = self._file
        state = file.state
        expected = self._expect(workflow.now())
        while True:
            result, cause = await self._sent(order)
            if result is None:
                return
            commitment = file.record.commit(result)
            if not result.acts:
                break
            # Somebody has answered at the door: the case hears it first, and decides by that.
            hushed = heard(
                file,
                order,
                result.acts,
                receive=lambda envelope: self._desk.receive(envelope, at=workflow.now()),
            )
            if hushed is not None:
                self._end_hushed(order, hushed, commitment=commitment)
                return
            order = sent_anyway(order, result.acts)
        ended = received(file, order, result, commitment=commitment, at=workflow.now())
        if ended is None:
            return
        result = ended
        loud = result.end in (NoticeEnd.NOBODY, NoticeEnd.UNDELIVERED)
        if loud:
            state.notices_failed += 1
        paged = order.purpose in PAGES
        until = self._paged(expected) if paged else self._quiet(expected, soon=False)
        with self._recorder.aside(until=until, loud=loud):
            file.note(
                Kind.NOTICE_ENDED,
                workflow.now(),
                key=order.key,
                purpose=order.purpose.value,
                role=order.role,
                end=result.end.value,
                recipients=[f"{item.person}: {item.end.value}" for item in result.recipients]
                or None,
                directory=result.directory_digest or None,
                on_call=[note.said() for note in result.on_call] or None,
                because=cause or None,
                result=commitment,
            )
        escalations.told(file, order, result, at=workflow.now())

    async def _sent(self, order: NoticeOrder) -> tuple[NoticeResult | None, str]:
        """What became of it, and why it failed; no result where it was stopped, on record."""
        file = self._file
        here = asyncio.current_task()
        if here is not None:
            self._telling[order.key] = (here, order)
        try:
            result = await ask(
                NOTIFY,
                order,
                summary=f"{order.purpose.value}: tell {_who(order)}",
                pulse=self._pulse,
                priority=lane(order) if file.edition else Priority.default,
                queue=queue_of(file),
            )
        except (ActivityError, asyncio.CancelledError) as error:
            self._telling.pop(order.key, None)
            hushed = self._hushed.pop(order.key, None)
            if hushed is not None:
                self._end_hushed(order, hushed)
                return None, ""
            if not isinstance(error, ActivityError):
                raise
            return NoticeResult(end=NoticeEnd.UNDELIVERED), failure_name(error)
        self._telling.pop(order.key, None)
        self._hushed.pop(order.key, None)
        return result, ""

    def _end_hushed(
        self, order: NoticeOrder, hushed: Hush, *, commitment: str | None = None
    ) -> None:
        self._file.note(
            Kind.NOTICE_ENDED,
            workflow.now(),
            key=order.key,
            purpose=order.purpose.value,
            role=order.role,
            end=hushed.how.value,
            because=hushed.because or None,
            result=commitment,
        )

    async def _do(self, key: str) -> None:
        file = self._file
        effect = file.state.effect(key)
        if effect is None or effect.state != "intended":
            return
        if file.state.shadow:
            settle(
                file,
                effect,
                state=SHADOWED,
                at=workflow.now(),
                detail=NOT_CARRIED_OUT,
                found=would_look(effect),
            )
            return
        entry = 0
        if effect.irreversible:
            # What cannot be undone waits until its intent is durable, and whoever does it until
            # the log's checkpoint covers that (design §6).
            through = file.state.journal.sequence
            await self._recorder.durable(through)
            entry = through if file.leaf_first else 0
        order = EffectOrder(
            key=attempt_key(effect),
            case=file.state.case,
            number=file.state.number,
            name=effect.part.action if effect.part is not None else effect.name,
            title=effect.title,
            by=effect.by,
            stage=effect.stage,
            facts=facts_for(file, effect),
            compensates=effect.compensates,
            irreversible=effect.irreversible,
            report=report_order(file, effect),
            part=effect.part,
            set_for=effect.set_for,
            entry=entry,
            at=workflow.now(),
        )
        try:
            result = await self._perform(order, effect)
        except ActivityError as error:
            settle(file, effect, state="failed", at=workflow.now(), detail=failure_name(error))
            return
        if effect.state != "intended":
            # A person settled it while the attempt was under way; both are on record.
            file.note(
                LATE[result.state],
                workflow.now(),
                effect=effect.name,
                key=key,
                state=result.state.value,
                because="settled by a person before",
                policies=list(result.policies) or None,
                policy=result.policy or None,
                result=file.record.commit(result),
            )
            return
        settle(
            file,
            effect,
            state=result.state.value,
            at=workflow.now(),
            reference=result.reference,
            detail=result.detail,
            commitment=file.record.commit(result),
            found=result.found,
            asked=(result.policies, result.policy) if result.policy else None,
        )

    async def _perform(self, order: EffectOrder, effect: EffectRecord) -> EffectResult:
        """As often as it takes while only the log is waited for: nothing was tried by then."""
        while True:
            try:
                return await ask(
                    PERFORM,
                    order,
                    summary=effect.title,
                    pulse=self._pulse,
                    queue=queue_of(self._file),
                )
            except ActivityError as error:
                if not waited_for_log(error) or effect.state != "intended":
                    raise

    async def _sync_ticket(self) -> None:
        try:
            await self._write_ticket(self._ticket.take(at=workflow.now()))
        finally:
            self._ticket.busy = False

    async def _write_ticket(self, order: TicketOrder) -> None:
        file = self._file
        state = file.state
        if state.shadow:
            opens = order.ticket is None
            not_written(
                file,
                key=order.key,
                note=order.note,
                status=order.status,
                opens=opens,
                at=workflow.now(),
            )
            return
        expected = self._expect(workflow.now())
        try:
            result = await ask(SYNC_TICKET, order, summary="ticket note", pulse=self._pulse)
        except ActivityError as error:
            file.note(
                Kind.TICKET_FAILED, workflow.now(), key=order.key, because=failure_name(error)
            )
            return
        if state.ticket is None and result.ticket is not None:
            state.ticket = result.ticket
        # Where a ticket was opened, everybody is to know it soon.
        until = self._quiet(expected, soon=order.ticket is None)
        with self._recorder.aside(until=until, loud=bool(result.failed)):
            file.note(
                Kind.TICKET_FAILED if result.failed else Kind.TICKET_SYNCED,
                workflow.now(),
                key=order.key,
                ticket=result.ticket.id if result.ticket is not None else None,
                status=order.status,
                because=result.failed or None,
                result=file.record.commit(result),
            )

    async def _assess(self) -> None:
        try:
            await assess(self._file, self._pulse)
        finally:
            self._assessing = False


def _spared(file: CaseFile, wish: Tell) -> bool:
    """Whether the role is not told that as long as one of it has said that they have it."""
    if wish.purpose is Purpose.PAGE:
        # A policy knows by itself how many must have it.
        return file.edition >= FETCHED and wish.of_step is None
    return wish.purpose is Purpose.REMIND


def _who(order: NoticeOrder) -> str:
    """Whom the notice is for, as Temporal's history says it: a role or a team, never a name."""
    part = order.of_step
    if part is not None and part.on_call:
        return f"on call for {part.on_call}"
    return order.role or "one person"

"""Notices under way: who is told, what became of each, and those that are called off."""

import asyncio

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from cases import escalations
    from cases.at_door import heard, sent_anyway
    from cases.desk import Desk
    from cases.file import FETCHED, CaseFile, Hush, Tell
    from cases.journal import Kind
    from cases.notice import PAGES, NoticeEnd, NoticeOrder, NoticeResult, Purpose
    from cases.shadow import not_told
    from cases.telling import received
    from workflows.asking import ask
    from workflows.company import Company
    from workflows.effects import NOTIFY
    from workflows.failures import failure_name
    from workflows.lanes import lane, queue_of
    from workflows.notices import notice_for
    from workflows.pulse import Pulse
    from workflows.recorder import Recorder


class Telling:
    """The notices of one case; every one of them ends in one journal entry."""

    def __init__(
        self, file: CaseFile, desk: Desk, recorder: Recorder, pulse: Pulse, company: Company
    ) -> None:
        self._file = file
        self._desk = desk
        self._recorder = recorder
        self._pulse = pulse
        self._company = company
        self._under_way: dict[str, tuple[asyncio.Task[None], NoticeOrder]] = {}
        self._hushed: dict[str, Hush] = {}

    def hush(self, wish: Hush) -> None:
        """Those notices that are under way, or being tried again, stop and end so."""
        for key, (task, order) in list(self._under_way.items()):
            if wish.meant(order):
                self._hushed[key] = wish
                self._pulse.command()
                task.cancel()

    async def tell(self, wish: Tell) -> None:
        """Somebody has been told, or it is on record why not."""
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
        await self.send(order)

    async def send(self, order: NoticeOrder) -> None:
        """The notice, which is on record already, has reached its end."""
        file = self._file
        state = file.state
        expected = self._company.expect(workflow.now())
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
        wait = self._company.paged if order.purpose in PAGES else self._company.quiet
        with self._recorder.aside(until=wait(expected, at=workflow.now()), loud=loud):
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
            self._under_way[order.key] = (here, order)
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
            self._under_way.pop(order.key, None)
            hushed = self._hushed.pop(order.key, None)
            if hushed is not None:
                self._end_hushed(order, hushed)
                return None, ""
            if not isinstance(error, ActivityError):
                raise
            return NoticeResult(end=NoticeEnd.UNDELIVERED), failure_name(error)
        self._under_way.pop(order.key, None)
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

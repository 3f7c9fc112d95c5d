"""Errands: what a case has asked of the outside and not yet heard about.

They run beside the case, never in its way: while a mail server is down for an hour the clocks go
on and people decide. Every errand ends in a journal entry, whatever happened.
"""

import asyncio
from collections.abc import Coroutine
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from cases.desk import Desk
    from cases.file import (
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
    from cases.shadow import not_written
    from workflows.asking import ask
    from workflows.assessing import assess
    from workflows.company import Company
    from workflows.effects import SYNC_TICKET, TicketOrder
    from workflows.failures import failure_name
    from workflows.looking_up import look_up
    from workflows.merging import merge_in, tell_back
    from workflows.performing import perform
    from workflows.pulse import Pulse
    from workflows.recorder import Recorder
    from workflows.splitting import split_off
    from workflows.telling import Telling
    from workflows.ticket_notes import TicketNotes


class Errands:
    """Sends wishes out and records what came of them."""

    def __init__(self, file: CaseFile, desk: Desk, recorder: Recorder, pulse: Pulse) -> None:
        self._file = file
        self._pulse = pulse
        self._recorder = recorder
        self._running: set[asyncio.Task[None]] = set()
        self._company = Company(file)
        self._telling = Telling(file, desk, recorder, pulse, self._company)
        self._ticket = TicketNotes(file)
        self._assessing = False

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
        """The next instant at which something that waits for company goes without it."""
        coming = (self._company.next_at(at), self._recorder.due_at, self._ticket.due_at(at))
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
                self._start(self._telling.tell(wish))
            case TellKept():
                self._start(self._telling.send(wish.order))
            case Hush():
                self._telling.hush(wish)
            case Do():
                self._start(
                    perform(self._file, wish.key, recorder=self._recorder, pulse=self._pulse)
                )
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
        expected = self._company.expect(workflow.now())
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
        wait = self._company.soon if order.ticket is None else self._company.quiet
        until = wait(expected, at=workflow.now())
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

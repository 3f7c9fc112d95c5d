"""What an obligation asks of the outside: people are told, and its journal is stored.

One append at a time with everything that is new, beside the obligation and never in its way.
"""

import asyncio
import base64

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from cases.file import Tell
    from cases.ids import key_of, obligation_id
    from cases.journal import Kind, packed
    from cases.notice import NoticeEnd, NoticeOrder, NoticeResult
    from cases.obligations.schedule import next_step
    from cases.obligations.state import ObligationFile, picture
    from workflows.asking import ask
    from workflows.effects import NOTIFY
    from workflows.failures import failure_name
    from workflows.obligation_effects import APPEND_OBLIGATION, ObligationBatch
    from workflows.pulse import Pulse


class Owing:
    """Sends wishes out, records what came of them, and makes the record durable."""

    def __init__(self, file: ObligationFile, pulse: Pulse) -> None:
        self._file = file
        self._pulse = pulse
        self._telling: set[asyncio.Task[None]] = set()
        self._appending: asyncio.Task[None] | None = None

    @property
    def wanted(self) -> bool:
        """Whether something waits to be sent, or to be stored while no append is under way."""
        return bool(self._file.wishes) or (
            self._appending is None and bool(self._file.state.journal.pending)
        )

    @property
    def idle(self) -> bool:
        """Whether everybody has been told and every entry is durable."""
        return not (
            self._telling
            or self._appending is not None
            or self._file.wishes
            or self._file.state.journal.pending
        )

    def send(self) -> None:
        """Every wish is under way, and so is everything that is new in the journal."""
        wishes, self._file.wishes = self._file.wishes, []
        for wish in wishes:
            task = asyncio.create_task(self._tell(self._ordered(wish)))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)
        if self._appending is None and self._file.state.journal.pending:
            self._appending = asyncio.create_task(self._append())

    def _ordered(self, wish: Tell) -> NoticeOrder:
        file = self._file
        state = file.state
        at = workflow.now()
        state.told += 1
        order = NoticeOrder(
            key=key_of(
                obligation_id(state.case, state.plan.name), "notice", str(state.told), wish.role
            ),
            case=state.case,
            number=state.number,
            purpose=wish.purpose,
            role=wish.role,
            except_people=state.conflicts,
            stage_title=state.plan.title or state.plan.name,
            severity=state.severity,
            due_at=state.due_at,
            step=wish.step,
            at=at,
        )
        file.note(
            Kind.NOTICE_ORDERED,
            at,
            key=order.key,
            purpose=order.purpose.value,
            role=order.role,
            turn=state.turn,
            step=order.step or None,
        )
        return order

    async def _tell(self, order: NoticeOrder) -> None:
        file = self._file
        cause = ""
        try:
            result = await ask(
                NOTIFY,
                order,
                summary=f"{order.purpose.value}: tell {order.role}",
                pulse=self._pulse,
            )
        except ActivityError as error:
            result = NoticeResult(end=NoticeEnd.UNDELIVERED)
            cause = failure_name(error)
        if result.end in (NoticeEnd.NOBODY, NoticeEnd.UNDELIVERED):
            file.state.notices_failed += 1
        file.note(
            Kind.NOTICE_ENDED,
            workflow.now(),
            key=order.key,
            purpose=order.purpose.value,
            role=order.role,
            end=result.end.value,
            recipients=[f"{item.person}: {item.end.value}" for item in result.recipients] or None,
            directory=result.directory_digest or None,
            on_call=[note.said() for note in result.on_call] or None,
            because=cause or None,
            result=file.record.commit(result),
        )

    async def _append(self) -> None:
        state = self._file.state
        entries = tuple(state.journal.pending)
        coming = None if state.settled_by is not None else next_step(state)
        batch = ObligationBatch(
            case=state.case,
            name=state.plan.name,
            original_run=workflow.info().original_execution_run_id,
            first=entries[0].sequence,
            previous=entries[0].previous,
            salt=base64.b64encode(self._file.record.salt).decode(),
            entries=packed(entries),
            picture=picture(state),
            next_at=coming.at if coming is not None else None,
            next_label=coming.label if coming is not None else "",
            at=workflow.now(),
        )
        late = " · overdue" if state.overdue else ""
        workflow.set_current_details(
            f"**{state.plan.name}** · turn {state.turn} · {state.plan.owner} · "
            f"due {state.due_at:%Y-%m-%d %H:%M}Z{late}"
        )
        try:
            stored = await ask(
                APPEND_OBLIGATION,
                batch,
                summary=f"journal {batch.first}-{batch.last}",
                pulse=self._pulse,
            )
            state.journal.stored(stored.sequence)
        finally:
            self._appending = None

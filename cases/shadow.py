"""A shadow case: walked like any other, and nothing of it leaves the house.

Whatever would have gone out has an entry at its instant, under the key it would have had; then the
case goes on as if it had succeeded. Today's process ends the case, however far it is.
"""

from datetime import datetime

from cases.ended_outside import ENDED_OUTSIDE, OutsideEnd, has_ended
from cases.envelope import Act
from cases.file import SYSTEM, CaseFile, SplitOff
from cases.joining import stays
from cases.journal import Kind
from cases.notice import NoticeOrder
from cases.records import ClosingRecord, EffectRecord
from cases.report import TicketRef

NOT_CARRIED_OUT = "shadow: not carried out"
"""The receipt of an action that would have been."""


def not_told(file: CaseFile, order: NoticeOrder, *, at: datetime) -> None:
    """Who would have been told is on record, and why; nobody is."""
    file.note(
        Kind.NOTICE_SHADOWED,
        at,
        key=order.key,
        purpose=order.purpose.value,
        role=order.role,
        person=order.person,
        stage=order.stage,
        round=order.round,
        step=order.step or None,
    )


def not_written(
    file: CaseFile, *, key: str, note: str, status: str | None, opens: bool, at: datetime
) -> None:
    """What the ticket would have been told is on record, in our own words; it is not touched."""
    file.note(
        Kind.TICKET_SHADOWED,
        at,
        key=key,
        note=note or None,
        status=status,
        opens=True if opens else None,
    )


def not_linked(file: CaseFile, *, why: str, to: str, at: datetime) -> None:
    """Where the case would have gone on is on record; no other case begins or is told."""
    file.note(Kind.LINK_SHADOWED, at, why=why, to=to)


def not_split(file: CaseFile, wish: SplitOff, *, at: datetime) -> None:
    """The report stays: a case of its own would be a live one."""
    stays(file, wish.delivery, because="shadow: no case is opened", at=at)


def ends_outside(file: CaseFile, end: OutsideEnd, *, at: datetime) -> None:
    """Today's process is over, and with it the case, unless it is ending by itself."""
    state = file.state
    if state.outside is not None:
        return
    state.outside = end
    file.note(
        Kind.OUTSIDE_ENDED,
        at,
        ended=end.at.isoformat(),
        status=end.status or None,
        tags=list(end.tags) or None,
        by=end.by,
        delivery=end.delivery or None,
    )
    if state.closing_act is None and not state.closed:
        state.closing_act = ClosingRecord(disposition=ENDED_OUTSIDE, by=end.by, at=at)


def said_to_have_ended(
    file: CaseFile, act: Act, *, record: str, commitment: str, at: datetime
) -> None:
    """A person says that today's process is over, where no ticket does."""
    file.state.closing_act = ClosingRecord(
        disposition=ENDED_OUTSIDE, by=act.actor.person, role=act.role, record=record, at=at
    )
    file.note(
        Kind.CASE_CLOSING,
        at,
        disposition=ENDED_OUTSIDE,
        by=act.actor.person,
        role=act.role,
        act=act.act,
        signed=act.signed_at.isoformat(),
        input=commitment,
    )
    ends_outside(file, OutsideEnd(at=act.signed_at, by=act.actor.person), at=at)


def told_by_ticket(
    file: CaseFile,
    ticket: TicketRef,
    *,
    status: str,
    tags: tuple[str, ...],
    delivery: str,
    said: datetime,
    at: datetime,
) -> None:
    """The case's own ticket says that today's process is over; one of a joined report does not."""
    report = file.state.report
    own = {report.external_id} | ({report.ticket.id} if report.ticket is not None else set())
    if ticket.id not in own or not has_ended(status):
        return
    end = OutsideEnd(
        at=max(said, report.received_at), status=status, tags=tags, by=SYSTEM, delivery=delivery
    )
    ends_outside(file, end, at=at)


def would_look(effect: EffectRecord) -> tuple[int, int] | None:
    """What a look at a step comes to that was not carried out: there was nothing to see."""
    return (0, 0) if effect.part is not None and effect.part.look else None

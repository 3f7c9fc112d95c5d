"""The acts by which a person hands work over, and another takes it."""

from datetime import datetime

from cases.acts_on_work import Accept, HandOver
from cases.envelope import Act
from cases.file import INCIDENT_MANAGER, CaseFile
from cases.handing_over import (
    OFFER_LEASE,
    STEP,
    hand_over,
    offer_of,
    tell_giver,
    withdraw,
)
from cases.handlers.checks import body_of
from cases.journal import Kind
from cases.notice import Purpose
from cases.people import human, is_conflicted
from cases.receipts import Reason
from cases.records import WorkOffer
from cases.refusal import not_yours, refused
from cases.rules import all_roles


def offer(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The work is offered to the person, who is told; it is still whoever's it was."""
    del key
    body = body_of(act, HandOver)
    if body.role not in all_roles(file.pathway):
        raise refused(Reason.ROLE, f"this runbook has {', '.join(all_roles(file.pathway))}")
    has_it = file.state.assignments.get(body.role)
    if act.role != INCIDENT_MANAGER and has_it not in human(file.state, act.actor.own_names):
        raise not_yours(Reason.ROLE, f"this is for {has_it or 'whoever has it'}, who has it")
    if body.person == has_it:
        raise refused(Reason.UNCHANGED)
    if is_conflicted(file.state, {body.person}):
        raise refused(Reason.CONFLICTED, body.person)
    withdraw(file, body.role)
    made = WorkOffer(
        role=body.role,
        by=act.actor.person,
        person=body.person,
        note=body.note,
        at=act.signed_at,
        until=at + OFFER_LEASE,
    )
    file.state.work_offers.append(made)
    file.note(
        Kind.WORK_OFFERED,
        at,
        role=made.role,
        person=made.person,
        by=made.by,
        note=made.note or None,
        until=made.until.isoformat(),
        act=act.act,
        input=commitment,
    )
    file.tell(Purpose.WORK, made.role, stage=file.state.stage, person=made.person, step=STEP)


def accept(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The work is theirs, or stays with whoever offered it; both know."""
    del key
    body = body_of(act, Accept)
    found = offer_of(file, body.role)
    if found is None or found.person not in human(file.state, act.actor.own_names):
        raise refused(Reason.NO_SUCH_REQUEST, f"nobody has offered you the work of {body.role}")
    file.note(
        Kind.WORK_DECLINED if body.decline else Kind.WORK_ACCEPTED,
        at,
        role=found.role,
        person=found.person,
        by=found.by,
        reason=body.reason or None,
        act=act.act,
        input=commitment,
    )
    if body.decline:
        withdraw(file, found.role)
        tell_giver(file, found, "declined")
    else:
        hand_over(file, found, at=at)

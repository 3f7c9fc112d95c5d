"""Acts that run a case: who has it, whether it goes on, and how bad it is."""

from datetime import datetime, timedelta

from cases import escalations, leases
from cases.acts import Acknowledge, Assign, ChangeSeverity, Hold, Raise, Resume
from cases.bulk import go_on_everywhere
from cases.clocks import pause_operational, resume_operational
from cases.envelope import Act
from cases.file import INCIDENT_MANAGER, CaseFile, Note
from cases.gate import roles_of
from cases.handing_over import withdraw
from cases.handlers.checks import (
    body_of,
    must_be_in,
    must_give_reason,
    must_have_role,
    must_not_be_held,
)
from cases.independence import kept_out
from cases.journal import Kind
from cases.notice import Purpose
from cases.people import human, is_conflicted
from cases.permissions import all_roles
from cases.receipts import Reason
from cases.records import HoldRecord
from cases.refusal import not_yours, refused
from cases.severity import severity_changed
from cases.ticket_note import HELD, RESUMED
from cases.values import spoken

LONGEST_HOLD = timedelta(days=366)
"""A review date further away is a slip of the pen, and nobody would remember it."""


def acknowledge(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """'I have it': nobody is told for a while. "Conflicted": the person is out."""
    del key
    body = body_of(act, Acknowledge)
    stage = must_be_in(file, body.stage)
    roles = leases.who_may(file, stage, person=act.actor.person)
    if roles is not None and act.role not in roles:
        raise not_yours(Reason.ROLE, f"this is for {' or '.join(roles)}")
    if body.conflicted:
        file.state.conflicts[act.actor.person] = stage.name
        round_ = file.state.open_round(stage.name)
        if round_ is not None:
            round_.drop(human(file.state, act.actor.own_names))
        file.note(
            Kind.CONFLICT_DECLARED,
            at,
            who=act.actor.person,
            also=sorted(act.actor.accounts) or None,
            role=act.role,
            stage=stage.name,
            act=act.act,
            input=commitment,
        )
        file.tell(Purpose.INFORMATION, INCIDENT_MANAGER, stage=stage.name)
        file.tell(
            Purpose.ASK if round_ is not None else Purpose.WORK,
            act.role,
            stage=stage.name,
            round_=round_.number if round_ is not None else None,
            step="conflict",
        )
        return
    if human(file.state, act.actor.own_names) & kept_out(file, stage):
        raise not_yours(Reason.NOT_INDEPENDENT)
    lease = leases.take(file, act, stage, at=at)
    file.note(
        Kind.ACKNOWLEDGED,
        at,
        who=act.actor.person,
        role=act.role,
        stage=stage.name,
        until=lease.until.isoformat(),
        act=act.act,
        input=commitment,
    )
    escalations.acknowledged(file, lease, at=at)


def assign(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The role's notices on this case go to that person."""
    del key
    must_have_role(file, act)
    body = body_of(act, Assign)
    if body.role not in all_roles(file.pathway):
        raise refused(Reason.ROLE, f"this runbook has {', '.join(all_roles(file.pathway))}")
    if file.state.assignments.get(body.role) == body.person:
        raise refused(Reason.UNCHANGED)
    if is_conflicted(file.state, {body.person}):
        raise refused(Reason.CONFLICTED, body.person)
    file.state.assignments[body.role] = body.person
    withdraw(file, body.role)
    file.note(
        Kind.ASSIGNED,
        at,
        role=body.role,
        person=body.person,
        by=act.actor.person,
        reason=body.reason or None,
        act=act.act,
        input=commitment,
    )
    stage = file.stage
    if stage is None:
        return
    round_ = file.state.open_round(stage.name)
    if round_ is not None and body.role in roles_of(round_, stage.gate):
        file.tell(
            Purpose.ASK,
            body.role,
            stage=stage.name,
            round_=round_.number,
            person=body.person,
            step="assigned",
        )
    elif round_ is None and stage.owner == body.role:
        file.tell(Purpose.WORK, body.role, stage=stage.name, person=body.person, step="assigned")


def hold(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """Work stops until somebody resumes it; at the review date the incident manager is asked."""
    del key
    must_have_role(file, act)
    body = body_of(act, Hold)
    must_not_be_held(file)
    must_give_reason(body.reason)
    if body.review_at <= at:
        raise refused(Reason.REVIEW_DATE, "the review date must lie ahead")
    severity = file.state.severity.current
    longest = file.pathway.hold_at_most.get(severity, LONGEST_HOLD)
    if body.review_at > at + longest:
        latest = spoken(at + longest)
        raise refused(Reason.REVIEW_DATE, f"at {severity.value} not after {latest}")
    file.state.hold = HoldRecord(
        reason=body.reason, by=act.actor.person, at=act.signed_at, review_at=body.review_at
    )
    file.state.status = "held"
    file.note(
        Kind.HELD,
        at,
        by=act.actor.person,
        review=body.review_at.isoformat(),
        act=act.act,
        input=commitment,
    )
    pause_operational(file, at=at)
    escalations.stand_still(file, at=at)
    file.wishes.append(Note.of(HELD(), now=True))


def resume(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """Work goes on, and so do our own targets."""
    del key
    must_have_role(file, act)
    body = body_of(act, Resume)
    if file.state.hold is None:
        raise refused(Reason.NOT_ON_HOLD)
    file.state.hold = None
    file.state.status = "open"
    file.note(
        Kind.RESUMED,
        at,
        by=act.actor.person,
        reason=body.reason or None,
        act=act.act,
        input=commitment,
    )
    resume_operational(file, at=at, because="resumed")
    escalations.go_on(file, at=at)
    leases.go_on(file, at=at)
    go_on_everywhere(file, at=at)
    file.wishes.append(Note.of(RESUMED()))


def severity(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The severity is what the person says; what the table computed stays beside it."""
    del key
    must_have_role(file, act)
    body = body_of(act, ChangeSeverity)
    must_give_reason(body.reason)
    record = file.state.severity
    if (record.current, record.until) == (body.severity, body.until):
        raise refused(Reason.UNCHANGED)
    if body.until is not None and body.until <= at:
        raise refused(Reason.SEVERITY_UNTIL)
    before = file.state.facts()
    file.state.severity = record.model_copy(
        update={
            "current": body.severity,
            "set_by": act.actor.person,
            "reason": body.reason,
            "until": body.until,
        }
    )
    file.note(
        Kind.SEVERITY_SET,
        at,
        severity=body.severity.value,
        was=record.current.value,
        computed=record.computed.value,
        until=body.until.isoformat() if body.until is not None else None,
        by=act.actor.person,
        act=act.act,
        input=commitment,
    )
    severity_changed(file, before, at=at)


def raise_(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The role is paged now."""
    del key
    must_have_role(file, act)
    body = body_of(act, Raise)
    must_give_reason(body.reason)
    if body.to not in all_roles(file.pathway):
        raise refused(Reason.ROLE, f"this runbook has {', '.join(all_roles(file.pathway))}")
    file.note(
        Kind.RAISED,
        at,
        to=body.to,
        by=act.actor.person,
        reason=body.reason,
        act=act.act,
        input=commitment,
    )
    if file.edition and body.to not in file.state.raised:
        file.state.raised.append(body.to)
    file.tell(Purpose.RAISED, body.to, stage=file.state.stage)

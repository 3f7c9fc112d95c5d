"""Acts that run a case: who has it, whether it goes on, how bad it is, and how it ends."""

from datetime import datetime

from cases.acts import (
    Acknowledge,
    Assign,
    Attach,
    Cancel,
    ChangeSeverity,
    Close,
    Hold,
    Move,
    Raise,
    Resume,
)
from cases.clocks import pause_operational, resume_operational
from cases.envelope import Act
from cases.file import INCIDENT_MANAGER, CaseFile
from cases.handlers.checks import (
    body_of,
    must_be_in,
    must_give_reason,
    must_have_role,
    must_not_be_held,
)
from cases.journal import Kind
from cases.notice import Purpose
from cases.permissions import all_roles, unmet
from cases.receipts import Reason
from cases.refusal import not_yours, refused
from cases.rounds import facts_changed
from cases.state import ACK_LEASE, ClosingRecord, HoldRecord, Lease, Link

CANCELLED = "cancelled"
ATTACHED = "attached"
MOVED = "moved"


def acknowledge(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """'I have it': no reminders to the role for a while. "Conflicted": the person is out."""
    del key
    body = body_of(act, Acknowledge)
    stage = must_be_in(file, body.stage)
    roles = (stage.owner, *(stage.gate.roles if stage.gate is not None else ()))
    if act.role not in roles:
        raise not_yours(Reason.ROLE, f"this is for {' or '.join(roles)}")
    if body.conflicted:
        file.state.conflicts[act.actor.person] = stage.name
        round_ = file.state.open_round(stage.name)
        if round_ is not None:
            round_.take_back(act.actor.person)
        file.note(
            Kind.CONFLICT_DECLARED,
            at,
            who=act.actor.person,
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
    until = at + ACK_LEASE
    file.state.leases = [
        lease for lease in file.state.leases if (lease.stage, lease.role) != (stage.name, act.role)
    ] + [
        Lease(
            stage=stage.name, role=act.role, person=act.actor.person, at=act.signed_at, until=until
        )
    ]
    file.note(
        Kind.ACKNOWLEDGED,
        at,
        who=act.actor.person,
        role=act.role,
        stage=stage.name,
        until=until.isoformat(),
        act=act.act,
        input=commitment,
    )


def assign(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The role's notices on this case go to that person."""
    del key
    must_have_role(file, act)
    body = body_of(act, Assign)
    if body.role not in all_roles(file.pathway):
        raise refused(Reason.ROLE, f"this runbook has {', '.join(all_roles(file.pathway))}")
    if file.state.assignments.get(body.role) == body.person:
        raise refused(Reason.UNCHANGED)
    file.state.assignments[body.role] = body.person
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
    if stage is not None and stage.owner == body.role:
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
    pause_operational(file, at=at, because="hold")


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


def severity(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The severity is what the person says; what the table computed stays beside it."""
    del key
    must_have_role(file, act)
    body = body_of(act, ChangeSeverity)
    must_give_reason(body.reason)
    record = file.state.severity
    if record.current == body.severity:
        raise refused(Reason.UNCHANGED)
    before = file.state.facts()
    file.state.severity = record.model_copy(
        update={"current": body.severity, "set_by": act.actor.person, "reason": body.reason}
    )
    file.note(
        Kind.SEVERITY_SET,
        at,
        severity=body.severity.value,
        was=record.current.value,
        computed=record.computed.value,
        by=act.actor.person,
        act=act.act,
        input=commitment,
    )
    facts_changed(file, before, at=at)


def raise_(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The role is paged now."""
    del key
    must_have_role(file, act)
    body = body_of(act, Raise)
    must_give_reason(body.reason)
    file.note(
        Kind.RAISED,
        at,
        to=body.to,
        by=act.actor.person,
        reason=body.reason,
        act=act.act,
        input=commitment,
    )
    file.tell(Purpose.RAISED, body.to, stage=file.state.stage, step=act.act)


def move(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The case is about to close as moved; a linked case goes on under the other runbook."""
    del key
    must_have_role(file, act)
    body = body_of(act, Move)
    must_give_reason(body.reason)
    if body.runbook == file.state.runbook:
        raise refused(Reason.UNCHANGED, "the case already runs on this runbook")
    file.state.moving_to = body.runbook
    file.state.closing_act = ClosingRecord(
        disposition=MOVED, by=act.actor.person, record=body.reason, at=at
    )
    file.note(
        Kind.CASE_MOVING,
        at,
        runbook=body.runbook,
        by=act.actor.person,
        act=act.act,
        input=commitment,
    )


def attach(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The report is given to the other case and this one closes, or both are kept apart."""
    del key
    must_have_role(file, act)
    body = body_of(act, Attach)
    linked = next((link for link in file.state.links if link.number == body.to), None)
    if linked is None or linked.why not in ("same-subject", "kept-apart"):
        raise refused(Reason.NO_SUCH_REQUEST, f"case {body.to} was not offered")
    file.state.links = [link for link in file.state.links if link.number != body.to]
    if body.keep_apart:
        file.state.links.append(Link(number=body.to, case=linked.case, why="kept-apart"))
    else:
        file.state.attaching_to = body.to
        file.state.closing_act = ClosingRecord(
            disposition=ATTACHED, by=act.actor.person, record=body.reason, at=at
        )
    file.note(
        Kind.CASE_LINKED,
        at,
        number=body.to,
        why="kept-apart" if body.keep_apart else "attaching",
        by=act.actor.person,
        act=act.act,
        input=commitment,
    )


def close(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The case is about to close with that disposition: everything it requires is on record."""
    del key
    stage = must_be_in(file, file.pathway.closure.name)
    must_have_role(file, act)
    must_not_be_held(file)
    body = body_of(act, Close)
    plan = stage.dispositions.get(body.disposition)
    if plan is None:
        raise refused(Reason.NO_SUCH_DISPOSITION, ", ".join(stage.dispositions))
    missing = unmet(file.state, file.pathway, body.disposition)
    if "decision-record" in plan.requires and not body.record.strip():
        missing.append("decision-record")
    if "lessons" in plan.requires and not body.lessons.strip():
        missing.append("lessons")
    if missing:
        raise refused(Reason.UNMET, "; ".join(missing))
    file.state.closing_act = ClosingRecord(
        disposition=body.disposition,
        by=act.actor.person,
        record=body.record,
        lessons=body.lessons,
        at=at,
    )
    file.note(
        Kind.CASE_CLOSING,
        at,
        disposition=body.disposition,
        by=act.actor.person,
        role=act.role,
        act=act.act,
        signed=act.signed_at.isoformat(),
        input=commitment,
    )


def cancel(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The case is about to end without its runbook."""
    del key
    must_have_role(file, act)
    body = body_of(act, Cancel)
    must_give_reason(body.reason)
    file.state.closing_act = ClosingRecord(
        disposition=CANCELLED, by=act.actor.person, record=body.reason, at=at
    )
    file.note(
        Kind.CASE_CLOSING,
        at,
        disposition=CANCELLED,
        by=act.actor.person,
        act=act.act,
        input=commitment,
    )

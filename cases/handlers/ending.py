"""Acts that end a case: closed, moved, attached to another, cancelled."""

from datetime import datetime

from cases.acts import Cancel, Close
from cases.acts_between_cases import Attach, Move
from cases.dual_control import must_not_be_under_way
from cases.ended_outside import ENDED_OUTSIDE
from cases.envelope import Act
from cases.file import CaseFile
from cases.handlers.checks import (
    body_of,
    must_be_in,
    must_give_reason,
    must_have_role,
    must_not_be_held,
)
from cases.journal import Kind
from cases.receipts import Reason
from cases.records import Along, ClosingRecord, Link, NamedCase
from cases.refusal import refused
from cases.rules import unmet
from cases.shadow import said_to_have_ended

CANCELLED = "cancelled"
ATTACHED = "attached"
MOVED = "moved"


def move(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The case is about to close as moved; a linked case goes on under the other runbook."""
    del key
    must_have_role(file, act)
    body = body_of(act, Move)
    must_give_reason(body.reason)
    must_not_be_under_way(file)
    if body.runbook == file.state.runbook:
        raise refused(Reason.UNCHANGED, "the case already runs on this runbook")
    file.state.moving_to = body.runbook
    file.state.closing_act = ClosingRecord(
        disposition=MOVED, by=act.actor.person, role=act.role, record=body.reason, at=at
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
    if body.keep_apart:
        if linked.why == "kept-apart":
            raise refused(Reason.UNCHANGED)
        file.state.links = [
            Link(number=link.number, case=link.case, why="kept-apart") if link is linked else link
            for link in file.state.links
        ]
    else:
        must_not_be_under_way(file)
        file.state.attaching_to = body.to
        file.state.closing_act = ClosingRecord(
            disposition=ATTACHED, by=act.actor.person, role=act.role, record=body.reason, at=at
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
    body = body_of(act, Close)
    if file.state.shadow and body.disposition == ENDED_OUTSIDE:
        # Wherever the runbook is: what has ended is today's process.
        must_have_role(file, act)
        must_give_reason(body.record)
        said_to_have_ended(file, act, record=body.record, commitment=commitment, at=at)
        return
    stage = must_be_in(file, file.pathway.closure.name)
    must_have_role(file, act)
    must_not_be_held(file)
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
        role=act.role,
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
    must_not_be_under_way(file)
    if body.with_sub_cases:
        file.state.along = Along(
            act=act.act,
            cases=tuple(NamedCase(number=each.number, case=each.case) for each in body.sub_cases),
        )
    file.state.left_sub_cases = body.leave_sub_cases and not body.with_sub_cases
    file.state.closing_act = ClosingRecord(
        disposition=CANCELLED, by=act.actor.person, role=act.role, record=body.reason, at=at
    )
    file.note(
        Kind.CASE_CLOSING,
        at,
        disposition=CANCELLED,
        by=act.actor.person,
        sub_cases=[each.number for each in body.sub_cases] or None,
        act=act.act,
        input=commitment,
    )

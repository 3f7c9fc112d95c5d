"""A case that has ended goes on: what it inherits, who may, and what begins afresh.

A reopened case is a new run of the same workflow. It begins with the picture the case ended with
and the head of its journal, so the chain of entries goes on; what a run keeps for itself alone
begins anew. Acts signed before the reopening belong to the life that ended: none of them counts.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cases.acts import Reopen
from cases.clock import ClockVerb
from cases.clocks import clock_plan, put_down, start_clock
from cases.envelope import Act
from cases.file import INCIDENT_MANAGER, CaseFile, Note
from cases.journal import Journal, Kind
from cases.notice import Purpose
from cases.receipts import Outcome, Reason
from cases.records import Reopening
from cases.refusal import Refusal, not_yours, refused
from cases.stages import enter
from cases.state import CasePicture, CaseState
from cases.ticket_note import REOPENED
from runbooks.plan import FollowUp, Pathway, ReopenRule

ELSEWHERE = {
    "moved-to": "moved to",
    "attached-to": "attached to",
    "merged-into": "part of",
}
"""Links of a case that goes on as another one; there it is worked on, and not here as well."""

ENDED = "closed"
"""Why clocks were cancelled when the case ended."""

AGAIN = "reopened"


def rule_of(pathway: Pathway) -> ReopenRule:
    """Who may reopen a case of that runbook, for how long and how often."""
    return pathway.closure.reopen or ReopenRule()


def stages_to(pathway: Pathway) -> tuple[str, ...]:
    """The stages a reopened case can go on in, the usual one first."""
    return rule_of(pathway).to or (pathway.first,)


def barred(state: CaseState, pathway: Pathway, *, role: str, at: datetime) -> Refusal | None:
    """Why nobody in that role can reopen the case at that instant; None when they can."""
    rule = rule_of(pathway)
    closing = state.closing
    if not state.closed or closing is None:
        return refused(Reason.NOT_CLOSED)
    elsewhere = next((link for link in reversed(state.links) if link.why in ELSEWHERE), None)
    if elsewhere is not None and closing.disposition in ("moved", "attached", "merged"):
        where = f"{ELSEWHERE[elsewhere.why]} case {elsewhere.number}"
        return refused(Reason.GOES_ON_ELSEWHERE, where)
    if role not in rule.by:
        return not_yours(Reason.ROLE, f"this is for {' or '.join(rule.by)}")
    if at > closing.at + rule.within:
        until = (closing.at + rule.within).isoformat()
        return Refusal(Outcome.TOO_LATE, Reason.REOPENED_TOO_LATE, f"until {until}")
    if sum(each.disposition != "merged" for each in state.reopenings) >= rule.most:
        return refused(Reason.REOPENED_TOO_OFTEN, f"{rule.most} times")
    return None


def barred_from_unmerging(state: CaseState, pathway: Pathway, *, role: str) -> Refusal | None:
    """Why nobody in that role can un-merge the case; None when they can, for ever."""
    if not state.closed or state.merged is None:
        return refused(Reason.NOT_MERGED)
    rule = rule_of(pathway)
    if role not in rule.by:
        return not_yours(Reason.ROLE, f"this is for {' or '.join(rule.by)}")
    return None


def inherited(fields: Mapping[str, Any], *, sequence: int, head: str) -> CaseState:
    """The state a new run of the case begins with: its last picture, and the journal's head."""
    state = CaseState.model_validate(CasePicture.of(dict(fields)).model_dump())
    state.journal = Journal(case=state.case, sequence=sequence, head=head)
    return state


def must_be_of_this_life(state: CaseState, act: Act) -> None:
    """The act was signed after the case was last reopened."""
    if state.reopenings and act.signed_at <= state.reopenings[-1].at:
        detail = "it was signed before the case was reopened"
        raise Refusal(Outcome.TOO_LATE, Reason.CLOSED, detail)


def reopen(
    file: CaseFile,
    act: Act,
    *,
    owed: tuple[str, ...],
    commitment: str,
    start: str,
    at: datetime,
) -> None:
    """The case is open, in the stage it returns to, with fresh targets; or Refusal says why not."""
    body = act.body
    state = file.state
    if not isinstance(body, Reopen):
        raise refused(Reason.MALFORMED, act.body.verb)
    why = barred(state, file.pathway, role=act.role, at=act.signed_at)
    if why is not None:
        raise why
    if body.head != state.journal.head:
        raise refused(Reason.NOT_CLOSED, "the act reopens another ending")
    if not body.reason.strip():
        raise refused(Reason.REASON_REQUIRED)
    person = act.actor.person
    if person in state.conflicts:
        raise not_yours(Reason.CONFLICTED)
    allowed = stages_to(file.pathway)
    to = body.to or allowed[0]
    if to not in allowed:
        raise refused(Reason.NO_SUCH_STAGE, ", ".join(allowed))
    _open_again(state)
    closing = state.closing
    if closing is None:
        raise refused(Reason.NOT_CLOSED)
    state.closing = None
    state.reopenings.append(
        Reopening(
            by=person,
            role=act.role,
            reason=body.reason,
            at=act.signed_at,
            stage=to,
            disposition=closing.disposition,
            closed_at=closing.at,
            owed=owed,
        )
    )
    file.note(
        Kind.CASE_REOPENED,
        at,
        stage=to,
        disposition=closing.disposition,
        life=state.life,
        by=person,
        role=act.role,
        reason=body.reason,
        act=act.act,
        signed=act.signed_at.isoformat(),
        owed=list(owed) or None,
        input=commitment,
        result=start,
    )
    run_clocks_again(file, ended_at=closing.at, at=at)
    file.wishes.append(Note(status="open", line=Note.of(REOPENED(number=state.number)).line))
    if act.role != INCIDENT_MANAGER:
        file.tell(Purpose.INFORMATION, INCIDENT_MANAGER, stage=to, step=AGAIN)
    enter(file, file.pathway.stage(to), at=at)


def _open_again(state: CaseState) -> None:
    state.status = "open"
    state.closing_act = state.along = None
    state.moving_to = state.attaching_to = None


def owed_as(state: CaseState, plan: FollowUp) -> str | None:
    """The name under which a closing owes what the plan says; None where it is owed already.

    What an earlier ending owes goes on by itself: each ending has obligations of its own, with the
    number of the case's life after the name. Only what carries on one suppressed action is owed
    once, whatever the number of endings.
    """
    if state.life == 1:
        return plan.name
    before = state.reopenings[-1].owed
    if plan.carries and any(name.startswith(plan.name) for name in before):
        return None
    return f"{plan.name}-{state.life}"


def run_clocks_again(file: CaseFile, *, ended_at: datetime, at: datetime) -> None:
    """Clocks that the ending cut off run again: ours from now, the law's from where they counted.

    One that was stopped or fulfilled stays so.
    """
    cut = [run for run in file.state.clocks if run.stage is None and _was_cut(run.events, ended_at)]
    for old in cut:
        plan = clock_plan(file, old.id)
        if plan is None or file.state.clock(old.id) is not old:
            continue
        if not plan.statutory:
            start_clock(file, plan, begun=at, at=at, because=AGAIN)
            continue
        again = old.model_copy(deep=True, update={"events": old.events[:-1]})
        file.state.clocks.append(again)
        begun = again.reading(at).started_at
        put_down(file, again, ClockVerb.START, None, at=at, begun=begun, because=AGAIN)


def _was_cut(events: list[Any], ended_at: datetime) -> bool:
    last = events[-1] if events else None
    return (
        last is not None
        and last.verb is ClockVerb.CANCEL
        and last.because == ENDED
        and last.at >= ended_at
    )

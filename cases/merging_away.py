"""The case that becomes part of another one: it ends as a pointer, and can be itself again.

Whatever it was is kept for ever, so that an un-merge, which reopens it, gives it back.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from cases.acts_between_cases import Merge, Unmerge
from cases.clock import ClockRun, ClockVerb
from cases.clocks import put_down
from cases.dual_control import must_not_be_under_way
from cases.envelope import Act
from cases.file import NAMELESS, CaseFile, GiveBack, Note
from cases.journal import Kind
from cases.linking import sub_cases
from cases.merging import (
    INTO,
    MERGED,
    MERGED_REPORT,
    UNMERGED,
    MergeAnswer,
    MergeRequest,
    law_clocks,
)
from cases.notice import Purpose
from cases.other_cases import proven, refuse
from cases.receipts import Reason
from cases.records import BeforeMerging, ClosingRecord, Link, MergedInto, Offered, Reopening
from cases.refusal import Refusal, not_yours, refused
from cases.reopening import barred_from_unmerging
from cases.rounds import ask
from cases.rules import roles_for
from cases.state import CaseState
from cases.task_work import owe_again
from cases.ticket_note import OWN_AGAIN, PART_OF, PART_OF_ANOTHER


def give_away(
    file: CaseFile, request: MergeRequest, *, root: bytes, commitment: str, at: datetime
) -> MergeAnswer:
    """The case is about to end as a pointer to the other one; or why it stays what it is."""
    state = file.state
    act = proven(request.envelope, root=root)
    if state.closed and (state.merged is None or act is None or state.merged.act != act.act):
        # The journal has its last entry.
        return MergeAnswer(accepted=False, reason=Reason.CLOSED)
    if act is None or not isinstance(act.body, Merge) or act.body.case != state.case:
        refuse(file, Reason.BAD_SIGNATURE, commitment=commitment, at=at)
        return MergeAnswer(accepted=False, reason=Reason.BAD_SIGNATURE)
    if state.merged is not None and state.merged.act == act.act:
        return contributions(state)
    try:
        _must_be_free(file, act, request, at=at)
    except Refusal as refusal:
        refuse(file, refusal.reason, act=act, commitment=commitment, at=at)
        return MergeAnswer(accepted=False, reason=refusal.reason, detail=refusal.detail)
    state.merged = MergedInto(
        number=request.number,
        case=act.case,
        act=act.act,
        by=act.actor.person,
        role=act.role,
        at=at,
        before=_before(file),
    )
    state.links.append(Link(number=request.number, case=act.case, why=INTO))
    state.closing_act = ClosingRecord(
        disposition=MERGED, by=act.actor.person, role=act.role, record=act.body.reason, at=at
    )
    file.note(
        Kind.CASE_MERGED_AWAY,
        at,
        number=request.number,
        merging_act=act.act,
        who=act.actor.person,
        input=commitment,
    )
    # The ticket's readers may not know of a case that only those see who need to (I13).
    told = not request.need_to_know or file.edition < NAMELESS
    line = (
        PART_OF(number=state.number, other=request.number)
        if told
        else PART_OF_ANOTHER(number=state.number)
    )
    file.wishes.append(Note.of(line))
    return contributions(state)


def contributions(state: CaseState) -> MergeAnswer:
    """What a case brings into the one it becomes part of; each thing names where it came from."""
    own = Offered(
        delivery=state.report.delivery,
        source=state.report.source.value,
        case=state.case,
        number=state.number,
        at=state.report.received_at,
        why=MERGED_REPORT,
    )
    joined = [
        each.model_copy(update={"why": MERGED_REPORT, "case": state.case, "number": state.number})
        for each in state.offered
        if each.why in ("joined", MERGED_REPORT)
    ]
    return MergeAnswer(
        accepted=True,
        evidence=tuple(
            each.model_copy(update={"origin": state.number}) for each in state.standing_evidence
        ),
        reports=(own, *joined),
    )


def unmerge(
    file: CaseFile, act: Act, *, owed: tuple[str, ...], commitment: str, start: str, at: datetime
) -> None:
    """The case is what it was before it became part of another one; the other hears of it."""
    state = file.state
    body = act.body
    merged, closing = state.merged, state.closing
    if not isinstance(body, Unmerge) or merged is None or closing is None:
        raise refused(Reason.NOT_MERGED)
    barred = barred_from_unmerging(state, file.pathway, role=act.role)
    if barred is not None:
        raise barred
    if act.actor.person in state.conflicts:
        raise not_yours(Reason.CONFLICTED)
    if body.head != state.journal.head:
        raise refused(Reason.NOT_MERGED, "the act un-merges another ending")
    if not body.reason.strip():
        raise refused(Reason.REASON_REQUIRED)
    before = merged.before
    state.reopenings.append(
        Reopening(
            by=act.actor.person,
            role=act.role,
            reason=body.reason,
            at=act.signed_at,
            stage=before.stage,
            disposition=closing.disposition,
            closed_at=closing.at,
            owed=owed,
        )
    )
    state.status = "held" if before.hold is not None else "open"
    state.closing = state.closing_act = state.merged = None
    state.stage = before.stage
    state.hold = before.hold
    state.leases = [lease for lease in before.leases if lease.until > at]
    state.links = [each for each in state.links if (each.number, each.why) != (merged.number, INTO)]
    visit = state.visits[-1]
    visit.left_at = visit.outcome = visit.by = None
    file.note(
        Kind.CASE_UNMERGED,
        at,
        number=merged.number,
        stage=before.stage,
        life=state.life,
        by=act.actor.person,
        role=act.role,
        reason=body.reason,
        act=act.act,
        signed=act.signed_at.isoformat(),
        owed=list(owed) or None,
        input=commitment,
        result=start,
    )
    _clocks_again(file, before.clocks, since=closing.at, at=at)
    owe_again(file, before.tasks, at=at)
    stage = file.pathway.stage(before.stage)
    if before.asked:
        ask(file, stage, at=at, again=True)
    else:
        file.tell(Purpose.WORK, stage.owner, stage=stage.name, step=UNMERGED)
    line = OWN_AGAIN(number=state.number)
    file.wishes.append(Note(line=Note.of(line).line, status="open"))
    file.wishes.append(GiveBack(act=act.act, case=merged.case, number=merged.number))


def _clocks_again(
    file: CaseFile, before: Iterable[ClockRun], *, since: datetime, at: datetime
) -> None:
    """Every clock is what it was: ours without the time between, the law's with it (I12)."""
    for place, kept in enumerate(before):
        now = file.state.clocks[place]
        if now.events == list(kept.events):
            continue
        clock = kept.model_copy(deep=True)
        file.state.clocks[place] = clock
        if not clock.reading(at).running:
            continue
        if not clock.statutory:
            clock.note(ClockVerb.PAUSE, at=since, because=MERGED)
            clock.note(ClockVerb.RESUME, at=at, because=UNMERGED)
        begun = clock.reading(at).started_at
        put_down(file, clock, ClockVerb.RESUME, None, at=at, begun=begun, because=UNMERGED)


def _before(file: CaseFile) -> BeforeMerging:
    state = file.state
    stage = state.stage or file.pathway.first
    return BeforeMerging(
        stage=stage,
        clocks=tuple(clock.model_copy(deep=True) for clock in state.clocks),
        leases=tuple(state.leases),
        hold=state.hold,
        asked=state.open_round(stage) is not None,
        tasks=tuple(task.id for task in state.tasks if task.open),
    )


def _must_be_free(file: CaseFile, act: Act, request: MergeRequest, *, at: datetime) -> None:
    """Nothing stands against this case's becoming part of the other one."""
    state = file.state
    if state.closing_act is not None or state.pending_outcome is not None:
        raise refused(Reason.DECIDED)
    person = act.actor.person
    if person in state.conflicts:
        raise not_yours(Reason.CONFLICTED)
    if not set(act.actor.roles) & set(roles_for(file, "merge")):
        raise not_yours(Reason.ROLE, f"this is for {' or '.join(roles_for(file, 'merge'))}")
    if state.shadow != request.shadow:
        raise refused(Reason.UNMET, "one of the two runs in the shadow")
    if file.pathway.need_to_know and not request.need_to_know:
        raise refused(Reason.WIDER_CIRCLE)
    must_not_be_under_way(file)
    left = [effect.title for effect in state.effects if effect.open]
    left += [f"sub-case {link.number}" for link in sub_cases(state)]
    left += [f"{task.id}, owed by {task.owner}" for task in state.tasks if task.keeps_open]
    left += [f"ratification by {due.by}" for due in state.ratifications if due.settled is None]
    if left:
        raise refused(Reason.UNMET, f"open: {'; '.join(left)}")
    uncovered = _uncovered(law_clocks(state, at=at), request.clocks)
    if uncovered:
        raise refused(Reason.LAW_CLOCK, ", ".join(uncovered))


def _uncovered(mine: Mapping[str, datetime], theirs: Mapping[str, datetime]) -> list[str]:
    """Clocks of the law that the other case does not keep, or keeps later."""
    return [name for name, due in sorted(mine.items()) if name not in theirs or theirs[name] > due]

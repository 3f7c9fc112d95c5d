"""One case becomes part of another, and can become a case of its own again, for ever.

A saga between two workflows. The winner has the signed act and begins; the loser takes the same
act, checks it by itself, and ends as a pointer; the winner takes in what the loser had, each thing
with its origin. Whatever the loser was is kept, so that an un-merge, which reopens it, gives it
back; the winner then gives back what it took. The journals of both keep all of it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from cases.acts import Merge, Unmerge
from cases.canonical import sha256
from cases.clock import ClockRun, ClockVerb
from cases.clocks import put_down
from cases.dual_control import must_not_be_under_way
from cases.envelope import Act, ActEnvelope, RefusedEnvelope, verify_envelope
from cases.file import INCIDENT_MANAGER, CaseFile, GiveBack, Note
from cases.journal import Kind
from cases.linking import sub_cases
from cases.notice import Purpose
from cases.receipts import Reason
from cases.records import (
    BeforeMerging,
    ClosingRecord,
    EvidenceItem,
    Link,
    MergedInto,
    Offered,
    Reopening,
)
from cases.refusal import Refusal, not_yours, refused
from cases.reopening import barred_from_unmerging
from cases.rounds import ask, facts_changed
from cases.rules import roles_for
from cases.state import CaseState
from cases.values import Inbound, Instant, Value

MERGED = "merged"
"""The disposition of a case that became part of another one."""

INTO, FROM = "merged-into", "merged-from"
"""Why the two are linked."""

MERGED_REPORT, GIVEN_BACK = "merged", "given-back"
UNMERGED = "un-merged"


class MergeRequest(Inbound):
    """What the winner asks of the loser: the signed act, and what the loser has to know."""

    envelope: ActEnvelope
    number: str
    """The winner's."""
    clocks: dict[str, Instant] = {}
    """When each of the winner's running clocks of the law is due."""
    need_to_know: bool = False
    shadow: bool = False


class MergeAnswer(Value):
    """Whether the loser is part of the winner now, and what it had."""

    accepted: bool
    reason: Reason = Reason.NONE
    detail: str = ""
    evidence: tuple[EvidenceItem, ...] = ()
    reports: tuple[Offered, ...] = ()


class BackRequest(Inbound):
    """What an un-merged case asks of the one it was part of."""

    envelope: ActEnvelope


class BackAnswer(Value):
    """What became of it: `given-back`, `closed`, or `nothing`."""

    became: str


# -- the winner -----------------------------------------------------------------------------


def law_clocks(state: CaseState, *, at: datetime) -> dict[str, datetime]:
    """When each running clock of the law is due."""
    found = {run.id: run.due_at(at) for run in state.clocks if run.statutory and not run.hold}
    return {name: due for name, due in found.items() if due is not None}


def take_in(
    file: CaseFile, number: str, answer: MergeAnswer, *, commitment: str | None, at: datetime
) -> None:
    """What the other case had is on this one's list, with its origin; or why it stays apart."""
    state = file.state
    item = next((each for each in state.merging if each.number == number), None)
    if item is None:
        return
    if not answer.accepted:
        _say(state, number, became="failed", because=answer.reason.value)
        file.note(
            Kind.MERGE_FAILED,
            at,
            number=number,
            because=answer.reason.value,
            detail=answer.detail or None,
            result=commitment,
        )
        file.tell(Purpose.FAILED, INCIDENT_MANAGER, stage=state.stage, step="merge")
        return
    before = state.facts()
    known = {each.digest for each in state.standing_evidence}
    state.evidence += [each for each in answer.evidence if each.digest not in known]
    heard = {each.delivery for each in state.offered}
    state.offered += [each for each in answer.reports if each.delivery not in heard]
    state.links.append(Link(number=number, case=item.case, why=FROM))
    _say(state, number, became="done")
    file.note(
        Kind.CASE_MERGED,
        at,
        number=number,
        merging_act=item.act,
        evidence=[each.digest for each in answer.evidence] or None,
        reports=len(answer.reports),
        result=commitment,
    )
    file.wishes.append(Note.of(f"Case {number} is part of case {state.number} now."))
    facts_changed(file, before, at=at)


def give_back(
    file: CaseFile, request: BackRequest, *, root: bytes, commitment: str, at: datetime
) -> BackAnswer:
    """What came with the other case is none of this one's any more, if a signed act says so."""
    state = file.state
    if state.closed:
        return BackAnswer(became="closed")
    act = _proven(request.envelope, root=root)
    if act is None or not isinstance(act.body, Unmerge):
        _refuse(file, Reason.BAD_SIGNATURE, commitment=commitment, at=at)
        return BackAnswer(became="nothing")
    item = next(
        (each for each in state.taken_in if (each.case, each.state) == (act.case, "done")), None
    )
    if item is None:
        _refuse(file, Reason.UNCHANGED, act=act, commitment=commitment, at=at)
        return BackAnswer(became="nothing")
    before = state.facts()
    state.evidence = [
        each.model_copy(update={"withdrawn": True}) if each.origin == item.number else each
        for each in state.evidence
    ]
    state.offered = [
        each.model_copy(update={"why": GIVEN_BACK})
        if (each.case, each.why) == (item.case, MERGED_REPORT)
        else each
        for each in state.offered
    ]
    state.links = [each for each in state.links if (each.number, each.why) != (item.number, FROM)]
    _say(state, item.number, became=GIVEN_BACK)
    file.note(
        Kind.MERGE_GIVEN_BACK,
        at,
        number=item.number,
        unmerging_act=act.act,
        who=act.actor.person,
        input=commitment,
    )
    file.wishes.append(Note.of(f"Case {item.number} is a case of its own again."))
    facts_changed(file, before, at=at)
    return BackAnswer(became=GIVEN_BACK)


def _say(state: CaseState, number: str, *, became: str, because: str = "") -> None:
    newest = max(at for at, each in enumerate(state.taken_in) if each.number == number)
    state.taken_in = [
        each.model_copy(update={"state": became, "because": because}) if at == newest else each
        for at, each in enumerate(state.taken_in)
    ]


# -- the loser ------------------------------------------------------------------------------


def give_away(
    file: CaseFile, request: MergeRequest, *, root: bytes, commitment: str, at: datetime
) -> MergeAnswer:
    """The case is about to end as a pointer to the other one; or why it stays what it is."""
    state = file.state
    act = _proven(request.envelope, root=root)
    if state.closed and (state.merged is None or act is None or state.merged.act != act.act):
        # The journal has its last entry.
        return MergeAnswer(accepted=False, reason=Reason.CLOSED)
    if act is None or not isinstance(act.body, Merge) or act.body.case != state.case:
        _refuse(file, Reason.BAD_SIGNATURE, commitment=commitment, at=at)
        return MergeAnswer(accepted=False, reason=Reason.BAD_SIGNATURE)
    if state.merged is not None and state.merged.act == act.act:
        return contributions(state)
    try:
        _must_be_free(file, act, request, at=at)
    except Refusal as refusal:
        _refuse(file, refusal.reason, act=act, commitment=commitment, at=at)
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
    file.wishes.append(Note.of(f"Case {state.number} is part of case {request.number} now."))
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
    stage = file.pathway.stage(before.stage)
    if before.asked:
        ask(file, stage, at=at, again=True)
    else:
        file.tell(Purpose.WORK, stage.owner, stage=stage.name, step=UNMERGED)
    line = f"Case {state.number} is a case of its own again."
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
    left += [f"ratification by {due.by}" for due in state.ratifications if due.settled is None]
    if left:
        raise refused(Reason.UNMET, f"open: {'; '.join(left)}")
    uncovered = _uncovered(law_clocks(state, at=at), request.clocks)
    if uncovered:
        raise refused(Reason.LAW_CLOCK, ", ".join(uncovered))


def _uncovered(mine: Mapping[str, datetime], theirs: Mapping[str, datetime]) -> list[str]:
    """Clocks of the law that the other case does not keep, or keeps later."""
    return [name for name, due in sorted(mine.items()) if name not in theirs or theirs[name] > due]


def _refuse(
    file: CaseFile, reason: Reason, *, commitment: str, at: datetime, act: Act | None = None
) -> None:
    file.note(
        Kind.ACT_REFUSED,
        at,
        who=act.actor.person if act is not None else "unproven",
        what=act.body.verb if act is not None else None,
        why=reason.value,
        door="another case",
        input=commitment,
    )


def _proven(envelope: ActEnvelope, *, root: bytes) -> Act | None:
    """The act, if a door of this installation signed it for the case it names."""
    try:
        named = Act.model_validate_json(envelope.payload).case
        return verify_envelope(envelope, case=named, root=root)
    except (RefusedEnvelope, ValueError):
        return None


def merge_key(act: str) -> str:
    """The id of the update by which the loser hears of the act: once, however often it is sent."""
    return sha256(f"merge|{act}".encode())[:40]

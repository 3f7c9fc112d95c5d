"""One case becomes part of another, and can become a case of its own again: the one that stays.

A saga between two workflows. The winner has the signed act and begins; the loser takes the same
act, checks it by itself, and ends as a pointer (`cases.merging_away`); the winner takes in what the
loser had, each thing with its origin, and gives it back when the loser leaves. The journals of both
keep all of it.
"""

from datetime import datetime

from cases.acts_between_cases import Unmerge
from cases.envelope import ActEnvelope
from cases.file import INCIDENT_MANAGER, CaseFile, Note
from cases.journal import Kind
from cases.notice import Purpose
from cases.other_cases import proven, refuse
from cases.receipts import Reason
from cases.records import EvidenceItem, Link, Offered
from cases.rounds import facts_changed
from cases.state import CaseState
from cases.ticket_note import OWN_AGAIN, PART_OF
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
    file.wishes.append(Note.of(PART_OF(number=number, other=state.number)))
    facts_changed(file, before, at=at)


def give_back(
    file: CaseFile, request: BackRequest, *, root: bytes, commitment: str, at: datetime
) -> BackAnswer:
    """What came with the other case is none of this one's any more, if a signed act says so."""
    state = file.state
    if state.closed:
        return BackAnswer(became="closed")
    act = proven(request.envelope, root=root)
    if act is None or not isinstance(act.body, Unmerge):
        refuse(file, Reason.BAD_SIGNATURE, commitment=commitment, at=at)
        return BackAnswer(became="nothing")
    item = next(
        (each for each in state.taken_in if (each.case, each.state) == (act.case, "done")), None
    )
    if item is None:
        refuse(file, Reason.UNCHANGED, act=act, commitment=commitment, at=at)
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
    file.wishes.append(Note.of(OWN_AGAIN(number=item.number)))
    facts_changed(file, before, at=at)
    return BackAnswer(became=GIVEN_BACK)


def _say(state: CaseState, number: str, *, became: str, because: str = "") -> None:
    newest = max(at for at, each in enumerate(state.taken_in) if each.number == number)
    state.taken_in = [
        each.model_copy(update={"state": became, "because": because}) if at == newest else each
        for at, each in enumerate(state.taken_in)
    ]

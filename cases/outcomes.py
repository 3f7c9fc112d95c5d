"""What becomes of a round: votes or silence amount to an outcome, and what follows is set going."""

from datetime import datetime

from cases.acts import Verdict
from cases.correction import reverse
from cases.drafts.holding import ask_anew
from cases.drafts.standing import approve as approve_drafts
from cases.drafts.standing import waits_for
from cases.dual_control import approve, doubt
from cases.effects import release
from cases.file import DUTY_MANAGER, INCIDENT_MANAGER, SYSTEM, CaseFile, Note
from cases.gate import WHOLE, Round, RoundKind, RoundState, tally
from cases.journal import Kind
from cases.notice import Purpose
from cases.records import InformationRequest, Ratification
from cases.rounds import ask, close, rule_of
from cases.task_work import open_task
from cases.tasks import CONDITION, REVIEW
from cases.ticket_note import ASKED
from runbooks.plan import GateRule

OUTCOMES = {
    RoundState.APPROVED: "approved",
    RoundState.REJECTED: "rejected",
    RoundState.MORE_INFORMATION: "more-information",
}


def settle_round(file: CaseFile, round_: Round, *, at: datetime) -> None:
    """If the votes amount to something, the round closes and what follows is set going."""
    stage = file.pathway.stage(round_.gate)
    rule = rule_of(stage)
    result = tally(
        round_.votes,
        approve=round_.approve,
        reject=round_.reject,
        veto=rule.veto if round_.kind in WHOLE else (),
        stand_in=rule.silence.stand_in.allow if rule.silence.stand_in is not None else {},
        approval_prevails=rule.approval_prevails,
    )
    match result:
        case RoundState.OPEN:
            return
        case RoundState.SPLIT:
            if rule.split is None:
                # Without a tie-breaker the round stays open: votes may still be changed.
                return
            close(file, round_, RoundState.SPLIT, at=at)
            split = rule.split
            ask(file, stage, at=at, kind=RoundKind.SPLIT, role=split.to, within=split.within)
        case RoundState.MORE_INFORMATION:
            close(file, round_, result, at=at)
            _ask_for_information(file, round_, at=at)
            _conclude(file, round_, OUTCOMES[result])
        case _:
            close(file, round_, result, at=at)
            if round_.kind is RoundKind.RATIFY:
                _ratified(file, round_, result, at=at)
                return
            _decided(file, round_, at=at)
            _ratification_due(file, round_, rule, at=at)


def break_the_glass(file: CaseFile, round_: Round, *, at: datetime) -> None:
    """Two people have passed the gate without those it asks: it is approved, and to be reviewed."""
    rule = rule_of(file.pathway.stage(round_.gate)).break_glass
    if rule is None:
        message = f"nobody can break the glass at {round_.gate}"
        raise ValueError(message)
    close(file, round_, RoundState.APPROVED, at=at, because=REVIEW)
    file.note(
        Kind.GLASS_BROKEN,
        at,
        gate=round_.gate,
        round=round_.number,
        people=[hand.person for hand in round_.glass],
        acts=[hand.act for hand in round_.glass],
    )
    _decided(file, round_, at=at, by=round_.glass[-1].person)
    open_task(
        file,
        what=f"Review that {round_.gate} was passed by breaking the glass",
        owner=rule.review,
        due=at + rule.review_within,
        origin=REVIEW,
        by=SYSTEM,
        at=at,
        gate=round_.gate,
        round_=round_.number,
    )
    for role in dict.fromkeys((INCIDENT_MANAGER, DUTY_MANAGER, *rule.by)):
        file.tell(Purpose.RAISED, role, stage=round_.gate, round_=round_.number, step=REVIEW)


def _decided(file: CaseFile, round_: Round, *, at: datetime, by: str | None = None) -> None:
    """What the decision sets going: approvals count, conditions become tasks, the stage is left."""
    if round_.state is RoundState.APPROVED:
        approve(file, round_, at=at)
        waiting = waits_for(file, round_.gate)
        approve_drafts(file, round_.gate, round_.number, at=at)
        release(file, round_.gate, waiting, at=at)
        _set_conditions(file, round_, at=at)
    else:
        doubt(file, round_.gate)
    if round_.kind is not RoundKind.ASK:
        reverse(file, round_, at=at)
    _conclude(file, round_, OUTCOMES[round_.state], by=by)


def _set_conditions(file: CaseFile, round_: Round, *, at: datetime) -> None:
    for vote in round_.votes:
        for condition in vote.conditions:
            open_task(
                file,
                what=condition.what,
                owner=condition.owner,
                due=condition.due,
                origin=CONDITION,
                by=vote.person,
                at=at,
                gate=round_.gate,
                round_=round_.number,
            )


def take_silence(file: CaseFile, round_: Round, outcome: str, *, at: datetime) -> None:
    """Nobody decided in time, and the runbook says what that means (I11)."""
    file.note(Kind.SILENCE_TAKEN, at, gate=round_.gate, round=round_.number, outcome=outcome)
    close(file, round_, RoundState.SILENT, at=at, because=f"silence: {outcome}")
    _conclude(file, round_, outcome)
    file.state.pending_by = SYSTEM


def allow_stand_in(file: CaseFile, round_: Round, *, at: datetime) -> None:
    """From now on the rule's stand-in may vote in place of the silent role."""
    rule = file.gate_rule(round_.gate)
    if rule is None or rule.silence.stand_in is None or round_.stand_in_from is not None:
        return
    round_.stand_in_from = at
    stand_in = rule.silence.stand_in
    file.note(
        Kind.STAND_IN_ALLOWED,
        at,
        gate=round_.gate,
        round=round_.number,
        roles=list(stand_in.allow),
        instead_of=stand_in.instead_of,
    )
    for role in stand_in.allow:
        file.tell(Purpose.ASK, role, stage=round_.gate, round_=round_.number)


def allow_backup(
    file: CaseFile, round_: Round, role: str, instead_of: str, *, at: datetime
) -> None:
    """From now on the role that was paged may vote in place of the silent one."""
    round_.backups = {**round_.backups, role: instead_of}
    file.note(
        Kind.STAND_IN_ALLOWED,
        at,
        gate=round_.gate,
        round=round_.number,
        roles=[role],
        instead_of=instead_of,
    )


def _conclude(file: CaseFile, round_: Round, outcome: str, *, by: str | None = None) -> None:
    if file.state.stage == round_.gate:
        file.state.pending_outcome = outcome
        voted = round_.votes[-1].person if round_.votes else SYSTEM
        file.state.pending_by = by or voted


def _ask_for_information(file: CaseFile, round_: Round, *, at: datetime) -> None:
    for vote in round_.votes:
        if vote.verdict is not Verdict.MORE_INFORMATION:
            continue
        number = len(file.state.requests) + 1
        request = InformationRequest(
            id=f"info-{number}",
            gate=round_.gate,
            round=round_.number,
            asked_by=vote.person,
            question=vote.reason,
            at=at,
        )
        file.state.requests.append(request)
        file.note(Kind.INFORMATION_ASKED, at, request=request.id, gate=round_.gate, by=vote.person)
        file.wishes.append(Note.of(ASKED()))


def _ratification_due(file: CaseFile, round_: Round, rule: GateRule, *, at: datetime) -> None:
    stand_in = rule.silence.stand_in
    if stand_in is None or stand_in.ratify is None or round_.state is not RoundState.APPROVED:
        return
    if not any(vote.instead_of is not None for vote in round_.votes):
        return
    ratify = stand_in.ratify
    due = at + ratify.within
    file.note(Kind.RATIFICATION_DUE, at, gate=round_.gate, by=ratify.by, due=due.isoformat())
    stage = file.pathway.stage(round_.gate)
    asked = ask(file, stage, at=at, kind=RoundKind.RATIFY, role=ratify.by, within=ratify.within)
    file.state.ratifications.append(
        Ratification(gate=round_.gate, by=ratify.by, due_at=due, round=asked.number)
    )


def _ratified(file: CaseFile, round_: Round, result: RoundState, *, at: datetime) -> None:
    for ratification in file.state.ratifications:
        if ratification.round == round_.number and ratification.gate == round_.gate:
            ratification.settled = result.value
    file.note(Kind.RATIFIED, at, gate=round_.gate, round=round_.number, result=result.value)
    if result is RoundState.REJECTED:
        file.tell(Purpose.RAISED, INCIDENT_MANAGER, stage=round_.gate, round_=round_.number)
    ask_anew(file, round_.gate, at=at)

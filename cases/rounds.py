"""Rounds of a gate: asked, superseded when the facts change, closed by votes or by silence."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import JsonValue

from cases import escalations
from cases.acts import Verdict
from cases.clock import TARGET, ClockRun, ClockVerb
from cases.clocks import start, turn
from cases.drafts.standing import draft_for_gate, redraft, waits_for
from cases.facts import changes_between
from cases.file import INCIDENT_MANAGER, SYSTEM, CaseFile
from cases.gate import WHOLE, Change, Round, RoundKind, RoundState, roles_of
from cases.independence import unknown
from cases.journal import Kind
from cases.notice import Purpose
from cases.people import human
from cases.ways_back import back_to
from runbooks.plan import GateRule, Role, StagePlan


def memo_missing(file: CaseFile, gate: str, rule: GateRule) -> list[str]:
    """The memo fields that must be written before the gate can be asked."""
    memo = file.state.memos.get(gate, {})
    return [field for field in rule.memo if not memo.get(field, "").strip()]


def ask(
    file: CaseFile,
    stage: StagePlan,
    *,
    at: datetime,
    kind: RoundKind = RoundKind.ASK,
    role: Role | None = None,
    within: timedelta | None = None,
    again: bool = False,
    fired: Sequence[str] = (),
    corrects: int | None = None,
) -> Round:
    """A round is open and its people are to be told.

    A split, dissent or ratification round asks one named role; an ordinary one asks the rule's
    quorum. `again` says that an earlier round of this gate was voided by new facts.
    """
    rule = rule_of(stage)
    if kind is not RoundKind.RATIFY:
        # What was approved stays approved while somebody confirms it afterwards.
        draft_for_gate(file, stage.name, at=at)
    number = sum(1 for round_ in file.state.rounds if round_.gate == stage.name) + 1
    clock = file.state.stage_clock(stage.name)
    silent_at = clock.due_at(at) if clock is not None and rule.silence.go is not None else None
    round_ = Round(
        gate=stage.name,
        number=number,
        kind=kind,
        revision=file.state.revision,
        content_hash=file.state.content_hash(),
        nonce=file.new_nonce(),
        asked_at=at,
        # A time that ran out while nobody was asked decides nothing.
        expires_at=silent_at if kind is RoundKind.ASK and (silent_at or at) >= at else None,
        approve={role: 1} if role is not None else dict(rule.approve),
        reject={role: 1} if role is not None else dict(rule.reject),
        changed=file.state.changed.pop(stage.name, []),
        corrects=corrects,
    )
    earlier = file.state.round_of(stage.name)
    visit = file.state.current_visit()
    if again and earlier and visit and earlier.asked_at >= visit.entered_at:
        round_.stand_in_from = earlier.stand_in_from
    if clock is not None and kind in WHOLE:
        # A memo that came late must not cost the case its backups and its stand-in.
        round_.backups = clock.backups
        if rule.silence.stand_in is not None and TARGET in clock.fired:
            round_.stand_in_from = round_.stand_in_from or at
    file.state.rounds.append(round_)
    file.note(
        Kind.ROUND_OPENED,
        at,
        gate=stage.name,
        round=number,
        question=kind.value,
        revision=round_.revision,
        content=round_.content_hash,
        nonce=round_.nonce,
        approve=dict(round_.approve),
        reject=dict(round_.reject),
        expires=round_.expires_at.isoformat() if round_.expires_at else None,
        changed=[change.what for change in round_.changed] or None,
        backups=dict(round_.backups) or None,
        corrects=corrects,
    )
    if within is not None and role is not None:
        _start_round_clock(file, round_, role=role, within=within, at=at, fired=fired)
    purpose = Purpose.ASK_AGAIN if again else Purpose.ASK
    for asked in roles_of(round_, rule):
        file.tell(purpose, asked, stage=stage.name, round_=number)
    if stage.escalate is not None and kind is RoundKind.ASK:
        escalations.begin(file, stage.escalate, stage=stage.name, because="asked", at=at)
    return round_


def facts_changed(file: CaseFile, before: Mapping[str, JsonValue], *, at: datetime) -> bool:
    """A material change voids every open round and asks again, showing what changed (I5).

    While the severity table has yet to judge answers, the question waits for what it says: people
    are asked once. Returns whether anything changed. Rounds of gates already passed stay as they
    were decided.
    """
    redraft(file, at=at)
    after = file.state.facts()
    changes = changes_between(dict(before), after)
    if not changes:
        return False
    file.state.revision += 1
    for gate in dict.fromkeys(round_.gate for round_ in file.state.rounds):
        file.state.changed[gate] = _merged(file.state.changed.get(gate, []), changes)
    for round_ in file.state.rounds:
        if round_.state is RoundState.OPEN:
            close(file, round_, RoundState.SUPERSEDED, at=at, because="facts changed")
    if not file.state.reassess:
        ask_again(file, at=at)
    return True


_OUTLIVE = (RoundKind.DISSENT, RoundKind.RATIFY)
"""Questions that are still to be answered when their gate is behind the case."""


def overtaken(file: CaseFile) -> list[Round]:
    """The rounds voided by new facts whose question nobody has been asked again yet, by gate."""
    newest = {(round_.gate, round_.kind): round_ for round_ in file.state.rounds}
    here = file.state.stage if file.state.pending_outcome is None else None
    return [
        round_
        for (gate, kind), round_ in sorted(newest.items())
        if (
            (round_.state is RoundState.SUPERSEDED and (kind in _OUTLIVE or gate == here))
            or _overtakes_a_report(file, round_)
        )
        and not unknown(file, file.pathway.stage(gate))
    ]


def _overtakes_a_report(file: CaseFile, round_: Round) -> bool:
    """Whether a report waits for the gate, whose last answer was given to other facts."""
    return (
        round_ is file.state.round_of(round_.gate)
        and round_.state is not RoundState.OPEN
        and round_.revision < file.state.revision
        and bool(waits_for(file, round_.gate))
    )


def ask_again(file: CaseFile, *, at: datetime) -> None:
    """Every question that new facts have overtaken is asked anew."""
    for round_ in overtaken(file):
        again(file, round_, at=at)


def again(file: CaseFile, round_: Round, *, at: datetime) -> Round:
    """The same question is asked anew in a fresh round."""
    stage = file.pathway.stage(round_.gate)
    single = next(iter(round_.approve)) if round_.kind not in WHOLE else None
    clock = file.state.clock(_clock_id(round_))
    left, fired = None, list[str]()
    if clock is not None:
        # The question has the time it had: what has happened by its clock does not happen again.
        left, fired = clock.within - clock.reading(at).elapsed, clock.fired
        turn(file, clock, ClockVerb.CANCEL, at=at, because="asked again")
    asked = ask(
        file,
        stage,
        at=at,
        kind=round_.kind,
        role=single,
        within=left,
        again=True,
        fired=fired,
        corrects=round_.corrects,
    )
    for due in file.state.ratifications:
        if (due.gate, due.round) == (round_.gate, round_.number):
            due.round = asked.number
    return asked


def close(
    file: CaseFile, round_: Round, state: RoundState, *, at: datetime, because: str = ""
) -> None:
    """The round takes no more votes."""
    round_.state = state
    round_.closed_at = at
    kind = Kind.ROUND_SUPERSEDED if state is RoundState.SUPERSEDED else Kind.ROUND_CLOSED
    file.note(
        kind,
        at,
        gate=round_.gate,
        round=round_.number,
        state=state.value,
        because=because or None,
        people=[vote.person for vote in round_.votes] or None,
        **(file.cited() if state is not RoundState.SUPERSEDED else {}),
    )
    clock = file.state.clock(_clock_id(round_))
    if clock is not None and not clock.reading(at).ended and state is not RoundState.SUPERSEDED:
        turn(file, clock, ClockVerb.STOP, at=at)


def void_all(file: CaseFile, *, at: datetime, because: str) -> None:
    """No round is open any more."""
    for round_ in file.state.rounds:
        if round_.state is RoundState.OPEN:
            close(file, round_, RoundState.VOIDED, at=at, because=because)


def revoke(file: CaseFile, keys: list[str], *, at: datetime, reason: str) -> None:
    """Keys are no longer trusted; open rounds that hold a vote under one are asked again (§7)."""
    new = [key for key in keys if key not in file.state.revoked_keys]
    if not new:
        return
    file.state.revoked_keys = [*file.state.revoked_keys, *new]
    file.note(Kind.KEYS_REVOKED, at, keys=list(new), reason=reason or None)
    for round_ in list(file.state.rounds):
        tainted = any(vote.key in new for vote in round_.votes)
        if not tainted:
            continue
        if round_.state is RoundState.OPEN:
            close(file, round_, RoundState.SUPERSEDED, at=at, because="key revoked")
            again(file, round_, at=at)
        else:
            # A gate already passed cannot be un-walked: a person must look at it now.
            file.tell(Purpose.RAISED, INCIDENT_MANAGER, stage=round_.gate, round_=round_.number)


def deciders(file: CaseFile, stage: str) -> frozenset[str]:
    """Everybody who decided or completed that stage, in any of its rounds and visits.

    Under every name: accounts of the same human, and whoever a delegate acted for. Who abstained
    has decided nothing.
    """
    people: set[str] = set()
    for round_ in file.state.rounds:
        if round_.gate != stage or round_.state is RoundState.SUPERSEDED:
            continue
        for vote in round_.votes:
            if vote.verdict is not Verdict.ABSTAIN:
                people |= vote.names
        if round_.state is RoundState.APPROVED:
            for hand in round_.glass:
                people |= hand.names
    people |= {
        visit.by
        for visit in file.state.visits
        # Who only sent the case back from there has decided nothing there.
        if visit.stage == stage and visit.by is not None and back_to(visit.outcome) is None
    }
    return human(file.state, people - {SYSTEM})


def _start_round_clock(
    file: CaseFile,
    round_: Round,
    *,
    role: Role,
    within: timedelta,
    at: datetime,
    fired: Sequence[str],
) -> None:
    clock = ClockRun(
        id=_clock_id(round_),
        title=f"{round_.gate} {round_.kind.value} target",
        within=within,
        statutory=False,
        owner=role,
        fired=list(fired),
    )
    start(file, clock, at=at)


def _clock_id(round_: Round) -> str:
    return f"{round_.gate}/{round_.kind.value}/{round_.number}"


def rule_of(stage: StagePlan) -> GateRule:
    """The rule of the stage's gate; ValueError where it has none."""
    if stage.gate is None:
        message = f"stage {stage.name} has no gate"
        raise ValueError(message)
    return stage.gate


def _merged(earlier: list[Change], new: list[Change]) -> list[Change]:
    merged = {change.what: change for change in earlier}
    for change in new:
        first = merged.get(change.what)
        merged[change.what] = (
            change if first is None else Change(what=change.what, was=first.was, now=change.now)
        )
    return [change for change in merged.values() if change.was != change.now]

"""Going back to a gate: an objection asks a higher role, a decision taken back the gate itself.

A decision not to act is worth as much care as one to act, and is often doubted only once it is
known. So a dissent counts as long as the case is open, also when the gate lies behind it.
"""

from datetime import datetime

from cases.dual_control import doubt
from cases.effects import withdraw_disclosures
from cases.file import CaseFile
from cases.gate import WHOLE, Round, RoundKind, RoundState
from cases.rounds import ask, close, rule_of
from cases.setting import call_off_all
from cases.ways_back import CORRECTION, OBJECTION
from runbooks.plan import StagePlan


def can_be_disputed(file: CaseFile, round_: Round) -> bool:
    """Whether the decided round is the last word of its gate, and its rule knows who overrules."""
    rule = file.gate_rule(round_.gate)
    decided = round_.state in (RoundState.APPROVED, RoundState.REJECTED)
    later = [
        item.kind
        for item in file.state.rounds
        if item.gate == round_.gate and item.number > round_.number
    ]
    return (
        decided
        and round_.kind in WHOLE
        and round_.revoked is None
        and rule is not None
        and rule.dissent is not None
        and all(kind is RoundKind.RATIFY for kind in later)
    )


def go_back(file: CaseFile, round_: Round, *, at: datetime) -> None:
    """The case is about to stand at the gate again, where the higher role is asked."""
    here = send_back(
        file,
        round_,
        why=OBJECTION,
        by=file.state.dissents[-1].person,
        because=f"dissent at {round_.gate}",
        settled="dissent",
        at=at,
    )
    if here:
        ask_higher_role(file, file.pathway.stage(round_.gate), at=at)


def send_back(
    file: CaseFile,
    round_: Round,
    *,
    why: str,
    by: str,
    because: str,
    settled: str,
    at: datetime,
) -> bool:
    """Nothing more is disclosed; True where the case is at the gate already, else it is about to.

    `settled` is what becomes of a ratification that the decision still needed.
    """
    for item in file.state.rounds:
        if item.state is RoundState.OPEN and item.gate in (round_.gate, file.state.stage):
            close(file, item, RoundState.VOIDED, at=at, because=because)
    for due in file.state.ratifications:
        if due.gate == round_.gate and due.settled is None:
            due.settled = settled
    withdraw_disclosures(file, at=at, because=because)
    call_off_all(file, at=at, because=because, gate=round_.gate)
    doubt(file, round_.gate)
    if file.state.stage == round_.gate:
        file.state.pending_outcome = file.state.pending_by = None
        return True
    file.state.pending_outcome = f"{why}{round_.gate}"
    file.state.pending_by = by
    return False


def ask_higher_role(file: CaseFile, stage: StagePlan, *, at: datetime) -> None:
    """The role that decides over a dissent is asked."""
    rule = rule_of(stage).dissent
    if rule is not None:
        ask(file, stage, at=at, kind=RoundKind.DISSENT, role=rule.to, within=rule.within)


def objected_to(file: CaseFile, stage: StagePlan) -> bool:
    """Whether the case has just been sent back to this gate by an objection."""
    return _last_outcome(file) == f"{OBJECTION}{stage.name}"


def corrected(file: CaseFile, stage: StagePlan) -> bool:
    """Whether the case has just been sent back to this gate because its decision was taken back."""
    return _last_outcome(file) == f"{CORRECTION}{stage.name}"


def _last_outcome(file: CaseFile) -> str | None:
    passed = [visit.outcome for visit in file.state.visits if visit.left_at is not None]
    return passed[-1] if passed else None

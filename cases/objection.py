"""Objections to what has been decided: the case goes back to the gate, where a higher role decides.

A decision not to act is worth as much care as one to act, and is often doubted only once it is
known. So a dissent counts as long as the case is open, also when the gate lies behind it.
"""

from datetime import datetime

from cases.dual_control import doubt
from cases.effects import withdraw_disclosures
from cases.file import CaseFile
from cases.gate import Round, RoundKind, RoundState
from cases.rounds import ask, close, rule_of
from cases.setting import call_off_all
from runbooks.plan import StagePlan

OBJECTION = "objection-to:"
"""The outcome by which a stage is left when somebody objects to a gate behind the case."""


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
        and round_.kind is RoundKind.ASK
        and rule is not None
        and rule.dissent is not None
        and all(kind is RoundKind.RATIFY for kind in later)
    )


def go_back(file: CaseFile, round_: Round, *, at: datetime) -> None:
    """Nothing more is disclosed, and the case is about to stand at the gate again."""
    because = f"dissent at {round_.gate}"
    for item in file.state.rounds:
        if item.state is RoundState.OPEN and item.gate in (round_.gate, file.state.stage):
            close(file, item, RoundState.VOIDED, at=at, because=because)
    for due in file.state.ratifications:
        if due.gate == round_.gate and due.settled is None:
            due.settled = "dissent"
    withdraw_disclosures(file, at=at, because=because)
    call_off_all(file, at=at, because=because, gate=round_.gate)
    doubt(file, round_.gate)
    if file.state.stage == round_.gate:
        file.state.pending_outcome = file.state.pending_by = None
        ask_higher_role(file, file.pathway.stage(round_.gate), at=at)
        return
    file.state.pending_outcome = f"{OBJECTION}{round_.gate}"
    file.state.pending_by = file.state.dissents[-1].person


def ask_higher_role(file: CaseFile, stage: StagePlan, *, at: datetime) -> None:
    """The role that decides over a dissent is asked."""
    rule = rule_of(stage).dissent
    if rule is not None:
        ask(file, stage, at=at, kind=RoundKind.DISSENT, role=rule.to, within=rule.within)


def objected_to(file: CaseFile, stage: StagePlan) -> bool:
    """Whether the case has just been sent back to this gate by an objection."""
    passed = [visit.outcome for visit in file.state.visits if visit.left_at is not None]
    return bool(passed) and passed[-1] == f"{OBJECTION}{stage.name}"

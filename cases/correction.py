"""A decision that was taken back after its gate had closed: the whole gate decides once more.

The case stands at the gate again, so nothing beyond it happens meanwhile. The round that was taken
back stays on record as it was, with who took it back and why; the round that corrects it names it.
"""

from datetime import datetime

from cases.acts import Verdict
from cases.effects import undo
from cases.file import INCIDENT_MANAGER, CaseFile
from cases.gate import Revoked, Round, RoundKind, RoundState, Vote
from cases.notice import Purpose
from cases.objection import send_back
from cases.rounds import ask
from cases.ways_back import CORRECTION
from runbooks.plan import Next, StagePlan

DECIDED = (RoundState.APPROVED, RoundState.REJECTED)


def can_be_revoked(file: CaseFile, round_: Round) -> bool:
    """Whether the round decided its gate, and nothing has decided it since."""
    later = [
        item.kind
        for item in file.state.rounds
        if item.gate == round_.gate and item.number > round_.number
    ]
    return (
        round_.state in DECIDED
        and round_.kind is not RoundKind.RATIFY
        and round_.revoked is None
        and all(kind is RoundKind.RATIFY for kind in later)
    )


def carried(round_: Round, vote: Vote) -> bool:
    """Whether the vote is one of those by which the round was decided."""
    if round_.state is RoundState.APPROVED:
        return vote.verdict.approves
    return vote.verdict is Verdict.REJECT


def take_back(file: CaseFile, round_: Round, revoked: Revoked, *, at: datetime) -> None:
    """The decision does not stand any more, and its gate is asked again at once."""
    round_.revoked = revoked
    file.tell(Purpose.RAISED, INCIDENT_MANAGER, stage=round_.gate, round_=round_.number)
    here = send_back(
        file,
        round_,
        why=CORRECTION,
        by=revoked.by,
        because=f"correction of {round_.gate}",
        settled="revoked",
        at=at,
    )
    if here:
        ask_correction(file, file.pathway.stage(round_.gate), at=at)


def ask_correction(file: CaseFile, stage: StagePlan, *, at: datetime) -> None:
    """The whole gate is asked what it decides now."""
    last = to_be_corrected(file, stage.name)
    ask(
        file,
        stage,
        at=at,
        kind=RoundKind.CORRECTION,
        corrects=last.number if last is not None else None,
    )


def to_be_corrected(file: CaseFile, gate: str) -> Round | None:
    """The gate's newest decision, where it was taken back and nothing has been decided since."""
    decided = [
        item
        for item in file.state.rounds
        if item.gate == gate and item.kind is not RoundKind.RATIFY and item.state in DECIDED
    ]
    return decided[-1] if decided and decided[-1].revoked is not None else None


def uncorrected(file: CaseFile) -> list[str]:
    """The gates whose decision was taken back and that have decided nothing since."""
    gates = dict.fromkeys(item.gate for item in file.state.rounds if item.revoked is not None)
    return [gate for gate in gates if to_be_corrected(file, gate) is not None]


def reverse(file: CaseFile, round_: Round, *, at: datetime) -> None:
    """What only the decision before had ordered is undone; what cannot be is put before people.

    Nothing happens where the correction comes to what had been decided.
    """
    before = next(
        (
            item
            for item in reversed(file.state.rounds)
            if item.gate == round_.gate
            and item.number < round_.number
            and item.kind is not RoundKind.RATIFY
            and item.state in DECIDED
        ),
        None,
    )
    if before is None or before.revoked is None or before.state is round_.state:
        return
    stage = file.pathway.stage(round_.gate)
    was = stage.next.get(before.state.value, Next())
    now = stage.next.get(round_.state.value, Next())
    for name in was.do:
        known = file.state.effect_named(name)
        if name in now.do or known is None:
            continue
        undone = undo(file, name, stage=stage.name, at=at)
        if undone is None and known.performed:
            file.tell(Purpose.RAISED, INCIDENT_MANAGER, stage=stage.name, step=f"stands {name}")

"""Who decided the matter before is kept from deciding it again.

Until it is known who that was nobody is asked: a question that was put to the wrong person cannot
be taken back.
"""

from cases.file import CaseFile
from cases.people import human
from cases.receipts import Reason
from cases.refusal import not_yours, refused
from runbooks.plan import StagePlan


def unknown(file: CaseFile, stage: StagePlan) -> tuple[str, ...]:
    """The questions that have yet to say who is kept out of the stage; empty once it is known."""
    if not stage.independent_of:
        return ()
    state = file.state
    answered = [name for name in stage.independent_of if name in state.answers]
    looked_up = tuple(name for name in answered if name not in state.pinned)
    if looked_up:
        return looked_up
    known = any(not state.pinned[name].failed for name in answered)
    return () if known else stage.independent_of


def kept_out(file: CaseFile, stage: StagePlan) -> frozenset[str]:
    """Everybody who may not act in the stage, since they decided the matter before."""
    pinned = file.state.pinned
    return frozenset(
        each.person
        for name in stage.independent_of
        if name in pinned
        for each in pinned[name].people
    )


def must_be_independent(file: CaseFile, stage: StagePlan, *, person: str) -> None:
    """The person did not decide the matter before, and it is known who did."""
    if human(file.state, {person}) & kept_out(file, stage):
        raise not_yours(Reason.NOT_INDEPENDENT)
    missing = unknown(file, stage)
    if missing:
        raise refused(Reason.ORIGINAL_UNKNOWN, ", ".join(missing))

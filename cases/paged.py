"""What a case says of a page it asked for: whether the step still waits, or somebody has it."""

from datetime import datetime
from enum import StrEnum

from cases.gate import RoundState
from cases.state import CaseState


class Standing(StrEnum):
    """How the step of a page stands."""

    WAITS = "waits"
    HAD = "had"
    """Somebody has acknowledged it since."""
    ANSWERED = "answered"


def standing(
    state: CaseState, *, stage: str | None, round_: int | None, paged_at: datetime, at: datetime
) -> Standing:
    """How the step that was paged at `paged_at` stands at `at`.

    A picture that has not come to the step yet says nothing against it: it waits. What is owed
    after closing is paged when the case has ended, and no page of it is called off from here.
    """
    ended = state.closing.at if state.closing is not None else None
    if ended is not None:
        return Standing.ANSWERED if paged_at <= ended else Standing.WAITS
    if stage is None:
        return Standing.WAITS
    asked = next((r for r in state.rounds if (r.gate, r.number) == (stage, round_)), None)
    if asked is not None and asked.state is not RoundState.OPEN:
        return Standing.ANSWERED
    for visit in state.visits:
        left = visit.left_at
        if visit.stage == stage and visit.entered_at <= paged_at and left and left >= paged_at:
            return Standing.ANSWERED
    if any(
        lease.stage == stage and lease.at >= paged_at and lease.until > at for lease in state.leases
    ):
        return Standing.HAD
    return Standing.WAITS

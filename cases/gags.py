"""Non-disclosure orders: which of them stand against an effect now, and until when.

An order is an answered question, so an audited act of a person. One that cannot be ruled out
stands: what was told to somebody cannot be taken back. It suppresses effects, never the record.
"""

from datetime import datetime

from cases.clock_starts import instant_of
from cases.state import CaseState
from runbooks.plan import Gag, Pathway

NONE = "no"
"""The answer that there is no order, or none any more."""


def standing(state: CaseState, pathway: Pathway, effect: str, *, at: datetime) -> Gag | None:
    """The order that stands against the effect; of several the one that stands longest."""
    found = [gag for gag in pathway.gags if effect in gag.suppresses and _stands(state, gag, at=at)]
    return max(found, key=lambda gag: _length(ends(state, gag)), default=None)


def ends(state: CaseState, gag: Gag) -> datetime | None:
    """The instant at which the order ends by itself; None where nobody has said."""
    answer = state.answers.get(gag.until or "")
    return instant_of(answer.value) if answer is not None else None


def review_at(state: CaseState, gag: Gag, *, at: datetime) -> datetime:
    """When to look again whether the order stands: when it ends, else after its review time."""
    until = ends(state, gag)
    return at + gag.review if until is None else max(until, at)


def _stands(state: CaseState, gag: Gag, *, at: datetime) -> bool:
    answer = state.answers.get(gag.order)
    until = ends(state, gag)
    return (answer is None or answer.value != NONE) and (until is None or until > at)


def _length(until: datetime | None) -> tuple[bool, float]:
    return until is None, until.timestamp() if until is not None else 0.0

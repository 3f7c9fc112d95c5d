"""The way of a case at a glance: stages behind it, the one it is in, those that may come next."""

from dataclasses import dataclass

from gateway.casework import OpenCase
from gateway.phrases import words
from runbooks.plan import StageKind

BEHIND, HERE, AHEAD = "behind", "here", "ahead"


@dataclass(frozen=True)
class Step:
    """One stage on the way."""

    title: str
    place: str
    """`behind`, `here` or `ahead`."""
    outcome: str = ""
    """How it was left."""
    gate: bool = False


def way_of(case: OpenCase) -> list[Step]:
    """Every passage so far in order, then each stage that one step could lead to, then closure."""
    plans = {plan.name: plan for plan in case.pathway.stages}
    closure = case.pathway.closure.name
    steps = [
        Step(
            title=case.title_of(visit.stage),
            place=HERE if visit.left_at is None else BEHIND,
            outcome=words(visit.outcome or ""),
            gate=plans[visit.stage].kind is StageKind.GATE,
        )
        for visit in case.state.visits
    ]
    present = plans.get(case.state.stage or "")
    if present is None or case.state.closed:
        return steps
    reached = [step.then for step in present.next.values() if step.then is not None]
    ahead = dict.fromkeys(name for name in reached if name not in (present.name, closure))
    if present.name != closure:
        ahead[closure] = None
    return steps + [
        Step(title=case.title_of(name), place=AHEAD, gate=plans[name].kind is StageKind.GATE)
        for name in ahead
    ]

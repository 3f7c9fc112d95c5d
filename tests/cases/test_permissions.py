"""The pages show exactly what the desk takes: one source for both."""

import copy
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases.acts import (
    Acknowledge,
    ActBody,
    Answer,
    Assign,
    Cancel,
    ChangeSeverity,
    Close,
    Complete,
    Decide,
    Dissent,
    Evidence,
    Hold,
    Memo,
    Raise,
    Resume,
    Verdict,
    Withdraw,
)
from cases.acts_between_cases import Move
from cases.permissions import Allowed, allowed_acts
from cases.receipts import Reason
from runbooks.plan import Severity
from tests.cases.house import BEGIN, House
from tests.workflows.runbooks import FOUR_EYES

PEOPLE = {
    "ines": "incident-manager",
    "lena": "legal",
    "pia": "policy",
    "eve": "executive",
    "dora": "duty-counsel",
    "tess": "triage",
    "nobody": "visitor",
}

CONTENT = frozenset({Reason.UNMET, Reason.UNANSWERED, Reason.UNCHANGED})
"""Refusals that depend on what is written, not on who may act."""


def bodies(house: House) -> list[ActBody]:
    """One body a verb, filled in so that only permission can stand against it."""
    stage = house.state.stage or ""
    other = Severity.SEV0 if house.state.severity.current is not Severity.SEV0 else Severity.SEV2
    answered = house.state.answers.get("kind")
    plan = house.file.pathway.stage(stage)
    return [
        Answer(answers={"kind": "one" if answered is None or answered.value != "one" else "other"}),
        Complete(stage=stage, outcome=next(iter(plan.next), "none")),
        Memo(gate="review", fields={"facts": f"at {house.now}"}),
        Evidence(label="item", reference="store", digest=f"{len(house.state.evidence) + 900:064x}"),
        Decide(gate="review", verdict=Verdict.APPROVE, reason="so"),
        Dissent(gate="review", reason="so"),
        Withdraw(gate="review", reason="so"),
        Acknowledge(stage=stage),
        Assign(role="triage", person=f"p{house.now.timestamp():.0f}"),
        Hold(reason="so", review_at=house.now + timedelta(days=1)),
        Resume(),
        ChangeSeverity(severity=other, reason="so"),
        Raise(to="legal", reason="so"),
        Move(runbook="other", reason="so"),
        Close(disposition="done", record="so", lessons="so"),
        Cancel(reason="so"),
    ]


def offers(house: House, person: str) -> list[Allowed]:
    """What the page offers the person."""
    return allowed_acts(
        house.state,
        house.file.pathway,
        person=person,
        roles=frozenset({PEOPLE[person]}),
        at=house.now,
    )


def offered(house: House, person: str, body: ActBody) -> bool:
    """Whether the page offers that act, there."""
    gate, stage = getattr(body, "gate", None), getattr(body, "stage", None)
    newest = house.state.round_of(gate) if gate is not None else None
    return any(
        offer.verb == body.verb
        and (offer.gate is None or offer.gate == gate)
        and (offer.stage is None or stage is None or offer.stage == stage)
        and (offer.round is None or (newest is not None and offer.round == newest.number))
        for offer in offers(house, person)
    )


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(st.tuples(st.sampled_from(sorted(PEOPLE)), st.integers(0, 13)), max_size=12))
def test_what_is_offered_is_taken_and_what_is_not_is_refused(
    story: list[tuple[str, int]],
) -> None:
    """In any state that acts lead to, every person and every verb: page and desk agree."""
    house = House.of("four-eyes", text=FOUR_EYES)
    for person, which in story:
        house.later(timedelta(minutes=1))
        if house.state.stage is None:
            break
        house.act(bodies(house)[which], person=person, role=PEOPLE[person])

    assert house.now >= BEGIN
    for person, role in PEOPLE.items():
        for index, body in enumerate(bodies(house)):
            there = copy.deepcopy(house)
            receipt = there.act(bodies(there)[index], person=person, role=role)
            if offered(house, person, body):
                fine = receipt.accepted or receipt.reason in CONTENT
                assert fine, (person, body.verb, receipt)
            else:
                assert not receipt.accepted, (person, body.verb, receipt)

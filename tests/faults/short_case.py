"""The shortest case that has everything: intake, a gate of two voices, an irreversible effect."""

import json
from collections.abc import Mapping

from cases.state import CasePicture
from tests.fakes.connector import FakeConnector
from tests.faults.insistent import Insistent
from tests.faults.weather import BehindDoor, Lived

RUNBOOK = b"""\
runbook: short
version: 1.0.0
title: "One account"
owner: trust-and-safety
review-by: 2027-02-01
intake:
  account: {ask: "Which account?", answer: reference}
severity:
  - {otherwise: SEV2, because: "test"}
stages:
  - stage: triage
    owner: triage
    within: 4h
    needs: [account]
    late: [{at: 50%, page: incident-manager}]
    next: {tell: review}
  - stage: review
    owner: legal
    within: 4h
    ask: "Tell the authority?"
    approve: {legal: 1, policy: 1}
    split: {to: executive, within: 60m}
    late: [{at: 50%, page: incident-manager}]
    silence: wait
    next: {approved: {do: [tell], then: closure}, rejected: closure, more-information: triage}
  - stage: closure
    owner: incident-manager
    within: 24h
    late: [{at: 100%, page: incident-manager}]
    dispositions: {told: [decision-record, "receipt:tell"]}
effects:
  tell:
    title: "Tell the authority"
    by: webhook:authority
    owner: legal
    irreversible: true
"""
ROUTING = "routing: 1.0.0\ndefault: short\nrows: []\n"
RECORD = "Facts, rule, decision as recorded."
DECISIONS = ("lena", "paula")


class Authority(BehindDoor):
    """Is told things, and keeps the ids it has seen, as the documentation asks of a receiver."""

    name = "authority"

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.told = FakeConnector(secret)
        super().__init__(self.told.app)

    @property
    def environ(self) -> Mapping[str, str]:
        """The connector that the runbook names."""
        return {
            "ESCALATE_ACTIONS__CONNECTORS__AUTHORITY__URL": f"{self.url}/orders",
            "ESCALATE_ACTIONS__CONNECTORS__AUTHORITY__SECRET": self.secret,
        }

    def of_case(self, number: str) -> int:
        """How often it was told something else, or the same under another id."""
        orders = [json.loads(body)["data"]["case"] for body in self.told.acted.values()]
        return orders.count(number)


async def lived(people: Insistent, case: Lived) -> None:
    """The case has gone from its report to its end, whoever died on the way."""
    await people.at(case, stage="triage")
    await people.act(case, "tessa", verb="answer", answers={"account": "account-17"})
    await people.act(case, "tessa", verb="complete", stage="triage", outcome="tell")
    await people.asks(case, "review")
    for person in DECISIONS:
        await people.act(case, person, verb="decide", gate="review", verdict="approve")
    await people.at(case, stage="closure")
    await people.until(lambda: _told(people, case), what=f"the effect of case {case.number}")
    await people.act(case, "imani", verb="close", disposition="told", record=RECORD)
    await people.at(case, status="closed")


async def _told(people: Insistent, case: Lived) -> bool:
    view = await people.place.view(case.number)
    effects = CasePicture.of(view.state).effects if view is not None else []
    return any(effect.state == "done" for effect in effects)

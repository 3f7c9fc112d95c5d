"""A case that orders an effect on many, with everything outside it in a test's hands."""

from datetime import timedelta

from cases.acts import Answer, Complete, Decide, Resolution, Verdict
from cases.acts import Receipt as SettleEffect
from cases.acts_on_many import Observe, RollBack
from cases.batches import WATCH, steps_of
from cases.bulk import watched
from cases.clocks import take_due
from cases.effects import begin, settle
from cases.receipts import ActReceipt
from cases.records import EffectRecord
from cases.setting import come
from cases.stages import ask_when_ready
from tests.cases.house import House

LOCK = "lock"
STEPS = ("1%", "10%", "100%")
THRESHOLD = 500
WATCH_FOR = timedelta(minutes=30)

TEXT = b"""\
runbook: many
version: 1.0.0
title: "Many accounts"
owner: trust-and-safety
review-by: 2027-02-01
intake:
  accounts: {ask: "How many accounts?", answer: number}
  account-list: {ask: "Where is their list?", answer: reference}
  commit-at: {ask: "When do we act together?", answer: instant}
severity:
  - {otherwise: SEV2, because: "test"}
stages:
  - stage: triage
    owner: triage
    within: 1h
    late: [{at: 50%, page: incident-manager}]
    next: {few: {do: [lock], then: ramp}, many: review, together: together-review}
  - stage: review
    owner: engineering
    within: 1h
    ask: "Lock the listed accounts?"
    approve: {engineering: 1, policy: 1}
    split: {to: executive, within: 60m}
    late: [{at: 50%, page: incident-manager}]
    silence: wait
    dissent: {who: any-reviewer, to: executive, within: 60m}
    next:
      approved: {do: [lock], then: ramp}
      rejected: {undo: [lock], then: closure}
      more-information: triage
  - stage: together-review
    owner: legal
    within: 1h
    ask: "Act at that instant?"
    approve: {legal: 1}
    late: [{at: 50%, page: incident-manager}]
    silence: wait
    dissent: {who: policy, to: executive, within: 60m}
    next:
      approved: {do: [take-down, tell-partners], set-for: commit-at, then: window}
      rejected: closure
      more-information: triage
  - stage: window
    owner: policy
    within: 7d
    skip-when-done: take-down
    late: [{at: 50%, page: incident-manager}]
    next:
      leak: {do: [take-down, tell-partners], then: closure}
      called-off: {undo: [take-down, tell-partners], then: closure}
      done: closure
  - stage: ramp
    owner: policy
    within: 4h
    skip-when-done: lock
    late: [{at: 50%, page: incident-manager}]
    next:
      done: closure
      undo: {undo: [lock], then: closure}
      again: {do: [lock], then: ramp}
      review: review
  - stage: closure
    owner: incident-manager
    within: 24h
    late: [{at: 100%, page: incident-manager}]
    dispositions: {ended: [decision-record], locked: ["done:lock"], settled: ["receipt:lock"]}
effects:
  lock:
    title: "Lock the accounts"
    by: webhook:accounts
    owner: engineering
    protective: true
    compensate: "Unlock them."
    bulk:
      count: accounts
      list: account-list
      above: 500
      approved-by: review
      steps: [{share: 1%, watch: 30m}, {share: 10%, watch: 30m}]
      guard: {signal: "Locks overturned", above: 5%, within: 2h, at-least: 10, by: policy}
  take-down:
    title: "Take the network down"
    by: webhook:accounts
    owner: policy
    protective: true
    compensate: "Put it back."
  tell-partners: {title: "Tell partners", by: webhook:partners, irreversible: true}
"""


class Many:
    """The case, and what a test may do to it."""

    def __init__(self, accounts: int | None = None) -> None:
        self.house = House.of(text=TEXT)
        if accounts is not None:
            self.answer(accounts=str(accounts), **{"account-list": "list-1"})

    def answer(self, **answers: str) -> ActReceipt:
        """The questions are answered."""
        receipt = self.house.act(Answer(answers=answers), person="tess", role="triage")
        # The table has judged the answers, and says what it said before.
        self.house.state.reassess = False
        ask_when_ready(self.house.file, at=self.house.now)
        return receipt

    def complete(self, outcome: str) -> ActReceipt:
        """The stage the case is in ends with that outcome."""
        stage = self.house.state.stage or ""
        body = Complete(stage=stage, outcome=outcome)
        return self.house.act(body, person="ines", role="incident-manager")

    def vote(
        self, person: str, role: str, *, gate: str = "review", verdict: Verdict = Verdict.APPROVE
    ) -> ActReceipt:
        """Somebody votes at the gate."""
        body = Decide(gate=gate, verdict=verdict, reason="as the record says")
        return self.house.act(body, person=person, role=role)

    def approved(self) -> None:
        """Two roles have approved the effect, and it has been ordered."""
        self.complete("many")
        self.vote("enid", "engineering")
        self.vote("pia", "policy")

    @property
    def lock(self) -> EffectRecord:
        """The newest whole effect."""
        effect = self.house.state.effect_named(LOCK)
        assert effect is not None
        return effect

    def steps(self) -> list[EffectRecord]:
        """Its steps that have been ordered."""
        return steps_of(self.house.file, self.lock)

    def undone(self) -> list[EffectRecord]:
        """What undoes its steps."""
        return [
            item
            for item in self.house.state.effects
            if item.part is not None
            and item.part.of == self.lock.key
            and item.compensates is not None
        ]

    def settle(self, effect: EffectRecord, state: str = "done") -> None:
        """The outside has answered."""
        settle(self.house.file, effect, state=state, at=self.house.now)
        self.house.walk()

    def answer_all(self) -> None:
        """Everything that was ordered has been done."""
        while ordered := [item for item in self.house.state.effects if item.state == "intended"]:
            self.settle(ordered[0])

    def look(self, checked: int, wrong: int, *, role: str = "policy") -> ActReceipt:
        """Somebody says what they saw."""
        body = Observe(effect=self.lock.key, checked=checked, wrong=wrong)
        return self.house.act(body, person="pia", role=role)

    def roll_back(self, *, role: str = "engineering") -> ActReceipt:
        """Somebody presses the button."""
        body = RollBack(effect=self.lock.key, reason="the wrong ones")
        return self.house.act(body, person="enid", role=role)

    def receipt(self, effect: EffectRecord, resolution: Resolution) -> ActReceipt:
        """Somebody settles an effect by hand."""
        body = SettleEffect(effect=effect.key, resolution=resolution, reference="7", reason="so")
        return self.house.act(body, person="ines", role="incident-manager")

    def later(self, by: timedelta) -> None:
        """So much later; every instant on the way is taken."""
        house = self.house
        end = house.now + by
        while True:
            coming = house.state.next_instant(house.now)
            if coming is None or coming[0] > end:
                break
            house.now = max(house.now, coming[0])
            for effect in come(house.file, at=house.now):
                begin(house.file, effect, at=house.now)
            for clock, _, _ in take_due(house.file, at=house.now):
                if clock.id.startswith(WATCH):
                    watched(house.file, clock.id, at=house.now)
            house.walk()
        house.now = end

"""A runbook with a report behind its gate, and a case of it at a desk."""

from cases.acts import (
    ActBody,
    Answer,
    Complete,
    Decide,
    Memo,
    Receipt,
    Resolution,
    Verdict,
)
from cases.drafts.record import Drafted
from cases.effects import settle
from cases.receipts import ActReceipt
from cases.severity import severity_changed
from tests.cases.house import House

TEXT = b"""
runbook: restriction
version: 1.0.0
title: "Restriction with a statement of reasons"
owner: trust-and-safety
review-by: 2027-02-01
intake:
  kind: {ask: "What is it?", choice: [fraud, suicide]}
  category-specification: {ask: "Which keywords?", answer: text, material: false}
  content-date: {ask: "When was it put up?", answer: instant}
  items: {ask: "Which items?", answer: reference}
severity: [{otherwise: SEV3, because: "routine"}]
stages:
  - stage: triage
    owner: triage
    within: 1h
    late: [{at: 75%, page: incident-manager}]
    next: {restrict: {do: [apply-action], then: review}, dismiss: closure}
  - stage: review
    owner: legal
    within: 4h
    memo: [decision-facts, incompatible-content-explanation]
    ask: "Is this statement right?"
    approve: {legal: 1}
    reject: {legal: 1, reason: required}
    late: [{at: 75%, page: incident-manager}]
    silence: wait
    next: {approved: filing, rejected: closure, more-information: triage}
  - stage: filing
    owner: triage
    within: 1h
    late: [{at: 75%, page: incident-manager}]
    next: {file: {do: [statement], then: closure}}
  - stage: closure
    owner: incident-manager
    within: 24h
    late: [{at: 100%, page: incident-manager}]
    dispositions: {restricted: [decision-record, "done:statement"], dismissed: [decision-record]}
effects:
  statement:
    title: "Statement of reasons"
    by: report:dsa-statement
    gate: review
    owner: legal
    irreversible: true
    fill:
      decision-visibility: content-removed
      decision-ground: incompatible-content
      incompatible-content-ground: "Terms, section 4"
      content-type: text
      category: {from: answer:kind, as: {fraud: scams-and-fraud, suicide: self-harm}}
      application-date: done:apply-action
      source-type: voluntary
      automated-detection: "no"
      automated-decision: not-automated
      territorial-scope: eea
"""
MEMO = {
    "decision-facts": "An offer that asks for payment in advance.",
    "incompatible-content-explanation": "The terms forbid offers of that kind.",
}
ANSWERS = {"kind": "fraud", "content-date": "2026-01-04T10:00:00+00:00"}


ROLES = {"tess": "triage", "lena": "legal", "ines": "incident-manager"}


def at_review() -> House:
    """A case whose action has been applied, and whose gate waits for its memo."""
    house = House.of(text=TEXT)
    accepted(house, Answer(answers=ANSWERS), person="tess")
    accepted(house, Complete(stage="triage", outcome="restrict"), person="tess")
    done(house, "apply-action")
    return house


def asked() -> House:
    """The same, with the memo written: Legal is asked about the draft."""
    house = at_review()
    accepted(house, Memo(gate="review", fields=MEMO), person="lena")
    return house


def ordered(house: House) -> None:
    """Legal approves, and the report is ordered."""
    accepted(house, Decide(gate="review", verdict=Verdict.APPROVE), person="lena")
    accepted(house, Complete(stage="filing", outcome="file"), person="tess")


def accepted(house: House, body: ActBody, *, person: str) -> ActReceipt:
    """The act took effect, and the severity table has judged what it changed."""
    receipt = house.act(body, person=person, role=ROLES[person])
    assert receipt.accepted, receipt
    if house.state.reassess:
        house.state.reassess = False
        severity_changed(house.file, house.state.facts(), at=house.now)
    return receipt


def done(house: House, effect: str) -> None:
    """The effect was performed by its system."""
    record = house.file.state.effect_named(effect)
    assert record is not None
    settle(house.file, record, state="done", at=house.now, reference="r-1")


def settled(house: House, effect: str, resolution: Resolution, **how: str) -> ActReceipt:
    """A person says what became of the effect."""
    record = house.file.state.effect_named(effect)
    assert record is not None
    body = Receipt(effect=record.key, resolution=resolution, **how)
    return house.act(body, person="lena", role="legal")


def drafted(house: House) -> Drafted:
    """The statement's draft."""
    return house.file.state.drafts["statement"]

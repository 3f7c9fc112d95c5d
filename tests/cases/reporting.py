"""A runbook with a report behind its gate, and a case of it at a desk."""

from pathlib import Path
from typing import Any

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

TEXT = (Path(__file__).parents[1] / "runbooks" / "broken" / "report.yaml").read_bytes()
MEMO = {
    "decision-facts": "An offer that asks for payment in advance.",
    "incompatible-content-explanation": "The terms forbid offers of that kind.",
}
ANSWERS = {"kind": "fraud", "content-date": "2026-01-04T10:00:00+00:00"}


ROLES = {
    "tess": "triage",
    "lena": "legal",
    "ines": "incident-manager",
    "cora": "counter-terror",
    "sana": "safety-expert",
}


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


def settled(house: House, effect: str, resolution: Resolution, **how: Any) -> ActReceipt:
    """A person says what became of the effect."""
    record = house.file.state.effect_named(effect)
    assert record is not None
    body = Receipt(effect=record.key, resolution=resolution, **how)
    return house.act(body, person="lena", role="legal")


def drafted(house: House) -> Drafted:
    """The statement's draft."""
    return house.file.state.drafts["statement"]

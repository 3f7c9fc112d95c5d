"""The chain of custody of each item of evidence: who had it, who saw it, is it still the same.

The words are those of ISO/IEC 27037. An item begins with its acquisition, which is the evidence act
of the case; everything after it is an entry of the doors' stream.
"""

from collections.abc import Iterable, Sequence

from cases.house_acts import CustodyEvent, HouseRefusal
from cases.journal import Entry, Kind
from cases.records import EvidenceItem
from cases.values import Instant, Value

SHORTEST_NAME = 8
"""Hex characters of a digest that name an item well enough for a person to type."""
_HANDS_ON = frozenset({CustodyEvent.TRANSFERRED, CustodyEvent.DISPOSED})
"""What a legal hold forbids: the item would be out of our hands."""


class CustodyStep(Value):
    """One link of the chain."""

    event: CustodyEvent
    at: Instant
    by: str
    role: str = ""
    why: str = ""
    kept_at: str = ""
    to: str = ""
    found: str = ""
    """Its SHA-256 as it was worked out again; empty where nobody did."""
    intact: bool | None = None
    """Whether that was its digest at acquisition; None where nobody looked."""
    sequence: int = 0
    """The entry of the doors' stream; 0 for the acquisition, which the case itself records."""


class CustodyChain(Value):
    """An item, and everything that was done with it."""

    label: str
    digest: str
    steps: tuple[CustodyStep, ...]

    @property
    def kept_at(self) -> str:
        """Where it is, as was said last."""
        return next((step.kept_at for step in reversed(self.steps) if step.kept_at), "")

    @property
    def holder(self) -> str:
        """Who outside our own custody has it; empty while nobody does."""
        for step in reversed(self.steps):
            if step.event in (CustodyEvent.RETURNED, CustodyEvent.DISPOSED):
                return ""
            if step.event is CustodyEvent.TRANSFERRED:
                return step.to
        return ""

    @property
    def disposed(self) -> bool:
        """Whether it exists no more."""
        return any(step.event is CustodyEvent.DISPOSED for step in self.steps)

    @property
    def intact(self) -> bool:
        """Whether it was never found to be anything but what was acquired."""
        return all(step.intact is not False for step in self.steps)


def chains(evidence: Sequence[EvidenceItem], door: Iterable[Entry]) -> list[CustodyChain]:
    """The chain of every item of the case, in the order they were acquired."""
    steps: dict[str, list[CustodyStep]] = {}
    for entry in door:
        if entry.kind is Kind.DOOR_CUSTODY:
            steps.setdefault(str(entry.body.get("digest")), []).append(_step(entry))
    return [
        CustodyChain(
            label=item.label,
            digest=item.digest,
            steps=(
                CustodyStep(
                    event=CustodyEvent.ACQUIRED,
                    at=item.at,
                    by=item.by,
                    kept_at=item.reference,
                    found=item.digest,
                    intact=True,
                    why=f"came with case {item.origin}" if item.origin else "",
                ),
                *steps.get(item.digest, ()),
            ),
        )
        for item in evidence
    ]


def named(known: Iterable[CustodyChain], name: str) -> CustodyChain | None:
    """The one item of that label, or whose digest begins so; None where it is none or several."""
    found = [
        chain
        for chain in known
        if chain.label == name
        or (len(name) >= SHORTEST_NAME and chain.digest.startswith(name.lower()))
    ]
    return found[0] if len(found) == 1 else None


def refusal(chain: CustodyChain, event: CustodyEvent) -> HouseRefusal | None:
    """Why that cannot be done with the item; None when it can."""
    if event is CustodyEvent.ACQUIRED:
        return HouseRefusal.NO_SUCH_EVIDENCE
    return HouseRefusal.DISPOSED if chain.disposed else None


def needs_no_hold(event: CustodyEvent) -> bool:
    """Whether it may only be done while no legal hold stands."""
    return event in _HANDS_ON


def _step(entry: Entry) -> CustodyStep:
    said = {name: str(value) for name, value in entry.body.items() if isinstance(value, str)}
    found = said.get("found", "")
    return CustodyStep(
        event=CustodyEvent(said["event"]),
        at=entry.at,
        by=said.get("who", ""),
        role=said.get("role", ""),
        why=said.get("why", ""),
        kept_at=said.get("kept_at", ""),
        to=said.get("to", ""),
        found=found,
        intact=None if not found else found == said.get("digest"),
        sequence=entry.sequence,
    )

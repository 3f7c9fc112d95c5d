"""A case before it is played: what was reported, what is true, and what will happen on the way."""

from collections.abc import Mapping
from dataclasses import dataclass

from runbooks.plan import Severity
from workers.simulation import oracle
from workers.simulation.arrivals import Arrival
from workers.simulation.model import Wave

MERGED, KEPT_APART, REOPENED = "merged", "kept-apart", "reopened"


@dataclass(frozen=True)
class Truth:
    """What nobody in the case knows for certain, and every judgement is measured against."""

    severity: Severity
    answers: Mapping[str, str]
    way: oracle.Way
    should_escalate: bool
    disposition: str
    clocks: Mapping[str, int | None]


@dataclass(frozen=True)
class Synthetic:
    """One case before it is played."""

    index: int
    runbook: str
    arrival: Arrival
    jurisdictions: tuple[str, ...]
    receipt_lag: int
    """Minutes between the receipt the law counts from and our door."""
    born_late: bool
    reported: Mapping[str, str]
    """Answers that came with the report."""
    incomplete: bool
    truth: Truth
    traits: frozenset[str]
    """What will happen on the way: `duplicate`, `held`, `conflict` …"""
    wave: Wave | None = None
    """The wave of a scenario that it came with."""
    hop: int = 0
    """How many times it has moved or come back: each following case has the first one's index."""

    @property
    def name(self) -> str:
        """What it is called: `7`, and `7+1` once it has moved or come back."""
        return f"{self.index}+{self.hop}" if self.hop else str(self.index)

    @property
    def same_subject(self) -> tuple[str, ...]:
        """The number of the open case about the same subject, where there is one."""
        return (f"S-{self.name}",) if self.traits & {MERGED, KEPT_APART} else ()

    @property
    def key(self) -> str:
        """What its draws are keyed by."""
        return f"{self.runbook}/{self.name}"

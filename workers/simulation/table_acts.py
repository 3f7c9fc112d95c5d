"""The acts that can be chosen at a table, made of what was offered and what was chosen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cases.acts import (
    Acknowledge,
    ActBody,
    Answer,
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
    Receipt,
    Reply,
    Resolution,
    Resume,
    Verdict,
    Withdraw,
)
from cases.acts_on_many import Observe, RollBack
from cases.permissions import Allowed
from runbooks.plan import Severity
from workers.simulation import words

REVIEW = timedelta(hours=24)


@dataclass(frozen=True)
class _Chosen:
    """What an act is made of."""

    allowed: Allowed
    choice: str
    answers: dict[str, str]
    item: str
    at: datetime

    @property
    def gate(self) -> str:
        """The gate it is about."""
        return self.allowed.gate or ""


def body_of(
    allowed: Allowed, *, choice: str, answers: dict[str, str], item: str, at: datetime
) -> ActBody:
    """The act that was offered, with that choice."""
    return _BODIES[allowed.verb](_Chosen(allowed, choice, answers, item, at))


def _receipt(chosen: _Chosen) -> ActBody:
    resolution = Resolution(chosen.choice)
    return Receipt(
        effect=chosen.allowed.effect or "",
        resolution=resolution,
        reference=f"SIM-{chosen.item[:8]}" if resolution is Resolution.DONE else "",
        reason=words.REASONS["skip"] if resolution is Resolution.SKIP else "",
    )


def _memo(chosen: _Chosen) -> ActBody:
    fields = {name: f"{name}: indicators K1 and K7." for name in chosen.allowed.choices}
    return Memo(gate=chosen.gate, fields=fields)


def _decide(chosen: _Chosen) -> ActBody:
    reason = words.REASONS.get(chosen.choice, "")
    return Decide(gate=chosen.gate, verdict=Verdict(chosen.choice), reason=reason)


def _close(chosen: _Chosen) -> ActBody:
    return Close(disposition=chosen.choice, record=words.RECORD, lessons=words.LESSONS)


def _evidence(chosen: _Chosen) -> ActBody:
    reference = f"vault:{chosen.item[:8]}"
    return Evidence(label="indicator", reference=reference, digest=chosen.item)


def _severity(chosen: _Chosen) -> ActBody:
    return ChangeSeverity(severity=Severity(chosen.choice), reason=words.REASONS["severity"])


_BODIES: Mapping[str, Callable[[_Chosen], ActBody]] = {
    "complete": lambda c: Complete(stage=c.allowed.stage or "", outcome=c.choice),
    "decide": _decide,
    "close": _close,
    "receipt": _receipt,
    "observe": lambda c: Observe(effect=c.allowed.effect or "", checked=20, wrong=0),
    "roll-back": lambda c: RollBack(
        effect=c.allowed.effect or "", reason=words.REASONS["roll-back"]
    ),
    "reply": lambda c: Reply(request=c.allowed.request or "", text=words.REASONS["reply"]),
    "memo": _memo,
    "answer": lambda c: Answer(answers=c.answers),
    "raise": lambda c: Raise(to=c.choice, reason=words.REASONS["raise"]),
    "severity": _severity,
    "hold": lambda c: Hold(reason=words.REASONS["hold"], review_at=c.at + REVIEW),
    "resume": lambda _: Resume(),
    "dissent": lambda c: Dissent(gate=c.gate, reason=words.REASONS["dissent"]),
    "withdraw": lambda c: Withdraw(gate=c.gate),
    "acknowledge": lambda c: Acknowledge(stage=c.allowed.stage or ""),
    "evidence": _evidence,
    "cancel": lambda _: Cancel(reason=words.REASONS["cancel"]),
}

"""What became of a case, as far as two runs of it are compared: read out of its journal alone."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, JsonValue

from cases.journal import Entry, Kind
from runbooks.plan import Pathway
from workers.backtest.naming import unkeyed

UNPROVEN = "unproven"
_ENDED = (Kind.EFFECT_DONE, Kind.EFFECT_MANUAL, Kind.EFFECT_FAILED, Kind.EFFECT_SETTLED)


class Aspect(StrEnum):
    """In what two runs of a case can differ, what matters most first."""

    DISPOSITION = "disposition"
    SEVERITY = "severity"
    STATUTORY = "statutory breaches"
    EFFECTS = "effects"
    APPROVERS = "approvers"
    WAY = "way"
    BREACHES = "stage breaches"
    NOTICES = "notices"
    REFUSALS = "refusals"
    DURATION = "duration"


class Outcome(BaseModel):
    """A case as it went: everything but the minutes is words, each as often as it happened."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    disposition: str = ""
    """Empty while the case has not ended."""
    severity: str
    way: tuple[str, ...] = ()
    """Every stage with the outcome it was left by, in order."""
    approvers: tuple[str, ...] = ()
    """Every vote: gate, verdict, person, role."""
    effects: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    breaches: tuple[str, ...] = ()
    """Targets of stages that ran out."""
    statutory: tuple[str, ...] = ()
    """Clocks of the law that ran out."""
    refusals: tuple[str, ...] = ()
    minutes: int
    """From its opening to its end, or to its last entry."""
    stuck: str = ""

    def parts(self, aspect: Aspect) -> tuple[str, ...]:
        """What the aspect consists of; a duration has no parts."""
        parts: dict[Aspect, tuple[str, ...]] = {
            Aspect.DISPOSITION: (self.disposition or "not ended",),
            Aspect.SEVERITY: (self.severity,),
            Aspect.STATUTORY: self.statutory,
            Aspect.EFFECTS: self.effects,
            Aspect.APPROVERS: self.approvers,
            Aspect.WAY: self.way,
            Aspect.BREACHES: self.breaches,
            Aspect.NOTICES: self.notices,
            Aspect.REFUSALS: self.refusals,
        }
        return parts.get(aspect, ())


def outcome_of(
    entries: Sequence[Entry],
    *,
    pathway: Pathway,
    minute: Callable[[Entry], int],
    stuck: str = "",
) -> Outcome:
    """The outcome that these entries of a case stream tell."""
    ordered = sorted(entries, key=lambda entry: entry.sequence)
    law = {clock.id for clock in pathway.clocks if clock.statutory}
    broken = [_said(e, "clock") for e in ordered if e.kind is Kind.CLOCK_BREACHED]
    ended = [e for e in ordered if e.kind in (Kind.CASE_CLOSED, Kind.CASE_CANCELLED)]
    return Outcome(
        disposition=_said(ended[-1], "disposition") if ended else "",
        severity=_severity(ordered),
        way=tuple(_way(ordered)),
        approvers=_sorted(_vote(e) for e in ordered if e.kind is Kind.VOTE_CAST),
        effects=_sorted(
            f"{_said(e, 'effect')}: {e.kind.value.rpartition(':')[2]}"
            for e in ordered
            if e.kind in _ENDED
        ),
        notices=_sorted(_notices(ordered)),
        breaches=_sorted(unkeyed(name) for name in broken if name not in law),
        statutory=_sorted(name for name in broken if name in law),
        refusals=_sorted(
            _said(e, "why")
            for e in ordered
            # What proves nothing was nobody's act, and is none of the runbook's doing.
            if e.kind is Kind.ACT_REFUSED and _said(e, "who") != UNPROVEN
        ),
        minutes=minute((ended or ordered)[-1]) if ordered else 0,
        stuck=stuck,
    )


def _way(entries: Iterable[Entry]) -> Iterator[str]:
    stage = ""
    for entry in entries:
        match entry.kind:
            case Kind.STAGE_ENTERED:
                stage = _said(entry, "stage")
            case Kind.STAGE_LEFT:
                yield f"{stage}: {_said(entry, 'outcome')}"
                stage = ""
            case Kind.CASE_CLOSED | Kind.CASE_CANCELLED if stage:
                yield f"{stage}: {_said(entry, 'disposition')}"
            case _:
                continue


def _severity(entries: Iterable[Entry]) -> str:
    found = ""
    for entry in entries:
        if entry.kind is Kind.SEVERITY_ASSESSED:
            found = _said(entry, "kept") or _said(entry, "severity")
        elif entry.kind is Kind.SEVERITY_SET:
            found = _said(entry, "severity")
    return found


def _vote(entry: Entry) -> str:
    said = {name: _said(entry, name) for name in ("gate", "verdict", "who", "role")}
    return f"{said['gate']}: {said['verdict']} by {said['who']} ({said['role']})"


def _notices(entries: Iterable[Entry]) -> Iterator[str]:
    """Every notice by purpose, role and step, with what became of it."""
    steps: dict[str, str] = {}
    for entry in entries:
        if entry.kind is Kind.NOTICE_ORDERED:
            steps[_said(entry, "key")] = _said(entry, "step")
        elif entry.kind is Kind.NOTICE_ENDED:
            step = unkeyed(steps.get(_said(entry, "key"), ""))
            about = f" at {step}" if step else ""
            yield (
                f"{_said(entry, 'purpose')} {_said(entry, 'role')}{about}: {_said(entry, 'end')}"
            )


def _sorted(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(Counter(words).elements()))


def _said(entry: Entry, name: str) -> str:
    value: JsonValue = entry.body.get(name)
    return value if isinstance(value, str) else ""

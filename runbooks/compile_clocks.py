"""Clocks, compiled: what the runbook sets itself, and what it takes from a row of the law."""

from datetime import date, timedelta

from runbooks.grammar.base import moment_of
from runbooks.grammar.clocks import Clock
from runbooks.grammar.document import RunbookDocument
from runbooks.grammar.law import LawRow
from runbooks.grammar.stages import LateStep
from runbooks.plan import ClockPlan, ClockStart, Late, Meaning, Trigger
from runbooks.statutes.calendar import Calendar
from runbooks.statutes.table import Statute, calendars


def clock_plan(name: str, clock: Clock, document: RunbookDocument) -> ClockPlan:
    """The clock as the runbook sets it, or with the values of the law's row it names."""
    owner = clock.owner or document.closure.owner
    if clock.law is not None:
        return _lawful(name, clock, clock.law, owner=owner, triggered=bool(document.law))
    span = clock.span
    within = span.nominal if span is not None else clock.within or timedelta()
    return ClockPlan(
        id=name,
        title=clock.title or name,
        kind=clock.kind,
        starts=clock.starts or ClockStart.RECEIPT,
        only_at=clock.only_at or (),
        starts_at=clock.starts_at,
        starts_after=clock.starts_after,
        within=within,
        due_at=clock.due_at,
        statutory=clock.statutory,
        owner=owner,
        stops=clock.stops,
        restart=clock.restart,
        late=late_steps(clock.late, within=within),
        source=clock.source or "",
        span=span,
        calendar=clock.calendar or "",
    )


def _lawful(name: str, clock: Clock, law: Statute, *, owner: str, triggered: bool) -> ClockPlan:
    """The clock with the values of its row, which its digest pins."""
    span = law.span
    if span is None:
        raise ValueError(f"{law.reference} has no length")
    return ClockPlan(
        id=name,
        title=clock.title or law.row.title,
        kind=clock.runs_as,
        starts=clock.begins or ClockStart.RECEIPT,
        only_at=clock.only_at or (),
        starts_at=clock.starts_at,
        starts_after=clock.starts_after,
        trigger=_trigger(law) if triggered else None,
        within=span.nominal,
        owner=owner,
        stops=clock.stops,
        restart=law.row.restart or "remaining",
        late=late_steps(clock.late, within=span.nominal),
        row=law.reference,
        pin=law.pin,
        span=span,
        opens=law.opens,
        calendar=law.row.calendar if law.needs_calendar else "",
    )


def _trigger(law: Statute) -> Trigger:
    since, until = law.row.effective.from_, law.row.effective.to
    return Trigger(
        if_=law.row.if_.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        law_from=since if isinstance(since, date) else None,
        law_to=until,
        does=law.row.does.value,
    )


def meaning_of(row: LawRow) -> Meaning:
    """What an answer means to the law."""
    said = row.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return Meaning(if_=said.pop("if", {}), says=said)


def calendars_of(document: RunbookDocument) -> dict[str, Calendar]:
    """Every calendar that some clock is counted by, pinned with the pathway."""
    found: dict[str, Calendar] = {}
    for clock in document.clocks.values():
        if clock.law is not None and clock.law.needs_calendar:
            found[clock.law.row.calendar] = clock.law.calendar
        elif clock.calendar is not None:
            found[clock.calendar] = calendars()[clock.calendar]
    return found


def late_steps(steps: tuple[LateStep, ...], *, within: timedelta) -> tuple[Late, ...]:
    """Each step with its instant: a share is one of `within`."""
    compiled = (
        Late(
            at=moment_of(step.at, within=within),
            label=step.at,
            remind=step.remind,
            page=step.page,
            do=step.do,
            go=step.go,
            escalate=step.escalate,
            instead_of=step.instead_of,
        )
        for step in steps
    )
    return tuple(sorted(compiled, key=lambda late: late.at))

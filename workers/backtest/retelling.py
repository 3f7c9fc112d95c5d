"""A recorded case made ready to be played under another text: its input, its clocks, its truth."""

import base64
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from math import ceil

from cases.clock_starts import START_QUESTIONS, instant_of
from cases.journal import Entry, Kind
from cases.state import CasePicture
from runbooks import Runbook, assess
from runbooks.grammar.base import moment_of
from runbooks.plan import ClockKind, ClockPlan, ClockStart, Pathway, StageKind, StagePlan
from runbooks.statutes.calendar import Calendar
from runbooks.statutes.span import Span, Unit, due
from workers.backtest.assumed import Ledger, Rule
from workers.backtest.people import SITE
from workers.backtest.recorded import Recorded
from workers.backtest.script import outcome_for
from workers.backtest.told import MINUTE
from workers.backtest.translating import answers_in
from workers.simulation import oracle
from workers.simulation.arrivals import Arrival
from workers.simulation.cast import Cast
from workers.simulation.synthetic import Synthetic, Truth
from workers.simulation.work import MOST_VISITS, distance
from workflows.messages import CaseInput, RoutedBy


class RecordedCast(Cast):
    """The people who are assumed: they answer no more than a stage needs."""

    def answers(self, picture: CasePicture, stage: StagePlan, *, first: bool) -> dict[str, str]:
        """The answers a stage needs and nobody gave."""
        del first
        return super().answers(picture, stage, first=False)


def request_for(
    recorded: Recorded,
    runbook: Runbook,
    pathway: Pathway,
    *,
    case: str,
    begun: datetime,
    root: bytes,
) -> CaseInput:
    """What the case is started with under that text, as if its report came in at `begun`."""
    shift = begun - recorded.opened
    before = recorded.request
    known = {name: said for name, said in before.answers.items() if name in runbook.document.intake}
    answers = answers_in(known, recorded, shift=shift)
    severity = assess(runbook, answers)
    receipt = before.report.receipt_at
    report = before.report.model_copy(
        update={
            "received_at": before.report.received_at + shift,
            "receipt_at": receipt + shift if receipt is not None else None,
        }
    )
    return before.model_copy(
        update={
            "case": case,
            "report": report,
            "pathway": pathway,
            "routed": RoutedBy(reason="played again"),
            "severity": severity.severity,
            "severity_row": str(severity.row),
            "severity_because": severity.because,
            "answers": answers,
            "root_key": base64.b64encode(root).decode(),
            "salt": base64.b64encode(sha256(case.encode()).digest()).decode(),
            "continue_after": None,
            # Nobody here works on a queue of the house it came from.
            "urgent_queue": "",
        }
    )


def fixed(pathway: Pathway, recorded: Recorded) -> Pathway:
    """The pathway whose calendar clocks have the length they had in the recorded days.

    The case is played on other days: a month or a holiday would count differently there.
    """
    clocks = tuple(
        plan if plan.span is None else _fixed(plan, pathway, recorded) for plan in pathway.clocks
    )
    return pathway.model_copy(update={"clocks": clocks})


def assume_lengths(
    pathway: Pathway, recorded: Recorded, entries: Iterable[Entry], ledger: Ledger
) -> None:
    """Every calendar clock that began here and never did there is on the ledger.

    One that has not begun here either had no length to be assumed.
    """
    begun = {entry.body.get("clock") for entry in entries if entry.kind is Kind.CLOCK_STARTED}
    for plan in pathway.clocks:
        if plan.span is not None and plan.id in begun and _began(plan, recorded) is None:
            ledger.assume(Rule.CALENDAR, plan.id)


def _fixed(plan: ClockPlan, pathway: Pathway, recorded: Recorded) -> ClockPlan:
    if plan.span is None:
        return plan
    begun = _began(plan, recorded) or recorded.opened
    calendar = pathway.calendars.get(plan.calendar, Calendar.utc())
    found = due(plan.span, calendar, begun=begun)
    # A hold is kept to its last possible instant, a deadline to its first.
    length = (
        found.legal_latest if plan.kind is ClockKind.MIN_HOLD else found.conservative_due
    ) - begun
    late = (
        step.model_copy(update={"at": moment_of(step.label, within=length)}) for step in plan.late
    )
    return plan.model_copy(
        update={
            "within": length,
            "span": None,
            "calendar": "",
            "late": tuple(sorted(late, key=lambda step: step.at)),
            "opens": None if plan.opens is None else _opens(plan.opens, calendar, begun=begun),
        }
    )


def _opens(opens: Span, calendar: Calendar, *, begun: datetime) -> Span:
    """How long the window stayed shut in the recorded days, in whole minutes."""
    shut = due(opens, calendar, begun=begun).legal_latest - begun
    return Span(n=max(1, ceil(shut / MINUTE)), unit=Unit.MINUTE)


def _began(plan: ClockPlan, recorded: Recorded) -> datetime | None:
    """When the clock counted from; None where that never happened."""
    report = recorded.request.report
    if plan.starts_after is not None:
        done = recorded.performed.get(plan.starts_after)
        return None if done is None else recorded.opened + done
    if plan.starts_at is not None:
        return instant_of(recorded.answered.get(plan.starts_at, ""))
    if plan.starts is ClockStart.OPENED:
        return recorded.opened
    reported = report.receipt_at or report.received_at
    answered = instant_of(recorded.answered.get(START_QUESTIONS[plan.starts], ""))
    return reported if answered is None else min(answered, reported)


def stand_in(recorded: Recorded, runbook: Runbook, pathway: Pathway, *, index: int) -> Synthetic:
    """The case as the model's people know one: what it came to is what was true of it."""
    steps = tuple(_steps(recorded, pathway))
    way = oracle.Way(steps=steps, effects=())
    return Synthetic(
        index=index,
        runbook=runbook.name,
        arrival=Arrival(minute=0, region=SITE, cause="recorded"),
        jurisdictions=(),
        receipt_lag=0,
        born_late=False,
        reported={},
        incomplete=False,
        truth=Truth(
            severity=recorded.request.severity,
            answers=dict(recorded.answered),
            way=way,
            should_escalate=False,
            disposition=recorded.outcome.disposition,
            clocks={},
        ),
        traits=frozenset(),
    )


def _steps(recorded: Recorded, pathway: Pathway) -> list[oracle.Step]:
    """The outcomes of every stage, as recorded; else those that lead on."""
    found: list[oracle.Step] = []
    for stage in pathway.stages:
        left = [
            stay.outcome
            for (name, _), stay in sorted(recorded.visits.items(), key=lambda item: item[0][1])
            if name == stage.name and stay.outcome
        ]
        if stage.kind is StageKind.CLOSURE:
            continue
        if stage.kind is StageKind.GATE:
            # What a gate said last is what it is taken to say.
            found.extend(oracle.Step(stage.name, outcome) for outcome in left[-1:])
            continue
        said = [outcome_for(recorded, pathway, stage, outcome) for outcome in left]
        on = min(stage.next, key=lambda name: (distance(pathway, stage, name), name))
        while len(said) < MOST_VISITS:
            said.append(said[-1] if said else on)
        found.extend(oracle.Step(stage.name, outcome) for outcome in said)
    return found

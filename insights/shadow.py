"""Compares a shadow case with what today's process did: from its picture and journal alone."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from cases.clock import ClockRun, ClockVerb
from cases.ended_outside import ENDED_OUTSIDE
from cases.file import SYSTEM
from cases.gate import Round, RoundKind, RoundState
from cases.journal import Entry, Kind
from cases.notice import Purpose
from cases.state import CaseState
from insights.comparison import Acted, Asked, Clocked, Comparison, Today, Told, Went
from runbooks.plan import Pathway, StageKind, StagePlan

_MOMENT = timedelta(microseconds=1)
_UNANSWERED = (RoundState.OPEN, RoundState.VOIDED, RoundState.SUPERSEDED)


def compare(
    state: CaseState,
    entries: Sequence[Entry],
    pathway: Pathway,
    *,
    door: Sequence[Entry] = (),
    now: datetime,
) -> Comparison:
    """The shadow case beside today's process; `entries` are its own, `door` the doors'.

    Looked at up to the end of today's process. Where that is not known, up to the case's own end,
    or to `now` while it is open.
    """
    today = _today(state, door)
    closed = state.closing.at if state.closing is not None else None
    until = today.ended or closed or now
    told = [entry for entry in _before(entries) if entry.at <= until]
    stage = _stage_at(state, until)
    moved = next((entry for entry in told if entry.kind is Kind.LINK_SHADOWED), None)
    return Comparison(
        case=state.case,
        number=state.number,
        runbook=state.runbook,
        version=state.version,
        title=pathway.title,
        severity=state.severity.current.value,
        today=today,
        until=until,
        over=state.closed,
        disposition=state.closing.disposition if state.closing is not None else "",
        stage=_title(pathway, stage) if stage else "",
        gone_on_as=str(moved.body.get("to", "")) if moved is not None else "",
        told=tuple(_told(told)),
        asked=tuple(_asked(state, pathway, until)),
        ahead=tuple(_ahead(state, pathway, stage, until)),
        acted=tuple(_acted(state, told)),
        went=tuple(_went(told)),
        clocks=tuple(_clocks(state, until)),
        notes=sum(entry.kind is Kind.TICKET_SHADOWED for entry in told),
        owed=tuple(
            str(entry.body["obligation"])
            for entry in told
            if entry.kind is Kind.OBLIGATION_SHADOWED
        ),
    )


def _today(state: CaseState, door: Iterable[Entry]) -> Today:
    report, outside = state.report, state.outside
    received = report.receipt_at or report.received_at
    if outside is not None:
        said = state.closing is not None and state.closing.disposition == ENDED_OUTSIDE
        return Today(
            received=received,
            ended=outside.at,
            status=outside.status,
            tags=outside.tags,
            by=outside.by,
            record=state.closing.record if said and state.closing is not None else "",
        )
    later = next((entry for entry in door if entry.kind is Kind.DOOR_OUTSIDE_ENDED), None)
    if later is None:
        return Today(received=received)
    tags = later.body.get("tags")
    return Today(
        received=received,
        ended=later.at,
        status=str(later.body.get("status", "")),
        tags=tuple(map(str, tags)) if isinstance(tags, list) else (),
        by=SYSTEM,
    )


def _before(entries: Sequence[Entry]) -> Iterator[Entry]:
    """The entries up to the one that ended it: what follows is the shadow's own ending."""
    for entry in entries:
        if entry.kind is Kind.OUTSIDE_ENDED:
            return
        yield entry


def _stage_at(state: CaseState, until: datetime) -> str:
    """Where the case was; empty where it had ended before."""
    closed = state.closing.at if state.closing is not None else None
    if closed is not None and closed < until:
        return ""
    seen = [visit.stage for visit in state.visits if visit.entered_at <= until]
    return seen[-1] if seen else ""


def _title(pathway: Pathway, stage: str) -> str:
    plan = next((each for each in pathway.stages if each.name == stage), None)
    return (plan.title or plan.name.replace("-", " ")) if plan is not None else stage


def _told(entries: Iterable[Entry]) -> Iterator[Told]:
    for entry in entries:
        if entry.kind is Kind.NOTICE_SHADOWED:
            body = entry.body
            yield Told(
                at=entry.at,
                purpose=Purpose(str(body["purpose"])),
                role=str(body["role"]),
                person=str(body.get("person", "")),
                stage=str(body.get("stage", "")),
                step=str(body.get("step", "")),
            )


def _asked(state: CaseState, pathway: Pathway, until: datetime) -> Iterator[Asked]:
    """Each gate once a question, in the order they were first asked, as its last round left it."""
    last: dict[tuple[str, RoundKind], tuple[datetime, Round]] = {}
    for round_ in state.rounds:
        if round_.asked_at <= until:
            key = (round_.gate, round_.kind)
            first = last[key][0] if key in last else round_.asked_at
            last[key] = (first, round_)
    for (gate, _), (first, round_) in last.items():
        answered = (
            round_.state not in _UNANSWERED
            and round_.closed_at is not None
            and round_.closed_at <= until
        )
        yield Asked(
            gate=gate,
            title=_title(pathway, gate),
            roles=round_.asked,
            at=first,
            answer=round_.state.value if answered else "",
            by=tuple(vote.person for vote in round_.votes) if answered else (),
        )


def _ahead(state: CaseState, pathway: Pathway, stage: str, until: datetime) -> Iterator[str]:
    """Gates that any way on from the stage may ask, and that have not been asked."""
    asked = {round_.gate for round_ in state.rounds if round_.asked_at <= until}
    plans = {plan.name: plan for plan in pathway.stages}
    reached: dict[str, None] = {stage: None} if stage in plans else {}
    for name in reached.copy():
        _reach(plans, name, reached)
    severity = state.severity.current
    for plan in pathway.stages:
        gate = plan.kind is StageKind.GATE and plan.comes_at(severity)
        if plan.name in reached and gate and plan.name not in asked:
            yield _title(pathway, plan.name)


def _reach(plans: dict[str, StagePlan], name: str, reached: dict[str, None]) -> None:
    for step in plans[name].next.values():
        if step.then is not None and step.then not in reached:
            reached[step.then] = None
            _reach(plans, step.then, reached)


def _acted(state: CaseState, entries: Sequence[Entry]) -> Iterator[Acted]:
    by_time = {
        (entry.at, str(entry.body.get("step", "")).rpartition(":")[2])
        for entry in entries
        if entry.kind is Kind.CLOCK_REACHED
    }
    ordered = {
        entry.body.get("key"): entry.at for entry in entries if entry.kind is Kind.EFFECT_INTENDED
    }
    for entry in entries:
        if entry.kind is not Kind.EFFECT_SHADOWED:
            continue
        key, name = str(entry.body["key"]), str(entry.body["effect"])
        record = state.effect(key)
        yield Acted(
            at=entry.at,
            name=name,
            title=record.title if record is not None else name,
            by=record.by if record is not None else "",
            owner=record.owner if record is not None else "",
            unattended=(ordered.get(key, entry.at), name) in by_time,
        )


def _went(entries: Iterable[Entry]) -> Iterator[Went]:
    for entry in entries:
        body = entry.body
        if entry.kind is Kind.SILENCE_TAKEN:
            yield Went(at=entry.at, stage=str(body["gate"]), outcome=str(body["outcome"]))
        elif (
            entry.kind is Kind.STAGE_COMPLETED and body.get("by") == SYSTEM and "effect" not in body
        ):
            yield Went(at=entry.at, stage=str(body["stage"]), outcome=str(body["outcome"]))


def _clocks(state: CaseState, until: datetime) -> list[Clocked]:
    """The law's first, then the case's, then the stages'; of each the worst first."""
    found = [read for clock in state.clocks if (read := _clock(clock, until)) is not None]
    return sorted(
        found,
        key=lambda it: (it.of_stage, not it.statutory, it.met, it.left, it.id),
    )


def _clock(clock: ClockRun, until: datetime) -> Clocked | None:
    # Just before: what ends in that very moment ends because the case does.
    last = until - _MOMENT
    reading = clock.reading(last)
    stopped = reading.stopped_at
    cancelled = any(event.verb is ClockVerb.CANCEL and event.at <= last for event in clock.events)
    if clock.hold or cancelled or reading.started_at is None:
        return None
    due = clock.due_at(last if stopped is None else stopped - _MOMENT)
    if due is None:
        # It stands still, as the law says it may.
        return None
    of_stage = clock.stage is not None
    # A stage's own target ends with the stage. What the runbook would have done in time says
    # nothing of today's process: a clock of the case is held against its end.
    seen = stopped if of_stage and stopped is not None else until
    return Clocked(
        id=clock.id,
        title=clock.title,
        statutory=clock.statutory,
        of_stage=of_stage,
        due=due,
        met=stopped is not None and stopped <= due,
        missed=seen > due,
        left=due - seen,
        source=clock.source,
    )

"""When the clocks of a case begin, and what ends them: events, decided instants, triggers.

A clock counts from the opening, from receipt or awareness, from an effect that was performed, or
from an instant that a person has answered: materiality decided, a vulnerability fixed. That answer
is a signed act, so who decided the instant is on record. An answer may be corrected: an earlier
instant counts, a later one gives no time back. Where the runbook says what its answers mean to the
law, the clock of a row runs only while the row holds for them, by the law of the day of its event.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from cases.clock import ClockRun, ClockVerb
from cases.clocks import running, start_clock, turn
from cases.file import CaseFile
from cases.journal import Kind
from cases.lawful import Law
from runbooks.plan import ClockPlan, ClockStart
from runbooks.statutes.span import Due

START_QUESTIONS = {ClockStart.RECEIPT: "received-at", ClockStart.AWARENESS: "aware-at"}
"""Questions whose answer says when a clock's event really happened: an audited act (I12)."""

NO_LONGER = "the answers no longer bring it about"
STATED = "due-at answered"
"""Why a clock was set anew: an order names its own instant."""


def follow(file: CaseFile, *, changed: Iterable[str], at: datetime) -> None:
    """Every clock runs that the answers bring about, from when they say, and no other one.

    `changed` are the questions that have new answers.
    """
    new, law = frozenset(changed), Law(file)
    for plan in file.pathway.clocks:
        if plan.starts_after is None or plan.trigger is not None:
            _follow(file, plan, law, at=at)
        if plan.due_at is not None:
            _due(file, plan, at=at, anew=plan.due_at in new)


def begin_at_severity(file: CaseFile, *, at: datetime) -> None:
    """Clocks for cases as grave as this one has become run from now on.

    Nobody knew before; and once one runs, no other severity stops it (I12). One of the law waits
    until the law asks for it as well.
    """
    law = Law(file)
    for plan in file.pathway.clocks:
        if not plan.only_at or not _begins(file, plan) or file.state.clock(plan.id) is not None:
            continue
        reasons = law.reasons_for(plan, on=at)
        if reasons is not None:
            start_clock(file, plan, begun=at, at=at, said={"law": [*reasons] or None})


def happened(file: CaseFile, event: str, *, at: datetime) -> None:
    """Clocks that stop at `event` stop; those that begin after it begin.

    Events are `effect:<name>`, `<outcome>:<stage>`, `stage:<name>` and `closed`.
    """
    law = Law(file)
    for plan in file.pathway.clocks:
        clock = file.state.clock(plan.id)
        if clock is not None and event in plan.stops and not clock.ended:
            turn(file, clock, ClockVerb.STOP, at=at, because=event)
        if plan.starts_after is None or event != f"effect:{plan.starts_after}":
            continue
        if plan.trigger is not None:
            file.state.happened.setdefault(event, at)
            _follow(file, plan, law, at=at)
        elif clock is None:
            start_clock(file, plan, begun=at, at=at)


def begin_after_effects(file: CaseFile, plans: Iterable[ClockPlan], *, at: datetime) -> None:
    """Clocks that have come with new rules run from the effect they count from, if it was done."""
    done = {effect.name: effect for effect in file.state.effects if effect.performed}
    law = Law(file)
    for plan in plans:
        effect = done.get(plan.starts_after or "")
        if effect is None:
            continue
        begun = effect.settled_at or effect.at
        if plan.trigger is not None:
            file.state.happened.setdefault(f"effect:{effect.name}", begun)
            _follow(file, plan, law, at=at)
        elif file.state.clock(plan.id) is None:
            start_clock(file, plan, begun=begun, at=at)
            _stop_at_once(file, plan, at=at)


def starts_clock(file: CaseFile, question: str) -> bool:
    """Whether a clock counts from the instant that the question asks for."""
    return any(plan.starts_at == question for plan in file.pathway.clocks)


def duties(file: CaseFile) -> Iterator[str]:
    """The clocks of the law that still wait for what fulfils them."""
    for plan in file.pathway.clocks:
        clock = file.state.clock(plan.id)
        fulfilled = any(stop != "closed" for stop in plan.stops)
        if plan.statutory and fulfilled and clock is not None and not clock.ended:
            yield plan.id


def is_due(file: CaseFile, effect: str) -> bool:
    """Whether a clock runs in this case that the effect stops."""
    event = f"effect:{effect}"
    return any(
        event in plan.stops and (clock := file.state.clock(plan.id)) is not None and not clock.ended
        for plan in file.pathway.clocks
    )


def _begins(file: CaseFile, plan: ClockPlan) -> bool:
    return not plan.only_at or file.state.severity.current in plan.only_at


def _since_severity(file: CaseFile, plan: ClockPlan, *, at: datetime) -> datetime | None:
    """Since when the clock runs, if severity began it: no answer moves that."""
    clock = file.state.clock(plan.id)
    if not plan.only_at or clock is None:
        return None
    started = clock.reading(at).started_at
    return started if started is not None and started > file.state.opened_at else None


def _follow(file: CaseFile, plan: ClockPlan, law: Law, *, at: datetime) -> None:
    clock = file.state.clock(plan.id)
    if clock is None and not _begins(file, plan):
        return
    begun, question = _begun(file, plan)
    since = _since_severity(file, plan, at=at)
    if since is not None:
        begun, question = since, ""
    reasons = law.reasons_for(plan, on=min(begun or at, at))
    if reasons is None:
        if clock is not None and not clock.ended:
            turn(file, clock, ClockVerb.CANCEL, at=at, because=NO_LONGER)
        return
    if begun is None:
        return
    because = f"{question} answered" if question else ""
    by = file.state.answers[question].by if question else None
    if clock is None or _lifted(clock):
        # An instant that has yet to come is taken for now: no answer may put a clock off.
        start_clock(
            file,
            plan,
            begun=min(begun, at),
            at=at,
            because=because,
            said={"by": by, "law": [*reasons] or None},
        )
        _stop_at_once(file, plan, at=at)
        return
    started = clock.reading(at).started_at
    if started is not None and begun < started:
        _earlier(file, clock, begun=begun, at=at, because=because, by=by)


def _lifted(clock: ClockRun) -> bool:
    """Whether answers ended it; other answers can bring it about again, from its event on."""
    return any(event.because == NO_LONGER for event in clock.events)


def _earlier(
    file: CaseFile, clock: ClockRun, *, begun: datetime, at: datetime, because: str, by: str | None
) -> None:
    """The clock counts from the earlier instant.

    One that had stopped in time, and by the earlier beginning did not, is breached on record.
    """
    turn(file, clock, ClockVerb.START, at=at, begun=begun, because=because, said={"by": by})
    reading = clock.reading(at)
    target = clock.target(at)
    late = reading.ended and reading.elapsed > target and not clock.hold
    if late and clock.breached_at is None:
        clock.breached_at = begun + target
        file.note(Kind.CLOCK_BREACHED, at, clock=clock.id, due=clock.breached_at.isoformat())


def _begun(file: CaseFile, plan: ClockPlan) -> tuple[datetime | None, str]:
    """The instant of the clock's event, and the question that says it, where an answer does.

    Receipt and awareness come from the report, and may lie before our door had it; without one,
    the door's instant is the conservative answer, and only an earlier one moves it.
    """
    state = file.state
    if plan.starts_after is not None:
        return state.happened.get(f"effect:{plan.starts_after}"), ""
    if plan.starts_at is not None:
        return _answered(file, plan.starts_at), plan.starts_at
    if plan.starts is ClockStart.OPENED:
        return state.opened_at, ""
    reported = state.report.receipt_at or state.report.received_at
    question = START_QUESTIONS[plan.starts]
    answered = _answered(file, question)
    if answered is not None and answered < reported:
        return answered, question
    return reported, ""


def _answered(file: CaseFile, question: str) -> datetime | None:
    answer = file.state.answers.get(question)
    return instant_of(answer.value) if answer is not None else None


def instant_of(text: str) -> datetime | None:
    """The instant that was written, None when it names none or no offset."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.utcoffset() is not None else None


def _due(file: CaseFile, plan: ClockPlan, *, at: datetime, anew: bool) -> None:
    """The order's own instant is the deadline; what the clock calls for happens by that one.

    An order that was due before we had it is due as it comes: where the clock turns out to have
    begun earlier, it was due earlier too.
    """
    clock = running(file, plan.id, at=at)
    due = _answered(file, plan.due_at or "")
    if clock is None or due is None:
        return
    reading = clock.reading(at)
    if reading.started_at is None or reading.counted_from is None:
        return
    stated = max(due, reading.started_at)
    if not anew and reading.due is not None and stated >= reading.due:
        return
    turn(
        file,
        clock,
        ClockVerb.RESET,
        at=at,
        # From where it counts, not from its start: that may have been corrected to an earlier
        # instant, and an event there would come before the due instant that this one replaces.
        begun=reading.counted_from,
        because=STATED,
        due=Due(conservative_due=stated, legal_latest=stated),
    )


def _decided_since(file: CaseFile, plan: ClockPlan, *, at: datetime) -> set[str]:
    """Decisions taken since the clock's event; one that was taken before knew nothing of it."""
    clock = file.state.clock(plan.id)
    begun = clock.reading(at).started_at if clock is not None else None
    return {
        f"{visit.outcome}:{visit.stage}"
        for visit in file.state.visits
        if visit.left_at is not None and begun is not None and visit.left_at >= begun
    }


def _stop_at_once(file: CaseFile, plan: ClockPlan, *, at: datetime) -> None:
    """What came before the law asked for it came in time: nothing is left to count."""
    state = file.state
    done = {f"effect:{effect.name}" for effect in state.effects if effect.performed}
    left = {f"stage:{visit.stage}" for visit in state.visits if visit.left_at is not None}
    clock = state.clock(plan.id)
    decided = _decided_since(file, plan, at=at)
    happened_already = next((stop for stop in plan.stops if stop in done | left | decided), None)
    if clock is not None and happened_already is not None:
        turn(file, clock, ClockVerb.STOP, at=at, because=happened_already)

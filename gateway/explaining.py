"""Why a case is where it is, what it waits for, what comes next, and what keeps it from going on.

Everything but the engine's part comes from the store, so it also answers while all else is down.
"""

from datetime import datetime, timedelta

from cases.journal import Kind, Stream
from cases.permissions import Waiting
from cases.values import Instant, Value
from gateway.casework import OpenCase
from gateway.confirming import silence_of
from gateway.doors import Doors
from gateway.engine_look import EngineLook, LooksIn
from gateway.errors import EngineUnavailableError
from gateway.phrases import details, title
from gateway.sight import seen_entries
from gateway.times import Show, span
from store import CaseRow, DeliveryState

_TURNS = frozenset(
    {
        Kind.CASE_OPENED, Kind.STAGE_ENTERED, Kind.STAGE_LEFT, Kind.ROUND_OPENED,
        Kind.ROUND_CLOSED, Kind.ROUND_SUPERSEDED, Kind.SILENCE_TAKEN, Kind.SEVERITY_SET,
        Kind.CLOCK_BREACHED, Kind.HELD, Kind.RESUMED, Kind.CASE_CLOSED, Kind.CASE_CANCELLED,
    }
)  # fmt: skip
_LAST = 6
_NEXT = 8
_WORKER = "worker"
_SILENT = timedelta(seconds=45)


class Turn(Value):
    """Something that brought the case where it is."""

    at: Instant
    sequence: int
    what: str
    details: str


class Coming(Value):
    """Something that will happen by itself."""

    at: Instant
    clock: str
    step: str


class Trouble(Value):
    """Something that keeps the case from going on, and the command that mends it."""

    what: str
    mend: str


class Explanation(Value):
    """The answer to "why?"."""

    number: str
    status: str
    next_step: str
    because: tuple[Turn, ...] = ()
    waits_for: tuple[Waiting, ...] = ()
    coming: tuple[Coming, ...] = ()
    silence: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    engine: EngineLook | None = None
    engine_silent: str = ""
    """Why the engine could not be asked."""


async def explain(doors: Doors, case: OpenCase, *, show: Show) -> Explanation:
    """The whole answer for a case that runs or has run."""
    entries = await doors.store.journal.entries(case.row.id, stream=Stream.CASE)
    turns = [each for each in seen_entries(entries, case.hidden) if each[0].kind in _TURNS]
    look, silent = await _looked(doors, case.row, open_=not case.state.closed)
    return Explanation(
        number=case.row.number,
        status=case.state.status,
        next_step=case.next_step(),
        because=tuple(
            Turn(
                at=entry.at,
                sequence=entry.sequence,
                what=title(entry.kind),
                details=details(body),
            )
            for entry, body in turns[-_LAST:]
        ),
        waits_for=tuple(case.waiting()),
        coming=tuple(_coming(case)),
        silence=tuple(
            silence_of(case, round_, rule, show)
            for round_ in case.state.rounds
            if case.state.open_round(round_.gate) is round_
            and (rule := case.rule(round_.gate)) is not None
        ),
        troubles=(*_owed(case), *await _stuck(doors, case.row), *_engine(look)),
        engine=look,
        engine_silent=silent,
    )


async def explain_unopened(doors: Doors, row: CaseRow) -> Explanation:
    """The answer for a case that is recorded and has not begun."""
    look, silent = await _looked(doors, row, open_=True)
    return Explanation(
        number=row.number,
        status="not begun",
        next_step="The report is recorded; the case begins when it has been handed to the engine.",
        troubles=(*await _stuck(doors, row), *_engine(look)),
        engine=look,
        engine_silent=silent,
    )


def _coming(case: OpenCase) -> list[Coming]:
    if case.state.closed:
        return []
    steps = [
        Coming(at=at, clock=clock.title, step=label)
        for clock in case.state.clocks
        for at, label, _ in clock.steps(case.now)
    ]
    return sorted(steps, key=lambda each: each.at)[:_NEXT]


def _owed(case: OpenCase) -> list[Trouble]:
    number = case.row.number
    found = [
        Trouble(
            what=f"{effect.title} is {effect.state}{f': {effect.detail}' if effect.detail else ''}",
            mend=f"escalate case receipt {number} {effect.name} done|retry|skip",
        )
        for effect in case.state.effects
        if effect.state in ("failed", "manual")
    ]
    if case.state.notices_failed:
        found.append(
            Trouble(
                what=f"{case.state.notices_failed} notices reached nobody",
                mend="escalate doctor --live checks the ways to reach people",
            )
        )
    return found


async def _stuck(doors: Doors, row: CaseRow) -> list[Trouble]:
    found: list[Trouble] = []
    now = await doors.clock.now()
    for act in await doors.store.acts.pending(row.id):
        why = f", last error: {act.last_error}" if act.last_error else ""
        found.append(
            Trouble(
                what=f"{act.verb} by {act.person} is recorded and not applied since "
                f"{span(now - act.signed_at)}{why}",
                mend=f"escalate deliveries redeliver {act.id}",
            )
        )
    for delivery in await doors.store.deliveries.list(case=row.id):
        if delivery.state in (DeliveryState.PENDING, DeliveryState.DEAD):
            why = f", last error: {delivery.last_error}" if delivery.last_error else ""
            found.append(
                Trouble(
                    what=f"a report is {delivery.state}, tried {delivery.attempts} times{why}",
                    mend=f"escalate deliveries redeliver {delivery.key}",
                )
            )
    if not await _worker_heard(doors, now):
        found.append(Trouble(what="no worker has been heard of", mend="escalate worker"))
    return found


async def _worker_heard(doors: Doors, now: datetime) -> bool:
    beats = await doors.store.health.beats(_WORKER)
    return any(beat.at > now - _SILENT for beat in beats)


def _engine(look: EngineLook | None) -> list[Trouble]:
    if look is None:
        return []
    found: list[Trouble] = []
    if not look.pollers:
        found.append(Trouble(what="no worker polls for cases", mend="escalate worker"))
    if look.failing_task_attempts:
        found.append(
            Trouble(
                what=f"the case's own code fails, attempt {look.failing_task_attempts}",
                mend="look at the worker's log; the release that began the case can go on with it",
            )
        )
    found.extend(
        Trouble(
            what=f"{call.activity} is in attempt {call.attempt}, last error: {call.last_error}",
            mend="escalate doctor --live",
        )
        for call in look.calls
        if call.last_error
    )
    return found


async def _looked(doors: Doors, row: CaseRow, *, open_: bool) -> tuple[EngineLook | None, str]:
    if not open_ or not isinstance(doors.engine, LooksIn):
        return None, ""
    try:
        return await doors.engine.look(row.id), ""
    except EngineUnavailableError as error:
        return None, str(error)


def lines_of(explanation: Explanation, *, show: Show) -> list[str]:
    """The answer as plain lines, in the reader's own time."""
    lines = [f"Case {explanation.number} is {explanation.status}. {explanation.next_step}"]
    parts: list[tuple[str, list[str]]] = [
        (
            "Why it is here",
            [
                f"{show.text(turn.at)}  {turn.what} · {turn.details} (entry {turn.sequence})"
                for turn in explanation.because
            ],
        ),
        (
            "What it waits for",
            [
                f"{item.person or item.role}: {item.what}"
                + (f", due {show.text(item.due_at)}" if item.due_at is not None else "")
                for item in explanation.waits_for
            ],
        ),
        (
            "What happens next by itself",
            [f"{show.text(each.at)}  {each.clock}: {each.step}" for each in explanation.coming],
        ),
        ("If nobody answers", list(explanation.silence)),
        (
            "What keeps it",
            [f"{trouble.what} → {trouble.mend}" for trouble in explanation.troubles],
        ),
    ]
    for heading, content in parts:
        if content:
            lines += ["", heading, *(f"  {line}" for line in content)]
    return lines

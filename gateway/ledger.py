"""The delivery ledger as people read it: what came in, what went out, and what can be sent again.

Five kinds of rows, one shape: requests at the doors, the reports and acts they brought, calls and
events that went out. None has a word of what was said (I13).
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from pydantic import JsonValue

from cases.journal import Kind
from cases.values import Instant, Value
from gateway.arriving import ArrivalOutcome
from gateway.doors import Doors
from gateway.errors import CaseGoneError, EngineRefusedError, EngineUnavailableError
from gateway.ledger_words import mend_of
from integrations.ports.ledger import CallOutcome
from store import (
    ActRow,
    ActState,
    ArrivalFilter,
    ArrivalRow,
    CallFilter,
    CallRow,
    DeliveryRow,
    DeliveryState,
    EventFilter,
    EventRow,
    EventState,
    UnknownRow,
)

_MOST = 200

Word = TypeVar("Word", bound=StrEnum)


class What(StrEnum):
    """What a line of the ledger is."""

    REPORT = "report"
    ACT = "act"
    ARRIVAL = "arrival"
    CALL = "call"
    EVENT = "event"


class Direction(StrEnum):
    """Which way it went."""

    IN = "in"
    OUT = "out"


DIRECTIONS = {
    What.REPORT: Direction.IN,
    What.ACT: Direction.IN,
    What.ARRIVAL: Direction.IN,
    What.CALL: Direction.OUT,
    What.EVENT: Direction.OUT,
}


class Asked(Value):
    """Which lines are wanted; `state` and `outcome` are the same word for in and out."""

    case: str | None = None
    """The case's id."""
    direction: Direction | None = None
    vendor: str | None = None
    """The source of a report, the door it came to, the vendor of a call, a subscription's name."""
    outcome: str | None = None
    since: Instant | None = None


class Line(Value):
    """One delivery."""

    key: str
    what: What
    direction: Direction
    number: str | None
    vendor: str
    title: str
    outcome: str
    status: int | None = None
    at: Instant
    seconds: float | None = None
    attempts: int
    error: str = ""
    mend: str = ""
    again: bool
    """Whether asking for it again can do anything."""
    detail: dict[str, JsonValue] = {}


class Again(Value):
    """What came of asking for a delivery again."""

    key: str
    redelivered: bool
    says: str
    mend: str = ""


class LedgerReading:
    """Reads the five tables as one."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._numbers: dict[str, str] = {}

    async def lines(self, asked: Asked, *, limit: int = _MOST) -> list[Line]:
        """What is wanted, the latest first."""
        found: list[Line] = []
        if asked.direction is not Direction.OUT:
            found += await self._reports(asked, limit)
            found += await self._acts(asked, limit)
            found += await self._arrivals(asked, limit)
        if asked.direction is not Direction.IN:
            found += await self._calls(asked, limit)
            found += await self._events(asked, limit)
        return sorted(found, key=lambda line: line.at, reverse=True)[:limit]

    async def line(self, key: str) -> Line:
        """One delivery; UnknownRow if there is none."""
        store = self._doors.store
        try:
            report = await store.deliveries.show(key)
            line = await self._report(report)
            size = {"bytes": len(report.body)}
            return line.model_copy(update={"detail": {**line.detail, **size}})
        except UnknownRow:
            pass
        try:
            return await self._act(await store.acts.show(key))
        except UnknownRow:
            pass
        try:
            return await self._arrival(await store.arrivals.show(key))
        except UnknownRow:
            pass
        try:
            return await self._event(await store.events.show(key))
        except UnknownRow:
            return await self._call(await store.calls.show(key))

    async def again(self, key: str, *, by: str) -> Again:
        """It is tried at once under the same key, where that does any good; on record who asked."""
        line = await self.line(key)
        doors, at = self._doors, await self._doors.clock.now()
        match line.what:
            case What.REPORT:
                done = await doors.store.deliveries.redeliver(key, at=at)
                doors.deliveries_due.set()
            case What.ACT:
                done = await doors.store.acts.redeliver(key, at=at)
                doors.acts_due.set()
            case What.EVENT:
                done = await doors.store.events.redeliver(key, at=at)
                doors.events_due.set()
            case What.ARRIVAL:
                return Again(
                    key=key,
                    redelivered=False,
                    says="It was answered: what it brought is redelivered as the report or act it "
                    "became, and what was refused its sender has to send again.",
                    mend="escalate deliveries list --direction in",
                )
            case What.CALL:
                return await self._hurry(await doors.store.calls.show(key), by=by, at=at)
        if not done:
            return Again(
                key=key, redelivered=False, says="It was done before: nothing is sent again."
            )
        await self._recorded(line, by=by, at=at)
        return Again(key=key, redelivered=True, says="It is being tried again, under the same key.")

    async def _hurry(self, call: CallRow, *, by: str, at: datetime) -> Again:
        """The call's step is tried now if it still waits for its next try; else nothing is sent.

        What a step came to is in the case's journal. Repeating it from here would be an act that
        nobody signed (I4), so a person does that in the case.
        """
        if not call.workflow:
            return await self._of_ours(call, by=by)
        hurried = False
        if call.outcome != CallOutcome.ANSWERED:
            try:
                hurried = await self._doors.engine.hurry(
                    call.workflow, run=call.run, activity=call.activity
                )
            except (CaseGoneError, EngineRefusedError):
                hurried = False
            except EngineUnavailableError:
                return Again(
                    key=call.id,
                    redelivered=False,
                    says="The engine cannot be reached, so nothing can be hurried.",
                    mend="escalate doctor --live",
                )
        if hurried:
            await self._recorded(await self._call(call), by=by, at=at)
            return Again(
                key=call.id,
                redelivered=True,
                says="Its next try is made now, under the same key.",
            )
        number = await self._number(call.case)
        return Again(
            key=call.id,
            redelivered=False,
            says="It is not being tried any more: its case has an outcome for it.",
            mend=f"escalate case show {number}: a failed action is retried there, on record",
        )

    async def _of_ours(self, call: CallRow, *, by: str) -> Again:
        """An event is sent again; pages and cards are looked at now, and told what still holds."""
        try:
            await self._doors.store.events.show(call.key)
        except UnknownRow:
            self._doors.pages_due.set()
            self._doors.chat_due.set()
            return Again(
                key=call.id,
                redelivered=False,
                says="The gateway tries it by itself while it is needed, and looks at it now.",
            )
        return await self.again(call.key, by=by)

    async def _recorded(self, line: Line, *, by: str, at: datetime) -> None:
        row = None
        if line.number is not None:
            row = await self._doors.store.cases.by_number(line.number)
        if row is not None:
            await self._doors.store.journal.append_door(
                row.id, Kind.DOOR_SENT_AGAIN, at=at, delivery=line.key, what=line.what.value, by=by
            )

    async def _reports(self, asked: Asked, limit: int) -> Sequence[Line]:
        state = _as(DeliveryState, asked.outcome)
        if asked.outcome is not None and state is None:
            return []
        rows = await self._doors.store.deliveries.list(state=state, case=asked.case, limit=limit)
        return [
            await self._report(row)
            for row in rows
            if _since(row.received_at, asked) and asked.vendor in (None, row.source)
        ]

    async def _acts(self, asked: Asked, limit: int) -> Sequence[Line]:
        state = _as(ActState, asked.outcome)
        if asked.vendor is not None or (asked.outcome is not None and state is None):
            return []
        rows = await self._doors.store.acts.list(state=state, case=asked.case, limit=limit)
        return [await self._act(row) for row in rows if _since(row.signed_at, asked)]

    async def _arrivals(self, asked: Asked, limit: int) -> Sequence[Line]:
        if asked.outcome is not None and _as(ArrivalOutcome, asked.outcome) is None:
            return []
        wanted = ArrivalFilter(
            case=asked.case, door=asked.vendor, outcome=asked.outcome, since=asked.since
        )
        rows = await self._doors.store.arrivals.list(wanted, limit=limit)
        return [await self._arrival(row) for row in rows]

    async def _calls(self, asked: Asked, limit: int) -> Sequence[Line]:
        if asked.outcome is not None and _as(CallOutcome, asked.outcome) is None:
            return []
        wanted = CallFilter(
            case=asked.case, vendor=asked.vendor, outcome=asked.outcome, since=asked.since
        )
        return [
            await self._call(row) for row in await self._doors.store.calls.list(wanted, limit=limit)
        ]

    async def _events(self, asked: Asked, limit: int) -> Sequence[Line]:
        state = _as(EventState, asked.outcome)
        if asked.outcome is not None and state is None:
            return []
        wanted = EventFilter(
            case=asked.case, subscription=asked.vendor, state=state, since=asked.since
        )
        return [
            await self._event(row)
            for row in await self._doors.store.events.list(wanted, limit=limit)
        ]

    async def _report(self, row: DeliveryRow) -> Line:
        open_ = row.state in (DeliveryState.PENDING, DeliveryState.DEAD)
        return await self._made(
            What.REPORT,
            key=row.key,
            case=row.case,
            vendor=row.source,
            title=f"report by {row.source}",
            outcome=row.state.value,
            at=row.received_at,
            attempts=row.attempts,
            error=row.last_error,
            mend=mend_of(row.state.value, row.last_error),
            again=open_,
            detail={"settled_at": _text(row.settled_at), "next_try": _text(row.next_attempt_at)},
        )

    async def _act(self, row: ActRow) -> Line:
        open_ = row.state in (ActState.PENDING, ActState.DEAD)
        return await self._made(
            What.ACT,
            key=row.id,
            case=row.case,
            vendor="",
            title=f"{row.verb} by {row.person}",
            outcome=row.state.value,
            at=row.signed_at,
            attempts=row.attempts,
            error=row.last_error,
            mend=mend_of(row.state.value, row.last_error),
            again=open_,
            detail={"settled_at": _text(row.settled_at), "next_try": _text(row.next_attempt_at)},
        )

    async def _arrival(self, row: ArrivalRow) -> Line:
        said = row.answer.get("error") or row.answer.get("ignored") or ""
        return await self._made(
            What.ARRIVAL,
            key=row.id,
            case=row.case,
            vendor=row.door,
            title=f"request at {row.door}",
            outcome=row.outcome,
            status=row.status,
            at=row.came_at,
            seconds=row.seconds,
            attempts=1,
            error=str(said),
            again=False,
            detail={"request": row.request, "answer": row.answer, "refused_alike": row.alike},
        )

    async def _event(self, row: EventRow) -> Line:
        return await self._made(
            What.EVENT,
            key=row.key,
            case=row.case,
            vendor=row.subscription,
            title=row.kind,
            outcome=row.state.value,
            status=int(row.answer) if row.answer else None,
            at=row.at,
            attempts=row.attempts,
            error=row.last_error,
            mend=mend_of(row.state.value, row.last_error),
            again=True,
            detail={
                "stream": row.stream,
                "sequence": row.sequence,
                "settled_at": _text(row.settled_at),
                "next_try": None if row.settled_at else _text(row.next_attempt_at),
            },
        )

    async def _call(self, row: CallRow) -> Line:
        return await self._made(
            What.CALL,
            key=row.id,
            case=row.case,
            vendor=row.vendor,
            title=row.operation,
            outcome=row.outcome,
            status=row.status,
            at=row.began_at,
            seconds=row.seconds,
            attempts=row.attempt,
            error=row.error,
            mend=row.mend,
            again=row.outcome != CallOutcome.ANSWERED,
            detail={
                "for": row.key,
                "method": row.method,
                "url": row.url,
                "request": row.request,
                "answer": row.answer,
            },
        )

    async def _made(self, what: What, *, case: str | None, **fields: object) -> Line:
        return Line.model_validate(
            {
                "what": what,
                "direction": DIRECTIONS[what],
                "number": await self._number(case),
                **fields,
            }
        )

    async def _number(self, case: str | None) -> str | None:
        if case is None:
            return None
        if case not in self._numbers:
            self._numbers[case] = (await self._doors.store.cases.get(case)).number
        return self._numbers[case]


def _as(states: type[Word], word: str | None) -> Word | None:
    return states(word) if word in set(states) else None


def _since(at: datetime, asked: Asked) -> bool:
    return asked.since is None or at >= asked.since


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()

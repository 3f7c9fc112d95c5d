"""What the outside world answered a case, by what it was asked, and what came in between.

An answer that took its time is followed by what it made possible, and what was done meanwhile was
done without it: played again, both keep their order.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel
from temporalio.api.history.v1 import HistoryEvent

from audit.histories import CaseHistory, Run
from audit.kinds import EVENT
from audit.payloads import only, read
from cases.cancelling import CancelAnswer
from cases.envelope import Act, ActEnvelope
from cases.merging import BackAnswer, MergeAnswer
from cases.notice import NoticeEnd, NoticeOrder, NoticeResult
from cases.receipts import Reason
from cases.records import Pinned
from workers.backtest.by_itself import Happening
from workers.backtest.naming import unkeyed
from workflows import effects
from workflows.effects import (
    CancelOrder,
    ChildrenOrder,
    DecidersOrder,
    Effect,
    EffectOrder,
    EffectResult,
    EffectState,
    GiveBackOrder,
    Linked,
    LinkOrder,
    MergeOrder,
    SplitOrder,
    TicketResult,
)
from workflows.messages import ACT_SIGNAL, ACT_UPDATE

_ENDED = (
    EVENT.ACTIVITY_TASK_COMPLETED,
    EVENT.ACTIVITY_TASK_FAILED,
    EVENT.ACTIVITY_TASK_TIMED_OUT,
    EVENT.ACTIVITY_TASK_CANCELED,
)
FAILED = "failed"

WITHOUT: Mapping[str, Callable[[Any], BaseModel]] = {
    effects.NOTIFY.name: lambda _: NoticeResult(end=NoticeEnd.UNDELIVERED),
    effects.PERFORM.name: lambda _: EffectResult(state=EffectState.FAILED, detail=FAILED),
    effects.SYNC_TICKET.name: lambda _: TicketResult(failed=FAILED),
    effects.OPEN_LINKED.name: lambda _: Linked(failed=FAILED),
    effects.SPLIT_OFF.name: lambda _: Linked(failed=FAILED),
    effects.LOOK_UP_DECIDERS.name: lambda order: Pinned(number=order.number, failed=FAILED),
    effects.MERGE_AWAY.name: lambda _: MergeAnswer(
        accepted=False, reason=Reason.NO_SUCH_CASE, detail=FAILED
    ),
    effects.CANCEL_ALONG.name: lambda _: CancelAnswer(
        accepted=False, reason=Reason.NO_SUCH_CASE, detail=FAILED
    ),
    effects.GIVE_BACK.name: lambda _: BackAnswer(became=FAILED),
}
"""What it is for the case that something failed for good."""

_KNOWN: Mapping[str, Effect[Any, Any]] = {
    each.name: each
    for each in (
        effects.ASSESS,
        effects.NOTIFY,
        effects.PERFORM,
        effects.SYNC_TICKET,
        effects.OPEN_LINKED,
        effects.SPLIT_OFF,
        effects.LOOK_UP_DECIDERS,
        effects.LOOK_AT_CHILDREN,
        effects.MERGE_AWAY,
        effects.CANCEL_ALONG,
        effects.GIVE_BACK,
    )
}


@dataclass(frozen=True)
class Answered:
    """One answer of the outside world."""

    result: BaseModel | None
    """None where the case stopped waiting for it."""
    took: timedelta = timedelta(0)
    acts: frozenset[str] = frozenset()
    """The acts that took effect between the question and the answer."""
    steps: tuple[str, ...] = ()
    """What the case did by itself in that time."""


Answers = Mapping[tuple[str, str], Sequence[Answered]]
"""By effect and meaning, in the order they were asked for."""


def answers_of(
    history: CaseHistory, *, happenings: Sequence[Happening] = (), opened: datetime
) -> Answers:
    """The answers that the history holds; what failed for good is an answer too."""
    found: dict[tuple[str, str], list[Answered]] = {}
    for run in history.runs:
        turns = _Turns(run)
        acts = list(_acts(run, turns))
        for asked in _asked(run):
            about = meaning(asked.order)
            begun, ended = turns.written(asked.event), turns.read(asked.ended)
            since = turns.at(begun), turns.at(ended)
            found.setdefault((asked.name, about), []).append(
                Answered(
                    result=asked.result,
                    took=asked.took,
                    acts=frozenset(act for act, turn in acts if begun < turn <= ended),
                    steps=tuple(
                        each.what
                        for each in happenings
                        if since[0] is not None
                        and since[1] is not None
                        and since[0] < opened + each.at <= since[1]
                    ),
                )
            )
    return found


def meaning(order: BaseModel) -> str:
    """What an order is about, whatever the case and its keys are called.

    A ticket has one note after the other, and the severity table one judgement.
    """
    about = _ABOUT.get(type(order))
    return "|".join(about(order)) if about is not None else ""


def _notice(order: NoticeOrder) -> tuple[str, ...]:
    round_ = str(order.round or 0)
    return order.purpose.value, order.role, order.stage or "", round_, unkeyed(order.step)


def _action(order: EffectOrder) -> tuple[str, ...]:
    step = str(order.part.step) if order.part is not None else ""
    return order.name, order.compensates or "", step


_ABOUT: Mapping[type[BaseModel], Callable[[Any], tuple[str, ...]]] = {
    NoticeOrder: _notice,
    EffectOrder: _action,
    LinkOrder: lambda order: (order.runbook or "", order.attach_to or ""),
    SplitOrder: lambda order: (order.delivery,),
    DecidersOrder: lambda order: (order.question, order.number),
    ChildrenOrder: lambda order: order.sub_cases,
    MergeOrder: lambda order: (order.loser,),
    CancelOrder: lambda order: (order.sub_case,),
    GiveBackOrder: lambda order: (order.winner,),
}


@dataclass(frozen=True)
class _Asked:
    name: str
    order: BaseModel
    result: BaseModel | None
    event: int
    ended: int
    took: timedelta


def _asked(run: Run) -> Iterator[_Asked]:
    """Everything that was asked for, in order, and how it ended."""
    ended: dict[int, HistoryEvent] = {}
    for event in run.events:
        if event.event_type in _ENDED:
            ended[_said(event).scheduled_event_id] = event
    for event in run.events:
        if event.event_type != EVENT.ACTIVITY_TASK_SCHEDULED:
            continue
        said = _said(event)
        kind = _KNOWN.get(said.activity_type.name)
        order = read(only(said.input.payloads), kind.takes) if kind is not None else None
        end = ended.get(event.event_id)
        if kind is None or order is None:
            continue
        result = None
        if end is not None and end.event_type == EVENT.ACTIVITY_TASK_COMPLETED:
            result = read(only(_said(end).result.payloads), kind.gives)
        elif end is not None and end.event_type != EVENT.ACTIVITY_TASK_CANCELED:
            failed = WITHOUT.get(kind.name)
            result = failed(order) if failed is not None else None
        last = run.events[-1].event_id + 1
        took = _time(end) - _time(event) if end is not None else timedelta(0)
        yield _Asked(
            name=kind.name,
            order=order,
            result=result,
            event=event.event_id,
            ended=end.event_id if end is not None else last,
            took=took,
        )


def _acts(run: Run, turns: "_Turns") -> Iterator[tuple[str, int]]:
    """The acts that came in, each with the workflow task it was handled in."""
    for event in run.events:
        said = _said(event)
        if event.event_type == EVENT.WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
            name, payloads = said.accepted_request.input.name, said.accepted_request.input.args
            turn = turns.written(event.event_id)
        elif event.event_type == EVENT.WORKFLOW_EXECUTION_SIGNALED:
            name, payloads = said.signal_name, said.input
            turn = turns.read(event.event_id)
        else:
            continue
        if name in (ACT_UPDATE, ACT_SIGNAL):
            envelope = read(only(payloads.payloads), ActEnvelope)
            if envelope is not None:
                yield Act.model_validate_json(envelope.payload).act, turn


class _Turns:
    """The workflow tasks of a run: in which of them an event was read, or written.

    Within one of them acts are handled before answers, whatever the order of their events.
    """

    def __init__(self, run: Run) -> None:
        started = {e.event_id: e for e in run.events if e.event_type == EVENT.WORKFLOW_TASK_STARTED}
        self._tasks = [
            (started[_said(event).started_event_id], event.event_id)
            for event in run.events
            if event.event_type == EVENT.WORKFLOW_TASK_COMPLETED
        ]

    def read(self, event: int) -> int:
        """The task that was the first to see what came in with the event."""
        later = (n for n, (begun, _) in enumerate(self._tasks) if begun.event_id > event)
        return next(later, len(self._tasks))

    def written(self, event: int) -> int:
        """The task that led to the event."""
        return sum(done < event for _, done in self._tasks) - 1

    def at(self, turn: int) -> datetime | None:
        """The case's instant in that task; None where there was none."""
        if not 0 <= turn < len(self._tasks):
            return None
        return _time(self._tasks[turn][0])


def _time(event: HistoryEvent) -> datetime:
    return event.event_time.ToDatetime(tzinfo=UTC)


def _said(event: HistoryEvent) -> Any:
    return getattr(event, event.WhichOneof("attributes") or "", None)

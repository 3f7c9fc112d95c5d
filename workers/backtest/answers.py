"""What the outside world answered a case: every notice, action, ticket note and link, in order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from temporalio.api.enums.v1 import EventType

from audit.histories import CaseHistory
from audit.payloads import only, read
from cases.notice import NoticeEnd, NoticeOrder, NoticeResult
from workers.backtest.outcome import KEYED
from workflows.effects import (
    NOTIFY,
    OPEN_LINKED,
    PERFORM,
    SYNC_TICKET,
    EffectOrder,
    EffectResult,
    EffectState,
    Linked,
    TicketResult,
)

_FAILED = (
    EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT,
)


@dataclass(frozen=True)
class Answers:
    """What the outside world answered, in the order it was asked, by what it was asked."""

    notices: Mapping[str, Sequence[NoticeResult]] = field(default_factory=dict)
    effects: Mapping[str, Sequence[EffectResult]] = field(default_factory=dict)
    tickets: Sequence[TicketResult] = ()
    links: Sequence[Linked] = ()


def answers_of(history: CaseHistory) -> Answers:
    """The answers that the history holds; what failed for good is an answer too."""
    notices: dict[str, list[NoticeResult]] = {}
    effects: dict[str, list[EffectResult]] = {}
    tickets: list[TicketResult] = []
    links: list[Linked] = []
    for name, order, result in _asked(history):
        match name:
            case NOTIFY.name:
                asked = read(order, NoticeOrder)
                end = read(result, NoticeResult) if result is not None else None
                if asked is not None:
                    known = end or NoticeResult(end=NoticeEnd.UNDELIVERED)
                    notices.setdefault(meaning(asked), []).append(known)
            case PERFORM.name:
                wanted = read(order, EffectOrder)
                did = read(result, EffectResult) if result is not None else None
                if wanted is not None:
                    known_end = did or EffectResult(state=EffectState.FAILED, detail="failed")
                    effects.setdefault(wanted.name, []).append(known_end)
            case SYNC_TICKET.name:
                wrote = read(result, TicketResult) if result is not None else None
                tickets.append(wrote or TicketResult(failed="failed"))
            case OPEN_LINKED.name:
                linked = read(result, Linked) if result is not None else None
                links.append(linked or Linked(failed="failed"))
            case _:
                continue
    return Answers(notices=notices, effects=effects, tickets=tickets, links=links)


def meaning(order: NoticeOrder) -> str:
    """What a notice is about, whatever the case is called."""
    step = KEYED.sub("clearance", order.step)
    return "|".join(
        (order.purpose.value, order.role, order.stage or "", str(order.round or 0), step)
    )


def _asked(history: CaseHistory) -> Iterator[tuple[str, Any, Any]]:
    """Every effect that was asked for and ended: its name, the order, and the result or None."""
    for run in history.runs:
        ended: dict[int, Any] = {}
        for event in run.events:
            said: Any = getattr(event, event.WhichOneof("attributes") or "", None)
            if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
                ended[said.scheduled_event_id] = only(said.result.payloads)
            elif event.event_type in _FAILED:
                ended[said.scheduled_event_id] = None
        for event in run.events:
            if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                asked = event.activity_task_scheduled_event_attributes
                if event.event_id in ended:
                    order = only(asked.input.payloads)
                    yield asked.activity_type.name, order, ended[event.event_id]

"""The twenty alterations of a history that Temporal's own replay was measured against.

Each takes opened runs and returns altered copies with the id of the event it touched. They are what
somebody with access to Temporal's database can do before an export is made.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from audit.histories import CaseHistory, Run

Altered = tuple[CaseHistory, int]
Alteration = Callable[[CaseHistory], Altered]

_YEAR = timedelta(days=365)


def _copied(history: CaseHistory) -> tuple[list[HistoryEvent], Callable[[], CaseHistory]]:
    """Events of the only run that may be changed, and the history made of them."""
    run = history.runs[0]
    events: list[HistoryEvent] = []
    for event in run.events:
        copy = HistoryEvent()
        copy.CopyFrom(event)
        events.append(copy)
    return events, lambda: replace(history, runs=(Run(run=run.run, events=tuple(events)),))


def _said(event: HistoryEvent) -> Any:
    return getattr(event, event.WhichOneof("attributes") or "")


def _acts(events: Sequence[HistoryEvent], gate: str) -> HistoryEvent:
    for event in events:
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
            data = _said(event).accepted_request.input.args.payloads[0].data
            if f'\\"gate\\":\\"{gate}\\"'.encode() in data:
                return event
    raise AssertionError(gate)


def _input(event: HistoryEvent) -> Payload:
    payload: Payload = _said(event).accepted_request.input.args.payloads[0]
    return payload


def _rewrite(payload: Payload, old: bytes, new: bytes) -> None:
    assert old in payload.data, old
    payload.data = payload.data.replace(old, new)


def _of_type(events: Sequence[HistoryEvent], kind: EventType.ValueType) -> list[HistoryEvent]:
    return [event for event in events if event.event_type == kind]


def _scheduled(events: Sequence[HistoryEvent], activity: str) -> HistoryEvent:
    kind = EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    return next(
        event for event in _of_type(events, kind) if _said(event).activity_type.name == activity
    )


def approver_swapped(history: CaseHistory) -> Altered:
    """Somebody else is said to have approved for Legal."""
    events, made = _copied(history)
    event = _acts(events, "legal-review")
    _rewrite(_input(event), b'\\"person\\":\\"lena\\"', b'\\"person\\":\\"luca\\"')
    return made(), event.event_id


def one_person_twice(history: CaseHistory) -> Altered:
    """The Legal approver is said to have signed off for Policy too."""
    events, made = _copied(history)
    event = _acts(events, "policy-sign-off")
    _rewrite(_input(event), b'\\"person\\":\\"pia\\"', b'\\"person\\":\\"lena\\"')
    return made(), event.event_id


def reason_rewritten(history: CaseHistory) -> Altered:
    """The approver is said to have given another reason."""
    events, made = _copied(history)
    event = _acts(events, "legal-review")
    _rewrite(_input(event), b"section four applies", b"somebody told me to")
    return made(), event.event_id


def act_back_dated(history: CaseHistory) -> Altered:
    """An act is said to have come in years before."""
    events, made = _copied(history)
    event = _acts(events, "legal-review")
    event.event_time.FromDatetime(event.event_time.ToDatetime() - 6 * _YEAR)
    return made(), event.event_id


def clocks_shifted(history: CaseHistory) -> Altered:
    """Everything is said to have happened a year earlier."""
    events, made = _copied(history)
    for event in events:
        event.event_time.FromDatetime(event.event_time.ToDatetime() - _YEAR)
    return made(), 0


def activity_input_changed(history: CaseHistory) -> Altered:
    """The action is said to have been ordered otherwise."""
    events, made = _copied(history)
    event = _scheduled(events, "perform_effect")
    _rewrite(_said(event).input.payloads[0], b'"name":"apply-action"', b'"name":"apply-another"')
    return made(), event.event_id


def activity_result_changed(history: CaseHistory) -> Altered:
    """The vendor is said to have answered with another receipt."""
    events, made = _copied(history)
    kind = EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED
    event = next(
        event
        for event in _of_type(events, kind)
        if b"receipt-1" in _said(event).result.payloads[0].data
    )
    _rewrite(_said(event).result.payloads[0], b"receipt-1", b"receipt-9")
    return made(), event.event_id


def timer_lengthened(history: CaseHistory) -> Altered:
    """A deadline is said to have been a day away."""
    events, made = _copied(history)
    event = _of_type(events, EventType.EVENT_TYPE_TIMER_STARTED)[0]
    _said(event).start_to_fire_timeout.FromTimedelta(timedelta(hours=24))
    return made(), event.event_id


def result_replaced(history: CaseHistory) -> Altered:
    """The case is said to have ended otherwise."""
    events, made = _copied(history)
    _rewrite(_said(events[-1]).result.payloads[0], b"actioned", b"no-violation")
    return made(), events[-1].event_id


def tail_cut_by_two(history: CaseHistory) -> Altered:
    """The last two events are gone: the last task led to less than it did."""
    events, made = _copied(history)
    del events[-2:]
    task = EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED
    return made(), max(event.event_id for event in events if event.event_type == task)


def tail_cut_by_half(history: CaseHistory) -> Altered:
    """The second half is gone."""
    events, made = _copied(history)
    del events[len(events) // 2 :]
    return made(), events[-1].event_id


def _renamed(events: Sequence[HistoryEvent], *, worker: bool) -> int:
    touched = 0
    for event in events:
        said = _said(event)
        holder: Any = said
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
            holder = said.accepted_request.meta
        elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED:
            holder = said.meta
        sender = "update" in (event.WhichOneof("attributes") or "")
        named: str = getattr(holder, "identity", "")
        if named and sender is not worker:
            holder.identity = "somebody@else"
            touched = touched or event.event_id
    return touched


def worker_identity_changed(history: CaseHistory) -> Altered:
    """Another worker is said to have done everything."""
    events, made = _copied(history)
    touched = _renamed(events, worker=True)
    return made(), touched


def sender_identity_changed(history: CaseHistory) -> Altered:
    """Another client is said to have sent the acts."""
    events, made = _copied(history)
    touched = _renamed(events, worker=False)
    return made(), touched


def attempts_changed(history: CaseHistory) -> Altered:
    """An action is said to have been tried three times."""
    events, made = _copied(history)
    event = _of_type(events, EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED)[0]
    _said(event).attempt = 3
    return made(), event.event_id


def start_input_changed(history: CaseHistory) -> Altered:
    """The case is said to have begun with another answer."""
    events, made = _copied(history)
    _rewrite(_said(events[0]).input.payloads[0], b'"kind":"fraud"', b'"kind":"other"')
    return made(), 1


def decision_flipped(history: CaseHistory) -> Altered:
    """Legal is said to have rejected."""
    events, made = _copied(history)
    event = _acts(events, "legal-review")
    _rewrite(_input(event), b'\\"verdict\\":\\"approve\\"', b'\\"verdict\\":\\"reject\\"')
    return made(), event.event_id


def activity_type_changed(history: CaseHistory) -> Altered:
    """A notice is said to have been an action."""
    events, made = _copied(history)
    event = _scheduled(events, "notify")
    _said(event).activity_type.name = "perform_effect"
    return made(), event.event_id


def workflow_renamed(history: CaseHistory) -> Altered:
    """Another workflow is said to have run."""
    events, made = _copied(history)
    _said(events[0]).workflow_type.name = "Another"
    return made(), 1


def acts_swapped(history: CaseHistory) -> Altered:
    """Two acts are said to have come in the other way round."""
    events, made = _copied(history)
    one, other = _acts(events, "legal-review"), _acts(events, "policy-sign-off")
    first, second = Payload(), Payload()
    first.CopyFrom(_input(one))
    second.CopyFrom(_input(other))
    _input(one).CopyFrom(second)
    _input(other).CopyFrom(first)
    return made(), one.event_id


def event_deleted(history: CaseHistory) -> Altered:
    """One event in the middle is gone, the others closed up."""
    events, made = _copied(history)
    kind = EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED
    middle = _of_type(events, kind)[2]
    gone = middle.event_id
    events.remove(middle)
    return made(), gone


TWENTY: tuple[Alteration, ...] = (
    approver_swapped,
    one_person_twice,
    reason_rewritten,
    act_back_dated,
    clocks_shifted,
    activity_input_changed,
    activity_result_changed,
    timer_lengthened,
    result_replaced,
    tail_cut_by_two,
    tail_cut_by_half,
    worker_identity_changed,
    sender_identity_changed,
    attempts_changed,
    start_input_changed,
    decision_flipped,
    activity_type_changed,
    workflow_renamed,
    acts_swapped,
    event_deleted,
)

SEALED_ONLY = frozenset({"worker_identity_changed", "sender_identity_changed"})
"""No consequence in any code and in no signed thing: the seal of the run alone catches them.

Who a worker or client says it is stands in Temporal's events, set by Temporal's caller; no entry of
ours repeats it but the root over all events that the door took when the run had ended.
"""

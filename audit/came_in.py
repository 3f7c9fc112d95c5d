"""What came into a case, out of its events: acts, reports, ticket changes, results of effects.

It asks nothing of Temporal but the names of its fields, so a verifier without Temporal reads the
same out of the bytes that were sealed.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from audit.acts import prove
from audit.incoming import Incoming, salt_of
from audit.kinds import EVENT
from audit.other_cases import REQUESTS
from audit.payloads import Payload, only, read
from audit.runs import CaseHistory, Run, reopened_from
from cases.canonical import commit
from cases.envelope import ActEnvelope
from cases.ids import case_of
from cases.notice import NoticeEnd, NoticeOrder, NoticeResult
from cases.receipts import ActReceipt, Outcome, Reason
from workflows.effects import (
    ASSESS,
    CANCEL_ALONG,
    COLLECT_ACTS,
    GIVE_BACK,
    LOOK_UP_DECIDERS,
    MERGE_AWAY,
    NOTIFY,
    OPEN_LINKED,
    PERFORM,
    SYNC_TICKET,
    Collected,
)
from workflows.messages import (
    ACT_SIGNAL,
    ACT_UPDATE,
    REPORT_SIGNAL,
    TICKET_SIGNAL,
    CaseInput,
    ObligationInput,
    ReportReceived,
    TicketUpdated,
)

if TYPE_CHECKING:
    from temporalio.api.history.v1 import HistoryEvent

Answer = TypeVar("Answer", bound=BaseModel)

_RESULTS: Mapping[str, type[BaseModel]] = {
    effect.name: effect.gives
    for effect in (
        ASSESS,
        CANCEL_ALONG,
        GIVE_BACK,
        LOOK_UP_DECIDERS,
        MERGE_AWAY,
        NOTIFY,
        OPEN_LINKED,
        PERFORM,
        SYNC_TICKET,
    )
}
_SIGNALS: Mapping[str, type[BaseModel]] = {
    ACT_SIGNAL: ActEnvelope,
    REPORT_SIGNAL: ReportReceived,
    TICKET_SIGNAL: TicketUpdated,
}
_FAILED = {
    EVENT.ACTIVITY_TASK_FAILED: "activity_task_failed_event_attributes",
    EVENT.ACTIVITY_TASK_TIMED_OUT: "activity_task_timed_out_event_attributes",
}


def case_input(history: CaseHistory) -> CaseInput | None:
    """What the case was started with; None if that cannot be read."""
    return history.runs[0].request if history.runs else None


def start_input(history: CaseHistory) -> CaseInput | ObligationInput | None:
    """What the case, or what it owes, was started with; None if that cannot be read."""
    if case_of(history.case) == history.case:
        return case_input(history)
    if not history.runs or not history.runs[0].events:
        return None
    return read(only(history.runs[0].started.input.payloads), ObligationInput)


def inputs(history: CaseHistory, *, salt: bytes) -> list[Incoming]:
    """Acts, further reports and ticket changes, in the order they came in."""
    found: list[Incoming] = []
    request = start_input(history)
    if request is not None:
        found.append(Incoming(history.runs[0].run, 1, "start", commit(salt, request)))
    # A run that continues another one remembers what came into that one.
    known: set[str] = set()
    for run in history.runs:
        found.extend(_reopening(run, salt=salt))
        found.extend(_inputs_of(run, salt=salt, known=known))
    return found


def _reopening(run: Run, *, salt: bytes) -> Iterator[Incoming]:
    """What a run was begun with that an act began: the act, and all it was handed."""
    if reopened_from(run) is None:
        return
    request = run.request
    if request is not None and request.reopened is not None:
        yield Incoming(run.run, 1, "start", commit(salt, request))
        envelope = request.reopened.envelope
        yield Incoming(run.run, 1, "act", commit(salt, envelope), envelope=envelope)


def results(history: CaseHistory, *, salt: bytes) -> list[Incoming]:
    """The results of effects, in the order they came in."""
    return [item for run in history.runs for item in _results_of(run, salt=salt)]


def envelopes_owed(history: CaseHistory, *, case: str, root: bytes) -> dict[str, ActEnvelope]:
    """The acts that hold, by act id, of the history of what a case owes."""
    request = start_input(history)
    if not isinstance(request, ObligationInput):
        return {}
    incoming = inputs(history, salt=salt_of(request))
    return dict(prove(incoming, case=case, root=root).envelopes)


def _inputs_of(run: Run, *, salt: bytes, known: set[str]) -> Iterator[Incoming]:
    receipts = _answered(run, ActReceipt)
    collecting = _scheduled(run)
    # What had come in before a reset is admitted again, and accepted without being repeated.
    admitted: dict[str, Any] = {
        event.workflow_execution_update_admitted_event_attributes.request.meta.update_id: (
            event.workflow_execution_update_admitted_event_attributes.request
        )
        for event in run.events
        if event.event_type == EVENT.WORKFLOW_EXECUTION_UPDATE_ADMITTED
    }
    said: Any
    for event in run.events:
        if event.event_type == EVENT.WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
            said = event.workflow_execution_update_accepted_event_attributes
            asked = admitted.get(said.protocol_instance_id, said.accepted_request)
            payload = only(asked.input.args.payloads)
            if asked.input.name in REQUESTS:
                yield from _of_case(run, event, asked.input.name, payload, salt, known=known)
            if asked.input.name != ACT_UPDATE:
                continue
            receipt = receipts.get(event.event_id)
            yield from _act(run, event.event_id, payload, salt, receipt=receipt, known=known)
        elif event.event_type == EVENT.WORKFLOW_EXECUTION_SIGNALED:
            said = event.workflow_execution_signaled_event_attributes
            kind = _SIGNALS.get(said.signal_name)
            payload = only(said.input.payloads)
            if kind is ActEnvelope:
                yield from _act(run, event.event_id, payload, salt, receipt=None, known=known)
            elif kind is not None:
                yield from _message(run, event.event_id, payload, salt, kind=kind, known=known)
        elif event.event_type == EVENT.ACTIVITY_TASK_COMPLETED:
            said = event.activity_task_completed_event_attributes
            name = collecting.get(said.scheduled_event_id)
            for envelope in _fetched(name, said.result.payloads):
                yield _enveloped(run, event.event_id, envelope, salt, receipt=None, known=known)


def _fetched(name: str | None, payloads: Any) -> tuple[ActEnvelope, ...]:
    """The acts with which an effect came back."""
    if name == COLLECT_ACTS.name:
        collected = read(only(payloads), Collected)
        return collected.envelopes if collected is not None else ()
    if name == NOTIFY.name:
        noticed = read(only(payloads), NoticeResult)
        return tuple(each.envelope for each in noticed.acts) if noticed is not None else ()
    return ()


def _act(
    run: Run,
    event_id: int,
    payload: Payload,
    salt: bytes,
    *,
    receipt: ActReceipt | None,
    known: set[str],
) -> Iterator[Incoming]:
    envelope = read(payload, ActEnvelope)
    if envelope is not None:
        yield _enveloped(run, event_id, envelope, salt, receipt=receipt, known=known)


def _enveloped(
    run: Run,
    event_id: int,
    envelope: ActEnvelope,
    salt: bytes,
    *,
    receipt: ActReceipt | None,
    known: set[str],
) -> Incoming:
    commitment = commit(salt, envelope)
    again = commitment in known
    known.add(commitment)
    closed = receipt is not None and receipt.reason is Reason.CLOSED
    said_before = receipt is not None and receipt.outcome is Outcome.DUPLICATE
    return Incoming(
        run.run,
        event_id,
        "act",
        commitment,
        envelope=envelope,
        receipt=receipt,
        excused=again or closed or said_before,
    )


def _of_case(
    run: Run, event: "HistoryEvent", name: str, payload: Payload, salt: bytes, *, known: set[str]
) -> Iterator[Incoming]:
    request = read(payload, REQUESTS[name])
    if request is None:
        return
    commitment = commit(salt, request)
    said = _answered(run, _Said).get(event.event_id)
    closed = said is not None and (said.reason is Reason.CLOSED or said.became == "closed")
    yield Incoming(
        run.run, event.event_id, "merge", commitment, excused=closed or commitment in known
    )
    known.add(commitment)


class _Said(BaseModel):
    """What both answers of a case to another have in common."""

    reason: Reason = Reason.NONE
    became: str = ""


def _answered(run: Run, kind: type[Answer]) -> dict[int, Answer]:
    """The answers to updates that can be read as that, by the event that accepted them."""
    answers: dict[int, Answer] = {}
    for event in run.events:
        if event.event_type == EVENT.WORKFLOW_EXECUTION_UPDATE_COMPLETED:
            said: Any = event.workflow_execution_update_completed_event_attributes
            answer = read(only(said.outcome.success.payloads), kind)
            if answer is not None:
                answers[said.accepted_event_id] = answer
    return answers


def _message(
    run: Run,
    event_id: int,
    payload: Payload,
    salt: bytes,
    *,
    kind: type[BaseModel],
    known: set[str],
) -> Iterator[Incoming]:
    message = read(payload, kind)
    if message is None:
        return
    commitment = commit(salt, message)
    delivery = f"{kind.__name__} {getattr(message, 'delivery', '')}"
    yield Incoming(run.run, event_id, "message", commitment, excused=delivery in known)
    known.add(delivery)


def _results_of(run: Run, *, salt: bytes) -> Iterator[Incoming]:
    scheduled = _scheduled(run)
    notices = _notices(run)
    said: Any
    for event in run.events:
        if event.event_type == EVENT.ACTIVITY_TASK_COMPLETED:
            said = event.activity_task_completed_event_attributes
            name = scheduled.get(said.scheduled_event_id, "")
            kind = _RESULTS.get(name)
            result = read(only(said.result.payloads), kind) if kind is not None else None
        elif event.event_type in _FAILED:
            said = getattr(event, _FAILED[event.event_type])
            name = scheduled.get(said.scheduled_event_id, "")
            # For the case, a notice that nobody could send is one that ended undelivered.
            result = NoticeResult(end=NoticeEnd.UNDELIVERED) if name == NOTIFY.name else None
        else:
            continue
        if result is not None:
            # Acts that a notice came back with have entries of their own, whether it went or not.
            acts = isinstance(result, NoticeResult) and bool(result.acts)
            yield Incoming(
                run.run,
                event.event_id,
                f"{name} result",
                commit(salt, result),
                excused=acts,
                notice=notices.get(said.scheduled_event_id, ""),
            )


def _notices(run: Run) -> dict[int, str]:
    """The keys of notices, by the event that ordered them."""
    keys: dict[int, str] = {}
    for event in run.events:
        if event.event_type == EVENT.ACTIVITY_TASK_SCHEDULED:
            said: Any = event.activity_task_scheduled_event_attributes
            if said.activity_type.name == NOTIFY.name:
                order = read(only(said.input.payloads), NoticeOrder)
                keys[event.event_id] = order.key if order is not None else ""
    return keys


def _scheduled(run: Run) -> dict[int, str]:
    return {
        event.event_id: event.activity_task_scheduled_event_attributes.activity_type.name
        for event in run.events
        if event.event_type == EVENT.ACTIVITY_TASK_SCHEDULED
    }

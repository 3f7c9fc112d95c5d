"""Whether the journal commits to everything that came in: each input and result, by its digest."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent

from audit.findings import Finding, Rule
from audit.histories import CaseHistory, Run, reopened_from
from audit.incoming import Incoming, salt_of
from audit.kinds import EVENT
from audit.other_cases import REQUESTS
from audit.payloads import only, read
from cases.canonical import commit
from cases.envelope import ActEnvelope
from cases.ids import case_of
from cases.journal import Entry, Kind
from cases.notice import NoticeEnd, NoticeResult
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
_FAILED = (
    EVENT.ACTIVITY_TASK_FAILED,
    EVENT.ACTIVITY_TASK_TIMED_OUT,
)


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
    for run in history.runs:
        found.extend(_reopening(run, salt=salt))
        found.extend(_inputs_of(run, salt=salt))
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


def check_commitments(
    history: CaseHistory,
    entries: Sequence[Entry],
    *,
    open_case: bool,
    incoming: Sequence[Incoming] | None = None,
) -> Iterator[Finding]:
    """What came in without an entry, and what entries claim that never came in.

    While a case runs its newest entries may not be on their way to the store yet. `incoming` are
    the history's `inputs`, where somebody has read them already.
    """
    request = start_input(history)
    if request is None:
        yield Finding(rule=Rule.INPUT, event_id=1, what="the case's input cannot be read")
        return
    salt = salt_of(request)
    came = inputs(history, salt=salt) if incoming is None else incoming
    uncounted = sum(_number(entry) for entry in entries if entry.kind is Kind.ACTS_REFUSED)
    committed = Counter(value for entry in entries for value in _commitments(entry))
    for item in (*came, *results(history, salt=salt)):
        if committed[item.commitment] > 0:
            committed[item.commitment] -= 1
        elif item.excused or open_case:
            continue
        elif uncounted and item.envelope is not None and not item.accepted:
            uncounted -= 1
        else:
            yield Finding(
                rule=Rule.COMMITMENT,
                run=item.run,
                event_id=item.event_id,
                what=f"no entry commits to this {item.what}",
                expected=item.commitment,
            )
    for entry in entries:
        for value in _commitments(entry):
            if committed[value] > 0:
                committed[value] -= 1
                yield Finding(
                    rule=Rule.COMMITMENT,
                    what=f"entry {entry.sequence} commits to something that never came in",
                    found=value,
                )


def _commitments(entry: Entry) -> Iterator[str]:
    """A person's own receipt for an action is committed to as the result it is."""
    for field in ("input", "result"):
        value = entry.body.get(field)
        # A ratification's result is a word, not a commitment.
        if isinstance(value, str) and entry.kind is not Kind.RATIFIED:
            yield value


def _number(entry: Entry) -> int:
    number = entry.body.get("number")
    return number if isinstance(number, int) else 0


def _inputs_of(run: Run, *, salt: bytes) -> Iterator[Incoming]:
    receipts = _receipts(run)
    known: set[str] = set()
    collecting = _scheduled(run)
    # What had come in before a reset is admitted again, and accepted without being repeated.
    admitted: dict[str, Any] = {
        event.workflow_execution_update_admitted_event_attributes.request.meta.update_id: (
            event.workflow_execution_update_admitted_event_attributes.request
        )
        for event in run.events
        if event.event_type == EVENT.WORKFLOW_EXECUTION_UPDATE_ADMITTED
    }
    for event in run.events:
        said: Any = getattr(event, event.WhichOneof("attributes") or "", None)
        if event.event_type == EVENT.WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
            asked = admitted.get(said.protocol_instance_id, said.accepted_request)
            payload = only(asked.input.args.payloads)
            if asked.input.name in REQUESTS:
                yield from _of_case(run, event, asked.input.name, payload, salt, known=known)
            if asked.input.name != ACT_UPDATE:
                continue
            receipt = receipts.get(event.event_id)
            yield from _act(run, event.event_id, payload, salt, receipt=receipt, known=known)
        elif event.event_type == EVENT.WORKFLOW_EXECUTION_SIGNALED:
            kind = _SIGNALS.get(said.signal_name)
            payload = only(said.input.payloads)
            if kind is ActEnvelope:
                yield from _act(run, event.event_id, payload, salt, receipt=None, known=known)
            elif kind is not None:
                yield from _message(run, event.event_id, payload, salt, kind=kind, known=known)
        elif (
            event.event_type == EVENT.ACTIVITY_TASK_COMPLETED
            and collecting.get(said.scheduled_event_id) == COLLECT_ACTS.name
        ):
            collected = read(only(said.result.payloads), Collected)
            for envelope in collected.envelopes if collected is not None else ():
                yield _enveloped(run, event.event_id, envelope, salt, receipt=None, known=known)


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
    run: Run, event: HistoryEvent, name: str, payload: Payload, salt: bytes, *, known: set[str]
) -> Iterator[Incoming]:
    request = read(payload, REQUESTS[name])
    if request is None:
        return
    commitment = commit(salt, request)
    said = _answers(run).get(event.event_id)
    closed = said is not None and (said.reason is Reason.CLOSED or said.became == "closed")
    yield Incoming(
        run.run, event.event_id, "merge", commitment, excused=closed or commitment in known
    )
    known.add(commitment)


class _Said(BaseModel):
    """What both answers of a case to another have in common."""

    reason: Reason = Reason.NONE
    became: str = ""


def _answers(run: Run) -> dict[int, _Said]:
    """The answers to other cases, by the event that accepted what they asked."""
    answers: dict[int, _Said] = {}
    for event in run.events:
        if event.event_type == EVENT.WORKFLOW_EXECUTION_UPDATE_COMPLETED:
            said: Any = event.workflow_execution_update_completed_event_attributes
            answer = read(only(said.outcome.success.payloads), _Said)
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
    for event in run.events:
        said: Any = getattr(event, event.WhichOneof("attributes") or "", None)
        if event.event_type == EVENT.ACTIVITY_TASK_COMPLETED:
            name = scheduled.get(said.scheduled_event_id, "")
            kind = _RESULTS.get(name)
            result = read(only(said.result.payloads), kind) if kind is not None else None
        elif event.event_type in _FAILED:
            name = scheduled.get(said.scheduled_event_id, "")
            # For the case, a notice that nobody could send is one that ended undelivered.
            result = NoticeResult(end=NoticeEnd.UNDELIVERED) if name == NOTIFY.name else None
        else:
            continue
        if result is not None:
            yield Incoming(run.run, event.event_id, f"{name} result", commit(salt, result))


def _scheduled(run: Run) -> dict[int, str]:
    return {
        event.event_id: event.activity_task_scheduled_event_attributes.activity_type.name
        for event in run.events
        if event.event_type == EVENT.ACTIVITY_TASK_SCHEDULED
    }


def _receipts(run: Run) -> dict[int, ActReceipt]:
    """The answers to updates, by the event that accepted them."""
    answers: dict[int, ActReceipt] = {}
    for event in run.events:
        if event.event_type == EVENT.WORKFLOW_EXECUTION_UPDATE_COMPLETED:
            said: Any = event.workflow_execution_update_completed_event_attributes
            receipt = read(only(said.outcome.success.payloads), ActReceipt)
            if receipt is not None:
                answers[said.accepted_event_id] = receipt
    return answers

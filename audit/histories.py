"""Histories of a case's runs: fetched in the order they ran, opened with the case's key, as JSON.

Ids stay as the server gave them; payloads are opened, because ciphertext proves nothing that can
be compared. A payload that was never encrypted for the case comes out as refused, as the workflow
saw it.
"""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from temporalio.api.common.v1 import Header, Payload, SearchAttributes
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.history.v1 import History, HistoryEvent
from temporalio.client import Client
from temporalio.converter import (
    PayloadCodec,
    WithSerializationContext,
    WorkflowSerializationContext,
)
from temporalio.service import RPCError, RPCStatusCode

from audit.errors import ExportUnreadableError, HistoryMissingError
from audit.runs import CaseHistory, Run, reopened_from
from audit.written import kept_events

_CLEAR = (SearchAttributes, Header)
"""Never encrypted: search attributes by Temporal's rule, headers because we use none."""
_ATTRIBUTES = {
    number: f"{name.removeprefix('EVENT_TYPE_').lower()}_event_attributes"
    for name, number in EventType.items()
}
"""By its kind, the field in which an event says more."""


def as_json(run: Run) -> str:
    """The history as proto3 JSON, payloads in clear."""
    return json_format.MessageToJson(History(events=run.events), indent=1)


def from_json(value: object, *, run: str, file: str = "history", kept: Sequence[bytes] = ()) -> Run:
    """The run that was written; ExportUnreadableError when it is not a history.

    Where its events were `kept` as bytes too, and say the same, they are taken from those.
    """
    events = kept_events(value, kept)
    if events is None:
        message = History()
        try:
            json_format.ParseDict(cast("dict[str, Any]", value), message)
        except json_format.ParseError as error:
            raise ExportUnreadableError(file, "is not a history") from error
        events = tuple(message.events)
    for place, event in enumerate(events, start=1):
        # No server writes such an event, and what reads on takes a kind by its name.
        if _ATTRIBUTES.get(event.event_type, "") != event.WhichOneof("attributes"):
            why = f"event {place} is of one kind and says what belongs to another"
            raise ExportUnreadableError(file, why)
    return Run(run=run, events=events)


async def fetch(
    client: Client, case: str, *, codec: PayloadCodec, from_the_start: bool = True
) -> CaseHistory:
    """The runs that led to where the case is now, opened; HistoryMissingError if there are none.

    Not `from_the_start`, a first run that Temporal has forgotten is none of them: see `is_cut`.
    """
    runs: list[Run] = []
    wanted: str | None = await _current(client, case)
    while wanted:
        try:
            run = await fetch_run(client, case, run=wanted, codec=codec)
        except HistoryMissingError:
            if from_the_start or not runs:
                raise
            break
        runs.append(run)
        wanted = _before(run)
    return CaseHistory(case=case, namespace=client.namespace, runs=tuple(reversed(runs)))


def is_cut(history: CaseHistory) -> bool:
    """Whether runs came before the first one that is here."""
    return bool(history.runs) and _before(history.runs[0]) is not None


async def fetch_run(client: Client, case: str, *, run: str, codec: PayloadCodec) -> Run:
    """One run, opened."""
    handle = client.get_workflow_handle(case, run_id=run)
    try:
        history = await handle.fetch_history()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise HistoryMissingError(f"Temporal has no history of run {run}") from error
        raise
    return Run(
        run=run,
        events=await opened(history.events, case=case, namespace=client.namespace, codec=codec),
    )


def _before(run: Run) -> str | None:
    """The run that this one goes on from, if there is one."""
    return run.started.continued_execution_run_id or reopened_from(run)


async def left_behind(client: Client, history: CaseHistory, *, codec: PayloadCodec) -> list[Run]:
    """The runs that a reset left behind, oldest first."""
    runs: list[Run] = []
    waiting = [base for run in history.runs for base in reset_from(run)]
    while waiting:
        run = await fetch_run(client, history.case, run=waiting.pop(0), codec=codec)
        runs.insert(0, run)
        waiting.extend(reset_from(run))
    return runs


def reset_from(run: Run) -> list[str]:
    """The run that this one was reset from, if it was."""
    cause = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW
    resets = [
        event.workflow_task_failed_event_attributes
        for event in run.events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
        and event.workflow_task_failed_event_attributes.cause == cause
    ]
    return [resets[-1].base_run_id] if resets else []


async def opened(
    events: Sequence[HistoryEvent], *, case: str, namespace: str, codec: PayloadCodec
) -> tuple[HistoryEvent, ...]:
    """The same events with every payload in clear."""
    bound = codec
    if isinstance(codec, WithSerializationContext):
        context = WorkflowSerializationContext(namespace=namespace, workflow_id=case)
        bound = codec.with_context(context)
    copies = tuple(_copy(event) for event in events)
    sealed = [payload for event in copies for payload in payloads_of(event)]
    for payload, clear in zip(sealed, await bound.decode(sealed), strict=True):
        payload.CopyFrom(clear)
    return copies


def payloads_of(message: Message) -> Iterator[Payload]:
    """Every payload inside the message that the codec has encrypted."""
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type is not None:
                for item in value.values():
                    yield from _payloads_in(item)
        elif _is_list(field):
            for item in value:
                yield from _payloads_in(item)
        else:
            yield from _payloads_in(value)


def _payloads_in(value: Message) -> Iterator[Payload]:
    if isinstance(value, Payload):
        yield value
    elif not isinstance(value, _CLEAR):
        yield from payloads_of(value)


def _is_list(field: FieldDescriptor) -> bool:
    return bool(field.is_repeated)


def _copy(event: HistoryEvent) -> HistoryEvent:
    copy = HistoryEvent()
    copy.CopyFrom(event)
    return copy


async def _current(client: Client, case: str) -> str:
    try:
        described = await client.get_workflow_handle(case).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise HistoryMissingError(f"Temporal does not know {case}") from error
        raise
    return described.run_id


__all__ = [
    "CaseHistory",
    "Run",
    "as_json",
    "fetch",
    "fetch_run",
    "from_json",
    "is_cut",
    "left_behind",
    "opened",
    "payloads_of",
    "reopened_from",
    "reset_from",
]

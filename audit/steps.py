"""One form for what the code asked for and what the history says it asked for.

The server writes some options out that the code left away; here both are written out, so that
two steps are equal exactly when the history is what the code would have made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from google.protobuf.duration_pb2 import Duration
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.history.v1 import HistoryEvent
from temporalio.bridge.proto.workflow_commands import WorkflowCommand

from audit.kinds import EVENT

REPLAY_BUILD = "strict"
REPLAY_QUEUE = f"replay-{REPLAY_BUILD}"
"""What the SDK calls the task queue of a replay; in the history it is the run's own."""

ENDS = ("complete", "fail", "continue-as-new", "cancelled")


@dataclass(frozen=True)
class Step:
    """A command, by name, with everything that can be compared."""

    kind: str
    fields: Mapping[str, object]
    event_id: int = 0


def from_command(command: WorkflowCommand, *, queue: str, workflow: str) -> Step | None:  # noqa: PLR0911 -- one arm a command
    """The step a command of the code is; None where it leaves no event.

    What the code leaves to the run it is in is the run's own: its task queue, its workflow.
    """
    name = command.WhichOneof("variant")
    said: Any = getattr(command, name or "", None)
    summary = {"summary": _payload(command.user_metadata.summary)}
    match name:
        case "schedule_activity":
            total, attempt = said.schedule_to_close_timeout, said.start_to_close_timeout
            waiting = said.schedule_to_start_timeout
            fields = _activity(said, queue=_queue(said.task_queue, queue)) | {
                "input": tuple(_payload(item) for item in said.arguments),
                "schedule to close": _seconds(total),
                "schedule to start": _seconds(
                    waiting if said.HasField("schedule_to_start_timeout") else total
                ),
                "start to close": _seconds(attempt),
            }
            return Step("activity", fields | summary)
        case "start_timer":
            fields = {"id": str(said.seq), "length": _seconds(said.start_to_fire_timeout)}
            return Step("timer", fields | summary)
        case "request_cancel_activity":
            return Step("cancel-activity", {"id": str(said.seq)})
        case "cancel_timer":
            return Step("cancel-timer", {"id": str(said.seq)})
        case "upsert_workflow_search_attributes":
            return Step("attributes", _attributes(said.search_attributes))
        case "modify_workflow_properties":
            return Step("memo", _memo(said.upserted_memo))
        case "update_response":
            return _update_response(said)
        case "complete_workflow_execution":
            return Step("complete", {"result": (_payload(said.result),)})
        case "fail_workflow_execution":
            return Step("fail", {"message": said.failure.message})
        case "cancel_workflow_execution":
            return Step("cancelled", {})
        case "continue_as_new_workflow_execution":
            return Step(
                "continue-as-new",
                {
                    "type": said.workflow_type or workflow,
                    "queue": _queue(said.task_queue or REPLAY_QUEUE, queue),
                    "input": tuple(_payload(item) for item in said.arguments),
                },
            )
        case _:
            return Step(name or "nothing", {"command": command.SerializeToString()})


def from_event(  # noqa: PLR0911 -- one arm a kind
    event: HistoryEvent, *, activities: Mapping[int, str] = MappingProxyType({})
) -> Step | None:
    """The step that an event says the code asked for; None where it is not a command's event.

    `activities` are the ids of the run's activities by the event that scheduled each.
    """
    name = event.WhichOneof("attributes")
    said: Any = getattr(event, name or "", None)
    summary = {"summary": _payload(event.user_metadata.summary)}
    match event.event_type:
        case EVENT.ACTIVITY_TASK_SCHEDULED:
            fields = _activity(said, queue=said.task_queue.name) | {
                "input": _payloads(said.input),
                "schedule to close": _seconds(said.schedule_to_close_timeout),
                "schedule to start": _seconds(said.schedule_to_start_timeout),
                "start to close": _seconds(said.start_to_close_timeout),
            }
            return Step("activity", fields | summary, event.event_id)
        case EVENT.TIMER_STARTED:
            fields = {"id": said.timer_id, "length": _seconds(said.start_to_fire_timeout)}
            return Step("timer", fields | summary, event.event_id)
        case EVENT.TIMER_CANCELED:
            return Step("cancel-timer", {"id": said.timer_id}, event.event_id)
        case EVENT.ACTIVITY_TASK_CANCEL_REQUESTED:
            cancelled = activities.get(said.scheduled_event_id, "")
            return Step("cancel-activity", {"id": cancelled}, event.event_id)
        case EVENT.UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
            return Step("attributes", _attributes(said.search_attributes), event.event_id)
        case EVENT.WORKFLOW_PROPERTIES_MODIFIED:
            return Step("memo", _memo(said.upserted_memo), event.event_id)
        case EVENT.WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
            return Step("update-accepted", {"id": said.protocol_instance_id}, event.event_id)
        case EVENT.WORKFLOW_EXECUTION_UPDATE_COMPLETED:
            return Step(
                "update-completed",
                {
                    "id": said.meta.update_id,
                    "outcome": _payloads(said.outcome.success),
                    "failure": said.outcome.failure.message,
                },
                event.event_id,
            )
        case kind if kind in _OTHER_COMMANDS:
            return Step(_OTHER_COMMANDS[kind], {"event": name}, event.event_id)
        case _:
            return _end(event, said)


def _end(event: HistoryEvent, said: Any) -> Step | None:
    match event.event_type:
        case EVENT.WORKFLOW_EXECUTION_COMPLETED:
            return Step("complete", {"result": _payloads(said.result)}, event.event_id)
        case EVENT.WORKFLOW_EXECUTION_FAILED:
            return Step("fail", {"message": said.failure.message}, event.event_id)
        case EVENT.WORKFLOW_EXECUTION_CANCELED:
            return Step("cancelled", {}, event.event_id)
        case EVENT.WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
            return Step(
                "continue-as-new",
                {
                    "type": said.workflow_type.name,
                    "queue": said.task_queue.name,
                    "input": _payloads(said.input),
                },
                event.event_id,
            )
        case _:
            return None


def sent(steps: Sequence[Step], *, fired: frozenset[str], done: frozenset[str]) -> list[Step]:
    """The steps of one workflow task as they reach the server.

    What is started and cancelled in one task never leaves the SDK, nor does the cancellation of a
    timer that has `fired` or of an activity that is `done`; the end of a run comes last.
    """
    unsent: dict[str, set[object]] = {}
    for kind, over in (("timer", fired), ("activity", done)):
        started = {step.fields["id"] for step in steps if step.kind == kind}
        cancelled = {step.fields["id"] for step in steps if step.kind == f"cancel-{kind}"}
        unsent[kind] = {*over, *(started & cancelled)}
    kept = [
        step
        for step in steps
        if step.fields.get("id") not in unsent.get(step.kind.removeprefix("cancel-"), ())
    ]
    return [step for step in kept if step.kind not in ENDS] + [
        step for step in kept if step.kind in ENDS
    ]


_OTHER_COMMANDS = {
    EVENT.MARKER_RECORDED: "set_patch_marker",
    EVENT.START_CHILD_WORKFLOW_EXECUTION_INITIATED: "start_child_workflow_execution",
    EVENT.SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED: ("signal_external_workflow_execution"),
    EVENT.REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED: (
        "request_cancel_external_workflow_execution"
    ),
    EVENT.NEXUS_OPERATION_SCHEDULED: "schedule_nexus_operation",
}
"""Commands that no workflow of this release issues: an event of theirs is always a difference."""


def _activity(said: Any, *, queue: str) -> dict[str, object]:
    retry = said.retry_policy
    return {
        "id": said.activity_id,
        "type": said.activity_type
        if isinstance(said.activity_type, str)
        else said.activity_type.name,
        "queue": queue,
        "heartbeat": _seconds(said.heartbeat_timeout),
        "retry: first interval": _seconds(retry.initial_interval),
        "retry: coefficient": retry.backoff_coefficient,
        "retry: longest interval": _seconds(retry.maximum_interval),
        "retry: attempts": retry.maximum_attempts,
        "retry: never": tuple(retry.non_retryable_error_types),
        "priority": said.priority.SerializeToString(),
    }


def _update_response(said: Any) -> Step | None:
    match said.WhichOneof("response"):
        case "accepted":
            return Step("update-accepted", {"id": said.protocol_instance_id})
        case "completed":
            fields = {
                "id": said.protocol_instance_id,
                "outcome": (_payload(said.completed),),
                "failure": "",
            }
            return Step("update-completed", fields)
        case _:
            return None


def _attributes(said: Any) -> dict[str, object]:
    return {name: _payload(value) for name, value in said.indexed_fields.items()}


def _memo(said: Any) -> dict[str, object]:
    return {name: _payload(value) for name, value in said.fields.items()}


def _queue(named: str, run_queue: str) -> str:
    return run_queue if named == REPLAY_QUEUE else named


def _payloads(payloads: Payloads) -> tuple[bytes, ...]:
    return tuple(_payload(payload) for payload in payloads.payloads)


def _payload(payload: Payload) -> bytes:
    """The bytes that count; an encoding other than JSON is part of them."""
    encoding = payload.metadata.get("encoding", b"")
    return payload.data if encoding in (b"json/plain", b"") else encoding + b"\n" + payload.data


def _seconds(duration: Duration) -> str:
    exact = f"{duration.seconds}.{duration.nanos:09d}".rstrip("0").rstrip(".")
    return f"{exact}s"

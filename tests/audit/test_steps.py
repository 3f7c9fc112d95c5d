"""Which commands of the code reach the server, and what an event says was asked for."""

from datetime import timedelta
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.bridge.proto.workflow_commands import WorkflowCommand

from audit.steps import Step, from_command, from_event, sent

NONE: frozenset[str] = frozenset()


def commands(*asked: tuple[str, int]) -> list[Step]:
    """The steps of those commands: their kind and their number."""
    steps = []
    for kind, number in asked:
        command = WorkflowCommand()
        said = getattr(command, kind)
        said.seq = number
        if kind == "schedule_activity":
            said.activity_id = str(number)
        step = from_command(command, queue="cases", workflow="Escalation")
        assert step is not None
        steps.append(step)
    return steps


def named(steps: list[Step]) -> list[tuple[str, object]]:
    """Each step by its kind and whom it is about."""
    return [(step.kind, step.fields["id"]) for step in steps]


def test_the_cancellation_of_an_activity_that_has_ended_never_leaves_the_sdk() -> None:
    """An act and a notice's answer that come in one task: the act stops what is over already."""
    steps = commands(("request_cancel_activity", 4), ("cancel_timer", 2))

    assert named(sent(steps, fired=NONE, done=frozenset({"4"}))) == [("cancel-timer", "2")]
    assert named(sent(steps, fired=frozenset({"2"}), done=NONE)) == [("cancel-activity", "4")]


def test_an_activity_and_a_timer_of_one_number_are_two_things() -> None:
    """Both are counted from one: that a timer has fired says nothing of an activity."""
    steps = commands(("request_cancel_activity", 2), ("cancel_timer", 2))

    assert named(sent(steps, fired=frozenset({"2"}), done=NONE)) == [("cancel-activity", "2")]


@pytest.mark.parametrize(
    "begun, ended",
    [("schedule_activity", "request_cancel_activity"), ("start_timer", "cancel_timer")],
)
def test_what_is_begun_and_cancelled_in_one_task_is_never_sent(begun: str, ended: str) -> None:
    """The SDK takes both back."""
    steps = commands((begun, 3), (ended, 3), (begun, 5))

    assert [number for _, number in named(sent(steps, fired=NONE, done=NONE))] == ["5"]


def test_the_cancellation_of_another_activity_is_another_step() -> None:
    """The event names the one that was scheduled, the command its number."""
    event = HistoryEvent(event_id=9, event_type=EventType.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED)
    event.activity_task_cancel_requested_event_attributes.scheduled_event_id = 5
    (asked,) = commands(("request_cancel_activity", 1))

    same = from_event(event, activities={5: "1", 6: "2"})
    other = from_event(event, activities={5: "2", 6: "1"})

    assert same is not None
    assert other is not None
    assert asked.fields == same.fields
    assert asked.fields != other.fields


def payload(data: bytes, encoding: bytes = b"json/plain") -> Payload:
    """A value as it travels in clear."""
    return Payload(metadata={"encoding": encoding}, data=data)


def command(variant: str, *, summary: bytes = b"") -> tuple[WorkflowCommand, Any]:
    """A command of that kind, and what is to be filled in of it."""
    made = WorkflowCommand()
    if summary:
        made.user_metadata.summary.CopyFrom(payload(summary))
    said = getattr(made, variant)
    said.SetInParent()
    return made, said


def event(kind: str, attributes: str, *, summary: bytes = b"") -> tuple[HistoryEvent, Any]:
    """An event of that kind, numbered 9, and what is to be filled in of it."""
    made = HistoryEvent(event_id=9, event_type=EventType.Value(f"EVENT_TYPE_{kind}"))
    if summary:
        made.user_metadata.summary.CopyFrom(payload(summary))
    said = getattr(made, f"{attributes}_event_attributes")
    said.SetInParent()
    return made, said


def asked(made: WorkflowCommand) -> Step | None:
    """The command's step in a run of its own queue and workflow."""
    return from_command(made, queue="cases", workflow="Escalation")


def timed(said: Any) -> None:
    """Every option an activity can have."""
    said.heartbeat_timeout.FromTimedelta(timedelta(seconds=3))
    said.schedule_to_close_timeout.FromTimedelta(timedelta(seconds=60))
    said.start_to_close_timeout.FromTimedelta(timedelta(seconds=10, milliseconds=500))
    said.retry_policy.initial_interval.FromTimedelta(timedelta(seconds=1))
    said.retry_policy.backoff_coefficient = 2.0
    said.retry_policy.maximum_interval.FromTimedelta(timedelta(seconds=90))
    said.retry_policy.maximum_attempts = 4
    said.retry_policy.non_retryable_error_types.append("Odd")
    said.priority.priority_key = 2
    said.activity_id = "7"


ACTIVITY = {
    "id": "7",
    "type": "notify",
    "queue": "cases",
    "heartbeat": "3s",
    "retry: first interval": "1s",
    "retry: coefficient": 2.0,
    "retry: longest interval": "90s",
    "retry: attempts": 4,
    "retry: never": ("Odd",),
    "priority": b"\x08\x02",
    "input": (b"{}", b"odd\n{}"),
    "schedule to close": "60s",
    "schedule to start": "60s",
    "start to close": "10.5s",
    "summary": b"told",
}


def test_an_activity_is_one_step_however_it_is_told() -> None:
    """The server writes out what the code left away: its queue, and how long it may wait."""
    made, said = command("schedule_activity", summary=b"told")
    timed(said)
    said.activity_type = "notify"
    said.task_queue = "replay-strict"
    said.arguments.extend([payload(b"{}"), payload(b"{}", b"odd")])
    told, event_said = event("ACTIVITY_TASK_SCHEDULED", "activity_task_scheduled", summary=b"told")
    timed(event_said)
    event_said.activity_type.name = "notify"
    event_said.task_queue.name = "cases"
    event_said.schedule_to_start_timeout.FromTimedelta(timedelta(seconds=60))
    event_said.input.payloads.extend([payload(b"{}"), payload(b"{}", b"odd")])

    assert asked(made) == Step("activity", ACTIVITY)
    assert from_event(told) == Step("activity", ACTIVITY, 9)
    said.task_queue = "elsewhere"
    said.schedule_to_start_timeout.FromTimedelta(timedelta(0))
    step = asked(made)
    assert step is not None
    assert (step.fields["queue"], step.fields["schedule to start"]) == ("elsewhere", "0s")


def test_a_timer_is_told_by_number_and_length() -> None:
    """To the nanosecond, and with what it is for."""
    made, said = command("start_timer", summary=b"told")
    said.seq = 4
    said.start_to_fire_timeout.seconds = 100
    said.start_to_fire_timeout.nanos = 20
    told, event_said = event("TIMER_STARTED", "timer_started", summary=b"told")
    event_said.timer_id = "4"
    event_said.start_to_fire_timeout.seconds = 100
    event_said.start_to_fire_timeout.nanos = 20
    fields = {"id": "4", "length": "100.00000002s", "summary": b"told"}

    assert asked(made) == Step("timer", fields)
    assert from_event(told) == Step("timer", fields, 9)


def test_what_is_cancelled_is_told_by_its_number() -> None:
    """A timer's is its own; an activity's is that of the event which scheduled it."""
    timer, timer_said = command("cancel_timer")
    activity, activity_said = command("request_cancel_activity")
    timer_said.seq = activity_said.seq = 4
    told, said = event("TIMER_CANCELED", "timer_canceled")
    said.timer_id = "4"
    other, other_said = event("ACTIVITY_TASK_CANCEL_REQUESTED", "activity_task_cancel_requested")
    other_said.scheduled_event_id = 5

    assert asked(timer) == Step("cancel-timer", {"id": "4"})
    assert from_event(told) == Step("cancel-timer", {"id": "4"}, 9)
    assert asked(activity) == Step("cancel-activity", {"id": "4"})
    assert from_event(other, activities={5: "4"}) == Step("cancel-activity", {"id": "4"}, 9)
    assert from_event(other) == Step("cancel-activity", {"id": ""}, 9)


def test_attributes_and_memo_are_told_by_name() -> None:
    """Each with its bytes; a memo beside them."""
    attributes, said = command("upsert_workflow_search_attributes")
    said.search_attributes.indexed_fields["Severity"].CopyFrom(payload(b'"SEV1"'))
    memo, memo_said = command("modify_workflow_properties")
    memo_said.upserted_memo.fields["title"].CopyFrom(payload(b'"x"'))
    told, event_said = event(
        "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES", "upsert_workflow_search_attributes"
    )
    event_said.search_attributes.indexed_fields["Severity"].CopyFrom(payload(b'"SEV1"'))
    other, other_said = event("WORKFLOW_PROPERTIES_MODIFIED", "workflow_properties_modified")
    other_said.upserted_memo.fields["title"].CopyFrom(payload(b'"x"'))

    assert asked(attributes) == Step("attributes", {"Severity": b'"SEV1"'})
    assert from_event(told) == Step("attributes", {"Severity": b'"SEV1"'}, 9)
    assert asked(memo) == Step("memo", {"title": b'"x"'})
    assert from_event(other) == Step("memo", {"title": b'"x"'}, 9)


def test_an_update_is_accepted_and_completed_with_its_answer() -> None:
    """A rejected one leaves no event, so it is no step."""
    accepted, said = command("update_response")
    said.protocol_instance_id = "u1"
    said.accepted.SetInParent()
    completed, said = command("update_response")
    said.protocol_instance_id = "u1"
    said.completed.CopyFrom(payload(b"{}"))
    rejected, said = command("update_response")
    said.rejected.message = "no"
    told, event_said = event(
        "WORKFLOW_EXECUTION_UPDATE_ACCEPTED", "workflow_execution_update_accepted"
    )
    event_said.protocol_instance_id = "u1"
    done, done_said = event(
        "WORKFLOW_EXECUTION_UPDATE_COMPLETED", "workflow_execution_update_completed"
    )
    done_said.meta.update_id = "u1"
    done_said.outcome.success.payloads.append(payload(b"{}"))
    failed, failed_said = event(
        "WORKFLOW_EXECUTION_UPDATE_COMPLETED", "workflow_execution_update_completed"
    )
    failed_said.meta.update_id = "u1"
    failed_said.outcome.failure.message = "broke"
    answer = {"id": "u1", "outcome": (b"{}",), "failure": ""}

    assert asked(accepted) == Step("update-accepted", {"id": "u1"})
    assert from_event(told) == Step("update-accepted", {"id": "u1"}, 9)
    assert asked(completed) == Step("update-completed", answer)
    assert from_event(done) == Step("update-completed", answer, 9)
    assert from_event(failed) == Step(
        "update-completed", {"id": "u1", "outcome": (), "failure": "broke"}, 9
    )
    assert asked(rejected) is None


def test_the_four_ends_of_a_run() -> None:
    """What it came to, why it failed, that it was cancelled, and with what it goes on."""
    complete, said = command("complete_workflow_execution")
    said.result.CopyFrom(payload(b"{}"))
    fail, said = command("fail_workflow_execution")
    said.failure.message = "broke"
    cancel, _ = command("cancel_workflow_execution")
    on, said = command("continue_as_new_workflow_execution")
    said.arguments.append(payload(b"{}"))
    completed, said = event("WORKFLOW_EXECUTION_COMPLETED", "workflow_execution_completed")
    said.result.payloads.append(payload(b"{}"))
    failed, said = event("WORKFLOW_EXECUTION_FAILED", "workflow_execution_failed")
    said.failure.message = "broke"
    cancelled, _ = event("WORKFLOW_EXECUTION_CANCELED", "workflow_execution_canceled")
    continued, said = event(
        "WORKFLOW_EXECUTION_CONTINUED_AS_NEW", "workflow_execution_continued_as_new"
    )
    said.workflow_type.name = "Escalation"
    said.task_queue.name = "cases"
    said.input.payloads.append(payload(b"{}"))
    again = {"type": "Escalation", "queue": "cases", "input": (b"{}",)}

    assert asked(complete) == Step("complete", {"result": (b"{}",)})
    assert from_event(completed) == Step("complete", {"result": (b"{}",)}, 9)
    assert asked(fail) == Step("fail", {"message": "broke"})
    assert from_event(failed) == Step("fail", {"message": "broke"}, 9)
    assert asked(cancel) == Step("cancelled", {})
    assert from_event(cancelled) == Step("cancelled", {}, 9)
    assert asked(on) == Step("continue-as-new", again)
    assert from_event(continued) == Step("continue-as-new", again, 9)


def test_what_is_named_is_not_the_runs_own() -> None:
    """A case that goes on as another workflow, or elsewhere, says so."""
    on, said = command("continue_as_new_workflow_execution")
    said.workflow_type, said.task_queue = "Other", "elsewhere"

    assert asked(on) == Step(
        "continue-as-new", {"type": "Other", "queue": "elsewhere", "input": ()}
    )


def test_a_command_that_we_never_issue_is_a_step_of_its_own() -> None:
    """So is its event; nothing of it is taken for something else."""
    signal, said = command("signal_external_workflow_execution")
    said.signal_name = "x"
    nothing = WorkflowCommand()
    marker, said = event("MARKER_RECORDED", "marker_recorded")
    said.marker_name = "m"
    told = from_event(marker)

    assert asked(signal) == Step(
        "signal_external_workflow_execution", {"command": signal.SerializeToString()}
    )
    assert asked(nothing) == Step("nothing", {"command": b""})
    assert told == Step("set_patch_marker", {"event": "marker_recorded_event_attributes"}, 9)
    others = {
        "START_CHILD_WORKFLOW_EXECUTION_INITIATED": "start_child_workflow_execution",
        "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED": "signal_external_workflow_execution",
        "REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED": (
            "request_cancel_external_workflow_execution"
        ),
    }
    for kind, name in others.items():
        other, _ = event(kind, kind.lower())
        step = from_event(other)
        assert step is not None
        assert step.kind == name
    activated, _ = event("WORKFLOW_TASK_STARTED", "workflow_task_started")
    assert from_event(activated) is None


def test_the_end_of_a_run_is_sent_last() -> None:
    """Whatever else the code asked for in that task goes before it, in its order."""
    steps = [
        Step("complete", {"result": ()}),
        Step("memo", {"id": "2"}),
        Step("timer", {"id": "1"}),
        Step("attributes", {}),
    ]

    found = sent(steps, fired=frozenset({"2"}), done=frozenset({"2"}))

    assert [step.kind for step in found] == ["memo", "timer", "attributes", "complete"]
    assert sent([], fired=NONE, done=NONE) == []

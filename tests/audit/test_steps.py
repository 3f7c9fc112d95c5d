"""Which commands of the code reach the server, and what an event says was asked for."""

import pytest
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

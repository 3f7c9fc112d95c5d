"""What the code asked for is held against the history, workflow task by workflow task."""

from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.bridge.proto.workflow_commands import WorkflowCommand

from audit.comparing import compare
from audit.findings import Finding, Rule
from audit.recording import Recording
from audit.runs import Run


class Told:
    """A history that grows event by event."""

    def __init__(self) -> None:
        self.events: list[HistoryEvent] = []
        begun = self.add("WORKFLOW_EXECUTION_STARTED")
        said = begun.workflow_execution_started_event_attributes
        said.task_queue.name = "cases"
        said.workflow_type.name = "Escalation"

    def add(self, kind: str) -> HistoryEvent:
        """One more."""
        event = HistoryEvent(
            event_id=len(self.events) + 1, event_type=EventType.Value(f"EVENT_TYPE_{kind}")
        )
        getattr(event, f"{kind.lower()}_event_attributes").SetInParent()
        self.events.append(event)
        return event

    def task(self) -> int:
        """A workflow task has been done; the id of its start."""
        started = self.add("WORKFLOW_TASK_STARTED").event_id
        done = self.add("WORKFLOW_TASK_COMPLETED")
        done.workflow_task_completed_event_attributes.started_event_id = started
        return started

    def activity(self, number: str, *, kind: str = "notify", said: bytes = b"{}") -> int:
        """An activity was scheduled."""
        event = self.add("ACTIVITY_TASK_SCHEDULED")
        attributes = event.activity_task_scheduled_event_attributes
        attributes.activity_id, attributes.activity_type.name = number, kind
        attributes.task_queue.name = "cases"
        attributes.input.payloads.append(clear(said))
        return event.event_id

    def timer(self, number: str) -> int:
        """A timer was started."""
        event = self.add("TIMER_STARTED")
        event.timer_started_event_attributes.timer_id = number
        return event.event_id

    @property
    def run(self) -> Run:
        """All of it."""
        return Run(run="run-1", events=self.events)


def clear(data: bytes) -> Payload:
    """A payload in clear."""
    return Payload(metadata={"encoding": b"json/plain"}, data=data)


def activity(number: str, *, kind: str = "notify", said: bytes = b"{}") -> WorkflowCommand:
    """The command of the same."""
    command = WorkflowCommand()
    asked = command.schedule_activity
    asked.activity_id, asked.activity_type, asked.task_queue = number, kind, "replay-strict"
    asked.arguments.append(clear(said))
    return command


def timer(number: int) -> WorkflowCommand:
    """A timer is asked for."""
    command = WorkflowCommand()
    command.start_timer.seq = number
    return command


def cancelled(*, timer: int | None = None, activity: int | None = None) -> WorkflowCommand:
    """One of the two is cancelled."""
    command = WorkflowCommand()
    if timer is not None:
        command.cancel_timer.seq = timer
    else:
        command.request_cancel_activity.seq = activity or 0
    return command


def goes_on() -> WorkflowCommand:
    """The run goes on as new, in its own queue and as its own workflow."""
    command = WorkflowCommand()
    command.continue_as_new_workflow_execution.SetInParent()
    return command


def found(what: str, *, at: int, expected: str = "", given: str = "") -> Finding:
    """A difference at that event."""
    return Finding(
        rule=Rule.COMMAND, run="run-1", event_id=at, what=what, expected=expected, found=given
    )


def test_a_history_that_is_what_the_code_asked_for_has_no_finding() -> None:
    """Every step of every task was compared, and counted; rejected updates are none."""
    told = Told()
    first = told.task()
    told.activity("1")
    told.timer("1")
    second = told.task()
    told.timer("2")
    rejected = WorkflowCommand()
    rejected.update_response.rejected.message = "no"
    asked = {first: [activity("1"), timer(1), rejected], second: [timer(2)]}

    assert compare(told.run, Recording(asked=asked)) == ([], 3)


def test_what_the_code_leaves_to_its_run_is_the_runs_own() -> None:
    """Queue and workflow are those the run was started with."""
    told = Told()
    task = told.task()
    said = told.add(
        "WORKFLOW_EXECUTION_CONTINUED_AS_NEW"
    ).workflow_execution_continued_as_new_event_attributes
    said.workflow_type.name, said.task_queue.name = "Escalation", "cases"

    assert compare(told.run, Recording(asked={task: [goes_on()]})) == ([], 1)
    said.task_queue.name = "elsewhere"
    assert compare(told.run, Recording(asked={task: [goes_on()]}))[0] == [
        found("continue-as-new queue", at=4, expected="cases", given="elsewhere")
    ]


def test_a_value_that_differs_is_named_with_its_place() -> None:
    """Inside the payload, and beside it; both are told."""
    told = Told()
    task = told.task()
    event = told.activity("1", said=b'{"who":{"person":"luca"}}')
    asked = {task: [activity("2", said=b'{"who":{"person":"lena"}}')]}

    assert compare(told.run, Recording(asked=asked)) == (
        [
            found("activity id", at=event, expected="2", given="1"),
            found("activity input.who.person", at=event, expected="lena", given="luca"),
        ],
        1,
    )


def test_what_follows_a_step_of_another_kind_is_not_told() -> None:
    """It is out of step, and would only repeat it."""
    told = Told()
    first = told.task()
    event = told.activity("1")
    told.timer("9")
    second = told.task()
    last = told.timer("2")
    asked = {first: [timer(1), activity("8")], second: [timer(3)]}

    assert compare(told.run, Recording(asked=asked)) == (
        [
            found(
                "the code asks for something else",
                at=event,
                expected="timer 1",
                given="activity notify",
            ),
            found("timer id", at=last, expected="3", given="2"),
        ],
        3,
    )


def test_a_step_that_is_missing_or_too_many_is_told_where_the_task_ends() -> None:
    """At the last event of its task, or at the task where there is none."""
    told = Told()
    first = told.task()
    event = told.timer("1")
    second = told.task()
    third = told.task()
    more = told.timer("2")
    asked = {first: [timer(1), timer(7)], second: [goes_on()], third: []}
    what = "the code asks for something else"

    assert compare(told.run, Recording(asked=asked)) == (
        [
            found(what, at=event, expected="timer 7", given="nothing"),
            found(what, at=second, expected="continue-as-new Escalation", given="nothing"),
            found(what, at=more, expected="nothing", given="timer 2"),
        ],
        3,
    )


def test_nothing_is_said_of_what_the_replay_did_not_reach() -> None:
    """The last task that was replayed still counts."""
    told = Told()
    first = told.task()
    told.timer("1")
    told.task()
    told.timer("2")

    assert compare(told.run, Recording(asked={first: [timer(1)]})) == ([], 1)
    assert compare(told.run, Recording()) == ([], 0)


def test_a_step_of_no_workflow_task_is_a_stray() -> None:
    """What stands after something that came from elsewhere was not asked for in that task."""
    told = Told()
    first = told.timer("8")
    task = told.task()
    told.timer("1")
    told.add("WORKFLOW_EXECUTION_SIGNALED")
    second = told.activity("9")

    assert compare(told.run, Recording(asked={task: [timer(1)]})) == (
        [
            found("timer belongs to no workflow task", at=first),
            found("activity belongs to no workflow task", at=second),
        ],
        1,
    )


def test_the_cancellation_of_what_is_over_is_not_expected() -> None:
    """Over before the task began, in whatever way; what ended in it later is cancelled."""
    for end in ("COMPLETED", "FAILED", "TIMED_OUT", "CANCELED"):
        told = Told()
        first = told.task()
        scheduled = told.activity("1")
        told.timer("2")
        over = told.add(f"ACTIVITY_TASK_{end}")
        said = getattr(over, f"activity_task_{end.lower()}_event_attributes")
        said.scheduled_event_id = scheduled
        told.add("TIMER_FIRED").timer_fired_event_attributes.timer_id = "2"
        second = told.task()
        asked = {
            first: [activity("1"), timer(2)],
            second: [cancelled(activity=1), cancelled(timer=2)],
        }

        assert compare(told.run, Recording(asked=asked)) == ([], 2)


def test_what_ends_after_its_cancellation_was_asked_for_is_expected_in_the_history() -> None:
    """The event of the cancellation is named by the event that scheduled what it is about."""
    told = Told()
    first = told.task()
    scheduled = told.activity("1")
    told.timer("2")
    second = told.task()
    event = told.add("ACTIVITY_TASK_CANCEL_REQUESTED")
    event.activity_task_cancel_requested_event_attributes.scheduled_event_id = scheduled
    told.add("TIMER_CANCELED").timer_canceled_event_attributes.timer_id = "2"
    over = told.add("ACTIVITY_TASK_CANCELED")
    over.activity_task_canceled_event_attributes.scheduled_event_id = scheduled
    told.add("TIMER_FIRED").timer_fired_event_attributes.timer_id = "2"
    asked = {
        first: [activity("1"), timer(2)],
        second: [cancelled(activity=1), cancelled(timer=2)],
    }

    assert compare(told.run, Recording(asked=asked)) == ([], 4)

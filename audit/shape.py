"""Whether a run's events can have happened at all: their ids, instants, pairs and ends."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from temporalio.api.history.v1 import HistoryEvent

from audit.ends import TERMINAL, ending
from audit.findings import Finding, Rule
from audit.kinds import EVENT
from audit.runs import CaseHistory, Run, reopened_from

_OF_ACTIVITIES = {
    EVENT.ACTIVITY_TASK_COMPLETED: "activity_task_completed_event_attributes",
    EVENT.ACTIVITY_TASK_FAILED: "activity_task_failed_event_attributes",
    EVENT.ACTIVITY_TASK_TIMED_OUT: "activity_task_timed_out_event_attributes",
    EVENT.ACTIVITY_TASK_CANCELED: "activity_task_canceled_event_attributes",
}
_OF_TASKS = {
    EVENT.WORKFLOW_TASK_COMPLETED: "workflow_task_completed_event_attributes",
    EVENT.WORKFLOW_TASK_FAILED: "workflow_task_failed_event_attributes",
    EVENT.WORKFLOW_TASK_TIMED_OUT: "workflow_task_timed_out_event_attributes",
}


GAP = "event ids have a gap"
"""Of a run with one nothing else can be said: a replay of it may wait for ever."""
NOT_BY_ITSELF = "the case did not end by itself"


def check_run(run: Run) -> Iterator[Finding]:
    """What cannot be in the run's events as they are."""

    def finding(event_id: int, what: str, *, expected: object = "", found: object = "") -> Finding:
        return Finding(
            rule=Rule.SHAPE,
            run=run.run,
            event_id=event_id,
            what=what,
            expected=str(expected),
            found=str(found),
        )

    if not run.events or not run.events[0].HasField("workflow_execution_started_event_attributes"):
        yield finding(0, "the run does not begin with its start")
        return
    for expected, event in enumerate(run.events, start=1):
        if event.event_id != expected:
            yield finding(event.event_id, GAP, expected=expected)
            return
    for event in run.events[:-1]:
        if event.event_type in TERMINAL:
            yield finding(event.event_id, "the run goes on after its end")
    by_id = {event.event_id: event for event in run.events}
    for place, what, wanted, found in (*_times(run.events, by_id), *_pairs(run.events, by_id)):
        yield finding(place, what, expected=wanted, found=found)


def check_ends(history: CaseHistory) -> Iterator[Finding]:
    """Where the ends of runs do not meet. A last run that still goes on is no finding."""
    for run, following in zip(history.runs, history.runs[1:], strict=False):
        last = run.events[-1]
        if ending(run) == "completed" and reopened_from(following) == run.run:
            # What it inherits is compared with what this one left: `audit.reopened`.
            continue
        if not last.HasField("workflow_execution_continued_as_new_event_attributes"):
            yield Finding(
                rule=Rule.TERMINAL,
                run=run.run,
                event_id=last.event_id,
                what="another run follows one that did not continue as new",
                expected="continued as new",
                found=ending(run) or "no end",
            )
            continue
        passed: Any = last.workflow_execution_continued_as_new_event_attributes
        begun = following.started
        if passed.new_execution_run_id not in (following.run, begun.original_execution_run_id):
            yield Finding(
                rule=Rule.TERMINAL,
                run=run.run,
                event_id=last.event_id,
                what="the run that follows is not the one that was announced",
                expected=passed.new_execution_run_id,
                found=following.run,
            )
        if begun.continued_execution_run_id != run.run:
            yield Finding(
                rule=Rule.TERMINAL,
                run=following.run,
                event_id=1,
                what="the run says it continues another one",
                expected=run.run,
                found=begun.continued_execution_run_id,
            )
        for name in ("input", "workflow_type", "task_queue"):
            if getattr(passed, name) != getattr(begun, name):
                yield Finding(
                    rule=Rule.INPUT,
                    run=following.run,
                    event_id=1,
                    what=f"the run did not begin with the {name} it was handed",
                )
    ended = ending(history.runs[-1]) if history.runs else None
    if ended is not None and ended != "completed":
        last_run = history.runs[-1]
        yield Finding(
            rule=Rule.TERMINAL,
            run=last_run.run,
            event_id=last_run.events[-1].event_id,
            what=NOT_BY_ITSELF,
            expected="completed",
            found=ended,
        )


_Odd = tuple[int, str, object, object]


def _times(events: Sequence[HistoryEvent], by_id: Mapping[int, HistoryEvent]) -> Iterator[_Odd]:
    """Instants that cannot be.

    Events that come in while a workflow task runs are written after it, with the instant they came
    in; an activity's start is written when the activity ends.
    """
    task = 0
    for event in events:
        at = event.event_time.ToNanoseconds()
        said: Any = getattr(event, event.WhichOneof("attributes") or "", None)
        since = task
        if event.event_type == EVENT.ACTIVITY_TASK_STARTED:
            scheduled = by_id.get(said.scheduled_event_id)
            since = scheduled.event_time.ToNanoseconds() if scheduled is not None else task
        elif event.event_type in _OF_ACTIVITIES:
            started = by_id.get(said.started_event_id)
            since = max(task, started.event_time.ToNanoseconds() if started is not None else 0)
        if at < since:
            yield (
                event.event_id,
                "the event is earlier than what it follows",
                f"at or after {_spoken(since)}",
                _spoken(at),
            )
        if event.event_type == EVENT.WORKFLOW_TASK_STARTED:
            task = max(task, at)


def _pairs(events: Sequence[HistoryEvent], by_id: Mapping[int, HistoryEvent]) -> Iterator[_Odd]:
    """Ends without their beginning, and beginnings and ends by different workers."""
    answered: set[int] = set()
    for event in events:
        name = _OF_ACTIVITIES.get(event.event_type) or _OF_TASKS.get(event.event_type)
        said: Any = getattr(event, event.WhichOneof("attributes") or "", None)
        if event.event_type == EVENT.ACTIVITY_TASK_STARTED:
            # The server writes the failure of the attempt before with every further attempt.
            if (said.attempt > 1) != said.HasField("last_failure"):
                found = "with" if said.HasField("last_failure") else "without"
                yield (
                    event.event_id,
                    "the number of attempts does not fit",
                    "a failure before every further attempt",
                    f"attempt {said.attempt} {found} one",
                )
            continue
        if name is None:
            continue
        if said.scheduled_event_id in answered and event.event_type in _OF_ACTIVITIES:
            yield event.event_id, "an activity ends twice", "", ""
        answered.add(said.scheduled_event_id)
        started = by_id.get(said.started_event_id)
        if started is None or event.event_type not in (
            EVENT.ACTIVITY_TASK_COMPLETED,
            EVENT.WORKFLOW_TASK_COMPLETED,
        ):
            continue
        begun: Any = getattr(started, started.WhichOneof("attributes") or "", None)
        # A workflow task that the server only tried (for an update) is begun without a name.
        if getattr(begun, "identity", "") not in ("", said.identity):
            yield (
                event.event_id,
                "begun and ended by different workers",
                getattr(begun, "identity", ""),
                said.identity,
            )


def _spoken(nanoseconds: int) -> str:
    return f"{nanoseconds / 1e9:.6f}"

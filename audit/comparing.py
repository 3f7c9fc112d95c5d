"""Compares what the code asked for with what the history says it asked for, task by task."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from audit.findings import Finding, Rule, shown
from audit.histories import Run
from audit.kinds import EVENT
from audit.payloads import where_they_differ
from audit.recording import Recording
from audit.steps import Step, from_command, from_event, sent

_ENDS_OF_ACTIVITIES = frozenset(
    {
        EVENT.ACTIVITY_TASK_COMPLETED,
        EVENT.ACTIVITY_TASK_FAILED,
        EVENT.ACTIVITY_TASK_TIMED_OUT,
        EVENT.ACTIVITY_TASK_CANCELED,
    }
)


def compare(run: Run, recording: Recording) -> tuple[list[Finding], int]:
    """The differences, each at its event, and how many commands were compared."""
    findings: list[Finding] = []
    compared = 0
    own = {"queue": run.started.task_queue.name, "workflow": run.started.workflow_type.name}
    activities = _activities(run)
    said, strays = _by_task(run, activities)
    findings.extend(
        Finding(
            rule=Rule.COMMAND,
            run=run.run,
            event_id=step.event_id,
            what=f"{step.kind} belongs to no workflow task",
        )
        for step in strays
    )
    fired, done = _fired(run), _done(run, activities)
    for task in sorted(said.keys() | recording.asked.keys()):
        if task > recording.reached:
            break
        steps = [from_command(item, **own) for item in recording.asked.get(task, [])]
        asked = sent(
            [step for step in steps if step is not None],
            fired=frozenset(timer for timer, at in fired.items() if at < task),
            done=frozenset(activity for activity, at in done.items() if at < task),
        )
        found = said.get(task, [])
        compared += len(asked)
        findings.extend(_differences(run.run, task, asked, found))
    return findings, compared


def _by_task(run: Run, activities: Mapping[int, str]) -> tuple[dict[int, list[Step]], list[Step]]:
    """Steps in the history by the start of the workflow task that asked for them."""
    steps: dict[int, list[Step]] = {}
    strays: list[Step] = []
    current: list[Step] | None = None
    for event in run.events:
        if event.event_type == EVENT.WORKFLOW_TASK_COMPLETED:
            completed: Any = event.workflow_task_completed_event_attributes
            current = steps.setdefault(completed.started_event_id, [])
            continue
        step = from_event(event, activities=activities)
        if step is None:
            current = None
        elif current is None:
            strays.append(step)
        else:
            current.append(step)
    return steps, strays


def _fired(run: Run) -> dict[str, int]:
    return {
        event.timer_fired_event_attributes.timer_id: event.event_id
        for event in run.events
        if event.event_type == EVENT.TIMER_FIRED
    }


def _activities(run: Run) -> dict[int, str]:
    """The ids of the run's activities, by the event that scheduled each."""
    return {
        event.event_id: event.activity_task_scheduled_event_attributes.activity_id
        for event in run.events
        if event.event_type == EVENT.ACTIVITY_TASK_SCHEDULED
    }


def _done(run: Run, activities: Mapping[int, str]) -> dict[str, int]:
    """The event at which each activity ended, in whatever way."""
    ended: dict[str, int] = {}
    for event in run.events:
        if event.event_type in _ENDS_OF_ACTIVITIES:
            said: Any = getattr(event, event.WhichOneof("attributes") or "")
            ended[activities.get(said.scheduled_event_id, "")] = event.event_id
    return ended


def _differences(
    run: str, task: int, asked: Sequence[Step], found: Sequence[Step]
) -> Iterator[Finding]:
    last = found[-1].event_id if found else task
    for expected, actual in zip_longest(asked, found):
        if expected is None or actual is None or expected.kind != actual.kind:
            yield Finding(
                rule=Rule.COMMAND,
                run=run,
                event_id=actual.event_id if actual is not None else last,
                what="the code asks for something else",
                expected=_named(expected),
                found=_named(actual),
            )
            # What follows is out of step and would only repeat this.
            return
        for name in sorted(expected.fields.keys() | actual.fields.keys()):
            wanted, given = expected.fields.get(name), actual.fields.get(name)
            if wanted == given:
                continue
            place, one, other = where_they_differ(wanted, given)
            yield Finding(
                rule=Rule.COMMAND,
                run=run,
                event_id=actual.event_id,
                what=f"{actual.kind} {name}{place}",
                expected=shown(one),
                found=shown(other),
            )


def _named(step: Step | None) -> str:
    if step is None:
        return "nothing"
    about = step.fields.get("type") or step.fields.get("id") or ""
    return f"{step.kind} {about}".strip()

"""Whether a case is one in the shadow, and whether its history keeps the promise: nothing left."""

from audit.came_in import case_input
from audit.kinds import EVENT
from audit.runs import CaseHistory
from workflows.effects import OUTSIDE


def is_shadow(history: CaseHistory) -> bool:
    """Whether the case was started as a shadow."""
    request = case_input(history)
    return request is not None and request.shadow


def left_the_house(history: CaseHistory) -> list[str]:
    """Every order in the history that would have reached somebody; none for a shadow case."""
    return [
        f"event {event.event_id}: {name}"
        for run in history.runs
        for event in run.events
        if event.event_type == EVENT.ACTIVITY_TASK_SCHEDULED
        and (name := event.activity_task_scheduled_event_attributes.activity_type.name) in OUTSIDE
    ]

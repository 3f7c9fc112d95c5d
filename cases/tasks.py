"""A task: something somebody owes the case by an instant, and without which it does not close."""

from enum import StrEnum

from cases.values import Instant, Mutable

CONDITION = "condition"
"""Where a task is from: an approval was given on this condition."""

REVIEW = "break-glass"
"""Where a task is from: two people decided in the place of a gate, and somebody looks at it."""


class TaskState(StrEnum):
    """Where a task stands; only `open` keeps the case from closing."""

    OPEN = "open"
    DONE = "done"
    WAIVED = "waived"
    """Whoever set it says that it need not be done any more."""
    OVERTURNED = "overturned"
    """A review found that what it looked at must not stand."""
    FELL_AWAY = "fell-away"
    """The case ended without it: moved, attached or cancelled."""


class Task(Mutable):
    """One task of a case."""

    id: str
    """`task-1`: unique in the case."""
    what: str
    """In the words of whoever set it: for people who see the case, never for a title (I13)."""
    owner: str
    """The role that owes it."""
    person: str | None = None
    """The person it is meant for, where it is one."""
    due: Instant
    origin: str
    """What it is from: `condition`, `break-glass`, or whatever else sets tasks."""
    by: str
    """Who set it."""
    at: Instant
    gate: str | None = None
    round: int | None = None
    state: TaskState = TaskState.OPEN
    settled_by: str | None = None
    settled_at: Instant | None = None
    reference: str = ""
    note: str = ""

    @property
    def open(self) -> bool:
        """Whether it is still owed."""
        return self.state is TaskState.OPEN

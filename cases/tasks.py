"""A task: something somebody owes the case by an instant."""

from enum import StrEnum
from typing import Any

from pydantic import SerializerFunctionWrapHandler, model_serializer

from cases.values import Instant, Mutable

CONDITION = "condition"
"""Where a task is from: an approval was given on this condition."""

REVIEW = "break-glass"
"""Where a task is from: two people decided in the place of a gate, and somebody looks at it."""

PERSON = "person"
"""Where a task is from: somebody who works on the case set it."""


class TaskState(StrEnum):
    """Where a task stands."""

    OPEN = "open"
    DONE = "done"
    WAIVED = "waived"
    """Whoever set it says that it need not be done any more."""
    OVERTURNED = "overturned"
    """A review found that what it looked at must not stand."""
    FELL_AWAY = "fell-away"
    """The case ended without it: moved, attached, cancelled, or closed without waiting."""


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
    before_closing: bool = True
    """Whether the case waits for it with closing."""

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Tasks of earlier releases all kept the case open, and say nothing of it.
        written: dict[str, Any] = handler(self)
        return {
            name: said
            for name, said in written.items()
            if name != "before_closing" or not self.before_closing
        }

    @property
    def keeps_open(self) -> bool:
        """Whether the case cannot close as it stands."""
        return self.open and self.before_closing

    @property
    def open(self) -> bool:
        """Whether it is still owed."""
        return self.state is TaskState.OPEN

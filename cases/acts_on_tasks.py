"""What people do about the tasks of a case: set one, give it to somebody else, settle it."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import StringConstraints

from cases.values import Inbound, Instant, Line, Name, Prose

What = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class SetTask(Inbound):
    """Somebody owes the case something by an instant."""

    verb: Literal["task"] = "task"
    what: What
    owner: Name | None = None
    """The role that owes it; where only a person is named the door puts in a role of theirs."""
    person: Name | None = None
    due: Instant
    before_closing: bool = False
    """The case does not close before it is settled."""


class HandOn(Inbound):
    """A task of the case is somebody else's from now on."""

    verb: Literal["hand-on"] = "hand-on"
    task: Line
    owner: Name | None = None
    """The role; where only a person is named the door puts in a role of theirs."""
    person: Name | None = None
    reason: Prose = ""


class Settlement(StrEnum):
    """How a task ends by a person."""

    DONE = "done"
    WAIVED = "waived"
    """It need not be done any more: whoever set it says so, or who runs the case of what people
    set."""
    OVERTURNED = "overturned"
    """Only a review of a broken glass can say so: the gate is then asked again."""


class Finish(Inbound):
    """A task of the case is settled."""

    verb: Literal["finish"] = "finish"
    task: Line
    settlement: Settlement = Settlement.DONE
    reference: Line = ""
    """Where it can be seen."""
    note: Prose = ""

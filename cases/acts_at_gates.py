"""What people do about a decision beyond giving it: conditions, taking it back, breaking the glass.

The plain verdict, its withdrawal and an objection stand in `cases.acts`.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import StringConstraints

from cases.values import Inbound, Instant, Line, Name, Prose


class Condition(Inbound):
    """What an approval is given on: it becomes a task, and the case does not close without it."""

    what: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    owner: Name
    """The role that owes it."""
    due: Instant


class Settlement(StrEnum):
    """How a task ends by a person."""

    DONE = "done"
    WAIVED = "waived"
    """Only whoever set the condition can say that it need not be met."""
    OVERTURNED = "overturned"
    """Only a review of a broken glass can say so: the gate is then asked again."""


class Revoke(Inbound):
    """One's own verdict on a gate that has closed is taken back: the gate is asked again."""

    verb: Literal["revoke"] = "revoke"
    gate: Name
    reason: Prose


class BreakGlass(Inbound):
    """One of two people says that the gate must be passed without those it asks."""

    verb: Literal["break-glass"] = "break-glass"
    gate: Name
    reason: Prose


class Finish(Inbound):
    """A task of the case is settled."""

    verb: Literal["finish"] = "finish"
    task: Line
    settlement: Settlement = Settlement.DONE
    reference: Line = ""
    """Where it can be seen."""
    note: Prose = ""

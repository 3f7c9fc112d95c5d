"""What people do about a decision beyond giving it: conditions, taking it back, breaking the glass.

The plain verdict, its withdrawal and an objection stand in `cases.acts`.
"""

from typing import Annotated, Literal

from pydantic import StringConstraints

from cases.values import Inbound, Instant, Name, Prose


class Condition(Inbound):
    """What an approval is given on: it becomes a task, and the case does not close without it."""

    what: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    owner: Name
    """The role that owes it."""
    due: Instant


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

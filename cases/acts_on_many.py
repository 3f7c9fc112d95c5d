"""The acts of whoever watches an effect on many: what was seen, and that it is to be undone."""

from typing import Annotated, Literal

from pydantic import Field

from cases.values import Inbound, Line, Prose


class Observe(Inbound):
    """Some of those an effect on many has hit were checked, and so many were the wrong ones."""

    verb: Literal["observe"] = "observe"
    effect: str
    """The effect's key in this case."""
    checked: Annotated[int, Field(ge=1)]
    wrong: Annotated[int, Field(ge=0)]
    reference: Line = ""
    """Where the checks can be seen."""


class RollBack(Inbound):
    """An effect on many stops, and every step that was done is undone."""

    verb: Literal["roll-back"] = "roll-back"
    effect: str
    """The effect's key in this case."""
    reason: Prose

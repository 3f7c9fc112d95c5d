"""What people do so that work passes from one to another, and is never between the two."""

from typing import Literal

from cases.values import Inbound, Name, Prose


class HandOver(Inbound):
    """A role's work is offered to a person: it stays where it is until they accept."""

    verb: Literal["hand-over"] = "hand-over"
    role: Name
    person: Name
    note: Prose = ""
    """What they should know."""


class Accept(Inbound):
    """Work that was offered is taken, or declined."""

    verb: Literal["accept"] = "accept"
    role: Name
    decline: bool = False
    reason: Prose = ""

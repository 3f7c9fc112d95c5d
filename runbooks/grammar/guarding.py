"""How a sensitive case is guarded: legal hold, hourly handover, and what waits for clearance."""

from runbooks.grammar.base import Duration, Name, Strict


class LegalHoldRule(Strict):
    """Nothing of the case is deleted; after closing the owner says whether that must stay so."""

    owner: Name
    review: Duration


class HandoverRule(Strict):
    """A note for whoever takes over, asked of a role again and again."""

    every: Duration
    by: Name
    until: Name | None = None
    """The stage with which notes end; without it they are asked for as long as the case is open."""


class ClearanceRule(Strict):
    """An ordered effect is held back until a role clears it, and is asked to by then."""

    by: Name
    within: Duration

"""Outcomes that no runbook writes: the case is sent back to a gate that lies behind it."""

OBJECTION = "objection-to:"
"""The outcome by which a stage is left when somebody objects to a gate behind the case."""

CORRECTION = "correction-of:"
"""The outcome by which a stage is left when the decision of a gate behind it was taken back."""


def back_to(outcome: str | None) -> str | None:
    """The gate that the outcome sends the case back to; None for an outcome of the runbook's."""
    for why in (OBJECTION, CORRECTION):
        if outcome is not None and outcome.startswith(why):
            return outcome.removeprefix(why)
    return None

"""How a handler says no."""

from cases.receipts import Outcome, Reason


class Refusal(Exception):
    """The act cannot take effect; the receipt will say exactly this."""

    def __init__(self, outcome: Outcome, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{outcome}: {reason} {detail}".strip())
        self.outcome = outcome
        self.reason = reason
        self.detail = detail


def refused(reason: Reason, detail: str = "") -> Refusal:
    """A plain refusal with its reason."""
    return Refusal(Outcome.REFUSED, reason, detail)


def not_yours(reason: Reason = Reason.ROLE, detail: str = "") -> Refusal:
    """The act belongs to somebody else."""
    return Refusal(Outcome.NOT_YOURS, reason, detail)

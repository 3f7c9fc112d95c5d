"""What a case remembers of an effect on many: its steps, what was approved, what was seen."""

from datetime import timedelta

from cases.values import Instant, Mutable, Value


class Part(Value):
    """Which of those an effect concerns this order is about, and where their list is kept."""

    of: str
    """The key of the whole effect."""
    action: str
    """What a receiver is to do: the effect's name, or `undo-` or `observe-` before it."""
    step: int
    steps: int
    share: str
    first: int
    last: int
    """From the first to the last of the list, both included."""
    total: int
    listed: str

    @property
    def look(self) -> bool:
        """Whether it only asks what the step did."""
        return self.action.startswith("observe-")


class Look(Value):
    """Somebody checked so many of those that were hit, and so many were the wrong ones."""

    step: int
    checked: int
    wrong: int
    by: str
    at: Instant
    reference: str = ""


class Batch(Value):
    """One step of an effect on many, as it was cut when the effect began."""

    share: str
    first: int
    last: int
    watch: timedelta = timedelta(0)


class BulkRun(Mutable):
    """An effect on many under way: what was approved, and what was seen."""

    total: int
    listed: str
    batches: list[Batch]
    gate: str = ""
    round: int | None = None
    """The round that approved it; None where so few need no approval."""
    ordered: int = 0
    """How many steps have been ordered."""
    watched: int = 0
    """Up to which step the time of watching is over."""
    looks: list[Look] = []
    doubted: bool = False
    """Its approval is disputed: no further step before that is decided."""
    stopped: str = ""
    """Why it was stopped."""


class BulkApproval(Value):
    """What a gate approved and nobody has used yet."""

    gate: str
    round: int
    total: int
    listed: str

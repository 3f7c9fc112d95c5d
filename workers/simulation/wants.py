"""What somebody wants to do: an act, who does it, and when."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cases.acts import ActBody
from cases.gate import Round
from workers.simulation.people import Somebody
from workflows.messages import ReportReceived

Body = Callable[[datetime], ActBody | ReportReceived]
"""Made when the act is done: some bodies name an instant."""


@dataclass(frozen=True, order=True)
class Want:
    """An act that is going to be done, if nothing comes in between."""

    minute: int
    key: str
    """Says what it is about, person and round included; what was refused is not wanted again."""
    person: Somebody = field(compare=False)
    role: str = field(compare=False)
    body: Body = field(compare=False)
    round: Round | None = field(default=None, compare=False)
    once: bool = field(default=False, compare=False)
    """A trait of the case: whatever becomes of it, it is not tried again."""

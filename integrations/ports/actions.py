"""What a case asks of a system that carries an action out."""

from typing import Annotated, Protocol

from pydantic import Field, StringConstraints

from cases.many import Part
from cases.values import Instant, Value


class ActionOrder(Value):
    """One action to be carried out. Thin on purpose: facts are references and codes (I13)."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    """The effect's name in the runbook, for example `disable-content`."""
    title: str
    case_number: str
    key: str
    """Names this action for ever: the same key acts once at a receiver that keeps its ids."""
    facts: dict[str, str] = Field(default_factory=dict)
    part: Part | None = None
    """One step of an action on many: which of them, and where their list is kept."""
    set_for: Instant | None = None
    """The one instant that was agreed for it."""
    ordered_at: Instant | None = None
    """When the workflow ordered it; the same in every try."""


class ActionReceipt(Value):
    """The receiver took the order."""

    reference: str
    detail: str = ""
    found: tuple[int, int] | None = None
    """What a look came to: how many were checked, and how many of them were the wrong ones."""


class Actions(Protocol):
    """One connected system that acts."""

    async def act(self, order: ActionOrder) -> ActionReceipt:
        """The order is with the receiver, as its answer proves."""
        ...

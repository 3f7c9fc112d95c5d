"""What is written down of every call to a system outside: that it was made, and how it ended."""

from enum import StrEnum
from typing import Protocol

from pydantic import Field, JsonValue

from cases.values import Instant, Value


class CallOutcome(StrEnum):
    """How a call ended, in the words of `integrations.errors`."""

    UNDER_WAY = "under-way"
    """It was begun, and nobody wrote down an end: it runs, or its process died."""
    ANSWERED = "answered"
    REFUSED = "refused"
    CONFLICT = "conflict"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"
    """It left, and no answer came: it may have been carried out."""
    MISANSWERED = "misanswered"


class Behalf(Value):
    """For whom a call is made."""

    case: str | None = None
    key: str
    """The effect, notice or event it belongs to: the same in every try."""
    attempt: int = 1
    workflow: str = ""
    run: str = ""
    activity: str = ""
    """Which step of the engine makes it, so that its next try can be hurried."""


class Said(Value):
    """One side of a call without secrets and content; `body` is there to be digested only."""

    headers: dict[str, str] = Field(default_factory=dict)
    body: bytes = Field(default=b"", repr=False)
    summary: dict[str, JsonValue] = Field(default_factory=dict)


class Begun(Value):
    """A call that is about to be made."""

    behalf: Behalf
    vendor: str
    operation: str
    method: str
    url: str
    request: Said
    at: Instant


class Ended(Value):
    """How it ended."""

    outcome: CallOutcome
    status: int | None = None
    answer: Said = Field(default_factory=Said)
    error: str = ""
    """The kind of error, never a vendor's words."""
    mend: str = ""
    at: Instant


class Ledger(Protocol):
    """Keeps calls."""

    async def begin(self, call: Begun) -> str:
        """The call is on record before it is made; its id."""
        ...

    async def end(self, call: str, ended: Ended) -> None:
        """Its end is on record. Never raises for an outage: the call has been made by now."""
        ...

"""The base of every value in this package, and the small types they share."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
)

Instant = AwareDatetime
"""An aware instant; written in UTC."""

Name = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9-]*$")
]
"""A kebab-case name out of a runbook or directory."""

Prose = Annotated[str, StringConstraints(max_length=8000)]
"""What a person wrote; it travels encrypted and never reaches a log, id or title (I13)."""

Line = Annotated[str, StringConstraints(max_length=500)]


class Value(BaseModel):
    """A frozen value of our own making: older code may meet newer fields and ignores them."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Inbound(BaseModel):
    """A frozen value that came from outside: an unknown field is an error, not a surprise."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Grown(Inbound):
    """An inbound value that has got fields since: unset, they are not written.

    A worker of the release before refuses what it does not know, so it is shown nothing new that
    nobody uses.
    """

    since_grown: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = handler(self)
        return {
            name: value
            for name, value in written.items()
            if name not in self.since_grown or getattr(self, name)
        }


class Mutable(BaseModel):
    """A part of the case's own state."""

    model_config = ConfigDict(extra="ignore", validate_assignment=False)


def spoken(at: datetime) -> str:
    """An instant as the journal's readers want it: `2026-11-22 03:04:05Z`."""
    return at.strftime("%Y-%m-%d %H:%M:%SZ")

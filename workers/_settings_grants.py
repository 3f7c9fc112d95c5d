"""Settings of letting somebody outside a case read it for a time."""

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from workers._settings_group import Group
from workers._settings_sources import Span


class GrantSettings(Group):
    """How long somebody is let read, and how long their request waits."""

    default: Span = Field(
        timedelta(hours=24), description="for whoever does not say how long they have to read"
    )
    longest: Span = Field(
        timedelta(days=7), description="nobody is let read for longer at once (≥ 1m)"
    )
    answer: Span = Field(
        timedelta(hours=72), description="a request that nobody has answered lapses after this"
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.longest < timedelta(minutes=1) or self.answer < timedelta(minutes=1):
            raise ValueError("a grant, and the time to answer a request, are a minute at least")
        if not timedelta(minutes=1) <= self.default <= self.longest:
            raise ValueError("default is a minute at least and longest at most")
        return self

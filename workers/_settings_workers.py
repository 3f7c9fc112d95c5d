"""Settings of what workers are certified to."""

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from workers._settings_group import Group
from workers._settings_sources import Span


class WorkerSettings(Group):
    """Workers' own keys, which a gateway certifies."""

    lifetime: Span = Field(
        timedelta(hours=24), description="how long a certificate counts (1h to 30d)"
    )
    patience: Span = Field(
        timedelta(seconds=15),
        description="how long a starting worker waits for its certificate while a gateway runs",
    )
    required: bool = Field(
        False, description="no certificate, no work: a worker waits as long as it has none"
    )

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if not timedelta(hours=1) <= self.lifetime <= timedelta(days=30):
            raise ValueError("a worker's certificate counts for an hour to 30 days")
        return self

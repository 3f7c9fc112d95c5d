"""The base of every group of settings."""

from pydantic import BaseModel, ConfigDict


class Group(BaseModel):
    """A group of settings: frozen, closed, and silent about its values in errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

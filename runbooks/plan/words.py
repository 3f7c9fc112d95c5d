"""Words every part of a runbook uses: roles, severity, assurance, and what lateness brings."""

from datetime import timedelta
from enum import StrEnum

from runbooks.compact import Compact

Role = str
"""A role of the directory, in kebab case: `legal`, `incident-manager`."""


class Severity(StrEnum):
    """How bad the harm is; lower is worse (SEV0: life or child in danger now)."""

    SEV0 = "SEV0"
    SEV1 = "SEV1"
    SEV2 = "SEV2"
    SEV3 = "SEV3"
    SEV4 = "SEV4"


class Assurance(StrEnum):
    """How well a person proved who they are (design §7)."""

    L0 = "L0"
    """Another system says who it was; the person proved nothing to us. No gate takes it."""
    L1 = "L1"
    L2 = "L2"
    L3 = "L3"


class Late(Compact):
    """What happens when a clock has run for `at` and has not stopped: exactly one of the five."""

    at: timedelta
    label: str
    """As the runbook says it: `75%`, `50m`."""
    remind: Role | None = None
    page: Role | None = None
    do: str | None = None
    """An effect that is performed unattended."""
    go: str | None = None
    """An outcome the stage takes by itself."""
    escalate: str | None = None
    """An escalation policy that begins."""
    instead_of: Role | None = None
    """The silent role in whose place the paged one votes from then on."""

"""What depends on severity: a time that is another for graver cases, and what is only for some."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from runbooks.grammar.base import Duration, refuse
from runbooks.plan import Severity

OTHERWISE = "otherwise"
"""The time of every severity that is not named."""

_EXPECTED = f"{', '.join(Severity)}, {OTHERWISE}"


def _by_severity(value: Any) -> Any:  # whatever stands in the document
    if not isinstance(value, dict):
        return {OTHERWISE: value}
    for key in value:
        if key not in (*Severity, OTHERWISE):
            refuse("RB013", _EXPECTED, at=(str(key),), found=f"the key {key}")
    return value


def _for_all(value: dict[str, timedelta]) -> dict[str, timedelta]:
    if OTHERWISE not in value:
        refuse("RB110", f"`{OTHERWISE}` with the time of every other severity")
    return value


Times = Annotated[
    dict[str, Duration],
    BeforeValidator(_by_severity, json_schema_input_type=Duration | dict[str, Duration]),
    AfterValidator(_for_all),
]
"""A duration, or `{SEV0: 15m, otherwise: 4h}`."""


def _once(value: tuple[Severity, ...]) -> tuple[Severity, ...]:
    for index, severity in enumerate(value):
        if severity in value[:index]:
            refuse("RB017", "every severity once", at=(index,))
    return value


Severities = Annotated[tuple[Severity, ...], Field(min_length=1), AfterValidator(_once)]
"""The severities something is for."""


def time_at(times: dict[str, timedelta], severity: Severity) -> timedelta:
    """The time at that severity."""
    return times.get(severity, times[OTHERWISE])


def distinct_times(times: dict[str, timedelta]) -> tuple[timedelta, ...]:
    """Every time there is, the shortest first."""
    return tuple(sorted(set(times.values())))

"""The small words every part of the language is made of: names, durations, prose, dates."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, NoReturn

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictStr
from pydantic_core import PydanticCustomError

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_CLOCK = re.compile(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*")
_VERSION = re.compile(r"(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})")
_DURATION = re.compile(r"(\d{1,5}(?:\.\d{1,2})?[wdhms])+")
_PART = re.compile(r"(\d{1,5}(?:\.\d{1,2})?)([wdhms])")
_PERCENT = re.compile(r"(\d{1,3})%")
_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}


def kebab(name: str) -> str:
    """The name as a runbook writes it: `review_by` is `review-by`, `if_` is `if`."""
    return name.rstrip("_").replace("_", "-")


def refuse(
    rule: str, expected: str, *, at: tuple[str | int, ...] = (), found: str = "", mend: str = ""
) -> NoReturn:
    """Raises the problem `rule` names, `at` that many steps further in."""
    raise PydanticCustomError(
        rule, "{expected}", {"expected": expected, "at": at, "found": found, "mend": mend}
    )


class Strict(BaseModel):
    """A frozen part of a runbook: unknown keys are refused, keys are in kebab case."""

    # Nobody builds a part of a runbook by name: it is always read from a text, by its keys.
    model_config = ConfigDict(  # type: ignore[pydantic-alias]
        frozen=True, extra="forbid", alias_generator=kebab
    )


def _matching(pattern: re.Pattern[str], expected: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if len(value) > 80 or not pattern.fullmatch(value):  # noqa: PLR2004 - a name is a few words
            refuse("RB014", expected)
        return value

    return check


def parse_duration(value: str) -> timedelta:
    """The duration `15m`, `4h`, `1h30m`, `7d` or `2w` stands for; ValueError for anything else."""
    if not _DURATION.fullmatch(value):
        raise ValueError(value)
    parts = _PART.findall(value)
    return sum((_UNITS[unit] * float(Decimal(number)) for number, unit in parts), timedelta())


def _duration(value: Any) -> timedelta:  # whatever stands in the document
    if isinstance(value, timedelta):
        return value
    try:
        parsed = parse_duration(value) if isinstance(value, str) else timedelta()
    except ValueError:
        parsed = timedelta()
    if not timedelta() < parsed <= timedelta(days=3660):
        refuse("RB014", "a duration longer than nothing, like 15m, 4h, 1h30m or 7d")
    return parsed


def _date(value: Any) -> date:  # whatever stands in the document
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) and len(value) == 10 else "")  # noqa: PLR2004 - yyyy-mm-dd
    except ValueError:
        refuse("RB014", "a date like 2027-02-01")


def _prose(value: str) -> str:
    if not value.strip():
        refuse("RB014", "a sentence")
    return value


def _moment(value: str) -> str:
    percent = _PERCENT.fullmatch(value)
    if percent and 1 <= int(percent[1]) <= 300:  # noqa: PLR2004 - three times the target
        return value
    try:
        if parse_duration(value) > timedelta():
            return value
    except ValueError:
        pass
    refuse("RB014", "a share of the time like 75%, or a time like 20m")


def moment_of(value: str, *, within: timedelta) -> timedelta:
    """How long a clock of `within` has run at `75%` or `20m`."""
    percent = _PERCENT.fullmatch(value)
    return within * int(percent[1]) / 100 if percent else parse_duration(value)


NAME_PATTERN = f"^{_NAME.pattern}$"
CLOCK_PATTERN = f"^{_CLOCK.pattern}$"
VERSION_PATTERN = f"^{_VERSION.pattern}$"
DURATION_PATTERN = f"^{_DURATION.pattern}$"

check_name = _matching(_NAME, "a name in small letters and hyphens, like legal-review")
"""The name, if it is one; RB014 if not."""

Name = Annotated[
    StrictStr,
    AfterValidator(check_name),
    Field(json_schema_extra={"pattern": NAME_PATTERN}),
]
"""A name people say aloud, in kebab case."""

ClockId = Annotated[
    StrictStr,
    AfterValidator(_matching(_CLOCK, "a clock's id, like EU-TCO3-1h")),
    Field(json_schema_extra={"pattern": CLOCK_PATTERN}),
]
"""A clock's id: jurisdiction, instrument, article."""

Version = Annotated[
    StrictStr,
    AfterValidator(_matching(_VERSION, "a version like 1.0.0")),
    Field(json_schema_extra={"pattern": VERSION_PATTERN}),
]

Prose = Annotated[StrictStr, AfterValidator(_prose), Field(min_length=1, max_length=2000)]
"""A sentence for people; quoted."""

Duration = Annotated[
    timedelta,
    BeforeValidator(
        _duration, json_schema_input_type=Annotated[str, Field(pattern=DURATION_PATTERN)]
    ),
]

Moment = Annotated[StrictStr, AfterValidator(_moment)]
"""A moment of a clock: `75%` of its time, or `20m` after its start."""

Day = Annotated[
    date,
    BeforeValidator(
        _date,
        json_schema_input_type=Annotated[str, Field(json_schema_extra={"format": "date"})],
    ),
]

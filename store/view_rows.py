"""Cases as lists, pages, filters and metrics get them."""

from pydantic import JsonValue

from cases.values import Instant, Value


class CaseHeading(Value):
    """What is in clear of a case: opaque words and instants only."""

    number: str
    runbook: str
    version: str
    status: str
    stage: str
    severity: str
    waiting_on: tuple[str, ...] = ()
    due_at: Instant | None = None
    next_at: Instant | None = None
    next_label: str = ""
    breached: bool = False
    shadow: bool = False
    """It runs beside today's process; nothing of it leaves the house."""


class CaseLine(CaseHeading):
    """A case in a list."""

    case: str
    opened_at: Instant
    as_of: Instant
    """When the workflow last said something."""
    branch: str
    sequence: int


class CaseView(Value):
    """A case on a page: `state` is its picture, for `cases.state.CasePicture.of`."""

    line: CaseLine
    state: dict[str, JsonValue]


class CaseFilter(Value):
    """Which cases a list shows; what is None does not matter."""

    status: tuple[str, ...] | None = None
    stage: str | None = None
    severity: tuple[str, ...] | None = None
    runbook: str | None = None
    role: str | None = None
    """Waits on that role."""
    person: str | None = None
    """Some role's work is assigned to that person."""
    breached: bool | None = None
    shadow: bool | None = None
    limit: int = 200
    offset: int = 0


class Counts(Value):
    """Numbers for metrics; stages, severities and roles count open cases only.

    Shadow cases are counted apart: nobody waits for anything in them.
    """

    by_status: dict[str, int]
    by_stage: dict[str, int]
    by_severity: dict[str, int]
    waiting_on: dict[str, int]
    breached: int
    open_rounds: int
    shadow: int
    """How many shadow cases are open."""

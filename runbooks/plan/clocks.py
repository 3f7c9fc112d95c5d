"""A clock of the whole case, with its values out of the law where a row sets them."""

from datetime import timedelta
from enum import StrEnum

from runbooks.compact import Compact
from runbooks.plan.law import Trigger
from runbooks.plan.words import Late, Role, Severity
from runbooks.statutes.span import Span


class ClockKind(StrEnum):
    """The kinds of clock this release runs (facts, A-bis)."""

    DEADLINE = "deadline"
    PROMPT = "prompt"
    TOLLING = "tolling"
    MIN_HOLD = "min-hold"
    WINDOW = "window"


class ClockStart(StrEnum):
    """The event a clock counts from; receipt and awareness are audited acts."""

    OPENED = "opened"
    RECEIPT = "receipt"
    AWARENESS = "awareness"


class ClockPlan(Compact):
    """A clock of the whole case; a stage's own target is not one of these."""

    id: str
    title: str
    kind: ClockKind = ClockKind.DEADLINE
    starts: ClockStart = ClockStart.RECEIPT
    starts_at: str | None = None
    """The question whose answer says when its event was, instead of `starts`."""
    starts_after: str | None = None
    """The effect whose performance starts it, instead of `starts`."""
    trigger: Trigger | None = None
    """When its row of the law holds for the case; None: it runs in every case."""
    within: timedelta
    only_at: tuple[Severity, ...] = ()
    """It begins when the case first has one of these; empty: whatever the severity."""
    due_at: str | None = None
    """The question at which instant it is due: the order says it, not the law."""
    statutory: bool = True
    owner: Role
    stops: tuple[str, ...] = ()
    """`effect:<name>`, `stage:<name>` (left), `<outcome>:<stage>` (left so), or `closed`."""
    restart: str = "remaining"
    """After a suspension: `full` or `remaining`."""
    late: tuple[Late, ...] = ()
    source: str = ""
    row: str = ""
    """The row of the law it runs by: `EU-TCO6@1`; where and how well it was read stands there."""
    pin: str = ""
    """The first half of the row's digest: 128 bits hold it as fast, and a pathway is short."""
    span: Span | None = None
    """How the row counts; then the deadline is computed and `within` only says about how long."""
    opens: Span | None = None
    """How long a window of the law stays shut; `span` counts to its end."""
    calendar: str = ""
    """Which of the pathway's calendars it is counted by."""

"""How a run ends, and its stream."""

from collections.abc import Sequence

from audit.kinds import EVENT
from audit.runs import Run
from cases.journal import Entry, Kind

TERMINAL = {
    EVENT.WORKFLOW_EXECUTION_COMPLETED: "completed",
    EVENT.WORKFLOW_EXECUTION_FAILED: "failed",
    EVENT.WORKFLOW_EXECUTION_TIMED_OUT: "timed out",
    EVENT.WORKFLOW_EXECUTION_CANCELED: "cancelled",
    EVENT.WORKFLOW_EXECUTION_TERMINATED: "terminated",
    EVENT.WORKFLOW_EXECUTION_CONTINUED_AS_NEW: "continued as new",
}
_LAST = (Kind.CASE_CLOSED, Kind.CASE_CANCELLED, Kind.OBLIGATION_ENDED)


def ending(run: Run) -> str | None:
    """How the run ended; None while it goes on."""
    return TERMINAL.get(run.events[-1].event_type) if run.events else None


def is_closed(entries: Sequence[Entry]) -> bool:
    """Whether the stream has its last entry."""
    return bool(entries) and entries[-1].kind in _LAST

"""A case's runs as events, read from Temporal, or from an export where no Temporal is installed.

Whoever reads them takes fields by Temporal's names. The events are Temporal's own, or those of
`audit.bundle.events`, which knows the fields that are asked for outside of a replay.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from audit.payloads import read
from workflows.messages import CaseInput

if TYPE_CHECKING:
    # A verifier has no Temporal.
    from temporalio.api.history.v1 import HistoryEvent


@dataclass(frozen=True)
class Run:
    """One run of a case's workflow, payloads opened."""

    run: str
    events: "Sequence[HistoryEvent]"

    @property
    def started(self) -> Any:
        """What the run began with; a history that does not begin so is refused by `shape`."""
        return self.events[0].workflow_execution_started_event_attributes

    @cached_property
    def request(self) -> CaseInput | None:
        """What a case's run was begun with; None where that cannot be read, or it is another's."""
        if not self.events or not self.started.input.payloads:
            return None
        return read(self.started.input.payloads[0], CaseInput)


@dataclass(frozen=True)
class CaseHistory:
    """Every run of a case, in the order they ran."""

    case: str
    namespace: str
    runs: Sequence[Run]


def reopened_from(run: Run) -> str | None:
    """The run that ended before the case was reopened as this one; None where it was not."""
    if not run.events or run.started.continued_execution_run_id or run.request is None:
        return None
    return run.request.reopened.run if run.request.reopened is not None else None

"""What the doors ask of the engine that runs cases."""

from datetime import timedelta
from typing import NamedTuple, Protocol, runtime_checkable

from audit.histories import Run
from cases.envelope import ActEnvelope
from cases.receipts import ActReceipt
from cases.state import CaseState
from cases.values import Inbound
from workflows.messages import CaseInput, ObligationInput


class CaseEngine(Protocol):
    """The running cases; every method may raise `EngineUnavailableError`."""

    async def start(self, case: CaseInput) -> None:
        """The case runs, now or already; a closed one is not started again."""
        ...

    async def reopen(self, case: CaseInput, state: CaseState) -> None:
        """A new run of the closed case is begun with what it inherits; one that runs already stays.

        The run itself checks the act that it is begun with, and ends at once when it does not hold.
        """
        ...

    async def start_obligation(self, owed: ObligationInput) -> None:
        """The obligation runs, now or already; one that has ended is not started again."""
        ...

    async def deliver(
        self, envelope: ActEnvelope, *, case: str, act_id: str, within: timedelta
    ) -> ActReceipt:
        """The workflow's answer; the same act id has the same answer however often it is sent.

        `case` names the workflow: the case's own, or that of something it owes (`gateway.owed`).
        `CaseGoneError` when no such case runs, `EngineRefusedError` when it can never be taken.
        """
        ...

    async def signal(self, case: str, *, name: str, message: Inbound) -> None:
        """The running case has the message; `CaseGoneError` when no such case runs."""
        ...

    async def hurry(self, workflow: str, *, run: str, activity: str) -> bool:
        """The step's next try is made now; False when it is not waiting for one any more."""
        ...

    async def trouble(self) -> str | None:
        """Why the engine cannot be reached; None when it can."""
        ...


class CutOff(NamedTuple):
    """A run that did not end by itself."""

    workflow: str
    run: str
    status: str
    """`terminated`, `failed`, `timed out`, `canceled`."""


@runtime_checkable
class KeepsRuns(Protocol):
    """An engine whose record of a run can be read; all may raise `EngineUnavailableError`."""

    async def ended_run(self, workflow: str, run: str) -> Run | None:
        """The run, opened; None while it goes on, `HistoryMissingError` when it is gone."""
        ...

    async def was_reset(self, workflow: str, run: str) -> bool:
        """Whether a reset left the run behind: the run that goes on says so in its own record."""
        ...

    async def cut_off(self) -> list[CutOff]:
        """Every run that did not end by itself, as far back as the engine remembers."""
        ...

    async def taken_up(self, workflow: str, run: str) -> bool:
        """A new run goes on from where a terminated one had come to; False where none can."""
        ...
